"""The version of this software."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["installed_version"]


def installed_version() -> str:
    """Version that was installed; 0 where the software runs from a folder alone."""
    try:
        return version("likewise")
    except PackageNotFoundError:
        return "0"

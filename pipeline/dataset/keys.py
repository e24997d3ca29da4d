"""The secret of the pseudonyms, with the faults of its file as errors of the pipeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeline.errors import KeyFileError
from scrapers import records
from scrapers.records import Key, KeyFault

__all__ = ["Key", "load_key", "load_or_create_key"]


def load_key(path: Path) -> Key:
    """Key of a file: its bytes, all of them, are the secret.

    Raises
    ------
    KeyFileError : the file is missing, readable by others than its owner, or shorter than 32
        bytes.
    """
    return _checked(lambda: records.load_key(path))


def load_or_create_key(path: Path, data: Path) -> Key:
    """Key of a file, made with fresh random bytes where no pseudonym depends on one yet.

    Raises
    ------
    KeyFileError : as `load_key`; a missing file only where curated likes exist.
    """
    return _checked(lambda: records.load_or_create_key(path, data))


def _checked(load: Callable[[], Key]) -> Key:
    try:
        return load()
    except KeyFault as err:
        raise KeyFileError(str(err)) from err

"""Commands of ``python -m pipeline``, one module each.

A command is a module of this folder with ``add_parser(subparsers)``, which adds its parser and
sets ``run`` (arguments to exit code) as that parser's default.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from typing import Protocol, cast

__all__ = ["CommandModule", "Subparsers", "command_modules"]

Subparsers = argparse._SubParsersAction  # noqa: SLF001 - argparse gives the class no public name


class CommandModule(Protocol):
    """What a module of this folder offers."""

    def add_parser(self, subparsers: Subparsers[argparse.ArgumentParser]) -> None:
        """Add the command's parser, with ``run`` among its defaults."""


def command_modules() -> list[CommandModule]:
    """Modules of all commands, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [cast(CommandModule, importlib.import_module(f"{__name__}.{name}")) for name in names]

"""A bar on a terminal, with the log lines above it."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from scrapers.figures import Figures

__all__ = ["TerminalBar", "terminal"]

_TTY: Final = Path("/dev/tty")


def terminal() -> Console:
    """Console on standard error if that is a terminal, else on the process's terminal.

    Where there is none, a console that keeps silent.
    """
    if sys.stderr.isatty():
        return Console(stderr=True)
    try:
        return Console(file=_TTY.open("w", encoding="utf-8"), force_terminal=True)
    except OSError:
        return Console(quiet=True)


class TerminalBar:
    """Draws units done of all, rows, speed and time left."""

    def __init__(self, name: str, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            console=console,
        )
        self._task = self._progress.add_task(name, total=None, figures="")
        self._handlers = _handlers_on_stderr() if console.stderr else []

    def update(self, figures: Figures) -> None:
        """Draw the figures; log lines go above the bar from the first time on."""
        if not self._progress.live.is_started:
            self._progress.start()
            for handler in self._handlers:
                handler.setStream(sys.stderr)  # rich's, which keeps the bar below
        self._progress.update(
            self._task, completed=figures.ended, total=figures.units, figures=str(figures)
        )

    def finish(self, figures: Figures, status: str) -> None:
        """Leave the last bar standing, with how the crawl ended."""
        self.update(figures)
        self._progress.update(self._task, figures=f"{figures}, {status}")
        self._progress.stop()
        for handler in self._handlers:
            handler.setStream(sys.stderr)


def _handlers_on_stderr() -> list[logging.StreamHandler[TextIO]]:
    return [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr
    ]

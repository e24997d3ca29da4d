"""How far a crawl is, in figures."""

from __future__ import annotations

from dataclasses import dataclass

from scrapers.tally import Tally

__all__ = ["Figures"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Rows landed or waiting to be, units that ended and all units, speed and time left.

    ``units`` and ``left_s`` are None while nobody knows how many units there are.
    """

    rows: int
    ended: int
    units: int | None
    elapsed_s: float
    rows_per_s: float
    left_s: float | None

    @classmethod
    def of(cls, tally: Tally, rows_before: int, elapsed_s: float) -> Figures:
        """Figures of a crawl that began with `rows_before` rows, `elapsed_s` ago."""
        ended = tally.ended_before + tally.ended
        left_s = None
        if tally.total is not None and tally.ended:
            left_s = elapsed_s / tally.ended * (tally.total - ended)
        rows_per_s = (tally.landed - rows_before) / elapsed_s if elapsed_s else 0.0
        return cls(tally.landed, ended, tally.total, elapsed_s, rows_per_s, left_s)

    def __str__(self) -> str:
        of_all = "" if self.units is None else f" of {self.units:,}"
        left = "" if self.left_s is None else f", {_duration(self.left_s)} left"
        return f"{self.rows:,} rows, {self.ended:,}{of_all} units, {self.rows_per_s:,.0f}/s{left}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"

"""How the status of a crawl looks on a terminal: a block of lines for each stage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from rich.console import Console
from rich.text import Text

from scrapers.ledger_runs import Process
from scrapers.ledger_view import KindView, StageView, Standing, reason
from scrapers.overview import CrawlStatus, Rejected
from scrapers.records import LandedUnit, UnitState

__all__ = ["lines", "printable", "show", "time_told"]

_STANDINGS: Final = {
    Standing.AT_WORK: "bold cyan",
    Standing.LOST: "bold red",
    Standing.FAILED: "bold red",
    Standing.PARTIAL: "bold yellow",
    Standing.COMPLETE: "bold green",
}
_STATES: Final = {
    UnitState.DONE: "green",
    UnitState.PARTIAL: "yellow",
    UnitState.FAILED: "red",
    UnitState.LEASED: "cyan",
    UnitState.PENDING: "",
}
_ENDS: Final = (UnitState.DONE, UnitState.PARTIAL, UnitState.FAILED)
_BAR_CELLS: Final = 40
_CELL: Final = "\u2501"
_REASONS: Final = 8
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400


def show(console: Console, status: CrawlStatus) -> None:
    """Print a crawl; a line that is longer than the terminal is not cut."""
    for line in lines(status):
        console.print(line, soft_wrap=True)


def lines(status: CrawlStatus) -> Iterator[Text]:
    """Lines of a crawl: its stages, what was set aside, and how to go on."""
    yield Text.assemble((status.site, "bold"), f"  crawl {status.crawl_id}")
    for stage in status.stages:
        yield Text()
        yield from _stage(stage, status.read_at)
    if status.rejected:
        yield Text("\n  records set aside")
    for rejected in status.rejected:
        yield from _rejected(rejected)
    if status.go_on:
        yield Text("\n  to go on where it stopped")
    for command in status.go_on:
        yield Text(f"    {command}")
    yield Text()


def printable(text: str) -> str:
    """The text with all that would not show, or would command the terminal, escaped."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def time_told(seconds: float) -> str:
    """A time in the unit that suits it: 45 s, 12 min, 3 h 05 min, 2 d 4 h."""
    minutes, hours = round(seconds / _MINUTE_S), round(seconds / _HOUR_S)
    if round(seconds) < _MINUTE_S:
        return f"{seconds:.0f} s"
    if minutes < _HOUR_S // _MINUTE_S:
        return f"{minutes} min"
    if minutes < _DAY_S // _MINUTE_S:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{hours // 24} d {hours % 24} h"


def _stage(stage: StageView, now: datetime) -> Iterator[Text]:
    standing = stage.standing(now)
    yield Text.assemble("  ", (stage.stage, "bold"), "  ", (standing, _STANDINGS[standing]))
    for process in stage.processes:
        style = _STANDINGS[Standing.LOST] if process.is_lost(now) else "dim"
        yield Text(f"    {process.landing_id}: {_told(process, now)}", style)
    for kind in stage.kinds:
        yield from _kind(kind)
    if stage.units_per_s is not None:
        left = "" if stage.left_s is None else f", about {time_told(stage.left_s)} left"
        yield Text(f"    {stage.units_per_s:,.1f} units/s{left}")
    yield from _missing(stage)


def _told(process: Process, now: datetime) -> str:
    since = f"{process.started_at:%Y-%m-%d %H:%M:%S} UTC"
    if process.ended_at is not None:
        took = time_told((process.ended_at - process.started_at).total_seconds())
        return f"{process.status}, begun {since}, took {took}"
    if process.is_alive(now):
        return f"at work since {since}, {time_told((now - process.started_at).total_seconds())}"
    return (
        f"begun {since}, has not ended and is not heard of since {process.expires_at:%H:%M:%S} UTC"
    )


def _kind(kind: KindView) -> Iterator[Text]:
    done = kind.states.get(UnitState.DONE, 0)
    share = f"{100 * done // max(kind.total, 1)} % done"
    yield Text.assemble(f"    {kind.kind.replace('_', ' '):<14}  ", _bar(kind), f"  {share}")
    counts = [(f"{kind.states[state]:,} {state}", _STATES[state]) for state in _present(kind)]
    told = Text("  ").join(Text(text, style) for text, style in counts)
    yield Text.assemble(" " * 20, told, f"  of {kind.total:,};  {kind.read:,} rows read")
    if kind.lapsed:
        yield Text(f"{'':20}{kind.lapsed:,} of the leased are free: their lease ran out", "dim")


def _present(kind: KindView) -> Iterator[UnitState]:
    return (state for state in _STATES if kind.states.get(state))


def _bar(kind: KindView) -> Text:
    """A bar of the shares of the ends; it is full only when all is done."""
    bar = Text()
    for state in _ENDS:
        cells = _BAR_CELLS * kind.states.get(state, 0) // max(kind.total, 1)
        bar.append(_CELL * cells, _STATES[state])
    return bar.append(_CELL * (_BAR_CELLS - len(bar)), "bright_black")


def _missing(stage: StageView) -> Iterator[Text]:
    """Reasons with their numbers, then units with all that is known of them."""
    for missing in stage.missing[:_REASONS]:
        state = Text(f"{missing.units:>8,} {missing.state:<7}", _STATES[missing.state])
        yield Text.assemble("    ", state, f"  {printable(missing.why)}")
    if len(stage.missing) > _REASONS:
        yield Text(f"{'':12} and {len(stage.missing) - _REASONS} other reasons", "dim")
    for unit in stage.named:
        yield _unit(unit)
    unnamed = stage.count(UnitState.PARTIAL, UnitState.FAILED) - len(stage.named)
    if unnamed:
        yield Text(f"      and {unnamed:,} more; --limit 0 names all", "dim")


def _unit(unit: LandedUnit) -> Text:
    of_all = "" if unit.announced is None else f" of {unit.announced:,}"
    told = f"{unit.kind} {printable(unit.key)}: {printable(reason(unit.why))}"
    state = (f"{unit.state:<7}", _STATES[unit.state])
    return Text.assemble("      ", state, f"  {told}, {unit.read:,}{of_all} rows read")


def _rejected(rejected: Rejected) -> Iterator[Text]:
    yield Text(f"    {rejected.records:,} in {rejected.path}")
    for why, count in sorted(rejected.reasons.items(), key=lambda item: -item[1])[:_REASONS]:
        yield Text(f"    {count:>8,} {printable(why)}")

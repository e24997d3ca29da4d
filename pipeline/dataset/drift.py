"""Is what a crawl landed still what the site used to give?  Limits, and what lies beyond them.

A figure may differ from the last good crawl's by its limit and by what chance explains, because
a daily crawl lands a dozen new items.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pipeline.dataset.chance import plausible_shares
from pipeline.dataset.measures import PERCENTS, Measure, Measured
from scrapers.records import Mode, RawTable

__all__ = ["Finding", "Limits", "Profile", "findings", "pooled"]

_Range = tuple[float, float]
_Name = tuple[Measured, str, str]
_DAY_S: Final = 24 * 60 * 60
_QUARTILES: Final = {f"{percent} %": percent for percent in (25, 50, 75)}
_SHARES: Final = frozenset(
    {
        Measured.FILLED,
        Measured.REJECTED,
        Measured.SHAPE,
        Measured.HOST,
        Measured.ZERO,
        Measured.EMPTY,
        Measured.READ,
    }
)
_OF_ALL: Final = frozenset(
    {
        Measured.ROWS,
        Measured.LISTS,
        Measured.ZERO,
        Measured.QUANTILE,
        Measured.LENGTH,
        Measured.INSTANT,
    }
)
"""What only crawls that visited everything have in common: a daily one lands what is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far a figure may be from the last good crawl's, beyond chance.

    Attributes
    ----------
    filled_fall : a site's texts come and go by a few per cent, a renamed field by all.
    rejected_rise : the contract rejects next to nothing of a sound site.
    mix : change of the share of a shape of ids, or of a host; sites move over, but not in a day.
    zero_rise : zeros are rare above the like floor.
    empty_rise : people hide their lists one by one.
    read_fall : lists are read to within 1 % of what is announced, or are partial.
    rows_fall : a site that loses a fifth of its rows in a week was read wrongly.
    rows_rise : or has become another; a site grows by a few per cent a week.
    turnover, daily_turnover : share of the rows that may be others, and how much more a day
        since; a quartile may lie anywhere that so many others could have moved it.
    ratio : beyond that, growth; a count in other units differs by ten or a thousand.
    lengths : tags that are cut to the first, or joined to one.
    sigmas : standard errors of a number of rows that chance may explain; 3 is one in 740.
    chance : of a share that is taken for drift and is none; some thousand are looked at a year.
    least : values that a quantile or a mean needs to say anything.
    """

    filled_fall: float = 0.10
    rejected_rise: float = 0.02
    mix: float = 0.10
    zero_rise: float = 0.10
    empty_rise: float = 0.10
    read_fall: float = 0.05
    rows_fall: float = 0.20
    rows_rise: float = 0.50
    turnover: float = 0.20
    daily_turnover: float = 0.01
    ratio: float = 1.5
    lengths: float = 2.0
    sigmas: float = 3.0
    chance: float = 1e-5
    least: int = 30


@dataclass(frozen=True, slots=True)
class Profile:
    """What a crawl of one table looks like.

    ``is_thorough`` crawls can be counted on: see `pipeline.dataset.crawls`.
    """

    table: RawTable
    crawl_id: str
    mode: Mode
    is_thorough: bool
    began_at: datetime
    measures: tuple[Measure, ...]

    @property
    def n_rows(self) -> int:
        """Rows that were landed."""
        return round(sum(m.value for m in self.measures if m.what is Measured.ROWS))

    def visits_all_like(self, other: Profile) -> bool:
        """Whether counts of both can be compared; a catalogue is read whole in either mode."""
        whole = self.table is RawTable.ITEMS or self.mode is other.mode is Mode.FULL
        return whole and self.is_thorough and other.is_thorough


def pooled(profiles: Sequence[Profile]) -> Profile:
    """The first profile with the shares of all of them together, each row counting once.

    Parameters
    ----------
    profiles : at least one.
    """
    named = [_by_name(profile.measures) for profile in profiles]
    shares = (name for name in dict.fromkeys(n for m in named for n in m) if name[0] in _SHARES)
    rest = (measure for measure in profiles[0].measures if measure.what not in _SHARES)
    return replace(
        profiles[0],
        measures=(
            *rest,
            *(_pooled([m.get(name) or _none(name, m) for m in named]) for name in shares),
        ),
    )


def _pooled(shares: Sequence[Measure]) -> Measure:
    n = sum(share.n for share in shares)
    return replace(shares[0], value=sum(share.value * share.n for share in shares) / n, n=n)


@dataclass(frozen=True, slots=True)
class Finding:
    """A figure beyond its limits: what was found, what it was before, what is allowed."""

    what: Measured
    field: str
    detail: str
    now: float
    before: float
    low: float
    high: float

    def __str__(self) -> str:
        name = " ".join(part for part in (self.field, self.what.value, self.detail) if part)
        low, high = (f"at least {self.low:.4g}", f"at most {self.high:.4g}")
        bounds = {(True, True): f"{low} and {high}", (True, False): low, (False, True): high}
        allowed = bounds[math.isfinite(self.low), math.isfinite(self.high)]
        return f"{name}: {self.now:.4g}, was {self.before:.4g}, allowed is {allowed}"


def findings(now: Profile, before: Profile, limits: Limits) -> list[Finding]:
    """Figures of a crawl that lie beyond their limits, in the order of its measures.

    Parameters
    ----------
    before : the last good crawl of the table.
    """
    of_all = now.visits_all_like(before)
    elapsed_s = abs((now.began_at - before.began_at).total_seconds())
    quantiles = _Quantiles(_by_name(before.measures), limits, elapsed_s)
    found = []
    for new, old in _matched(now.measures, before.measures):
        if new.what in _OF_ALL and not of_all:
            continue
        is_quantile = new.what in {Measured.QUANTILE, Measured.INSTANT}
        low, high = quantiles.allowed(new, old) if is_quantile else _allowed(new, old, limits)
        if not low <= new.value <= high:
            finding = Finding(new.what, new.field, new.detail, new.value, old.value, low, high)
            found.append(finding)
    return found


def _matched(
    now: Iterable[Measure], before: Iterable[Measure]
) -> Iterator[tuple[Measure, Measure]]:
    """Pairs of measures; a share that only one side has is 0 on the other."""
    new, old = _by_name(now), _by_name(before)
    for name in {**new, **old}:
        here, there = new.get(name) or _none(name, new), old.get(name) or _none(name, old)
        if here.n and there.n:
            yield here, there


def _by_name(measures: Iterable[Measure]) -> Mapping[_Name, Measure]:
    return {(measure.what, measure.field, measure.detail): measure for measure in measures}


def _none(name: _Name, measures: Mapping[_Name, Measure]) -> Measure:
    """A share of 0, of as many as the other shares of the field; of none where there are none."""
    what, of, detail = name
    of_all = (what, "", "")
    alike = [m.n for m in measures.values() if (m.what, m.field) == (what, of)]
    if not alike and what is Measured.REJECTED and of_all in measures:
        alike = [measures[of_all].n]
    return Measure(what, of, detail, 0.0, max(alike, default=0) if what in _SHARES else 0)


@dataclass(frozen=True, slots=True)
class _Quantiles:
    """Where quartiles may lie: as far off as other rows in their place could have moved them."""

    before: Mapping[_Name, Measure]
    limits: Limits
    elapsed_s: float

    def allowed(self, now: Measure, before: Measure) -> _Range:
        few = min(now.n, before.n) < self.limits.least
        if few or now.detail not in _QUARTILES:
            return -math.inf, math.inf
        turnover = self.limits.turnover + self.limits.daily_turnover * self.elapsed_s / _DAY_S
        place = _QUARTILES[now.detail]
        steps = math.ceil(turnover * 100 / PERCENTS.step) * PERCENTS.step
        low = self._at(now, place - steps, -math.inf)
        high = self._at(now, place + steps, math.inf)
        if now.what is Measured.INSTANT:
            return low - _DAY_S, high + _DAY_S
        return (low + 1) / self.limits.ratio - 1, (high + 1) * self.limits.ratio - 1

    def _at(self, measure: Measure, percent: int, beyond: float) -> float:
        found = self.before.get((measure.what, measure.field, f"{percent} %"))
        return beyond if found is None else found.value


def _allowed(now: Measure, before: Measure, limits: Limits) -> _Range:
    """Lowest and highest value that is no drift."""
    if now.what in _SHARES:
        return _allowed_share(now, before, limits)
    value = before.value
    if now.what is Measured.LENGTH:
        few = min(now.n, before.n) < limits.least
        return (-math.inf, math.inf) if few else (value / limits.lengths, value * limits.lengths)
    chance = limits.sigmas * math.sqrt(now.value + value)
    return value * (1 - limits.rows_fall) - chance, value * (1 + limits.rows_rise) + chance


def _allowed_share(now: Measure, before: Measure, limits: Limits) -> _Range:
    low, high = plausible_shares(before.value, before.n, now.n, chance=limits.chance)
    fall, rise = {
        Measured.FILLED: (limits.filled_fall, math.inf),
        Measured.REJECTED: (math.inf, limits.rejected_rise),
        Measured.ZERO: (math.inf, limits.zero_rise),
        Measured.EMPTY: (math.inf, limits.empty_rise),
        Measured.READ: (limits.read_fall, math.inf),
    }.get(now.what, (limits.mix, limits.mix))
    lowest, highest = low - fall, high + rise
    return lowest if lowest > 0 else -math.inf, highest if highest < 1 else math.inf

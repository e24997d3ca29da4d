"""Verdicts on crawls: ``curated/<site>/profiles/<table>/<crawl_id>.json``.

A crawl is held against the last good one before it once, and again when it has landed more.
Its profile outlives its rows, which are purged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import polars as pl

from pipeline.dataset.crawls import Crawl, raw_crawls
from pipeline.dataset.curated import curated_folder
from pipeline.dataset.drift import Finding, Limits, Profile, findings, pooled
from pipeline.dataset.ledger import Ledger, read_ledger
from pipeline.dataset.measures import Measure, Measured, measures_of
from pipeline.dataset.raw import read_parts
from pipeline.dataset.samples import sample_rows
from pipeline.errors import CuratedZoneError
from pipeline.files import write_text
from scrapers.records import Mode, RawTable

__all__ = ["JUDGED", "LIMITS", "State", "Verdict", "judge", "judge_crawls", "write_verdict"]

LIMITS: Final = Limits()
JUDGED: Final = (RawTable.ITEMS, RawTable.FEATURES, RawTable.LIKES)
_FOLDER: Final = "profiles"
_ENOUGH_ROWS: Final = 1_000
_MOST_POOLED: Final = 30
_PURGED: Final = "purged"


class State(StrEnum):
    """What was decided of a crawl."""

    GOOD = "good"
    DRIFTED = "drifted"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A crawl's profile and what was decided of it.

    Attributes
    ----------
    fingerprint : of what had been landed when it was judged.
    against : the crawl that it was held against; None where there was none.
    samples : rows that show what was found; none of a good crawl.
    """

    profile: Profile
    fingerprint: str
    state: State
    against: str | None = None
    findings: tuple[Finding, ...] = ()
    samples: tuple[Mapping[str, str], ...] = ()


def judge(data: Path, site: str, table: RawTable) -> list[Verdict]:
    """Verdicts on the crawls of a table that have landed anything, oldest first.

    Raises
    ------
    RawZoneError : a part that is not what its manifest says.
    CuratedZoneError : a kept verdict that cannot be read.
    """
    return judge_crawls(data, site, raw_crawls(data, site, table))


def judge_crawls(
    data: Path, site: str, crawls: Iterable[Crawl], *, limits: Limits = LIMITS
) -> list[Verdict]:
    """Verdicts on all crawls of one table, given oldest first, as `judge`.

    A crawl whose every part was curated before it could be judged is good.
    """
    ledger = read_ledger(data, site)
    verdicts: list[Verdict] = []
    for crawl in crawls:
        known = _read(data, site, crawl.table, crawl.crawl_id)
        verdict = _kept(crawl, known) or _judged(crawl, known, verdicts, ledger, limits)
        if verdict is not None:
            verdicts.append(verdict)
            if verdict is not known:
                write_verdict(data, site, verdict)
    return verdicts


def write_verdict(data: Path, site: str, verdict: Verdict) -> None:
    """Keep a verdict, in the place of an earlier one on the crawl."""
    path = _path(data, site, verdict.profile.table, verdict.profile.crawl_id)
    write_text(path, json.dumps(asdict(verdict), default=str, indent=1) + "\n")


def _kept(crawl: Crawl, known: Verdict | None) -> Verdict | None:
    """The verdict that stands: nothing has changed, or the rows are purged."""
    purged = any(_PURGED in run.manifest.counts for run in crawl.runs)
    same = known is not None and known.fingerprint == _fingerprint(crawl)
    return known if purged or same else None


def _judged(
    crawl: Crawl,
    known: Verdict | None,
    before: Sequence[Verdict],
    ledger: Ledger,
    limits: Limits,
) -> Verdict | None:
    if not crawl.rows and not crawl.units:
        return None
    rows = pl.concat(read_parts(run) for run in crawl.runs)
    profile = Profile(
        crawl.table,
        crawl.crawl_id,
        crawl.mode,
        crawl.is_thorough,
        crawl.began_at,
        measures_of(crawl, rows),
    )
    verdict = Verdict(profile, _fingerprint(crawl), State.GOOD)
    curated = known is None and not any(ledger.missing(run) for run in crawl.runs)
    last = None if curated else _last_good(profile, before)
    if last is None:
        return verdict
    found = tuple(findings(profile, last, limits))
    accepted = known is not None and known.state is State.ACCEPTED
    return replace(
        verdict,
        state=State.ACCEPTED if accepted else State.DRIFTED if found else State.GOOD,
        against=last.crawl_id,
        findings=found,
        samples=sample_rows(rows, found) if found else (),
    )


def _last_good(profile: Profile, before: Iterable[Verdict]) -> Profile | None:
    """The last good crawl that visited the same; a thorough one where there is one.

    A daily crawl lands little, so the shares of earlier ones are added to those of the last,
    and the last full crawl's while that is too little still.
    """
    good = [verdict.profile for verdict in before if verdict.state is not State.DRIFTED]
    newest = sorted(good, key=lambda each: (each.is_thorough, each.began_at), reverse=True)
    if profile.table is RawTable.ITEMS:
        return newest[0] if newest else None
    alike = [each for each in newest if each.mode is profile.mode]
    if profile.mode is Mode.FULL and alike:
        return alike[0]
    pool: list[Profile] = []
    others = [each for each in newest if each.mode is not profile.mode]
    for each in [*alike[:_MOST_POOLED], *others[:1]]:
        pool.append(each)
        if sum(each.n_rows for each in pool) >= _ENOUGH_ROWS:
            break
    return pooled(pool) if pool else None


def _fingerprint(crawl: Crawl) -> str:
    landed = [
        (run.run_id, run.manifest.status.value, *(part.sha256 for part in run.manifest.parts))
        for run in crawl.runs
    ]
    return hashlib.sha256(json.dumps(landed).encode()).hexdigest()


def _path(data: Path, site: str, table: RawTable, crawl_id: str) -> Path:
    return curated_folder(data, site) / _FOLDER / table.value / f"{crawl_id}.json"


def _read(data: Path, site: str, table: RawTable, crawl_id: str) -> Verdict | None:
    path = _path(data, site, table, crawl_id)
    try:
        return _from_json(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        remedy = "remove it: the crawl is then judged again"
        raise CuratedZoneError(f"{path} is no verdict on a crawl: {err}; {remedy}") from err


def _from_json(read: Mapping[str, Any]) -> Verdict:
    profile, found = read["profile"], read["findings"]
    return Verdict(
        Profile(
            RawTable(profile["table"]),
            profile["crawl_id"],
            Mode(profile["mode"]),
            profile["is_thorough"],
            datetime.fromisoformat(profile["began_at"]),
            tuple(Measure(**{**m, "what": Measured(m["what"])}) for m in profile["measures"]),
        ),
        read["fingerprint"],
        State(read["state"]),
        read["against"],
        tuple(Finding(**{**f, "what": Measured(f["what"])}) for f in found),
        tuple(read["samples"]),
    )

"""What drifted is not curated, until a person says that the site has really changed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.dataset.crawls import Crawl, raw_crawls
from pipeline.dataset.raw import RawRun, raw_runs
from pipeline.dataset.verdicts import (
    JUDGED,
    State,
    Verdict,
    judge,
    judge_crawls,
    write_verdict,
)
from pipeline.errors import DriftError, InputError
from scrapers.records import RawTable

__all__ = ["accept", "newest_verdict", "sound_runs"]


def newest_verdict(data: Path, site: str, table: RawTable) -> Verdict | None:
    """Verdict on the newest crawl of a table that has landed anything."""
    verdicts = judge(data, site, table)
    return verdicts[-1] if verdicts else None


def sound_runs(
    data: Path, site: str, tables: Collection[RawTable] = JUDGED
) -> Mapping[RawTable, list[RawRun]]:
    """Runs of each table, but for those of earlier crawls that have drifted.

    Raises
    ------
    DriftError : the newest crawl of a table has drifted; every figure beyond its limits.
    RawZoneError : a part that is not what its manifest says.
    """
    crawls = {table: raw_crawls(data, site, table) for table in tables}
    verdicts = {table: judge_crawls(data, site, found) for table, found in crawls.items()}
    _refuse(site, [judged[-1] for judged in verdicts.values() if judged])
    return {table: _sound(found, verdicts[table]) for table, found in crawls.items()}


def _refuse(site: str, newest: Sequence[Verdict]) -> None:
    drifted = [verdict for verdict in newest if verdict.state is State.DRIFTED]
    if not drifted:
        return
    told = "".join(line for verdict in drifted for line in _told(verdict))
    runs = dict.fromkeys(verdict.profile.crawl_id for verdict in drifted)
    remedies = "".join(f"\n  python -m pipeline accept --site {site} --run {run}" for run in runs)
    raise DriftError(
        f"{site} was not curated, its newest crawl has drifted:{told}\n"
        f"crawl again once the cause is mended; a genuine change of the site is accepted by"
        f"{remedies}"
    )


def _sound(crawls: Sequence[Crawl], verdicts: Sequence[Verdict]) -> list[RawRun]:
    drifted = {v.profile.crawl_id for v in verdicts if v.state is State.DRIFTED}
    return [run for crawl in crawls if crawl.crawl_id not in drifted for run in crawl.runs]


def accept(data: Path, site: str, run: str) -> Sequence[Verdict]:
    """Take what a crawl landed for what the site is like now; what was accepted.

    Parameters
    ----------
    run : name of the crawl, or of a run of it.

    Raises
    ------
    InputError : the run has not drifted; those that have are named.
    """
    crawl_ids = {
        found.crawl_id
        for table in JUDGED
        for found in raw_runs(data, site, table)
        if run in {found.run_id, found.crawl_id}
    }
    drifted = [v for table in JUDGED for v in judge(data, site, table) if v.state is State.DRIFTED]
    meant = [verdict for verdict in drifted if verdict.profile.crawl_id in crawl_ids]
    if not meant:
        named = ", ".join(dict.fromkeys(v.profile.crawl_id for v in drifted)) or "none has"
        raise InputError([f"run {run!r} of {site} has not drifted; of its crawls {named}"])
    accepted = [replace(verdict, state=State.ACCEPTED) for verdict in meant]
    for verdict in accepted:
        write_verdict(data, site, verdict)
    return accepted


def _told(verdict: Verdict) -> Iterator[str]:
    profile = verdict.profile
    yield f"\n{profile.table} of {profile.crawl_id}, held against {verdict.against}:"
    for finding in verdict.findings:
        yield f"\n  - {finding}"
    for sample in verdict.samples:
        yield f"\n  e.g. {json.dumps(sample)}"

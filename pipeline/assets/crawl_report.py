"""What a crawl came to, from its manifest, for a reader of the Dagster UI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import polars as pl

from pipeline.assets.metadata import markdown_table, row_count
from scrapers.records import LandedUnit, Manifest, Mode, UnitKind, UnitState

__all__ = ["landed_metadata", "why_nothing_landed"]

_NAMED: Final = 20
_REASONS: Final = 3
_ENDS: Final = (UnitState.DONE, UnitState.PARTIAL, UnitState.FAILED)
_OF_PEOPLE: Final = frozenset({UnitKind.USER_LIKES, UnitKind.USER_DIRECTORY})


def landed_metadata(manifest: Manifest) -> Mapping[str, Any]:
    """Figures of a run; units that are not done by name and why, those of people unnamed."""
    units = manifest.units.values()
    states = Counter(unit.state for unit in units)
    ended = {f"units_{state}": states[state] for state in _ENDS} if states else {}
    unfinished = [unit for unit in units if unit.state is not UnitState.DONE]
    named = {"not_done": markdown_table(_named(unfinished))} if unfinished else {}
    return {
        **row_count(manifest.rows),
        "crawl_run": manifest.run_id,
        "mode": manifest.mode.value,
        "status": manifest.status.value,
        "parts": len(manifest.parts),
        "size_bytes": sum(part.size_bytes for part in manifest.parts),
        **manifest.counts,
        **ended,
        **named,
    }


def why_nothing_landed(manifest: Manifest | None) -> str | None:
    """Why a partial crawl landed no row; None where it landed any, or had read what is new."""
    if manifest is None:
        return "there is no manifest; the crawl's log says why"
    units = manifest.units.values()
    read = any(unit.state is UnitState.DONE for unit in units)
    if manifest.rows or (read and manifest.mode is Mode.INCREMENTAL):
        return None
    reasons = Counter(unit.why or "no reason" for unit in units if unit.state is not UnitState.DONE)
    told = "; ".join(f"{why} ({count} units)" for why, count in reasons.most_common(_REASONS))
    return told or "no unit has ended; the crawl's log says why"


def _named(units: Iterable[LandedUnit]) -> pl.DataFrame:
    rows = [
        {
            "unit": unit.kind.value,
            "of": "a person" if unit.kind in _OF_PEOPLE else unit.key,
            "state": unit.state.value,
            "why": unit.why or "",
        }
        for unit in units
    ]
    return pl.DataFrame(rows[:_NAMED])

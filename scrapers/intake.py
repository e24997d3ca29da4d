"""Records of a unit that has ended become rows; what breaks the contract is set aside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from scrapers.checking import check
from scrapers.counts import Count, is_short
from scrapers.errors import RecordError
from scrapers.likes_checking import check_likes
from scrapers.records import (
    RAW_SCHEMAS,
    USER_HANDLE,
    FeatureRecord,
    ItemRecord,
    LikesPage,
    RawTable,
    UnitState,
)
from scrapers.rejects import RejectFile
from scrapers.units import EndedUnit

__all__ = ["Columns", "Intake", "TakenUnit", "joined"]

Columns = dict[str, list[Any]]
"""Rows of a raw table, column by column."""


@dataclass(frozen=True, slots=True)
class TakenUnit:
    """A unit that ended, with its good rows."""

    ended: EndedUnit
    columns: Columns
    n_rows: int


class Intake:
    """Checks the records of units for one table.

    Parameters
    ----------
    rejects : where bad records go, with their reasons.
    landed : rows that the run has landed before and that are not taken again: user and item of a
        like, the id alone of an item.
    """

    def __init__(
        self, table: RawTable, rejects: RejectFile, landed: frozenset[tuple[str, ...]]
    ) -> None:
        self._table = table
        self._rejects = rejects
        self._landed = set(landed)

    def remember(self, taken: TakenUnit) -> None:
        """Take no row of a unit again that was landed and has not all of its rows."""
        if taken.ended.unit.state is not UnitState.DONE:
            names = (name for name in (USER_HANDLE, "item_id") if name in taken.columns)
            self._landed.update(zip(*(taken.columns[name] for name in names), strict=True))

    def take(self, ended: EndedUnit) -> TakenUnit:
        """The unit's good rows; it is partial where more than a few of its records are bad."""
        columns = joined(self._table, ())
        n_rejected = sum(self._keep(record, columns) for record in ended.records)
        n_rows = len(columns["crawled_at"])
        return TakenUnit(self._judged(ended, n_rejected), columns, n_rows)

    def _keep(self, record: ItemRecord | LikesPage | FeatureRecord, columns: Columns) -> int:
        """Keep what is good of a record; how many rows are rejected."""
        if isinstance(record, LikesPage):
            return self._keep_likes(record, columns)
        try:
            cleaned = check(record)
        except RecordError as err:
            self._rejects.add(record, err.faults)
            return 1
        if not (isinstance(cleaned, FeatureRecord) and (cleaned.item_id,) in self._landed):
            for name, value in asdict(cleaned).items():
                columns[name].append(value)
        return 0

    def _keep_likes(self, page: LikesPage, columns: Columns) -> int:
        likes = check_likes(page)
        for like in likes.rejected:
            self._rejects.add(like, like.faults)
        rows = zip(likes.user_handles, likes.item_ids, likes.liked_at, strict=True)
        for handle, item_id, liked_at in rows:
            if (handle, item_id) in self._landed:
                continue
            columns[USER_HANDLE].append(handle)
            columns["item_id"].append(item_id)
            columns["liked_at"].append(liked_at)
            columns["crawled_at"].append(page.crawled_at)
        return len(likes.rejected)

    def _judged(self, ended: EndedUnit, n_rejected: int) -> EndedUnit:
        """The unit's end; what was read counts, though it may have been landed before."""
        unit = ended.unit
        n_read = max(unit.read, sum(map(_n_rows, ended.records)))
        n_good = n_read - n_rejected
        is_bad = n_rejected and (not n_good or is_short(n_good, Count(n_read, n_read)))
        if unit.state is not UnitState.DONE or not is_bad:
            return ended
        why = f"{n_rejected} of {n_read} records: they break the contract, see {self._rejects.name}"
        partial = replace(unit, state=UnitState.PARTIAL, whole=False, why=why)
        return replace(ended, unit=partial)


def joined(table: RawTable, units: Iterable[TakenUnit]) -> Columns:
    """Rows of all units, one unit after the other; no rows for none."""
    columns: Columns = {name: [] for name in RAW_SCHEMAS[table].names}
    for unit in units:
        for name, values in unit.columns.items():
            columns[name].extend(values)
    return columns


def _n_rows(record: ItemRecord | LikesPage | FeatureRecord) -> int:
    return len(record.user_handles) if isinstance(record, LikesPage) else 1

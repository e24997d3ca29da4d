from datetime import UTC, datetime

import pytest

from scrapers.intake import Intake, joined
from scrapers.records import (
    FeatureRecord,
    ItemRecord,
    LandedUnit,
    LikesPage,
    RawTable,
    UnitKind,
    UnitState,
)
from scrapers.rejects import RejectFile
from scrapers.units import EndedUnit

NOW = datetime(2026, 11, 1, tzinfo=UTC)
NOTHING = frozenset()


def likes_of(*handles, item="m1", state=UnitState.DONE):
    n = len(handles)
    page = LikesPage(item, handles, (item,) * n, (None,) * n, NOW)
    return EndedUnit(LandedUnit(UnitKind.ITEM_LIKES, item, state, whole=True), (page,))


@pytest.fixture
def intake(tmp_path):
    rejects = RejectFile(tmp_path / "rejects.jsonl")
    yield lambda table=RawTable.LIKES, landed=NOTHING: Intake(table, rejects, landed)
    rejects.close()


def test_units_are_joined_one_after_the_other(intake):
    taken = [intake().take(likes_of("u1", "u2")), intake().take(likes_of("u1", item="m2"))]
    rows = joined(RawTable.LIKES, taken)
    assert list(zip(rows["user_handle"], rows["item_id"], strict=True)) == [
        ("u1", "m1"), ("u2", "m1"), ("u1", "m2"),
    ]  # fmt: skip
    assert [unit.n_rows for unit in taken] == [2, 1]


def test_no_units_give_the_columns_without_rows():
    assert joined(RawTable.LIKES, ()) == {
        "user_handle": [], "item_id": [], "liked_at": [], "crawled_at": [],
    }  # fmt: skip


def test_what_was_landed_before_is_not_taken_again(intake):
    taken = intake(landed=frozenset({("u1", "m1")})).take(likes_of("u1", "u2"))
    assert taken.columns["user_handle"] == ["u2"]
    item = FeatureRecord("m1", *[None] * 8, (), (), (), NOW)
    unit = EndedUnit(LandedUnit(UnitKind.ITEM_FEATURES, "m1", UnitState.DONE), (item,))
    assert intake(RawTable.FEATURES, frozenset({("m1",)})).take(unit).n_rows == 0
    assert intake(RawTable.FEATURES).take(unit).n_rows == 1


@pytest.mark.parametrize(
    ("n_bad", "n_good", "state"),
    [(2, 9, UnitState.DONE), (3, 9, UnitState.PARTIAL), (1, 0, UnitState.PARTIAL)],
)
def test_more_than_a_few_bad_records_make_a_unit_partial(intake, n_bad, n_good, state):
    handles = [*([7] * n_bad), *(f"u{n}" for n in range(n_good))]
    unit = intake().take(likes_of(*handles)).ended.unit
    assert (unit.state, unit.whole) == (state, state is UnitState.DONE)
    if state is UnitState.PARTIAL:
        assert unit.why == (
            f"{n_bad} of {n_bad + n_good} records: they break the contract, see rejects.jsonl"
        )


def test_unit_is_not_judged_by_how_much_of_it_was_landed_before(intake):
    handles = [f"u{n}" for n in range(9)]
    landed = frozenset((handle, "m1") for handle in handles)
    assert intake(landed=landed).take(likes_of(7, *handles)).ended.unit.state is UnitState.DONE
    bad = ItemRecord("", None, None, None, None, NOW)  # the one new item of a page of a later pass
    unit = LandedUnit(UnitKind.CATALOGUE_PAGE, "2:1", UnitState.DONE, read=24)
    taken = intake(RawTable.ITEMS).take(EndedUnit(unit, (bad,)))
    assert taken.ended.unit.state is UnitState.DONE


def test_end_that_is_not_done_keeps_its_own_reason(intake):
    assert intake().take(likes_of(7, state=UnitState.FAILED)).ended.unit.why is None


def test_bad_item_is_set_aside_and_its_neighbours_are_kept(intake):
    items = tuple(ItemRecord(name, None, None, None, None, NOW) for name in ("a", "", "b"))
    unit = EndedUnit(LandedUnit(UnitKind.CATALOGUE_PAGE, "1:1", UnitState.DONE), items)
    assert intake(RawTable.ITEMS).take(unit).columns["item_id"] == ["a", "b"]

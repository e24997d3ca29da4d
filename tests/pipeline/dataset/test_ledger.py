import pytest

from pipeline.dataset.ledger import Ledger, new_rows, read_ledger, write_ledger
from pipeline.dataset.raw import raw_runs
from pipeline.errors import CuratedZoneError
from scrapers.records import RawTable, UnitKind
from tests.pipeline.dataset.conftest import BEGUN, read


def runs(raw):
    return raw_runs(raw.data, "shop", RawTable.LIKES)


def test_ledger_survives_the_disk(raw):
    raw.land_likes("a", [("ann", "x")])
    ledger = Ledger().with_runs(runs(raw))
    write_ledger(raw.data, "shop", ledger)
    assert read_ledger(raw.data, "shop") == ledger
    assert ledger.run_ids(RawTable.LIKES) == ("a",)
    assert ledger.run_ids(RawTable.ITEMS) == ()


def test_before_the_first_curation_nothing_is_known(raw):
    raw.land_likes("a", [("ann", "x")])
    new = new_rows(RawTable.LIKES, runs(raw), read_ledger(raw.data, "shop"))
    assert [run.run_id for run in new.runs] == ["a"]
    assert len(new.rows) == 1
    assert new.first_read_at == {"a": BEGUN}


def test_part_landed_anew_under_its_old_name_is_missing(raw):
    raw.land_likes("a", [("ann", "x")])
    ledger = Ledger().with_runs(runs(raw))
    assert new_rows(RawTable.LIKES, runs(raw), ledger).runs == ()
    raw.land_likes("a", [("bob", "x")])
    assert [part.name for part in ledger.missing(runs(raw)[0])] == ["part-00000.parquet"]
    both = ledger.with_runs(runs(raw))
    assert len(both.tables["likes"]["a"]) == 2


def test_parts_without_rows_are_told_apart_by_their_units(raw):
    raw.land(RawTable.LIKES, "a", [], units=[[read(UnitKind.ITEM_LIKES, "x")]])
    ledger = Ledger().with_runs(runs(raw))
    units = [[read(UnitKind.ITEM_LIKES, "x")], [read(UnitKind.ITEM_LIKES, "y")]]
    raw.land(RawTable.LIKES, "a", [], [], units=units)
    first, second = runs(raw)[0].manifest.parts
    assert first.sha256 == second.sha256
    assert ledger.missing(runs(raw)[0]) == [second]


def test_forgotten_table_is_missing_again_and_others_are_not(raw):
    raw.land_likes("a", [("ann", "x")])
    raw.land(RawTable.ITEMS, "a", [{"item_id": "x"}])
    items = raw_runs(raw.data, "shop", RawTable.ITEMS)
    ledger = Ledger().with_runs([*runs(raw), *items]).without(RawTable.LIKES)
    assert ledger.missing(runs(raw)[0])
    assert not ledger.missing(items[0])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tables": 1}', '{"tables": {"likes": 1}}'])
def test_damaged_ledger_is_refused_with_the_remedy(raw, text):
    write_ledger(raw.data, "shop", Ledger())
    (raw.data / "curated" / "shop" / "runs.json").write_text(text)
    with pytest.raises(CuratedZoneError, match="remove it"):
        read_ledger(raw.data, "shop")

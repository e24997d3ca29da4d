from datetime import UTC, datetime

import polars as pl

from pipeline.dataset.anonymize import anonymize
from pipeline.dataset.curated import Curated, empty_curated
from pipeline.dataset.keys import Key
from scrapers.records import RAW_SCHEMAS, RawTable, pseudonym

KEY = Key(bytes(range(32)))
DAYS = [datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 6)]


def raw(*rows):
    return pl.DataFrame(list(rows), schema=pl.Schema(RAW_SCHEMAS[RawTable.LIKES]), orient="row")


def test_likes_are_unique_with_the_earliest_time_and_both_sightings():
    found = anonymize(
        raw(
            ("ann", "lamp", None, DAYS[3]),
            ("ann", "lamp", DAYS[1], DAYS[2]),
            ("ann", "lamp", DAYS[0], DAYS[4]),
            ("bob", "lamp", None, DAYS[2]),
        ),
        "shop",
        KEY,
    )
    assert found.schema == empty_curated(Curated.LIKES).schema
    assert set(found.rows()) == {
        (pseudonym("shop", "ann", KEY), "lamp", DAYS[0], DAYS[2], DAYS[4], None, KEY.key_id),
        (pseudonym("shop", "bob", KEY), "lamp", None, DAYS[2], DAYS[2], None, KEY.key_id),
    }


def test_no_likes_give_no_rows():
    assert anonymize(raw(), "shop", KEY).equals(empty_curated(Curated.LIKES))


def test_no_handle_is_left():
    found = anonymize(raw(("planted-handle", "lamp", None, DAYS[0])), "shop", KEY)
    assert "planted-handle" not in str(found.to_dicts())
    assert "planted-handle" in str(raw(("planted-handle", "lamp", None, DAYS[0])).to_dicts())

import hashlib
import hmac
import re
import unicodedata
from datetime import UTC, datetime

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.anonymize import anonymize, user_id
from pipeline.dataset.curated import Curated, empty_curated
from pipeline.dataset.keys import Key
from pipeline.tables import USER_ID_PATTERN
from scrapers.records import RAW_SCHEMAS, RawTable

KEY = Key(bytes(range(32)))
DAYS = [datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 6)]


def raw(*rows):
    return pl.DataFrame(list(rows), schema=pl.Schema(RAW_SCHEMAS[RawTable.LIKES]), orient="row")


def test_golden_pseudonym():
    # printf 'v1:sketchfab:some-handle' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102..1f
    assert user_id("sketchfab", "some-handle", KEY) == "45aad177985d7b76d3de83e96696aba8"


@given(st.text(min_size=1), st.binary(min_size=32, max_size=80))
def test_pseudonym_is_the_keyed_hash_of_site_and_handle(handle, secret):
    message = f"v1:shop:{unicodedata.normalize('NFC', handle)}".encode()
    digest = hmac.new(secret, message, hashlib.sha256).hexdigest()
    found = user_id("shop", handle, Key(secret))
    assert found == digest[:32]
    assert re.fullmatch(USER_ID_PATTERN, found)


def test_site_key_and_handle_each_change_the_pseudonym():
    ids = {
        user_id("shop", "ann", KEY),
        user_id("store", "ann", KEY),
        user_id("shop", "bob", KEY),
        user_id("shop", "ann", Key(bytes(32))),
    }
    assert len(ids) == 4


def test_one_handle_in_two_unicode_forms_is_one_person():
    assert user_id("shop", "Zoe\u0308", KEY) == user_id("shop", "Zo\u00eb", KEY)


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
        (user_id("shop", "ann", KEY), "lamp", DAYS[0], DAYS[2], DAYS[4], KEY.key_id),
        (user_id("shop", "bob", KEY), "lamp", None, DAYS[2], DAYS[2], KEY.key_id),
    }


def test_no_likes_give_no_rows():
    assert anonymize(raw(), "shop", KEY).equals(empty_curated(Curated.LIKES))


def test_no_handle_is_left():
    found = anonymize(raw(("planted-handle", "lamp", None, DAYS[0])), "shop", KEY)
    assert "planted-handle" not in str(found.to_dicts())
    assert "planted-handle" in str(raw(("planted-handle", "lamp", None, DAYS[0])).to_dicts())

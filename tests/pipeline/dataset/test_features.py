import math

import polars as pl
import pytest

from pipeline.dataset.curated import Curated, empty_curated
from pipeline.dataset.features import item_features


def items(**rows):
    schema = empty_curated(Curated.ITEMS).schema
    wanted = pl.Schema({n: schema[n] for n in ("item_id", "creator", "tags", "categories")})
    return pl.DataFrame([{"item_id": name, **row} for name, row in rows.items()], schema=wanted)


def features(frame, **options):
    found = {}
    for item_id, feature, weight in item_features(frame, **options).rows():
        found.setdefault(item_id, {})[feature] = weight
    return found


def test_every_kind_has_its_prefix_and_rows_have_length_one():
    described = items(x={"creator": "Ann", "tags": ["cat", "sun"], "categories": ["cat"]})
    found = features(described, floor=1)["x"]
    assert set(found) == {"creator:ann", "tag:cat", "tag:sun", "category:cat"}
    assert math.isclose(sum(weight**2 for weight in found.values()), 1, rel_tol=1e-6)


def test_names_that_differ_in_case_space_or_form_are_one():
    described = items(x={"tags": ["Blue  Cat", " blue cat", "\uff22lue cat"]})
    assert features(described, floor=1) == {"x": {"tag:blue cat": 1.0}}


def test_rare_features_fall_and_do_not_count_in_the_length():
    described = items(x={"tags": ["cat", "rare"]}, y={"tags": ["cat"]})
    assert features(described, floor=2) == {"x": {"tag:cat": 1.0}, "y": {"tag:cat": 1.0}}
    assert features(described, floor=3) == {}
    assert "tag:rare" in features(described, floor=1)["x"]


def test_floor_counts_items_not_mentions():
    assert features(items(x={"tags": ["cat", "Cat"]}), floor=2) == {}


def test_items_without_features_have_no_row():
    described = items(x={}, y={"creator": " ", "tags": ["", None], "categories": []})
    found = item_features(described, floor=1)
    assert found.is_empty()
    assert found.schema == empty_curated(Curated.ITEM_FEATURES).schema


def test_order_of_items_does_not_matter():
    described = items(x={"tags": ["a", "b"]}, y={"tags": ["b"]}, z={"creator": "Ann"})
    assert item_features(described, floor=1).equals(item_features(described.reverse(), floor=1))


def test_floor_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        item_features(items(), floor=0)

import polars as pl

from pipeline.dataset.curated import Curated, empty_curated
from pipeline.dataset.presence import Presence
from tests.pipeline.dataset.conftest import BEGUN


def table(kind, rows, *columns):
    schema = empty_curated(kind).schema
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    missing = {name: pl.lit(None, dtype) for name, dtype in schema.items() if name not in columns}
    return frame.with_columns(**missing).select(schema.names()).cast(schema)


def presence(likes, items):
    return Presence.of(
        table(Curated.LIKES, likes, "user_id", "item_id", "gone_at"),
        table(Curated.ITEMS, items, "item_id", "gone_at"),
    )


def pairs(likes):
    return likes.select("user_id", "item_id").rows()


def test_a_like_is_gone_by_itself_or_with_its_item():
    likes = [("a", "x", None), ("a", "y", None), ("b", "x", BEGUN), ("c", "y", None)]
    found = presence(likes, [("x", None), ("y", BEGUN)])
    assert pairs(found.likes) == [("a", "x")]
    assert pairs(found.gone_likes) == [("a", "y"), ("b", "x"), ("c", "y")]
    assert found.items["item_id"].to_list() == ["x"]
    assert found.gone_items["item_id"].to_list() == ["y"]
    assert set(found.gone_users) == {"b", "c"}


def test_like_of_an_item_without_a_row_is_there():
    found = presence([("a", "bare", None)], [("x", None)])
    assert len(found.likes) == 1
    assert found.gone_users.is_empty()


def test_nothing_curated_is_nothing_there():
    found = presence([], [])
    parts = (found.likes, found.items, found.gone_likes, found.gone_items, found.gone_users)
    assert [len(part) for part in parts] == [0] * 5

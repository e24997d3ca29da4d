import asyncio
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.curated import Curated, require_curated, write_curated
from pipeline.dataset.interactions import interactions
from pipeline.dataset.presence import Presence
from pipeline.dataset.splits import split_interactions
from pipeline.dataset.visitors import read_visitor_likes, split_by_likes, with_visitors
from pipeline.errors import CuratedZoneError
from pipeline.tables import FEEDBACK_TABLES, FEEDBACK_VERSION, USER_ID_PATTERN, sqlite_ddl
from tests.factories import SmallSite

SITE = "art"
SMALL = SmallSite()
PRESENT = Presence.of(SMALL.likes, SMALL.items)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["like", "dismiss", "click", "vote"]),
        st.sampled_from(["item-001", "item-002"]),
        st.sampled_from([None, "v" * 16, "w" * 16]),
        st.integers(0, 5),
    ),
    max_size=12,
)


def path_of(data):
    return data / "feedback" / f"{SITE}.sqlite"


def put(data, events, version=FEEDBACK_VERSION):
    path = path_of(data)
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sqlite_ddl(FEEDBACK_TABLES[0]))
        connection.execute(f"PRAGMA user_version = {version}")
        connection.executemany(
            "INSERT INTO feedback VALUES (?, ?, ?, NULL, ?, 's', ?, NULL)",
            [(f"{n:x}", item, kind, who, at) for n, (kind, item, who, at) in enumerate(events)],
        )
        connection.commit()


def visitor_likes(*pairs):
    rows = [(user, item, datetime(2026, 11, 21, tzinfo=UTC)) for user, item in pairs]
    schema = {"user_id": pl.String, "item_id": pl.String, "liked_at": pl.Datetime("us", "UTC")}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_without_feedback_there_are_none(tmp_path):
    frame = read_visitor_likes(tmp_path, SITE)
    write_curated(tmp_path, SITE, Curated.VISITOR_LIKES, frame)
    assert require_curated(tmp_path, SITE, Curated.VISITOR_LIKES).is_empty()


def test_likes_of_visitors_with_a_token_are_read_under_a_pseudonym(tmp_path):
    put(
        tmp_path,
        [("like", "a", "v" * 16, 60), ("like", "b", None, 61), ("click", "c", "v" * 16, 62)],
    )
    frame = read_visitor_likes(tmp_path, SITE)
    ((user_id, item_id, liked_at),) = frame.rows()
    assert re.fullmatch(USER_ID_PATTERN, user_id)
    assert (item_id, liked_at) == ("a", datetime(1970, 1, 1, 0, 1, tzinfo=UTC))
    write_curated(tmp_path, SITE, Curated.VISITOR_LIKES, frame)


@given(EVENTS)
def test_the_last_word_on_an_item_counts(tmp_path_factory, events):
    data = tmp_path_factory.getbasetemp()
    put(data, events)
    expected = set()
    for who in ("v" * 16, "w" * 16):
        for item in ("item-001", "item-002"):
            said = {
                kind: max(
                    (at for k, i, w, at in events if (k, i, w) == (kind, item, who)), default=-1
                )
                for kind in ("like", "dismiss")
            }
            if said["like"] > said["dismiss"]:
                expected.add((who[0], item))
    frame = read_visitor_likes(data, SITE)
    assert len(frame) == len(expected)
    assert sorted(frame["item_id"]) == sorted(item for _, item in expected)
    assert frame["user_id"].n_unique() == len({who for who, _ in expected})


def test_what_the_api_wrote_is_what_is_read(tmp_path):
    store = pytest.importorskip("serving.feedback.store").FeedbackStore(tmp_path)
    asyncio.run(store.write(SITE, [("k", "a", "like", None, "v" * 16, "s", 60, None)]))
    assert read_visitor_likes(tmp_path, SITE)["item_id"].to_list() == ["a"]


def test_a_file_that_is_no_feedback_is_refused(tmp_path):
    path_of(tmp_path).parent.mkdir()
    path_of(tmp_path).write_bytes(b"no database" * 100)
    with pytest.raises(CuratedZoneError, match="cannot be read as feedback"):
        read_visitor_likes(tmp_path, SITE)
    put(tmp_path, [], version=9)
    with pytest.raises(CuratedZoneError, match="version 9"):
        read_visitor_likes(tmp_path, SITE)


def test_with_weight_0_interactions_and_split_are_those_without_feedback(tmp_path):
    visitors = visitor_likes(("a" * 32, "item-001"), ("a" * 32, "item-002"))
    files = []
    for likes in (PRESENT.likes, with_visitors(PRESENT, visitors, 0.0)):
        frame = interactions(likes)
        write_curated(tmp_path, SITE, Curated.INTERACTIONS, frame)
        assert split_by_likes(frame, PRESENT.likes, seed=3).parts.equals(
            split_interactions(frame, seed=3).parts
        )
        files.append((tmp_path / "curated" / SITE / "interactions.parquet").read_bytes())
    assert files[0] == files[1]


def test_with_weight_visitors_likes_of_known_items_are_learned_from_at_that_weight():
    visitors = visitor_likes(("a" * 32, "item-001"), ("a" * 32, "gone"), ("b" * 32, "item-039"))
    frame = interactions(with_visitors(PRESENT, visitors, 0.25))
    ours = frame.filter(pl.col("user_id").is_in(["a" * 32, "b" * 32]))
    assert ours.select("user_id", "item_id", "weight").rows() == [
        ("a" * 32, "item-001", 0.25),
        ("b" * 32, "item-039", 0.25),
    ]
    crawled = frame.filter(~pl.col("user_id").is_in(["a" * 32, "b" * 32]))
    assert crawled.equals(interactions(PRESENT.likes))


def test_visitors_are_for_training_and_crawled_likes_are_held_out_as_without_them():
    visitors = visitor_likes(*((f"{n:032x}", "item-001") for n in range(9)))
    frame = interactions(with_visitors(PRESENT, visitors, 1.0))
    made = split_by_likes(frame, PRESENT.likes, seed=3)
    alone = split_interactions(interactions(PRESENT.likes), seed=3)
    assert len(made.parts) == len(frame)
    ours = made.parts.filter(pl.col("user_id").is_in(visitors["user_id"].implode()))
    assert set(ours["part"]) == {"train"}
    assert made.parts.join(ours, on=["user_id", "item_id"], how="anti").equals(alone.parts)
    careless = split_interactions(frame, seed=3).parts
    assert not careless.join(ours, on=["user_id", "item_id"], how="anti").equals(alone.parts)

import dataclasses
from datetime import timedelta

import duckdb
import polars as pl
import pytest

from pipeline import publishing
from pipeline.dataset.presence import Presence
from pipeline.errors import SnapshotError
from pipeline.pointer import file_sha256, read_pointer, site_folder
from pipeline.snapshot import build, building, verify
from pipeline.snapshot.files import kept_snapshots, recorded_hash
from tests.factories import (
    MODELS,
    N_ITEMS,
    N_USERS,
    NOW,
    SITE,
    SmallSite,
    build_small_snapshot,
    publish_small_site,
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build_small_snapshot(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def connection(built):
    with duckdb.connect(built.path, read_only=True) as opened:
        yield opened


def test_a_snapshot_is_one_read_only_file_with_its_hash(built):
    assert built.path.name == f"{built.snapshot_id}.duckdb"
    assert built.path.stat().st_mode & 0o777 == 0o444
    assert built.size_bytes == built.path.stat().st_size
    assert built.sha256 == file_sha256(built.path)
    data = built.path.parents[2]
    assert recorded_hash(data, SITE, built.snapshot_id) == built.sha256
    others = {p.name for p in built.path.parent.iterdir() if not p.name.startswith(".")}
    assert others == {built.path.name, f"{built.path.name}.sha256"}
    assert not list(built.path.parent.glob(".*building*"))


def test_it_breaks_no_rule(built):
    assert verify(built.path, snapshot_id=built.snapshot_id) == []


def test_it_says_what_it_is(built, connection):
    row = connection.sql("FROM snapshot_info").pl().row(0, named=True)
    assert row["snapshot_id"] == built.snapshot_id
    assert (row["n_users"], row["n_items"]) == (N_USERS, N_ITEMS)
    assert row["n_likes"] == SmallSite().likes.height == built.n_likes
    assert row["run_ids"] == ["run-1", "run-2"]
    assert row["key_id"] == "0123456789abcdef"


def test_lists_are_those_of_the_models_without_padding(connection):
    site = SmallSite()
    for model in MODELS:
        lists = site.lists(model)
        rows = connection.execute(
            "SELECT user_id, item_idxs, scores FROM user_lists WHERE model = ? ORDER BY user_id",
            [model],
        ).fetchall()
        assert [row[0] for row in rows] == lists.user_ids.tolist()
        for (_, item_idxs, scores), listed, given in zip(
            rows, lists.user_item_idxs, lists.user_scores, strict=True
        ):
            assert item_idxs == listed[listed >= 0].tolist()
            assert scores == given[listed >= 0].tolist()
    with_similar = connection.sql("SELECT DISTINCT model FROM item_lists ORDER BY 1").fetchall()
    assert with_similar == [("lightfm_cf",), ("tag_profile",)]


def test_views_join_ids_and_titles(connection):
    (row,) = connection.execute(
        "SELECT r.item_id, i.item_id, r.score, l.scores[1] FROM recommendations r "
        "JOIN user_lists l USING (user_id, model) JOIN items i ON i.item_idx = l.item_idxs[1] "
        "WHERE r.rank = 1 LIMIT 1"
    ).fetchall()
    assert row[0] == row[1]
    assert row[2] == row[3]
    assert connection.sql("SELECT count(*) FROM similar_items").fetchall() == [(2 * N_ITEMS * 10,)]


def test_charts_are_drawn(connection):
    names = connection.sql("SELECT chart FROM charts").fetchall()
    assert [name for (name,) in names] == [
        "popularity",
        "likes_per_person",
        "likes_by_month",
        "accuracy",
        "coverage",
    ]


def test_a_model_that_lists_nothing_has_no_rows(tmp_path):
    contents = SmallSite().contents()
    empty = [
        dataclasses.replace(lists, user_item_idxs=lists.user_item_idxs * 0 - 1)
        if lists.model == "tag_profile"
        else lists
        for lists in contents.lists
    ]
    built = build(tmp_path, SITE, dataclasses.replace(contents, lists=empty))
    with duckdb.connect(built.path, read_only=True) as connection:
        models = connection.sql("SELECT DISTINCT model FROM user_lists ORDER BY 1").fetchall()
    assert models == [("lightfm_cf",), ("popular",)]


def test_evaluation_history_is_carried_forward(tmp_path):
    first = publish_small_site(tmp_path)
    second = build_small_snapshot(tmp_path, seed=1, now=NOW + timedelta(days=1))
    third = build_small_snapshot(tmp_path, seed=2, now=NOW + timedelta(days=2))
    with duckdb.connect(third.path, read_only=True) as connection:
        rows = connection.sql(
            "SELECT snapshot_id, count(*) FROM evaluation_history GROUP BY 1 ORDER BY 1"
        ).fetchall()
    each = SmallSite().evaluation.height
    ids = [first.snapshot_id, second.snapshot_id, third.snapshot_id]
    assert rows == [(snapshot_id, each) for snapshot_id in ids]


def test_a_damaged_earlier_snapshot_does_not_stop_the_next(tmp_path, caplog):
    first = build_small_snapshot(tmp_path)
    first.path.chmod(0o644)
    first.path.write_bytes(b"not a database" * 1000)
    second = build_small_snapshot(tmp_path, seed=1)
    assert verify(second.path, snapshot_id=second.snapshot_id) == []
    assert "cannot be read" in caplog.text


def test_ids_ascend_even_when_the_clock_goes_back(tmp_path):
    first = build_small_snapshot(tmp_path)
    second = build_small_snapshot(tmp_path, now=NOW - timedelta(days=400))
    assert second.snapshot_id > first.snapshot_id
    assert kept_snapshots(tmp_path, SITE) == [first.snapshot_id, second.snapshot_id]


def _two_keys(contents):
    likes = contents.likes
    other = pl.Series(["other", *["0123456789abcdef"] * (likes.height - 1)])
    return dataclasses.replace(contents, likes=likes.with_columns(other.alias("key_id")))


def _other_items(contents):
    return dataclasses.replace(contents, items=contents.items.head(-1))


def _no_label(contents):
    return dataclasses.replace(contents, models=contents.models.drop("label"))


def _null_label(contents):
    models = contents.models.with_columns(pl.lit(None, pl.String).alias("label"))
    return dataclasses.replace(contents, models=models)


def _more_likes(contents):
    """A like that came after the lists were made, of an item that is in them."""
    lists = SmallSite().lists("popular")
    late = contents.likes.head(1).with_columns(
        pl.lit(lists.user_ids[0]).alias("user_id"),
        pl.lit(str(lists.item_ids[lists.user_item_idxs[0, 0]])).alias("item_id"),
    )
    return dataclasses.replace(contents, likes=pl.concat([contents.likes, late]))


def _no_likes(contents):
    return dataclasses.replace(contents, likes=contents.likes.head(0))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_two_keys, "2 key ids"),
        (_no_likes, "0 key ids"),
        (_other_items, "make the lists again"),
        (_no_label, r"table models lacks the columns \['label'\]"),
        (_null_label, "table models cannot be filled"),
        (_more_likes, "lists with an item that the user likes already in user_lists"),
    ],
)
def test_contents_that_do_not_fit_leave_what_was_published(tmp_path, spoil, message):
    before = publish_small_site(tmp_path)
    with pytest.raises(SnapshotError, match=message):
        build(tmp_path, SITE, spoil(SmallSite().contents()))
    _untouched(tmp_path, before)


@pytest.mark.parametrize("step", ["_write", "verify", "_seal", "write_hash", "sync"])
def test_a_step_that_fails_leaves_what_was_published(tmp_path, monkeypatch, step):
    before = publish_small_site(tmp_path)

    def fail(*_, **__):
        raise OSError(f"{step} failed")

    with monkeypatch.context() as patch:
        patch.setattr(building, step, fail)
        with pytest.raises(OSError, match=f"{step} failed"):
            build_small_snapshot(tmp_path, seed=1)
    _untouched(tmp_path, before)
    after = publish_small_site(tmp_path, seed=1)
    assert read_pointer(tmp_path, SITE).snapshot_id == after.snapshot_id


def test_what_a_killed_build_left_is_removed_by_the_next(tmp_path):
    folder = site_folder(tmp_path, SITE)
    spilled = folder / ".20260101T000000Z-abcdef.building.spill"
    spilled.mkdir(parents=True)
    (spilled / "part").touch()
    (folder / ".20260101T000000Z-abcdef.building.wal").touch()
    build_small_snapshot(tmp_path)
    assert not list(folder.glob(".*building*"))


def _untouched(data, before):
    assert read_pointer(data, SITE).snapshot_id == before.snapshot_id
    assert kept_snapshots(data, SITE) == [before.snapshot_id]
    assert file_sha256(before.path) == before.sha256
    left = {path.name for path in site_folder(data, SITE).iterdir()}
    assert {name for name in left if "building" in name} == set()
    assert publishing.list_snapshots(data, SITE)[0].current


@pytest.fixture
def thinned(tmp_path):
    """A snapshot whose lists were made before an item, a person and a like went."""
    whole = SmallSite().contents()
    item, person, other = "item-002", *SmallSite().user_ids[:2]
    like = (other, whole.likes.filter(user_id=other)["item_id"][0])
    unliked = (pl.col("user_id") == like[0]) & (pl.col("item_id") == like[1])
    is_gone = (pl.col("user_id") == person) | unliked
    contents = dataclasses.replace(
        whole,
        likes=whole.likes.with_columns(gone_at=pl.when(is_gone).then(pl.lit(NOW))),
        items=whole.items.with_columns(
            gone_at=pl.when(pl.col("item_id") == item).then(pl.lit(NOW))
        ),
    )
    return contents, build(tmp_path, SITE, contents, now=NOW), (item, person, like)


def test_what_is_gone_stays_out_of_every_table(thinned):
    contents, built, (item, person, like) = thinned
    with duckdb.connect(built.path, read_only=True) as opened:
        liked = opened.sql("SELECT user_id, unnest(item_idxs) FROM user_items").fetchall()
        ids = dict(opened.sql("SELECT item_idx, item_id FROM items").fetchall())
        listed = opened.sql("SELECT DISTINCT user_id FROM user_lists").fetchall()
    likes = {(user, ids[idx]) for user, idx in liked}
    assert set(ids.values()) == set(SmallSite().item_ids) - {item}
    assert {user for user, _ in liked} == set(SmallSite().user_ids) - {person}
    assert {user for (user,) in listed} == {user for user, _ in liked}
    assert like not in likes
    there = contents.likes.filter(pl.col("gone_at").is_null() & (pl.col("item_id") != item))
    assert likes == set(there.select("user_id", "item_id").rows())
    assert built.n_likes == len(there)


def test_lists_keep_their_order_and_scores_without_what_is_gone(thinned):
    _, built, (item, person, _) = thinned
    made = SmallSite().lists("lightfm_cf")
    with duckdb.connect(built.path, read_only=True) as opened:
        rows = opened.sql(
            """SELECT user_id, list(item_id ORDER BY rank), list(score ORDER BY rank)
               FROM recommendations WHERE model = 'lightfm_cf' GROUP BY user_id"""
        ).fetchall()
    expected = {}
    for user, idxs, scores in zip(
        made.user_ids, made.user_item_idxs, made.user_scores, strict=True
    ):
        pairs = [(made.item_ids[idx], score) for idx, score in zip(idxs, scores, strict=True)]
        expected[user] = [(name, score) for name, score in pairs if name != item]
    assert expected.pop(person)
    assert {user: list(zip(*listed, strict=True)) for user, *listed in rows} == expected


def test_what_is_gone_would_be_found_in_a_snapshot(thinned, tmp_path):
    contents, _, _ = thinned
    built = build_small_snapshot(tmp_path)
    gone = Presence.of(contents.likes, contents.items)
    assert verify(built.path, snapshot_id=built.snapshot_id, gone=gone) == [
        "1 items that are gone",
        f"{len(gone.gone_likes)} likes in user_items that are gone",
    ]


def test_site_that_has_lost_every_like_is_not_built(tmp_path):
    whole = SmallSite().contents()
    contents = dataclasses.replace(whole, likes=whole.likes.with_columns(gone_at=pl.lit(NOW)))
    with pytest.raises(SnapshotError, match="likes there must be"):
        build(tmp_path, SITE, contents)

"""The world that ships: its form, its pictures, and what models can learn from it."""

from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from lightfm import LightFM
from PIL import Image
from polars.testing import assert_frame_equal

import scrapers.replica
from scrapers.replica.drawings.catalogue import Drawing, item_id_of
from scrapers.replica.drawings.deny_list import read_deny_list
from scrapers.replica.drawings.measures import look_alikes, unreadable
from scrapers.replica.drawings.world import simulate_world

WORLD = Path(scrapers.replica.__file__).parent / "worlds" / "openclipart"


@cache
def _frames():
    return pl.read_parquet(WORLD / "items.parquet"), pl.read_parquet(WORLD / "likes.parquet")


def test_the_folder_stays_small_and_says_what_is_real():
    assert sum(file.stat().st_size for file in WORLD.rglob("*") if file.is_file()) <= 12_000_000
    assert "likes are simulated" in (WORLD / "SOURCE.md").read_text("utf-8")
    assert "public domain" in (WORLD / "LICENSE.md").read_text("utf-8")


def test_the_files_have_the_form_of_a_world():
    items, likes = _frames()
    assert items["item_id"].is_unique().all()
    assert not likes.select("user_handle", "item_id").is_duplicated().any()
    assert likes.schema == {
        "user_handle": pl.String,
        "item_id": pl.String,
        "liked_at": pl.Datetime("us", "UTC"),
        "weight": pl.Float32,
    }
    assert (likes["weight"] == 1).all()
    assert likes["user_handle"].str.contains(r"^[0-9a-f]{32}$").all()
    assert set(likes["item_id"]) <= set(items["item_id"])
    for column in ("title", "creator", "license"):
        assert (items[column].str.len_chars() > 0).all()
    assert not items["creator"].str.contains("@").any()


def test_counts_follow_a_power_law_with_a_cold_end():
    items, likes = _frames()
    assert 1100 <= len(items) <= 1300
    assert likes["user_handle"].n_unique() == 3000
    assert 60_000 <= len(likes) <= 110_000
    count = items.select("item_id").join(likes.group_by("item_id").len(), "item_id", how="left")
    count = count["len"].fill_null(0)
    assert 0.03 <= (count == 0).mean() <= 0.10
    assert 0.85 <= (count >= 5).mean() <= 0.92
    assert count.max() > 5 * count.median()


def test_each_item_has_a_readable_picture_of_its_own():
    items, _ = _frames()
    files = [WORLD / name for name in items["thumbnail_url"]]
    assert {file.stem for file in files} == set(items["item_id"])
    assert {file.name for file in files} == {file.name for file in (WORLD / "pictures").iterdir()}
    for file in files[::50]:
        with Image.open(file) as picture:
            assert (picture.format, picture.size) == ("WEBP", (320, 320))
    packed = {file.stem: file.read_bytes() for file in files}
    assert unreadable(dict(list(packed.items())[::8])) == []
    assert look_alikes(packed) == []


def test_nothing_denied_is_shipped():
    shipped = set(_frames()[0]["item_id"])
    assert not shipped & {item_id_of(path) for path in read_deny_list()}
    assert item_id_of("animals/camel.svg") not in shipped, "an unknown path is not there either"


def test_seed_0_gives_the_shipped_likes_bit_for_bit():
    items, likes = _frames()
    columns = items.select("item_id", "title", "creator", "tags", "categories")
    drawings = [
        Drawing(
            path="", item_id=item_id, title=title, creator=creator,
            tags=tuple(tags), categories=tuple(categories), public_domain=True,
        )
        for item_id, title, creator, tags, categories in columns.iter_rows()
    ]  # fmt: skip
    again_items, again_likes = simulate_world(drawings, 0)
    assert_frame_equal(again_likes, likes, check_exact=True)
    assert_frame_equal(again_items, items, check_exact=True)


def _matrices(test):
    """Train and test matrices of the shipped likes, both (n_users, n_items)."""
    items, likes = _frames()
    user = likes["user_handle"].rank("dense").to_numpy().astype(np.int64) - 1
    place = {item_id: idx for idx, item_id in enumerate(items["item_id"])}
    item = np.array([place[item_id] for item_id in likes["item_id"]])
    shape = (user.max() + 1, len(items))
    return tuple(
        sp.csr_matrix((np.ones(rows.sum(), np.float32), (user[rows], item[rows])), shape=shape)
        for rows in (~test, test)
    )


def _ndcg_at_10(scores, train, test):
    """Mean over users with train and test likes; every unseen item is ranked."""
    users = np.flatnonzero((np.diff(train.indptr) > 0) & (np.diff(test.indptr) > 0))
    scores = np.where(train[users].toarray() > 0, -np.inf, scores[users])
    best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    relevant = test[users].toarray() > 0
    discount = 1 / np.log2(np.arange(2, 12))
    gain = (np.take_along_axis(relevant, best, axis=1) * discount).sum(axis=1)
    ideal = discount.cumsum()[np.minimum(relevant.sum(axis=1), 10) - 1]
    return float((gain / ideal).mean())


def _temporal():
    liked_at = _frames()[1]["liked_at"]
    return (liked_at > liked_at.quantile(0.8)).to_numpy()


def _random():
    return np.random.default_rng(0).random(len(_frames()[1])) < 0.2


@pytest.mark.parametrize("split", [_temporal, _random])
def test_cf_finds_the_planted_tastes_and_popularity_does_not(split):
    train, test = _matrices(split())
    known = np.tile(np.asarray(train.sum(axis=0)), (train.shape[0], 1))
    model = LightFM(no_components=32, loss="warp", random_state=0)
    model.fit(train.tocoo(), epochs=12, num_threads=1)
    learned = model.user_embeddings @ model.item_embeddings.T + model.item_biases
    cf, popular = _ndcg_at_10(learned, train, test), _ndcg_at_10(known, train, test)
    chance = _ndcg_at_10(np.random.default_rng(0).random(known.shape), train, test)
    assert 0.10 <= cf <= 0.35
    assert popular <= cf / 2
    assert chance < popular / 2

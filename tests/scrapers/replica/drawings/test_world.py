"""Simulated likes: reproducible, well-formed and shaped by planted tastes."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from scrapers.replica.drawings.catalogue import Drawing, item_id_of
from scrapers.replica.drawings.likes import LikeParameters
from scrapers.replica.drawings.tastes import TasteParameters, plant_tastes
from scrapers.replica.drawings.world import simulate_world

KINDS = ("cats", "cars", "cakes", "trees")
FEW = TasteParameters(n_users=200)


def _drawings(n_items=160):
    paths = [f"{KINDS[n % 4]}/{n:03}.svg" for n in range(n_items)]
    return [
        Drawing(
            path,
            item_id_of(path),
            path,
            f"Artist {n % 7}",
            (path.split("/")[0], "all"),
            (),
            True,
        )
        for n, path in enumerate(paths)
    ]


def test_the_same_seed_gives_the_same_frames_in_any_order_of_drawings():
    items, likes = simulate_world(_drawings(), 0, tastes=FEW)
    again_items, again_likes = simulate_world(_drawings()[::-1], 0, tastes=FEW)
    assert_frame_equal(items, again_items)
    assert_frame_equal(likes, again_likes)
    assert not likes.equals(simulate_world(_drawings(), 1, tastes=FEW)[1])


def test_likes_are_unique_and_fall_after_publication():
    items, likes = simulate_world(_drawings(), 0, tastes=FEW)
    assert not likes.select("user_handle", "item_id").is_duplicated().any()
    both = likes.join(items, on="item_id", how="left")
    assert both["published_at"].null_count() == 0
    assert (both["liked_at"] >= both["published_at"]).all()
    assert likes["user_handle"].n_unique() == 200
    assert likes.schema["weight"] == pl.Float32


def test_interests_decide_what_people_like_and_vanish_with_their_strength():
    def purity(interest):
        parameters = TasteParameters(n_users=300, interest=interest, style=0.01, artist=0.0)
        chances = plant_tastes(_drawings(), parameters, np.random.default_rng(0)).chances
        kinds = chances.reshape(300, 40, 4).sum(axis=1)
        return kinds.max(axis=1).mean()

    assert purity(9.0) > purity(0.0) + 0.2


def test_popularity_has_a_long_tail():
    tastes = plant_tastes(_drawings(1000), FEW, np.random.default_rng(0))
    known = np.sort(tastes.popularity)[::-1]
    assert known.sum() == pytest.approx(1.0)
    assert known[:200].sum() > 0.35
    assert known[-200:].sum() < 0.05
    assert tastes.chances.sum(axis=1) == pytest.approx(np.ones(200))


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (TasteParameters, {"n_users": 0}),
        (TasteParameters, {"curiosity": 1.5}),
        (LikeParameters, {"fewest": 9, "most": 5}),
        (LikeParameters, {"cold_share": 1.0}),
    ],
)
def test_parameters_out_of_range_are_refused(kind, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        kind(**wrong)

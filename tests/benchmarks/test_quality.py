"""Every section of the benchmark on a tiny planted world, so that none can rot."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline.dataset.splits import SplitKind
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.spectral import Spectral
from tests.benchmarks.generator import Size, generate, like_matrix
from tests.benchmarks.quality import cold, gowalla, repeat, speed, worlds
from tests.benchmarks.quality.running import Run

GROUPS, USERS, ITEMS, LIKES = 4, 30, 15, 8


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    """People of four groups, each with items and a tag of its own, and times in order."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    pairs = [
        (f"u{group}-{user:02}", f"i{group}-{item:02}")
        for group in range(GROUPS)
        for user in range(USERS)
        for item in random.choice(ITEMS, LIKES, replace=False)
    ]
    likes = pl.DataFrame(pairs, schema=["user_handle", "item_id"], orient="row")
    times = pl.Series(random.permutation(len(likes)) * 1_000_000).cast(pl.Datetime("us", "UTC"))
    weighted = likes.with_columns(times.alias("liked_at"), pl.lit(1.0, pl.Float32).alias("weight"))
    world = folder / "worlds" / "tiny"
    world.mkdir(parents=True)
    weighted.write_parquet(world / "likes.parquet")
    items = likes.select(pl.col("item_id").unique().sort())
    tags = pl.concat_list(pl.col("item_id").str.slice(0, 2), pl.lit("all")).alias("tags")
    items.with_columns(tags).write_parquet(world / "items.parquet")
    _write_split(folder / "benchmarks" / "gowalla", likes, random)
    return Run(folder, budget_s=0.3, threads=1, is_apart=False)


def _write_split(folder, likes: pl.DataFrame, random: np.random.Generator) -> None:
    folder.mkdir(parents=True)
    is_test = pl.Series(random.random(len(likes)) < 0.25)
    train = likes.filter(~is_test)
    train.write_parquet(folder / "train.parquet")
    train.sample(fraction=0.1, seed=0).write_parquet(folder / "validation.parquet")
    likes.filter(is_test).write_parquet(folder / "test.parquet")
    published = {"Model": ["Old"], "Publication": ["X'01"], "Recall@20": [0.1], "NDCG@20": [0.2]}
    pl.DataFrame(published).write_csv(folder / "published.csv")


def test_gowalla(run):
    small = (Spectral(rank=4, order=3), Ials(factors=4, iterations=2))
    groups = (
        (gowalla.Entry("graph", ((ItemGraph(), 1.0),)),),
        (
            gowalla.Entry("waves", ((small[0], 1.0),)),
            gowalla.Entry("sum", ((small[0], 1.0), (small[1], 0.4))),
        ),
    )
    rows = list(gowalla.measure(run, groups, best_s=1.0))
    assert [row.name for row in rows] == ["graph", "waves", "sum", "`recommend --model best`, 1 s"]
    assert all(row.recall > 0.8 and row.ndcg.mean > 0.5 for row in rows), rows
    text = "\n".join(gowalla.lines(run, rows))
    assert "*Old (X'01)*, published" in text
    assert text.count("on validation |") == 1


def test_a_sum_scores_as_a_blend_of_its_own_would(run):
    parts = ((ItemGraph(), 1.0), (Ials(factors=4, iterations=2), 0.4))
    shared = ((gowalla.Entry("a", parts[:1]), gowalla.Entry("b", parts)),)
    alone = ((gowalla.Entry("b", parts),),)
    found = [list(gowalla.picked_rows(run, groups))[-1] for groups in (shared, alone)]
    assert found[0].ndcg == found[1].ndcg


def test_worlds(run):
    cases = (worlds.Case("tiny"), worlds.Case("tiny", SplitKind.TEMPORAL, least_weight=1.0))
    rows = list(worlds.measure(run, cases))
    for case in cases:
        own = {row.model: row for row in rows if row.case == case}
        assert {"best", "ials", "spectral", "implicit_als", "implicit_bm25", "lightfm_cf"} <= {*own}
        assert own["best"].above.mean == 0
        assert own["best"].ndcg.mean > own["popular"].ndcg.mean
        assert own["popular"].above.low > 0
    text = "\n".join(worlds.lines(run, rows))
    assert "**tiny, temporal split**" in text
    assert "at most 0.5 % below it" in text


def test_cold(run):
    rows = list(cold.measure(run, ["tiny"]))
    assert {(row.protocol, row.model) for row in rows} >= {("cold", "hybrid"), ("all", "hybrid")}
    assert "| tiny | cold | hybrid |" in "\n".join(cold.lines(run, rows))


def test_speed(run):
    size = Size(n_users=300, n_items=400, n_likes=2_000, n_tags=50)
    figures = speed.measure(run, size=size, list_users=300, growth=(1, 2))
    assert list(figures.growth["ials"]) == [300, 600]
    text = "\n".join(speed.lines(run, figures))
    assert "| item_graph | " in text
    assert "| LightFM WARP (30) |" in text


def test_the_exponent_of_linear_growth_is_1_and_of_a_square_2():
    assert speed.exponent({10: 1.0, 20: 2.0, 40: 4.0}) == pytest.approx(1)
    assert speed.exponent({10: 1.0, 20: 4.0}) == pytest.approx(2)


def test_likes_alone_are_those_of_the_site():
    size = Size(n_users=200, n_items=300, n_likes=1_000, n_tags=50)
    site, matrix = generate(size, seed=3), like_matrix(size, seed=3)
    assert matrix.shape == (200, 300)
    by_item = site.likes.group_by("item_id").len().sort("item_id")["len"].to_numpy()
    np.testing.assert_array_equal(by_item, np.bincount(matrix.indices, minlength=300))


def test_repeat(run):
    rows = list(repeat.measure(run, "tiny", models=("popular", "item_graph"), trials=1))
    assert len(rows) == 2
    assert all(row.first == row.second for row in rows)
    twin = repeat.Row("other", "a", "b")
    text = "\n".join(repeat.lines(run, [*rows, twin]))
    assert text.count("| yes |") == 2
    assert text.count("| NO |") == 1

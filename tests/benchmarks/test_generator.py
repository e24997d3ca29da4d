from __future__ import annotations

import numpy as np
import pytest

from pipeline.dataset.curated import Curated, read_curated, write_curated
from tests.benchmarks.generator import SKETCHFAB, Size, generate

SMALL = Size(n_users=1_500, n_items=3_000, n_likes=20_000, n_tags=1_500)


@pytest.fixture(scope="module")
def site():
    return generate(SMALL, seed=1)


def test_the_counts_are_exact(site):
    assert len(site.likes) == len(site.interactions) == 20_000
    assert site.likes.select("user_id", "item_id").is_unique().all()
    assert site.likes["user_id"].n_unique() == 1_500
    assert site.likes["item_id"].n_unique() == len(site.items) == 3_000
    assert site.items["tags"].explode().n_unique() == 1_500
    assert site.likes["user_id"].str.contains("^[0-9a-f]{32}$").all()


def test_it_is_of_the_curated_form(site, tmp_path):
    for table in (Curated.LIKES, Curated.ITEMS, Curated.ITEM_FEATURES, Curated.INTERACTIONS):
        frame = getattr(site, table.value)
        write_curated(tmp_path, "made", table, frame)
        assert read_curated(tmp_path, "made", table).equals(frame)


def test_popularity_follows_a_power_law(site):
    counts = np.sort(site.likes.group_by("item_id").len()["len"].to_numpy())[::-1]
    assert counts[:300].sum() > 0.3 * counts.sum()  # a tenth of the items
    assert np.median(counts) < counts.mean()


def test_tags_say_something_of_likes(site):
    """Items liked by one user share tags more often than items at random."""
    sharing = site.likes.sort("user_id", "liked_at").group_by("user_id").agg("item_id")
    tags = dict(site.items.select("item_id", "tags").iter_rows())
    pairs = [row[:2] for row in sharing["item_id"].to_list() if len(row) > 1]
    liked = np.mean([bool(set(tags[a]) & set(tags[b])) for a, b in pairs])
    random = np.random.default_rng(0).permutation([item for pair in pairs for item in pair])
    by_chance = np.mean(
        [bool(set(tags[a]) & set(tags[b])) for a, b in random.reshape(-1, 2).tolist()]
    )
    assert liked > 1.15 * by_chance


def test_the_seed_decides(site):
    again = generate(SMALL, seed=1)
    assert again.likes.equals(site.likes)
    assert again.items.equals(site.items)
    assert not generate(SMALL, seed=2).likes.equals(site.likes)


def test_more_users_like_the_same_catalogue():
    twice = SKETCHFAB.times(2)
    assert (twice.n_users, twice.n_likes) == (125_166, 1_265_680)
    assert twice.n_items == SKETCHFAB.n_items == 28_806

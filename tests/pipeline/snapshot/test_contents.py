import polars as pl
import pytest

from pipeline.snapshot.contents import item_group, snapshot_items, user_items
from tests.factories import N_ITEMS, NOW, SmallSite


@pytest.fixture(scope="module")
def site():
    return SmallSite()


def test_items_are_in_order_of_id_with_counts_of_crawled_likes(site):
    items = snapshot_items(site.items.reverse(), site.likes)
    assert items["item_idx"].to_list() == list(range(N_ITEMS))
    assert items["item_id"].to_list() == site.item_ids
    counted = dict(site.likes.group_by("item_id").len().iter_rows())
    assert items["like_count"].to_list() == [counted.get(i, 0) for i in site.item_ids]


def test_a_liked_item_that_no_catalogue_lists_is_an_item(site):
    liked = site.likes.head(1).with_columns(pl.lit("zzz").alias("item_id"))
    items = snapshot_items(site.items, pl.concat([site.likes, liked]))
    row = items.row(-1, named=True)
    assert (row["item_id"], row["item_idx"], row["like_count"]) == ("zzz", N_ITEMS, 1)
    assert (row["title"], row["tags"], row["thumbnails"]) == (None, [], [])
    assert row["first_seen_at"] == NOW


def test_user_items_are_ascending_by_user_and_item(site):
    items = snapshot_items(site.items, site.likes)
    rows = user_items(site.likes, items)
    assert rows["user_id"].to_list() == site.user_ids
    position = {item_id: idx for idx, item_id in enumerate(site.item_ids)}
    first = site.user_ids[0]
    liked = site.likes.filter(pl.col("user_id") == first)["item_id"]
    assert rows["item_idxs"][0].to_list() == sorted(position[item_id] for item_id in liked)


def _tagged(*tags, likes):
    return pl.DataFrame(
        {
            "item_idx": pl.Series(range(len(tags)), dtype=pl.Int32),
            "like_count": pl.Series(likes, dtype=pl.Int32),
            "tags": pl.Series(tags, dtype=pl.List(pl.String)),
        }
    )


def test_spellings_of_a_tag_are_one_group_named_as_most_write_it():
    rows = item_group(
        _tagged(["cat"], ["Cat", "cat"], ["Cat"], ["CAT"], likes=[1, 5, 5, 9]), "tags"
    )
    assert rows.rows() == [("cat", "Cat", 4, 20, [3, 1, 2, 0])]


def test_groups_are_ranked_by_likes():
    rows = item_group(_tagged(["a", "b"], ["b"], [], likes=[1, 2, 3]), "tags")
    assert rows.select("slug", "item_count", "like_count").rows() == [("b", 2, 3), ("a", 1, 1)]


def test_items_without_tags_give_no_groups():
    rows = item_group(_tagged([], [], likes=[1, 2]), "tags")
    assert rows.is_empty()
    assert rows.columns == ["slug", "name", "item_count", "like_count", "item_idxs"]


def test_a_missing_creator_is_no_group(site):
    rows = item_group(snapshot_items(site.items, site.likes), "creator")
    assert sorted(rows["slug"]) == [f"artist-{n}" for n in range(7)]
    assert rows["item_count"].sum() == N_ITEMS - 1

from datetime import UTC, datetime

from scrapers.counts import Count
from scrapers.listing import CatalogueListing, LikeList, LikesByUser
from scrapers.raw_zone import ItemUnit
from scrapers.records import ItemRecord
from scrapers.tally import Tally

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def item(item_id, count=None, text=None):
    return ItemRecord(item_id, "t", count, text, None, NOW)


def test_item_that_comes_again_on_the_next_page_is_kept_once_and_counted():
    tally = Tally()
    listing = CatalogueListing(5, tally)
    listing.add([item("a", 9), item("b", 8)])
    fresh, ends = listing.add([item("b", 8), item("c", 7), item("c", 7)])
    assert [record.item_id for record in fresh] == ["c"]
    assert not ends
    assert tally.counts["repeated"] == 2


def test_first_page_wholly_below_the_floor_ends_the_catalogue():
    tally = Tally()
    listing = CatalogueListing(5, tally)
    kept, ends = listing.add([item("a", 5), item("b", 4)])
    assert ([record.item_id for record in kept], ends) == (["a"], False)
    assert listing.add([item("c", 4), item("d", 0)]) == ([], True)
    assert tally.counts["below_floor"] == 3


def test_empty_page_ends_the_catalogue():
    assert CatalogueListing(0, Tally()).add([]) == ([], True)


def test_rounded_count_reaches_the_floor_if_it_may():
    listing = CatalogueListing(1250, Tally())
    kept, _ = listing.add([item("a", text="1.2k"), item("b", text="1.1k"), item("c", text="?")])
    assert [record.item_id for record in kept] == ["a", "c"]


def test_a_page_is_new_once():
    listing = CatalogueListing(0, Tally())
    assert [listing.is_new("u"), listing.is_new("u")] == [True, False]


def test_the_lowest_end_counts():
    listing = CatalogueListing(0, Tally())
    assert not listing.is_past_end(99)
    listing.end_at(7)
    listing.end_at(9)
    assert [listing.is_past_end(7), listing.is_past_end(8)] == [False, True]


def test_like_list_counts_rows_and_distinct_others():
    likes = LikeList("m1", Count(9, 9), "likes of m1")
    assert likes.add(["u1", "u2"]) == {"u1", "u2"}
    assert likes.add(["u2", "u3", None, ["u4"]]) == {"u3"}
    assert (likes.rows, len(likes.seen)) == (6, 3)


def test_list_that_holds_less_than_announced_is_short():
    for announced, expected in ((Count(9, 9), 1), (Count(3, 3), 0), (None, 0)):
        tally = Tally()
        tally.open()
        likes = LikeList("m1", announced, "likes of m1")
        likes.add(["u1"])
        likes.end(tally)
        assert tally.counts["short_lists"] == expected
        assert (tally.done, tally.counts["likes_read"]) == (1, 1)


def test_user_side_compares_item_by_item_when_all_users_are_done():
    tally = Tally()
    sides = LikesByUser([ItemUnit("a", Count(1, 1)), ItemUnit("b", Count(40, 40))], tally)
    sides.count({"a", "b"})
    sides.compare()
    assert tally.counts["short_lists"] == 1
    assert tally.counts["likes_announced"] == 41
    assert [sides.is_new("u"), sides.is_new("u")] == [True, False]
    assert [sides.in_catalogue("a"), sides.in_catalogue("z")] == [True, False]


def test_catalogue_that_repeats_itself_goes_round():
    listing = CatalogueListing(0, Tally())
    for _ in range(3):
        listing.add([item("a", 9)])
        assert not listing.goes_round
    listing.add([item("b", 9)])
    for _ in range(3):
        assert not listing.goes_round
        listing.add([item("a", 9)])
    assert listing.goes_round


def test_id_of_any_type_is_left_for_the_check():
    fresh, _ = CatalogueListing(0, Tally()).add([item(7, 9), item("7", 9), item({}, 9)])
    assert [record.item_id for record in fresh] == [7, "7", {}]

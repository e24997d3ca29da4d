from datetime import UTC, datetime

from scrapers.listing import CatalogueListing
from scrapers.records import ItemRecord
from scrapers.tally import Tally

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def item(item_id, count=None, text=None):
    return ItemRecord(item_id, "t", count, text, None, NOW)


def ids(items):
    return [record.item_id for record in items]


def test_item_that_comes_again_on_the_next_page_is_kept_once_and_counted():
    tally = Tally()
    listing = CatalogueListing(5, tally)
    listing.add([item("a", 9), item("b", 8)])
    fresh, is_end = listing.add([item("b", 8), item("c", 7), item("c", 7)])
    assert (ids(fresh), is_end) == (["c"], False)
    assert tally.counts["repeated"] == 2


def test_first_page_wholly_below_the_floor_ends_the_catalogue():
    tally = Tally()
    listing = CatalogueListing(5, tally)
    kept, is_end = listing.add([item("a", 5), item("b", 4)])
    assert (ids(kept), is_end) == (["a"], False)
    assert listing.add([item("c", 4), item("d", 0)]) == ([], True)
    assert tally.counts["below_floor"] == 3


def test_empty_page_ends_the_catalogue():
    assert CatalogueListing(0, Tally()).add([]) == ([], True)


def test_rounded_count_reaches_the_floor_if_it_may():
    listing = CatalogueListing(1250, Tally())
    kept, _ = listing.add([item("a", text="1.2k"), item("b", text="1.1k"), item("c", text="?")])
    assert ids(kept) == ["a", "c"]


def test_a_page_is_new_once_a_pass():
    listing = CatalogueListing(0, Tally())
    assert [listing.is_new("u", 1), listing.is_new("u", 2)] == [True, False]
    assert listing.is_new("u", 1)  # by whom it is asked for, and by the page that leads to it
    assert listing.another_pass().is_new("u", 2)


def test_the_lowest_end_counts_until_the_next_pass():
    listing = CatalogueListing(0, Tally())
    assert not listing.is_past_end(99)
    listing.end_at(7)
    listing.end_at(9)
    assert [listing.is_past_end(7), listing.is_past_end(8)] == [False, True]
    assert not listing.another_pass().is_past_end(99)


def test_page_is_repeated_where_all_its_items_were_read_in_the_same_pass():
    listing = CatalogueListing(0, Tally())
    listing.add([item("a", 9), item("b", 9)])
    assert listing.is_repeated([item("b", 9), item("a", 9)])
    assert not listing.is_repeated([item("b", 9), item("c", 9)])
    assert not listing.is_repeated([])
    assert not listing.another_pass().is_repeated([item("a", 9)])


def test_a_pass_counts_what_those_before_it_missed():
    tally = Tally()
    listing = CatalogueListing(0, tally)
    listing.add([item("a", 9), item("b", 9)])
    assert listing.n_new == 2
    listing = listing.another_pass()
    fresh, _ = listing.add([item("a", 9), item("c", 9)])
    assert (ids(fresh), listing.n_new, tally.counts["repeated"]) == (["c"], 1, 0)


def test_what_an_earlier_process_landed_is_not_kept_again():
    listing = CatalogueListing(0, Tally(), landed=["a"])
    fresh, _ = listing.add([item("a", 9), item("b", 9)])
    assert ids(fresh) == ["b"]


def test_id_of_any_type_is_left_for_the_check():
    fresh, _ = CatalogueListing(0, Tally()).add([item(7, 9), item("7", 9), item({}, 9)])
    assert ids(fresh) == [7, "7", {}]

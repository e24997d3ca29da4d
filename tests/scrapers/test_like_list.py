"""Lists of likes that change, repeat themselves or lie while they are read."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers import like_list
from scrapers.counts import Count
from scrapers.like_list import Again, Ended, Following, LikeList, Row
from scrapers.records import UnitState
from scrapers.units import Memory

DONE, PARTIAL = UnitState.DONE, UnitState.PARTIAL
OVERLAP, PAGE = 4, 24
NOW = datetime(2026, 11, 1, tzinfo=UTC)
QUICK = settings(max_examples=60, deadline=None, derandomize=True)


def digest(other):
    return blake2b(other.encode(), digest_size=8).digest()


def exactly(n):
    return Count(n, n)


def memory_of(others, announced=None):
    known = b"".join(sorted(map(digest, others)))
    return Memory(announced or exactly(len(others)), len(others), known, NOW)


@dataclass
class Site:
    """A list, newest first, that does something between every two pages that are asked for.

    ``changes`` are called one after the other, each before one page; ``sizes`` are rows of pages.
    """

    rows: list[str]
    changes: list = field(default_factory=list)
    sizes: list = field(default_factory=list)
    n_asked: int = 0
    shown_throughout: set = field(init=False)

    def __post_init__(self):
        self.shown_throughout = set(self.rows)

    def page(self, offset):
        """Rows and whether there are more; offset 0 comes before every change."""
        self.n_asked += 1
        if offset and self.changes:
            self.changes.pop(0)(self)
        self.shown_throughout &= set(self.rows)
        size = self.sizes.pop(0) if self.sizes else PAGE
        return self.rows[offset : offset + size], offset + size < len(self.rows)


@dataclass
class Result:
    ended: Ended
    others: list[str]
    n_asked: int
    n_passes: int
    likes: LikeList


def read(answer, announced, *, memory=None, overlap=OVERLAP, full_page=PAGE):
    """Read a list as the stages do; `answer` gives the rows at an offset and whether more come."""
    likes = LikeList(announced, digest, memory=memory, overlap=overlap, full_page=full_page)
    offset, n_passes = 0, 1
    for n_asked in count(1):
        assert n_asked < 100_000, "the list is never left"
        rows, has_next = answer(offset)
        step = likes.add([Row(other, None) for other in rows], offset, has_next=has_next)
        if isinstance(step, Ended):
            kept = [row.other for row in likes.kept(whole=step.whole)]
            return Result(step, kept, n_asked, n_passes, likes)
        if isinstance(step, Following):
            offset = step.offset
            n_passes += step.from_start
    raise AssertionError


def people(n, prefix="u"):
    return [f"{prefix}{i}" for i in range(n)]


def insert(n):
    fresh = count()

    def change(site):
        site.rows[:0] = [f"new{next(fresh)}-{id(change)}" for _ in range(n)]

    return change


def remove(positions):
    def change(site):
        gone = {int(position * len(site.rows)) for position in positions}
        site.rows = [row for n, row in enumerate(site.rows) if n not in gone]

    return change


def shuffle_from(start, random):
    def change(site):
        tail = site.rows[start:]
        random.shuffle(tail)
        site.rows[start:] = tail

    return change


CHANGES = st.lists(
    st.one_of(
        st.builds(insert, st.integers(1, 30)),
        st.builds(remove, st.lists(st.floats(0, 0.999), max_size=4)),
        st.just(lambda site: None),
    ),
    max_size=12,
)


@QUICK
@given(n=st.integers(0, 200), changes=CHANGES)
def test_no_like_that_is_shown_throughout_is_lost_and_none_comes_twice(n, changes):
    site = Site(people(n), changes)
    result = read(site.page, exactly(n))
    assert site.shown_throughout <= set(result.others)
    assert max(Counter(result.others).values(), default=1) == 1


@QUICK
@given(n=st.integers(30, 200), gone=st.lists(st.floats(0, 0.999), min_size=25, max_size=40))
def test_many_that_vanish_at_once_are_noticed(n, gone):
    """More than pages overlap: the pages do not meet, and the list is read again."""
    site = Site(people(n), [remove(gone)])
    result = read(site.page, exactly(n))
    assert site.shown_throughout <= set(result.others)


@QUICK
@given(n=st.integers(25, 200), start=st.integers(16, 60), random=st.randoms(use_true_random=False))
def test_tail_that_is_shuffled_while_likes_come_in_is_read_again(n, start, random):
    site = Site(people(n), [shuffle_from(start, random), insert(3)])
    result = read(site.page, exactly(n))
    assert site.shown_throughout <= set(result.others)
    assert result.ended == Ended(DONE, whole=True)


@QUICK
@given(n=st.integers(0, 200), sizes=st.lists(st.integers(5, PAGE), max_size=20))
def test_pages_of_other_sizes_lose_nothing(n, sizes):
    site = Site(people(n), sizes=sizes)
    result = read(site.page, exactly(n))
    assert (result.others, result.ended) == (people(n), Ended(DONE, whole=True))


@QUICK
@given(n=st.integers(25, 200), at=st.integers(1, 9))
def test_page_that_comes_again_once_is_asked_for_again(n, at):
    site = Site(people(n))

    def answer(offset):
        if site.n_asked == at and offset:
            rows, _ = site.page(offset - PAGE + OVERLAP)
            return rows, offset + PAGE < n
        return site.page(offset)

    result = read(answer, exactly(n))
    assert (result.others, result.ended) == (people(n), Ended(DONE, whole=True))


@QUICK
@given(n=st.integers(25, 200), at=st.integers(0, 200), is_for_ever=st.booleans())
def test_end_that_is_told_too_early_is_not_believed(n, at, is_for_ever):
    site = Site(people(n))

    def answer(offset):
        rows, has_next = site.page(offset)
        is_told = offset <= at < offset + PAGE and (is_for_ever or site.n_asked < 3)
        return rows, has_next and not is_told

    result = read(answer, exactly(n))
    assert (result.others, result.ended) == (people(n), Ended(DONE, whole=True))


def test_twin_without_overlap_and_second_reading_likes_are_lost():
    site = Site(people(100), [remove([0.0, 0.01, 0.02])] * 3)
    found = {row for offset in range(0, 120, PAGE) for row in site.page(offset)[0]}
    assert len(site.shown_throughout - found) == 7


@pytest.mark.parametrize(("overlap", "n_passes"), [(OVERLAP, 1), (0, 2)])
def test_list_of_pages_that_do_not_overlap_is_read_again_if_anything_is_missing(overlap, n_passes):
    site = Site(people(100), [remove([0.0, 0.01])])
    result = read(site.page, exactly(100), overlap=overlap)
    assert set(result.others) >= site.shown_throughout
    assert result.n_passes == n_passes


@pytest.mark.parametrize(
    ("n", "announced", "state"),
    [
        (0, Count(0, 0), DONE), (0, Count(2, 2), DONE), (0, Count(3, 3), PARTIAL),
        (98, Count(100, 100), DONE), (97, Count(100, 100), PARTIAL), (97, Count(40, 40), DONE),
        (1188, Count(1200, 1200), DONE), (1187, Count(1200, 1200), PARTIAL),
        (1150, Count(1200, 1299), DONE), (1100, Count(1200, 1299), PARTIAL), (7, None, DONE),
        (30, None, DONE),
    ],
)  # fmt: skip
def test_list_is_done_when_it_holds_what_was_announced_but_for_the_tolerance(n, announced, state):
    result = read(Site(people(n)).page, announced)
    assert result.ended.state is state
    assert result.ended.whole is (state is DONE)
    assert result.others == people(n)


def test_partial_list_says_how_much_is_missing_and_was_read_three_times():
    result = read(Site(people(44)).page, exactly(200))
    assert result.ended.why == "44 of 200 likes: the list ends early"
    assert result.n_passes == 3


def test_next_that_is_null_too_early_once_where_links_lead_is_read_again():
    answers = iter([(people(24), False), (people(24), True), (people(60)[24:], False)])
    result = read(lambda _: next(answers), exactly(60), overlap=0, full_page=0)
    assert (len(result.others), result.ended) == (60, Ended(DONE, whole=True))


@pytest.mark.parametrize("announced", [None, exactly(99)])
@pytest.mark.parametrize("overlap", [0, OVERLAP])
def test_list_that_goes_round_is_left_and_named(announced, overlap):
    pages = [people(24), people(24, "v")]
    turns = count()
    result = read(lambda _: (pages[next(turns) % 2], True), announced, overlap=overlap)
    assert result.ended.state is PARTIAL
    assert "pages that were read come again" in result.ended.why
    assert len(result.others) == 48
    assert result.n_asked < 50


def test_list_that_goes_round_and_holds_what_was_announced_is_done():
    result = read(lambda _: (people(24), True), exactly(24), overlap=0)
    assert result.ended == Ended(DONE, whole=True)


def test_list_without_an_end_is_left_and_named(monkeypatch):
    monkeypatch.setattr(like_list, "_MOST_PAGES", 100)

    def answer(offset):
        return [f"u{offset + n}" for n in range(PAGE)], True

    result = read(answer, exactly(10**7))
    assert result.ended.state is PARTIAL
    assert "the list has no end" in result.ended.why
    assert result.n_asked == 100


def test_rows_without_an_id_are_kept_for_the_check_each_once():
    rows = [*people(3), None, 7, None, ["x"], 7]
    result = read(lambda _: (rows, False), None)
    assert result.others == [*people(3), None, 7, ["x"]]
    assert result.likes.read(whole=True) == 3


def test_news_are_read_newest_first_until_what_is_known():
    site = Site([*people(30, "new"), *people(500)])
    result = read(site.page, exactly(530), memory=memory_of(people(500)))
    assert result.ended == Ended(DONE, whole=False)
    assert result.others == people(30, "new")
    assert (site.n_asked, result.likes.read(whole=False)) == (2, 530)
    assert len(result.likes.digests(whole=False)) == 530 * 8


def test_list_that_also_lost_likes_stops_where_counts_add_up():
    site = Site([*people(30, "new"), *people(500)[:490]])
    result = read(site.page, exactly(520), memory=memory_of(people(500)))
    assert (result.ended.whole, site.n_asked) == (False, 2)
    assert result.others == people(30, "new")
    assert result.likes.read(whole=False) == 520


def test_list_is_read_to_its_end_where_counts_do_not_add_up():
    """One who took a like back and gave it again stands at the head, and is known."""
    old = people(100)
    site = Site(["u50", *old[:50], *old[51:]])
    result = read(site.page, exactly(101), memory=memory_of(old))
    assert result.ended == Ended(DONE, whole=True)
    assert sorted(result.others) == sorted(old)
    assert result.likes.digests(whole=True) == memory_of(old).known


def test_news_that_slip_by_between_two_pages_are_found_by_reading_on():
    """The counts add up, for the list lost likes before; the pages do not meet."""
    new, old = people(30, "new"), people(500)
    site = Site([*new, *old[:480]], [remove([n / 510 for n in range(8)])])
    result = read(site.page, exactly(510), memory=memory_of(old))
    assert set(result.others) == set(new)
    assert result.n_passes == 2


def test_partial_list_of_an_incremental_crawl_lands_what_is_new():
    result = read(Site([*people(2, "new"), *people(10)]).page, exactly(90),
                  memory=memory_of(people(10)))  # fmt: skip
    assert (result.ended.state, result.ended.whole) == (PARTIAL, False)
    assert result.others == people(2, "new")


@QUICK
@given(
    n=st.integers(0, 120), n_new=st.integers(0, 60), gone=st.sets(st.integers(0, 119)),
    changes=CHANGES,
)  # fmt: skip
def test_incremental_reading_misses_no_new_like(n, n_new, gone, changes):
    old, new = people(n), people(n_new, "new")
    left = [row for i, row in enumerate(old) if i not in gone]
    site = Site([*new, *left], changes)
    result = read(site.page, exactly(n_new + len(left)), memory=memory_of(old))
    assert site.shown_throughout & set(new) <= set(result.others)
    assert max(Counter(result.others).values(), default=1) == 1
    if not result.ended.whole:
        assert not set(result.others) & set(old)


def test_twin_incremental_reading_misses_a_swap_that_leaves_the_count_equal():
    """What the next full crawl finds: a like went, and another came in the midst."""
    old = people(100)
    site = Site([*old[:60], "swapped", *old[61:]])
    result = read(site.page, exactly(100), memory=memory_of(old))
    assert (result.others, site.n_asked) == ([], 1)


def test_page_that_was_read_comes_again_with_a_reason():
    likes = LikeList(exactly(50), digest, overlap=OVERLAP, full_page=PAGE)
    rows = [Row(other, None) for other in people(PAGE)]
    assert likes.add(rows, 0, has_next=True) == Following(20)
    assert likes.add(rows, 20, has_next=True) == Again("a page that was read comes again")


def test_urls_that_were_read_are_known_until_the_list_is_begun_anew():
    likes = LikeList(exactly(99), digest)
    likes.visit("first")
    assert likes.is_visited("first")
    assert likes.add([], 0, has_next=False) == Following(0, from_start=True)
    assert not likes.is_visited("first")

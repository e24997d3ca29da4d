"""Lists that change while they are read: a plain reader loses, a careful one does not."""

import pytest

from scrapers.replica.sketchfab.asked import Asked, Kind
from tests.scrapers.replica.faults.conftest import path_of


def _read(stand_in, item_id, advance):
    """Handles in the order in which a reader by offsets comes by them, repeated ones too."""
    handles, offset = [], 0
    while True:
        page = stand_in.get(path_of(Asked(Kind.ITEM_LIKES, item_id, offset))).json()
        handles += [row["uid"] for row in page["results"]]
        if page["next"] is None:
            return handles
        offset += advance


def _long_items(stand_in):
    items = {asked.subject for asked in stand_in.struck(Kind.ITEM_LIKES)}
    world = stand_in.world
    return sorted(uid for uid in items if world.items[world.item_index[uid]].like_count > 24)


def _truth(stand_in, side="item"):
    told = stand_in.get(f"/_truth/likes?side={side}").json()
    return [{tuple(pair) for pair in told[name]} for name in ("must_have", "may_have")]


def _all_read(stand_in, advance):
    """Likes of the items that are struck, by one reader."""
    items = _long_items(stand_in)
    assert items
    return [(handle, item) for item in items for handle in _read(stand_in, item, advance)]


def _must(stand_in):
    items = _long_items(stand_in)
    must_have, may_have = _truth(stand_in)
    return {pair for pair in must_have if pair[1] in items}, may_have


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["insert", "delete", "reorder", "page-size-changes"])
def test_a_reader_with_an_overlap_of_4_loses_nothing(site, name, seed):
    stand_in = site(name, seed)
    read = set(_all_read(stand_in, 20 if name != "page-size-changes" else 8))
    must_have, may_have = _must(stand_in)
    assert must_have - read == set()
    assert read - must_have - may_have == set()
    assert stand_in.played[name] >= 1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["delete", "reorder"])
def test_a_reader_without_an_overlap_loses_likes(site, name, seed):
    stand_in = site(name, seed)
    read = set(_all_read(stand_in, 24))
    assert _must(stand_in)[0] - read


def test_a_reader_without_an_overlap_reads_inserted_rows_twice(site):
    stand_in = site("insert")
    read = _all_read(stand_in, 24)
    assert len(read) > len(set(read))
    _, may_have = _must(stand_in)
    assert {handle.split("/")[0] for handle, _ in may_have} == {"newcomer"}


def test_without_a_fault_each_reader_reads_each_like_and_nobody_loses(site):
    well = site()
    items = ["m00", "m03"]
    plain = [(handle, item) for item in items for handle in _read(well, item, 24)]
    careful = {(handle, item) for item in items for handle in _read(well, item, 20)}
    must_have, may_have = _truth(well)
    assert len(plain) == len(set(plain))
    assert set(plain) == careful == {pair for pair in must_have if pair[1] in items}
    assert may_have == set()


@pytest.mark.parametrize("seed", range(5))
def test_deletions_stay_within_what_may_be_missing(site, seed):
    stand_in = site("delete", seed)
    _all_read(stand_in, 20)
    gone = _truth(stand_in)[1]
    for item in _long_items(stand_in):
        assert 2 <= sum(pair[1] == item for pair in gone) <= 4


def test_a_new_like_is_the_newest(site):
    stand_in = site("insert")
    item = _long_items(stand_in)[0]
    newest = _page(stand_in, item, 0)["results"][0]["likedAt"]
    _page(stand_in, item, 20)
    first = _page(stand_in, item, 0)["results"][0]
    assert first["uid"].startswith("newcomer/")
    assert first["likedAt"] > newest


def _page(stand_in, item, offset):
    return stand_in.get(path_of(Asked(Kind.ITEM_LIKES, item, offset))).json()


def test_lists_of_people_grow_too_and_the_truth_knows(site):
    stand_in = site("insert")
    user = next(asked.subject for asked in stand_in.struck(Kind.USER_LIKES) if asked.position)
    for position in (0, 24):
        stand_in.get(path_of(Asked(Kind.USER_LIKES, user, position)))
    may_have = _truth(stand_in, "user")[1]
    assert 1 <= len(may_have) <= 4
    assert {handle for handle, _ in may_have} == {user}


@pytest.mark.parametrize("kind", [Kind.LISTING, Kind.GRID])
def test_ranks_shift_once_so_that_a_first_pass_misses_an_item(site, kind):
    stand_in, well = site("reorder"), site()
    passes = [_pass(stand_in, kind), _pass(stand_in, kind)]
    assert len(passes[0]) == len(passes[1]) == 30
    missed = set(passes[1]) - set(passes[0])
    assert len(missed) == 1
    assert len(set(passes[0])) == 29
    assert len(set(_pass(well, kind))) == 30


def _pass(stand_in, kind):
    return [
        row["uid"]
        for asked in stand_in.pages(kind)
        for row in stand_in.get(path_of(asked)).json()["results"]
    ]


@pytest.mark.parametrize(
    "kind", [Kind.ITEM_LIKES, Kind.USER_LIKES, Kind.LISTING, Kind.GRID, Kind.DIRECTORY]
)
def test_rows_of_the_page_before_come_again_and_then_do_not(site, kind):
    stand_in, well = site("repeated-page"), site()
    asked = next(asked for asked in stand_in.struck(kind) if asked.position >= 20)
    before = Asked(kind, asked.subject, max(0, asked.position - 24))
    answers = [stand_in.get(path_of(asked)).json() for _ in range(3)]
    good, good_before = (well.get(path_of(each)).json() for each in (asked, before))
    assert answers[0]["results"] == good_before["results"] != good["results"]
    assert answers[0].get("next") == good.get("next")
    assert answers[2] == good


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", [Kind.ITEM_LIKES, Kind.USER_LIKES, Kind.LISTING, Kind.DIRECTORY])
def test_a_looping_next_leads_to_a_page_that_was_read_and_then_on(site, kind, seed):
    stand_in, well = site("next-loop", seed), site()
    asked = stand_in.struck(kind)[0]
    answers = [stand_in.get(path_of(asked)).json() for _ in range(3)]
    good = well.get(path_of(asked)).json()
    first = Asked(kind, asked.subject, 0)
    looped = stand_in.get(answers[0]["next"]).json()["results"]
    assert looped in [well.get(path_of(each)).json()["results"] for each in (asked, first)]
    assert answers[0]["results"] == good["results"]
    assert answers[0]["next"] != good["next"]
    assert answers[2] == good


def test_the_grid_loops_by_number(site):
    stand_in = site("next-loop")
    asked = stand_in.struck(Kind.GRID)[0]
    number = stand_in.get(path_of(asked)).json()["nextPage"]
    assert number in (1, 1 + asked.position // 24)


@pytest.mark.parametrize("kind", [Kind.ITEM_LIKES, Kind.USER_LIKES])
def test_a_list_says_too_early_that_it_ends_every_time(site, kind):
    stand_in, well = site("next-null-too-early"), site()
    asked = next(asked for asked in stand_in.struck(kind) if not asked.position)
    good = well.get(path_of(asked)).json()
    for _ in range(4):
        page = stand_in.get(path_of(asked)).json()
        assert (page["next"], page["results"]) == (None, good["results"])
    assert good["next"] is not None
    last = max(
        stand_in.pages(kind), key=lambda each: (each.subject == asked.subject, each.position)
    )
    assert stand_in.get(path_of(last)).json() == well.get(path_of(last)).json()


@pytest.mark.parametrize("kind", [Kind.LISTING, Kind.GRID, Kind.MODEL])
def test_some_items_announce_far_more_than_there_is(site, kind):
    stand_in, well = site("announced-count-wrong"), site()
    said, good = (_announced(each, kind) for each in (stand_in, well))
    wrong = {uid for uid, count in said.items() if count != good[uid]}
    assert 1 <= len(wrong) <= 10
    for uid in wrong:
        assert said[uid] == good[uid] * 3 + 50
    assert _announced(stand_in, kind) == said


def _announced(stand_in, kind):
    pages = [stand_in.get(path_of(asked)).json() for asked in stand_in.pages(kind)]
    rows = [row for page in pages for row in page.get("results", [page])]
    return {row["uid"]: int(row.get("likeCount", row.get("likeCountText"))) for row in rows}


@pytest.mark.parametrize("kind", [Kind.ITEM_LIKES, Kind.USER_LIKES, Kind.LISTING, Kind.DIRECTORY])
def test_a_shorter_page_goes_on_where_it_ended(site, kind):
    stand_in = site("page-size-changes")
    rows = stand_in.run._rows
    asked = next(a for a in stand_in.struck(kind) if rows(a) - a.position > 24)
    page = stand_in.get(path_of(asked)).json()
    assert 12 <= len(page["results"]) <= 20
    whole = site().get(path_of(asked)).json()["results"]
    assert page["results"] == whole[: len(page["results"])]
    assert len(whole) == 24
    following = stand_in.get(page["next"]).json()["results"]
    assert following[0] == whole[len(page["results"])]


def test_a_page_of_numbers_beyond_python_may_loop_too(site):
    struck = site("next-loop").struck(Kind.LISTING)
    both = site("next-loop,nan-and-huge-integers")
    assert [both.get(path_of(asked)).status_code for asked in struck] == [200] * len(struck)

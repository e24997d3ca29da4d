"""Who likes each item: lists that are read to their end, that lie, that are gone or unchanged."""

import pytest

from scrapers.counts import Count
from scrapers.records import GONE, Mode, RunStatus, UnitState
from scrapers.stages.likes import is_unchanged
from tests.scrapers.playing import (
    NOW,
    TRIES,
    answer_to,
    land_catalogue,
    query_of,
    retry,
)

DONE, PARTIAL, FAILED = UnitState.DONE, UnitState.PARTIAL, UnitState.FAILED
PAGE = 24


def fans(n):
    return [f"u{i}" for i in range(n)]


def site(likes_of):
    """Answers with the likes of each item, newest first, by offset."""

    def answer(request):
        query = query_of(request)
        rows, offset = likes_of[query["model"]], int(query["offset"])
        page = [{"uid": uid, "likedAt": NOW.isoformat()} for uid in rows[offset : offset + PAGE]]
        following = request.url if offset + PAGE < len(rows) else None
        return answer_to(request, {"results": page, "next": following})

    return answer


def instead(good, bad, when):
    """The good site, whose nth answers are bad while `when(n)`."""
    n_asked = 0

    def answer(request):
        nonlocal n_asked
        n_asked += 1
        return bad(request) if when(n_asked) else good(request)

    return answer


def pairs(likes_of):
    return sorted((user, item) for item, users in likes_of.items() for user in users)


def landed(played):
    return sorted(played.rows.select("user_handle", "item_id").iter_rows())


def test_every_list_is_landed_whole_with_its_figures(play, tmp_path):
    likes_of = {"a": fans(60), "odd/id?x=1": fans(3), "none": []}
    land_catalogue(tmp_path, {"a": 60, "odd/id?x=1": 4, "none": None})
    played = play("likes", site(likes_of))
    assert landed(played) == pairs(likes_of)
    assert played.status is RunStatus.COMPLETE
    units = {key: ended.unit for key, ended in played.ends.items()}
    assert (units["a"].read, units["a"].announced, units["a"].whole) == (60, 60, True)
    assert (units["odd/id?x=1"].read, units["odd/id?x=1"].announced) == (3, 4)
    assert (units["none"].read, units["none"].announced) == (0, None)
    assert played.spider.tally.counts["likes_announced"] == 64
    offsets = [int(url.rpartition("=")[2]) for url in played.asked if "model=a&" in url]
    assert offsets == [0, 20, 40]


def test_list_that_is_short_is_partial_and_its_likes_are_landed(play, tmp_path):
    land_catalogue(tmp_path, {"a": 100, "b": 2})
    played = play("likes", site({"a": fans(90), "b": fans(2)}))
    assert played.status is RunStatus.PARTIAL
    unit = played.ends["a"].unit
    assert (unit.state, unit.read, unit.whole) == (PARTIAL, 90, False)
    assert unit.why == "90 of 100 likes: the list ends early"
    assert len(played.rows) == 92


def test_partial_list_that_is_tried_again_lands_no_row_twice(play, tmp_path):
    land_catalogue(tmp_path, {"a": 100, "b": 2})
    first = play("likes", site({"a": fans(90), "b": fans(2)}))
    assert play("likes", site({"a": fans(100), "b": fans(2)})).asked == []
    retry(first, PARTIAL)
    again = play("likes", site({"a": fans(100), "b": fans(2)}))
    assert list(again.ends) == ["a"]
    assert again.status is RunStatus.COMPLETE
    assert landed(again) == pairs({"a": fans(100), "b": fans(2)})


@pytest.mark.parametrize("status", [403, 500])
def test_list_of_which_a_page_cannot_be_had_keeps_what_was_read(play, tmp_path, status):
    land_catalogue(tmp_path, {"a": 60, "b": 60})
    good = site({"a": fans(60), "b": fans(60)})

    def answer(request):
        query = query_of(request)
        is_bad = (query["model"], query["offset"]) in {("a", "40"), ("b", "0")}
        return answer_to(request, b"", status) if is_bad else good(request)

    played = play("likes", answer)
    a, b = played.ends["a"].unit, played.ends["b"].unit
    assert (a.state, a.read, a.why) == (PARTIAL, 44, f"status {status}")
    assert (b.state, b.read, b.why) == (FAILED, 0, f"status {status}")
    assert len(played.rows) == 44


def test_nothing_but_failed_lists_is_a_partial_run_with_its_units_named(play, tmp_path):
    land_catalogue(tmp_path, {"a": 60})
    played = play("likes", lambda request: answer_to(request, b"", 403))
    assert played.status is RunStatus.PARTIAL
    assert played.ends["a"].unit.why == "status 403"


def test_list_of_an_item_that_is_gone_is_done_and_empty(play, tmp_path):
    land_catalogue(tmp_path, {"a": 60, "b": 1})
    good = site({"b": fans(1)})
    played = play(
        "likes", lambda r: answer_to(r, b"", 404) if "model=a" in r.url else good(r)
    )  # fmt: skip
    unit = played.ends["a"].unit
    assert (unit.state, unit.read, unit.whole, unit.why) == (DONE, 0, True, GONE)
    assert len(played.asked) == 3
    assert played.status is RunStatus.COMPLETE


def test_lists_that_were_read_tell_a_later_process_whether_the_site_is_well(play, tmp_path):
    land_catalogue(tmp_path, {"a": 3, "b": 3, "c": 3})
    good = site({"a": fans(3), "c": fans(3)})

    def broken(request):
        return answer_to(request, b"", 404 if "model=b" in request.url else 500)

    first = play("likes", lambda r: good(r) if "model=a" in r.url else broken(r))
    assert [first.ends[key].unit.state for key in "abc"] == [DONE, DONE, FAILED]
    again = play("likes", good)
    assert again.spider.urls_read_before == [again.spider.likers_url("a", 0)]


def test_list_that_is_missing_once_is_read(play, tmp_path):
    land_catalogue(tmp_path, {"a": 3})
    good = site({"a": fans(3)})
    played = play("likes", instead(good, lambda r: answer_to(r, b"", 404), lambda n: n == 1))
    assert landed(played) == pairs({"a": fans(3)})


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>sorry</html>", b'{"results": [{"uid": "u', {}, {"results": "none"},
        {"results": [7]}, {"results": [{"user_id": "u1"}]}, {"results": [{"uid": 7}]},
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_page_of_likes_is_asked_for_again(play, tmp_path, body):
    land_catalogue(tmp_path, {"a": 60})
    good = site({"a": fans(60)})
    played = play("likes", instead(good, lambda r: answer_to(r, body), lambda n: n in {1, 3}))
    assert landed(played) == pairs({"a": fans(60)})
    failed = play("likes", lambda r: answer_to(r, body), run_id="r2")
    assert failed.ends["a"].unit.state is FAILED
    assert len(failed.asked) == TRIES


def test_rows_whose_id_was_renamed_fail_the_list_and_can_be_read_as_rejects(play, tmp_path):
    land_catalogue(tmp_path, {"a": 60})
    rows = [{"user_id": f"u{n}"} for n in range(PAGE)]
    played = play("likes", lambda r: answer_to(r, {"results": rows, "next": r.url}))
    assert (played.ends["a"].unit.state, played.status) == (FAILED, RunStatus.PARTIAL)
    assert played.ends["a"].unit.why == "no like of the page has an id"
    rejects = played.spider.plan.landing_folder / "rejects.jsonl"
    assert "user_handle: is NoneType, expected text" in rejects.read_text()


def test_page_that_comes_again_is_asked_for_again(play, tmp_path):
    land_catalogue(tmp_path, {"a": 60})
    good = site({"a": fans(60)})

    def repeated(request):
        before = request.replace(url=request.url.replace("offset=20", "offset=0"))
        return answer_to(request, good(before).json())

    played = play("likes", instead(good, repeated, lambda n: n == 2))
    assert landed(played) == pairs({"a": fans(60)})
    assert len(played.asked) == 4


def test_end_that_is_told_on_a_full_page_is_not_believed(play, tmp_path):
    land_catalogue(tmp_path, {"a": 60, "b": 24})
    good = site({"a": fans(60), "b": fans(24)})

    def answer(request):
        return answer_to(request, {**good(request).json(), "next": None})

    played = play("likes", answer)
    assert landed(played) == pairs({"a": fans(60), "b": fans(24)})


def test_likes_that_break_the_contract_are_set_aside(play, tmp_path):
    land_catalogue(tmp_path, {"a": 3})
    rows = [{"uid": "u1"}, {"uid": 7}, {"uid": "a\u202eb"}, {"uid": "u2", "likedAt": "soon"}]
    played = play("likes", lambda r: answer_to(r, {"results": rows, "next": None}))
    assert landed(played) == [("u1", "a")]
    rejects = played.spider.plan.landing_folder / "rejects.jsonl"
    assert len(rejects.read_text().splitlines()) == 3


def test_incremental_crawl_visits_new_and_changed_lists_and_lands_what_is_new(play, tmp_path):
    before = {"same": fans(30), "more": fans(100), "less": fans(30), "rounded": fans(9)}
    land_catalogue(tmp_path, {name: len(users) for name, users in before.items()})
    assert play("likes", site(before)).status is RunStatus.COMPLETE

    now = {
        "same": fans(30), "more": ["new1", "new2", *fans(100)], "less": fans(30)[5:],
        "rounded": fans(9), "fresh": ["new1"],
    }  # fmt: skip
    land_catalogue(tmp_path / "now", {name: len(users) for name, users in now.items()})
    (tmp_path / "raw/sketchfab/items/c1").rename(tmp_path / "raw/sketchfab/items/c0")
    (tmp_path / "now/raw/sketchfab/items/c1").rename(tmp_path / "raw/sketchfab/items/c1")
    daily = play("likes", site(now), run_id="r2", mode=Mode.INCREMENTAL)
    assert daily.status is RunStatus.COMPLETE
    units = {key: ended.unit for key, ended in daily.ends.items()}
    assert set(units) == {"more", "less", "fresh"}
    assert daily.spider.tally.counts["lists_unchanged"] == 2
    assert landed(daily) == [("new1", "fresh"), ("new1", "more"), ("new2", "more")]
    assert (units["more"].whole, units["more"].read) == (False, 102)
    assert (units["less"].whole, units["less"].read) == (False, 25)
    assert (units["fresh"].whole, units["fresh"].read) == (True, 1)
    assert len(daily.asked) == 3

    again = play("likes", site(now), run_id="r3", mode=Mode.INCREMENTAL)
    assert (again.asked, again.status) == ([], RunStatus.COMPLETE)
    full = play("likes", site(now), run_id="r4")
    assert landed(full) == pairs(now)
    assert {ended.unit.whole for ended in full.ended} == {True}


def test_list_is_unchanged_where_an_exact_count_is_the_one_that_was_known():
    assert is_unchanged(Count(9, 9), (Count(9, 9), 9))
    assert is_unchanged(Count(9, 9), (Count(9, 9), 8))
    assert not is_unchanged(Count(9, 9), (Count(8, 8), 9))
    assert not is_unchanged(Count(1200, 1299), (Count(1200, 1299), 1250))
    assert not is_unchanged(Count(9, 9), None)
    assert not is_unchanged(None, (None, 9))


def test_twin_a_full_crawl_visits_what_is_unchanged(play, tmp_path):
    land_catalogue(tmp_path, {"a": 3})
    play("likes", site({"a": fans(3)}))
    assert play("likes", site({"a": fans(3)}), run_id="r2", mode=Mode.INCREMENTAL).asked == []
    assert len(play("likes", site({"a": fans(3)}), run_id="r3").asked) == 1

"""What users like: users of directories, their lists, and what of them the catalogue has."""

import pytest

from scrapers.records import GONE, Mode, RunStatus, Side, UnitKind, UnitState, pseudonym
from tests.scrapers.playing import (
    BASE,
    KEY,
    SITE,
    TRIES,
    answer_to,
    land_catalogue,
    path_of,
    query_of,
    retry,
)

DONE, PARTIAL, FAILED = UnitState.DONE, UnitState.PARTIAL, UnitState.FAILED
PAGE = 24


def key_of(handle):
    return pseudonym(SITE, handle, KEY)


def items(n):
    return [f"m{i}" for i in range(n)]


def page_of(request, rows):
    cursor = int(query_of(request).get("cursor", 0))
    following = None
    if cursor + PAGE < len(rows):
        base = request.url.partition("&cursor=")[0]
        following = f"{base}&cursor={cursor + PAGE}"
    return answer_to(request, {"results": rows[cursor : cursor + PAGE], "next": following})


def site(likes_of, creators=(), counts=True):
    """Answers with the users, with the creators of models, and with what each user likes."""

    def answer(request):
        path = path_of(request)
        if path[-1] == "search":
            count = {"likeCount": 0} if counts else {}
            return page_of(
                request,
                [{"uid": u, **{k: len(likes) for k in count}} for u, likes in likes_of.items()],
            )
        if path[-1] == "models":
            return page_of(request, [{"uid": "m0", "user": {"uid": c}} for c in creators])
        handle = "/".join(path[2:-1])
        if handle not in likes_of:
            return answer_to(request, b"", 404)
        return page_of(request, [{"uid": item} for item in likes_of[handle]])

    return answer


def short_items(played):
    """Why the items are partial of which fewer likes were read than announced."""
    units = (ended.unit for ended in played.ended if ended.unit.kind is UnitKind.ITEM_LIKES)
    return {unit.key: unit.why for unit in units if unit.state is PARTIAL}


def run(play, answer, **asked):
    return play("likes", answer, side=Side.USER, **asked)


def user_ends(played):
    return {
        ended.unit.key: ended.unit
        for ended in played.ended
        if ended.unit.kind is UnitKind.USER_LIKES
    }


def landed(played):
    return sorted(played.rows.select("user_handle", "item_id").iter_rows())


@pytest.fixture
def catalogue(tmp_path):
    land_catalogue(tmp_path, dict.fromkeys(items(60)))


def test_users_of_all_directories_are_read_by_pseudonym(play, catalogue):
    likes_of = {"secret-1": items(50), "secret/2": items(3), "secret-3": items(1)}
    shown = {**likes_of}
    del shown["secret-3"]

    def answer(request):
        return site(shown if path_of(request)[-1] == "search" else likes_of, ["secret-3"])(request)

    played = run(play, answer)
    assert landed(played) == sorted((u, i) for u, likes in likes_of.items() for i in likes)
    assert set(user_ends(played)) == {key_of(handle) for handle in likes_of}
    assert played.status is RunStatus.COMPLETE
    assert [user_ends(played)[key_of(h)].announced for h in likes_of] == [50, 3, None]
    assert "secret" not in str([ended.unit for ended in played.ended])


def test_what_the_catalogue_does_not_have_is_counted_and_not_landed(play, catalogue):
    played = run(play, site({"ann": ["m1", "unknown", "m2"]}))
    assert landed(played) == [("ann", "m1"), ("ann", "m2")]
    assert played.spider.tally.counts["off_catalogue"] == 1
    assert user_ends(played)[key_of("ann")].read == 3


def test_user_who_was_met_without_a_count_is_read_by_the_count_of_another_page(play, catalogue):
    """Creators stand without a count; the search of members has it."""
    played = run(play, site({"ann": items(30)}, ["ann"]))
    assert user_ends(played)[key_of("ann")].announced == 30


def test_list_that_is_short_is_partial(play, catalogue):
    good = site({"ann": items(30)})

    def answer(request):
        if path_of(request)[-1] == "likes":
            return site({"ann": items(20)})(request)
        return good(request)

    played = run(play, answer)
    (unit,) = user_ends(played).values()
    assert (unit.state, unit.why) == (PARTIAL, "20 of 30 likes: the list ends early")
    assert len(landed(played)) == 20


def test_private_user_is_gone_and_no_failure(play, catalogue):
    good = site({"ann": items(3), "bob": items(3)})

    def answer(request):
        if "bob" in path_of(request):
            return answer_to(request, b"", 404)
        return good(request)

    played = run(play, answer)
    assert user_ends(played)[key_of("bob")].why == GONE
    assert (played.status, len(landed(played))) == (RunStatus.COMPLETE, 3)


def test_site_without_a_directory_is_no_failure(play, catalogue):
    good = site({"ann": items(3)}, ["ann"])

    def answer(request):
        is_search = path_of(request)[-1] == "search"
        return answer_to(request, b"", 404) if is_search else good(request)

    played = run(play, answer)
    assert played.spider.tally.counts["directories_missing"] == 1
    assert (played.status, len(landed(played))) == (RunStatus.COMPLETE, 3)


def test_ids_of_users_are_taken_as_the_item_side_takes_them(play, catalogue):
    likes_of = {"a ü": items(1), "a\u202eb": items(1), 7: items(1), None: items(1)}
    played = run(play, site(likes_of))
    assert landed(played) == [("a ü", "m0")]
    assert f"{BASE}/v3/users/a%20%C3%BC/likes?count=24" in played.asked
    assert played.spider.tally.counts["users_rejected"] == 2


def test_directory_page_that_comes_again_is_asked_for_again(play, catalogue):
    likes_of = {f"u{n}": items(1) for n in range(60)}
    good, n_asked = site(likes_of), 0

    def answer(request):
        nonlocal n_asked
        if query_of(request).get("cursor") == "24" and path_of(request)[-1] == "search":
            n_asked += 1
            if n_asked <= 2:
                first = request.replace(url=request.url.partition("&cursor=")[0])
                rows = good(first).json()["results"]
                return answer_to(request, {**good(request).json(), "results": rows})
        return good(request)

    played = run(play, answer)
    assert len(landed(played)) == 60
    assert n_asked == 3


@pytest.mark.parametrize("following", ["itself", "http://192.0.2.1/v3/search", 7, ["x"]])
def test_directory_that_leads_wrong_fails_its_page(play, catalogue, following):
    good = site({"ann": items(3)})

    def answer(request):
        if path_of(request)[-1] == "search" and "cursor" not in request.url:
            rows = good(request).json()["results"]
            place = f"{request.url}&cursor=0" if following == "itself" else following
            return answer_to(request, {"results": rows, "next": place})
        if path_of(request)[-1] == "search":
            return answer_to(request, {"results": [{"uid": "bob"}], "next": request.url})
        return good(request)

    played = run(play, answer)
    assert played.status is RunStatus.PARTIAL
    failed = [e.unit for e in played.ended if e.unit.state is FAILED]
    assert [unit.kind for unit in failed] == [UnitKind.USER_DIRECTORY]
    assert len(landed(played)) == 3


def test_directory_page_of_rows_that_were_listed_is_asked_for_again(play, catalogue):
    likes_of = {f"u{n}": items(1) for n in range(60)}
    good, n_asked = site(likes_of), 0

    def answer(request):
        nonlocal n_asked
        if query_of(request).get("cursor") == "48" and path_of(request)[-1] == "search":
            n_asked += 1
            if n_asked == 1:  # the last rows of one page and the first ones of the next
                rows = [{"uid": f"u{n}", "likeCount": 1} for n in range(12, 36)]
                return answer_to(request, {**good(request).json(), "results": rows})
        return good(request)

    played = run(play, answer)
    assert (len(landed(played)), n_asked) == (60, 2)


def test_directory_that_leads_back_to_its_first_page_is_asked_for_again(play, catalogue):
    good, n_asked = site({f"u{n}": items(1) for n in range(60)}), 0

    def answer(request):
        nonlocal n_asked
        if query_of(request).get("cursor") == "24" and path_of(request)[-1] == "search":
            n_asked += 1
            if n_asked == 1:
                first = request.url.partition("&cursor=")[0]
                return answer_to(request, {**good(request).json(), "next": first})
        return good(request)

    played = run(play, answer)
    assert (len(landed(played)), n_asked) == (60, 2)
    assert played.status is RunStatus.COMPLETE


def test_list_whose_next_page_was_read_is_asked_for_again(play, catalogue):
    good, n_asked = site({"ann": items(60)}), 0

    def answer(request):
        nonlocal n_asked
        if query_of(request).get("cursor") == "24":
            n_asked += 1
            if n_asked <= 2:
                first = request.url.partition("&cursor=")[0]
                return answer_to(request, {**good(request).json(), "next": first})
        return good(request)

    played = run(play, answer)
    assert (len(landed(played)), n_asked) == (60, 3)
    assert played.status is RunStatus.COMPLETE


def test_list_that_goes_round_for_ever_is_partial_and_keeps_what_was_read(play, catalogue):
    good = site({"ann": items(60)})

    def answer(request):
        if query_of(request).get("cursor") == "24":
            return answer_to(request, {**good(request).json(), "next": request.url})
        return good(request)

    played = run(play, answer)
    (unit,) = user_ends(played).values()
    assert (unit.state, unit.read) == (PARTIAL, 48)
    assert "was read" in unit.why
    assert len(played.asked) < 3 + 2 * TRIES


def test_item_of_which_fewer_likes_were_read_than_announced_makes_it_partial(play, tmp_path):
    land_catalogue(tmp_path, {"m0": 30, "m1": 2})
    played = run(play, site({"ann": items(2)}))
    assert short_items(played) == {"m0": "1 of 30 likes: of users that were read"}
    assert played.status is RunStatus.PARTIAL


def test_crawl_with_a_user_who_is_gone_still_compares(play, tmp_path):
    land_catalogue(tmp_path, {"m0": 30})
    good = site({"ann": items(1), "bob": items(1)})

    def answer(request):
        return answer_to(request, b"", 404) if "bob" in path_of(request) else good(request)

    assert short_items(run(play, answer)) == {"m0": "1 of 30 likes: of users that were read"}


def test_users_of_earlier_crawls_are_read_though_no_directory_names_them(play, catalogue):
    run(play, site({"ann": items(3)}))
    good = site({"ann": items(3)})

    def answer(request):
        return site({})(request) if path_of(request)[-1] == "search" else good(request)

    assert landed(run(play, answer, run_id="r2")) == [("ann", item) for item in items(3)]


def test_incremental_crawl_visits_users_whose_count_has_changed(play, catalogue):
    before = {"ann": items(30), "bob": items(3)}
    run(play, site(before))
    now = {"ann": items(30), "bob": ["m9", *items(3)], "cy": items(1)}
    played = run(play, site(now), run_id="r2", mode=Mode.INCREMENTAL)
    assert set(user_ends(played)) == {key_of("bob"), key_of("cy")}
    assert landed(played) == [("bob", "m9"), ("cy", "m0")]
    assert played.status is RunStatus.COMPLETE
    assert len([url for url in played.asked if "/users/" in url]) == 2


def test_twin_incremental_crawl_without_counts_visits_every_user_once(play, catalogue):
    likes_of = {"ann": items(50), "bob": items(3)}
    run(play, site(likes_of, counts=False))
    played = run(play, site(likes_of, counts=False), run_id="r2", mode=Mode.INCREMENTAL)
    assert set(user_ends(played)) == {key_of("ann"), key_of("bob")}
    assert len([url for url in played.asked if "/users/" in url]) == 2
    assert played.ended[-1].records == ()


def test_item_that_was_short_is_done_once_its_likes_are_read(play, tmp_path):
    land_catalogue(tmp_path, {"m0": 30})
    first = run(play, site({"ann": items(1)}))
    assert first.status is RunStatus.PARTIAL
    retry(first, PARTIAL)
    again = run(play, site({f"user-{n}": items(1) for n in range(29)}))
    assert (again.status, short_items(again)) == (RunStatus.COMPLETE, {})


def test_list_that_ends_short_on_a_full_page_is_partial(play, tmp_path):
    land_catalogue(tmp_path, {f"m{n}": None for n in range(30)})
    good = site({"ann": items(26)})

    def answer(request):
        if query_of(request).get("cursor"):
            return good(request)
        page = good(request).json()
        return answer_to(request, {**page, "next": None} if "likes" in request.url else page)

    (unit,) = user_ends(run(play, answer)).values()
    assert (unit.state, unit.why) == (PARTIAL, "24 of 26 likes: the list ends early")


@pytest.mark.parametrize(("n_gone", "status"), [(3, RunStatus.PARTIAL), (4, RunStatus.COMPLETE)])
def test_users_who_are_gone_are_not_missed_of_an_item(play, tmp_path, n_gone, status):
    land_catalogue(tmp_path, {"m0": 7})
    gone = {f"gone-{n}" for n in range(n_gone)}
    good = site({name: items(1) for name in ["ann", *gone]})

    def answer(request):
        is_gone = gone & set(path_of(request))
        return answer_to(request, b"", 404) if is_gone else good(request)

    assert run(play, answer).status is status

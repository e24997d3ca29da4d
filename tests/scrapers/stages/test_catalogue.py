"""Catalogues that shift, repeat themselves, end nowhere or cannot be read in part."""

import pytest

from scrapers.records import CatalogueSource, Mode, RunStatus, Stage, UnitKind, UnitState
from scrapers.units import Unit
from tests.scrapers.playing import (
    BASE,
    SITE,
    TRIES,
    answer_to,
    make_plan_of,
    make_spider,
    query_of,
    retry,
)

LISTING = f"{BASE}/v3/models?sort_by=-likeCount&count=24"


def listing(*pages):
    """Site of these pages of ids, each leading to the next."""

    def answer(request):
        number = int(query_of(request).get("cursor", 0))
        following = f"{LISTING}&cursor={number + 1}" if number + 1 < len(pages) else None
        rows = [{"uid": uid, "likeCount": 9} for uid in pages[number]]
        return answer_to(request, {"results": rows, "next": following})

    return answer


def grid(*pages):
    """Site of numbered pages of ids; those further on are empty."""

    def answer(request):
        number = int(query_of(request)["page"])
        ids = pages[number - 1] if number <= len(pages) else ()
        items = "".join(f'<li class="item" data-uid="{i}"><i class="likes">9</i></li>' for i in ids)
        return answer_to(request, f'<div class="infinite-grid is-loaded">{items}</div>'.encode())

    return answer


def items_of(played):
    return [record.item_id for ended in played.ended for record in ended.records]


def states_of(played):
    return {key: ended.unit.state for key, ended in played.ends.items()}


def test_full_crawl_reads_until_a_pass_brings_nothing_new(play):
    played = play("catalogue", listing("ab", "c"))
    assert items_of(played) == ["a", "b", "c"]
    assert list(played.ends) == ["1:1", "1:2", "2:1", "2:2"]


def test_incremental_crawl_reads_the_catalogue_once(play):
    assert list(play("catalogue", listing("ab", "c"), mode=Mode.INCREMENTAL).ends) == ["1:1", "1:2"]


def test_item_that_slips_to_a_page_that_was_read_is_found_by_the_next_pass(play):
    shown = iter([listing("ab", "cd"), listing("ac", "bd"), *[listing("ab", "cd")] * 9])

    def answer(request):
        return next(shown)(request)

    played = play("catalogue", answer)
    assert items_of(played) == ["a", "b", "d", "c"]
    assert {key.split(":")[0] for key in played.ends} == {"1", "2", "3"}


def test_items_below_the_floor_end_the_catalogue(play):
    played = play("catalogue", listing("ab", "c"), like_floor=10)
    assert items_of(played) == []
    assert list(played.ends) == ["1:1", "2:1"]
    assert played.spider.tally.counts["below_floor"] == 4


def test_page_that_comes_again_is_asked_for_again(play):
    good = listing("ab", "cd")
    n_asked = 0

    def answer(request):
        nonlocal n_asked
        n_asked += 1
        return listing("ab", "ab")(request) if n_asked == 2 else good(request)

    played = play("catalogue", answer, mode=Mode.INCREMENTAL)
    assert items_of(played) == ["a", "b", "c", "d"]
    assert n_asked == 3


@pytest.mark.parametrize("following", [LISTING, "http://192.0.2.1/v3/models", "http://[", 7, ["x"]])
def test_page_whose_next_loops_or_leads_away_is_partial_and_its_items_are_kept(play, following):
    body = {"results": [{"uid": "a", "likeCount": 9}], "next": following}
    played = play("catalogue", lambda request: answer_to(request, body), mode=Mode.INCREMENTAL)
    assert states_of(played) == {"1:1": UnitState.PARTIAL}
    assert items_of(played) == played.rows["item_id"].to_list() == ["a"]
    assert len(played.asked) == TRIES
    assert played.status is RunStatus.PARTIAL


def test_next_page_that_loops_once_is_asked_for_again(play):
    good = listing("ab", "c")
    n_asked = 0

    def answer(request):
        nonlocal n_asked
        n_asked += 1
        if n_asked == 1:
            body = {"results": [{"uid": "a", "likeCount": 9}], "next": LISTING}
            return answer_to(request, body)
        return good(request)

    played = play("catalogue", answer)
    assert items_of(played) == ["a", "b", "c"]
    assert set(states_of(played).values()) == {UnitState.DONE}


def test_catalogue_without_an_end_is_left_though_each_page_names_another(play):
    def answer(request):
        number = int(query_of(request).get("cursor", 0))
        row = {"uid": "a", "likeCount": 9}
        return answer_to(request, {"results": [row], "next": f"{LISTING}&cursor={number + 1}"})

    played = play("catalogue", answer)
    assert items_of(played) == ["a"]
    assert UnitState.FAILED in states_of(played).values()
    assert len(played.asked) < 50


def test_numbered_pages_are_read_four_at_once_up_to_the_first_that_is_empty(play):
    played = play("catalogue", grid("ab", "cd", "e"), catalogue=CatalogueSource.BROWSER)
    assert items_of(played) == list("abcde")
    assert list(played.ends)[:7] == [f"1:{n}" for n in range(1, 8)]
    assert "1:8" not in played.ends


def test_numbered_page_that_cannot_be_had_is_named_and_those_after_it_are_read(play):
    def answer(request):
        if query_of(request)["page"] == "2":
            return answer_to(request, b"<html>", 500)
        return grid("ab", "cd", "e", "f", "g", "h", "i")(request)

    played = play("catalogue", answer, catalogue=CatalogueSource.BROWSER, mode=Mode.INCREMENTAL)
    assert sorted(items_of(played)) == list("abefghi")
    assert played.ends["1:2"].unit.state is UnitState.FAILED
    assert played.ends["1:2"].unit.why == "status 500"


def test_grid_that_shows_one_page_for_ever_is_left(play):
    def answer(request):
        items = '<li class="item" data-uid="a"><i class="likes">9</i></li>'
        return answer_to(request, f'<div class="infinite-grid is-loaded">{items}</div>'.encode())

    played = play("catalogue", answer, catalogue=CatalogueSource.BROWSER)
    assert items_of(played) == ["a"]
    assert UnitState.FAILED in states_of(played).values()
    assert len(played.asked) < 100


def test_last_page_of_items_that_slipped_by_is_read_and_the_next_pass_finds_the_rest(play):
    """The ranks of the last two items were exchanged between their pages."""
    shown = iter([listing("ab", "c"), *[listing("ac", "b")] * 9])
    good = listing("ab", "c")
    n_asked = 0

    def answer(request):
        nonlocal n_asked
        n_asked += 1
        return next(shown)(request) if n_asked <= 6 else good(request)

    played = play("catalogue", answer)
    assert sorted(items_of(played)) == ["a", "b", "c"]
    assert set(states_of(played).values()) == {UnitState.DONE}


def test_items_without_an_id_are_no_page_of_the_catalogue(play):
    rows = [{"id": "a", "likeCount": 9}, {"id": "b", "likeCount": 9}]
    played = play("catalogue", lambda request: answer_to(request, {"results": rows, "next": None}))
    assert played.ends["1:1"].unit.state is UnitState.FAILED
    assert played.ends["1:1"].unit.why == "no item of the page has an id"
    rejects = played.spider.plan.landing_folder / "rejects.jsonl"
    assert "item_id: is NoneType, expected text" in rejects.read_text()


def test_catalogue_that_is_taken_up_goes_on_after_its_last_page(play):
    good = listing("ab", "cd", "e")

    def broken(request):
        if query_of(request).get("cursor") == "1":
            return answer_to(request, b"<html>", 500)
        return good(request)

    first = play("catalogue", broken, mode=Mode.INCREMENTAL)
    assert states_of(first) == {"1:1": UnitState.DONE, "1:2": UnitState.FAILED}
    assert first.status is RunStatus.PARTIAL
    retry(first, UnitState.FAILED)
    again = play("catalogue", good, mode=Mode.INCREMENTAL)
    assert list(again.ends) == ["1:2", "1:3"]


def test_catalogue_that_is_taken_up_without_its_ledger_is_read_to_its_end(play, tmp_path):
    good = listing("ab", "cd", "e")

    def broken(request):
        if query_of(request).get("cursor") == "1":
            return answer_to(request, b"<html>", 500)
        return good(request)

    first = play("catalogue", broken, mode=Mode.INCREMENTAL)
    assert items_of(first) == ["a", "b"]
    first.spider.ledger.close()
    for file in (tmp_path / "raw" / SITE).glob("ledger.sqlite*"):
        file.unlink()
    again = play("catalogue", good, mode=Mode.INCREMENTAL)
    assert items_of(again) == ["c", "d", "e"]


def test_pages_of_two_passes_that_were_read_and_not_landed_are_read_again(play, tmp_path):
    spider = make_spider(make_plan_of(tmp_path, Stage.CATALOGUE))
    pages = [LISTING, f"{LISTING}&cursor=1", f"{LISTING}&cursor=2"]
    spider.ledger.add(
        Unit(UnitKind.CATALOGUE_PAGE, f"{number}:{page}", payload=url)
        for number in (1, 2)
        for page, url in enumerate(pages, start=1)
    )
    spider.ledger.close()
    played = play("catalogue", listing("ab", "cd", "e"))
    assert items_of(played) == ["a", "b", "c", "d", "e"]
    assert set(states_of(played).values()) == {UnitState.DONE}


def test_full_page_that_names_no_next_one_is_not_believed_at_once(play):
    good = listing([f"a{n}" for n in range(24)], "b")
    told = []

    def answer(request):
        page = good(request)
        if "cursor" in query_of(request) or told:
            return page
        told.append(request.url)
        return answer_to(request, {**page.json(), "next": None})

    played = play("catalogue", answer, mode=Mode.INCREMENTAL)
    assert items_of(played)[-1] == "b"
    assert played.status is RunStatus.COMPLETE


def test_full_page_that_stays_the_last_ends_the_catalogue(play):
    played = play("catalogue", listing([f"a{n}" for n in range(24)]), mode=Mode.INCREMENTAL)
    assert (len(items_of(played)), played.status) == (24, RunStatus.COMPLETE)
    assert len(played.asked) == 3

import pytest

from scrapers.records import GONE, Mode, UnitState
from tests.scrapers.playing import TRIES, answer_to, land_catalogue, path_of


def site(request):
    return answer_to(request, {"uid": path_of(request)[2], "name": "x"})


def test_each_item_of_the_catalogue_is_one_unit_with_its_features(play, tmp_path):
    land_catalogue(tmp_path, {"a": 1, "odd/id?x": 2})
    played = play("features", site)
    assert [e.records[0].item_id for e in played.ended] == ["a", "odd/id?x"]
    assert {e.unit.whole for e in played.ended} == {True}
    assert played.spider.tally.total == 2


def test_item_that_is_missing_twice_is_gone_and_no_failure(play, tmp_path):
    land_catalogue(tmp_path, {"a": 1})
    played = play("features", lambda request: answer_to(request, b"", 404))
    assert len(played.asked) == 2
    unit = played.ends["a"].unit
    assert (unit.state, unit.why, unit.whole) == (UnitState.DONE, GONE, True)


def test_item_that_is_missing_once_is_read(play, tmp_path):
    land_catalogue(tmp_path, {"a": 1})
    statuses = iter([404, 200])
    played = play("features", lambda r: answer_to(r, {"uid": "a"}, next(statuses)))
    assert played.ends["a"].unit.why is None
    assert len(played.ends["a"].records) == 1


@pytest.mark.parametrize("body", [{"uid": "b"}, b"<html>sorry</html>", {}, b""])
def test_json_of_another_item_is_asked_for_again_and_not_taken(play, tmp_path, body):
    land_catalogue(tmp_path, {"a": 1})
    played = play("features", lambda request: answer_to(request, body))
    assert len(played.asked) == TRIES
    assert (played.ends["a"].unit.state, played.ends["a"].records) == (UnitState.FAILED, ())


def test_incremental_crawl_visits_items_that_were_never_read(play, tmp_path):
    land_catalogue(tmp_path, {"a": 1})
    play("features", site)
    land_catalogue(tmp_path, {"a": 1, "b": 1})
    assert list(play("features", site, mode=Mode.INCREMENTAL, run_id="r2").ends) == ["b"]
    assert list(play("features", site, mode=Mode.FULL, run_id="r3").ends) == ["a", "b"]


def test_items_that_are_to_be_first_are_and_no_other_is_read(play, tmp_path):
    land_catalogue(tmp_path, {"a": 1, "b": 2, "c": 3, "odd/id?x": 4})
    first = tmp_path / "first.json"
    first.write_text('["odd/id?x", "gone from the catalogue", "c", 3]')
    played = play("features", site, first=str(first))
    assert [e.unit.key for e in played.ended] == ["c", "odd/id?x", "a", "b"]
    known = play("features", site, first=str(first), mode=Mode.INCREMENTAL, run_id="r2")
    assert known.ended == []


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff", b"3"])
def test_a_list_of_first_items_that_is_gone_or_damaged_is_none(play, tmp_path, content):
    land_catalogue(tmp_path, {"a": 1, "b": 2})
    first = tmp_path / "first.json"
    if content is not None:
        first.write_bytes(content)
    assert list(play("features", site, first=str(first)).ends) == ["a", "b"]

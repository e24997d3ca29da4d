"""Status 200 and something else than the JSON that is due; a twin has it as it should be."""

import json
import math
import zlib

import httpx
import pytest

from scrapers.replica.faults.bombs import BOMB_BYTES, HUGE_BYTES, huge_body
from scrapers.replica.sketchfab.asked import JSON_KINDS, Asked, Kind
from tests.scrapers.replica.faults.conftest import ask, path_of


def _is_json(body):
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


@pytest.mark.parametrize("kind", sorted(JSON_KINDS))
@pytest.mark.parametrize("name", ["cut-json", "html-for-json", "depth-100000", "empty-200"])
def test_a_struck_page_is_no_json_once_or_twice_then_well(site, name, kind):
    stand_in, well = site(name), site()
    for asked in stand_in.struck(kind)[:3]:
        good = well.get(path_of(asked)).content
        answers = [stand_in.get(path_of(asked)) for _ in range(3)]
        assert {answer.status_code for answer in answers} == {200}
        assert not _is_json(answers[0].content)
        assert _is_json(good)
        assert answers[2].content == good


def _first(stand_in, kind=Kind.ITEM_LIKES):
    asked = stand_in.struck(kind)[0]
    return stand_in.get(path_of(asked)), asked


def test_a_cut_page_is_the_beginning_of_the_page(site):
    answer, asked = _first(site("cut-json"))
    good = site().get(path_of(asked)).content
    assert good.startswith(answer.content)
    assert len(answer.content) < len(good)


def test_html_for_json_is_labelled_as_html(site):
    answer, _ = _first(site("html-for-json"))
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!doctype html>")


def test_a_wrong_charset_garbles_what_believes_it(site):
    stand_in = site("wrong-charset")
    answer, asked = _first(stand_in, Kind.MODEL)
    good = site().get(path_of(asked))
    assert answer.content == good.content
    assert "\u00e9" in good.json()["name"]
    assert "\u00e9" not in answer.content.decode("iso-8859-1")
    assert answer.headers["content-type"] == "application/json; charset=iso-8859-1"
    assert stand_in.get(path_of(asked)).headers == answer.headers


def test_a_byte_order_mark_stands_before_the_json_every_time(site):
    stand_in = site("bom")
    answer, asked = _first(stand_in)
    good = site().get(path_of(asked)).content
    assert answer.content == b"\xef\xbb\xbf" + good
    with pytest.raises(ValueError, match="BOM"):
        json.loads(answer.content.decode())
    assert stand_in.get(path_of(asked)).content == answer.content


def test_odd_numbers_stand_beside_rows_that_are_all_there(site):
    stand_in = site("nan-and-huge-integers")
    for kind in sorted(JSON_KINDS):
        answer, asked = _first(stand_in, kind)
        with pytest.raises(ValueError, match="4300 digits"):
            json.loads(answer.content)
        found = json.loads(answer.content, parse_int=float)
        good = site().get(path_of(asked)).json()
        assert _ids(found) == _ids(good)
        assert found["took"] == math.inf
        assert (b"NaN" in answer.content) == (kind is not Kind.GRID)
        assert stand_in.get(path_of(asked)).content == answer.content


def _ids(page):
    return [row["uid"] for row in page.get("results", [page])]


def test_a_depth_of_100000_stands_beside_the_rows(site):
    answer, asked = _first(site("depth-100000"))
    good = site().get(path_of(asked)).content
    assert answer.content.count(b"[" * 100_000) == 1
    assert answer.content.endswith(good[1:])
    with pytest.raises(RecursionError):
        json.loads(answer.content)


def test_a_gzip_bomb_is_small_and_unpacks_to_a_gigabyte_and_the_page(served, site):
    with served("gzip-bomb") as (url, run):
        asked = site("gzip-bomb").struck(Kind.ITEM_LIKES)[0]
        packed, headers = _raw(url + path_of(asked))
    assert headers["content-encoding"] == "gzip"
    assert len(packed) < 2_000_000
    unpacker, size, end = zlib.decompressobj(zlib.MAX_WBITS | 16), 0, b""
    for first in range(0, len(packed), 1 << 12):
        piece = unpacker.decompress(packed[first : first + (1 << 12)])
        size, end = size + len(piece), (end + piece)[-10_000:]
    assert unpacker.eof
    page = json.loads(end)
    assert size == BOMB_BYTES + len(end.lstrip())
    assert len(page["results"]) > 0
    assert run.played["gzip-bomb"] == 1


def _raw(url):
    """Body as it came, without unpacking, and headers."""
    with httpx.stream("GET", url, timeout=60) as answer:
        return b"".join(answer.iter_raw()), answer.headers


def test_half_a_gigabyte_is_streamed_and_ends_with_the_page(served, site):
    announced = set()
    with served("page-500-mb") as (url, run):
        struck = site("page-500-mb").struck(Kind.ITEM_LIKES)
        for asked in struck:
            with httpx.stream("GET", url + path_of(asked), timeout=60) as answer:
                announced.add("content-length" in answer.headers)
                pieces = answer.iter_raw()
                assert sum(len(next(pieces)) for _ in range(5)) > 100_000
        good = ask(url + path_of(Asked(Kind.MODEL, "m29"))).content
        assert (len(good) < 10_000) == (Asked(Kind.MODEL, "m29") not in struck)
        assert run.played["page-500-mb"] == len(struck)
    assert announced == {True, False}


def test_the_huge_body_has_its_size_and_its_page():
    size, last = 0, b""
    for last in huge_body(b'{"results":[]}'):
        size += len(last)
    assert (size, last) == (HUGE_BYTES + len(last), b'{"results":[]}')


def test_an_empty_body_is_empty(site):
    answer, _ = _first(site("empty-200"))
    assert (answer.content, answer.headers["content-length"]) == (b"", "0")

"""The hostile catalogue is what the file has, and the stand-in serves it letter for letter."""

import html
import json
import re
from collections import Counter
from functools import partial
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from scrapers.replica.assembling import assemble
from scrapers.replica.sketchfab.app import create_app
from scrapers.replica.world import read_frames
from tests.hostile_catalogue import HANDLES, MISSING, SOURCE, main, read_rows, write_hostile_world
from tests.scrapers.replica.conftest import BASE_URL, Client

pytestmark = pytest.mark.skipif(not SOURCE.exists(), reason=MISSING)

N_ITEMS = 300


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    return write_hostile_world(tmp_path_factory.mktemp("hostile"), N_ITEMS)


@pytest.fixture(scope="module")
def client(hostile):
    frames = read_frames(hostile.folder)
    return Client(assemble(frames, partial(create_app, base_url=BASE_URL))[0])


def _listed(client, url="/v3/models?sort_by=-likeCount&count=24"):
    rows = []
    while url:
        page = client.get(url).json()
        rows, url = rows + page["results"], page["next"]
    return rows


def test_the_whole_file_is_a_world(tmp_path):
    rows = read_rows()
    world = write_hostile_world(tmp_path / "all")
    assert (len(rows), len(world.titles), len(world.repeated)) == (28_824, 28_806, 18)
    assert {(world.titles[item_id], item_id) for _, item_id in rows} <= set(rows)
    assert sum(not re.fullmatch("[0-9a-f]{32}", item_id) for _, item_id in rows) == 954


def test_a_share_holds_all_that_is_odd(hostile):
    names = list(hostile.titles.values())
    assert len(names) == N_ITEMS
    for odd in ("|", '"', "<", ">", "\x7f", "\n", "\\", "\u00e9"):
        assert any(odd in name for name in names), odd
    assert len(hostile.repeated) == 18
    lengths = Counter(map(len, hostile.titles))
    assert lengths[32] > 50 < lengths.total() - lengths[32]


def test_every_name_is_served_letter_for_letter(client, hostile):
    rows = _listed(client)
    assert {row["uid"]: row["name"] for row in rows} == hostile.titles
    for item_id in hostile.titles:
        model = client.get(f"/i/models/{quote(item_id, safe='')}").json()
        assert model["name"] == hostile.titles[item_id]


def test_repeated_ids_stand_in_the_catalogue_twice(client, hostile):
    listed = Counter(row["uid"] for row in _listed(client))
    assert {uid for uid, n in listed.items() if n == 2} == hostile.repeated
    assert max(listed.values()) == 2
    grid = Counter()
    for page in range(1, 15):
        grid.update(row["uid"] for row in client.get(f"/i/search?page={page}").json()["results"])
    assert grid == listed


def test_pages_of_odd_names_hold_them_as_text(client, hostile):
    odd = [item for item, name in hostile.titles.items() if re.search(r'[<>"|\x7f\n]', name)]
    assert len(odd) > 50
    rows = {row["uid"]: row for row in _listed(client)}
    for item_id in odd:
        answer = client.get(rows[item_id]["viewerUrl"])
        page = _Page()
        page.feed(answer.text)
        assert answer.status_code == 200
        assert page.heading == hostile.titles[item_id]
        state = json.loads(page.state)[f"/i/models/{item_id}"]
        assert state["name"] == hostile.titles[item_id]


class _Page(HTMLParser):
    """Text of the heading, and the JSON in the comment."""

    def __init__(self):
        super().__init__()
        self.heading, self.state, self._inside = "", "", False

    def handle_starttag(self, tag, attrs):
        self._inside |= tag == "h1"

    def handle_endtag(self, tag):
        self._inside &= tag != "h1"

    def handle_data(self, data):
        self.heading += data * self._inside

    def handle_comment(self, data):
        self.state = html.unescape(data)


def test_likes_are_those_of_people_with_odd_handles(client):
    told = client.get("/_truth/likes").json()["must_have"]
    assert {handle for handle, _ in told} == set(HANDLES)
    for handle in HANDLES:
        rows = _listed(client, f"/v3/users/{quote(handle, safe='')}/likes?count=24")
        assert {row["uid"] for row in rows} == {item for user, item in told if user == handle}


def test_the_command_says_what_it_wrote(tmp_path, capsys):
    assert main([str(tmp_path / "few"), "--items", "40"]) == 0
    assert capsys.readouterr().out == "40 items, 18 of them listed twice\n"
    assert len(read_frames(tmp_path / "few").items) == 40

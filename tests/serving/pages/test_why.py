import re
from dataclasses import replace
from html import unescape
from urllib.parse import unquote

import numpy as np
import pytest

from pipeline.fold_in import ItemWeights
from serving.pages.links import item_url, segment
from serving.pages.why import arguments_of
from serving.snapshot import VisitorPart
from tests.factories import SITE
from tests.serving.conftest import ODD_IDS

ROW = "tag_profile"
ITEM = f"/{SITE}/items/item-001"
OWN = {"tag": [("Cat", "/cat"), ("boat", "/boat")], "category": [], "creator": [("A", "/a")]}
ITS = {"tag": [("Cat", "/cat"), ("tree", "/tree")], "category": [], "creator": [("B", "/b")]}
NAMELESS = {"item_id": None, "title": None, "tag": None, "n": 1}


def why(client, listed, model=ROW, item=ITEM, **params):
    return client.get(f"{item}/why/{model}/{segment(listed)}", params=params)


def listed_of(client, model=ROW, **params):
    answer = client.get(f"/v1/{SITE}/items/item-001/similar", params={"model": model, **params})
    return answer.json()


@pytest.fixture
def explained(client, monkeypatch):
    """The site with weights that are what its row is made of: so its scores can be told apart."""
    snapshot = client.catalog.snapshots[SITE]
    item_idxs, scores = snapshot.lists["similar"][ROW].top(snapshot.items.index["item-001"])
    n_items, row = len(snapshot.items.ids), snapshot.items.index["item-001"]
    counts = np.zeros(n_items + 1, np.int64)
    counts[row + 1] = len(item_idxs)
    order = np.argsort(item_idxs)
    weights = ItemWeights(np.cumsum(counts), item_idxs[order], scores[order])
    part = VisitorPart(ROW, 1.0, weights, np.sort(item_idxs))
    visitors = {**snapshot.visitors, ROW: (part,)}
    sites = {**client.catalog.snapshots, SITE: replace(snapshot, visitors=visitors)}
    monkeypatch.setattr(type(client.catalog), "snapshots", sites)
    return client


@pytest.mark.parametrize("listed", ODD_IDS)
def test_odd_ids_have_reasons_too(client, listed):
    for page in (why(client, listed), why(client, "item-001", item=item_url(SITE, listed))):
        assert page.status_code == 200
        for href in re.findall(r'href="(/[^"#]*)"', page.text):
            path = unescape(href)
            if "/items/" in path or "/tags/" in path:
                assert client.get(path).status_code == 200, path


def test_where_scores_are_no_sums_only_what_is_known_is_told(client):
    answer = listed_of(client, explain=True)
    one = answer["items"][0]
    assert one["because"] is None
    page = why(client, one["item_id"])
    assert "cannot be taken apart into reasons" in page.text
    assert 'class="reason"' not in page.text
    tags = (one["tags"], client.get(f"/v1/{SITE}/items/item-001").json()["tags"])
    shared = set.intersection(*({tag.casefold() for tag in each} for each in tags))
    assert shared
    told = page.text.partition("What both have")[2].partition("</ul>")[0]
    assert set(re.findall(r'class="chip tag"[^>]*><bdi>([^<]*)', told)) == shared


def test_the_reasons_are_those_of_the_api(explained):
    answer = listed_of(explained, explain=True, k=12)
    assert answer["explainable"]
    for one in answer["items"][:3]:
        page = why(explained, one["item_id"])
        assert f"It is no. {one['rank']} in" in page.text
        reasons = re.findall(r'<li class="reason[^"]*">', page.text)
        assert len(reasons) == len(one["because"]) == 1
        assert "tend to like this too" in page.text
        assert "the only reason" in page.text
        assert 'class="bar-part"' not in page.text


def test_what_fills_a_row_up_is_said_to_do_so(client):
    own = {one["item_id"] for one in listed_of(client)["items"] if one["source"] == ROW}
    filled = next(one for one in listed_of(client)["items"] if one["item_id"] not in own)
    page = why(client, filled["item_id"])
    assert "does not list it" in page.text
    assert "It is no." not in page.text


def test_other_rows_that_list_it_are_named_with_the_rank_there(client):
    one = listed_of(client)["items"][0]
    page = why(client, one["item_id"])
    others = {
        each["item_id"]: each["rank"] for each in listed_of(client, "lightfm_cf", k=10)["items"]
    }
    expected = [str(others[one["item_id"]])] if one["item_id"] in others else []
    assert re.findall(r"Lightfm Cf</a> <span>no. (\d+)", page.text) == expected


def test_the_way_is_kept(client):
    listed = listed_of(client)["items"][0]["item_id"]
    page = why(client, listed, trail="item-003", off="lightfm_cf")
    assert page.headers["cache-control"] == "no-store"
    hrefs = [unquote(unescape(one)) for one in re.findall(r'href="(/[^"]*)"', page.text)]
    assert f"{ITEM}?trail=item-003&off=lightfm_cf" in hrefs
    assert f"/{SITE}/items/{listed}?trail=item-003,item-001&off=lightfm_cf" in hrefs


@pytest.mark.parametrize(
    "path", [f"{ROW}/nowhere", "no-model/item-003", "popular/item-003", f"{ROW}/item-001"]
)
def test_what_is_in_no_row_is_not_found(client, path):
    assert client.get(f"{ITEM}/why/{path}").status_code == 404


def test_reasons_are_put_in_words_with_shares_that_add_up():
    parts = [
        {**NAMELESS, "kind": "item", "item_id": "a", "title": "Boat", "part": 4.0},
        {**NAMELESS, "kind": "tag", "tag": "cat", "part": 3.0},
        {**NAMELESS, "kind": "tag", "tag": "tree", "part": 1.0},
        {**NAMELESS, "kind": "creator", "tag": "A", "part": -1.0},
        {**NAMELESS, "kind": "tag", "tag": "moon", "part": 0.5},
        {**NAMELESS, "kind": "tag", "part": 0.25, "n": 3},
        {**NAMELESS, "kind": "item", "part": 0.25, "n": 2},
        {**NAMELESS, "kind": "rest", "part": -0.0, "n": 0},
    ]
    reasons = arguments_of(parts, "Boat", OWN, ITS)
    told = [" ".join(filter(None, (one.before, one.name, one.after))) for one in reasons]
    assert told == [
        "People who like Boat tend to like this too",
        "Both have the tag cat",
        "It has the tag tree",
        "The other one has the creator A",
        "What was learned of the tag moon",
        "3 further tags and the like",
        "2 further likes",
        "What was learned of the two themselves",
    ]
    assert [one.href for one in reasons[:5]] == [None, "/cat", "/tree", "/a", None]
    assert [one.is_against for one in reasons].index(True) == 3
    assert sum(one.share for one in reasons) == pytest.approx(100)
    assert reasons[0].share == 40


def test_nothing_is_divided_by_nothing():
    (one,) = arguments_of([{**NAMELESS, "kind": "rest", "part": 0.0}], "Boat", OWN, ITS)
    assert one.share == 0

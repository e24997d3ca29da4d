import sqlite3
from contextlib import closing

import pytest

from serving.feedback.store import feedback_path
from tests.factories import SITE

ITEM = f"/{SITE}/items/item-001"
VOTE = f"{ITEM}/vote?model=tag_profile"


@pytest.fixture
def voting(data, serve):
    with serve(data, feedback=True, feedback_per_minute=2) as client:
        yield client


def votes(data):
    path = feedback_path(data, SITE)
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT item_id, kind, vote, visitor, model FROM feedback")
        return found.fetchall()


def post(client, path, **headers):
    return client.request("POST", path, headers={"Content-Length": "0", **headers})


def test_without_feedback_nothing_asks_for_a_vote_and_none_is_taken(client):
    assert "I prefer this row" not in client.get(ITEM).text
    assert 'name="referrer"' not in client.get(ITEM).text
    assert post(client, VOTE).status_code in {404, 405}


def test_a_vote_is_written_for_its_model_and_thanked_for_on_the_same_page(voting, data):
    page = voting.get(f"{ITEM}?trail=item-003&off=lightfm_cf")
    action = f"{ITEM}/vote?trail=item-003&amp;off=lightfm_cf&amp;model=tag_profile"
    assert f'<form method="post" action="{action}"' in page.text
    answer = post(voting, action.replace("&amp;", "&"), Origin="http://likewise")
    assert answer.status_code == 303
    assert votes(data) == [("item-001", "vote", 1, None, "tag_profile")]
    back = answer.headers["location"]
    assert back == f"{ITEM}?trail=item-003&off=lightfm_cf&voted=tag_profile#vote-3"
    thanks = voting.get(back)
    assert "Thank you. Your vote for Tag Profile is counted." in thanks.text
    assert thanks.headers["cache-control"] == "no-store"


def test_a_vote_given_side_by_side_goes_back_there(voting, data):
    compare = voting.get(f"{ITEM}/compare?a=tag_profile&b=lightfm_cf")
    assert compare.text.count("I prefer this row") == 2
    answer = post(voting, f"{VOTE}&a=tag_profile&b=lightfm_cf")
    back = answer.headers["location"]
    assert back == f"{ITEM}/compare?a=tag_profile&b=lightfm_cf&voted=tag_profile#vote-3"
    assert voting.get(back).text.count("I prefer this row") == 1
    assert len(votes(data)) == 1


@pytest.mark.parametrize(
    ("path", "origin", "status"),
    [
        (VOTE, "https://evil.example", 403),
        (VOTE, "null", 403),
        (f"{ITEM}/vote?model=no-model", "http://likewise", 422),
        (f"{ITEM}/vote", "http://likewise", 422),
        (f"{ITEM}/vote?model=popular", "http://likewise", 422),
        (f"/{SITE}/items/nowhere/vote?model=tag_profile", "http://likewise", 404),
    ],
)
def test_what_is_no_vote_of_ours_is_not_written(voting, data, path, origin, status):
    assert post(voting, path, Origin=origin).status_code == status
    assert not votes(data)


def test_votes_and_feedback_have_one_quota(voting, data):
    sent = {"kind": "like", "item_ids": ["item-003"], "idempotency_key": "k" * 8}
    assert voting.request("POST", f"/v1/{SITE}/feedback", json=sent).status_code == 200
    assert post(voting, VOTE).status_code == 303
    assert post(voting, VOTE).status_code == 429
    assert len(votes(data)) == 2


def test_a_vote_from_the_public_address_is_taken_whatever_a_proxy_calls_the_host(data, serve):
    with serve(data, feedback=True, public_url="https://likes.example") as client:
        own = post(client, VOTE, Origin="https://likes.example", Host="inner:8000")
        foreign = post(client, VOTE, Origin="https://evil.example", Host="inner:8000")
    assert (own.status_code, foreign.status_code) == (303, 403)


@pytest.mark.parametrize("pair", ["a=//evil.example&b=x", "a=tag_profile&b=gone", "a=tag_profile"])
def test_a_vote_always_leads_to_a_page_that_there_is(voting, pair):
    back = post(voting, f"{VOTE}&{pair}").headers["location"]
    assert back == f"{ITEM}?voted=tag_profile#vote-3"
    assert voting.get(back).status_code == 200

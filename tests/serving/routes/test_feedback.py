import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.answers.problems import Problem
from serving.feedback.events import FeedbackAnswer
from serving.feedback.store import feedback_path
from serving.settings import ServingSettings
from tests.factories import SITE

PATH = f"/v1/{SITE}/feedback"
VISITOR = "Zk1vY2x1ZS1yYW5kb20"


def said(**more):
    return {"kind": "like", "item_ids": ["item-003"], "idempotency_key": "k" * 8, **more}


def problem(answer, status, kind):
    assert answer.status_code == status, answer.text
    found = Problem.model_validate_json(answer.content, strict=True)
    assert found.type == f"/docs#{kind}"
    return found


def stored(data):
    path = feedback_path(data, SITE)
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM feedback ORDER BY 1, 2").fetchall()


@pytest.fixture
def feedback(data, serve):
    with serve(data, feedback=True, feedback_per_minute=100_000) as client:
        yield client


def test_it_is_off_by_default(data, serve):
    assert ServingSettings().feedback is False
    with serve(data) as client:
        assert client.request("POST", PATH, json=said()).status_code == 404
        assert not [path for path in client.app.openapi()["paths"] if "feedback" in path]
    assert not (data / "feedback").exists()


@pytest.mark.parametrize(
    "body",
    [
        said(),
        said(kind="dismiss", visitor=VISITOR),
        said(kind="impression", item_ids=["item-000", "item-002", "item-001"]),
        said(kind="click"),
        said(kind="vote", vote=-1),
        said(kind="vote", vote=1, model="tag_profile"),
    ],
)
def test_each_kind_is_written_down_whole(feedback, data, body):
    answer = feedback.request("POST", PATH, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    read = FeedbackAnswer.model_validate_json(answer.content, strict=True)
    assert (read.site, read.kind, read.stored) == (SITE, body["kind"], len(body["item_ids"]))
    snapshot_id = feedback.catalog.snapshots[SITE].snapshot_id
    assert [row[1:] for row in stored(data)] == [
        (
            item,
            body["kind"],
            body.get("vote"),
            body.get("visitor"),
            snapshot_id,
            read.received_at,
            body.get("model"),
        )
        for item in sorted(body["item_ids"])
    ]


def test_the_same_key_twice_stores_once_and_answers_the_same(feedback, data):
    first = feedback.request("POST", PATH, json=said())
    for again in (
        feedback.request("POST", PATH, json=said()),
        feedback.request(
            "POST",
            PATH,
            json=said(idempotency_key=None),
            headers={"Idempotency-Key": "k" * 8},
        ),
    ):
        assert again.status_code == 200
        assert again.content == first.content
    assert len(stored(data)) == 1


def test_a_key_for_something_else_is_a_problem(feedback, data):
    feedback.request("POST", PATH, json=said())
    before = stored(data)
    others = (
        {"kind": "click"},
        {"item_ids": ["item-001"]},
        {"visitor": VISITOR},
        {"model": "popular"},
    )
    for other in (said(**more) for more in others):
        problem(feedback.request("POST", PATH, json=other), 422, "key-reused")
    assert stored(data) == before


def test_one_key_is_wanted(feedback, data):
    none = said(idempotency_key=None)
    problem(feedback.request("POST", PATH, json=none), 422, "invalid-request")
    two = {"Idempotency-Key": "another-key"}
    problem(feedback.request("POST", PATH, json=said(), headers=two), 422, "invalid-request")
    assert not stored(data)


def test_unknown_items_are_named_and_nothing_is_written(feedback, data):
    body = said(item_ids=["item-001", "no-item", "item-002", "x" * 500])
    found = problem(feedback.request("POST", PATH, json=body), 422, "unknown-item")
    assert [fault.name for fault in found.errors] == ["item_ids.1", "item_ids.3"]
    assert found.errors[0].value == "no-item"
    assert not stored(data)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, {"kind", "item_ids"}),
        (said(kind="love"), {"kind"}),
        (said(item_ids=[]), {"item_ids"}),
        (said(item_ids="item-003"), {"item_ids"}),
        (said(item_ids=["item-003"] * 2), {""}),
        (said(item_ids=[""]), {"item_ids.0"}),
        (said(item_ids=[f"{n}" for n in range(101)]), {"item_ids"}),
        (said(item_ids=[3]), {"item_ids.0"}),
        (said(vote=1), {""}),
        (said(kind="vote"), {""}),
        (said(kind="vote", vote=2), {"vote"}),
        (said(visitor="jane@example.org"), {"visitor"}),
        (said(visitor="short"), {"visitor"}),
        (said(idempotency_key="short"), {"idempotency_key"}),
        (said(model=""), {"model"}),
        (said(model="no-model"), {"model"}),
        (said(user_id="0" * 32, kind=3), {"user_id", "kind"}),
        ([], {""}),
    ],
)
def test_a_body_that_breaks_its_schema_is_a_problem_with_every_fault(feedback, data, body, names):
    found = problem(feedback.request("POST", PATH, json=body), 422, "invalid-request")
    assert {fault.name for fault in found.errors} == names
    assert not stored(data)


NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NEAR = st.fixed_dictionaries(
    {"kind": st.sampled_from(["like", "vote", "x"]), "item_ids": ANY_JSON},
    optional={"vote": ANY_JSON, "visitor": ANY_JSON, "idempotency_key": ANY_JSON, "x": ANY_JSON},
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(ANY_JSON | NEAR)
def test_whatever_comes_is_answered(feedback, body):
    assert feedback.request("POST", PATH, json=body).status_code in {200, 422}


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff",
        b'{"kind": "\\ud800", "item_ids": ["\\udfff"]}',
        b'{"kind": "like", "item_ids": ["\\ud800"], "\\ud800": 1}',
        b'{"kind": NaN, "item_ids": [Infinity]}',
        b'{"kind": ' + b"9" * 5000 + b"}",
        b'{"item_ids": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b"null",
    ],
)
def test_whatever_bytes_come_are_answered(feedback, content):
    headers = {"Content-Type": "application/json"}
    answer = feedback.request("POST", PATH, content=content, headers=headers)
    assert problem(answer, 422, "invalid-request").errors


def test_pages_of_other_origins_may_not_send(data, serve):
    with serve(data, feedback=True, feedback_origins="https://shop.example") as client:
        evil = {"Origin": "https://evil.example"}
        problem(client.request("POST", PATH, json=said(), headers=evil), 403, "foreign-origin")
        assert not stored(data)
        for origin in ("https://shop.example", "http://likewise"):
            answer = client.request("POST", PATH, json=said(), headers={"Origin": origin})
            assert answer.status_code == 200


def test_more_than_the_quota_is_turned_away_and_not_written(data, serve):
    with serve(data, feedback=True, feedback_per_minute=2) as client:
        for n in range(2):
            body = said(idempotency_key=f"key-{n:08d}")
            assert client.request("POST", PATH, json=body).status_code == 200
        answer = client.request("POST", PATH, json=said())
        problem(answer, 429, "too-often")
        assert 1 <= int(answer.headers["retry-after"]) <= 30
    assert len(stored(data)) == 2


def test_what_cannot_be_written_is_a_problem_that_says_when_to_try_again(feedback, data, caplog):
    (data / "feedback").write_text("in the way")
    answer = feedback.request("POST", PATH, json=said())
    problem(answer, 503, "not-stored")
    assert answer.headers["retry-after"] == "5"
    assert str(data) not in answer.text
    assert "item-003" not in caplog.text
    (data / "feedback").unlink()
    assert feedback.request("POST", PATH, json=said()).status_code == 200


def test_no_address_and_no_key_of_the_client_is_stored(feedback, data):
    key = "jane.doe@example.org"
    feedback.request("POST", PATH, json=said(idempotency_key=key))
    folder = data / "feedback"
    held = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"item-003" in held
    assert key.encode() not in held
    assert b"127.0.0.1" not in held


def test_an_unknown_site_is_a_problem_and_makes_no_file(feedback, data):
    problem(feedback.request("POST", "/v1/nowhere/feedback", json=said()), 404, "unknown-site")
    assert not (data / "feedback").exists()


def test_a_denied_item_is_an_unknown_one(data, serve):
    (data / "deny").mkdir()
    (data / "deny" / f"{SITE}.toml").write_text('items = ["item-003"]')
    with serve(data, feedback=True) as client:
        problem(client.request("POST", PATH, json=said()), 422, "unknown-item")


def test_what_was_written_is_answered_alike_once_its_item_is_gone(feedback, data):
    first = feedback.request("POST", PATH, json=said())
    deny = data / "deny" / f"{SITE}.toml"
    deny.parent.mkdir()
    deny.write_text('items = ["item-003"]')
    feedback.refresh()
    again = feedback.request("POST", PATH, json=said())
    assert (again.status_code, again.content) == (200, first.content)
    new = said(idempotency_key="another-key")
    problem(feedback.request("POST", PATH, json=new), 422, "unknown-item")
    problem(feedback.request("POST", PATH, json=said(kind="click")), 422, "key-reused")
    assert len(stored(data)) == 1

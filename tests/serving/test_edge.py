import json
import logging

import httpx
import pytest

from serving.edge import Edge, canonical_path
from tests.factories import SITE

PLANTED = "planted-7f3a"


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("/v1/a/items/b-1_2.3~4", "/v1/a/items/b-1_2.3~4"),
        ("/v1/a/items/x%2Fsimilar", "/v1/a/items/x%2Fsimilar"),
        ("/v1/a/items/x%2fsimilar", "/v1/a/items/x%2Fsimilar"),
        ("/v1/%61/%69tems/a+b", "/v1/a/items/a%2Bb"),
        ("/v1/a/items/100%", "/v1/a/items/100%25"),
        ("/v1/a/items/\xff", "/v1/a/items/%C3%BF"),
    ],
)
def test_segments_have_one_spelling(raw, canonical):
    assert canonical_path(raw) == canonical


def test_every_answer_forbids_sniffing(client):
    for path in ("/", "/docs", "/v1/sites", "/nowhere", "/openapi.json"):
        assert client.get(path).headers["x-content-type-options"] == "nosniff"


def test_every_answer_keeps_pages_and_referrers_out(client):
    for path in ("/v1/sites", "/nowhere", "/health/live", "/metrics"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["referrer-policy"] == "no-referrer"


def test_a_page_keeps_its_own_policy(client):
    (policy,) = client.get("/docs").headers.get_list("content-security-policy")
    assert "style-src" in policy


def test_each_request_has_an_id_of_its_own(client):
    ids = {client.get("/v1/sites").headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5
    assert all(len(each) == 24 for each in ids)


@pytest.mark.parametrize("given", ["0123abcd", "a" * 64, "550e8400-e29b-41d4-a716-446655440000"])
def test_a_sane_id_is_taken_over_into_answer_and_log(client, caplog, given):
    caplog.set_level(logging.INFO)
    answer = client.get("/v1/sites", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == given
    (line,) = (r.fields for r in caplog.records if r.getMessage() == "request")
    assert line["request_id"] == given


@pytest.mark.parametrize("given", ["", "short", "a" * 65, "with space", "a\tbcdefgh", '{"a":"b"}'])
def test_any_other_id_is_not(client, given):
    answer = client.get("/v1/sites", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] != given


def without_id(answer):
    headers = dict(answer.headers)
    assert headers.pop("x-request-id")
    return headers


def test_head_is_get_without_a_body(client):
    got, headed = client.get("/v1/sites"), client.request("HEAD", "/v1/sites")
    assert headed.status_code == 200
    assert headed.content == b""
    assert without_id(headed) == without_id(got)


def test_a_path_without_its_raw_form_still_matches(client):
    async def ask():
        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/v1/sites", "headers": []}
        await client.app(scope | {"query_string": b""}, None, send)
        return sent[0]["status"]

    assert client.run(ask()) == 200


@pytest.fixture
def asked_about_ids(client, caplog):
    """The log, as text, after requests that name ids on every route that takes one."""
    caplog.set_level(logging.DEBUG)
    item, user = f"item-{PLANTED}", f"user-{PLANTED}"
    for path in (
        f"/v1/{SITE}/items/{item}",
        f"/v1/{SITE}/items/{item}/similar?k=5000",
        f"/v1/{SITE}/items/item-003/similar?model={PLANTED}&x={PLANTED}",
        f"/v1/{SITE}/users/{user}/recommendations",
        f"/{PLANTED}",
        f"/v1/{SITE}/{PLANTED}/a/b/c",
        f"/v1/{PLANTED}",
    ):
        assert client.get(path).status_code in {404, 422}
    records = [r for r in caplog.records if r.name.startswith(("serving", "likewise", "uvicorn"))]
    return [json.dumps(vars(record), default=str) for record in records]


def test_logs_name_routes(asked_about_ids):
    routes = [json.loads(line)["fields"]["route"] for line in asked_about_ids]
    assert "/v1/{site}/users/{user_id}/recommendations" in routes
    assert "/v1/{site}/items/{item_id}/similar" in routes
    assert "(none)" in routes


def test_logs_hold_no_id(asked_about_ids):
    assert len(asked_about_ids) == 7
    assert not [line for line in asked_about_ids if PLANTED in line]


def test_the_same_search_finds_an_id_in_a_careless_log(client, caplog):
    caplog.set_level(logging.INFO)
    logging.getLogger("serving.careless").info("GET %s", f"/v1/{SITE}/items/{PLANTED}")
    assert any(PLANTED in json.dumps(vars(record), default=str) for record in caplog.records)


def crash_of(app, path="/v1/a/items/b"):
    async def ask():
        transport = httpx.ASGITransport(Edge(app, log_requests=True))
        async with httpx.AsyncClient(transport=transport, base_url="http://likewise") as asking:
            return await asking.get(path)

    return ask()


def test_a_crash_is_a_problem_that_tells_nothing(client, caplog):
    async def crashing(scope, receive, send):
        raise RuntimeError(PLANTED)

    answer = client.run(crash_of(crashing))
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert PLANTED not in answer.text
    assert "Traceback" not in answer.text
    (crash,) = (r.fields for r in caplog.records if r.getMessage() == "request failed")
    assert crash["error"] == "RuntimeError"
    assert any("crashing" in frame for frame in crash["frames"])
    assert PLANTED not in json.dumps(crash)


def test_a_crash_amid_an_answer_breaks_it_off(client):
    async def crashing(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError(PLANTED)

    with pytest.raises(RuntimeError):
        client.run(crash_of(crashing))

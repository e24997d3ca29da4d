"""Every route of the operator and of people answers 401 or 404 to whoever has no leave."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import Request
from fastapi.routing import iter_route_contexts

from serving.audit import AUDIT_LOGGER
from serving.leave import is_local
from serving.logs import JsonFormatter
from serving.settings import ServingSettings
from serving.tokens import add_token
from tests.factories import SITE, SmallSite

HERE = "http://127.0.0.1:8000"
STATUS = f"{HERE}/admin/v1/status"
EVERYTHING = {"user_routes": True, "feedback": True, "admin": True}


@pytest.fixture
def tokens(tmp_path_factory):
    return tmp_path_factory.mktemp("keys") / "tokens.json"


@pytest.fixture
def token(tokens):
    return add_token(tokens, days=1, now=datetime.now(UTC))


@pytest.fixture
def admin(data, serve, tokens):
    with serve(data, admin=True, admin_tokens=tokens) as client:
        yield client


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def needs_leave(path):
    return path.startswith("/admin") or "/users" in path or "{user_id}" in path


def walked(app):
    """Method and path of every route, filled in so that it would be answered."""
    names = {"site": SITE, "item_id": "item-003", "user_id": SmallSite().user_ids[0]}
    for route in iter_route_contexts(app.routes):
        for method in sorted(route.methods or ()):
            yield (
                method,
                route.path,
                re.sub(r"\{(\w+)\}", lambda m: names.get(m[1], "x"), route.path),
            )


def open_routes(client, routes):
    """Those of the routes that answer anything but 401 or 404 to somebody without leave."""
    return {
        (method, template)
        for method, template, path in routes
        for headers in ({}, bearer("x" * 43), {"Authorization": "Basic eDp4"}, bearer(""))
        if client.request(method, f"{HERE}{path}", headers=headers).status_code not in {401, 404}
    }


def test_every_admin_and_user_route_is_closed_without_leave(data, serve, tokens, token):
    with serve(data, admin_tokens=tokens, **EVERYTHING) as client:
        routes = [route for route in walked(client.app) if needs_leave(route[1])]
        of_admin = [route for route in routes if route[1].startswith("/admin")]
        assert len(of_admin) >= 3
        assert len(routes) > len(of_admin)
        assert open_routes(client, of_admin) == set()
        users = [route for route in routes if route not in of_admin]
        assert open_routes(client, users), "leave is the operator's switch, which is on"
    with serve(data, admin=True, admin_tokens=tokens, user_routes=False) as client:
        assert open_routes(client, routes) == set()


def test_a_planted_open_route_is_found(data, serve, tokens, token):
    with serve(data, admin=True, admin_tokens=tokens, user_routes=False) as client:
        for path in ("/admin/v1/open", "/v1/{site}/users/{user_id}/secrets"):
            client.app.add_api_route(path, lambda: {"open": True})
        routes = [route for route in walked(client.app) if needs_leave(route[1])]
        assert open_routes(client, routes) == {
            ("GET", "/admin/v1/open"),
            ("GET", "/v1/{site}/users/{user_id}/secrets"),
        }


def test_off_there_are_no_such_routes(data, serve):
    assert ServingSettings().admin is False
    with serve(data) as client:
        answer = client.get(STATUS)
        assert answer.status_code == 404
        assert answer.json() == client.get("/admin/v1/nowhere").json()


def test_a_valid_token_opens_them(admin, token):
    assert admin.get(STATUS, headers=bearer(token)).status_code == 200


def test_without_one_the_answer_says_how(admin):
    answer = admin.get(STATUS)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="likewise"'
    assert answer.json()["type"] == "/docs#no-leave"


def test_an_expired_token_does_not(admin, tokens):
    old = add_token(tokens, days=1, now=datetime.now(UTC) - timedelta(days=2))
    assert admin.get(STATUS, headers=bearer(old)).status_code == 401


def test_a_token_that_left_the_file_does_not(admin, tokens, token):
    tokens.write_text(json.dumps({"tokens": []}))
    assert admin.get(STATUS, headers=bearer(token)).status_code == 401


def test_a_file_that_others_may_read_opens_nothing(admin, tokens, token, caplog):
    tokens.chmod(0o644)
    assert admin.get(STATUS, headers=bearer(token)).status_code == 401
    assert "no token is valid" in caplog.text


@pytest.mark.parametrize(
    "name",
    [
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Real-IP",
        "CF-Connecting-IP",
        "Via",
    ],
)
def test_what_was_passed_on_finds_no_such_route(admin, token, name):
    headers = {**bearer(token), name: "127.0.0.1"}
    answer = admin.get(STATUS, headers=headers)
    assert answer.status_code == 404
    assert answer.json() == admin.get("/admin/v1/nowhere").json()


@pytest.mark.parametrize(
    ("client", "server", "local"),
    [
        (("127.0.0.1", 1), ("127.0.0.1", 80), True),
        (("::1", 1), ("::1", 80), True),
        (("::ffff:127.0.0.1", 1), ("127.0.0.1", 80), True),
        (("192.0.2.1", 1), ("127.0.0.1", 80), False),
        (("::ffff:192.0.2.1", 1), ("::1", 80), False),
        (("127.0.0.1", 1), ("192.0.2.1", 80), False),
        (("localhost", 1), ("127.0.0.1", 80), False),
        (None, ("/run/likewise.sock", None), False),
        (("127.0.0.1", 1), None, False),
    ],
)
def test_both_ends_must_be_on_this_machine(client, server, local):
    scope = {"type": "http", "headers": [], "client": client, "server": server}
    assert is_local(Request(scope)) is local


def test_after_five_wrong_tokens_a_right_one_waits_too(admin, token):
    for _ in range(5):
        assert admin.get(STATUS, headers=bearer("wrong")).status_code == 401
    answer = admin.get(STATUS, headers=bearer(token))
    assert answer.status_code == 401
    assert 290 <= int(answer.headers["retry-after"]) <= 300


def test_four_wrong_ones_and_a_right_one_lock_nobody_out(admin, token):
    for _ in range(3):
        for _ in range(4):
            admin.get(STATUS, headers=bearer("wrong"))
        assert admin.get(STATUS, headers=bearer(token)).status_code == 200


def test_all_of_it_is_audited_and_no_secret_with_it(admin, token, caplog):
    caplog.set_level("INFO")
    admin.get(STATUS, headers=bearer(token))
    admin.get(STATUS, headers=bearer("wrong-secret"))
    admin.get(STATUS, headers={"X-Forwarded-For": "192.0.2.9", **bearer(token)})
    for _ in range(5):
        admin.request("POST", f"{HERE}/admin/v1/reload", headers=bearer("wrong-secret"))
    lines = [JsonFormatter().format(r) for r in caplog.records if r.name == AUDIT_LOGGER]
    read = [json.loads(line) for line in lines]
    assert [line["outcome"] for line in read] == [
        "granted", "refused", "not-local", "refused", "refused", "refused", "refused", "locked"
    ]  # fmt: skip
    assert len(read[0]["token"]) == 8
    assert read[0]["path"] == "/admin/v1/status"
    assert read[3]["method"] == "POST"
    for secret in (token, "wrong-secret", "192.0.2.9"):
        assert secret not in caplog.text
        assert not [line for line in lines if secret in line]


def test_the_document_tells_of_the_bearer(admin):
    document = admin.app.openapi()
    assert document["components"]["securitySchemes"]["operator"]["scheme"] == "bearer"
    assert document["paths"]["/admin/v1/status"]["get"]["security"] == [{"operator": []}]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_no_method_tells_those_elsewhere_of_a_route(admin, token, method):
    nowhere = admin.get("/admin/v1/nowhere").json()
    answer = admin.request(method, STATUS, headers={"Via": "1.1 proxy", **bearer(token)})
    assert (answer.status_code, answer.json()) == (404, nowhere)
    assert "allow" not in answer.headers
    assert admin.request(method, STATUS, headers=bearer(token)).status_code == 405

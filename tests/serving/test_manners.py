"""What surrounds the routes: CORS by setting, metrics of every route."""

import re

import pytest

from pipeline.pointer import RESERVED_NAMES, SITE_NAME_PATTERN
from tests.factories import SITE

ORIGIN = "https://shop.example"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}


@pytest.fixture
def open_client(odd_snapshot, client, serve):
    with serve(odd_snapshot[0], cors_origins=f"https://other.example {ORIGIN}") as opened:
        yield opened


def allowed(answer):
    return answer.headers.get("access-control-allow-origin")


def test_without_a_setting_no_page_may_read_answers(client):
    answer = client.get(f"/v1/{SITE}", headers={"Origin": ORIGIN})
    assert answer.status_code == 200
    assert allowed(answer) is None
    assert client.request("OPTIONS", f"/v1/{SITE}", headers=PREFLIGHT).status_code == 405


def test_pages_of_an_origin_that_is_set_may(open_client):
    answer = open_client.get(f"/v1/{SITE}", headers={"Origin": ORIGIN})
    assert allowed(answer) == ORIGIN
    assert "x-request-id" in answer.headers["access-control-expose-headers"].lower()
    assert "Origin" in answer.headers.get_list("vary")
    preflight = open_client.request("OPTIONS", f"/v1/{SITE}", headers=PREFLIGHT)
    assert (preflight.status_code, allowed(preflight)) == (200, ORIGIN)


def test_pages_of_another_origin_may_not(open_client):
    headers = {"Origin": "https://evil.example"}
    assert allowed(open_client.get(f"/v1/{SITE}", headers=headers)) is None
    preflight = open_client.request("OPTIONS", f"/v1/{SITE}", headers=PREFLIGHT | headers)
    assert preflight.status_code == 400
    assert allowed(preflight) is None


def test_errors_may_be_read_by_pages_too(open_client):
    answer = open_client.get("/v1/nowhere", headers={"Origin": ORIGIN})
    assert (answer.status_code, allowed(answer)) == (404, ORIGIN)


def test_the_start_page_and_metrics_are_counted_by_template(client):
    assert {"/", "/docs", "/metrics", "/v1/{site}"} <= set(client.app.state.metrics.routes)


def test_no_site_may_have_the_name_of_a_route(data, tmp_path_factory, serve):
    tokens = tmp_path_factory.mktemp("apart") / "tokens"
    everything = {"feedback": True, "admin": True, "admin_tokens": tokens}
    with serve(data, thumbs=True, **everything) as client:
        begun = {
            path.partition("/")[2].partition("/")[0] for path in client.app.state.metrics.routes
        }
    assert {name for name in begun if re.fullmatch(SITE_NAME_PATTERN, name)} == RESERVED_NAMES

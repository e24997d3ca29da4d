"""Pages of the origins that are set may read answers, and refusals; others may read neither."""

import asyncio

import httpx
import pytest

from serving.cors import readable_elsewhere
from serving.settings import ServingSettings
from serving.shedding import turned_away
from tests.factories import SITE

ORIGIN = "https://shop.example"


def asked(app, **headers):
    async def ask():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://likewise") as client:
            return await client.get("/", headers=headers)

    return asyncio.run(ask())


def test_without_origins_an_app_stays_as_it_is():
    assert readable_elsewhere(ServingSettings())(turned_away) is turned_away


@pytest.mark.parametrize("origins", [ORIGIN, "*"])
def test_what_is_turned_away_may_be_read(origins):
    app = readable_elsewhere(ServingSettings(cors_origins=origins))(turned_away)
    answer = asked(app, Origin=ORIGIN)
    assert answer.status_code == 503
    assert answer.headers["access-control-allow-origin"] == origins
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert answer.headers["retry-after"] == "1"


def test_a_cache_is_told_that_answers_differ_by_origin():
    app = readable_elsewhere(ServingSettings(cors_origins=ORIGIN))(turned_away)
    for headers in ({}, {"Origin": ORIGIN}, {"Origin": "https://evil.example"}):
        assert asked(app, **headers).headers["vary"] == "Origin"


@pytest.fixture
def open_client(odd_snapshot, client, serve):
    with serve(odd_snapshot[0], cors_origins=ORIGIN) as opened:
        yield opened


@pytest.mark.parametrize(
    ("status", "path", "more"),
    [
        (414, "/" + "a" * 3000, {}),
        (415, f"/v1/{SITE}/recommendations", {"content": b"a=b"}),
        (413, f"/v1/{SITE}/recommendations", {"content": b"1" * 70_000}),
    ],
)
def test_what_the_edge_refuses_may_be_read_too(open_client, status, path, more):
    kind = "text/plain" if status == 415 else "application/json"
    for origin in (ORIGIN, "https://evil.example"):
        headers = {"Origin": origin, "Content-Type": kind}
        answer = open_client.request("POST", path, headers=headers, **more)
        assert answer.status_code == status
        readable = answer.headers.get("access-control-allow-origin")
        assert readable == (ORIGIN if origin == ORIGIN else None)

"""Requests made from the OpenAPI document: a short run of what `make bench-serving` runs."""

import pytest
from fastapi import APIRouter, Response

from serving.answers.health import LiveAnswer
from serving.routes.common import documented
from tests.benchmarks.serving.fuzz import fuzz, whole_app

CASES = 1000


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return whole_app(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The same with a route that crashes on some input, and one that breaks its schema."""
    app, token = whole_app(tmp_path_factory.mktemp("planted"))
    router = APIRouter()

    @router.get("/planted/crash", responses=documented(LiveAnswer, "It lives.", problems=(422,)))
    async def crash(n: int = 0) -> Response:
        """Crash."""
        return Response(b"%d" % (1 // (n % 2)), media_type="application/json")

    @router.get("/planted/break", responses=documented(LiveAnswer, "It lives.", problems=(422,)))
    async def break_(n: int = 0) -> Response:
        """Break the schema."""
        status = b"live" if n % 2 else b"undead"
        return Response(b'{"status": "%b"}' % status, media_type="application/json")

    app.include_router(router)
    app.openapi_schema = None
    return app, token


def test_nothing_crashes_or_breaks_its_schema(whole):
    found = fuzz(*whole, cases=CASES, per_operation=5)
    assert found.errors == []
    assert found.failures == {}
    assert found.n_server_errors == 0
    assert found.cases >= CASES
    operations = [o for methods in whole[0].openapi()["paths"].values() for o in methods]
    assert len(found.operations) == len(operations)
    assert found.statuses[200] > 50


def test_a_planted_crash_is_found(planted):
    found = fuzz(*planted, cases=20, per_operation=20, only="/planted/crash")
    assert found.n_server_errors > 0
    assert "GET /planted/crash: not_a_server_error" in found.failures


def test_a_planted_break_of_a_schema_is_found(planted):
    found = fuzz(*planted, cases=20, per_operation=20, only="/planted/break")
    assert found.n_server_errors == 0
    assert "GET /planted/break: response_schema_conformance" in found.failures

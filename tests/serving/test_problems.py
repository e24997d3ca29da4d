"""The one shape of errors, on every route that there is."""

import re

import pytest

from serving.answers.problems import Problem
from serving.problems import KINDS
from tests.factories import SITE

# What a route must be asked at least.
QUERIES = {
    "compare": "?models=a,b&item_id=x",
    "items": "?ids=x",
    "resolve": "?url=x",
    "search": "?q=x",
    "autocomplete": "?q=x",
}


def paths(client):
    """Routes that answer GET."""
    documented = client.app.openapi()["paths"]
    return [path for path, methods in documented.items() if "get" in methods]


def assert_problem(answer, status):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    problem = Problem.model_validate_json(answer.content, strict=True)
    assert problem.status == status
    assert problem.type == "about:blank" or problem.type.removeprefix("/docs#") in KINDS
    return problem


def filled(path, **names):
    values = {
        "site": SITE,
        "item_id": "item-003",
        "user_id": "0" * 32,
        "model": "tag_profile",
        "slug": "cat",
        **names,
    }
    return re.sub(r"\{(\w+)\}", lambda match: values[match[1]], path)


def test_all_routes_are_walked(client):
    assert len(paths(client)) == 27


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_problems_on_every_route(client, method):
    for path in (*paths(client), "/", "/docs", "/openapi.json"):
        answer = client.request(method, filled(path))
        assert_problem(answer, 405)
        assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path", ["/v1/", "/v1/a/b/c/d/e", "/v1/sites/", f"/v1/{SITE}/items//similar"]
)
def test_unknown_routes_are_problems(client, path):
    assert "/docs" in assert_problem(client.get(path), 404).detail


def test_an_unknown_site_is_a_problem_on_every_route(client):
    walked = [path for path in paths(client) if "{site}" in path]
    assert len(walked) == 24
    for path in walked:
        query = QUERIES.get(path.removeprefix("/v1/{site}/"), "")
        for name in ("nowhere", "NOWHERE", "%00", "a%2Fb"):
            problem = assert_problem(client.get(filled(path, site=name) + query), 404)
            assert problem.type == "/docs#unknown-site"
            assert problem.known == [SITE]


@pytest.mark.parametrize("name", ["item_id", "user_id"])
def test_an_id_that_is_not_utf8_is_a_problem_on_every_route(client, name):
    walked = [path for path in paths(client) if f"{{{name}}}" in path]
    assert walked
    for path in walked:
        problem = assert_problem(client.get(filled(path, **{name: "%FF"})), 422)
        assert [(fault.location, fault.name) for fault in problem.errors] == [("path", name)]


def test_every_fault_of_a_query_is_listed_on_every_list(client):
    walked = [path for path in paths(client) if path.endswith(("similar", "recommendations"))]
    assert len(walked) == 2
    for path in walked:
        query = "?k=101&K=2&limit=3"
        problem = assert_problem(
            client.get(filled(path, item_id="%FF", user_id="%FF") + query), 422
        )
        assert {fault.name for fault in problem.errors} >= {"k", "K", "limit"}
        assert {fault.location for fault in problem.errors} == {"path", "query"}


@pytest.mark.parametrize("k", ["0", "-1", "101", "x", "", "1.5", "1e9", "9" * 5000])
def test_a_wrong_length_is_a_problem(client, k):
    problem = assert_problem(client.get(f"/v1/{SITE}/items/item-003/similar?k={k}"), 422)
    assert [fault.name for fault in problem.errors] == ["k"]
    assert all(len(fault.value) <= 100 for fault in problem.errors)


def test_a_crash_is_a_problem_on_every_route(data, serve):
    with serve(data) as client:
        walked = [
            filled(path) + QUERIES.get(path.removeprefix("/v1/{site}/"), "")
            for path in paths(client)
            if path != "/health/live"
        ]
        client.catalog.snapshots = None
        for path in (*walked, "/"):
            problem = assert_problem(client.get(path), 500)
            assert "NoneType" not in problem.detail


def test_not_ready_is_a_problem(tmp_path, serve):
    with serve(tmp_path) as client:
        problem = assert_problem(client.get("/health/ready"), 503)
        assert problem.sites == []
        assert_problem(client.get(f"/v1/{SITE}"), 404)


def test_a_good_answer_is_no_problem(client):
    with pytest.raises(AssertionError):
        assert_problem(client.get("/v1/sites"), 200)


@pytest.mark.parametrize("path", ["/nowhere", "/v1"])
def test_a_name_that_is_no_site_is_a_problem_to_who_wants_no_page(client, path):
    assert assert_problem(client.get(path), 404).known == [SITE]


def recommended(client, **more):
    body = {"items": [{"item_id": "item-003"}], **more}
    return client.request("POST", f"/v1/{SITE}/recommendations", json=body)


def test_all_faults_are_told_and_the_first_of_them_in_words(client):
    problem = assert_problem(recommended(client, **{f"x{n}": 0 for n in range(900)}), 422)
    assert len(problem.errors) == 900
    assert problem.detail.endswith("x9: Extra inputs are not permitted; and 890 more")


def test_an_answer_is_not_much_longer_than_a_body_of_faults(client):
    answer = recommended(client, **{f"x{n}": 0 for n in range(4000)})
    problem = assert_problem(answer, 422)
    assert len(problem.errors) == 1000
    assert problem.detail.endswith("and 3990 more")
    assert len(answer.content) < 150_000

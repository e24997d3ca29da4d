"""ETags tell answers apart, 304 costs no body, answers about people are never kept."""

from dataclasses import replace

import pytest
from fastapi import Request

from serving.caching import answered, entity_tag
from tests.factories import SITE

PATH = f"/v1/{SITE}/models"


def scope(path=PATH, query=b"", **headers):
    listed = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    return {"type": "http", "path": path, "query_string": query, "headers": listed}


@pytest.fixture
def snapshot(client):
    return client.catalog.snapshots[SITE]


def never():
    raise AssertionError("a body was built")


def test_equal_questions_of_one_snapshot_have_one_tag(snapshot):
    tag = entity_tag(snapshot, scope(query=b"k=5"))
    assert tag == entity_tag(snapshot, scope(query=b"k=5", accept=b"*/*"))
    assert tag.startswith(b'"')
    assert tag.endswith(b'"')


def test_whatever_changes_an_answer_changes_its_tag(snapshot):
    tags = {
        entity_tag(snapshot, scope()),
        entity_tag(snapshot, scope(path=f"/v1/{SITE}")),
        entity_tag(snapshot, scope(query=b"k=5")),
        entity_tag(snapshot, scope(query=b"k=6")),
        entity_tag(replace(snapshot, variant="denied"), scope()),
        entity_tag(replace(snapshot, head=snapshot.head + b" "), scope()),
    }
    assert len(tags) == 6


@pytest.mark.parametrize("form", [b"%s", b"W/%s", b'"other", %s', b'W/"other" ,W/%s '])
def test_whoever_has_the_answer_gets_304_and_no_body_is_built(snapshot, form):
    tag = entity_tag(snapshot, scope())
    answer = answered(Request(scope(if_none_match=form % tag)), snapshot, never)
    assert answer.status_code == 304
    assert answer.body == b""
    assert answer.headers["etag"] == tag.decode()
    assert answer.headers["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize("named", [b'"other"', b"", b"*", b"other", b'W/"x", "y"'])
def test_whoever_has_another_gets_the_answer(snapshot, named):
    asked = Request(scope(if_none_match=named))
    answer = answered(asked, snapshot, lambda: b"{}", max_age_s=5)
    assert (answer.status_code, answer.body) == (200, b"{}")
    assert answer.headers["cache-control"] == "public, max-age=5"
    assert answer.headers["content-length"] == "2"


def test_a_private_answer_has_no_tag_and_is_never_kept(snapshot):
    asked = Request(scope(if_none_match=entity_tag(snapshot, scope())))
    answer = answered(asked, snapshot, lambda: b"{}", private=True)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_a_route_answers_304_until_another_snapshot_is_published(data, built, serve, put):
    with serve(data) as client:
        first = client.get(PATH)
        asked = {"If-None-Match": first.headers["etag"]}
        again = client.get(PATH, headers=asked)
        assert (again.status_code, again.content) == (304, b"")
        put(data, built[1])
        client.refresh()
        changed = client.get(PATH, headers=asked)
        assert changed.status_code == 200
        assert changed.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    ("path", "max_age_s"), [("/v1/sites", 60), ("/docs", 3600), ("/openapi.json", 3600)]
)
def test_what_is_of_no_one_snapshot_is_named_by_what_is_in_it(client, path, max_age_s):
    first = client.get(path)
    assert first.headers["cache-control"] == f"public, max-age={max_age_s}"
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["models/lightfm_cf", "random"])
def test_what_the_docs_except_is_never_kept(client, path):
    answer = client.get(f"/v1/{SITE}/{path}")
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers

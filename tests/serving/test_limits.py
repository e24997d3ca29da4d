"""What is too large is refused with its limit; what fits is taken in whole."""

import asyncio

import pytest

from serving.answers.problems import Problem
from serving.errors import ApiProblemError
from serving.limits import Limits, check_head, headers_of, taken_in
from tests.factories import SITE

LIMITS = Limits(
    path_bytes=20, query_bytes=10, headers=3, header_bytes=50, body_bytes=8, body_s=0.05
)
JSON = {b"content-type": b"application/json"}
CHUNKED = JSON | {b"transfer-encoding": b"chunked"}


def head(query=b"", headers=()):
    return {"query_string": query, "headers": list(headers)}


def check(scope, path=b"/"):
    check_head(scope, path, headers_of(scope)[1], LIMITS)


def test_what_is_at_its_limit_passes():
    check(head(b"q" * 10, [(b"a", b"b" * 15)] * 3), b"/" * 20)


@pytest.mark.parametrize(
    ("status", "scope", "path"),
    [
        (414, head(), b"/" * 21),
        (414, head(b"q" * 11), b"/"),
        (431, head(headers=[(b"a", b"b")] * 4), b"/"),
        (431, head(headers=[(b"a", b"b" * 50)]), b"/"),
    ],
)
def test_one_more_is_refused(status, scope, path):
    with pytest.raises(ApiProblemError, match="At most") as raised:
        check(scope, path)
    assert raised.value.status == status


def receiving(*chunks):
    """`receive` of a client that sends chunks, and how many were taken."""
    left = list(chunks)

    async def receive():
        if not left:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    return receive, left


def take(found, *chunks):
    receive, left = receiving(*chunks)

    async def both():
        replay = await taken_in(found, receive, LIMITS)
        return await replay(), left

    return asyncio.run(both())


def test_a_body_in_chunks_is_given_whole():
    message, _ = take(CHUNKED, b"{", b'"a":1', b"}")
    assert message == {"type": "http.request", "body": b'{"a":1}', "more_body": False}


@pytest.mark.parametrize("found", [{}, JSON | {b"content-length": b"0"}])
def test_no_body_is_not_waited_for(found):
    receive, _ = receiving()
    assert asyncio.run(taken_in(found, receive, LIMITS)) is receive


def refused(found, *chunks):
    receive, left = receiving(*chunks)
    with pytest.raises(ApiProblemError) as raised:
        asyncio.run(taken_in(found, receive, LIMITS))
    return raised.value.status, len(left)


def test_an_announced_body_that_is_too_long_is_not_read():
    assert refused(JSON | {b"content-length": b"9"}, b"123456789") == (413, 1)


def test_an_unannounced_body_is_read_no_further_than_the_limit():
    assert refused(CHUNKED, b"1234", b"56789", b"more", b"and more") == (413, 2)


def test_a_body_that_never_ends_is_given_up():
    receive, _ = receiving()
    with pytest.raises(ApiProblemError) as raised:
        asyncio.run(taken_in(CHUNKED, receive, LIMITS))
    assert raised.value.status == 408


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"content-type": b"text/plain"},
        {b"content-type": b"application/jsonx"},
        JSON | {b"content-encoding": b"gzip"},
    ],
)
def test_a_body_that_is_no_json_is_refused(headers):
    assert refused({b"content-length": b"2", **headers}, b"{}") == (415, 1)


@pytest.mark.parametrize("kind", [b"application/json; charset=utf-8", b"Application/JSON"])
def test_json_may_have_parameters(kind):
    message, _ = take({b"content-type": kind, b"content-length": b"2"}, b"{}")
    assert message["body"] == b"{}"


@pytest.mark.parametrize(
    ("status", "path", "more"),
    [
        (414, "/v1/" + "a" * 3000, {}),
        (414, f"/v1/{SITE}?x={'a' * 9000}", {}),
        (431, f"/v1/{SITE}", {"headers": {f"X-{n}": "1" for n in range(80)}}),
        (431, f"/v1/{SITE}", {"headers": {"X-Long": "1" * 17_000}}),
    ],
)
def test_the_service_refuses_in_the_one_shape_of_errors(client, status, path, more):
    answer = client.get(path, **more)
    assert answer.status_code == status
    assert Problem.model_validate_json(answer.content).status == status


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [(413, b"1" * 70_000, "application/json"), (415, b"a=b", "text/plain")],
)
def test_the_service_refuses_bodies(client, status, content, kind):
    answer = client.request(
        "POST", f"/v1/{SITE}/recommendations", content=content, headers={"Content-Type": kind}
    )
    assert answer.status_code == status
    assert Problem.model_validate_json(answer.content).status == status


def test_a_body_that_breaks_off_is_not_taken_for_a_whole_one():
    messages = [
        {"type": "http.request", "body": b'{"a":1}', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive():
        return messages.pop(0)

    with pytest.raises(ApiProblemError, match="ended before") as raised:
        asyncio.run(taken_in(CHUNKED, receive, LIMITS))
    assert raised.value.status == 400

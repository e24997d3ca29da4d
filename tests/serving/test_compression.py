import gzip

import pytest

from serving.compression import accepts_gzip, compressed
from tests.factories import SITE

LONG = f"/v1/{SITE}/models"


@pytest.mark.parametrize(
    "asked", ["gzip", "br, gzip;q=0.5", "GZIP", "*", "deflate,gzip", "gzip;q=1.000"]
)
def test_gzip_is_for_those_who_ask(asked):
    assert accepts_gzip(asked.encode())


@pytest.mark.parametrize(
    "asked", ["", "br", "gzip;q=0", "gzip; q=0.00, *", "*;q=0", "identity", "x-gzipped"]
)
def test_gzip_is_not_for_others(asked):
    assert not accepts_gzip(asked.encode())


def start(*headers):
    return {"type": "http.response.start", "status": 200, "headers": [*headers]}


def test_a_long_body_comes_back_and_its_tag_is_weak():
    body = b"abc" * 1000
    named = (b"content-type", b"text/html; charset=utf-8")
    head, packed = compressed(start((b"etag", b'"x"'), (b"content-length", b"3000"), named), body)
    assert gzip.decompress(packed) == body
    assert dict(head["headers"]) == {
        b"etag": b'W/"x"',
        b"content-length": str(len(packed)).encode(),
        b"content-type": b"text/html; charset=utf-8",
        b"content-encoding": b"gzip",
    }


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "TEXT/CSS; charset=utf-8",
        "text/javascript; charset=utf-8",
        "application/json",
        "application/problem+json",
        "application/xml",
        "application/javascript",
        "image/svg+xml",
    ],
)
def test_text_is_compressed(media_type):
    head, packed = compressed(start((b"content-type", media_type.encode())), b"abc" * 1000)
    assert (b"content-encoding", b"gzip") in head["headers"]
    assert gzip.decompress(packed) == b"abc" * 1000


@pytest.mark.parametrize("media_type", ["image/webp", "font/woff2", "application/zip", "x/json"])
def test_what_is_no_text_passes_untouched_with_its_strong_tag(media_type):
    head = start((b"content-type", media_type.encode()), (b"etag", b'"x"'))
    assert compressed(head, b"abc" * 1000) == (head, b"abc" * 1000)


@pytest.mark.parametrize("body", [b"", b"short"])
def test_a_short_body_stays_as_it_is(body):
    head = start((b"etag", b'"x"'), (b"content-type", b"text/plain"))
    assert compressed(head, body) == (head, body)


def test_what_is_encoded_already_stays_as_it_is():
    head = start((b"content-encoding", b"br"), (b"content-type", b"text/plain"))
    assert compressed(head, b"a" * 5000) == (head, b"a" * 5000)


def test_an_answer_is_the_same_either_way(client):
    plain = client.get(LONG, headers={"Accept-Encoding": "identity"})
    packed = client.get(LONG, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert packed.content == plain.content
    assert packed.headers["etag"] == "W/" + plain.headers["etag"]
    assert {answer.headers["vary"] for answer in (plain, packed)} == {"Accept-Encoding"}


def test_a_tag_from_a_compressed_answer_gives_304(client):
    asking = {"Accept-Encoding": "gzip"}
    tag = client.get(LONG, headers=asking).headers["etag"]
    answer = client.get(LONG, headers={**asking, "If-None-Match": tag})
    assert answer.status_code == 304
    assert "content-encoding" not in answer.headers


def test_head_of_a_compressed_answer_has_its_length(client):
    asking = {"Accept-Encoding": "gzip"}
    got, headed = client.get(LONG, headers=asking), client.request("HEAD", LONG, headers=asking)
    assert headed.headers["content-length"] == got.headers["content-length"]
    assert headed.headers["content-encoding"] == "gzip"

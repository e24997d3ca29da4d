"""Bytes that are hardly HTTP, sent to a real process, which must live through all of them.

``python -m tests.benchmarks.serving.oddities --count 2000`` prints JSON: how many were sent, what
was answered, what must not be.  A 5xx is one, but 503 (shed) and 505; so are a process that ended
and a good request that is not answered afterwards.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import re
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tests.factories import publish_small_site
from tests.services import start_service

__all__ = ["SHAPES", "Outcome", "oddities", "send_all"]

_HOST: Final = b"Host: 127.0.0.1\r\n"
_GOOD: Final = b"GET /health/live HTTP/1.1\r\n" + _HOST + b"Connection: close\r\n\r\n"
_ITEM: Final = b"/v1/sketchfab/items/item-003"
_POST: Final = b"POST /v1/sketchfab/recommendations HTTP/1.1\r\n" + _HOST
_BODY: Final = b'{"items": [{"item_id": "item-003"}]}'
_JSON: Final = b"Content-Type: application/json\r\n"
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_ALLOWED_5XX: Final = frozenset((503, 505))
_INNER: Final = frozenset((200, 401))  # the request within the body was let out of it
_WAIT_S: Final = 0.15

Shape = Callable[[random.Random], bytes]


def _get(target: bytes, headers: bytes = b"") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + _HOST + headers + b"Connection: close\r\n\r\n"


def _garbage(chance: random.Random, most: int = 60, *, without: bytes = b"") -> bytes:
    drawn = bytes(chance.randrange(256) for _ in range(chance.randrange(1, most)))
    return drawn.translate(None, without)


def torn(chance: random.Random) -> bytes:
    """A good request that ends anywhere."""
    whole = chance.choice((_get(_ITEM + b"/similar?k=3"), _posted(b"")))
    return whole[: chance.randrange(1, len(whole))]


def huge_headers(chance: random.Random) -> bytes:
    """One long header, or many."""
    if chance.random() < 0.5:
        return _get(_ITEM, b"X-Long: " + b"a" * chance.choice((9_000, 17_000, 70_000)) + b"\r\n")
    return _get(_ITEM, b"".join(b"X-%d: a\r\n" % n for n in range(chance.choice((63, 65, 900)))))


def bad_chunks(chance: random.Random) -> bytes:
    """Chunks of wrong sizes, with signs, extensions, no end."""
    chunks = (
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"-1\r\n{}\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        b"5\r\n{}\r\n0\r\n\r\n",
        b"2;a=b\r\n{}\r\n0\r\n\r\n",
        b"2\n{}\n0\n\n",
        b"0x2\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\nX: " + _garbage(chance) + b"\r\n\r\n",
        b" 2\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}",
    )
    return _POST + _JSON + b"Transfer-Encoding: chunked\r\n\r\n" + chance.choice(chunks)


def pipelined(chance: random.Random) -> bytes:
    """Many requests at once, of which one may be broken."""
    kinds = (
        _get(_ITEM).replace(b"close", b"keep-alive"),
        _posted(b"Connection: keep-alive\r\n"),
        b"HEAD " + _ITEM + b" HTTP/1.1\r\n" + _HOST + b"\r\n",
        b"BREAK\r\n\r\n",
    )
    weights = (8, 4, 4, 1)
    return b"".join(chance.choices(kinds, weights, k=chance.randrange(2, 12)))


def null_bytes(chance: random.Random) -> bytes:
    """A null byte anywhere in a good request."""
    whole = bytearray(chance.choice((_get(_ITEM + b"?k=3"), _posted(b""))))
    for _ in range(chance.randrange(1, 4)):
        whole.insert(chance.randrange(len(whole)), 0)
    return bytes(whole)


def methods(chance: random.Random) -> bytes:
    """Methods that no route has, or that nobody has."""
    drawn = (
        b"PUT",
        b"TRACE",
        b"CONNECT",
        b"OPTIONS",
        b"PROPFIND",
        b"get",
        b"G E T",
        b"",
        b"A" * 99,
    )
    return chance.choice(drawn) + _get(_ITEM).removeprefix(b"GET")


def versions(chance: random.Random) -> bytes:
    """HTTP/0.9, and versions that there are not."""
    drawn = (b"", b" HTTP/0.9", b" HTTP/1.0", b" HTTP/1.9", b" HTTP/2.0", b" HTTP/9", b" FTP/1.1")
    return b"GET " + _ITEM + chance.choice(drawn) + b"\r\n\r\n"


def smuggled(chance: random.Random) -> bytes:
    """Two lengths, a length and chunks, folded or misspelt headers: what proxies disagree about."""
    inner = b"GET /admin/v1/status HTTP/1.1\r\n" + _HOST + b"\r\n"
    lengths = (
        b"Content-Length: 5\r\nContent-Length: 50\r\n",
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding:\x0bchunked\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 99999999999999999999999\r\n",
        b"Content-Length: \xd9\xa5\r\n",
        b"X: y\r\n Transfer-Encoding: chunked\r\n",
        b"Content-Length: 0\r\nContent-Length:\r\n",
    )
    return _POST + _JSON + chance.choice(lengths) + b"\r\n0\r\n\r\n" + inner


def slow_body(chance: random.Random) -> bytes:
    """A body of which less comes than was announced."""
    length = b"Content-Length: %d\r\n\r\n" % chance.choice((37, 5000, 65_536, 65_537, 10**9))
    return _POST + _JSON + length + _BODY[: chance.randrange(len(_BODY))]


def targets(chance: random.Random) -> bytes:
    """Targets in absolute form, of authority, with fragments, with no slash."""
    drawn = (
        b"http://127.0.0.1" + _ITEM,
        b"http://elsewhere.example" + _ITEM,
        b"https://user:pass@127.0.0.1:99999" + _ITEM,
        b"http://[::1" + _ITEM,
        b"http://",
        b"http:///" + _ITEM,
        b"//v1/sites",
        b"*",
        b"127.0.0.1:80",
        _ITEM + b"#x",
        b"v1/sites",
        b"/v1/../v1/./sites",
        b"?k=1",
        b"/" * chance.choice((2, 50, 3000)),
        b"file:///etc/passwd",
        b"/v1/sites?" + b"a" * 9000,
    )
    return _get(chance.choice(drawn))


def percents(chance: random.Random) -> bytes:
    """Paths and queries of broken percent signs, and of bytes that are no UTF-8."""
    parts = (
        b"%",
        b"%2",
        b"%zz",
        b"%00",
        b"%ff%fe",
        b"%c0%af",
        b"%2e%2e",
        b"%25",
        b"\xff",
        b"%F0%9F",
    )
    odd = b"".join(chance.choices(parts, k=chance.randrange(1, 8)))
    places = (
        b"/v1/" + odd,
        b"/v1/sketchfab/items/" + odd,
        b"/v1/sketchfab/items/" + odd + b"/similar",
        b"/v1/sketchfab/tags/" + odd,
        b"/v1/sketchfab/search?q=" + odd,
        b"/v1/sketchfab/popular?cursor=" + odd,
        b"/v1/sketchfab/popular?" + odd + b"=1",
        b"/v1/sketchfab/resolve?url=" + odd,
        b"/v1/sketchfab/items?ids=" + odd,
    )
    return _get(chance.choice(places))


def header_values(chance: random.Random) -> bytes:
    """Headers that the API reads, with values that nobody sends."""
    names = (
        b"Accept-Encoding",
        b"Authorization",
        b"Content-Type",
        b"Expect",
        b"If-None-Match",
        b"Idempotency-Key",
        b"Origin",
        b"Range",
        b"Upgrade",
        b"X-Request-Id",
        b"Host",
    )
    value = _garbage(chance, without=b"\r\n\x00")
    return _get(_ITEM, chance.choice(names) + b": " + value + b"\r\n")


def bodies(chance: random.Random) -> bytes:
    """Bodies that are no JSON, or more of it than anyone reads."""
    drawn = (
        b"[" * 30_000,
        b'{"items":' * 5000,
        b'{"items": [{"item_id": "\\ud800"}]}',
        b'{"items": [{"item_id": "a", "weight": 1e999}]}',
        b'{"items": [{"item_id": "a", "weight": NaN}]}',
        b'{"items": [{"item_id": "item-003"}], "k": ' + b"9" * 5000 + b"}",
        b"\xef\xbb\xbf" + _BODY,
        b"\x1f\x8b\x08",
        _garbage(chance),
        _BODY * 2000,
        _BODY + b"\x00",
        b"null",
    )
    path = chance.choice((b"/recommendations", b"/feedback"))
    return _posted(b"Connection: close\r\n", chance.choice(drawn), path)


def noise(chance: random.Random) -> bytes:
    """Bytes of another protocol, or of none."""
    drawn = (
        _garbage(chance, 400),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + _garbage(chance, 200),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n" * chance.randrange(1, 200),
        b"SSH-2.0-x\r\n",
        b"GET\t/v1/sites\tHTTP/1.1\r\n\r\n",
        b"GET /v1/sites HTTP/1.1\n\n",
        b"GET /v1/sites HTTP/1.1\r\nNoColon\r\n\r\n",
        b"GET /v1/sites HTTP/1.1\r\n: empty\r\n\r\n",
    )
    return chance.choice(drawn)


def _posted(headers: bytes, body: bytes = _BODY, path: bytes = b"/recommendations") -> bytes:
    start = b"POST /v1/sketchfab" + path + b" HTTP/1.1\r\n" + _HOST
    return start + _JSON + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


SHAPES: Final[tuple[Shape, ...]] = (
    torn,
    huge_headers,
    bad_chunks,
    pipelined,
    null_bytes,
    methods,
    versions,
    smuggled,
    slow_body,
    targets,
    percents,
    header_values,
    bodies,
    noise,
)


def oddities(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """So many of them, each shape in turn, with the name of the shape."""
    chance = random.Random(seed)
    for number in range(count):
        shape = SHAPES[number % len(SHAPES)]
        yield shape.__name__, shape(chance)


@dataclass
class Outcome:
    """What became of all that was sent."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def take_in(self, shape: str, sent: bytes, answer: bytes) -> None:
        """Count an answer."""
        self.sent += 1
        statuses = [int(status) for status in _STATUS.findall(answer)]
        self.statuses.update(statuses)
        self.unanswered += not statuses
        for status in statuses:
            is_inside = shape == smuggled.__name__ and status in _INNER
            if is_inside or (status >= 500 and status not in _ALLOWED_5XX):
                self.faults.append(f"{shape}: {status} to {sent[:300]!r}")


def send_all(address: tuple[str, int], count: int, *, seed: int = 0) -> Outcome:
    """Send oddities, each on a connection of its own, then ask for something that must work."""
    outcome, began_s = Outcome(), time.monotonic()
    for shape, sent in oddities(count, seed):
        outcome.take_in(shape, sent, exchanged(address, sent))
    answer = exchanged(address, _GOOD, wait_s=5)
    if not answer.startswith(b"HTTP/1.1 200 "):
        outcome.faults.append(f"a good request afterwards: {answer[:200]!r}")
    outcome.seconds = time.monotonic() - began_s
    return outcome


def exchanged(address: tuple[str, int], sent: bytes, *, wait_s: float = _WAIT_S) -> bytes:
    """What comes back until nothing does for a while."""
    answer = b""
    with (
        contextlib.suppress(OSError),  # no more comes; or closed while more was sent; or dead
        socket.create_connection(address, timeout=5) as connection,
    ):
        connection.sendall(sent)
        connection.settimeout(wait_s)
        while more := connection.recv(65_536):
            answer += more
    return answer


def measure(count: int, seed: int = 0) -> dict[str, Any]:
    """Outcome of oddities against a process of their own, everything switched on."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        publish_small_site(data)
        with start_service(
            data=data,
            port=0,
            log_requests=False,
            user_routes=True,
            feedback=True,
            feedback_per_minute=100_000,
            admin=True,
            admin_tokens=Path(folder) / "tokens.json",
        ) as process:
            log: list[str] = []  # read all the while: a full pipe would stop the process
            reader = threading.Thread(target=log.extend, args=(process.stderr,))
            reader.start()
            try:
                url = urlsplit(process.stdout.readline().split()[-1])
                outcome = send_all((url.hostname or "", url.port or 0), count, seed=seed)
                lived = process.poll() is None
            finally:
                process.terminate()
                process.wait(timeout=30)
                reader.join()
    crashes = [line for line in log if "request failed" in line or "Traceback" in line]
    return {
        "oddities": outcome.sent,
        "shapes": len(SHAPES),
        "lived": lived and process.returncode == 0,
        "faults": outcome.faults,
        "crashes": crashes,
        "log_lines": len(log),
        "unanswered": outcome.unanswered,
        "statuses": {str(status): n for status, n in sorted(outcome.statuses.items())},
        "seconds": round(outcome.seconds, 1),
    }


def main() -> int:
    """Print the figures as JSON; 1 where something must not be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="oddities to send")
    parser.add_argument("--seed", type=int, default=0, help="of what is random")
    args = parser.parse_args()
    told = measure(args.count, args.seed)
    print(json.dumps(told))  # noqa: T201
    return int(not told["lived"] or bool(told["faults"] or told["crashes"]))


if __name__ == "__main__":
    sys.exit(main())

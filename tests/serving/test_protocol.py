"""Connections, byte by byte, against a real server on loopback."""

import asyncio
import contextlib
import json
import selectors
import time

import pytest
import uvicorn

from serving.listening import free_socket
from serving.protocol import protocol_of, without_upgrade
from serving.shedding import Gate, turned_away
from tests.serving.conftest import LONG_S

GET = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"


class Idle(selectors.DefaultSelector):
    """Time that passes while there is nothing to do: a machine that stands still is not late.

    Both ends of a connection are on one loop, so that nothing is on its way then.
    """

    REAL_S = 0.02

    def __init__(self):
        super().__init__()
        self.now_s = 0.0
        self.limit_s = time.monotonic() + LONG_S

    def select(self, timeout=None):
        if time.monotonic() > self.limit_s:
            raise TimeoutError("there is no end to it")
        found = super().select(timeout if timeout is None else min(timeout, self.REAL_S))
        if not found and timeout:
            self.now_s += timeout
        return found


def unhurried():
    """A loop by that time."""
    loop = asyncio.SelectorEventLoop(selector := Idle())
    loop.time = lambda: selector.now_s
    return loop


class ShutGate(Gate):
    """A gate that is shut when it is told to be."""

    is_shut = False
    n_shed = 0
    n_looks = 0

    def __init__(self):
        super().__init__(0, self.count, delay_s=0.01)

    def count(self):
        self.n_shed += 1

    def is_full(self):
        self.n_looks += 1
        return self.is_shut


class Served:
    """A server whose app says which path was asked, and holds answers while told to."""

    def __init__(self, refusing=turned_away):
        self.refusing = refusing
        self.gate = ShutGate()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.asked = []
        self.scope = None
        self.body = None

    async def app(self, scope, receive, send):
        self.asked.append(scope["path"])
        self.scope = scope
        await self.go_on.wait()
        body = self.body or scope["path"].encode()
        if scope["path"] == "/echo":
            body = (await receive())["body"]
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    @contextlib.asynccontextmanager
    async def running(self, **settings):
        listener, port = free_socket("127.0.0.1", 0)
        config = uvicorn.Config(
            self.app,
            http=protocol_of(self.gate, self.refusing),
            ws="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            **settings,
        )
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext
        self.connections = server.server_state.connections
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield port
        finally:
            self.go_on.set()
            server.should_exit = True
            await task


def talk(conversation, refusing=turned_away, **settings):
    async def steps():
        served = Served(refusing)
        async with served.running(**settings) as port, asyncio.timeout(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                return await conversation(served, reader, writer)
            finally:
                writer.close()

    with asyncio.Runner(loop_factory=unhurried) as runner:
        return runner.run(steps())


async def answer(reader):
    """Status, headers and body of one answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode().strip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    return int(first.split()[1]), headers, body


async def ask(reader, writer, data):
    writer.write(data)
    return await answer(reader)


def test_an_open_gate_is_not_noticed():
    async def conversation(served, reader, writer):
        return [(await ask(reader, writer, GET % name))[::2] for name in (b"a", b"b")]

    assert talk(conversation) == [(200, b"/a"), (200, b"/b")]


@pytest.mark.parametrize(
    "request_", [GET % b"a", POST, GET.replace(b"Host", b"Origin: b\r\nHost") % b"a"]
)
def test_a_shut_gate_answers_503_and_the_connection_goes_on(request_):
    async def conversation(served, reader, writer):
        served.gate.is_shut = True
        shed = [await ask(reader, writer, request_) for _ in range(2)]
        served.gate.is_shut = False
        return shed, (await ask(reader, writer, GET % b"b"))[::2], served

    shed, after, served = talk(conversation)
    for status, headers, body in shed:
        assert (status, headers["retry-after"]) == (503, "1")
        assert headers["content-type"] == "application/problem+json"
        assert json.loads(body)["type"] == "/docs#overloaded"
    assert after == (200, b"/b")
    assert served.asked == ["/b"]
    assert served.gate.n_shed == 2


@pytest.mark.parametrize("path", [b"health/live", b"health/ready", b"metrics"])
def test_health_and_metrics_pass_a_shut_gate(path):
    async def conversation(served, reader, writer):
        served.gate.is_shut = True
        return (await ask(reader, writer, GET % path))[0]

    assert talk(conversation) == 200


def test_pipelined_requests_are_answered_in_order_the_shed_ones_too():
    async def conversation(served, reader, writer):
        served.go_on.clear()
        writer.write(GET % b"a")
        while not served.asked:
            await asyncio.sleep(0)
        served.gate.is_shut = True
        looked = served.gate.n_looks
        writer.write(GET % b"b" + GET % b"metrics")
        while served.gate.n_looks < looked + 3:  # at the bytes, then at each request
            await asyncio.sleep(0)
        served.go_on.set()
        return [(await answer(reader))[0] for _ in range(3)]

    assert talk(conversation) == [200, 503, 200]


def test_a_request_behind_a_held_refusal_gets_its_own_answer():
    async def conversation(served, reader, writer):
        served.gate.is_shut = True
        writer.write(GET % b"a")
        while not served.gate.n_shed:
            await asyncio.sleep(0)
        served.gate.is_shut = False
        writer.write(GET % b"b")
        return [(await answer(reader))[0] for _ in range(2)]

    assert talk(conversation) == [503, 200]


def test_a_request_whose_client_has_gone_is_never_begun():
    async def conversation(served, reader, writer):
        waiting = []
        served.gate.enter = lambda begin, refuse, under_way: waiting.append(begin)
        writer.write(GET % b"a")
        while not waiting:
            await asyncio.sleep(0)
        writer.transport.abort()
        (begin,) = waiting
        place = begin.func.__code__.co_freevars.index("cycle")
        while not begin.func.__closure__[place].cell_contents.disconnected:
            await asyncio.sleep(0)
        begin()
        await asyncio.sleep(0)
        return served.asked

    assert talk(conversation) == []


@pytest.mark.parametrize(
    "data", [b"nonsense\r\n\r\n", b"GET \xff HTTP/1.1\r\n\r\n", b"\x16\x03\x01"]
)
def test_what_is_no_http_is_a_problem_and_ends_the_connection(data):
    async def conversation(served, reader, writer):
        got = await ask(reader, writer, data)
        return got, await reader.read()

    (status, headers, body), rest = talk(conversation)
    assert status == 400
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["status"] == 400
    assert rest == b""


def test_an_endless_head_is_refused():
    async def conversation(served, reader, writer):
        writer.write(b"GET / HTTP/1.1\r\n")
        for _ in range(10):
            writer.write(b"x: " + b"y" * 10_000 + b"\r\n")
        return await answer(reader)

    status, _, body = talk(conversation)
    assert (status, json.loads(body)["status"]) == (431, 431)


def test_a_long_head_within_the_limit_passes():
    async def conversation(served, reader, writer):
        writer.write(b"GET /a HTTP/1.1\r\nx: " + b"y" * 30_000)
        await writer.drain()
        return (await ask(reader, writer, b"\r\n\r\n"))[0]

    assert talk(conversation) == 200


@pytest.mark.parametrize("data", [b"", b"GET / HT"])
def test_a_head_that_does_not_come_is_given_up(data, monkeypatch):
    monkeypatch.setattr("serving.protocol._HEAD_S", 0.05)

    async def conversation(served, reader, writer):
        writer.write(data)
        return await reader.read()

    assert talk(conversation) == b""


def test_a_connection_that_was_refused_of_late_is_not_idle():
    async def conversation(served, reader, writer):
        assert (await ask(reader, writer, GET % b"a"))[0] == 200
        served.gate.is_shut = True
        statuses = []
        until = asyncio.get_running_loop().time() + 0.5
        while asyncio.get_running_loop().time() < until:
            statuses.append((await ask(reader, writer, GET % b"a"))[0])
        return set(statuses), await reader.read()

    assert talk(conversation, timeout_keep_alive=0.2) == ({503}, b"")


def test_a_parsed_request_is_refused_by_the_app_for_that():
    async def refusing(scope, receive, send):
        headers = [(b"content-length", b"2"), (b"x-own", b"yes")]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": b"no"})

    async def conversation(served, reader, writer):
        served.gate.is_shut = True
        return await ask(reader, writer, POST)

    status, headers, body = talk(conversation, refusing)
    assert (status, headers["x-own"], body) == (503, "yes", b"no")


CHUNKED = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_what_follows_a_body_is_no_header():
    async def conversation(served, reader, writer):
        served.go_on.clear()
        writer.write(CHUNKED + b"2\r\n{}\r\n0\r\nOrigin: https://a\r\n\r\n" + GET % b"b")
        while not served.asked or not served.gate.n_looks > 2:
            await asyncio.sleep(0)
        headers = list(served.scope["headers"])
        served.go_on.set()
        return headers, [(await answer(reader))[0] for _ in range(2)]

    headers, statuses = talk(conversation)
    assert statuses == [200, 200]
    assert dict(headers) == {b"host": b"a", b"transfer-encoding": b"chunked"}


@pytest.mark.parametrize("beside", [b"0\r\n" + b"X: y\r\n" * 9, b"1;" + b"x" * 60])
@pytest.mark.parametrize("answered_early", [True, False])
def test_endless_bytes_beside_a_body_end_the_connection(beside, answered_early):
    async def conversation(served, reader, writer):
        if not answered_early:
            served.go_on.clear()
        writer.write(CHUNKED + beside)
        if answered_early:
            assert (await answer(reader))[0] == 200
        more = beside.partition(b"\n")[2] or beside[2:]
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(more * 1000)
                await writer.drain()
                await asyncio.sleep(0)
        return served

    assert talk(conversation).asked == ["/x"]


def test_many_small_chunks_of_a_body_are_no_such_bytes():
    async def conversation(served, reader, writer):
        served.go_on.clear()
        writer.write(CHUNKED + b"1\r\n \r\n" * 65_536 + b"0\r\n\r\n")
        served.go_on.set()
        return (await answer(reader))[0], (await ask(reader, writer, GET % b"b"))[0]

    assert talk(conversation) == (200, 200)


@pytest.mark.parametrize(
    ("data", "late"),
    [
        (b"", b"\r\n"),
        (GET % b"a", b"\r\n"),
        (POST.replace(b": 2", b": 9"), b"1"),
        (POST.replace(b": 2", b": 3"), b"1\r\n"),
        (CHUNKED, b"1"),
    ],
)
def test_what_nobody_waits_for_any_more_is_given_up(data, late, monkeypatch):
    monkeypatch.setattr("serving.protocol._HEAD_S", 0.05)
    monkeypatch.setattr("serving.protocol._REST_S", 0.05)

    async def conversation(served, reader, writer):
        writer.write(data)
        if data:
            await answer(reader)
        writer.write(late)
        return await reader.read()

    assert talk(conversation, timeout_keep_alive=60) == b""


def test_a_late_end_of_a_body_leaves_the_connection_open():
    async def conversation(served, reader, writer):
        first = (await ask(reader, writer, POST.removesuffix(b"{}")))[0]
        writer.write(b"{}")
        return first, (await ask(reader, writer, GET % b"b"))[0]

    assert talk(conversation) == (200, 200)


@pytest.mark.parametrize("n_asked", [1, 50])
def test_a_client_that_does_not_read_is_given_up(n_asked, monkeypatch):
    monkeypatch.setattr("serving.protocol._READ_S", 0.05)

    async def conversation(served, reader, writer):
        served.body = b"x" * 10_000_000
        reader._transport.pause_reading()
        writer.write(GET % b"a" * n_asked)
        while not served.asked:
            await asyncio.sleep(0)
        (protocol,) = served.connections
        while protocol in served.connections:
            await asyncio.sleep(0.001)
        return served.asked

    assert len(talk(conversation, timeout_keep_alive=0.01)) <= 2  # the next one waits to answer


def test_a_client_that_reads_slowly_gets_all_of_it():
    async def conversation(served, reader, writer):
        served.body = b"x" * 10_000_000
        reader._transport.pause_reading()
        writer.write(GET % b"a")
        while not served.asked:
            await asyncio.sleep(0)
        reader._transport.resume_reading()
        return len((await answer(reader))[2])

    assert talk(conversation) == 10_000_000


@pytest.mark.parametrize("n_packets", [1, 2])
@pytest.mark.parametrize("name", [b"Upgrade", b"upgrade"])
def test_a_wish_for_another_protocol_costs_no_body(name, n_packets):
    head = (
        b"POST /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"%s: h2c\r\nHTTP2-Settings: AA\r\nContent-Length: 14\r\n\r\n" % name
    )

    async def conversation(served, reader, writer):
        writer.write(head)
        if n_packets == 2:
            while not served.asked:
                await asyncio.sleep(0)
        writer.write(b"{}\r\nUpgrade: x")
        return (await answer(reader))[2], (await ask(reader, writer, GET % b"b"))[2]

    assert talk(conversation) == (b"{}\r\nUpgrade: x", b"/b")


def test_only_the_header_is_passed_over():
    kept = b"GET /upgrade HTTP/1.1\r\nConnection: Upgrade\r\nX-Upgrade: 1\r\n\r\n\r\nUpgrade: b"
    assert without_upgrade(kept) == kept
    asked = b"GET / HTTP/1.1\r\nUpgrade : h2c\r\n\r\n"
    assert without_upgrade(asked) == asked.replace(b"Upgrade", b"X-Upgrade")

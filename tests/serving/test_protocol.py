"""Connections, byte by byte, against a real server on loopback."""

import asyncio
import contextlib
import json

import pytest
import uvicorn

from serving.listening import free_socket
from serving.protocol import protocol_of
from serving.shedding import Gate

GET = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"


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

    def __init__(self):
        self.gate = ShutGate()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.asked = []

    async def app(self, scope, receive, send):
        self.asked.append(scope["path"])
        await self.go_on.wait()
        body = scope["path"].encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    @contextlib.asynccontextmanager
    async def running(self, **settings):
        listener, port = free_socket("127.0.0.1", 0)
        config = uvicorn.Config(
            self.app,
            http=protocol_of(self.gate),
            ws="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            **settings,
        )
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield port
        finally:
            self.go_on.set()
            server.should_exit = True
            await task


def talk(conversation, **settings):
    async def steps():
        served = Served()
        async with served.running(**settings) as port, asyncio.timeout(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                return await conversation(served, reader, writer)
            finally:
                writer.close()

    return asyncio.run(steps())


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

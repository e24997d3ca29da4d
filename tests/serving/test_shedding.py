"""The gate lets in what can be answered in time, in the order in which it came."""

import asyncio
import time

import orjson
import pytest

from serving import shedding
from serving.problems import KINDS
from serving.shedding import OVERLOADED, REFUSAL, Gate, is_plain_get

GET = b"GET /v1/a?k=2 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n"


class Clock:
    """Time that passes where a test has it pass, not while the machine does something else."""

    now_s = 1000.0

    def perf_counter(self):
        return self.now_s


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(shedding, "time", found := Clock())
    return found


def run(steps):
    return asyncio.run(steps())


def busy(clock, seconds):
    """A request whose handler, run by the loop once it is begun, takes its time."""

    def handle():
        clock.now_s += seconds

    return lambda: asyncio.get_running_loop().call_soon(handle)


def never():
    raise AssertionError("it was refused")


async def turns(gate):
    while len(gate) or gate._is_turning:
        await asyncio.sleep(0)


def filled(gate, requests, begin):
    """Put as many requests in as the gate takes; how many it took."""
    for number in range(requests):
        if gate.is_full():
            return number
        gate.enter(begin, never, under_way=100)
    return requests


def test_a_request_begins_at_once_while_little_is_under_way():
    async def steps():
        gate, begun = Gate(0.01), []
        gate.enter(lambda: begun.append(1), never, under_way=0)
        return begun, len(gate)

    assert run(steps) == ([1], 0)


def test_requests_begin_in_turn_a_few_in_each_turn_of_the_loop():
    async def steps():
        gate, begun, seen = Gate(0), [], []
        for number in range(20):
            gate.enter(lambda number=number: begun.append(number), never, under_way=100)
        while len(gate):
            seen.append(len(begun))
            await asyncio.sleep(0)
        return begun, seen

    begun, seen = run(steps)
    assert begun == list(range(20))
    assert len(seen) >= 3


def test_none_overtakes_those_that_wait():
    async def steps():
        gate, begun = Gate(0), []
        gate.enter(lambda: begun.append("first"), never, under_way=100)
        gate.enter(lambda: begun.append("second"), never, under_way=0)
        await turns(gate)
        return begun

    assert run(steps) == ["first", "second"]


@pytest.mark.parametrize(("budget_s", "ends"), [(0.01, "late"), (1, "begun"), (0, "begun")])
def test_what_has_waited_twice_its_budget_is_refused_unbegun(clock, budget_s, ends):
    async def steps():
        gate, found, counted = Gate(budget_s), [], []
        gate._on_shed = lambda: counted.append(1)
        gate.enter(lambda: found.append("begun"), lambda: found.append("late"), under_way=100)
        clock.now_s += 0.03
        await turns(gate)
        return found, len(counted)

    assert run(steps) == ([ends], int(ends == "late"))


def slow_gate(clock, budget_s):
    """How many of 500 requests of 2 ms the gate lets in, once it has learnt how long they take."""

    async def steps():
        gate = Gate(budget_s)
        filled(gate, 64, busy(clock, 0.002))
        await turns(gate)
        return filled(gate, 500, busy(clock, 0)), gate.service_s

    return run(steps)


def test_a_queue_is_as_long_as_the_budget_allows(clock):
    let_in, service_s = slow_gate(clock, 0.2)
    assert service_s > 0.0015
    assert 16 <= let_in <= 0.2 / service_s + 1


def test_without_a_budget_the_queue_has_no_end(clock):
    assert slow_gate(clock, 0)[0] == 500


def test_a_pause_of_the_process_does_not_close_the_gate(clock):
    async def steps():
        gate = Gate(0.01)
        for _ in range(5):
            for _ in range(16):
                gate.enter(busy(clock, 0.005), list, under_way=100)
            await turns(gate)
        return filled(gate, 500, busy(clock, 0))

    assert run(steps) >= 16


def test_refusals_are_counted_at_once_and_sent_later_in_order():
    async def steps():
        counted, sent = [], asyncio.Queue()
        gate = Gate(0.01, lambda: counted.append(1), delay_s=0.01)
        began_s = time.monotonic()
        for number in range(3):
            gate.shed(lambda number=number: sent.put_nowait(number))
        before = sent.qsize()
        numbers = [await sent.get() for _ in range(3)]
        return len(counted), before, numbers, time.monotonic() - began_s

    counted, before, numbers, took_s = run(steps)
    assert (counted, before, numbers) == (3, 0, [0, 1, 2])
    assert took_s >= 0.009


def test_the_refusal_is_a_whole_answer_in_the_one_shape_of_errors():
    head, body = REFUSAL.split(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 503 Service Unavailable"
    headers = dict(line.split(b": ") for line in lines[1:])
    assert headers[b"content-type"] == b"application/problem+json"
    assert int(headers[b"content-length"]) == len(body)
    assert headers[b"retry-after"] == b"1"
    assert orjson.loads(body) == OVERLOADED
    assert OVERLOADED["type"].removeprefix("/docs#") in KINDS


def test_a_whole_get_may_be_refused_unparsed():
    assert is_plain_get(GET)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GET[:-1],
        GET + b"x",
        GET + GET,
        GET.replace(b"GET", b"POST"),
        GET.replace(b"HTTP/1.1", b"HTTP/1.0"),
        GET.replace(b"/v1/a?k=2", b"/health/ready"),
        GET.replace(b"/v1/a?k=2", b"/metrics"),
        GET.replace(b"Accept: */*", b"Content-Length: 2"),
        GET.replace(b"Accept: */*", b"a: b\ncontent-LENGTH: 2"),
        GET.replace(b"Accept: */*", b"Transfer-Encoding: chunked"),
        GET.replace(b"Accept: */*", b"Connection: keep-alive, close"),
        GET.replace(b"Accept: */*", b"Upgrade: websocket"),
        GET.replace(b"Accept: */*", b"Expect: 100-continue"),
        GET.replace(b"Accept: */*", b"Origin: http://a"),
        GET.replace(b"Accept: */*", b"a: " + b"b" * 5000),
    ],
)
def test_anything_else_is_parsed_first(data):
    assert not is_plain_get(data)

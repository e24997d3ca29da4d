"""Each request leaves one line, also one that broke off."""

import asyncio
import json
import threading
from datetime import datetime

import pytest

from scrapers.replica.request_log import LoggedApp, RequestLog


async def _answer(scope, receive, send):
    if scope["path"] == "/broken":
        raise RuntimeError
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _ignore(message):
    pass


def _ask(log, path, query=b"", headers=()):
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
             "query_string": query, "headers": headers}  # fmt: skip
    asyncio.run(LoggedApp(_answer, log)(scope, _ignore, _ignore))


def _lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_holds_what_was_asked_and_answered(tmp_path):
    log = RequestLog(tmp_path / "new" / "log.jsonl")
    _ask(log, "/a%20b", b"x=1", [(b"user-agent", b"Likewise")])
    _ask(log, "/plain")
    log.close()
    first, second = _lines(tmp_path / "new" / "log.jsonl")
    asked = [first[name] for name in ("method", "path", "status", "user_agent")]
    assert asked == ["GET", "/a%20b?x=1", 418, "Likewise"]
    assert (second["path"], second["user_agent"]) == ("/plain", None)
    assert first["started_s"] <= second["started_s"]
    assert datetime.fromisoformat(first["started_at"]).utcoffset().total_seconds() == 0
    assert first["duration_s"] >= 0


def test_a_request_that_breaks_off_is_logged_without_a_status(tmp_path):
    log = RequestLog(tmp_path / "log.jsonl")
    with pytest.raises(RuntimeError):
        _ask(log, "/broken")
    log.close()
    assert [line["status"] for line in _lines(tmp_path / "log.jsonl")] == [None]


def test_lines_are_flushed_without_being_told(tmp_path, monkeypatch):
    monkeypatch.setattr("scrapers.replica.request_log._FLUSH_INTERVAL_S", 0.01)
    path = tmp_path / "log.jsonl"
    log = RequestLog(path)
    _ask(log, "/")
    deadline = threading.Event()
    seen = any(path.stat().st_size or deadline.wait(0.01) for _ in range(6_000))
    log.close()
    assert seen


def test_lines_are_appended_and_closing_twice_is_harmless(tmp_path):
    for _ in range(2):
        log = RequestLog(tmp_path / "log.jsonl")
        _ask(log, "/")
        log.close()
        log.close()
    assert len(_lines(tmp_path / "log.jsonl")) == 2

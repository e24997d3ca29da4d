"""A tiny world, its stand-in as a process, a server that misbehaves, and real crawls."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest
from dagster_pipes import encode_param

from tests.services import answering

ROOT = Path(__file__).parents[2]
FIRST_LIKE = datetime(2026, 1, 1, tzinfo=UTC)
N_ITEMS, N_USERS = 30, 60


@pytest.fixture(scope="session")
def tiny_world(tmp_path_factory):
    """30 items of 60 to 2 likes; handles and ids that need escaping, times on every other like."""
    folder = tmp_path_factory.mktemp("world") / "tiny"
    folder.mkdir()
    ids = [f"m{n:02}" for n in range(N_ITEMS)]
    ids[1], ids[2] = "odd/id?x=1", "0123456789abcdef0123456789abcdef"
    likes = [
        (f"fan/{user}", ids[item], FIRST_LIKE + timedelta(minutes=user) if user % 2 else None)
        for item in range(N_ITEMS)
        for user in range(N_USERS - 2 * item)
    ]
    pl.DataFrame(
        likes,
        schema={
            "user_handle": pl.String,
            "item_id": pl.String,
            "liked_at": pl.Datetime("us", "UTC"),
        },
        orient="row",
    ).write_parquet(folder / "likes.parquet")
    pl.DataFrame(
        {
            "item_id": ids,
            "title": [f'Model {n} | "q" <b>\u202e\u00e9' for n in range(N_ITEMS)],
            "creator": ["Ann Lee" if n % 2 else None for n in range(N_ITEMS)],
            "tags": [["red", f"tag {n}"] for n in range(N_ITEMS)],
            "categories": [["Cars"] for _ in range(N_ITEMS)],
            "license": ["CC0"] * N_ITEMS,
            "published_at": [FIRST_LIKE] * N_ITEMS,
        },
        schema_overrides={"published_at": pl.Datetime("us", "UTC")},
    ).write_parquet(folder / "items.parquet")
    return folder


@pytest.fixture(scope="session")
def replica(tiny_world):
    """Root of the stand-in that serves the tiny world."""
    command = [sys.executable, "-m", "scrapers.replica", "sketchfab"]
    command += ["--world", str(tiny_world), "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait(60)
    process.stdout.close()


@pytest.fixture
def serve():
    """Function that starts a server: `answer(path)` gives (status, headers, body) or hangs."""

    @contextmanager
    def serving(answer):
        asked = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                asked.append(self.path)
                status, headers, body = answer(self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                """A client that was stopped in mid-answer is what some tests are about."""

        with answering(Server(("127.0.0.1", 0), Handler)) as url:
            yield url, asked

    return serving


class Crawls:
    """Runs ``scrapy crawl sketchfab`` as a process of its own, on a data folder of the test."""

    def __init__(self, data):
        self.data = data

    def start(self, prelude="", options=(), profile="fast", **arguments):
        """A crawl under way; `prelude` is Python that runs before it."""
        code = f"{prelude}\nimport sys; from scrapy.cmdline import execute; execute(sys.argv)"
        pairs = [f"{name}={value}" for name, value in arguments.items()]
        command = [sys.executable, "-c", code, "crawl", "sketchfab", *options]
        for pair in pairs:
            command += ["-a", pair]
        environment = {**os.environ, "LIKEWISE_DATA": str(self.data), "LIKEWISE_PROFILE": profile}
        environment.pop("LIKEWISE_CONTACT", None)
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
        )

    def run(self, **keywords):
        """Exit status and log of a crawl."""
        process = self.start(**keywords)
        try:
            _, log = process.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            _, log = process.communicate()
            pytest.fail(f"the crawl did not end:\n{log}")
        return process.returncode, log

    def folder(self, table, run_id="r1"):
        """Folder of a raw table."""
        return self.data / "raw" / "sketchfab" / table / run_id

    def rows(self, table, run_id="r1"):
        """Landed rows of a table."""
        return pl.read_parquet(self.folder(table, run_id) / "part-*.parquet")


@pytest.fixture
def pipes(tmp_path, monkeypatch):
    """Plays Dagster: context and messages as files; gives the messages so far."""
    context, messages = tmp_path / "context.json", tmp_path / "messages.jsonl"
    names = (
        "code_version_by_asset_key", "provenance_by_asset_key", "partition_key",
        "partition_key_range", "partition_time_window", "job_name",
    )  # fmt: skip
    data = dict.fromkeys(names) | {"asset_keys": ["demo/raw"], "run_id": "run", "extras": {}}
    context.write_text(json.dumps(data | {"retry_number": 0}))
    messages.touch()
    monkeypatch.setenv("DAGSTER_PIPES_CONTEXT", encode_param({"path": str(context)}))
    monkeypatch.setenv("DAGSTER_PIPES_MESSAGES", encode_param({"path": str(messages)}))
    return lambda: [json.loads(line) for line in messages.read_text().splitlines()]


@pytest.fixture
def crawls(tmp_path):
    return Crawls(tmp_path / "data")

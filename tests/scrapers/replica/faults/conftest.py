"""A stand-in with faults, asked without a socket, or over a real one."""

import asyncio
import threading
from contextlib import contextmanager
from functools import partial
from urllib.parse import quote

import httpx
import pytest

from scrapers.replica.assembling import assemble, scheme_of
from scrapers.replica.faults.registry import named
from scrapers.replica.faults.serving import faulty_server, serve
from scrapers.replica.server import listen, url_of
from scrapers.replica.sketchfab.app import create_app
from scrapers.replica.sketchfab.asked import Asked, Kind
from scrapers.replica.sketchfab.cursor import encode_cursor
from scrapers.replica.world import read_frames

BASE_URL = "http://127.0.0.1:9"


def ask(url, **options):
    """What a site on a socket answers, which a busy machine may take its time for."""
    return httpx.get(url, timeout=60, **options)


class Site:
    """A stand-in with faults; its clock stands still until it is told."""

    def __init__(self, frames, names, seed):
        create = partial(create_app, base_url=BASE_URL)
        self.app, self.run = assemble(frames, create, faults=named(names), seed=seed)
        self.clock = 1_000_000.0
        self.run.manners.now = lambda: self.clock
        self.world = self.run.served.world

    def get(self, path, method="GET"):
        async def ask():
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
                return await client.request(method, path)

        return asyncio.run(ask())

    def pages(self, kind):
        """Every page of a kind that a reader by 20 or 24 rows would ask for."""
        n_items, n_users = len(self.world.items), len(self.world.users)
        if kind in (Kind.GRID, Kind.GRID_PAGE, Kind.LISTING):
            return [Asked(kind, "", first) for first in range(0, n_items, 24)]
        if kind is Kind.DIRECTORY:
            return [Asked(kind, "", first) for first in range(0, n_users, 24)]
        if kind is Kind.USER_LIKES:
            count = self.world.likes_of_user.count
            return [
                Asked(kind, user, first)
                for idx, user in enumerate(self.world.users)
                for first in range(0, max(1, count(idx)), 24)
            ]
        if kind is Kind.MODEL:
            return [Asked(kind, item.item_id, 0) for item in self.world.items]
        return [
            Asked(kind, item.item_id, first)
            for item in self.world.items
            for first in range(0, max(1, item.like_count - 4), 20)
        ]

    def struck(self, kind):
        """Pages of a kind that the only fault strikes."""
        (fault,) = self.run.faults
        return [asked for asked in self.pages(kind) if self.run.strikes(fault, asked)]

    @property
    def played(self):
        return self.get("/_truth/faults").json()


def path_of(asked):
    """Path and query that ask for a page."""
    subject = quote(asked.subject, safe="")
    cursor = encode_cursor(asked.position) if asked.position else ""
    return {
        Kind.GRID: f"/i/search?type=models&page={1 + asked.position // 24}",
        Kind.GRID_PAGE: f"/models?sort_by=-likeCount&page={1 + asked.position // 24}",
        Kind.LISTING: f"/v3/models?sort_by=-likeCount&count=24&cursor={cursor}",
        Kind.DIRECTORY: f"/v3/search?type=users&count=24&cursor={cursor}",
        Kind.ITEM_LIKES: f"/i/likes?model={subject}&count=24&offset={asked.position}",
        Kind.USER_LIKES: f"/v3/users/{subject}/likes?count=24&cursor={cursor}",
        Kind.MODEL: f"/i/models/{subject}",
        Kind.ROBOTS: "/robots.txt",
        Kind.SCRIPT: "/static/grid.js",
    }[asked.kind]


@pytest.fixture(scope="session")
def tiny_frames(tiny_world):
    return read_frames(tiny_world)


@pytest.fixture
def site(tiny_frames):
    """Function that opens a stand-in of the tiny world with some faults."""
    return lambda names="", seed=1: Site(tiny_frames, names, seed)


@pytest.fixture
def served(tiny_frames):
    """Context manager that serves the tiny world with faults on a socket: url and run."""

    @contextmanager
    def serving(names, seed=1):
        faults = named(names)
        listener = listen("127.0.0.1", 0)
        url = url_of(listener, scheme_of(faults))
        create = partial(create_app, base_url=url)
        app, run = assemble(tiny_frames, create, faults=faults, seed=seed)
        server = faulty_server(app, run)
        thread = threading.Thread(target=asyncio.run, args=(serve(server, listener, run),))
        thread.start()
        try:
            yield url, run
        finally:
            server.should_exit = True
            thread.join()

    return serving

"""A data folder with one published site, and a client on the application, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from pipeline import pointer
from pipeline.snapshot import BuiltSnapshot, build
from pipeline.tables import SCHEMA_VERSION
from serving.app import create_app
from serving.catalog import Catalog
from serving.settings import ServingSettings
from serving.thumbs import decoding, keeper
from serving.thumbs.fetching import fetched
from tests.factories import MODELS, NOW, SITE, SmallSite

ODD_IDS = ("a/b", "x/similar", "100%", "%2F", "🙂 é", "?k=1#x", "..", "a+b&c=d", '"<script>"', "*")
RARELY_S = 3600
LONG_S = 60.0
"""Seconds that nothing takes, however slow the machine is."""


@dataclass(frozen=True)
class OddSite(SmallSite):
    """The small site with item ids that a careless url would break."""

    @property
    def item_ids(self) -> list[str]:
        plain = [f"item-{n:03d}" for n in range(40 - len(ODD_IDS))]
        return sorted((*plain, *ODD_IDS))


@dataclass
class Client:
    """Asks the application on a loop of its own; snapshots change on `refresh` alone."""

    app: FastAPI
    runner: asyncio.Runner

    @property
    def catalog(self) -> Catalog:
        return self.app.state.catalog

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(coroutine)

    def refresh(self) -> None:
        self.run(self.catalog.refresh())

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with connect(self.app) as client:
                return await client.request(method, path, **more)

        return self.run(ask())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)


def connect(app: FastAPI) -> httpx.AsyncClient:
    """Client of an application in this process; what it raises is raised here."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://likewise")


@contextmanager
def serving(data: Path, **settings: Any) -> Iterator[Client]:
    """Client of an application on a data folder; its lifespan is the block."""
    chosen = {"poll_s": RARELY_S, "load_apart": False, "user_routes": True, **settings}
    app = create_app(ServingSettings(data=data, **chosen))
    with asyncio.Runner() as runner:
        lifespan = app.router.lifespan_context(app)
        runner.run(lifespan.__aenter__())
        try:
            yield Client(app, runner)
        finally:
            runner.run(lifespan.__aexit__(None, None, None))


def publish(
    data: Path, built: BuiltSnapshot, *, site: str = SITE, version: int = SCHEMA_VERSION
) -> pointer.Pointer:
    """Point at a snapshot, as publishing does once it has checked what serving must check too."""
    published = pointer.Pointer(built.snapshot_id, built.sha256, version, NOW.isoformat())
    pointer.write_pointer(data, site, published)
    return published


@pytest.fixture(scope="session")
def odd_snapshot(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BuiltSnapshot]:
    data = tmp_path_factory.mktemp("odd")
    return data, build(data, SITE, OddSite().contents(), now=NOW)


@pytest.fixture(scope="session")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[BuiltSnapshot]]:
    """Three snapshots of other likes in one data folder, none of them published."""
    data = tmp_path_factory.mktemp("three")
    return data, [
        build(data, SITE, SmallSite(seed).contents(), now=NOW.replace(hour=seed))
        for seed in range(3)
    ]


@pytest.fixture
def data(tmp_path: Path, snapshots: tuple[Path, list[BuiltSnapshot]]) -> Path:
    """Folder with the three snapshots, linked; the first is published."""
    _, built = snapshots
    folder = pointer.site_folder(tmp_path, SITE)
    folder.mkdir(parents=True)
    for snapshot in built:
        (folder / snapshot.path.name).hardlink_to(snapshot.path)
    publish(tmp_path, built[0])
    return tmp_path


@pytest.fixture
def built(snapshots: tuple[Path, list[BuiltSnapshot]]) -> list[BuiltSnapshot]:
    return snapshots[1]


@pytest.fixture(scope="session")
def client(odd_snapshot: tuple[Path, BuiltSnapshot]) -> Iterator[Client]:
    """Client of the site with odd ids, for tests that only ask."""
    data, built = odd_snapshot
    publish(data, built)
    with serving(data) as client:
        yield client


@pytest.fixture(scope="session")
def odd_site() -> OddSite:
    return OddSite()


@pytest.fixture(scope="session")
def serve() -> Callable[..., Any]:
    """`serving`, for tests that bring their own data folder."""
    return serving


@pytest.fixture(scope="session")
def put() -> Callable[..., pointer.Pointer]:
    """`publish`, for tests that change what is published."""
    return publish


@pytest.fixture
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine too, no picture is one that takes too long to fetch or to make."""
    monkeypatch.setattr(decoding, "_LONGEST_S", LONG_S)
    monkeypatch.setattr(keeper, "fetched", partial(fetched, longest_s=LONG_S))
    monkeypatch.setattr(keeper, "_PATIENCE_S", LONG_S)


__all__ = ["LONG_S", "MODELS", "ODD_IDS"]

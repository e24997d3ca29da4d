"""A planted world and a client that talks to its stand-in without a socket."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import polars as pl
import pytest
from PIL import Image

from scrapers.replica.sketchfab.app import create_app
from scrapers.replica.world import World, read_world

BASE_URL = "http://127.0.0.1:9"
HOSTILE_TITLE = '"><script>alert(1)</script> & --> | {x}'
FIRST_LIKE = datetime(2026, 1, 1, tzinfo=UTC)

ITEMS = [
    {"item_id": "top", "title": "Top", "creator": "Ann Lee", "tags": ["red", "Tall tree"],
     "categories": ["Plants"], "license": "Public Domain", "published_at": FIRST_LIKE},
    {"item_id": "a-b-1", "title": "a", "creator": "Ann Lee", "tags": ["red"],
     "categories": ["Cars"]},
    {"item_id": "hostile", "title": HOSTILE_TITLE, "creator": "<i>Eve</i>", "tags": ["<tag>"]},
    {"item_id": "a/b?c", "title": "Odd id"},
    {"item_id": "cold", "title": "Nobody's", "published_at": FIRST_LIKE + timedelta(days=9)},
    *({"item_id": f"n{i:02}", "title": f"Number {i}"} for i in range(45)),
]  # fmt: skip
ITEM_COLUMNS = {
    "item_id": pl.String, "title": pl.String, "creator": pl.String,
    "tags": pl.List(pl.String), "categories": pl.List(pl.String),
    "license": pl.String, "published_at": pl.Datetime("us", "UTC"),
}  # fmt: skip


def planted_likes() -> list[tuple[str, str, datetime | None]]:
    """53 people like ``top``; ``user/0`` likes 48 more; the last two likes have no time."""
    likes = [(f"user/{u}", "top", FIRST_LIKE + timedelta(hours=u % 50, microseconds=u))
             for u in range(53)]  # fmt: skip
    others = [item["item_id"] for item in ITEMS if item["item_id"] not in ("top", "cold")]
    likes += [("user/0", item, FIRST_LIKE + timedelta(days=n)) for n, item in enumerate(others)]
    return [*likes, ("user/1", "unlisted", None), ("user/0", "unlisted", None)]


@pytest.fixture
def write_world(tmp_path: Path) -> Callable[..., Path]:
    def write(likes: pl.DataFrame | None = None, items: pl.DataFrame | None = None) -> Path:
        folder = tmp_path / "planted"
        (folder / "thumbnails").mkdir(parents=True, exist_ok=True)
        if likes is None:
            columns = ["user_handle", "item_id", "liked_at"]
            likes = pl.DataFrame(planted_likes(), columns, orient="row")
        if items is None:
            items = pl.DataFrame(ITEMS, schema=ITEM_COLUMNS)
        likes.write_parquet(folder / "likes.parquet")
        items.write_parquet(folder / "items.parquet")
        Image.new("RGB", (320, 200), (200, 30, 30)).save(folder / "thumbnails" / "top.webp")
        return folder

    return write


@pytest.fixture
def world(write_world: Callable[..., Path]) -> World:
    return read_world(write_world())


class Client:
    """Answers of an app, without a server."""

    def __init__(self, app):
        self._transport = httpx.ASGITransport(app)

    def get(self, url: str, method: str = "GET", **options) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url=BASE_URL) as client:
                return await client.request(method, url, **options)

        return asyncio.run(ask())


@pytest.fixture
def open_client() -> Callable[[World], Client]:
    return lambda world: Client(create_app(world, BASE_URL))


@pytest.fixture
def client(open_client: Callable[[World], Client], world: World) -> Client:
    return open_client(world)

"""One snapshot of the demo world and one service for all tests here, a browser for each module.

Playwright's loop runs in the thread of the tests: a browser for all of them would be in the way
of other tests with loops of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.website.kinds import answer
from tests.end_to_end.website.published import publish_demo
from tests.end_to_end.website.running import chromium, service, stand_in
from tests.end_to_end.website.validating import sample
from tests.end_to_end.website.watching import watched


@dataclass(frozen=True)
class Demo:
    """A data folder, where its pictures are, the service on it, and ids to ask for."""

    data: Path
    url: str
    pictures_url: str
    item_id: str
    cold_id: str
    user_id: str


@pytest.fixture(scope="session")
def pictures_url() -> Iterator[str]:
    with stand_in() as url:
        yield url


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, pictures_url: str) -> Path:
    folder = tmp_path_factory.mktemp("website")
    publish_demo(folder, pictures_url)
    return folder


@pytest.fixture(scope="session")
def demo(data: Path, pictures_url: str) -> Iterator[Demo]:
    with service(data) as url:
        first = answer(url, "/popular?k=1")["items"][0]["item_id"]
        yield Demo(data, url, pictures_url, first, **sample(data))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture
def visit(browser: Any, demo: Demo) -> Iterator[Callable[..., Any]]:
    """Opens a page of a context of its own; options are the context's; closed with the test."""
    opened = []

    def open_page(url: str = demo.url, **options: Any) -> Any:
        block = watched(browser, url, demo.pictures_url, **options)
        opened.append(block)
        return block.__enter__()

    yield open_page
    for block in reversed(opened):
        block.__exit__(None, None, None)

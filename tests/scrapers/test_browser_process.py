import asyncio
import subprocess
import sys
from types import SimpleNamespace

import pytest
from playwright.async_api import Error as BrowserError
from scrapy_playwright.provider import PlaywrightBrowserProvider

from scrapers.browser_process import MarkedBrowserProvider

TREE = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
input()
"""


def provider(**options):
    return MarkedBrowserProvider(SimpleNamespace(launch_options={"args": [], **options}))


@pytest.fixture
def launches(monkeypatch):
    """Launches of browsers; the errors in the list come first."""
    errors, seen = [], []

    async def launch(self):
        options = self.config.launch_options
        seen.append((tuple(options["args"]), options.get("chromium_sandbox")))
        if errors:
            raise errors.pop(0)
        return "browser"

    monkeypatch.setattr(PlaywrightBrowserProvider, "launch_browser", launch)
    return errors, seen


def test_browser_bears_one_mark_however_often_it_is_launched(launches):
    _, seen = launches
    made = provider()
    for _ in range(2):
        asyncio.run(made.launch_browser())
    (first, _), (second, _) = seen
    assert first == second
    assert len([flag for flag in first if flag.startswith("--likewise-crawl=")]) == 1
    assert provider()._mark != made._mark


def test_browser_runs_without_sandbox_only_where_there_is_none(launches):
    errors, seen = launches
    errors.append(BrowserError("[err] No usable sandbox! Update your kernel"))
    assert asyncio.run(provider(chromium_sandbox=True).launch_browser()) == "browser"
    assert [sandbox for _, sandbox in seen] == [True, False]
    errors.append(BrowserError("something else"))
    with pytest.raises(BrowserError, match="something else"):
        asyncio.run(provider(chromium_sandbox=True).launch_browser())


def test_what_bears_the_mark_is_ended_with_its_children_and_nothing_else():
    made, other = provider(), provider()
    process = subprocess.Popen(
        [sys.executable, "-c", TREE, made._mark],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        child = int(process.stdout.readline())
        assert set(made.pids()) == {process.pid, child}
        assert other.kill() == 0
        assert process.poll() is None
        assert made.kill() == 2
        assert process.wait(60) == -9

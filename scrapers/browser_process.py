"""The browser's process: started with a mark of its own, so that it can be ended when it hangs."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import subprocess
from collections import defaultdict
from contextlib import suppress
from typing import Final

from playwright.async_api import Browser
from playwright.async_api import Error as BrowserError
from scrapy_playwright.handler import Config
from scrapy_playwright.provider import PlaywrightBrowserProvider

__all__ = ["MarkedBrowserProvider"]

_NO_SANDBOX: Final = "No usable sandbox"  # what Chromium says where the system allows none
_PS_TIMEOUT_S: Final = 5.0

_log = logging.getLogger(__name__)


class MarkedBrowserProvider(PlaywrightBrowserProvider):  # type: ignore[misc]  # untyped
    """Launches browsers whose command lines carry a mark that no other process has."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._mark = f"--likewise-crawl={secrets.token_hex(8)}"

    async def launch_browser(self) -> Browser:
        """A browser, in its sandbox where the system has one to give."""
        options = self.config.launch_options
        options["args"] = [*(flag for flag in options["args"] if flag != self._mark), self._mark]
        browser: Browser
        try:
            browser = await super().launch_browser()
        except BrowserError as err:
            if _NO_SANDBOX not in str(err) or not options.get("chromium_sandbox"):
                raise
            _log.warning("this system gives ordinary users no sandbox: Chromium runs without")
            options["chromium_sandbox"] = False
            browser = await super().launch_browser()
        return browser

    def kill(self) -> int:
        """End the browser that was launched, and all that belong to it, at once: how many."""
        pids = self.pids()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(pids)

    def pids(self) -> list[int]:
        """Processes of the browser that was launched: what bears the mark, and its descendants."""
        command = ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="]
        try:
            listed = subprocess.run(
                command, capture_output=True, text=True, timeout=_PS_TIMEOUT_S, check=True
            )
        except (OSError, subprocess.SubprocessError):
            _log.exception("the browser's processes could not be found")
            return []
        children: defaultdict[int, list[int]] = defaultdict(list)
        found: list[int] = []
        for line in listed.stdout.splitlines():
            pid, parent, *arguments = line.split()
            children[int(parent)].append(int(pid))
            if self._mark in arguments:
                found.append(int(pid))
        for known in found:  # grows as it goes
            found += [child for child in children[known] if child not in found]
        return found

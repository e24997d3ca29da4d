"""The browser of catalogue crawls: found, or installed by one of two ways.

``python -m scrapers.chromium`` finds or installs one and shows that it renders a page.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

__all__ = [
    "FLAGS",
    "find_chromium",
    "install_chromium",
    "installed_chromium",
    "is_sandboxed",
    "launch_flags",
    "renders",
]

FLAGS: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_NO_NETWORK: Final = (  # not even loopback, which Chromium would reach without a proxy
    "--proxy-server=http://no.network.invalid:1",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
_NO_PICTURES: Final = "--blink-settings=imagesEnabled=false"  # refusing each costs more
_NO_SANDBOX: Final = "--no-sandbox"  # Chromium starts as root no other way
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PAGE: Final = "data:text/html,<p>likewise</p>"
_INSTALL_TIMEOUT_S: Final = 600
_REMEDY: Final = (
    "no Chromium could be found or installed; install one (Debian: apt-get install chromium; "
    "macOS: brew install --cask chromium) or name one in CHROMIUM_PATH"
)


def is_sandboxed() -> bool:
    """Whether this process may start a browser in its sandbox: any user but root."""
    return not hasattr(os, "geteuid") or os.geteuid() != 0


def launch_flags() -> tuple[str, ...]:
    """Flags of a crawl's browser, which has no network of its own."""
    return (*FLAGS, *_NO_NETWORK, _NO_PICTURES)


def find_chromium(environment: Mapping[str, str] = os.environ) -> str | None:
    """Path of a Chromium: ``CHROMIUM_PATH``, else one on PATH, else Playwright's own.

    None where there is none.
    """
    return installed_chromium(environment) or _playwrights_own()


def installed_chromium(environment: Mapping[str, str] = os.environ) -> str | None:
    """Path of a Chromium that is not Playwright's own, which a crawl finds by itself."""
    named = environment.get("CHROMIUM_PATH")
    return named or next(filter(None, map(shutil.which, _NAMES)), None)


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  starts a driver process

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def renders(path: str) -> bool:
    """Whether the browser starts headless and renders a page, sandboxed where that can be."""
    ways = ((), (_NO_SANDBOX,)) if is_sandboxed() else ((_NO_SANDBOX,),)
    return any(_renders([path, "--headless", *FLAGS, *way, "--dump-dom", _PAGE]) for way in ways)


def _renders(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "likewise" in done.stdout


def install_chromium() -> str | None:
    """Path of a Chromium installed by Playwright's download, else by Debian's packages.

    None where neither gave one that renders.
    """
    for commands in _ways():
        if all(_succeeds(command) for command in commands):
            path = find_chromium()
            if path and renders(path):
                return path
    return None


def _ways() -> Iterator[Sequence[Sequence[str]]]:
    yield [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get"):
        leave = [] if os.geteuid() == 0 else ["sudo", "-n"]
        yield [
            [*leave, "apt-get", "update", "-qq"],
            [*leave, "apt-get", "install", "-qq", "--yes", "chromium"],
        ]


def _succeeds(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            timeout=_INSTALL_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def main() -> int:
    """Exit status 0 once a Chromium renders a page, 1 with the remedy where none can be had."""
    path = find_chromium()
    if path is None or not renders(path):
        path = install_chromium()
    if path is None:
        sys.stderr.write(f"chromium: {_REMEDY}\n")
        return 1
    sys.stdout.write(f"chromium: {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

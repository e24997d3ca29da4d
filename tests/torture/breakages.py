"""Crawls whose browser dies or hangs, whose disk is full, whose folder may not be written."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.torture.crawling import Ended
from tests.torture.kills import Killed, Reference, go_on, slowed
from tests.torture.lines import BROWSER, Line
from tests.torture.preludes import small_files
from tests.torture.processes import children

__all__ = ["SIGNALS", "can_mount", "fill_disk", "hurt_browser", "limit_files", "lock_folder"]

SIGNALS = {
    "the browser is killed": ("--headless", signal.SIGKILL),
    "a page's process is killed": ("--type=renderer", signal.SIGKILL),
    "the browser hangs": ("--headless", signal.SIGSTOP),
}
LOOK_S = 0.02
APPEARS_S = 30.0
TOLD = ("cannot write", "cannot be written", "its disk")
"""What a crawl says that its disk stops, one of them."""
KIB = 1024


def hurt_browser(
    reference: Reference, folder: Path, seed: int, names: Sequence[str] = tuple(SIGNALS)
) -> Iterator[Killed]:
    """Catalogues whose browser is killed or stopped once, each by one crawl without a restart."""
    dice = random.Random(seed)
    for name in names:
        mark, number = SIGNALS[name]
        data = folder / name.replace(" ", "-")
        crawl = slowed(BROWSER, data).start(reference.url, **BROWSER.asked)
        victim = _appears(crawl.pid, mark)
        crawl.wait(dice.uniform(0.3, 1.5))
        os.kill(victim, number)
        yield reference.judge(BROWSER, data, name, 1, crawl.end())


def limit_files(
    reference: Reference, folder: Path, lines: Sequence[Line], sizes: Sequence[int]
) -> Iterator[Killed]:
    """Crawls of which no file may be longer, as on a disk that is full; then they may."""
    for line in lines:
        for size in sizes:
            data = reference.folder(folder / f"{line.name}-{size}", line)
            crawler = slowed(line, data)
            failed = crawler.run(reference.url, prelude=small_files(size), **line.asked)
            if failed.code == 0:
                continue
            _expect_told(failed)
            ended = go_on(crawler, reference.url, line)
            yield reference.judge(line, data, f"files of {size} bytes at most", 1, ended)


def fill_disk(
    reference: Reference, folder: Path, lines: Sequence[Line], sizes_kib: Sequence[int]
) -> Iterator[Killed]:
    """Crawls on a disk that is too small, which then grows."""
    for line in lines:
        for size in sizes_kib:
            data = folder / f"{line.name}-{size}"
            data.mkdir(parents=True)
            with _mounted(data, f"size={64 * KIB}k"):
                data = reference.folder(data / "data", line)
                _remount(data.parent, f"size={_used_kib(data) + size}k")
                crawler = slowed(line, data)
                failed = crawler.run(reference.url, **line.asked)
                if failed.code == 0:
                    continue
                _expect_told(failed)
                _remount(data.parent, f"size={64 * KIB}k")
                ended = go_on(crawler, reference.url, line)
                yield reference.judge(line, data, f"disk with {size} KiB left", 1, ended)


def lock_folder(reference: Reference, folder: Path, line: Line) -> Killed:
    """A crawl that may not write, which says so and begins once it may."""
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        if can_mount():
            stack.enter_context(_mounted(folder, f"size={64 * KIB}k"))
        data = reference.folder(folder / "data", line)
        crawler = slowed(line, data)
        _lock(folder, data)
        failed = crawler.run(reference.url, **line.asked)
        _unlock(folder, data)
        _expect_told(failed)
        ended = go_on(crawler, reference.url, line)
        return reference.judge(line, data, "read-only folder", 1, ended)


def can_mount() -> bool:
    """Whether this process may make a disk of its own."""
    if os.geteuid() != 0:
        return False
    words = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _appears(pid: int, mark: str) -> int:
    """The first descendant with a mark in its command line."""
    until = time.monotonic() + APPEARS_S
    while time.monotonic() < until:
        for child, words in children(pid):
            if mark in words and ("--type=" in mark or "--type=" not in words):
                return child
        time.sleep(LOOK_S)
    raise RuntimeError(f"no process with {mark} has appeared")


@contextmanager
def _mounted(folder: Path, options: str) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def _remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def _lock(folder: Path, data: Path) -> None:
    if os.geteuid() == 0:  # for whom modes mean nothing
        _remount(folder, "ro")
        return
    for path in [data, *data.rglob("*")]:
        path.chmod(0o500 if path.is_dir() else 0o400)


def _unlock(folder: Path, data: Path) -> None:
    if os.geteuid() == 0:
        _remount(folder, "rw")
        return
    data.chmod(0o700)
    for path in [*data.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)


def _used_kib(folder: Path) -> int:
    return sum(path.stat().st_size // KIB + 4 for path in folder.rglob("*"))


def _expect_told(failed: Ended) -> None:
    if failed.code != 1 or not any(words in failed.log for words in TOLD):
        raise RuntimeError(f"exit {failed.code}, and not a word on the disk:\n{failed.log}")

"""A real PostgreSQL server for tests: a cluster of its own in a temp folder, on a unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

ROLE = "likewise"
PLACES = ("/usr/local/bin", "/usr/lib/postgresql/*/bin")
READY = "ready to accept connections"
PATIENCE_S = 60.0


def programs() -> Path | None:
    """Folder of ``postgres`` and ``initdb``, the newest of several; None where there is none."""
    on_path = shutil.which("postgres")
    found = [Path(on_path)] if on_path else []
    for place in PLACES:
        found += sorted(Path("/").glob(f"{place[1:]}/postgres"), reverse=True)
    real = [path.resolve().parent for path in found]
    return next((folder for folder in real if (folder / "initdb").exists()), None)


def other_user() -> str | None:
    """User to run the server as, which refuses to be run by root; None: as oneself."""
    if os.geteuid() != 0:
        return None
    names = {user.pw_name for user in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@contextmanager
def server() -> Iterator[str]:
    """Url of a running server's database, which nobody but us reaches.

    Raises
    ------
    RuntimeError : no server can be had, and why.
    """
    folder = programs()
    if folder is None:
        raise RuntimeError("no PostgreSQL: apt-get install postgresql")
    user = other_user()
    home = Path(tempfile.mkdtemp(prefix="likewise-pg-"))
    try:
        if user is not None:
            shutil.chown(home, user)
        _make_cluster(folder, home, user)
        with _running(folder, home, user):
            yield f"postgresql+psycopg://{ROLE}@/postgres?host={home}"
    finally:
        shutil.rmtree(home)


def _make_cluster(folder: Path, home: Path, user: str | None) -> None:
    command = [folder / "initdb", "-D", home / "data", "-U", ROLE, "--auth=trust", "--no-sync"]
    command += ["--encoding=UTF8", "--locale=C.UTF-8"]
    made = subprocess.run(command, capture_output=True, text=True, check=False, **_as(home, user))
    if made.returncode != 0:
        raise RuntimeError(f"initdb: {made.stderr}")


@contextmanager
def _running(folder: Path, home: Path, user: str | None) -> Iterator[None]:
    options = ("listen_addresses=", f"unix_socket_directories={home}", "fsync=off")
    command = [folder / "postgres", "-D", home / "data"]
    command += [word for option in options for word in ("-c", option)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **_as(home, user))
    log: list[str] = []
    ready = threading.Event()

    def read() -> None:
        for line in process.stderr or ():
            log.append(line)
            if READY in line:
                ready.set()
        ready.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        ready.wait(PATIENCE_S)
        if process.poll() is not None or not any(READY in line for line in log):
            raise RuntimeError(f"postgres: {''.join(log)}")
        yield
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: nothing is to be kept
        process.wait(PATIENCE_S)
        reader.join()
        if process.stderr:
            process.stderr.close()


def _as(home: Path, user: str | None) -> dict[str, Any]:
    options: dict[str, Any] = {"cwd": home, "env": {**os.environ, "LC_ALL": "C.UTF-8"}}
    if user is not None:
        group = pwd.getpwnam(user).pw_gid
        options |= {"user": user, "group": group, "extra_groups": []}
    return options


@contextmanager
def server_or_skip() -> Iterator[str]:
    """As `server`; where none can be had the test is skipped, and on CI it fails."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(server())
        except RuntimeError as err:
            if os.environ.get("CI") == "true":
                pytest.fail(f"on CI the shared ledger is tested: {err}")
            pytest.skip(f"the shared ledger is tested on a real server: {err}")
        yield url

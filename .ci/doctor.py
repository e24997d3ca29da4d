"""What is missing on this machine and how to get it.

Runs under any Python 3, before anything is set up: standard library only.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import stat
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("LIKEWISE_DATA") or "data")
DISK_BYTES = 4 * 2**30
MEMORY_BYTES = 2 * 2**30
LOOSE_BITS = stat.S_IRWXG | stat.S_IRWXO


def python() -> str | None:
    """Return what is wrong with the Python that set-up would take, or None."""
    for name in os.environ.get("PYTHON", "python3 python3.13 python3.12 python3.11").split():
        code = "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))"
        if shutil.which(name) and _succeeds([name, "-c", code]):
            return None
    found = platform.python_version()
    return f"Python 3.11 to 3.13 (found {found}); Debian: apt-get install python3 python3-venv"


def compiler() -> str | None:
    """Return what to do about a missing C compiler: LightFM is built from source."""
    named = os.environ.get("CC", "cc").split()[0]
    if shutil.which(named) or shutil.which("gcc") or shutil.which("clang"):
        return None
    return "a C compiler for LightFM; Debian: apt-get install gcc; macOS: xcode-select --install"


def headers() -> str | None:
    """Return what to do about missing Python headers."""
    if Path(sysconfig.get_paths()["include"], "Python.h").exists():
        return None
    return "Python.h for LightFM; Debian: apt-get install python3-dev"


def environment() -> str | None:
    """Return what to do about a missing or outdated virtual environment."""
    stamp = ROOT / ".venv" / ".likewise-setup"
    lock = ROOT / "requirements.lock"
    if stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime:
        return None
    return "an up-to-date .venv; run: make setup"


def chromium() -> str | None:
    """Return what to do about a missing browser."""
    runner = ROOT / ".venv" / "bin" / "python"
    if os.environ.get("CHROMIUM_PATH") and not Path(os.environ["CHROMIUM_PATH"]).exists():
        return "the browser that CHROMIUM_PATH names; correct it or unset it"
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    if any(map(shutil.which, names)) or os.environ.get("CHROMIUM_PATH"):
        return None
    code = "import sys; from scrapers.chromium import find_chromium as f; sys.exit(not f())"
    if runner.exists() and _succeeds([str(runner), "-c", code]):
        return None
    return "a Chromium; run: make setup (or Debian: apt-get install chromium)"


def postgresql() -> str | None:
    """Return what tests need that the rest does not, or None: a PostgreSQL to start and stop."""
    places = ("usr/local/bin/postgres", "usr/lib/postgresql/*/bin/postgres")
    if shutil.which("postgres") or any(any(Path("/").glob(place)) for place in places):
        return None
    return "tests of the shared ledger are skipped; Debian: apt-get install postgresql"


def disk() -> str | None:
    """Return what to do about too little free disk."""
    free = shutil.disk_usage(ROOT).free
    return None if free >= DISK_BYTES else f"4 GiB of free disk (found {free / 2**30:.1f})"


def memory() -> str | None:
    """Return what to do about too little memory."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None if total >= MEMORY_BYTES else f"2 GiB of memory (found {total / 2**30:.1f})"


def data_folder() -> str | None:
    """Return what to do about a data folder that cannot be written."""
    folder = DATA
    while not folder.exists():
        folder = folder.resolve().parent
    return None if os.access(folder, os.W_OK) else f"leave to write {DATA}; or set LIKEWISE_DATA"


def key() -> str | None:
    """Return what to do about a secret that others can read."""
    path = Path(os.environ.get("LIKEWISE_KEY_FILE") or DATA / "keys" / "pseudonym.key")
    if not path.exists() or not path.stat().st_mode & LOOSE_BITS:
        return None
    return f"a secret that only its owner reads; run: chmod 600 {path}"


def ports() -> str | None:
    """Return which ports are taken: the next free one serves as well."""
    wanted = {
        int(os.environ.get("LIKEWISE_PORT") or 8000): "LIKEWISE_PORT",
        int(os.environ.get("LIKEWISE_DAGSTER_PORT") or 3000): "LIKEWISE_DAGSTER_PORT",
    }
    taken = [f"{port} ({name})" for port, name in wanted.items() if _is_taken(port)]
    return f"port {', '.join(taken)} is taken: the next free one is used" if taken else None


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _succeeds(command: list[str]) -> bool:
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    return done.returncode == 0


CHECKS = (python, compiler, headers, environment, chromium, disk, memory, data_folder, key)


def main() -> int:
    """Return 0 where nothing is missing, else 1; one line a matter."""
    missing = 0
    for check in CHECKS:
        remedy = check()
        missing += remedy is not None
        name = check.__name__.replace("_", " ")
        print(f"missing  {name}: {remedy}" if remedy else f"ok       {name}")
    for check in (postgresql, ports):
        note, name = check(), check.__name__
        print(f"note     {name}: {note}" if note else f"ok       {name}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

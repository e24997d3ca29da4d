import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from pipeline import processes
from pipeline.errors import ProcessError
from pipeline.processes import Children, free_port, interruptible

PRINTS = "import time; print('ready', flush=True); time.sleep(600)"
DEAF = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); {PRINTS}"
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
DISPOSITION = """
import signal
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""
STOP_S = 5
SLOW_S = 60  # what a busy machine adds


def _start(children, tmp_path, code, *, piped=True):
    return children.start("it", [sys.executable, "-c", code], {}, tmp_path / "log", piped=piped)


def _lives(pid: int) -> bool:
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()[:1] not in {"", "Z"}


@pytest.mark.parametrize("code", [PRINTS, DEAF])
def test_leaving_the_block_ends_the_child_in_time(tmp_path, code):
    with Children() as children:
        child = _start(children, tmp_path, code)
        assert child.next_line() == "ready"
        child.check_runs()
        left_at = time.monotonic()
    assert processes._STOP_S < STOP_S
    assert time.monotonic() - left_at < STOP_S + SLOW_S
    assert child.process.returncode is not None


def test_grandchildren_end_too(tmp_path):
    with Children() as children:
        pid = int(_start(children, tmp_path, PARENT).next_line())
        assert _lives(pid)
    assert not _lives(pid)


def test_child_is_ended_when_the_block_raises(tmp_path):
    children = Children()

    def fail() -> None:
        with children:
            _start(children, tmp_path, PRINTS).next_line()
            started.extend(children.started)
            raise KeyError

    started = []
    with pytest.raises(KeyError):
        fail()
    assert started[0].process.returncode is not None


def test_child_that_fails_is_named_with_its_log(tmp_path):
    with Children() as children:
        child = _start(children, tmp_path, "import sys; sys.exit('no world')")
        with pytest.raises(ProcessError, match=r"it ended with exit code 1; see .*log"):
            child.next_line()
        with pytest.raises(ProcessError, match="exit code 1"):
            child.check_runs()
    assert "no world" in (tmp_path / "log").read_text()


def test_child_of_a_background_process_hears_ctrl_c(tmp_path):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible(), Children() as children:
            assert _start(children, tmp_path, DISPOSITION).next_line() == "True"
        with Children() as children:
            assert _start(children, tmp_path, DISPOSITION).next_line() == "False"
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_is_raised_once_and_handlers_come_back(number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interruptible():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_taken_port_gives_the_next_free_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port


def test_no_port_left_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 65535))
        taken.listen()
        with pytest.raises(ProcessError, match="65535"):
            free_port(65535)

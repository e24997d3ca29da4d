import subprocess
import sys

from pipeline.liveness import is_alive, living

HOLD = """
import sys
from pathlib import Path
from pipeline.liveness import living
with living(Path(sys.argv[1]), "run"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_run_lives_within_its_block_alone(tmp_path):
    assert not is_alive(tmp_path / "none", "run")
    with living(tmp_path, "run"):
        assert is_alive(tmp_path, "run")
        assert not is_alive(tmp_path, "another")
    assert not is_alive(tmp_path, "run")
    assert not list(tmp_path.iterdir())


def test_mark_of_a_killed_process_is_void(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        assert is_alive(tmp_path, "run")
        process.kill()
        process.wait()
    assert (tmp_path / "run").exists()
    assert not is_alive(tmp_path, "run")

import os
import subprocess
import sys

import pytest

from scrapers.claim import claim
from scrapers.errors import ArgumentError
from scrapers.plan import make_plan

LOOPBACK = {"base_url": "http://127.0.0.1:1", "catalogue": "json", "run_id": "r1"}
HELD = """
import sys
from scrapers.claim import claim
from scrapers.plan import make_plan
claim(make_plan("demo", {}, {"LIKEWISE_DATA": sys.argv[1]}))
print("held", flush=True)
sys.stdin.read()
"""


def plan_of(data, **arguments):
    return make_plan("demo", {**LOOPBACK, **arguments}, {"LIKEWISE_DATA": str(data)})


def test_run_that_another_process_crawls_is_refused_until_that_process_is_dead(tmp_path):
    code = HELD.replace("{}", repr(LOOPBACK), 1)
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(ArgumentError, match="right now"):
            claim(plan_of(tmp_path))
        os.close(claim(plan_of(tmp_path, run_id="r2")))
        other.kill()
    os.close(claim(plan_of(tmp_path)))


def test_raw_zone_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "raw").touch()
    with pytest.raises(ArgumentError, match="LIKEWISE_DATA"):
        claim(plan_of(tmp_path))

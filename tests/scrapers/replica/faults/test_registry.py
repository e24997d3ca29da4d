"""Faults are found by name, and named where a name is wrong."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scrapers.replica.errors import FaultNameError
from scrapers.replica.faults.registry import FAULTS, describe, named

NAMES = re.findall(
    r"\S+",
    """
status-429-seconds status-429-date status-429-bare status-503-retry-after status-500-once
status-500-forever status-403-midrun status-404-listed status-200-error-page
refused reset-mid-body short-content-length broken-chunk hang-before-headers hang-after-headers
one-byte-a-second bad-tls
cut-json html-for-json wrong-charset bom nan-and-huge-integers depth-100000 gzip-bomb page-500-mb
empty-200
insert delete reorder repeated-page next-loop next-null-too-early announced-count-wrong
page-size-changes
field-renamed type-changed field-gone-30-percent dom-class-changed
redirect-loop redirect-to-seen redirect-to-private robots-503 robots-turns-disallow
""",
)


def test_all_faults_have_the_names_that_were_agreed():
    assert sorted(FAULTS) == sorted(NAMES)


def test_names_are_taken_with_commas_in_any_order():
    assert [fault.name for fault in named("bom, status-500-once,,")] == ["status-500-once", "bom"]
    assert named("") == []


def test_an_unknown_name_lists_all_that_are_known():
    with pytest.raises(FaultNameError) as caught:
        named("bom,bomb,nope")
    message = str(caught.value)
    assert "no fault is called bomb, nope;" in message
    assert all(f"\n  {name}" in message for name in NAMES)


def test_help_says_what_each_fault_does_in_one_line():
    lines = describe().splitlines()
    assert len(lines) == len(NAMES)
    assert all(len(line.split(maxsplit=1)[1]) > 10 for line in lines)
    command = [sys.executable, "-m", "scrapers.replica", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert describe() in done.stdout


def test_an_unknown_fault_ends_the_command_with_2():
    command = [sys.executable, "-m", "scrapers.replica", "sketchfab", "--fault", "bomb"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no fault is called bomb" in done.stderr


def test_the_docs_have_a_row_for_each_fault():
    page = (Path(__file__).parents[4] / "docs" / "stand-in.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (.*?) \|", page, re.MULTILINE))
    assert rows == {name: fault.does for name, fault in FAULTS.items()}

"""``make bench``: measure and write docs/benchmarks.md.

``python -m tests.benchmarks --summary FILE --as NAME --command TEXT`` writes the section of a demo
run from its ``summary.json`` instead.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile

from tests.benchmarks.report import (
    ROOT,
    full_size_section,
    read_json,
    replace_section,
    summary_section,
)


def main() -> int:
    """Measure, or write down what a demo has measured; 0 when the page is written."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--summary", help="summary.json of a demo run")
    parser.add_argument("--as", dest="name", help="section of the page")
    parser.add_argument("--command", help="command that gave the summary")
    options = parser.parse_args()
    if options.summary:
        summary = read_json(ROOT / options.summary)
        replace_section(options.name, summary_section(summary, options.command))
        return 0
    replace_section("sketchfab-size", full_size_section(_measured()))
    return 0


def _measured() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.benchmarks.full_size", folder]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    sys.exit(main())

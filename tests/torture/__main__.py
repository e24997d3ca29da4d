"""``make torture``: do to crawls what can be done to them, and write docs/torture.md.

Exit 0 when nothing was lost, repeated or made up that had not to be.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.torture.report import replace_section
from tests.torture.setting import make_setting
from tests.torture.tortures import TORTURES


def main() -> int:
    """Torture, tell and write down; 1 where anything was bad."""
    options = _parser().parse_args()
    names = options.only.split(",") if options.only else list(TORTURES)
    summary, bad = {}, []
    with tempfile.TemporaryDirectory(prefix="likewise-torture-") as folder:
        setting = make_setting(Path(folder))
        for name in names:
            began = time.monotonic()
            told = TORTURES[name](setting, options.seeds)
            seconds = time.monotonic() - began
            command = f"python -m tests.torture --only {name} --seeds {options.seeds}"
            if not options.dry:
                replace_section(told, command, seconds)
            print("\n".join(["", f"{name}, {seconds:.0f} s", *told.lines, *told.bad]), flush=True)
            summary[name] = {**told.figures, "seconds": round(seconds, 1), "bad": list(told.bad)}
            bad += told.bad
    if options.summary:
        options.summary.write_text(json.dumps(summary, indent=1) + "\n")
    print(f"\n{len(bad)} bad")
    return 1 if bad else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--only", help=f"names, joined by commas, of {', '.join(TORTURES)}")
    parser.add_argument("--seeds", type=int, default=5, help="of each fault")
    parser.add_argument("--summary", type=Path, help="file for the figures as JSON")
    parser.add_argument("--dry", action="store_true", help="leave docs/torture.md as it is")
    return parser


if __name__ == "__main__":
    sys.exit(main())

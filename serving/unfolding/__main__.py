"""``python -m serving.unfolding``: unfold one snapshot; 0 when done."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from pipeline.deny import DenyList
from serving.errors import SnapshotRefusedError
from serving.unfolding.unfold import unfold


def main(arguments: Sequence[str] | None = None) -> int:
    """Unfold by the arguments path, folder, threads, megabytes; 0 when done.

    What is denied stands on standard input, as JSON.  A refusal prints its faults as a JSON list
    and gives 3.
    """
    path, folder, threads, memory_mb = sys.argv[1:] if arguments is None else arguments
    denied = orjson.loads(sys.stdin.buffer.read())
    deny = DenyList(**{name: frozenset(names) for name, names in denied.items()})
    try:
        unfold(Path(path), Path(folder), deny, threads=int(threads), memory_mb=int(memory_mb))
    except SnapshotRefusedError as err:
        sys.stdout.buffer.write(orjson.dumps(err.faults))
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())

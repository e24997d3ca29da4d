"""The API as a process of its own, for tests that stop and break it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

__all__ = ["start_service"]


def start_service(**settings: Any) -> subprocess.Popen[str]:
    """``python -m serving`` with these settings and no others."""
    kept = {name: value for name, value in os.environ.items() if "LIKEWISE" not in name}
    own = {f"LIKEWISE_{name.upper()}": str(value) for name, value in settings.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "serving"],
        env=kept | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

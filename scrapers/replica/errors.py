"""What can go wrong before a stand-in site answers.

ReplicaError
├── WorldError
├── AddressError
└── FaultNameError
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["AddressError", "FaultNameError", "ReplicaError", "WorldError"]


class ReplicaError(Exception):
    """Base of all errors of the stand-in sites."""


class WorldError(ReplicaError):
    """A folder is no world; the message names every fault that was found."""

    def __init__(self, folder: object, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        listed = "".join(f"\n  - {fault}" for fault in faults)
        super().__init__(f"{folder} is not a world that can be served:{listed}")


class AddressError(ReplicaError):
    """A stand-in cannot listen where it was told to."""


class FaultNameError(ReplicaError):
    """A stand-in cannot play a fault; the message lists all that it can."""

    def __init__(self, unknown: Iterable[str], known: Iterable[str]) -> None:
        listed = "".join(f"\n  {name}" for name in known)
        super().__init__(f"no fault is called {', '.join(unknown)}; there are:{listed}")

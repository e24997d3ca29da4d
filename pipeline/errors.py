"""Every error that the pipeline raises on purpose.

LikewiseError
├── InputError        what the caller gave is wrong: every fault at once, exit 2
│   └── DenyListError a site's deny list is not of its form
├── KeyFileError      the secret is missing, short, readable by others, or another one
├── RawZoneError      landed parts are not what their manifest says
├── DriftError        a crawl is not what its site used to give
├── CuratedZoneError  a curated table is missing or not of its declared form
├── FitError         a model's fit went astray
├── ModelFileError    a model's file is missing, damaged or of other data
├── ProcessError      a process that the pipeline started has failed
└── SnapshotError     a snapshot cannot be built, verified or published

A message has what, the value, the limit and the remedy.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "CuratedZoneError",
    "DenyListError",
    "DriftError",
    "FitError",
    "InputError",
    "KeyFileError",
    "LikewiseError",
    "ModelFileError",
    "ProcessError",
    "RawZoneError",
    "SnapshotError",
]


class LikewiseError(Exception):
    """Base of the pipeline's errors; a command that meets one exits with 1."""


class InputError(LikewiseError):
    """What the caller gave is wrong; nothing was written and a command exits with 2.

    Parameters
    ----------
    faults : every fault that was found, one sentence each, in order; at least one.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(*self.faults)

    def __str__(self) -> str:
        if len(self.faults) == 1:
            return self.faults[0]
        lines = "".join(f"\n  - {fault}" for fault in self.faults)
        return f"{len(self.faults)} faults:{lines}"


class DenyListError(InputError, ValueError):
    """A site's deny list cannot be read or is not of its form; nothing is guessed from it."""


class KeyFileError(LikewiseError):
    """The secret of the pseudonyms cannot be used."""


class RawZoneError(LikewiseError):
    """Landed parts are missing or not what their manifest says."""


class DriftError(LikewiseError):
    """A crawl lies beyond its limits from the last good one, and nobody has accepted that."""


class CuratedZoneError(LikewiseError):
    """A curated table is missing or not of its declared form."""


class FitError(LikewiseError):
    """A fit gave no finite numbers: its learning rate is too high."""


class ModelFileError(LikewiseError):
    """A model's file is missing, damaged or belongs to other data."""


class ProcessError(LikewiseError):
    """A process that the pipeline started has failed; its log is named."""


class SnapshotError(LikewiseError):
    """A snapshot cannot be built, verified or published."""

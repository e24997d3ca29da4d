"""Answers to the operator."""

from __future__ import annotations

from pydantic import Field

from serving.answers.base import Answer
from serving.answers.health import SiteState

__all__ = ["KeptSnapshot", "ReloadAnswer", "SiteSnapshots", "SnapshotsAnswer", "StatusAnswer"]


class KeptSnapshot(Answer):
    """A snapshot that stands in the data folder."""

    snapshot_id: str
    size_bytes: int
    current: bool = Field(description="The pointer names it.")
    served: bool = Field(description="This process answers from it.")


class SiteSnapshots(Answer):
    """The snapshots of a site, the newest last."""

    site: str
    pinned: bool = Field(description="The pointer stays where it is, whatever is built.")
    fault: str | None = Field(description="Why the pointer cannot be read.")
    snapshots: list[KeptSnapshot]


class SnapshotsAnswer(Answer):
    """Everything that could be published."""

    sites: list[SiteSnapshots]


class ReloadAnswer(Answer):
    """What is served once this process has looked again."""

    pid: int = Field(description="The process that looked; other workers look by themselves.")
    sites: list[SiteState]


class StatusAnswer(Answer):
    """The process that answers."""

    pid: int
    version: str
    up_s: float = Field(description="Seconds since it made its routes.")
    switched_on: list[str] = Field(description="Routes that are off by default and on here.")
    sites: list[SiteState]

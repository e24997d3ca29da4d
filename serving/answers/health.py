"""Answers about the service itself."""

from __future__ import annotations

from typing import Literal

from serving.answers.base import Answer

__all__ = [
    "LiveAnswer",
    "ReadyAnswer",
    "SiteState",
]


class LiveAnswer(Answer):
    """The process answers."""

    status: Literal["live"]


class SiteState(Answer):
    """What is served of a site, and why a newer snapshot is not."""

    site: str
    snapshot_id: str | None
    faults: list[str]


class ReadyAnswer(Answer):
    """At least one site is served; degraded where something published was refused."""

    status: Literal["ready", "degraded"]
    sites: list[SiteState]

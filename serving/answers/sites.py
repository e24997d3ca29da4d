"""Answers about sites."""

from __future__ import annotations

from pydantic import Field

from serving.answers.base import Answer, FromSnapshot

__all__ = [
    "SiteAnswer",
    "SiteCard",
    "SitesAnswer",
]


class SiteCard(FromSnapshot):
    """A site with a published snapshot, and how much is in it."""

    title: str
    notice: str | None = Field(description="What a reader must know of the data.")
    n_users: int
    n_items: int
    n_likes: int


class SiteAnswer(SiteCard):
    """A site in full."""

    base_url: str | None
    hosts: list[str]
    page_url_forms: list[str]
    embed_template: str | None
    picture_hosts: list[str]
    models: list[str]


class SitesAnswer(Answer):
    """Every site with a loaded snapshot, by name."""

    sites: list[SiteCard]

"""Types of every answer: the OpenAPI document is made of them, tests hold the bytes to them.

Routes do not build these for a request (that costs half of the speed): bytes are joined from
parts that were encoded when the snapshot was loaded.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Card",
    "Evaluation",
    "Fault",
    "ItemAnswer",
    "ItemDetails",
    "ListedItem",
    "LiveAnswer",
    "ModelCard",
    "ModelsAnswer",
    "Problem",
    "ReadyAnswer",
    "RecommendationsAnswer",
    "SimilarAnswer",
    "SiteAnswer",
    "SiteCard",
    "SiteState",
    "SitesAnswer",
    "Thumbnail",
]

ListKind = Literal["similar", "recommendations"]
SnapshotId = Annotated[str, Field(description="Snapshot that every part of the answer is from.")]
GeneratedAt = Annotated[datetime, Field(description="When that snapshot was built (UTC).")]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Thumbnail(_Answer):
    """A picture of an item; width and height in pixels."""

    url: str
    width: int | None
    height: int | None


class Card(_Answer):
    """What a list shows of an item."""

    item_id: str = Field(description="The site's opaque id; percent-encode it in a path.")
    title: str | None
    creator: str | None
    license: str | None
    like_count: int
    url: str | None
    embed_url: str | None
    thumbnails: list[Thumbnail]
    tags: list[str]


class ItemDetails(Card):
    """All that is published of an item."""

    categories: list[str]
    published_at: datetime | None
    first_seen_at: datetime


class ListedItem(Card):
    """An item of a list: its place, its score and its card."""

    rank: int = Field(ge=1, description="Place in the list, from 1.")
    score: float = Field(description="Best first; comparable within one list only.")


class _FromSnapshot(_Answer):
    site: str
    snapshot_id: SnapshotId
    generated_at: GeneratedAt


class ItemAnswer(_FromSnapshot, ItemDetails):
    """One item."""


class SimilarAnswer(_FromSnapshot):
    """Items like one item, best first, never itself."""

    model: str
    item_id: str
    items: list[ListedItem]


class RecommendationsAnswer(_FromSnapshot):
    """Items for one person, best first, nothing they like already."""

    model: str
    user_id: str
    items: list[ListedItem]


class Evaluation(_Answer):
    """One metric of a model on held-out likes; low and high end a 95 % interval over users."""

    metric: str
    k: int
    mean: float | None
    low: float | None
    high: float | None
    n_users: int
    n_users_skipped: int
    split: str
    seed: int
    evaluated_at: datetime


class ModelCard(_Answer):
    """A model: how it was fitted, which lists it has, how well it did."""

    model: str
    position: int
    label: str
    sentence: str
    parameters: dict[str, Any]
    seed: int
    threads: int
    fitted_at: datetime
    fit_s: float | None
    data_sha256: str
    model_sha256: str
    lists: list[ListKind]
    evaluation: list[Evaluation]


class ModelsAnswer(_FromSnapshot):
    """The models of a site in the order of display; ``defaults`` answer unnamed requests."""

    defaults: dict[ListKind, str]
    models: list[ModelCard]


class SiteCard(_FromSnapshot):
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


class SitesAnswer(_Answer):
    """Every site with a loaded snapshot, by name."""

    sites: list[SiteCard]


class LiveAnswer(_Answer):
    """The process answers."""

    status: Literal["live"]


class SiteState(_Answer):
    """What is served of a site, and why a newer snapshot is not."""

    site: str
    snapshot_id: str | None
    faults: list[str]


class ReadyAnswer(_Answer):
    """At least one site is served; degraded where something published was refused."""

    status: Literal["ready", "degraded"]
    sites: list[SiteState]


class Fault(_Answer):
    """One thing that is wrong with a request."""

    location: str = Field(description="path, query, header or body.")
    name: str
    detail: str
    value: str | None


class Problem(BaseModel):
    """An error as RFC 9457 tells it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str = Field(description="/docs#kind, or about:blank where the status says all.")
    title: str
    status: int
    detail: str
    errors: list[Fault] | None = Field(None, description="Every fault of the request (422).")
    known: list[str] | None = Field(None, description="Names that would have been accepted.")
    sites: list[SiteState] | None = Field(None, description="What is wrong by site (503).")

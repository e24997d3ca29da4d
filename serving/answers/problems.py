"""The one shape of errors."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from serving.answers.base import Answer
from serving.answers.health import SiteState

__all__ = [
    "Fault",
    "Problem",
]


class Fault(Answer):
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

"""One request with feedback, as it comes in and as it is answered."""

from __future__ import annotations

import hashlib
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.answers.base import Answer

__all__ = ["IDEMPOTENCY_KEY", "Feedback", "FeedbackAnswer", "Kind", "request_key"]

Kind = Literal["like", "dismiss", "impression", "click", "vote"]
IDEMPOTENCY_KEY: Final = r"^[!-~]{8,128}$"
_VISITOR: Final = r"^[A-Za-z0-9_-]{16,64}$"
_MOST_ITEMS: Final = 100


class Feedback(BaseModel):
    """What one visitor did with some items.

    Nothing in it may name a person: a visitor is a random token of the browser's own making.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Kind
    item_ids: list[Annotated[str, Field(min_length=1, max_length=512)]] = Field(
        min_length=1, max_length=_MOST_ITEMS, description="Items that it is about, each once."
    )
    vote: Literal[1, -1] | None = Field(None, description="For or against; of a vote alone.")
    model: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Model whose list the items stood in, or that a vote is for.",
    )
    visitor: str | None = Field(
        None,
        pattern=_VISITOR,
        description="Random token that the page made for its visitor; no name, no address.",
    )
    idempotency_key: str | None = Field(
        None,
        pattern=IDEMPOTENCY_KEY,
        description="Random text, new for each request, unless the header Idempotency-Key has it.",
    )

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if (self.kind == "vote") != (self.vote is not None):
            raise ValueError("vote is 1 or -1 where kind is vote, and is left out elsewhere")
        if len(set(self.item_ids)) < len(self.item_ids):
            raise ValueError("item_ids names an item twice")
        return self


class FeedbackAnswer(Answer):
    """What was written down; a request that is sent again gets the same answer."""

    site: str
    kind: Kind
    stored: int = Field(description="Items that were written down.")
    received_at: int = Field(description="When the first of these requests came in, Unix seconds.")


def request_key(idempotency_key: str) -> str:
    """What is kept of an idempotency key: enough to know it again, not what a client put in it."""
    return hashlib.blake2b(idempotency_key.encode(), digest_size=16).hexdigest()

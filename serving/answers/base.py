"""What answers share: how they are checked, and which snapshot they are from."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Answer",
    "FromSnapshot",
    "GeneratedAt",
    "ListKind",
    "SnapshotId",
]


ListKind = Literal["similar", "recommendations"]
SnapshotId = Annotated[str, Field(description="Snapshot that every part of the answer is from.")]
GeneratedAt = Annotated[datetime, Field(description="When that snapshot was built (UTC).")]


class Answer(BaseModel):
    """Base of all answers: nothing may be in them that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FromSnapshot(Answer):
    """Base of answers from one snapshot."""

    site: str
    snapshot_id: SnapshotId
    generated_at: GeneratedAt

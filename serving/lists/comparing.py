"""Lists of two models side by side."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

import orjson
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.answers.base import ListKind
from serving.encoding import MAX_K
from serving.lists.answering import named_lists
from serving.lists.query import MAX_ID_LENGTH
from serving.snapshot import Lists, Snapshot

__all__ = ["CompareQuery", "Compared", "compare_body"]

_NAME: Final = r"[^,]+"


class CompareQuery(BaseModel):
    """Two models, and whose lists."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: str = Field(
        max_length=2 * MAX_ID_LENGTH,
        pattern=rf"^{_NAME},{_NAME}$",
        description="Names of two models with a comma between.",
    )
    item_id: str | None = Field(
        None, max_length=MAX_ID_LENGTH, description="Compare lists of items like this one."
    )
    user_id: str | None = Field(
        None,
        max_length=MAX_ID_LENGTH,
        description="Compare lists for this person, where routes about people are on.",
    )
    k: int = Field(20, ge=1, le=MAX_K, description="Length of the lists.")

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.item_id is None) == (self.user_id is None):
            raise ValueError("give either item_id or user_id")
        return self


Compared = Annotated[CompareQuery, Query()]


def compare_body(snapshot: Snapshot, kind: ListKind, row: int, query: CompareQuery) -> bytes:
    """Body of the comparison.

    Raises
    ------
    ApiProblemError : 404, one of the models has no such lists.
    """
    names = query.models.split(",")
    tops = [_top(named_lists(snapshot, kind, row, name)[1], row, query.k) for name in names]
    ranks = [{idx: rank for rank, (idx, _) in enumerate(top, 1)} for top in tops]
    n_common = len(ranks[0].keys() & ranks[1].keys())
    longest = max(map(len, tops))
    answer = {
        "item_id": query.item_id,
        "user_id": query.user_id,
        "models": names,
        "k": query.k,
        "n_common": n_common,
        "overlap": n_common / longest if longest else None,
        "rows": [
            {
                "rank": place + 1,
                "items": [
                    _item(snapshot, top[place], ranks[1 - side]) if place < len(top) else None
                    for side, top in enumerate(tops)
                ],
            }
            for place in range(longest)
        ],
    }
    return snapshot.head + b"," + orjson.dumps(answer)[1:]


def _top(lists: Lists, row: int, k: int) -> list[tuple[int, float]]:
    item_idxs, scores = lists.top(row, k)
    return list(zip(item_idxs.tolist(), scores.tolist(), strict=True))


def _item(snapshot: Snapshot, listed: tuple[int, float], other: dict[int, int]) -> Any:  # noqa: ANN401
    """An item as encoded JSON."""
    item_idx, score = listed
    told = orjson.dumps({"score": score, "other_rank": other.get(item_idx)})
    return orjson.Fragment(told[:-1] + b"," + snapshot.items.cards[item_idx])

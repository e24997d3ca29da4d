"""The rows of an item's page: for each algorithm, what it sets beside the item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from serving.lists.answering import Count, similar_body
from serving.lists.query import SimilarQuery
from serving.pages.cards import Card, cards_of
from serving.pages.links import item_url
from serving.pages.stored import parsed
from serving.snapshot import Snapshot

__all__ = ["ROW_LENGTH", "Row", "row_of", "rows_of"]

ROW_LENGTH: Final = 12


@dataclass(frozen=True, slots=True)
class Row:
    """What one algorithm lists beside an item.

    Attributes
    ----------
    label, sentence : for people, from the models table.
    n_filled : cards that were filled in from popular items.
    next_cursor : where the list goes on; None at its end.
    """

    model: str
    label: str
    sentence: str
    cards: Sequence[Card]
    n_filled: int
    next_cursor: str | None
    href: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of an item, and how many of them each item stands in."""

    rows: Sequence[Row]
    n_rows: Counter[str]


def rows_of(
    snapshot: Snapshot, item_id: str, trail: Sequence[str], off: Collection[str], count: Count
) -> Rows:
    """A row of each algorithm that has something to say of an item, in the order of display.

    Parameters
    ----------
    trail : of what the cards lead to.
    off : models whose rows are switched off.
    """
    row = snapshot.items.index[item_id]
    shown = [
        row_of(snapshot, item_id, model.model, trail, count)
        for model in sorted(snapshot.models, key=lambda model: model.position)
        if model.model not in off
        and model.model in snapshot.lists["similar"]
        and snapshot.lists["similar"][model.model].has(row)
    ]
    n_rows = Counter(card.item_id for one in shown for card in one.cards if not card.is_filled)
    return Rows(shown, n_rows)


def row_of(
    snapshot: Snapshot,
    item_id: str,
    model: str,
    trail: Sequence[str],
    count: Count,
    *,
    cursor: str | None = None,
    k: int = ROW_LENGTH,
) -> Row:
    """The row of one algorithm, or where it goes on.

    Raises
    ------
    ApiProblemError : 404, no such lists; 409 and 422, a cursor that is stale or none.
    """
    row = snapshot.items.index[item_id]
    query = SimilarQuery(model=model, k=k, cursor=cursor)
    answer = parsed(similar_body(snapshot, item_id, row, query, count))
    cards = cards_of(snapshot.site, answer["items"], trail)
    told = next(one for one in snapshot.models if one.model == model)
    return Row(
        model=model,
        label=told.label,
        sentence=told.sentence,
        cards=cards,
        n_filled=sum(card.is_filled for card in cards),
        next_cursor=answer["next_cursor"],
        href=item_url(snapshot.site.site, item_id, trail[:-1], "rows", model),
    )

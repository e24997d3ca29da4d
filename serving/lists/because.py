"""Why an item is listed: what each like, or each shared tag, gives to its score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from serving.lists.ranking import Page
from serving.lists.scoring import Likes
from serving.lists.terms import Exact, Terms, adds_up
from serving.snapshot import FEATURE_KINDS, Snapshot

__all__ = ["MAX_REASONS", "Explained", "explained", "unexplained"]

MAX_REASONS: Final = 10
_NAMELESS: Final = {"item_id": None, "title": None, "tag": None}

Reason = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Explained:
    """Reasons of each item of a page; None for an item without.

    Attributes
    ----------
    explainable : whether the model's scores are sums that can be told apart.
    """

    becauses: Sequence[list[Reason] | None]
    explainable: bool


def unexplained(page: Page) -> Explained:
    """A page whose scores are no sums of anything that is published."""
    return Explained([None] * len(page.item_idxs), explainable=False)


def explained(snapshot: Snapshot, page: Page, terms: Terms) -> Explained:
    """Reasons of a page's own items, where they add up to the scores.

    At most `MAX_REASONS` an item, the strongest first.  All other likes, and those of denied items,
    are one reason together, and so are all other features; what is neither comes last.
    """
    if not adds_up(terms, page.scores):
        return unexplained(page)
    sources = _Sources.of(snapshot, terms)
    filled: list[list[Reason] | None] = [None] * (len(page.item_idxs) - len(page.scores))
    told = [sources.reasons(place) for place in range(len(page.scores))]
    return Explained([*told, *filled], explainable=True)


@dataclass(frozen=True, slots=True)
class _Sources:
    """Likes and features that may give something, each of them once.

    Attributes
    ----------
    values : shape (n_likes + n_labels, n_targets).
    labels : features by whose name each is called.
    may_show : shape (n_likes + n_labels,).
    rest : shape (n_targets,).
    names : what sources are called, as far as somebody asked.
    """

    snapshot: Snapshot
    likes: Likes
    values: Exact
    labels: NDArray[np.integer]
    may_show: NDArray[np.bool_]
    rest: Exact
    names: dict[int, Reason] = field(default_factory=dict)

    @classmethod
    def of(cls, snapshot: Snapshot, terms: Terms) -> _Sources:
        """Sources of some terms; features that are called the same are one."""
        features = snapshot.features
        labels, places = np.unique(features.labels[terms.features], return_inverse=True)
        summed = np.zeros((len(labels), len(terms.rest)))
        np.add.at(summed, places, terms.of_features)
        starts = features.names.starts
        has_name = starts[labels + 1] > starts[labels]
        may_show = np.concatenate([snapshot.items.allowed[terms.likes.item_idxs], has_name])
        values = np.concatenate([terms.of_likes, summed])
        return cls(snapshot, terms.likes, values, labels, may_show, terms.rest)

    def reasons(self, target: int) -> list[Reason]:
        """Reasons of one target."""
        values, rest = self.values[:, target], float(self.rest[target])
        speaking = np.flatnonzero(values)
        shown = speaking[self.may_show[speaking]]
        order = shown[np.argsort(-np.abs(values[shown]), kind="stable")]
        room = MAX_REASONS - (rest != 0)
        if len(order) < len(speaking) or len(order) > room:
            is_like = speaking < len(self.likes.item_idxs)
            order = order[: room - (1 + (bool(is_like.any()) and not is_like.all()))]
        told = [self._named(source, float(values[source])) for source in order.tolist()]
        is_told = np.zeros(len(values), bool)
        is_told[order] = True
        told += self._others(values, speaking[~is_told[speaking]])
        if rest:
            told.append({**_NAMELESS, "kind": "rest", "part": rest, "n": 0})
        return told

    def _named(self, source: int, part: float) -> Reason:
        if source not in self.names:
            self.names[source] = self._name(source)
        return {**_NAMELESS, **self.names[source], "part": part, "n": 1}

    def _name(self, source: int) -> Reason:
        place = source - len(self.likes.item_idxs)
        if place < 0:
            card = orjson.loads(b"{" + self.snapshot.items.cards[self.likes.item_idxs[source]])
            return {"kind": "item", "item_id": card["item_id"], "title": card["title"]}
        label, features = int(self.labels[place]), self.snapshot.features
        kind = FEATURE_KINDS[features.kinds[label]]
        return {"kind": kind, "tag": features.names[label].decode()}

    def _others(self, values: Exact, others: NDArray[np.integer]) -> Iterator[Reason]:
        """Likes that are not named, then features that are not."""
        is_like = others < len(self.likes.item_idxs)
        for kind, some in (("item", others[is_like]), ("tag", others[~is_like])):
            if len(some):
                yield {**_NAMELESS, "kind": kind, "part": float(values[some].sum()), "n": len(some)}

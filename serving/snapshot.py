"""A loaded snapshot: flat arrays and bytes that were encoded once, never written to again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.feature_sums import ComposedFactors, ItemVectors
from pipeline.fold_in import ItemFactors, ItemWeights
from serving.answers.base import ListKind
from serving.answers.models import ModelDetails
from serving.answers.sites import SiteAnswer
from serving.arrays import Rows, Texts
from serving.search.index import SearchIndex

__all__ = [
    "FEATURE_KINDS",
    "SIDES",
    "Chart",
    "Features",
    "GroupKind",
    "Groups",
    "Items",
    "Lists",
    "Snapshot",
    "VisitorPart",
]

GroupKind = Literal["tag", "category", "creator"]
FEATURE_KINDS: Final[tuple[GroupKind, ...]] = ("tag", "category", "creator")
SIDES: Final = ("likes", "features")


@dataclass(frozen=True, slots=True)
class Lists:
    """Ranked lists of one model by subject; a subject without one has an empty one.

    Attributes
    ----------
    starts : shape (n_subjects + 1,), int64; where each list lies in the flat arrays.
    item_idxs : flat, int32, best first in each list.
    scores : flat, float32, as long as ``item_idxs``.
    """

    starts: NDArray[np.int64]
    item_idxs: NDArray[np.int32]
    scores: NDArray[np.float32]

    def top(
        self, subject: int, k: int | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """First ``k`` items of a subject's list and their scores; all of them without ``k``."""
        start, stop = self.starts[subject], self.starts[subject + 1]
        if k is not None:
            stop = min(stop, start + k)
        return self.item_idxs[start:stop], self.scores[start:stop]

    def has(self, subject: int) -> bool:
        """Whether a subject's list holds anything."""
        return bool(self.starts[subject + 1] > self.starts[subject])


@dataclass(frozen=True, slots=True)
class Items:
    """Items by position (``item_idx``).

    Attributes
    ----------
    ids : of all items, the denied ones too.
    index : position by id; a denied item has none.
    cards, details : encoded JSON objects without the first brace.
    like_counts : int32, shape (n_items,).
    allowed : bool, shape (n_items,); what the operator denies is in no list that is loaded, but
        sums of weights can still reach it.
    """

    ids: Sequence[str]
    index: Mapping[str, int]
    cards: Texts
    details: Texts
    like_counts: NDArray[np.int32]
    allowed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Groups:
    """Tags, categories or creators, most liked first.

    Attributes
    ----------
    slugs, names : by row; a slug stands in urls and filters.
    index : row by slug.
    like_counts : int32, shape (n_groups,): likes of the items of each, the shown ones alone.
    items : items of each, most liked first.
    of_items : rows of the groups of each item, ascending.
    """

    slugs: Sequence[str]
    names: Sequence[str]
    index: Mapping[str, int]
    like_counts: NDArray[np.int32]
    items: Rows
    of_items: Rows


@dataclass(frozen=True, slots=True)
class Features:
    """Tags, categories and creators by which models know items.

    Attributes
    ----------
    kinds : uint8, shape (n_features,): places in `FEATURE_KINDS`.
    labels : int32, shape (n_features,): the first feature that is called the same.
    names : as most items write it; empty where the operator denies it.
    """

    kinds: NDArray[np.uint8]
    labels: NDArray[np.int32]
    names: Texts

    @classmethod
    def none(cls) -> Self:
        """No features at all."""
        return cls(np.empty(0, np.uint8), np.empty(0, np.int32), Texts.of(()))


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that was drawn when the snapshot was built.

    Attributes
    ----------
    alternative : what it shows, in words.
    svg : a whole document; it is shown as a picture, never as a part of a page.
    """

    title: str
    alternative: str
    svg: bytes


@dataclass(frozen=True, slots=True)
class VisitorPart:
    """Published weights, vectors or factors in a model's score of visitors.

    Attributes
    ----------
    model : whose they are.
    weight : of its z-scores in the sum; a single part scores by itself.
    listable : items that it can recommend, ascending: z-scores are taken over these.
    shares : float32, shape (n_items,), where a model sums what likes and what features say: what
        the side of this part weighs in the score of each item; one array a side.
    """

    model: str
    weight: float
    scorer: ItemWeights | ItemVectors | ItemFactors
    listable: NDArray[np.int32]
    shares: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the API answers from for one site.

    Attributes
    ----------
    head : the encoded beginning of every answer, an open JSON object with site, snapshot_id and
        generated_at.
    users : row by pseudonym; ``user_items`` has what each row likes, ascending.
    lists : for both kinds of list, the models in the order in which they are asked when a
        request names none.
    popular : allowed items, most liked first.
    latest : allowed items, the newest first (published_at, else first_seen_at).
    trending : allowed items by trend_score, highest first.
    visitors : what scores visitors, by model, in the order in which models are asked; parts
        heaviest first.
    search : finds items by what people type.
    composed : factors that a model's scores are composed of by feature, by model.
    features : what features are called.
    charts : by name in urls.
    overlaps : mean share of items in the lists of two models, by their names and k.
    published_at : when it was published, as its pointer says.
    variant : what besides the snapshot's id tells its answers apart: digest of the deny list, the
        default model and the software.
    """

    site: SiteAnswer
    head: bytes
    items: Items
    users: Mapping[str, int]
    user_items: Rows
    lists: Mapping[ListKind, Mapping[str, Lists]]
    models: tuple[ModelDetails, ...]
    popular: NDArray[np.int32]
    latest: NDArray[np.int32]
    trending: NDArray[np.int32]
    groups: Mapping[GroupKind, Groups]
    visitors: Mapping[str, tuple[VisitorPart, ...]]
    search: SearchIndex
    composed: Mapping[str, ComposedFactors] = field(default_factory=dict)
    features: Features = field(default_factory=Features.none)
    charts: Mapping[str, Chart] = field(default_factory=dict)
    overlaps: Mapping[tuple[str, str, int], float] = field(default_factory=dict)
    variant: str = ""
    published_at: datetime | None = None

    @property
    def snapshot_id(self) -> str:
        """Name of the snapshot."""
        return self.site.snapshot_id

    @property
    def edition(self) -> str:
        """The snapshot as it is served: lists of one edition are the same lists."""
        return f"{self.snapshot_id} {self.variant}"

    def default_model(self, kind: ListKind, subject: int) -> str | None:
        """First model with a list for the subject, else the first; None where there is none."""
        named = self.lists[kind]
        with_list = (model for model, lists in named.items() if lists.has(subject))
        return next(with_list, next(iter(named), None))

"""What every algorithm promises: settings that fit a data set, and what the fit can list."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.errors import InputError
from pipeline.feature_sums import ComposedFactors, ItemVectors
from pipeline.fold_in import ItemFactors, ItemWeights
from pipeline.recommenders.topk import Lists, ScoreRows, top_k

__all__ = [
    "Arrays",
    "Fitted",
    "FloatArray",
    "IntArray",
    "PublishedFeatures",
    "Recommender",
    "narrowed",
    "ranged",
]

Arrays = dict[str, NDArray[Any]]
IntArray = NDArray[np.int32]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PublishedFeatures:
    """What a model knows features of items by, and the names of these.

    Attributes
    ----------
    names : ``tag:``, ``category:`` or ``creator:`` and the name, by position.
    sums : vectors that score a visitor too, or factors that score known people.
    """

    names: tuple[str, ...]
    sums: ItemVectors | ComposedFactors


class Fitted(ABC):
    """A fitted model: arrays that rank the items of the data set it was fitted on.

    Every user and item is meant by position in that data set.
    """

    @property
    @abstractmethod
    def n_items(self) -> int:
        """Items of the data set."""

    @property
    @abstractmethod
    def listable(self) -> IntArray:
        """Items that it can recommend, ascending: it has learned something of each."""

    @property
    @abstractmethod
    def subjects(self) -> IntArray:
        """Items that have a list of similar items, ascending; empty where it knows none."""

    @abstractmethod
    def user_scorer(self, item_idxs: IntArray) -> ScoreRows:
        """What scores these items, all of them listable, for any users.

        Returns
        -------
        A function of user positions that gives a fresh array, shape (n_users, len(item_idxs));
        ``-inf`` where nothing speaks for the item, which is then never listed.  A score does
        not depend on which other users or items are asked for, but for the last bit of a user
        who is asked for alone.
        """

    def user_lists(
        self,
        user_idxs: IntArray,
        k: int,
        *,
        seen: csr_matrix | None = None,
        candidates: IntArray | None = None,
        threads: int = 1,
    ) -> Lists:
        """Best `k` items of each user, exact, equal scores by lower index.

        Parameters
        ----------
        seen : shape (n_users, n_items); a stored entry is never listed for its user.
        candidates : ascending; nothing else is listed.  None for all that is listable.
        """
        items = narrowed(self.listable, candidates)
        return top_k(
            self.user_scorer(items),
            user_idxs,
            k,
            item_idxs=items,
            n_items=self.n_items,
            hidden=seen,
            threads=threads,
        )

    @abstractmethod
    def item_lists(
        self,
        item_idxs: IntArray,
        k: int,
        *,
        candidates: IntArray | None = None,
        threads: int = 1,
    ) -> Lists | None:
        """Best `k` items beside each item, never itself; None where it knows no similarity.

        `item_idxs` are of `subjects`; another item's list is of no use.
        """

    def published_weights(self) -> ItemWeights | None:
        """Weights from item to item that score a visitor; None where it has none."""
        return None

    def published_factors(self) -> ItemFactors | None:
        """Frozen factors that score a visitor by a solve; None where it has none."""
        return None

    def published_features(self) -> PublishedFeatures | None:
        """What its scores are summed from by feature; None where they are not."""
        return None

    def published_shares(self) -> tuple[FloatArray, FloatArray] | None:
        """What a side by likes and one by features weigh in the score of each item.

        Both have shape (n_items,); None where there are no two sides.
        """
        return None

    @abstractmethod
    def to_arrays(self) -> Arrays:
        """All it knows, as arrays that need no pickle."""

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model that `to_arrays` wrote.

        Raises
        ------
        KeyError : an array is missing.
        """


@dataclass(frozen=True)
class Recommender(ABC):
    """Settings of one algorithm; its dataclass fields are its parameters.

    Attributes
    ----------
    name : as in files, urls and tables.
    label, sentence : what a person reads: its name and how it works.
    fitted : type of what `fit` returns.

    Raises
    ------
    InputError : parameters out of their range, every one named.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    sentence: ClassVar[str]
    fitted: ClassVar[type[Fitted]]

    def __post_init__(self) -> None:
        faults = [
            f"{self.name}: {item.name} is {getattr(self, item.name)!r}; it must be "
            f"{_kind_of(item)} from {item.metadata['low']} to {item.metadata['high']}"
            for item in fields(self)
            if item.metadata and not _is_allowed(item, getattr(self, item.name))
        ]
        if faults:
            raise InputError(faults)

    @property
    def parameters(self) -> dict[str, int | float]:
        """Parameters by name, in order."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.metadata}

    @property
    def within(self) -> tuple[Recommender, ...]:
        """Settings of the models that it is made of; none for most."""
        return ()

    @property
    def visitor_parts(self) -> tuple[tuple[Recommender, float], ...]:
        """Settings whose scores of visitors are this model's, and their weights as z-scores."""
        return ((self, 1.0),)

    @property
    def content_parts(self) -> tuple[tuple[Recommender, float], ...]:
        """Settings and weights of models of features that are another side; none for most."""
        return ()

    @property
    def described(self) -> dict[str, Any]:
        """Parameters as JSON takes them, with those of the models within."""
        return dict(self.parameters)

    @classmethod
    def from_described(cls, described: Mapping[str, Any]) -> Self:
        """The settings that `described` tells of.

        Raises
        ------
        InputError, KeyError, TypeError : it tells of no such settings.
        """
        return cls(**described)

    @abstractmethod
    def fit(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> Fitted:
        """Learn from all interactions of a data set.

        Raises
        ------
        FitError : it refuses the data set, or numbers went astray.
        """

    def fit_once(self, dataset: Dataset, *, seed: int = 0, threads: int = 1) -> Fitted:
        """The fit, made once for this data set: models that stand within others share it."""
        key = json.dumps([self.name, self.described, seed, threads])
        return dataset.derived(key, lambda: self.fit(dataset, seed=seed, threads=threads))

    def refusal(self, dataset: Dataset, *, in_tuner: bool = False) -> str | None:  # noqa: ARG002
        """Why these settings are not fitted to this data set, in words; None where they are.

        Parameters
        ----------
        in_tuner : asked by a search that fits many times, which may stop earlier.
        """
        return None

    @property
    def effort(self) -> float:
        """Cost of a fit relative to other parameters of the same algorithm."""
        return 1.0

    @property
    def effort_of_users(self) -> float:
        """What a fit for everybody costs more than one for nobody, in units of `effort`."""
        return 0.0

    def first_fit_s(self, dataset: Dataset) -> float:
        """Rough seconds of the first step of `fit_path`, before anything was measured."""
        return 1e-6 * dataset.user_items.nnz

    @classmethod
    def search_space(cls) -> dict[str, Field[Any]]:
        """Parameters that a tuner varies, by name; their metadata has ``search`` and ``log``."""
        return {item.name: item for item in fields(cls) if item.metadata.get("search")}

    def starts(self, dataset: Dataset) -> tuple[Self, ...]:  # noqa: ARG002
        """Settings that a search tries before any other: what is known to do well."""
        return (self,)

    def coordinates(self, dataset: Dataset) -> dict[str, float]:  # noqa: ARG002
        """Where these settings lie in the search space."""
        return {name: getattr(self, name) for name in self.search_space()}

    def at(self, coordinates: Mapping[str, float], dataset: Dataset) -> Self:  # noqa: ARG002
        """These settings moved to a place of the search space; what is not given stays."""
        return replace(self, **coordinates)

    def path(self) -> tuple[Self, ...]:
        """Settings that one fit passes through on its way to these, of rising effort."""
        return (self,)

    def fit_path(
        self,
        dataset: Dataset,
        *,
        users: IntArray | None = None,  # noqa: ARG002
        seed: int = 0,
        threads: int = 1,
    ) -> Iterator[Fitted]:
        """Fits of each of `path`, one step of work a fit.

        Parameters
        ----------
        users : who will be asked for; a fit may know nobody else.  Everybody where None.
        """
        yield self.fit(dataset, seed=seed, threads=threads)


def ranged(
    default: float,
    low: float,
    high: float,
    meaning: str,
    *,
    search: tuple[float, float] | None = None,
    log: bool = False,
) -> Any:  # noqa: ANN401  a dataclass field stands for its value
    """A parameter with its default, its least and its highest value, and what it is.

    Parameters
    ----------
    search : least and highest value that a tuner tries; None where it leaves it alone.
    log : the tuner looks at its logarithm.
    """
    metadata = {"low": low, "high": high, "meaning": meaning, "search": search, "log": log}
    return field(default=default, metadata=metadata)


def _kind_of(parameter: Field[Any]) -> str:
    return "a whole number" if isinstance(parameter.default, int) else "a number"


def _is_allowed(parameter: Field[Any], value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(parameter.default, int) and not isinstance(value, int):
        return False
    return bool(parameter.metadata["low"] <= value <= parameter.metadata["high"])


def narrowed(items: IntArray, candidates: IntArray | None) -> IntArray:
    """Those of the items that are candidates too, ascending; all where there are none given."""
    if candidates is None:
        return items
    return np.intersect1d(items, candidates).astype(np.int32)

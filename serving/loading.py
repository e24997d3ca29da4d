"""A published snapshot becomes a loaded one, or is refused with every reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar

import orjson
from numpy.typing import NDArray

from pipeline.deny import DenyList, read_deny_list
from pipeline.feature_sums import ComposedFactors, ItemVectors
from pipeline.fold_in import ItemFactors, ItemWeights
from pipeline.pointer import Pointer
from serving.answers.base import Answer, ListKind
from serving.answers.models import (
    Evaluation,
    EvaluationDifference,
    EvaluationSlice,
    ModelDetails,
)
from serving.answers.sites import SiteAnswer
from serving.arrays import Rows, Texts, mapped_arrays
from serving.errors import FolderDamagedError, SnapshotRefusedError, short
from serving.folders import ARRAYS, FACTS, unfolded
from serving.search.index import SearchIndex
from serving.settings import ServingSettings
from serving.snapshot import Chart, Features, GroupKind, Groups, Items, Lists, Snapshot, VisitorPart
from serving.version import installed_version

__all__ = ["load", "published_at_of"]

_HEAD: Final = {"site", "snapshot_id", "generated_at"}
_LIST_KINDS: Final[tuple[ListKind, ...]] = ("similar", "recommendations")
_GROUP_KINDS: Final[tuple[GroupKind, ...]] = ("tag", "category", "creator")
_SOLVE: Final = ("alpha0", "regularization", "nu")

A = TypeVar("A", bound=Answer)


def load(
    settings: ServingSettings, site: str, pointer: Pointer, denied: DenyList | None = None
) -> Snapshot:
    """Snapshot that a pointer names, mapped; what is denied is in none of its lists.

    Parameters
    ----------
    denied : read from the data folder where it is not given.

    Raises
    ------
    SnapshotRefusedError : the file is missing, is not the one that was published, is of another
        schema version or contradicts itself.
    """
    if denied is None:
        denied = read_deny_list(settings.data, site)
    try:
        loaded = _loaded(settings, site, pointer, denied)
    except FolderDamagedError:
        loaded = _loaded(settings, site, pointer, denied)
    return replace(loaded, published_at=published_at_of(pointer))


def _loaded(settings: ServingSettings, site: str, pointer: Pointer, denied: DenyList) -> Snapshot:
    with unfolded(settings, site, pointer, denied) as folder:
        facts = orjson.loads((folder / FACTS).read_bytes())
        _refuse_another(facts["snapshot_info"][0], site, pointer)
        variant = f"{denied.digest} {settings.default_model} {installed_version()}"
        try:
            reader = _Reader(facts, mapped_arrays(folder / ARRAYS))
            return reader.snapshot(settings.default_model, variant)
        except (ValueError, KeyError) as err:
            raise SnapshotRefusedError(
                [f"{pointer.snapshot_id} cannot be read: {short(err)}"]
            ) from err


def published_at_of(pointer: Pointer) -> datetime:
    """When a snapshot was published.

    Raises
    ------
    SnapshotRefusedError : the pointer does not say it.
    """
    try:
        return datetime.fromisoformat(pointer.published_at)
    except ValueError as err:
        raise SnapshotRefusedError([f"the pointer cannot be read: {short(err)}"]) from err


def _refuse_another(info: Mapping[str, Any], site: str, pointer: Pointer) -> None:
    faults = [
        f"snapshot_info.{name} is {info[name]!r}, expected {value!r}"
        for name, value in {"site": site, "snapshot_id": pointer.snapshot_id}.items()
        if info[name] != value
    ]
    if faults:
        raise SnapshotRefusedError(faults)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Facts and mapped arrays of one folder."""

    facts: Mapping[str, list[dict[str, Any]]]
    arrays: Mapping[str, NDArray[Any]]

    def snapshot(self, default_model: str, variant: str) -> Snapshot:
        """All of it."""
        names = [str(model["model"]) for model in self.facts["models"]]
        lists = {kind: self._lists(kind, names) for kind in _LIST_KINDS}
        visitors = self._visitors(names)
        site = self._site(names)
        return Snapshot(
            site=site,
            head=site.model_dump_json(include=_HEAD).encode()[:-1],
            items=self._items(),
            users={text.decode(): row for row, text in enumerate(self._texts("user.ids"))},
            user_items=self._rows("user.items"),
            lists={kind: _in_default_order(named, default_model) for kind, named in lists.items()},
            models=tuple(self._models(lists)),
            popular=self.arrays["order.popular"],
            latest=self.arrays["order.latest"],
            trending=self.arrays["order.trending"],
            groups={kind: self._groups(kind) for kind in _GROUP_KINDS},
            visitors=_in_default_order(visitors, default_model),
            search=SearchIndex.from_arrays(self._own("search")),
            composed=self._composed(names),
            features=self._features(),
            charts=self._charts(),
            overlaps={
                (row["model"], row["other"], row["k"]): row["share"]
                for row in self.facts["model_overlap"]
            },
            variant=variant,
        )

    def _items(self) -> Items:
        ids = [text.decode() for text in self._texts("item.item_id")]
        allowed = self.arrays["item.allowed"]
        return Items(
            ids=ids,
            index={ids[idx]: idx for idx in allowed.nonzero()[0].tolist()},
            cards=self._texts("item.card"),
            details=self._texts("item.details"),
            like_counts=self.arrays["item.like_count"],
            allowed=allowed,
        )

    def _groups(self, kind: GroupKind) -> Groups:
        slugs, names = (
            [text.decode() for text in self._texts(f"{kind}.{column}")]
            for column in ("slugs", "names")
        )
        return Groups(
            slugs=slugs,
            names=names,
            index={slug: row for row, slug in enumerate(slugs)},
            like_counts=self.arrays[f"{kind}.like_counts"],
            items=self._rows(f"{kind}.items"),
            of_items=self._rows(f"{kind}.of_items"),
        )

    def _lists(self, kind: ListKind, names: Sequence[str]) -> dict[str, Lists]:
        return {
            name: Lists(
                *(self.arrays[f"{kind}.{n}.{part}"] for part in ("starts", "idxs", "scores"))
            )
            for n, name in enumerate(names)
            if f"{kind}.{n}.starts" in self.arrays
        }

    def _visitors(self, names: Sequence[str]) -> dict[str, tuple[VisitorPart, ...]]:
        """Parts of each model that scores visitors, in the order of the models."""
        rows = [row for row in self.facts["visitor_parts"] if row["part"] in names]
        found = {row["part"]: self._scorer(names.index(row["part"]), row) for row in rows}
        parts = {
            name: tuple(
                VisitorPart(
                    row["part"], row["weight"], *found[row["part"]], self._shares(number, row)
                )
                for row in rows
                if row["model"] == name
            )
            for number, name in enumerate(names)
        }
        return {name: own for name, own in parts.items() if own}

    def _shares(self, number: int, row: Mapping[str, Any]) -> NDArray[Any] | None:
        """What the side of a part weighs in each item's score by a model; None without sides."""
        return self.arrays[f"visitors.{number}.shares.{row['side']}"] if row["side"] else None

    def _scorer(
        self, number: int, row: Mapping[str, Any]
    ) -> tuple[ItemWeights | ItemVectors | ItemFactors, NDArray[Any]]:
        """What a model by its number scores visitors with, and what it can recommend."""
        own = self._own(f"visitors.{number}")
        if "vectors.likes" in own:
            rows, entries, weights, likes = (
                own[f"vectors.{name}"] for name in ("starts", "idxs", "values", "likes")
            )
            n_features = len(self.arrays["feature.kinds"])
            return ItemVectors(rows, entries, weights, likes, n_features), own["listable"]
        if row["alpha0"] is None:
            matrix = (own[f"weights.{name}"] for name in ("starts", "idxs", "values"))
            return ItemWeights(*matrix), own["listable"]
        return ItemFactors(own["factors"], *(row[name] for name in _SOLVE)), own["listable"]

    def _composed(self, names: Sequence[str]) -> dict[str, ComposedFactors]:
        """Factors by model, where a model has some."""
        found = {}
        for number, name in enumerate(names):
            own = self._own(f"composed.{number}")
            rows = self._own(f"visitors.{number}.vectors")
            if own and rows:
                entries = (rows[part] for part in ("starts", "idxs", "values"))
                factors = (own[f"{of}_factors"] for of in ("feature", "own", "user"))
                found[name] = ComposedFactors(*entries, *factors)
        return found

    def _features(self) -> Features:
        arrays = self.arrays
        return Features(
            arrays["feature.kinds"], arrays["feature.labels"], self._texts("feature.names")
        )

    def _charts(self) -> dict[str, Chart]:
        return {
            row["chart"]: Chart(row["title"], row["alternative"], row["svg"].encode())
            for row in self.facts["charts"]
        }

    def _site(self, models: list[str]) -> SiteAnswer:
        (site,), (info,) = self.facts["site"], self.facts["snapshot_info"]
        fields = {**site, **info, "generated_at": info["created_at"], "models": models}
        return SiteAnswer(**{name: fields[name] for name in SiteAnswer.model_fields})

    def _models(self, lists: Mapping[ListKind, Mapping[str, Lists]]) -> Iterator[ModelDetails]:
        for row in self.facts["models"]:
            name = row["model"]
            yield ModelDetails(
                **{**row, "parameters": orjson.loads(row["parameters"])},
                lists=[kind for kind, named in lists.items() if name in named],
                evaluation=self._figures("evaluation", name, Evaluation),
                slices=self._figures("evaluation_slices", name, EvaluationSlice),
                differences=self._figures("evaluation_differences", name, EvaluationDifference),
            )

    def _figures(self, table: str, model: str, kind: type[A]) -> list[A]:
        """Rows of a model in a table of figures."""
        return [
            kind(**{name: row[name] for name in kind.model_fields})
            for row in self.facts[table]
            if row["model"] == model
        ]

    def _own(self, prefix: str) -> dict[str, NDArray[Any]]:
        start = f"{prefix}."
        return {
            name.removeprefix(start): array
            for name, array in self.arrays.items()
            if name.startswith(start)
        }

    def _rows(self, name: str) -> Rows:
        return Rows(self.arrays[f"{name}.starts"], self.arrays[f"{name}.idxs"])

    def _texts(self, name: str) -> Texts:
        return Texts(self.arrays[f"{name}.starts"], self.arrays[f"{name}.data"])


def _in_default_order(named: Mapping[str, Any], default_model: str) -> dict[str, Any]:
    first = [default_model] if default_model in named else []
    return {name: named[name] for name in (*first, *(n for n in named if n not in first))}

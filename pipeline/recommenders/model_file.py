"""A fitted model as one ``.npz`` file without pickle, with all that says what it is."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from pipeline.dataset.matrix import Dataset
from pipeline.errors import ModelFileError
from pipeline.files import write_atomically
from pipeline.recommenders.base import Fitted, Recommender
from pipeline.recommenders.registry import recommender

__all__ = ["ModelFacts", "SavedModel", "load_facts", "load_model", "model_path", "save_model"]

_FORMAT: Final = 2
_FACTS: Final = "facts"
_USER_IDS: Final = "user_ids"
_ITEM_IDS: Final = "item_ids"
_MODEL_PREFIX: Final = "model."
_UNREADABLE: Final = (
    *(OSError, EOFError, BadZipFile, zlib.error),
    *(ValueError, KeyError, TypeError, AttributeError),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """Where a model comes from.

    Attributes
    ----------
    threads : of the fit; more than one may not repeat bytes.
    fitted_at : ISO 8601, UTC.
    data_sha256 : hash of the interactions that it learned from (`Dataset.sha256`).
    """

    model: str
    parameters: Mapping[str, Any]
    seed: int
    threads: int
    fitted_at: str
    fit_s: float
    data_sha256: str
    format: int = field(default=_FORMAT)


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A fitted model with its facts and the ids of its positions."""

    fitted: Fitted
    facts: ModelFacts
    user_ids: NDArray[np.str_]
    item_ids: NDArray[np.str_]

    @classmethod
    def of(
        cls,
        settings: Recommender,
        fitted: Fitted,
        dataset: Dataset,
        *,
        seed: int,
        threads: int,
        fit_s: float,
        fitted_at: datetime | None = None,
    ) -> SavedModel:
        """What is to be saved of a fit; ``fitted_at`` defaults to now."""
        facts = ModelFacts(
            model=settings.name,
            parameters=settings.described,
            seed=seed,
            threads=threads,
            fitted_at=(fitted_at or datetime.now(UTC)).isoformat(),
            fit_s=fit_s,
            data_sha256=dataset.sha256,
        )
        return cls(fitted, facts, dataset.user_ids, dataset.item_ids)


def model_path(data: Path, site: str, model: str) -> Path:
    """File of a site's model, whether it exists or not."""
    return data / "models" / site / f"{model}.npz"


def save_model(path: Path, saved: SavedModel) -> None:
    """Write a model, whole or not at all; missing folders are made."""
    arrays: dict[str, NDArray[Any]] = {
        _FACTS: np.asarray(json.dumps(asdict(saved.facts))),
        _USER_IDS: saved.user_ids,
        _ITEM_IDS: saved.item_ids,
        **{_MODEL_PREFIX + name: array for name, array in saved.fitted.to_arrays().items()},
    }

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    write_atomically(path, write)


def load_facts(path: Path) -> ModelFacts:
    """Facts of a model's file, without its arrays.

    Raises
    ------
    ModelFileError : the file is missing, damaged or of another format.
    """
    with _opened(path) as file:
        return _facts(path, file)


def load_model(path: Path, *, data_sha256: str | None = None) -> SavedModel:
    """The model that `save_model` wrote; no pickle is ever read.

    Raises
    ------
    ModelFileError : the file is missing, damaged, of another format, or not fitted on the
        data of this hash.
    """
    with _opened(path) as file:
        facts = _facts(path, file)
        own = {
            name.removeprefix(_MODEL_PREFIX): file[name]
            for name in file.files
            if name.startswith(_MODEL_PREFIX)
        }
        fitted = recommender(facts.model).fitted.from_arrays(own)
        saved = SavedModel(fitted, facts, file[_USER_IDS], file[_ITEM_IDS])
    if data_sha256 not in {None, facts.data_sha256}:
        raise ModelFileError(f"{path} was fitted on other data ({facts.data_sha256}): fit it again")
    return saved


@contextmanager
def _opened(path: Path) -> Iterator[NpzFile]:
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            yield file  # numpy itself would leave a damaged file open
    except _UNREADABLE as err:
        raise ModelFileError(f"{path} is not a model that can be read: {err!r}") from err


def _facts(path: Path, file: NpzFile) -> ModelFacts:
    facts = ModelFacts(**json.loads(str(file[_FACTS])))
    if facts.format != _FORMAT:
        raise ModelFileError(
            f"{path} has format {facts.format}; this version reads {_FORMAT}: fit it again"
        )
    return facts

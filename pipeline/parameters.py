"""Parameters of each model as they were chosen: ``models/<site>/parameters.json``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pipeline.errors import InputError, ModelFileError
from pipeline.files import write_text
from pipeline.recommenders.base import Recommender
from pipeline.recommenders.registry import recommender

__all__ = ["chosen_models", "last_models", "parameters_path", "write_parameters"]

_NAME: Final = "parameters.json"


def parameters_path(data: Path, site: str) -> Path:
    """File of a site's chosen parameters, whether it exists or not."""
    return data / "models" / site / _NAME


def write_parameters(data: Path, site: str, models: Iterable[Recommender]) -> None:
    """Replace the chosen parameters of a site."""
    chosen = {model.name: model.described for model in models}
    write_text(parameters_path(data, site), json.dumps(chosen, indent=1) + "\n")


def chosen_models(data: Path, site: str) -> dict[str, Recommender]:
    """Models with the parameters that were chosen for them, by name, in the order of display.

    Raises
    ------
    ModelFileError : nothing was chosen yet, or what was chosen does not hold.
    """
    path = parameters_path(data, site)
    try:
        described = json.loads(path.read_text("utf-8"))
        found = {name: recommender(name).from_described(described[name]) for name in described}
    except FileNotFoundError as err:
        raise ModelFileError(f"{path} does not exist: choose parameters first") from err
    except (ValueError, KeyError, TypeError, AttributeError, InputError) as err:
        raise ModelFileError(f"{path} is not what was chosen: choose parameters again") from err
    if not found:
        raise ModelFileError(f"{path} holds no model: choose parameters again")
    return found


def last_models(data: Path, site: str) -> dict[str, Recommender]:
    """As `chosen_models`; none where nothing that holds was chosen before."""
    try:
        return chosen_models(data, site)
    except ModelFileError:
        return {}

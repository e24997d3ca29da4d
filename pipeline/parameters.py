"""Parameters of each model as they were chosen: ``models/<site>/parameters.json``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pipeline.errors import ModelFileError
from pipeline.files import write_text
from pipeline.recommenders.base import Recommender
from pipeline.recommenders.registry import recommender

__all__ = ["chosen_model", "parameters_path", "write_parameters"]

_NAME: Final = "parameters.json"


def parameters_path(data: Path, site: str) -> Path:
    """File of a site's chosen parameters, whether it exists or not."""
    return data / "models" / site / _NAME


def write_parameters(data: Path, site: str, models: Iterable[Recommender]) -> None:
    """Replace the chosen parameters of a site."""
    chosen = {model.name: model.parameters for model in models}
    write_text(parameters_path(data, site), json.dumps(chosen, indent=1) + "\n")


def chosen_model(data: Path, site: str, name: str) -> Recommender:
    """A model with the parameters that were chosen for it.

    Raises
    ------
    ModelFileError : nothing was chosen yet, or what was chosen does not hold.
    """
    path = parameters_path(data, site)
    try:
        return recommender(name)(**json.loads(path.read_text("utf-8"))[name])
    except FileNotFoundError as err:
        raise ModelFileError(f"{path} does not exist: choose parameters first") from err
    except (ValueError, KeyError, TypeError) as err:
        raise ModelFileError(f"{path} does not hold {name}: choose parameters again") from err

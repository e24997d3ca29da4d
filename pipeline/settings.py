"""What an operator may set of the pipeline; the environment is the only source."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.errors import InputError

__all__ = ["PipelineSettings", "read_settings"]

_PREFIX: Final = "LIKEWISE_"

_LENGTH_LIMIT: Final = 1000


class PipelineSettings(BaseSettings):
    """Settings of curating, learning and publishing; each is ``LIKEWISE_`` and its name."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, env_ignore_empty=True)

    data: Path = Field(
        default=Path("data"), description="Folder under which everything is written."
    )
    key_file: Path | None = Field(
        default=None,
        description="File of the pseudonym secret; keys/pseudonym.key of the data folder.",
    )
    raw_retention_days: float = Field(
        default=7.0,
        ge=0,
        description="Days that raw likes are kept; 0 keeps none past anonymizing.",
    )
    user_floor: int = Field(
        default=1,
        ge=1,
        description="Likes that a user needs to be learned from (k-core); 1 is off.",
    )
    item_floor: int = Field(
        default=1,
        ge=1,
        description="Likes that an item needs to be learned from (k-core); 1 is off.",
    )
    feature_floor: int = Field(
        default=2, ge=1, description="Items that a tag, category or creator needs to be a feature."
    )
    list_length: int = Field(
        default=100, ge=1, le=_LENGTH_LIMIT, description="Items of each published list."
    )
    kept_snapshots: int = Field(default=5, ge=1, description="Snapshots of a site that are kept.")
    tune_budget_s: float = Field(
        default=600.0, ge=0, description="Seconds for the choice of all models' parameters."
    )
    feedback_weight: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="What a visitor's like weighs beside a crawled one; 0 learns nothing of them.",
    )
    dagster_port: int = Field(
        default=3000, ge=1, le=65535, description="Port of the Dagster UI, else the next free one."
    )
    seed: int = Field(default=0, ge=0, description="Seed of the split, the fits and the intervals.")
    threads: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        description="Threads of fits and lists; every processor.",
    )

    @property
    def key_path(self) -> Path:
        """File of the pseudonym secret: ``key_file``, else the one in the data folder."""
        return self.key_file or self.data / "keys" / "pseudonym.key"


def read_settings() -> PipelineSettings:
    """Settings from the environment.

    Raises
    ------
    InputError : every value that is out of its range, by the name of its variable.
    """
    try:
        return PipelineSettings()
    except ValidationError as err:
        faults = [
            f"{_PREFIX}{'_'.join(map(str, fault['loc'])).upper()} is {fault['input']!r}: "
            f"{fault['msg']}"
            for fault in err.errors()
        ]
        raise InputError(faults) from err

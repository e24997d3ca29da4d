"""The resource that every asset uses: the data folder and the settings of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from pipeline.dagster_home import living_folder
from pipeline.liveness import living
from pipeline.settings import PipelineSettings, read_settings

__all__ = ["Workspace"]


class Workspace(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Settings as the environment has them when a run begins; marks the run as living."""

    @property
    def settings(self) -> PipelineSettings:
        """Settings of the pipeline."""
        return read_settings()

    @property
    def data(self) -> Path:
        """The data folder, absolute."""
        return self.settings.data.resolve()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Workspace]:
        """Hold the run's mark until the run ends."""
        if context.run is None:
            yield self
            return
        with living(living_folder(self.data), context.run.run_id):
            yield self

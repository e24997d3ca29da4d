"""A crawl as a process of its own under Dagster Pipes, stopped whatever ends the step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import dagster as dg
from pydantic import Field

__all__ = ["CrawlProcess", "CrawlReport", "Crawler"]

_PARTIAL: Final = 3


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """What a crawl said of itself; ``is_partial`` where it gave up on a part of the site."""

    is_partial: bool
    metadata: Mapping[str, Any]


class Crawler(dg.ConfigurableResource):  # type: ignore[type-arg]
    """How crawls are run: ``command`` begins each of them, in the folder of ``scrapy.cfg``."""

    command: list[str] = Field(default=[sys.executable, "-m", "scrapy", "crawl"])
    folder: str = str(Path(__file__).parent.parent.parent)
    stop_timeout_s: float = 30.0

    def crawl(
        self,
        context: dg.AssetExecutionContext,
        spider: str,
        arguments: Mapping[str, str],
        environment: Mapping[str, str],
    ) -> CrawlReport:
        """Run a spider to its end.

        Raises
        ------
        dagster.Failure : the crawl failed; what it had landed stays listed in its manifest.
        """
        options = [part for name, value in arguments.items() for part in ("-a", f"{name}={value}")]
        process = CrawlProcess([*self.command, spider, *options], self.folder, self.stop_timeout_s)
        code, metadata = process.run(context, environment)
        if code not in {0, _PARTIAL}:
            raise dg.Failure(f"the crawl ended with exit code {code}; its log says why", metadata)
        return CrawlReport(is_partial=code == _PARTIAL, metadata=metadata)


@dataclass(frozen=True, slots=True)
class CrawlProcess:
    """A command that reports through Pipes.

    `dagster.PipesSubprocessClient` would take exit code 3 for a failure, and would leave a
    process that does not stop in time behind.
    """

    command: Sequence[str]
    folder: str
    stop_timeout_s: float

    def run(
        self, context: dg.AssetExecutionContext, environment: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """Exit code and reported metadata.

        A step that is cancelled or interrupted stops the process, which flushes what it holds.
        """
        with dg.open_pipes_session(
            context=context,
            context_injector=dg.PipesTempFileContextInjector(),
            message_reader=dg.PipesTempFileMessageReader(),
        ) as session:
            process = subprocess.Popen(
                list(self.command),
                cwd=self.folder,
                env={**os.environ, **environment, **session.get_bootstrap_env_vars()},
                process_group=0,  # a Ctrl-C of the terminal reaches Dagster alone, which forwards
            )
            try:
                code = process.wait()
            except BaseException:
                context.log.info("Stopping the crawl; it writes what it holds first.")
                self._stop(process)
                raise
        return code, _reported(session)

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(self.stop_timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # its browser too
            process.wait()


def _reported(session: dg.PipesSession) -> dict[str, Any]:
    return {
        name: value
        for result in session.get_results()
        if isinstance(result, dg.MaterializeResult)
        for name, value in (result.metadata or {}).items()
    }

"""Definitions whose crawls land a small planted world without a site."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from pipeline.assets import crawls, refresh
from pipeline.assets.crawling import Crawler
from pipeline.assets.factory import definitions_of
from pipeline.dagster_home import prepare_home
from pipeline.sites import SITES

FAKE_CRAWL = Path(__file__).parent / "fake_crawl.py"
ROOT = Path(__file__).parent.parent.parent.parent
SITE = SITES["sketchfab"]


def fake_definitions() -> dg.Definitions:
    return definitions_of([SITE], crawler=Crawler(command=[sys.executable, str(FAKE_CRAWL)]))


@dataclass(frozen=True)
class Workbench:
    """A data folder with its Dagster instance."""

    data: Path
    instance: dg.DagsterInstance

    def refresh(
        self, *assets: str, tags: dict[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        """Run the job, or the named assets of it."""
        keys = [dg.AssetKey([SITE.identifier, name]) for name in assets]
        job = fake_definitions().resolve_job_def("refresh_sketchfab")
        return job.execute_in_process(
            instance=self.instance, asset_selection=keys or None, raise_on_error=False, tags=tags
        )


@contextmanager
def workbench_in(data: Path) -> Iterator[Workbench]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIKEWISE_DATA", str(data))
        patch.setenv("LIKEWISE_THREADS", "1")
        patch.setenv("LIKEWISE_LIST_LENGTH", "10")
        patch.setenv("LIKEWISE_TUNE_BUDGET_S", "1")
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.delenv("FAKE_CRAWL", raising=False)
        patch.setattr(crawls, "_RETRY_DELAY_S", 0)
        home = prepare_home(data)
        patch.setenv("DAGSTER_HOME", str(home))
        with dg.DagsterInstance.from_config(str(home)) as instance:
            yield Workbench(data, instance)


@pytest.fixture
def workbench(tmp_path) -> Iterator[Workbench]:
    with workbench_in(tmp_path) as bench:
        yield bench


@dataclass(frozen=True)
class Refreshed:
    """One whole refresh, what it told as it went, and the events that it left in storage."""

    bench: Workbench
    passed: bool
    told: list[dict[str, object]]

    @property
    def events(self) -> list[dg.DagsterEvent]:
        """Events of the run, in order."""
        records = self.bench.instance.get_records_for_run(str(self.told[0]["run_id"])).records
        events = [record.event_log_entry.dagster_event for record in records]
        return [event for event in events if event is not None]

    def metadata(self, asset: str) -> dict[str, object]:
        """Metadata of an asset's materialization, as plain values."""
        key = dg.AssetKey([SITE.identifier, asset])
        event = self.bench.instance.get_latest_materialization_event(key)
        return {name: value.value for name, value in event.asset_materialization.metadata.items()}


@pytest.fixture(scope="session")
def refreshed(tmp_path_factory) -> Iterator[Refreshed]:
    """One whole refresh; tests only read of it."""
    told: list[dict[str, object]] = []
    with (
        workbench_in(tmp_path_factory.mktemp("refreshed")) as bench,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(refresh, "definitions_of", lambda _: fake_definitions())
        passed = refresh.refresh(bench.instance, SITE, lambda what: told.append(dict(what)))
        yield Refreshed(bench, passed, told)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Dagster warns of what Dagster itself does: previews, calls of old names in pydantic."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore::Warning:dagster"))

import dagster as dg
import pytest

from pipeline.assets.recovery import end_dead_runs
from pipeline.dagster_home import living_folder
from pipeline.liveness import living
from tests.pipeline.assets.conftest import fake_definitions

POOL = "sketchfab_crawl"


def _run(workbench, status: dg.DagsterRunStatus) -> dg.DagsterRun:
    job = fake_definitions().resolve_job_def("refresh_sketchfab")
    return workbench.instance.create_run_for_job(job, status=status)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE),
        (dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED),
    ],
)
def test_run_without_a_process_is_ended(workbench, status, expected):
    run = _run(workbench, status)
    assert end_dead_runs(workbench.instance, workbench.data) == [run.run_id]
    assert workbench.instance.get_run_by_id(run.run_id).status is expected


def test_living_run_is_left_alone(workbench):
    run = _run(workbench, dg.DagsterRunStatus.STARTED)
    with living(living_folder(workbench.data), run.run_id):
        assert end_dead_runs(workbench.instance, workbench.data) == []
    assert workbench.instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.STARTED


def test_run_that_only_just_starts_is_left_alone(workbench):
    run = _run(workbench, dg.DagsterRunStatus.STARTING)
    assert end_dead_runs(workbench.instance, workbench.data) == []
    assert workbench.instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.STARTING


def test_slot_of_a_run_that_has_ended_is_freed(workbench):
    storage = workbench.instance.event_log_storage
    run = _run(workbench, dg.DagsterRunStatus.FAILURE)
    storage.initialize_concurrency_limit_to_default(POOL)
    assert storage.claim_concurrency_slot(POOL, run.run_id, "step").is_claimed
    end_dead_runs(workbench.instance, workbench.data)
    assert storage.get_concurrency_run_ids() == set()


def test_slot_of_a_living_run_is_kept(workbench):
    storage = workbench.instance.event_log_storage
    run = _run(workbench, dg.DagsterRunStatus.STARTED)
    storage.initialize_concurrency_limit_to_default(POOL)
    storage.claim_concurrency_slot(POOL, run.run_id, "step")
    with living(living_folder(workbench.data), run.run_id):
        end_dead_runs(workbench.instance, workbench.data)
    assert storage.get_concurrency_run_ids() == {run.run_id}

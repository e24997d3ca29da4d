import pytest

from scrapers.arguments import Worker
from scrapers.outcome import outcome, unit_states
from scrapers.records import LandedUnit, Mode, RunStatus, Stage, UnitKind, UnitState
from scrapers.site_spider import FINISHED, LEFT_ALONE
from scrapers.units import Unit
from tests.scrapers.playing import land_catalogue, make_plan_of

DONE, PARTIAL, FAILED = UnitState.DONE, UnitState.PARTIAL, UnitState.FAILED
COMPLETE = RunStatus.COMPLETE


@pytest.mark.parametrize(
    ("states", "n_landed", "reason", "status"),
    [
        ({DONE: 3}, 9, FINISHED, COMPLETE),
        ({DONE: 3}, 9, "shutdown", RunStatus.PARTIAL),
        ({DONE: 3, PARTIAL: 1}, 9, FINISHED, RunStatus.PARTIAL),
        ({DONE: 3, UnitState.PENDING: 1}, 9, FINISHED, RunStatus.PARTIAL),
        ({DONE: 3, UnitState.LEASED: 1}, 9, FINISHED, RunStatus.PARTIAL),
        ({FAILED: 3}, 0, FINISHED, RunStatus.PARTIAL),
        ({UnitState.PENDING: 3}, 0, LEFT_ALONE, RunStatus.PARTIAL),
        ({UnitState.PENDING: 3}, 0, "shutdown", RunStatus.FAILED),
        ({DONE: 3}, 0, FINISHED, RunStatus.FAILED),
        ({}, 0, FINISHED, RunStatus.FAILED),
    ],
)
def test_crawl_is_judged_by_its_units(tmp_path, states, n_landed, reason, status):
    assert outcome(make_plan_of(tmp_path, Stage.LIKES), states, n_landed, reason) is status


def test_process_that_found_all_units_taken_shares_in_the_crawl_that_is_complete(tmp_path):
    shared = make_plan_of(tmp_path, Stage.LIKES, worker=Worker(2, 2))
    assert outcome(shared, {DONE: 3}, 0, FINISHED) is COMPLETE
    assert outcome(shared, {}, 0, FINISHED) is RunStatus.FAILED


def test_incremental_crawl_of_an_empty_catalogue_has_failed(tmp_path):
    plan = make_plan_of(tmp_path, Stage.LIKES, mode=Mode.INCREMENTAL)
    assert outcome(plan, {}, 0, FINISHED) is RunStatus.FAILED
    land_catalogue(tmp_path, {"m0": 3})
    assert outcome(plan, {}, 0, FINISHED) is COMPLETE


def test_incremental_crawl_may_bring_no_likes_but_never_no_items(tmp_path):
    for stage, status in ((Stage.LIKES, COMPLETE), (Stage.CATALOGUE, RunStatus.FAILED)):
        plan = make_plan_of(tmp_path, stage, mode=Mode.INCREMENTAL)
        assert outcome(plan, {DONE: 3}, 0, FINISHED) is status


def test_states_are_of_all_kinds_of_the_stage_and_of_no_other(ledgers):
    ledger = ledgers.open()
    ledger.add([Unit(UnitKind.ITEM_LIKES, "a"), Unit(UnitKind.USER_LIKES, "b")])
    ledger.add([Unit(UnitKind.ITEM_FEATURES, "a")])
    ledger.settle([LandedUnit(UnitKind.USER_DIRECTORY, "1:1", DONE)], {})
    assert unit_states(ledger, Stage.LIKES) == {UnitState.PENDING: 2, DONE: 1}
    assert unit_states(ledger, Stage.CATALOGUE) == {}

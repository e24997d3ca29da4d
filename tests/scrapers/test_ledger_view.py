"""A stage stands as its units and processes say; speed and time left follow from what ended."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scrapers.counts import Count
from scrapers.ledger_database import Database
from scrapers.ledger_runs import processes
from scrapers.ledger_view import RATE_WINDOW_S, Missing, Standing, reason, view
from scrapers.records import RunStatus, Stage, UnitKind, UnitState
from scrapers.units import Unit
from tests.ledgers import KIND, LEASE_S, units

DONE, PARTIAL, FAILED = UnitState.DONE, UnitState.PARTIAL, UnitState.FAILED


@pytest.fixture
def stages(ledgers):
    """Function that reads how the crawl's stages stand now."""
    database = Database(ledgers.url)

    def read(limit=None):
        with database.read() as connection:
            found = processes(connection, ledgers.site, "r1")
            return view(connection, found, now=ledgers.clock.now, limit=limit)

    yield read
    database.close()


def _likes(ledgers, owner="r1/likes"):
    ledger = ledgers.open(owner)
    ledger.begin(Stage.LIKES, {})
    return ledger


def _end(ledger, ledgers, count, **fields):
    claimed = ledger.claim(KIND, count)
    ledger.settle([ledgers.end(unit.key, **fields) for unit in claimed], {})


def test_units_are_counted_by_kind_and_state(ledgers, stages):
    ledger = _likes(ledgers)
    ledger.add(units(range(10)))
    ledger.add(units("xy", UnitKind.USER_DIRECTORY))
    _end(ledger, ledgers, 4, read=5)
    ledger.claim(KIND, 2)
    (stage,) = stages()
    assert stage.stage is Stage.LIKES
    lists, directory = stage.kinds
    assert lists.states == {DONE: 4, UnitState.LEASED: 2, UnitState.PENDING: 4}
    assert (lists.total, lists.read, lists.lapsed) == (10, 20, 0)
    assert (directory.kind, directory.total) == (UnitKind.USER_DIRECTORY, 2)
    assert stage.count(DONE) == 4
    assert stage.count(UnitState.PENDING, DONE) == 10
    ledgers.clock.pass_s(LEASE_S)
    assert stages()[0].kinds[0].lapsed == 2


def test_stages_come_in_the_order_in_which_they_are_crawled(ledgers, stages):
    _likes(ledgers)
    ledgers.open("r1/catalogue").begin(Stage.CATALOGUE, {})
    ledgers.open("r1/features").add(units("a", UnitKind.ITEM_FEATURES))
    assert [stage.stage for stage in stages()] == [Stage.CATALOGUE, Stage.LIKES, Stage.FEATURES]


def test_speed_and_time_left_come_from_what_ended_lately(ledgers, stages):
    ledger = _likes(ledgers)
    ledger.add(units(range(100)))
    ledgers.clock.pass_s(10)
    _end(ledger, ledgers, 20)
    (stage,) = stages()
    assert stage.units_per_s == pytest.approx(2.0)
    assert stage.left_s == pytest.approx(40.0)


def test_only_the_last_minutes_make_the_speed(ledgers, stages):
    ledger = _likes(ledgers)
    ledger.add(units(range(100)))
    ledgers.clock.pass_s(1)
    _end(ledger, ledgers, 40)
    ledgers.clock.pass_s(RATE_WINDOW_S)
    _end(ledger, ledgers, 30)
    ledger.renew()
    assert stages()[0].units_per_s == pytest.approx(30 / RATE_WINDOW_S)


def test_long_lists_take_longer_than_short_ones(ledgers, stages):
    ledger = _likes(ledgers)
    ledger.add(Unit(KIND, f"long {n}", Count(380, 380)) for n in range(10))
    ledger.add(Unit(KIND, f"short {n}", Count(0, 0)) for n in range(10))
    ledgers.clock.pass_s(20)
    _end(ledger, ledgers, 5, read=380)
    assert stages()[0].left_s == pytest.approx(20.0 * (5 * 20 + 10) / (5 * 20))


def test_no_speed_is_told_where_it_is_not_known(ledgers, stages):
    ledger = _likes(ledgers)
    ledger.add(units(range(9)))
    ledgers.clock.pass_s(1)
    _end(ledger, ledgers, 3)
    (begun,) = stages()
    assert (begun.units_per_s, begun.left_s) == (None, None)
    ledgers.clock.pass_s(LEASE_S)
    assert stages()[0].units_per_s is None
    ledger.begin(Stage.LIKES, {})
    ledgers.clock.pass_s(60)
    (idle,) = stages()
    assert (idle.units_per_s, idle.left_s) == (0.0, None)


def test_a_stage_stands_as_its_processes_and_units_say(ledgers, stages):
    ledger = _likes(ledgers)
    ledger.add(units("ab"))
    assert _standing(ledgers, stages) is Standing.AT_WORK
    ledgers.clock.pass_s(LEASE_S)
    assert _standing(ledgers, stages) is Standing.LOST
    for status, standing in [
        (RunStatus.FAILED, Standing.FAILED),
        (RunStatus.PARTIAL, Standing.PARTIAL),
        (RunStatus.COMPLETE, Standing.PARTIAL),
    ]:
        ledger.end(Stage.LIKES, status)
        assert _standing(ledgers, stages) is standing
    _end(ledger, ledgers, 2)
    assert _standing(ledgers, stages) is Standing.COMPLETE


def test_of_several_processes_the_last_to_end_says_how(ledgers, stages):
    first, second = _likes(ledgers, "r1.1-of-2/likes"), _likes(ledgers, "r1.2-of-2/likes")
    first.end(Stage.LIKES, RunStatus.PARTIAL)
    assert _standing(ledgers, stages) is Standing.AT_WORK
    ledgers.clock.pass_s(5)
    second.end(Stage.LIKES, RunStatus.COMPLETE)
    assert _standing(ledgers, stages) is Standing.COMPLETE


def _standing(ledgers, stages):
    return stages()[0].standing(ledgers.clock.now)


def test_units_that_are_not_whole_are_told_by_reason_and_by_name(ledgers, stages):
    ledger = _likes(ledgers)
    ledger.add(units(range(6)))
    ledger.claim(KIND, 6)
    short = [
        ledgers.end(str(n), PARTIAL, read=n, announced=1_200, why=f"{n} of 1200 likes: early end")
        for n in range(3)
    ]
    bad = [
        ledgers.end("3", FAILED, why="status 500"),
        ledgers.end("4", FAILED, why="status 503"),
        ledgers.end("5", FAILED),
    ]
    ledger.settle([*short, *bad], {})
    (stage,) = stages()
    assert stage.missing[0] == Missing(PARTIAL, "early end", 3)
    assert set(stage.missing[1:]) == {
        Missing(FAILED, "status 500", 1),
        Missing(FAILED, "status 503", 1),
        Missing(FAILED, "no reason given", 1),
    }
    assert list(stage.named) == [*short, *bad]
    assert list(stages(limit=2)[0].named) == short[:2]


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("7 of 1,200 likes: early end", "early end"),
        ("7 likes: a loop", "a loop"),
        ("status 500", "status 500"),
        ("12 hours were waited: status 503", "12 hours were waited: status 503"),
        (None, "no reason given"),
    ],
)
def test_a_reason_is_told_without_how_much_was_read(why, told):
    assert reason(why) == told


def test_what_ended_before_it_was_tried_again_is_not_speed(ledgers, stages):
    ledger = _likes(ledgers)
    ledger.add(units(range(9)))
    ledgers.clock.pass_s(10)
    _end(ledger, ledgers, 9, state=PARTIAL)
    ledger.retry([PARTIAL])
    assert stages()[0].units_per_s == 0.0


def test_processes_are_told_as_the_ledger_has_them(ledgers, stages):
    _likes(ledgers)
    (process,) = stages()[0].processes
    assert process.landing_id == "r1"
    later = ledgers.clock.now + timedelta(seconds=LEASE_S)
    assert not process.is_alive(later)
    assert replace(process, status=RunStatus.COMPLETE, expires_at=None).is_lost(later) is False

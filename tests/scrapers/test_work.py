"""Units are handed out in batches, seen to their end, and begun again where they are lost."""

import asyncio
from collections import Counter

import pytest

from scrapers import work as work_module
from scrapers.records import LandedUnit, UnitKind, UnitState
from scrapers.units import Unit
from scrapers.work import BATCH, LOST, Work
from tests.ledgers import KIND, LEASE_S, Ledgers, units

DONE = UnitState.DONE


@pytest.fixture
def ledgers(tmp_path):
    opened = Ledgers(f"sqlite:///{tmp_path}/ledger.sqlite", "sketchfab")
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No look takes longer than the loop needs."""
    monkeypatch.setattr(work_module, "_LOOK_S", 0.001)
    monkeypatch.setattr(work_module, "_OTHERS_S", 0.001)


class Supply:
    """Any unit of the ledger, or those of `keys`; `refills` are units that come later."""

    kind = KIND

    def __init__(self, ledger, keys=None, refills=()):
        self.ledger = ledger
        self.keys = keys
        self.refills = list(refills)
        self.asked_for = []

    def candidates(self, limit):
        if self.keys is None:
            return None
        given, self.keys = self.keys[:limit], self.keys[limit:]
        self.asked_for.append(given)
        return given

    def refill(self):
        if not self.refills:
            return False
        self.ledger.add(units(self.refills.pop(0)))
        return True


class Crawl:
    """Takes units from work, and does with each what `act` says."""

    def __init__(self, ledger, supply=None, act=None):
        self.ledger = ledger
        self.begun = []
        self.given_up = []
        self.is_quiet = True
        self.act = act or self.end
        self.work = Work(
            ledger,
            supply or Supply(ledger),
            is_quiet=lambda: self.is_quiet,
            give_up=self.give_up,
        )

    def end(self, unit):
        """The unit ends and is landed at once."""
        self.ledger.settle([LandedUnit(unit.kind, unit.key, DONE, ended_at="now")], {})
        self.work.close(unit)

    def give_up(self, unit, why):
        self.given_up.append((unit.key, why))
        self.end(unit)

    async def play(self):
        async for unit in self.work.units():
            self.begun.append(unit.key)
            self.act(unit)

    def run(self):
        asyncio.run(asyncio.wait_for(self.play(), 10))
        return self


def test_every_unit_is_begun_once_in_order(ledgers):
    ledger = ledgers.open()
    ledger.add(units(range(3 * BATCH)))
    crawl = Crawl(ledger).run()
    assert crawl.begun == [str(n) for n in range(3 * BATCH)]
    assert ledger.counts() == {DONE: 3 * BATCH}


def test_units_are_claimed_in_batches_and_no_sooner_than_needed(ledgers):
    ledger = ledgers.open()
    ledger.add(units(range(3 * BATCH)))
    crawl = Crawl(ledger)

    def act(unit):
        if len(crawl.begun) == 1:
            assert ledger.counts()[UnitState.LEASED] == BATCH
        crawl.end(unit)

    crawl.act = act
    crawl.run()


def test_only_candidates_are_claimed_each_asked_for_once(ledgers):
    ledger = ledgers.open()
    ledger.add(units(range(BATCH + 9)))
    wanted = [str(n) for n in range(1, BATCH + 5)] + ["unknown"]
    supply = Supply(ledger, keys=list(wanted))
    crawl = Crawl(ledger, supply).run()
    assert crawl.begun == wanted[:-1]
    assert [len(given) for given in supply.asked_for if given] == [BATCH, 5]


def test_further_units_are_asked_for_once_all_have_ended(ledgers):
    ledger = ledgers.open()
    ledger.add(units("ab"))
    supply = Supply(ledger, refills=["cd", "e"])
    crawl = Crawl(ledger, supply)

    def act(unit):
        assert unit.key not in "cde" or ledger.counts().get(UnitState.PENDING, 0) < 2
        crawl.end(unit)

    crawl.act = act
    assert crawl.run().begun == list("abcde")


def test_units_that_no_ledger_hands_out_are_read_too_also_while_others_are(ledgers):
    ledger = ledgers.open()
    ledger.add(units("ab"))
    crawl = Crawl(ledger)

    def act(unit):
        if unit.key == "a":
            crawl.work.add([Unit(UnitKind.USER_DIRECTORY, "1:2")])
        crawl.end(unit)

    crawl.act = act
    crawl.work.add([Unit(UnitKind.USER_DIRECTORY, "1:1")])
    assert sorted(crawl.run().begun) == ["1:1", "1:2", "a", "b"]


def test_unit_that_ends_later_is_waited_for(ledgers):
    ledger = ledgers.open()
    ledger.add(units("ab"))
    crawl = Crawl(ledger)
    crawl.is_quiet = False

    def act(unit):
        asyncio.get_running_loop().call_later(0.01, crawl.end, unit)

    crawl.act = act
    assert crawl.run().begun == ["a", "b"]
    assert crawl.given_up == []
    assert ledger.counts() == {DONE: 2}


@pytest.mark.parametrize("times", [1, 2])
def test_unit_that_came_back_with_nothing_is_begun_again(ledgers, times):
    ledger = ledgers.open()
    ledger.add(units("abc"))
    crawl = Crawl(ledger)
    begun = Counter()

    def act(unit):
        begun[unit.key] += 1
        if unit.key != "b" or begun["b"] > times:
            crawl.end(unit)

    crawl.act = act
    crawl.run()
    assert begun == {"a": 1, "b": times + 1, "c": 1}
    assert crawl.given_up == []
    assert ledger.counts() == {DONE: 3}


def test_unit_that_always_comes_back_with_nothing_is_given_up_after_three_times(ledgers):
    ledger = ledgers.open()
    ledger.add(units("abc"))
    crawl = Crawl(ledger)
    crawl.act = lambda unit: None if unit.key == "b" else crawl.end(unit)
    crawl.run()
    assert Counter(crawl.begun) == {"a": 1, "b": 3, "c": 1}
    assert crawl.given_up == [("b", LOST)]


def test_twin_nothing_is_begun_again_while_anything_is_under_way(ledgers):
    ledger = ledgers.open()
    ledger.add(units("a"))
    crawl = Crawl(ledger, act=lambda _: None)
    crawl.is_quiet = False

    async def play():
        playing = asyncio.ensure_future(crawl.play())
        await asyncio.sleep(0.05)
        assert (crawl.begun, playing.done()) == (["a"], False)
        crawl.work.stop()
        await playing

    asyncio.run(play())


def test_stop_ends_at_once_and_hands_out_nothing_more(ledgers):
    ledger = ledgers.open()
    ledger.add(units("abc"))
    crawl = Crawl(ledger)

    def act(unit):
        crawl.work.stop()

    crawl.act = act
    crawl.run()
    assert (crawl.begun, crawl.work.is_stopped) == (["a"], True)
    assert ledger.release_own() == 3


def test_what_other_processes_hold_is_waited_for_and_taken_over_where_they_die(ledgers):
    ledger, other = ledgers.open("a"), ledgers.open("other")
    ledger.add(units("xy"))
    other.claim(KIND, 1)
    crawl = Crawl(ledger)

    async def play():
        playing = asyncio.ensure_future(crawl.play())
        while len(crawl.begun) < 1:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        assert (crawl.begun, playing.done()) == (["y"], False)
        ledgers.clock.pass_s(LEASE_S + 1)
        await asyncio.wait_for(playing, 10)

    asyncio.run(play())
    assert crawl.begun == ["y", "x"]


def test_what_other_processes_end_is_not_begun(ledgers):
    ledger, other = ledgers.open("a"), ledgers.open("other")
    ledger.add(units("xy"))
    (taken,) = other.claim(KIND, 1)
    crawl = Crawl(ledger)

    async def play():
        playing = asyncio.ensure_future(crawl.play())
        while len(crawl.begun) < 1:
            await asyncio.sleep(0.001)
        other.settle([LandedUnit(taken.kind, taken.key, DONE, ended_at="now")], {})
        await asyncio.wait_for(playing, 10)

    asyncio.run(play())
    assert crawl.begun == ["y"]


def test_unit_whose_lease_ran_out_while_it_is_read_is_not_begun_a_second_time(ledgers):
    """The process slept: its own units look claimable to it."""
    ledger = ledgers.open()
    ledger.add(units("ab"))
    crawl = Crawl(ledger)
    later = []

    def act(unit):
        ledgers.clock.pass_s(LEASE_S + 1)
        later.append(unit)
        if len(later) == 2:
            asyncio.get_running_loop().call_later(0.02, lambda: [*map(crawl.end, later)])

    crawl.act = act
    crawl.is_quiet = False
    assert crawl.run().begun == ["a", "b"]

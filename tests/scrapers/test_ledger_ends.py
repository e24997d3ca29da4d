"""The manifest is the truth: whatever was lost or came first, the ledger follows it."""

import pytest

from scrapers.counts import Count
from scrapers.ledger import Reconciled
from scrapers.records import UnitKind, UnitState
from scrapers.units import Memory
from tests.ledgers import KIND, LEASE_S, names, units

DONE, PARTIAL, PENDING, LEASED = (
    UnitState.DONE,
    UnitState.PARTIAL,
    UnitState.PENDING,
    UnitState.LEASED,
)


@pytest.fixture
def ledger(ledgers):
    """Four units, two of which are leased by owner a."""
    ledger = ledgers.open("a")
    ledger.add(units("abcd"))
    ledger.claim(KIND, 2)
    return ledger


def test_a_part_that_was_listed_before_the_ledger_was_told_counts(ledger, ledgers):
    assert ledger.reconcile([ledgers.end("a", read=3, announced=3)]) == Reconciled(ended=1)
    assert ledger.counts() == {DONE: 1, LEASED: 1, PENDING: 2}
    assert ledger.named([DONE], 9) == [ledgers.end("a", read=3, announced=3)]


def test_what_was_known_of_a_list_is_forgotten_where_its_later_end_was_not_told(ledger, ledgers):
    known = Memory(Count(9, 9), 9, b"8 bytes!", ledgers.clock.now)
    earlier = ledgers.open("z", crawl_id="r0")
    earlier.settle([ledgers.end(key) for key in "abc"], {(KIND, key): known for key in "abc"})
    ledger.settle([ledgers.end("c")], {})
    ledger.reconcile([ledgers.end("a"), ledgers.end("b", PARTIAL), ledgers.end("c")])
    assert set(ledger.memories(KIND)) == {"b", "c"}


def test_an_end_that_no_manifest_lists_is_undone(ledger, ledgers):
    ledger.settle([ledgers.end("a"), ledgers.end("b", PARTIAL)], {})
    assert ledger.reconcile([ledgers.end("a")]) == Reconciled(reopened=1)
    assert [unit.key for unit in ledger.claim(KIND, 9)] == ["b", "c", "d"]


def test_agreement_changes_nothing(ledger, ledgers):
    ended = [ledgers.end("a"), ledgers.end("b", PARTIAL, why="x")]
    ledger.settle(ended, {})
    assert ledger.reconcile(ended) == Reconciled()
    assert ledger.reconcile(iter(ended)) == Reconciled()


def test_a_lost_ledger_is_made_anew_from_the_manifest(ledgers):
    ended = [ledgers.end("x", read=5), ledgers.end("y", PARTIAL, why="z")]
    ledger = ledgers.open("a")
    assert ledger.reconcile(ended) == Reconciled(ended=2)
    assert ledger.add(units("xyz")) == 1
    assert ledger.named([DONE, PARTIAL], 9) == ended


def test_ends_of_other_owners_stay(ledger, ledgers):
    other = ledgers.open("b")
    other.claim(KIND, 1)
    other.settle([ledgers.end("c")], {})
    assert ledger.reconcile([]) == Reconciled()
    assert ledger.counts()[DONE] == 1


def test_what_another_owner_ended_since_stays(ledger, ledgers):
    listed = ledgers.end("a", PARTIAL, why="short")
    ledgers.clock.pass_s(LEASE_S)
    other = ledgers.open("b")
    other.claim(KIND, 1)
    newer = ledgers.end("a", read=9)
    other.settle([newer], {})
    assert ledger.reconcile([listed]) == Reconciled()
    assert ledger.named([DONE], 9) == [newer]


def test_what_is_to_be_tried_again_stays_so_after_a_restart(ledger, ledgers):
    first = ledgers.end("a", PARTIAL, why="short")
    ledger.settle([first], {})
    assert ledger.retry([PARTIAL]) == 1
    assert ledger.reconcile([first]) == Reconciled()
    assert [unit.key for unit in ledger.claim(KIND, 1)] == ["a"]
    assert ledger.reconcile([first]) == Reconciled()
    assert ledger.holds(names("a")) == names("a")


def test_a_second_end_that_was_listed_before_the_ledger_was_told_counts(ledger, ledgers):
    ledger.settle([ledgers.end("a", PARTIAL, why="short")], {})
    ledger.retry([PARTIAL])
    ledger.claim(KIND, 1)
    ledgers.clock.pass_s(1)
    second = ledgers.end("a", read=9)
    assert ledger.reconcile([second]) == Reconciled(ended=1)
    assert ledger.named([DONE], 9) == [second]


def test_an_end_that_the_manifest_tells_otherwise_is_corrected(ledger, ledgers):
    ledger.settle([ledgers.end("a", read=9)], {})
    listed = ledgers.end("a", PARTIAL, read=3, why="short")
    assert ledger.reconcile([listed]) == Reconciled(ended=1)
    assert ledger.named([PARTIAL], 9) == [listed]


def test_kinds_that_the_manifest_would_not_list_stay(ledger, ledgers):
    ledger.settle([ledgers.end("a")], {})
    assert ledger.reconcile([], [UnitKind.ITEM_FEATURES]) == Reconciled()
    assert ledger.reconcile([], [KIND]) == Reconciled(reopened=1)

"""Units of a crawl go from pending to their end, on SQLite and on PostgreSQL alike."""

from datetime import UTC, datetime

import pytest

from scrapers.counts import Count
from scrapers.errors import LedgerError
from scrapers.ledger import Ledger, ledger_url
from scrapers.records import Stage, UnitKind, UnitState
from scrapers.units import Memory, Unit
from tests.ledgers import KIND, LEASE_S, names, units

DONE, PARTIAL, FAILED = UnitState.DONE, UnitState.PARTIAL, UnitState.FAILED
PENDING, LEASED = UnitState.PENDING, UnitState.LEASED


def _keys(claimed):
    return [unit.key for unit in claimed]


def test_units_are_claimed_in_the_order_in_which_they_were_added(ledgers):
    ledger = ledgers.open()
    assert ledger.add(units(["c", "a", "b"])) == 3
    assert ledger.add(units(["a", "0"])) == 1
    assert _keys(ledger.claim(KIND, 2)) == ["c", "a"]
    assert _keys(ledger.claim(KIND, 9)) == ["b", "0"]
    assert ledger.claim(KIND, 9) == []


def test_a_claimed_unit_is_what_was_added_and_tells_its_attempts(ledgers):
    ledger = ledgers.open()
    given = [
        Unit(KIND, "known", Count(1200, 1299), "https://site.example/page?n=2"),
        Unit(KIND, "unknown"),
        Unit(KIND, "none", Count(0, 0)),
        Unit(KIND, 'odd | "q" <b> \u00e9\u2028\U0001f600 %s :x', Count(3, 3)),
    ]
    ledger.add(given)
    expected = [Unit(u.kind, u.key, u.announced, u.payload, attempts=1) for u in given]
    assert ledger.claim(KIND, 9) == expected
    ledger.release_own()
    assert {unit.attempts for unit in ledger.claim(KIND, 9)} == {2}


def test_known_units_stay_as_they_are_when_added_again(ledgers):
    ledger = ledgers.open()
    ledger.add(units("ab"))
    ledger.claim(KIND, 1)
    ledger.settle([ledgers.end("a", read=3)], {})
    assert ledger.add(units("ab")) == 0
    assert ledger.counts() == {DONE: 1, PENDING: 1}


def test_nothing_is_added_of_nothing(ledgers):
    assert ledgers.open().add([]) == 0


def test_a_unit_is_held_by_one_owner_until_its_lease_runs_out(ledgers):
    ours, theirs = ledgers.open("a"), ledgers.open("b")
    ours.add(units("a"))
    assert _keys(ours.claim(KIND, 1)) == ["a"]
    assert theirs.claim(KIND, 1) == []
    assert ours.holds(names("ab")) == names("a")
    assert theirs.holds(names("ab")) == set()
    ledgers.clock.pass_s(LEASE_S)
    assert ours.holds(names("a")) == set()
    assert _keys(theirs.claim(KIND, 1)) == ["a"]
    assert theirs.holds(names("a")) == names("a")


def test_a_renewed_lease_does_not_run_out(ledgers):
    ours, theirs = ledgers.open("a"), ledgers.open("b")
    ours.add(units("ab"))
    ours.claim(KIND, 2)
    ledgers.clock.pass_s(LEASE_S - 1)
    assert ours.renew() == 2
    assert theirs.renew() == 0
    ledgers.clock.pass_s(LEASE_S - 1)
    assert theirs.claim(KIND, 2) == []
    assert ours.holds(names("ab")) == names("ab")


def test_only_named_keys_are_claimed(ledgers):
    ledger = ledgers.open()
    ledger.add(units("abcd"))
    assert _keys(ledger.claim(KIND, 2, ["d", "x", "b", "c"])) == ["b", "c"]
    assert ledger.claim(KIND, 2, []) == []
    assert ledger.counts() == {LEASED: 2, PENDING: 2}


def test_more_keys_than_a_statement_takes_can_be_named(ledgers):
    ledger = ledgers.open()
    ledger.add(units(range(3)))
    many = [str(number) for number in range(70_000, -1, -1)]
    assert sorted(_keys(ledger.claim(KIND, 3, many))) == ["0", "1", "2"]
    assert len(ledger.holds((KIND, key) for key in many)) == 3
    assert ledger.recall(KIND, many) == {}
    assert ledger.release((KIND, key) for key in many) == 3


def test_kinds_crawls_and_sites_do_not_mix(ledgers):
    one = ledgers.open()
    one.add(units("a"))
    one.add(units("a", UnitKind.ITEM_FEATURES))
    others = [ledgers.open(crawl_id="r2"), ledgers.open(site=f"{ledgers.site}-2")]
    for other in others:
        assert other.claim(KIND, 9) == []
        assert other.add(units("a")) == 1
        other.claim(KIND, 9)
        other.settle([ledgers.end("a")], {})
        assert other.retry([FAILED, PARTIAL]) == 0
    assert one.counts(KIND) == {PENDING: 1}
    assert one.counts() == {PENDING: 2}
    assert _keys(one.claim(KIND, 9)) == ["a"]
    assert one.release(names("a", UnitKind.ITEM_FEATURES)) == 0


def test_only_the_holder_releases(ledgers):
    ours, theirs = ledgers.open("a"), ledgers.open("b")
    ours.add(units("abc"))
    ours.claim(KIND, 2)
    theirs.claim(KIND, 1)
    assert theirs.release(names("ab")) == 0
    assert ours.release(names("bc")) == 1
    assert ours.counts() == {LEASED: 2, PENDING: 1}
    assert ours.release_own() == 1
    assert _keys(ours.claim(KIND, 3)) == ["a", "b"]


def test_settled_units_end_with_all_that_is_known_of_them(ledgers):
    ledger = ledgers.open()
    ledger.add(units("abc"))
    ledger.claim(KIND, 3)
    ends = [
        ledgers.end("a", read=7, announced=7, whole=True),
        ledgers.end("b", PARTIAL, read=3, announced=120, why="3 of 120 likes: early end"),
        ledgers.end("c", FAILED, why="status 500"),
    ]
    assert ledger.settle(ends, {}) == names("abc")
    assert ledger.counts() == {DONE: 1, PARTIAL: 1, FAILED: 1}
    assert ledger.named([DONE, PARTIAL, FAILED], 9) == ends
    assert ledger.named([FAILED, PARTIAL], 1) == [ends[1]]
    assert ledger.claim(KIND, 9) == []


def test_a_unit_that_was_never_added_may_end(ledgers):
    ledger = ledgers.open()
    ledger.add(units("a"))
    ended = [ledgers.end("x"), ledgers.end("y", PARTIAL)]
    assert ledger.settle(ended, {}) == names("xy")
    ledger.add(units("z"))
    assert _keys(ledger.claim(KIND, 9)) == ["a", "z"]


def test_the_last_end_of_a_unit_holds(ledgers):
    ledger = ledgers.open()
    ledger.settle([ledgers.end("a", PARTIAL, read=1), ledgers.end("a", read=2)], {})
    assert ledger.named([DONE, PARTIAL], 9) == [ledgers.end("a", read=2)]


def test_an_end_is_not_accepted_once_another_owner_holds_the_unit(ledgers):
    slow, quick = ledgers.open("slow"), ledgers.open("quick")
    slow.add(units("ab"))
    slow.claim(KIND, 2)
    ledgers.clock.pass_s(LEASE_S)
    quick.claim(KIND, 1)
    memory = Memory(None, 1, b"12345678", ledgers.clock.now)
    told = {(KIND, key): memory for key in "ab"}
    assert slow.settle([ledgers.end("a"), ledgers.end("b")], told) == names("b")
    assert set(slow.recall(KIND, ["a", "b"])) == {"b"}
    assert quick.settle([ledgers.end("a", read=5)], {}) == names("a")
    assert slow.settle([ledgers.end("a", read=9)], {}) == set()
    assert slow.named([DONE], 9) == [ledgers.end("a", read=5), ledgers.end("b")]


def test_the_holder_of_a_lease_that_ran_out_unnoticed_may_settle(ledgers):
    ledger = ledgers.open()
    ledger.add(units("a"))
    ledger.claim(KIND, 1)
    ledgers.clock.pass_s(LEASE_S * 9)
    assert ledger.settle([ledgers.end("a")], {}) == names("a")


def test_what_ended_is_tried_again_only_when_asked(ledgers):
    ledger = ledgers.open()
    ledger.add(units("abcd"))
    ledger.claim(KIND, 4)
    ends = [ledgers.end("a"), ledgers.end("b", PARTIAL, why="x"), ledgers.end("c", FAILED)]
    ledger.settle(ends, {})
    assert ledger.retry([PARTIAL]) == 1
    assert ledger.counts() == {DONE: 1, PENDING: 1, FAILED: 1, LEASED: 1}
    assert ledger.retry([PARTIAL, FAILED], [UnitKind.ITEM_FEATURES]) == 0
    assert ledger.retry([PARTIAL, FAILED], [KIND]) == 1
    assert _keys(ledger.claim(KIND, 9)) == ["b", "c"]


def test_units_that_have_not_ended_cannot_be_retried(ledgers):
    with pytest.raises(ValueError, match="done, partial, failed"):
        ledgers.open().retry([LEASED])


def test_others_are_at_work_while_their_leases_run(ledgers):
    ours, theirs = ledgers.open("a"), ledgers.open("b")
    ours.add(units("ab"))
    ours.claim(KIND, 1)
    assert not ours.others_at_work(KIND)
    theirs.claim(KIND, 1)
    assert ours.others_at_work(KIND)
    assert not ours.others_at_work(UnitKind.ITEM_FEATURES)
    ledgers.clock.pass_s(LEASE_S)
    assert not ours.others_at_work(KIND)


def test_lists_are_remembered_from_crawl_to_crawl(ledgers):
    first = ledgers.open(crawl_id="r1")
    read_at = datetime(2026, 11, 21, 3, 55, 1, 250, tzinfo=UTC)
    known = {
        (KIND, "a"): Memory(Count(1200, 1299), 1250, bytes(range(256)) * 1_600, read_at),
        (KIND, "b"): Memory(None, 0, b"", read_at),
    }
    first.settle([ledgers.end("a"), ledgers.end("b")], known)
    later = ledgers.open(crawl_id="r2")
    assert later.memories(KIND) == {"a": (Count(1200, 1299), 1250), "b": (None, 0)}
    assert later.recall(KIND, ["a", "b", "c"]) == {key: known[KIND, key] for key in "ab"}
    newer = {(KIND, "a"): Memory(Count(1, 1), 1, b"87654321", read_at)}
    later.settle([ledgers.end("a")], newer)
    assert first.recall(KIND, ["a"]) == {"a": newer[KIND, "a"]}
    assert later.memories(UnitKind.USER_LIKES) == {}
    assert ledgers.open(site=f"{ledgers.site}-2").memories(KIND) == {}


def test_what_is_remembered_stands_with_the_end_or_not_at_all(ledgers):
    ledger = ledgers.open()
    broken = Memory(None, 1, None, ledgers.clock.now)
    with pytest.raises(LedgerError, match="known"):
        ledger.settle([ledgers.end("a")], {(KIND, "a"): broken})
    assert ledger.counts() == {}


def test_a_ledger_survives_being_closed(ledgers):
    first = ledgers.open()
    first.add(units("ab"))
    first.claim(KIND, 1)
    first.close()
    again = ledgers.open()
    assert again.release_own() == 1
    assert _keys(again.claim(KIND, 9)) == ["a", "b"]


def test_a_site_has_its_file_in_the_raw_zone_unless_a_database_is_given(tmp_path):
    odd = tmp_path / "a b?c=1#%41"
    ledger = Ledger.open(ledger_url(odd, "sketchfab"), site="sketchfab", crawl_id="r1", owner="a")
    ledger.close()
    assert (odd / "raw" / "sketchfab" / "ledger.sqlite").exists()
    given = ledger_url(odd, "sketchfab", "postgresql://h/d")
    assert (given.drivername, given.host) == ("postgresql+psycopg", "h")


def test_beginning_and_ending_a_stage_needs_no_units(ledgers):
    ledger = ledgers.open()
    ledger.begin(Stage.LIKES, {"stage": "likes"})
    assert ledger.counts() == {}

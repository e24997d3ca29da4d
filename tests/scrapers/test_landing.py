"""Units are landed whole: part, then manifest, then ledger, whatever happens between the three."""

import errno
import json
import logging
import stat
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from scrapers import landing as landing_module
from scrapers.arguments import Worker
from scrapers.errors import LedgerError
from scrapers.landing import LandingPipeline
from scrapers.ledger import Ledger
from scrapers.parts import TableWriter
from scrapers.records import (
    ItemRecord,
    LandedUnit,
    LikesPage,
    Mode,
    RawTable,
    RunStatus,
    SiteRecord,
    Stage,
    UnitKind,
    UnitState,
    listed_parts,
    raw_folder,
    read_manifest,
)
from scrapers.site_spider import FINISHED, LEFT_ALONE
from scrapers.tally import Tally
from scrapers.units import EndedUnit, Unit
from tests.ledgers import LEASE_S
from tests.ledgers import Clock as LedgerClock
from tests.scrapers.playing import SITE, land_catalogue, make_plan_of

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DONE, PARTIAL, FAILED = UnitState.DONE, UnitState.PARTIAL, UnitState.FAILED
ITEM_LIKES, PAGE = UnitKind.ITEM_LIKES, UnitKind.CATALOGUE_PAGE


class KilledError(BaseException):
    """Stands for the instant at which a process dies."""


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Processes:
    """Processes of one crawl, one after the other or side by side, on one raw zone and ledger."""

    def __init__(self, data):
        self.data = data
        self.clock = Clock()
        self.ledger_clock = LedgerClock()
        self.ledgers = []

    def begin(self, stage=Stage.LIKES, part_rows=5, owner="p1", **asked):
        """A process that has just started."""
        plan = make_plan_of(self.data, stage, **asked)
        (self.data / "raw" / SITE).mkdir(parents=True, exist_ok=True)
        ledger = self.ledger(owner)
        pipeline = LandingPipeline(
            plan, Tally(), ledger, part_rows=part_rows, part_age_s=60.0, clock=self.clock
        )
        pipeline.ledger = ledger
        pipeline.closed = []
        pipeline._close = pipeline.closed.append
        pipeline.open_spider()
        return pipeline

    def ledger(self, owner):
        opened = Ledger.open(
            f"sqlite:///{self.data}/raw/{SITE}/ledger.sqlite",
            site=SITE,
            crawl_id="r1",
            owner=owner,
            lease_s=LEASE_S,
            now=self.ledger_clock,
        )
        self.ledgers.append(opened)
        return opened

    def folder(self, table=RawTable.LIKES, run_id="r1"):
        return raw_folder(self.data, SITE, table, run_id)

    def pairs(self, run_id="r1"):
        """User and item of every landed like, in order."""
        parts = listed_parts(self.folder(run_id=run_id))
        return [pair for p in parts for pair in pl.read_parquet(p).select(KEYS).iter_rows()]


KEYS = ["user_handle", "item_id"]


@pytest.fixture
def processes(tmp_path):
    made = Processes(tmp_path)
    yield made
    for ledger in made.ledgers:
        ledger.close()


def claim(pipeline, *keys, kind=ITEM_LIKES):
    """Units in this process's hands."""
    pipeline.ledger.add([Unit(kind, key) for key in keys])
    return pipeline.ledger.claim(kind, 99)


def likes(key, *handles, state=DONE, why=None, whole=True, known=b""):
    """The end of a list of likes."""
    n = len(handles)
    page = LikesPage(key, handles, (key,) * n, (None,) * n, NOW)
    unit = LandedUnit(ITEM_LIKES, key, state, n, n, whole, NOW.isoformat(), why)
    return EndedUnit(unit, (page,) if n else (), None, known)


def items(key, *records, state=DONE):
    """The end of a page of the catalogue."""
    unit = LandedUnit(PAGE, key, state, len(records), ended_at=NOW.isoformat())
    return EndedUnit(unit, tuple(records))


def test_full_part_is_landed_and_the_rest_at_the_end(processes):
    pipeline = processes.begin()
    claim(pipeline, "a", "b", "c")
    pipeline.process_item(likes("a", "u1", "u2", "u3"))
    assert listed_parts(processes.folder()) == []
    pipeline.process_item(likes("b", "u4", "u5"))
    pipeline.process_item(likes("c", "u6"))
    assert pipeline.finish(FINISHED) is RunStatus.COMPLETE
    manifest = read_manifest(processes.folder())
    assert [part.rows for part in manifest.parts] == [5, 1]
    assert [[unit.key for unit in part.units] for part in manifest.parts] == [["a", "b"], ["c"]]


def test_part_holds_whole_units_though_they_overfill_it(processes):
    pipeline = processes.begin()
    claim(pipeline, "a")
    pipeline.process_item(likes("a", *map(str, range(12))))
    assert [part.rows for part in read_manifest(processes.folder()).parts] == [12]


def test_unit_without_rows_is_listed_too(processes):
    pipeline = processes.begin()
    claim(pipeline, "a", "b")
    pipeline.process_item(likes("a", state=FAILED, why="status 500"))
    pipeline.process_item(likes("b"))
    assert pipeline.finish(FINISHED) is RunStatus.PARTIAL
    (part,) = read_manifest(processes.folder()).parts
    assert (part.rows, [(unit.key, unit.why) for unit in part.units]) == (
        0, [("a", "status 500"), ("b", None)],
    )  # fmt: skip


def test_old_units_are_landed_though_the_part_is_not_full(processes):
    pipeline = processes.begin()
    claim(pipeline, "a")
    pipeline.process_item(likes("a", "u1"))
    processes.clock.now = 59.0
    pipeline.land_if_due()
    assert listed_parts(processes.folder()) == []
    processes.clock.now = 60.0
    pipeline.land_if_due()
    assert len(listed_parts(processes.folder())) == 1


def test_columns_are_those_of_the_door(processes):
    pipeline = processes.begin()
    claim(pipeline, "a")
    pipeline.process_item(likes("a", "u1"))
    pipeline.finish(FINISHED)
    (part,) = listed_parts(processes.folder())
    assert pl.read_parquet(part).columns == ["user_handle", "item_id", "liked_at", "crawled_at"]


def test_bad_record_is_set_aside_with_its_reason(processes):
    pipeline = processes.begin(Stage.CATALOGUE)
    claim(pipeline, "1:1", kind=PAGE)
    bad, good = (ItemRecord(i, t, 3, None, None, NOW) for i, t in (("", 7), ("a", "t")))
    pipeline.process_item(items("1:1", bad, good))
    assert pipeline.finish(FINISHED) is RunStatus.COMPLETE
    manifest = read_manifest(processes.folder(RawTable.ITEMS))
    assert manifest.rows == 1
    assert manifest.counts["rejected_title"] == 1
    rejects = processes.folder(RawTable.ITEMS) / "rejects.jsonl"
    assert "title: is int, expected text" in rejects.read_text()
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600


def test_what_is_no_unit_is_an_error(processes):
    with pytest.raises(TypeError, match="dict is neither a unit nor the site's record"):
        processes.begin().process_item({"user_handle": "u1"})


def test_one_site_record_a_run(processes):
    record = SiteRecord("Demo", "http://127.0.0.1:1", ("127.0.0.1:1",), (), None, (), NOW)
    for stage in (Stage.CATALOGUE, Stage.LIKES):
        processes.begin(stage).process_item(record)
    parts = listed_parts(processes.folder(RawTable.SITE))
    assert [len(pl.read_parquet(part)) for part in parts] == [1]


# How a crawl ends.


def ends_as(processes, *ended, left=(), reason=FINISHED, stage=Stage.LIKES, **asked):
    pipeline = processes.begin(stage, **asked)
    kind = ended[0].unit.kind if ended else ITEM_LIKES
    claim(pipeline, *[one.unit.key for one in ended], *left, kind=kind)
    for one in ended:
        pipeline.process_item(one)
    return pipeline.finish(reason)


def test_crawl_whose_units_are_all_done_is_complete(processes):
    assert ends_as(processes, likes("a", "u1"), likes("b")) is RunStatus.COMPLETE


@pytest.mark.parametrize("state", [PARTIAL, FAILED])
def test_crawl_with_a_unit_that_ended_badly_is_partial(processes, state):
    bad = likes("b", state=state, why="status 500")
    assert ends_as(processes, likes("a", "u1"), bad) is RunStatus.PARTIAL
    assert ends_as(processes, reason=FINISHED) is RunStatus.PARTIAL


def test_crawl_of_which_units_are_left_is_partial_and_says_how_many(processes):
    assert ends_as(processes, likes("a", "u1"), left=["b", "c"]) is RunStatus.PARTIAL
    assert read_manifest(processes.folder()).counts["units_unread"] == 2


@pytest.mark.parametrize("reason", ["shutdown", "cancelled", "parent_gone", "memusage_exceeded"])
def test_crawl_that_was_stopped_is_partial(processes, reason):
    assert ends_as(processes, likes("a", "u1"), reason=reason) is RunStatus.PARTIAL


def test_nothing_landed_of_an_empty_site_is_failed(processes):
    assert ends_as(processes) is RunStatus.FAILED
    assert ends_as(processes, items("1:1"), stage=Stage.CATALOGUE) is RunStatus.FAILED


def test_process_that_found_nothing_left_to_read_is_complete_with_the_others(processes):
    one = processes.begin(owner="1-of-2", worker=Worker(1, 2))
    two = processes.begin(owner="2-of-2", worker=Worker(2, 2))
    claim(one, "a")
    one.process_item(likes("a", "u1"))
    assert one.finish(FINISHED) is RunStatus.COMPLETE
    assert two.finish(FINISHED) is RunStatus.COMPLETE


def test_twin_process_alone_that_found_nothing_left_to_read_is_failed(processes):
    one, two = processes.begin(owner="one"), processes.begin(owner="two", run_id="r2")
    claim(one, "a")
    one.process_item(likes("a", "u1"))
    assert one.finish(FINISHED) is RunStatus.COMPLETE
    assert two.finish(FINISHED) is RunStatus.FAILED


def test_nothing_landed_because_units_failed_is_partial(processes):
    bad = likes("a", state=FAILED, why="robots.txt disallows it")
    assert ends_as(processes, bad) is RunStatus.PARTIAL


def test_nothing_landed_of_a_site_that_is_to_be_left_alone_is_partial(processes):
    assert ends_as(processes, left=["a"], reason=LEFT_ALONE) is RunStatus.PARTIAL


@pytest.mark.parametrize(
    ("stage", "status"), [(Stage.LIKES, RunStatus.COMPLETE), (Stage.CATALOGUE, RunStatus.FAILED)]
)
def test_day_without_news_is_complete_but_an_empty_catalogue_is_not(processes, stage, status):
    land_catalogue(processes.data, {"a": 3})
    assert ends_as(processes, stage=stage, mode=Mode.INCREMENTAL) is status


def test_what_is_settled_at_the_end_counts_only_when_the_crawl_ended_by_itself(processes):
    for reason, expected in ((FINISHED, [PARTIAL]), ("shutdown", [])):
        pipeline = processes.begin(run_id=reason, owner=reason)
        unit = LandedUnit(ITEM_LIKES, reason, PARTIAL, 3, 90, why="3 of 90 likes: short")
        short = EndedUnit(unit, is_claimed=False)
        pipeline._settle = lambda pipeline=pipeline, short=short: pipeline.take(short)
        pipeline.finish(reason)
        listed = read_manifest(processes.folder(run_id=reason)).units
        assert [unit.state for unit in listed.values()] == expected


def test_status_is_written_down_once(processes):
    pipeline = processes.begin()
    claim(pipeline, "a")
    pipeline.process_item(likes("a", "u1"))
    assert pipeline.finish("shutdown") is RunStatus.PARTIAL
    assert pipeline.finish(FINISHED) is RunStatus.PARTIAL
    assert read_manifest(processes.folder()).status is RunStatus.PARTIAL


def test_manifest_says_how_the_crawl_was_asked_for(processes):
    ends_as(processes, likes("a", "u1"), mode=Mode.INCREMENTAL)
    manifest = read_manifest(processes.folder())
    assert (manifest.mode, manifest.crawl_id, manifest.schema_version) == ("incremental", "r1", 2)


# Deaths.

WANTED = {key: tuple(f"{key}{n}" for n in range(3)) for key in "abcdefgh"}
STEPS = ["part", "part is there", "manifest", "manifest is there", "ledger", "ledger is there"]


def die_at(monkeypatch, step):
    """Die at a step of landing the second part, with nothing cleaned up after it."""
    write, settle = TableWriter.land.__globals__["write_atomically"], Ledger.settle
    text = TableWriter._list
    n_parts = 0

    def dying_write(path, fill):
        nonlocal n_parts
        n_parts += 1
        if n_parts == 2 and step == "part":
            path.with_name(f".{path.stem}.tmp").write_bytes(b"PAR1 torn")
            raise KilledError
        write(path, fill)
        if n_parts == 2 and step == "part is there":
            raise KilledError

    def dying_list(self):
        if n_parts == 2 and step == "manifest":
            (self.folder / ".manifest.tmp").write_text("{")
            raise KilledError
        text(self)
        if n_parts == 2 and step == "manifest is there":
            raise KilledError

    def dying_settle(self, ended, memories):
        if n_parts == 2 and step == "ledger":
            raise KilledError
        accepted = settle(self, ended, memories)
        if n_parts == 2 and step == "ledger is there":
            raise KilledError
        return accepted

    monkeypatch.setattr("scrapers.parts.write_atomically", dying_write)
    monkeypatch.setattr(TableWriter, "_list", dying_list)
    monkeypatch.setattr(Ledger, "settle", dying_settle)


def read_what_is_left(pipeline):
    """Read units as a crawl does: what was claimed is ended, until there is none."""
    while units := pipeline.ledger.claim(ITEM_LIKES, 3):
        for unit in units:
            pipeline.process_item(likes(unit.key, *WANTED[unit.key]))


@pytest.mark.parametrize("step", STEPS)
def test_death_at_any_step_loses_no_unit_and_lands_no_row_twice(processes, monkeypatch, step):
    died = processes.begin()
    died.ledger.add([Unit(ITEM_LIKES, key) for key in WANTED])
    die_at(monkeypatch, step)
    with pytest.raises(KilledError):
        read_what_is_left(died)
    monkeypatch.undo()

    again = processes.begin()
    assert set(processes.pairs()) == {
        (handle, unit.key)
        for part in read_manifest(processes.folder()).parts
        for unit in part.units
        for handle in WANTED[unit.key]
    }
    read_what_is_left(again)
    assert again.finish(FINISHED) is RunStatus.COMPLETE
    wanted = Counter((handle, key) for key, handles in WANTED.items() for handle in handles)
    assert Counter(processes.pairs()) == wanted
    manifest = read_manifest(processes.folder())
    assert sorted(u.key for part in manifest.parts for u in part.units) == sorted(WANTED)
    assert again.ledger is not died.ledger


@pytest.mark.parametrize("step", STEPS)
def test_death_of_a_process_that_shares_the_crawl_costs_the_others_nothing(
    processes, monkeypatch, step
):
    one, two = (processes.begin(owner=o, run_id=f"r1.{o}") for o in ("1-of-2", "2-of-2"))
    one.ledger.add([Unit(ITEM_LIKES, key) for key in WANTED])
    held = two.ledger.claim(ITEM_LIKES, 2)
    die_at(monkeypatch, step)
    with pytest.raises(KilledError):
        read_what_is_left(one)
    monkeypatch.undo()

    again = processes.begin(owner="1-of-2", run_id="r1.1-of-2")
    for unit in held:
        two.process_item(likes(unit.key, *WANTED[unit.key]))
    read_what_is_left(two)
    read_what_is_left(again)
    assert two.finish(FINISHED) is RunStatus.COMPLETE
    assert again.finish(FINISHED) is RunStatus.COMPLETE
    pairs = processes.pairs("r1.1-of-2") + processes.pairs("r1.2-of-2")
    wanted = Counter((handle, key) for key, handles in WANTED.items() for handle in handles)
    assert Counter(pairs) == wanted


def test_twin_a_ledger_that_is_believed_before_the_manifest_loses_units(processes):
    """The same units, settled without being landed, are found by no later claim."""
    pipeline = processes.begin()
    claim(pipeline, "a")
    ledger = processes.ledger("p1")
    ledger.settle([likes("a").unit], {})
    assert ledger.claim(ITEM_LIKES, 9) == []
    assert processes.begin().ledger.claim(ITEM_LIKES, 9)[0].key == "a"


def test_ledger_that_is_lost_is_made_anew_from_the_manifest(processes, tmp_path):
    first = processes.begin()
    claim(first, "a", "b")
    first.process_item(likes("a", "u1", "u2", "u3", "u4", "u5"))
    for ledger in processes.ledgers:
        ledger.close()
    for path in (tmp_path / "raw" / SITE).glob("ledger.sqlite*"):
        path.unlink()
    again = processes.begin()
    assert [unit.key for unit in claim(again, "a", "b")] == ["b"]
    again.process_item(likes("b", "u6"))
    assert again.finish(FINISHED) is RunStatus.COMPLETE
    assert len(processes.pairs()) == 6


# Leases.


def test_unit_that_another_process_took_over_is_not_landed(processes):
    slow = processes.begin(owner="slow", run_id="r1.slow")
    claim(slow, "a", "b")
    slow.process_item(likes("a", "u1"))
    processes.ledger_clock.pass_s(LEASE_S + 1)
    quick = processes.begin(owner="quick", run_id="r1.quick")
    assert quick.ledger.claim(ITEM_LIKES, 1)[0].key == "a"
    quick.process_item(likes("a", "u1"))
    slow.process_item(likes("b", "u2"))
    assert slow.finish(FINISHED) is RunStatus.PARTIAL
    assert quick.finish(FINISHED) is RunStatus.COMPLETE
    assert processes.pairs("r1.slow") == [("u2", "b")]
    assert processes.pairs("r1.quick") == [("u1", "a")]
    assert read_manifest(processes.folder(run_id="r1.slow")).counts["units_taken_over"] == 1


def test_unit_whose_lease_ran_out_is_landed_where_nobody_took_it(processes):
    """A laptop slept: leases ran out, and the process goes on where it was."""
    pipeline = processes.begin()
    claim(pipeline, "a")
    pipeline.process_item(likes("a", "u1"))
    processes.ledger_clock.pass_s(10 * LEASE_S)
    assert pipeline.finish(FINISHED) is RunStatus.COMPLETE
    assert processes.pairs() == [("u1", "a")]


def test_unit_that_ends_twice_is_landed_once(processes):
    """Its lease ran out while the process slept, and it was claimed and read once more."""
    pipeline = processes.begin()
    claim(pipeline, "a")
    pipeline.process_item(likes("a", "u1", "u2"))
    processes.ledger_clock.pass_s(10 * LEASE_S)
    assert pipeline.ledger.claim(ITEM_LIKES, 9)[0].key == "a"
    pipeline.process_item(likes("a", "u1", "u2"))
    assert pipeline.finish(FINISHED) is RunStatus.COMPLETE
    assert processes.pairs() == [("u1", "a"), ("u2", "a")]
    assert pipeline._tally.landed == 2


def test_unit_that_was_landed_and_ends_once_more_is_not_landed_again(processes):
    pipeline = processes.begin(part_rows=1)
    claim(pipeline, "a")
    for _ in range(2):
        pipeline.process_item(likes("a", "u1"))
    assert pipeline.finish(FINISHED) is RunStatus.COMPLETE
    assert processes.pairs() == [("u1", "a")]


def test_leases_are_renewed_and_given_back_at_the_end(processes):
    pipeline = processes.begin()
    claim(pipeline, "a")
    other = processes.ledger("other")
    processes.ledger_clock.pass_s(LEASE_S - 1)
    pipeline.renew()
    processes.ledger_clock.pass_s(LEASE_S - 1)
    assert other.claim(ITEM_LIKES, 9) == []
    pipeline.finish("shutdown")
    assert [unit.key for unit in other.claim(ITEM_LIKES, 9)] == ["a"]


# Units that are tried again.


def test_partial_list_that_is_tried_again_lands_its_new_rows_alone(processes):
    first = processes.begin()
    claim(first, "a", "b")
    first.process_item(likes("a", "u1", "u2", state=PARTIAL, why="status 500", whole=False))
    first.process_item(likes("b", "u1"))
    assert first.finish(FINISHED) is RunStatus.PARTIAL

    ledger = processes.ledger("operator")
    ledger.retry([PARTIAL])
    again = processes.begin()
    assert [unit.key for unit in again.ledger.claim(ITEM_LIKES, 9)] == ["a"]
    again.process_item(likes("a", "u0", "u1", "u2", "u3"))
    assert again.finish(FINISHED) is RunStatus.COMPLETE
    assert Counter(processes.pairs()) == Counter(
        [("u0", "a"), ("u1", "a"), ("u2", "a"), ("u3", "a"), ("u1", "b")]
    )
    manifest = read_manifest(processes.folder())
    assert manifest.units[ITEM_LIKES, "a"].state is DONE
    assert manifest.units[ITEM_LIKES, "a"].whole
    assert processes.begin().ledger.counts(ITEM_LIKES) == {DONE: 2}


def test_partial_list_that_is_tried_again_in_mid_crawl_lands_its_new_rows_alone(processes):
    pipeline = processes.begin()
    claim(pipeline, "a")
    pipeline.process_item(likes("a", "u1", "u2", state=PARTIAL, why="status 500", whole=False))
    pipeline.land()
    processes.ledger("operator").retry([PARTIAL])
    assert [unit.key for unit in pipeline.ledger.claim(ITEM_LIKES, 9)] == ["a"]
    pipeline.process_item(likes("a", "u0", "u1", "u2"))
    assert pipeline.finish(FINISHED) is RunStatus.COMPLETE
    assert Counter(processes.pairs()) == Counter([("u0", "a"), ("u1", "a"), ("u2", "a")])


def test_what_is_known_of_a_list_is_remembered_only_when_it_is_done(processes):
    pipeline = processes.begin()
    claim(pipeline, "a", "b")
    pipeline.process_item(likes("a", "u1", known=b"8 bytes!"))
    pipeline.process_item(likes("b", "u1", state=PARTIAL, why="short", known=b"8 bytes?"))
    pipeline.finish(FINISHED)
    assert processes.ledger("p9").recall(ITEM_LIKES, ["a", "b"])["a"].known == b"8 bytes!"
    assert set(processes.ledger("p9").memories(ITEM_LIKES)) == {"a"}


def test_what_the_other_side_tells_of_a_list_is_not_remembered_as_read(processes):
    """Likes of an item that were read from lists of users: nothing is known of its own list."""
    pipeline = processes.begin()
    claim(pipeline, "a")
    pipeline.process_item(likes("a", "u1", known=b"8 bytes!"))
    told = LandedUnit(ITEM_LIKES, "a", DONE, 7, 7, ended_at=NOW.isoformat())
    pipeline.land()
    pipeline.process_item(EndedUnit(told, is_claimed=False))
    pipeline.finish(FINISHED)
    assert processes.ledger("p9").recall(ITEM_LIKES, ["a"])["a"].known == b"8 bytes!"


# Disks.


def fails_with(number):
    def failing(*_, **__):
        raise OSError(number, "No space left on device", "part-00000.parquet")

    return failing


@pytest.mark.parametrize("where", ["scrapers.parts.write_atomically", "scrapers.parts.write_text"])
def test_disk_that_refuses_a_write_ends_the_crawl_as_failed(processes, monkeypatch, caplog, where):
    pipeline = processes.begin()
    claim(pipeline, "a", "b")
    monkeypatch.setattr(where, fails_with(errno.ENOSPC))
    with caplog.at_level(logging.ERROR):
        pipeline.process_item(likes("a", *map(str, range(5))))
    assert pipeline.closed == ["landing_failed"]
    assert "run_id=r1" in caplog.messages[0]
    assert "No space left" in caplog.messages[0]
    assert str(processes.data) in caplog.messages[0]
    pipeline.process_item(likes("b", "u1"))
    monkeypatch.undo()
    assert pipeline.finish(FINISHED) is RunStatus.FAILED
    assert len(caplog.messages) == 1
    assert read_manifest(processes.folder()).status is RunStatus.RUNNING

    again = processes.begin()
    assert [unit.key for unit in claim(again)] == ["a", "b"]
    again.process_item(likes("a", *map(str, range(5))))
    again.process_item(likes("b", "u1"))
    assert again.finish(FINISHED) is RunStatus.COMPLETE
    assert len(processes.pairs()) == len(set(processes.pairs())) == 6


def test_disk_that_refuses_the_last_write_is_a_failure_though_all_was_landed(
    processes, monkeypatch
):
    pipeline = processes.begin(part_rows=1)
    claim(pipeline, "a")
    pipeline.process_item(likes("a", "u1"))
    monkeypatch.setattr("scrapers.parts.write_text", fails_with(errno.EROFS))
    assert pipeline.finish(FINISHED) is RunStatus.FAILED


def test_rejects_that_cannot_be_written_end_the_crawl_as_failed(processes, monkeypatch):
    pipeline = processes.begin()
    claim(pipeline, "a")
    monkeypatch.setattr(Path, "open", fails_with(errno.ENOSPC))
    pipeline.process_item(likes("a", "u1", 7))
    monkeypatch.undo()
    assert pipeline.closed == ["landing_failed"]
    assert pipeline.finish(FINISHED) is RunStatus.FAILED
    assert [unit.key for unit in claim(processes.begin())] == ["a"]


@pytest.mark.parametrize("call", ["renew", "holds", "settle", "counts"])
def test_ledger_that_cannot_be_reached_ends_the_crawl_as_failed(processes, monkeypatch, call):
    pipeline = processes.begin()
    claim(pipeline, "a")

    def failing(*_, **__):
        raise LedgerError("the server is gone: see that it runs")

    monkeypatch.setattr(Ledger, call, failing)
    pipeline.process_item(likes("a", *map(str, range(5))))
    assert pipeline.finish(FINISHED) is RunStatus.FAILED
    monkeypatch.undo()

    again = processes.begin()
    for unit in again.ledger.claim(ITEM_LIKES, 9):
        again.process_item(likes(unit.key, *map(str, range(5))))
    assert again.finish(FINISHED) is RunStatus.COMPLETE
    assert len(processes.pairs()) == len(set(processes.pairs())) == 5


def test_what_ends_the_crawl_is_told_once(processes, caplog):
    pipeline = processes.begin()
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            pipeline.fail(LedgerError("gone"))
    assert (len(caplog.messages), pipeline.closed) == (1, ["landing_failed"])


def test_rejects_are_one_json_object_a_line(processes):
    pipeline = processes.begin()
    claim(pipeline, "a")
    pipeline.process_item(likes("a", "u1", 7, "\u202e"))
    pipeline.finish(FINISHED)
    lines = (processes.folder() / landing_module.REJECTS_NAME).read_text().splitlines()
    assert [json.loads(line)["record"]["item_id"] for line in lines] == ["a", "a"]

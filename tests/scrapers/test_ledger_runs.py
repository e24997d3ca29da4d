"""A ledger tells who is at work, who was killed, and forgets what nobody goes on with."""

from datetime import timedelta

from scrapers.ledger_database import Database
from scrapers.ledger_runs import KEPT_DAYS, processes
from scrapers.records import RunStatus, Stage
from tests.ledgers import KIND, LEASE_S, units


def _processes(ledgers, crawl_id=None):
    database = Database(ledgers.url)
    with database.read() as connection:
        found = processes(connection, ledgers.site, crawl_id)
    database.close()
    return found


def test_a_process_lives_while_it_renews_and_is_lost_after(ledgers):
    ledger = ledgers.open("r1/likes")
    ledger.begin(Stage.LIKES, {"base_url": "http://127.0.0.1:1", "run_id": "r1"})
    (process,) = _processes(ledgers)
    assert (process.owner, process.stage, process.status) == (
        "r1/likes",
        Stage.LIKES,
        RunStatus.RUNNING,
    )
    assert process.arguments == {"base_url": "http://127.0.0.1:1", "run_id": "r1"}
    assert process.is_alive(ledgers.clock.now)
    ledgers.clock.pass_s(LEASE_S - 1)
    ledger.renew()
    ledgers.clock.pass_s(LEASE_S - 1)
    (process,) = _processes(ledgers)
    assert process.is_alive(ledgers.clock.now)
    ledgers.clock.pass_s(1)
    assert process.is_lost(ledgers.clock.now)


def test_an_ended_process_is_neither_alive_nor_lost(ledgers):
    ledger = ledgers.open("r1/likes")
    ledger.begin(Stage.LIKES, {})
    began = ledgers.clock.now
    ledgers.clock.pass_s(60)
    ledger.end(Stage.LIKES, RunStatus.PARTIAL)
    ledger.renew()
    (process,) = _processes(ledgers)
    assert process.status is RunStatus.PARTIAL
    assert process.started_at == began
    assert process.ended_at == ledgers.clock.now
    assert not process.is_alive(ledgers.clock.now)
    assert not process.is_lost(ledgers.clock.now)


def test_a_process_that_begins_again_takes_its_own_place(ledgers):
    ledger = ledgers.open("r1/likes")
    ledger.begin(Stage.LIKES, {"mode": "full"})
    ledger.end(Stage.LIKES, RunStatus.PARTIAL)
    ledgers.clock.pass_s(60)
    ledger.begin(Stage.LIKES, {"mode": "incremental"})
    (process,) = _processes(ledgers)
    assert (process.status, process.ended_at) == (RunStatus.RUNNING, None)
    assert process.started_at == ledgers.clock.now
    assert process.arguments == {"mode": "incremental"}


def test_stages_workers_and_crawls_are_told_apart_the_last_begun_first(ledgers):
    ledgers.open("r1/catalogue").begin(Stage.CATALOGUE, {})
    ledgers.clock.pass_s(1)
    for owner in ("r1.1-of-2/likes", "r1.2-of-2/likes"):
        ledgers.open(owner).begin(Stage.LIKES, {})
    ledgers.clock.pass_s(1)
    ledgers.open("r2/likes", crawl_id="r2").begin(Stage.LIKES, {})
    assert [process.owner for process in _processes(ledgers)] == [
        "r2/likes",
        "r1.1-of-2/likes",
        "r1.2-of-2/likes",
        "r1/catalogue",
    ]
    assert len(_processes(ledgers, "r1")) == 3


def test_crawls_that_nobody_goes_on_with_are_forgotten(ledgers):
    for crawl_id in ("old", "resumed"):
        ledger = ledgers.open(crawl_id=crawl_id)
        ledger.begin(Stage.LIKES, {})
        ledger.add(units("ab"))
    ledgers.clock.now += timedelta(days=KEPT_DAYS + 1)
    resumed = ledgers.open(crawl_id="resumed")
    resumed.begin(Stage.LIKES, {})
    assert [process.crawl_id for process in _processes(ledgers)] == ["resumed"]
    assert ledgers.open(crawl_id="old").counts() == {}
    assert sum(resumed.counts().values()) == 2


def test_a_crawl_that_takes_longer_than_others_are_kept_is_not_forgotten(ledgers):
    slow = ledgers.open("a", crawl_id="slow")
    slow.begin(Stage.LIKES, {})
    slow.add(units("ab"))
    ledgers.clock.now += timedelta(days=KEPT_DAYS + 1)
    slow.renew()
    ledgers.open("b", crawl_id="new").begin(Stage.LIKES, {})
    assert sum(slow.counts().values()) == 2


def test_other_sites_forget_for_themselves(ledgers):
    other = ledgers.open(site=f"{ledgers.site}-2", crawl_id="old")
    other.begin(Stage.LIKES, {})
    other.add(units("ab"))
    ledgers.clock.now += timedelta(days=KEPT_DAYS + 1)
    ledgers.open().begin(Stage.LIKES, {})
    assert len(other.claim(KIND, 9)) == 2

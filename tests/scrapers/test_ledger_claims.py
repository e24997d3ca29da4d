"""Several processes claim units of one ledger, and none is ever held twice."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from scrapers.ledger_claims import PENDING_AT, Scope, _claimable, _lease
from scrapers.records import UnitState
from tests.ledgers import KIND, units

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("claim_worker.py")
N_PROCESSES, N_UNITS = 3, 1_200


@pytest.fixture
def run(ledgers):
    """Function that runs several workers from the same instant on; gives the events of each."""
    started = []

    def running(how):
        for number in range(N_PROCESSES):
            command = [
                sys.executable,
                str(WORKER),
                str(ledgers.url),
                ledgers.site,
                f"w{number}",
                how,
            ]
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={"PYTHONPATH": str(ROOT), "PATH": ""},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            started.append(process)
        barriers = ["ready", "begun" if how == "well" else "picked"]
        events = [[] for _ in started]
        for barrier in barriers:
            for process in started:
                assert json.loads(process.stdout.readline())[0] == barrier
            for process in started:
                process.stdin.write("\n")
                process.stdin.flush()
        for process, found in zip(started, events, strict=True):
            found += [json.loads(line) for line in process.stdout]
            assert process.wait(60) == 0
        return events

    yield running
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _holdings(events):
    """Of each key, when which process held it: from after its claim to before it let go."""
    held = {}
    for number, of_process in enumerate(events):
        since = {}
        for event, instant, keys in of_process:
            for key in keys:
                if event == "claimed":
                    since[key] = instant
                elif event == "released" or key in since:
                    held.setdefault(key, []).append((since.pop(key), instant, number))
        for key, instant in since.items():
            held.setdefault(key, []).append((instant, float("inf"), number))
    return held


def _held_twice(held):
    return [
        key
        for key, spans in held.items()
        for (_, until, _), (since, _, _) in zip(sorted(spans), sorted(spans)[1:], strict=False)
        if since < until
    ]


def test_no_unit_is_held_by_two_processes_at_once_and_each_ends_once(ledgers, run):
    ledger = ledgers.open()
    ledger.add(units(range(N_UNITS)))
    events = run("well")
    held = _holdings(events)
    assert len(held) == N_UNITS
    assert _held_twice(held) == []
    settled = [keys for found in events for event, _, keys in found if event == "settled"]
    assert set(Counter(key for keys in settled for key in keys).values()) == {1}
    assert ledger.counts() == {UnitState.DONE: N_UNITS}
    assert all("claimed" in [event for event, _, _ in found] for found in events)


def test_a_claim_of_two_transactions_holds_units_twice(ledgers, run):
    ledgers.open().add(units(range(N_UNITS)))
    assert _held_twice(_holdings(run("naively")))


def _sql(dialect):
    scope = Scope("s", "r1", "w")
    picked = _claimable(scope, KIND, None, "2026").limit(5)
    return str(_lease(picked, scope, KIND, "2027", dialect.name).compile(dialect=dialect))


def test_postgresql_passes_over_what_is_being_claimed():
    sql = _sql(postgresql.dialect())
    assert "FOR UPDATE SKIP LOCKED" in sql
    assert "RETURNING" in sql


def test_sqlite_knows_no_lock_of_rows():
    assert "SKIP LOCKED" not in _sql(sqlite.dialect())
    assert "RETURNING" in _sql(sqlite.dialect())


def test_a_pending_unit_may_be_claimed_at_any_instant():
    assert PENDING_AT < "0001-01-01T00:00:00+00:00"

import logging

import pytest

from scrapers.records import RunStatus
from scrapers.tally import FINISHED, Tally


def done(landed=5):
    tally = Tally()
    tally.open()
    tally.finish()
    tally.landed = landed
    return tally


def test_all_units_read_is_complete():
    assert done().status(FINISHED) is RunStatus.COMPLETE


@pytest.mark.parametrize("reason", ["shutdown", "cancelled", "parent_gone", "memusage_exceeded"])
def test_crawl_that_was_stopped_is_partial(reason):
    assert done().status(reason) is RunStatus.PARTIAL


def test_failed_short_and_unended_units_make_it_partial():
    failed, short, unended = done(), done(), done()
    failed.open()
    failed.fail("status 500", "likes of a1")
    short.short("likes of a1", 3, 90)
    unended.open()
    for tally in (failed, short, unended):
        assert tally.status(FINISHED) is RunStatus.PARTIAL


def test_nothing_landed_is_failed():
    assert done(landed=0).status(FINISHED) is RunStatus.FAILED


def test_what_is_settled_at_the_end_counts_only_when_the_crawl_ended_by_itself():
    for reason, expected in ((FINISHED, 1), ("shutdown", 0)):
        tally = done()
        tally.settle = lambda tally=tally: tally.short("likes of a1", 0, 9)
        tally.status(reason)
        assert tally.counts["short_lists"] == expected


def test_summary_names_failures_by_reason():
    tally = done()
    tally.open()
    tally.fail("status 500", "likes of a1")
    assert tally.summary() == {
        "units": 2, "units_done": 1, "units_failed": 1, "units_unended": 0,
        "failed: status 500": 1,
    }  # fmt: skip


def test_units_are_named_in_the_log_up_to_a_limit(caplog):
    tally = Tally()
    with caplog.at_level(logging.WARNING):
        for n in range(50):
            tally.fail("status 500", f"likes of a{n}")
    assert len(caplog.messages) == 21
    assert caplog.messages[0] == "given up: likes of a0 (status 500)"

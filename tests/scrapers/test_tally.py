import logging

from scrapers.records import LandedUnit, UnitKind, UnitState
from scrapers.tally import Tally

DONE, PARTIAL, FAILED = UnitState.DONE, UnitState.PARTIAL, UnitState.FAILED


def unit(state=DONE, why=None, key="a1"):
    return LandedUnit(UnitKind.ITEM_LIKES, key, state, why=why)


def test_summary_counts_units_by_their_end_and_bad_ones_by_reason():
    tally = Tally()
    tally.end(unit())
    tally.end(unit(FAILED, "status 500"))
    tally.end(unit(PARTIAL, "44 of 200 likes: the list ends early"))
    tally.end(unit(PARTIAL, "7 of 90 likes: the list ends early"))
    tally.counts["likes_read"] += 9
    tally.counts["off_catalogue"] += 0
    assert tally.summary() == {
        "units": 4, "units_done": 1, "units_partial": 2, "units_failed": 1,
        "failed: status 500": 1, "partial: the list ends early": 2, "likes_read": 9,
    }  # fmt: skip
    assert tally.ended == 4


def test_units_that_ended_badly_are_named_in_the_log_up_to_a_limit(caplog):
    tally = Tally()
    with caplog.at_level(logging.WARNING):
        tally.end(unit())
        for n in range(50):
            tally.end(unit(FAILED, "status 500", f"a{n}"))
    assert len(caplog.messages) == 21
    assert caplog.messages[0] == "failed: item_likes a0 (status 500)"
    assert "python -m scrapers status" in caplog.messages[-1]

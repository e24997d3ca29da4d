"""A seeded share of `python -m tests.torture --only mixed`: faults that must be survived."""

import pytest

from tests.torture.faults import FAULTS, SURVIVABLE, Case, mixes, play_all
from tests.torture.lines import CATALOGUE, FEATURES, ITEM_LIKES, USER_LIKES

SEED = 3
MIXES = mixes(11, SEED, (CATALOGUE, ITEM_LIKES))
CURSORS = ("insert", "repeated-page", "next-loop", "page-size-changes")
BODIES = ("cut-json", "wrong-charset", "status-500-once")
CASES = [
    *MIXES,
    Case(CURSORS, SEED, (CATALOGUE, USER_LIKES)),
    Case(BODIES, SEED, (CATALOGUE, FEATURES)),
]


@pytest.fixture(scope="module")
def outcomes(setting):
    played = play_all(CASES, setting.world, setting.template, setting.room("mixes"))
    return dict(zip(CASES, played, strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_lost_repeated_or_made_up(outcomes, case):
    outcome = outcomes[case]
    assert outcome.unsound == [], (
        outcome.bad,
        [verdict.log[-3000:] for verdict in outcome.verdicts],
    )
    assert outcome.played > 0


def test_every_fault_that_must_be_survived_is_in_a_mix():
    assert {name for case in MIXES for name in case.faults} == set(SURVIVABLE)
    assert len(FAULTS) == 43

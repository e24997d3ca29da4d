"""A seeded share of `python -m tests.torture --only faults,mixes`."""

import pytest

from tests.torture.faults import (
    FAULTS,
    MAY_BE_PARTIAL,
    SURVIVABLE,
    Case,
    mixes,
    play_all,
)
from tests.torture.lines import BROWSER, CATALOGUE, FEATURES, ITEM_LIKES, USER_LIKES

SEED = 3
LISTS = (CATALOGUE, ITEM_LIKES)
CURSORS = ("insert", "repeated-page", "next-loop", "page-size-changes")
MIXES = mixes(12, SEED, LISTS)
PARTIAL = [Case((name,), SEED, LISTS) for name in sorted(MAY_BE_PARTIAL - {"dom-class-changed"})]
OTHERS = [
    Case(CURSORS, SEED, (CATALOGUE, USER_LIKES)),
    Case(("cut-json", "wrong-charset", "status-500-once"), SEED, (CATALOGUE, FEATURES)),
]
CASES = [*MIXES, *PARTIAL, *OTHERS]


@pytest.fixture(scope="module")
def outcomes(setting):
    played = play_all(CASES, setting.world, setting.template, setting.room("faults"))
    return dict(zip(CASES, played, strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} ({case.lines[-1].name})")
def test_nothing_is_lost_repeated_or_made_up_and_what_is_missing_is_named(outcomes, case):
    outcome = outcomes[case]
    logs = "\n".join(verdict.log[-3000:] for verdict in outcome.verdicts)
    assert outcome.bad == [], logs
    assert outcome.played > 0


def test_every_fault_that_must_be_survived_is_in_a_mix():
    assert {name for case in MIXES for name in case.faults} == set(SURVIVABLE)
    assert len(FAULTS) == 43


def test_some_crawls_end_partial_so_that_partial_ones_are_judged(outcomes):
    codes = {verdict.code for case in PARTIAL for verdict in outcomes[case].verdicts}
    assert codes == {0, 3}


@pytest.mark.browser
def test_grid_of_another_class_is_partial_and_says_so(setting):
    case = Case(("dom-class-changed",), SEED, (BROWSER,))
    (outcome,) = play_all([case], setting.world, setting.template, setting.room("browser"))
    assert outcome.bad == []
    assert outcome.played > 0

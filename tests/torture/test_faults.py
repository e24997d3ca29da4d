"""A share of `python -m tests.torture --only faults`: those that may leave a crawl partial."""

import pytest

from tests.torture.faults import FAULTS, MAY_BE_PARTIAL, Case, play_all
from tests.torture.lines import BROWSER, CATALOGUE, ITEM_LIKES

SEED = 3
CASES = [
    Case((name,), SEED, (CATALOGUE, ITEM_LIKES))
    for name in FAULTS
    if name in MAY_BE_PARTIAL - {"dom-class-changed"}
]


@pytest.fixture(scope="module")
def outcomes(setting):
    played = play_all(CASES, setting.world, setting.template, setting.room("faults"))
    return dict(zip(CASES, played, strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_missing_is_named_and_nothing_is_repeated_or_made_up(outcomes, case):
    outcome = outcomes[case]
    assert outcome.unsound == [], "\n".join(verdict.log[-3000:] for verdict in outcome.verdicts)
    assert outcome.played > 0


def test_some_crawls_end_partial_so_that_partial_ones_are_judged(outcomes):
    codes = {verdict.code for outcome in outcomes.values() for verdict in outcome.verdicts}
    assert codes == {0, 3}


@pytest.mark.browser
def test_grid_of_another_class_is_partial_and_says_so(setting):
    case = Case(("dom-class-changed",), SEED, (BROWSER,))
    (outcome,) = play_all([case], setting.world, setting.template, setting.room("browser"))
    assert outcome.unsound == []
    assert outcome.played > 0

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from pipeline.tuning.budget import Budget, Purse
from pipeline.tuning.rounds import run_rounds


@dataclass
class Turn:
    """A study that costs what it is told and ends after so many turns."""

    cost_s: float
    score: float
    log: list
    turns: int = 40
    name: str = "other"
    spent_s: float = 0.0
    n_fits: int = 0
    best: object = None

    @property
    def final_s(self):
        return self.cost_s

    @property
    def is_over(self):
        return self.n_fits >= self.turns

    def step(self):
        self.n_fits += 1
        self.spent_s += self.cost_s
        self.best = SimpleNamespace(score=self.score)
        self.log.append(self.cost_s)


def turns(log, *, until):
    return [log[:until].count(cost) for cost in sorted(set(log))]


def test_every_study_has_a_first_turn_the_cheapest_first():
    log = []
    run_rounds([Turn(c, 0.5, log) for c in (3.0, 1.0, 2.0)], Purse(Budget(None)), lambda: 0.0)
    assert log[:3] == [1.0, 2.0, 3.0]
    assert len(log) == 120


def test_what_is_to_go_first_goes_before_what_is_cheaper():
    log = []
    studies = [Turn(1.0, 0.5, log), Turn(3.0, 0.5, log, name="a"), Turn(2.0, 0.5, log, name="b")]
    run_rounds(studies, Purse(Budget(None)), lambda: 0.0, first=("a", "b"))
    assert log[:3] == [2.0, 3.0, 1.0]


def test_time_is_shared_between_equals():
    log = []
    run_rounds([Turn(1.0, 0.5, log), Turn(2.0, 0.5, log)], Purse(Budget(None)), lambda: 0.0)
    cheap, dear = turns(log, until=45)
    assert abs(cheap - 2 * dear) <= 2


def test_whoever_is_behind_gets_less_time_but_some():
    log = []
    run_rounds([Turn(1.0, 0.5, log), Turn(1.1, 0.25, log)], Purse(Budget(None)), lambda: 0.0)
    ahead, behind = turns(log, until=44)
    assert behind < ahead / 4
    assert behind >= 4


def test_the_reserve_is_asked_for_before_each_turn():
    purse, reserves = Purse(Budget(None)), iter(range(100))
    run_rounds([Turn(1.0, 0.5, [], turns=5)], purse, lambda: float(next(reserves)))
    assert purse.reserved_s == 4.0

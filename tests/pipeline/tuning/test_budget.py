from __future__ import annotations

from dataclasses import replace

from pipeline.tuning.budget import Budget, Purse


def test_a_purse_pays_until_the_reserve_is_met():
    now = [5.0]
    purse = Purse(Budget(10.0, clock=lambda: now[0]), reserved_s=3.0)
    assert purse.affords(7.0)
    assert not purse.affords(7.1)
    now[0] += 4.0
    assert purse.elapsed_s == 4.0
    assert purse.left_s == 3.0
    assert purse.affords(3.0)
    assert not purse.affords(3.1)


def test_without_seconds_everything_is_paid():
    purse = Purse(Budget(None, trials=3))
    assert purse.affords(1e9)
    assert purse.left_s == float("inf")


def test_the_rest_is_a_budget_of_what_is_left():
    now = [0.0]
    purse = Purse(Budget(10.0, trials=3, pays_lists=False, clock=lambda: now[0]), reserved_s=3.0)
    now[0] = 4.0
    assert purse.rest == replace(purse.budget, seconds=3.0)
    now[0] = 40.0
    assert purse.rest.seconds == 0.0
    assert Purse(Budget(None, trials=3)).rest.seconds is None

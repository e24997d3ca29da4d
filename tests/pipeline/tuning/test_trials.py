import json
from types import SimpleNamespace

from pipeline.recommenders.ials import Ials
from pipeline.tuning.trials import TRIAL_SCHEMA, Trial, trial_frame

DEFAULT, TUNED = Ials(), Ials(factors=16)


def trial(settings, score, ranked="all items"):
    judge = SimpleNamespace(users=[1, 2, 3], ranked=ranked)
    return Trial.of(settings, score, judge, 1.0, 1.0)


def test_of_each_settings_that_were_chosen_the_best_trial_is_marked():
    trials = [
        trial(DEFAULT, 0.1),
        trial(TUNED, 0.4),
        trial(TUNED, 0.5),
        trial(Ials(factors=8), 0.9),
        trial(TUNED, 0.8, "new items"),
    ]
    frame = trial_frame(trials, [TUNED, DEFAULT])
    assert dict(frame.schema) == TRIAL_SCHEMA
    assert frame["chosen"].to_list() == [True, False, True, False, True]
    assert json.loads(frame["parameters"][1])["factors"] == 16


def test_nothing_tried_is_an_empty_frame():
    assert trial_frame([], [DEFAULT]).height == 0

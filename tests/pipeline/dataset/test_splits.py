from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.curated import Curated, empty_curated
from pipeline.dataset.splits import Part, SplitKind, SplitParams, split_interactions

START = datetime(2025, 1, 1, tzinfo=UTC)
ROWS = st.dictionaries(
    st.tuples(st.integers(0, 9).map(str), st.integers(0, 9).map(str)),
    st.integers(0, 50),
    min_size=1,
)


def frame(times):
    """Interactions of {(user, item): day or None}."""
    rows = [
        (user, item, None if day is None else START + timedelta(days=day))
        for (user, item), day in times.items()
    ]
    schema = {"user_id": pl.String, "item_id": pl.String, "liked_at": pl.Datetime("us", "UTC")}
    return pl.DataFrame(rows, schema=schema, orient="row")


def grid(n_users, n_items, *, day=lambda user, item: item):
    return {(f"u{u:02}", f"i{i:02}"): day(u, i) for u in range(n_users) for i in range(n_items)}


def counts(split):
    return {part.value: len(split.part(part)) for part in Part}


def test_newest_likes_are_tested_and_the_next_newest_validated():
    split = split_interactions(frame(grid(3, 20)), seed=0)
    assert split.kind is SplitKind.TEMPORAL
    assert counts(split) == {"train": 42, "validation": 6, "test": 12}
    assert set(split.part(Part.TEST)["item_id"]) == {"i16", "i17", "i18", "i19"}
    assert set(split.part(Part.VALIDATION)["item_id"]) == {"i14", "i15"}


def test_user_who_came_late_is_counted_as_skipped():
    times = grid(3, 10) | {("late", f"i{i:02}"): 100 + i for i in range(3)}
    split = split_interactions(frame(times), seed=0)
    assert split.kind is SplitKind.TEMPORAL
    assert {("late", "i00"), ("u00", "i09")} <= set(split.part(Part.TEST).rows())
    assert (split.n_users_judged, split.n_users_skipped) == (3, 1)


def test_where_only_newcomers_would_be_tested_the_split_is_random():
    times = grid(4, 10, day=lambda user, item: 100 if user == 3 else item)
    assert split_interactions(frame(times), seed=0).kind is SplitKind.RANDOM


def test_a_few_likes_without_time_are_for_training():
    times = grid(5, 20) | {("u00", "i00"): None, ("u01", "i19"): None}
    split = split_interactions(frame(times), seed=0)
    assert split.kind is SplitKind.TEMPORAL
    assert ("u01", "i19") in split.part(Part.TRAIN).rows()


@pytest.mark.parametrize(
    "day",
    [lambda user, item: None if user else item, lambda user, item: 0, lambda u, i: min(i, 1)],
    ids=["times are rare", "one instant", "two instants"],
)
def test_without_an_instant_that_divides_the_split_is_random(day):
    split = split_interactions(frame(grid(10, 10, day=day)), seed=0)
    assert split.kind is SplitKind.RANDOM
    assert counts(split)["test"] == 20
    assert split.n_users_judged == 10


def test_user_with_one_like_is_never_tested_but_counted():
    times = grid(3, 10, day=lambda user, item: None) | {("lonely", "i00"): None}
    split = split_interactions(frame(times), seed=0)
    assert ("lonely", "i00") in split.part(Part.TRAIN).rows()
    assert (split.n_users_judged, split.n_users_skipped) == (3, 1)


def test_another_seed_is_another_split_and_rows_in_another_order_are_not():
    rows = frame(grid(20, 10, day=lambda user, item: None))
    first = split_interactions(rows, seed=1)
    assert first.parts.equals(
        split_interactions(rows.sample(fraction=1, shuffle=True, seed=3), seed=1).parts
    )
    assert not first.parts.equals(split_interactions(rows, seed=2).parts)


def test_no_rows_give_no_parts():
    split = split_interactions(frame({}), seed=0)
    assert split.parts.schema == empty_curated(Curated.SPLIT).schema
    assert (len(split.parts), split.n_users_judged, split.n_users_skipped) == (0, 0, 0)


@pytest.mark.parametrize("shares", [(0, 0.1), (1, 0.1), (0.2, -0.1), (0.2, 1)])
def test_shares_out_of_range_are_refused(shares):
    with pytest.raises(ValueError, match="share is"):
        SplitParams(*shares)


@given(ROWS, st.booleans(), st.integers(0, 5), st.floats(0.05, 0.9), st.floats(0, 0.9))
def test_split_is_a_partition(times, known, seed, test_share, validation_share):
    rows = frame({pair: day if known else None for pair, day in times.items()})
    params = SplitParams(test_share, validation_share)
    split = split_interactions(rows, seed=seed, params=params)
    parts = {part: set(split.part(part).rows()) for part in Part}
    assert sum(map(len, parts.values())) == len(times)
    assert set.union(*parts.values()) == set(times)
    users = {user for user, _ in times}
    learned = {user for user, _ in parts[Part.TRAIN]}
    tested = {user for user, _ in parts[Part.TEST]}
    assert split.n_users_judged == len(learned & tested)
    assert split.n_users_judged + split.n_users_skipped == len(users)
    if split.kind is SplitKind.TEMPORAL:
        newest_train = max(times[pair] for pair in parts[Part.TRAIN])
        assert newest_train < min(times[pair] for pair in parts[Part.TEST])
        for pair in parts[Part.VALIDATION]:
            assert newest_train < times[pair]
    else:
        assert learned == users
        assert tested == {u for u in users if sum(user == u for user, _ in times) > 1}


def test_a_kind_can_be_asked_for():
    rows = frame(grid(6, 20))
    assert split_interactions(rows, seed=0).kind is SplitKind.TEMPORAL
    drawn = split_interactions(rows, seed=0, kind=SplitKind.RANDOM)
    assert drawn.kind is SplitKind.RANDOM
    assert set(drawn.part(Part.TEST)["user_id"]) == {f"u{user:02}" for user in range(6)}
    untimed = frame(grid(6, 20, day=lambda user, item: None))
    with pytest.raises(ValueError, match="allow no temporal split"):
        split_interactions(untimed, seed=0, kind=SplitKind.TEMPORAL)


def test_old_posts_test_five_likes_of_a_fifth_of_those_with_ten():
    rows = frame(
        {**grid(40, 12), **{(f"v{u}", f"i{i:02}"): 0 for u in range(20) for i in range(9)}}
    )
    split = split_interactions(rows, seed=0, kind=SplitKind.REC_A_SKETCH)
    assert split.kind is SplitKind.REC_A_SKETCH
    tested = split.part(Part.TEST)["user_id"].value_counts()
    assert tested["count"].to_list() == [5] * 8  # a fifth of the 40 with ten or more
    assert tested["user_id"].str.starts_with("u").all()
    # Those that keep ten likes are as many as were not drawn: 32, a fifth is validated.
    validated = split.part(Part.VALIDATION)["user_id"].value_counts()
    assert validated["count"].to_list() == [5] * 6
    assert not set(validated["user_id"]) & set(tested["user_id"])
    assert sum(counts(split).values()) == len(rows)
    again = split_interactions(rows.sample(fraction=1, shuffle=True), seed=0, kind=split.kind)
    assert again.parts.equals(split.parts)
    other = split_interactions(rows, seed=1, kind=split.kind)
    assert not other.parts.equals(split.parts)


def test_old_posts_judge_nobody_where_all_have_few_likes():
    split = split_interactions(frame(grid(9, 9)), seed=0, kind=SplitKind.REC_A_SKETCH)
    assert counts(split) == {"train": 81, "validation": 0, "test": 0}
    assert split.n_users_judged == 0

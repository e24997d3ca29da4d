"""Held-out likes: the newest where the site tells times, else a random share of each user's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.dataset.columns import LIKED_AT, PAIR, PART, USER_ID

__all__ = ["Part", "Split", "SplitKind", "SplitParams", "split_interactions"]

TIMES_NEEDED: Final = 0.95
"""Share of the likes that must have a time for a temporal split."""
_TOLERANCE: Final = 2.0
_POST_SHARE: Final = 0.2
_POST_LIKES: Final = 10
_POST_HELD_OUT: Final = 5
_LOT, _CHANCE, _PLACE, _TESTED, _VALIDATED = "lot", "chance", "place", "tested", "validated"


class Part(StrEnum):
    """Where a like stands in a split."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class SplitKind(StrEnum):
    """How the test likes were chosen."""

    TEMPORAL = "temporal"
    RANDOM = "random"
    REC_A_SKETCH = "rec-a-sketch"


@dataclass(frozen=True, slots=True)
class SplitParams:
    """How much is held out.

    Parameters
    ----------
    test_share : of all likes, in (0, 1).
    validation_share : of the likes that are not in the test part, in [0, 1).
    """

    test_share: float = 0.2
    validation_share: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.test_share < 1:
            raise ValueError(f"test_share is {self.test_share}, must lie between 0 and 1")
        if not 0 <= self.validation_share < 1:
            raise ValueError(f"validation_share is {self.validation_share}, must lie in [0, 1)")


@dataclass(frozen=True, slots=True)
class Split:
    """Every interaction in exactly one part: ``parts`` is ``user_id``, ``item_id``, ``part``."""

    parts: pl.DataFrame
    kind: SplitKind
    seed: int

    def part(self, part: Part) -> pl.DataFrame:
        """Pairs ``user_id``, ``item_id`` of one part, sorted."""
        return self.parts.filter(pl.col(PART) == part.value).select(PAIR)

    @property
    def n_users_judged(self) -> int:
        """Users with a like to learn from and a test like to judge by."""
        learned = self.part(Part.TRAIN)[USER_ID].unique()
        tested = self.part(Part.TEST)[USER_ID].unique()
        return int(tested.is_in(learned.implode()).sum())

    @property
    def n_users_skipped(self) -> int:
        """All other users: they have no test like, or none in the training part."""
        return self.parts[USER_ID].n_unique() - self.n_users_judged


def split_interactions(
    interactions: pl.DataFrame,
    *,
    seed: int,
    params: SplitParams | None = None,
    kind: SplitKind | None = None,
) -> Split:
    """Split of the interactions; rows in another order give the same one.

    Temporal where at least 95 % of the likes have a time, and one instant divides them and
    leaves someone to judge: the newest ``test_share`` of all likes is the test part, the
    newest ``validation_share`` of what remains the validation part; likes without a time are
    for training.  Likes of one instant stay together: shares are near, not exact.

    Else random: of each user with n >= 2 likes ``max(1, round(test_share * n))``, never all,
    are tested; of the rest ``validation_share`` on average, and one stays in training.

    Parameters
    ----------
    interactions : columns ``user_id``, ``item_id``, ``liked_at``; unique pairs.
    seed : of the random split; a temporal one has no chance in it.
    kind : asked for by name, instead of the choice above; see `_as_in_old_posts` too.

    Raises
    ------
    ValueError : a temporal split is asked for and the likes allow none.
    """
    chosen = params or SplitParams()
    rows = interactions.select(*PAIR, LIKED_AT).sort(PAIR)
    if kind is SplitKind.REC_A_SKETCH:
        return Split(_as_in_old_posts(rows, seed), kind, seed)
    temporal = None if kind is SplitKind.RANDOM else _temporal(rows, chosen)
    if temporal is not None:
        split = Split(temporal, SplitKind.TEMPORAL, seed)
        if split.n_users_judged:
            return split
    if kind is SplitKind.TEMPORAL:
        raise ValueError(
            f"the likes allow no temporal split: {TIMES_NEEDED:.0%} of them must have a time, and "
            "one instant must leave someone to judge; take a random one"
        )
    return Split(_random(rows, chosen, seed), SplitKind.RANDOM, seed)


def _as_in_old_posts(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Of 20 % of the users with 10 likes or more, 5 likes each are tested.

    The protocol of the posts on Rec-a-Sketch (Ethan Rosenthal 2016).  For the choice of
    parameters the same is done once more to the likes that are left.
    """
    random = np.random.default_rng(seed)
    parts = pl.Series(PART, [Part.TRAIN.value]).new_from_index(0, len(rows))
    for part in (Part.TEST, Part.VALIDATION):
        left = rows.select(PAIR).with_row_index(_PLACE).filter(parts == Part.TRAIN.value)
        taken = _fives(left, random)
        is_taken = pl.Series(np.isin(np.arange(len(rows)), taken))
        parts = pl.select(
            pl.when(is_taken).then(pl.lit(part.value)).otherwise(parts).alias(PART)
        ).to_series()
    return rows.select(PAIR).with_columns(parts)


def _fives(left: pl.DataFrame, random: np.random.Generator) -> NDArray[np.int64]:
    """Places of 5 likes of each drawn user."""
    able = left.group_by(USER_ID, maintain_order=True).len().filter(pl.col("len") >= _POST_LIKES)
    n_drawn = round(_POST_SHARE * len(able))
    drawn = able[USER_ID].gather(random.choice(len(able), n_drawn, replace=False))
    own = left.filter(pl.col(USER_ID).is_in(drawn.implode()))
    lots = own.with_columns(pl.Series(_LOT, random.random(len(own))))
    first = pl.col(_LOT).rank("ordinal").over(USER_ID) <= _POST_HELD_OUT
    return lots.filter(first)[_PLACE].to_numpy().astype(np.int64)


def _temporal(rows: pl.DataFrame, params: SplitParams) -> pl.DataFrame | None:
    times = rows[LIKED_AT].drop_nulls().sort()
    if len(times) < TIMES_NEEDED * len(rows):
        return None
    tested = _newest(times, params.test_share)
    if tested is None or not _divides(times, tested, params.test_share):
        return None
    older = times.filter(times < tested)
    validated = _newest(older, params.validation_share)
    if validated is None or validated <= older[0]:
        validated = tested
    part = (
        pl.when(pl.col(LIKED_AT) >= tested)
        .then(pl.lit(Part.TEST.value))
        .when(pl.col(LIKED_AT) >= validated)
        .then(pl.lit(Part.VALIDATION.value))
        .otherwise(pl.lit(Part.TRAIN.value))
    )
    return rows.select(*PAIR, part.alias(PART))


def _newest(times: pl.Series, share: float) -> datetime | None:
    """The instant from which on the share of likes nearest to ``share`` stands; None for none."""
    wanted = round(share * len(times))
    if not wanted:
        return None
    instant: datetime = times[len(times) - wanted]
    later = times.filter(times > instant)
    with_ties = int((times >= instant).sum())
    nearer = len(later) > 0 and wanted - len(later) < with_ties - wanted
    return cast("datetime", later[0]) if nearer else instant


def _divides(times: pl.Series, instant: datetime, share: float) -> bool:
    """Whether likes stand on both sides of the instant, about ``share`` of them after it."""
    newer = int((times >= instant).sum())
    wanted = share * len(times)
    return newer < len(times) and wanted / _TOLERANCE <= newer <= wanted * _TOLERANCE


def _random(rows: pl.DataFrame, params: SplitParams, seed: int) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    count = pl.len().over(USER_ID).cast(pl.Int64)
    place = pl.col(_LOT).rank("ordinal").over(USER_ID)
    rounded = (params.test_share * count + 0.5).floor().clip(lower_bound=1)
    tested = pl.min_horizontal(rounded, count - 1)
    rest = count - pl.col(_TESTED)
    by_chance = pl.col(_CHANCE).first().over(USER_ID)
    validated = pl.min_horizontal((params.validation_share * rest + by_chance).floor(), rest - 1)
    part = (
        pl.when(pl.col(_PLACE) <= pl.col(_TESTED))
        .then(pl.lit(Part.TEST.value))
        .when(pl.col(_PLACE) <= pl.col(_TESTED) + pl.col(_VALIDATED))
        .then(pl.lit(Part.VALIDATION.value))
        .otherwise(pl.lit(Part.TRAIN.value))
    )
    lots = pl.Series(_LOT, random.random(len(rows))), pl.Series(_CHANCE, random.random(len(rows)))
    return (
        rows.with_columns(*lots)
        .with_columns(place.alias(_PLACE), tested.alias(_TESTED))
        .with_columns(validated.alias(_VALIDATED))
        .select(*PAIR, part.alias(PART))
    )

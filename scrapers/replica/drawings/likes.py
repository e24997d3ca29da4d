"""Likes over time: sessions of simulated people who like what they see and have a taste for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scrapers.replica.drawings.tastes import FloatArray, Tastes

__all__ = ["LikeParameters", "Likes", "publication_days", "simulate_likes"]

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class LikeParameters:
    """When and how much people like.

    Parameters
    ----------
    days : length of the time in which likes fall.
    earlier_days : time before, in which drawings are published already.
    fewest, most : bounds of the likes of one person.
    median, spread : of the log-normal law of likes a person.
    cold_share : share of drawings published in the last days, that hardly anyone has seen.
    session : mean likes of one sitting.
    novelty : extra log odds of a drawing in its first month.
    """

    days: int = 540
    earlier_days: int = 540
    fewest: int = 3
    most: int = 260
    median: float = 19.0
    spread: float = 0.85
    cold_share: float = 0.05
    session: float = 6.0
    novelty: float = 0.3

    def __post_init__(self) -> None:
        if not (1 <= self.fewest <= self.most and self.days >= 1 and 0 <= self.cold_share < 1):
            raise ValueError(f"{self}: 1 <= fewest <= most, days >= 1, cold_share 0 to 1")


@dataclass(frozen=True)
class Likes:
    """Rows by user, then time; `at_s` counts seconds from the start of the likes."""

    user: IntArray
    item: IntArray
    at_s: IntArray


def publication_days(
    n_items: int, parameters: LikeParameters, rng: np.random.Generator
) -> FloatArray:
    """Day on which each drawing is published; day 0 is that of the first likes."""
    days = rng.uniform(-parameters.earlier_days, parameters.days * 0.7, size=n_items)
    cold = rng.random(n_items) < parameters.cold_share
    days[cold] = rng.uniform(parameters.days - 3.0, parameters.days, size=int(cold.sum()))
    return days


def simulate_likes(
    tastes: Tastes, published: FloatArray, parameters: LikeParameters, rng: np.random.Generator
) -> Likes:
    """Likes of each person: distinct drawings, each after it was published."""
    users, items, times = [], [], []
    with np.errstate(divide="ignore"):
        log_chances = np.log(tastes.chances)
    for user, log_chance in enumerate(log_chances):
        item, at_s = _likes_of_one(log_chance, published, parameters, rng)
        users.append(np.full(len(item), user, dtype=np.int64))
        items.append(item)
        times.append(at_s)
    return Likes(np.concatenate(users), np.concatenate(items), np.concatenate(times))


def _likes_of_one(
    log_chance: FloatArray,
    published: FloatArray,
    parameters: LikeParameters,
    rng: np.random.Generator,
) -> tuple[IntArray, IntArray]:
    wished = round(float(rng.lognormal(np.log(parameters.median), parameters.spread)))
    n_likes = min(max(wished, parameters.fewest), parameters.most, len(log_chance))
    open_items = np.ones(len(log_chance), dtype=np.bool_)
    items, times = [], []
    for start, count in _sittings(n_likes, parameters, rng):
        age = start - published
        seen = log_chance + parameters.novelty * (age < 30)  # noqa: PLR2004 - a month
        # The largest of log chances plus Gumbel noise are a draw without replacement.
        keys = np.where(open_items & (age > 0), seen + rng.gumbel(size=len(seen)), -np.inf)
        order = np.argsort(-keys, kind="stable")[:count]
        order = order[np.isfinite(keys[order])]
        open_items[order] = False
        items.append(order.astype(np.int64))
        gaps = np.cumsum(1 + rng.exponential(40.0, size=len(order)).astype(np.int64))
        times.append((start * 86_400) + gaps)
    return np.concatenate(items), np.concatenate(times).astype(np.int64)


def _sittings(
    n_likes: int, parameters: LikeParameters, rng: np.random.Generator
) -> list[tuple[float, int]]:
    """Day and number of likes of each sitting of one person, ascending, `n_likes` in all."""
    counts: list[int] = []
    while (left := n_likes - sum(counts)) > 0:
        counts.append(min(1 + int(rng.poisson(parameters.session - 1)), left))
    joined = rng.uniform(0.0, parameters.days * 0.85)
    stay = min(7.0 + rng.exponential(parameters.days / 2), parameters.days - joined - 0.5)
    days = np.sort(joined + rng.uniform(0.0, stay, size=len(counts)))
    return list(zip(days.tolist(), counts, strict=True))

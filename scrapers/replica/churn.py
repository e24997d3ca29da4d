"""Days that pass in a world: likes come and go, and so do a few items.

Changes of a day fall on a tenth of the items, the more liked ones rather than others, as on a
site where most of what was ever published rests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

import polars as pl

from scrapers.replica.world import Frames

__all__ = ["Passed", "advance"]

_ACTIVE_SHARE: Final = 0.1
_REMOVED_SHARE: Final = 1 / 3  # of the likes that change; the others are new
_ITEMS_SHARE: Final = 0.1  # of the churn: items that vanish, and as many that appear
_JOINING_SHARE: Final = 0.02  # of new likes: by people without one so far
_MOST_FIRST_LIKES: Final = 5
_DRAWS: Final = 30  # for someone who does not like an item yet
_TICKS: Final = 1_000
"""Each new like takes a thousandth of what is left of the day, so that no day is too short."""
_DAY: Final = timedelta(days=1)
_FIRST_DAY: Final = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Passed:
    """What has changed."""

    days: int = 0
    likes_added: int = 0
    likes_removed: int = 0
    items_appeared: int = 0
    items_vanished: int = 0
    likes_swapped: int = 0

    def __add__(self, other: Passed) -> Passed:
        """Sum of each figure."""
        return Passed(*(sum(pair) for pair in zip(self.figures(), other.figures(), strict=True)))

    def figures(self) -> tuple[int, ...]:
        """Every figure in order."""
        return tuple(asdict(self).values())


def advance(
    frames: Frames, *, days: int, churn: float, seed: int, swap: int = 0
) -> tuple[Frames, Passed]:
    """A world some days later.

    Parameters
    ----------
    churn : share of likes that change in a day: a third of them goes, the others come.
    seed : the same world and seed give the same days.
    swap : likes that are exchanged in the end, each for one of another person on the same
        item, so that no item's count tells.
    """
    passed = Passed()
    for day in range(days):
        later = _Day(frames, _dice(frames, seed, day))
        later.let_items_vanish(churn)
        later.let_items_appear(churn)
        later.change_likes(churn)
        frames, passed = later.frames(), passed + later.passed
    if swap:
        later = _Day(frames, _dice(frames, seed, "swap"))
        later.swap_likes(swap)
        frames, passed = later.frames(), passed + replace(later.passed, days=0)
    return frames, passed


def _dice(frames: Frames, *words: object) -> Random:
    """Dice that the same seed throws otherwise on another day, so that no new id comes twice."""
    newest = frames.likes["liked_at"].max()
    return Random(f"{words} {newest!r} {len(frames.likes)} {len(frames.items)}")  # noqa: S311


class _Day:
    """One day of a world; everything new is the newest, and nothing lies in the future."""

    def __init__(self, frames: Frames, random: Random) -> None:
        self._frames = frames
        self._random = random
        self._likes = frames.likes
        self._items = frames.items
        self._users: list[str] = self._likes["user_handle"].unique().sort().to_list()
        newest = self._likes["liked_at"].max()
        self._now = newest if isinstance(newest, datetime) else _FIRST_DAY
        self._left = min(_DAY, (datetime.now(UTC) - self._now) / 2)
        self._likers: dict[str, list[str]] = {}
        self._removed: dict[tuple[str, str], None] = {}
        self._added: list[tuple[str, str, datetime]] = []
        self.passed = Passed(days=1)

    def frames(self) -> Frames:
        """The world in the evening."""
        pairs = ["user_handle", "item_id"]
        removed = pl.DataFrame(list(self._removed), dict.fromkeys(pairs, pl.String), orient="row")
        added = pl.DataFrame(self._added, self._likes.schema, orient="row")
        kept = self._likes.join(removed, on=pairs, how="anti", maintain_order="left")
        return replace(self._frames, likes=pl.concat([added.reverse(), kept]), items=self._items)

    def let_items_vanish(self, churn: float) -> None:
        """Some items go, with all their likes."""
        ids = self._items["item_id"].sort().to_list()
        gone = self._random.sample(ids, self._rounded(len(ids) * churn * _ITEMS_SHARE))
        self._items = self._items.filter(~pl.col("item_id").is_in(gone))
        likes = self._likes.filter(~pl.col("item_id").is_in(gone))
        self._note(items_vanished=len(gone), likes_removed=len(self._likes) - len(likes))
        self._likes = likes

    def let_items_appear(self, churn: float) -> None:
        """Some items are new: like one that there is, with a few likes."""
        if not len(self._items) or not self._users:
            return
        n_new = self._rounded(len(self._items) * churn * _ITEMS_SHARE)
        models = self._random.choices(range(len(self._items)), k=n_new)
        for model in models:
            item_id = f"{self._random.getrandbits(128):032x}"
            new = self._items[model].with_columns(
                item_id=pl.lit(item_id),
                title=pl.lit(f"New arrival {item_id[:6]}"),
                published_at=pl.lit(self._tick(), pl.Datetime("us", "UTC")),
                thumbnail_url=pl.lit(None, pl.String),
                listed_again_at=pl.lit(None, pl.Int64),
            )
            self._items = pl.concat([self._items, new])
            self._likers[item_id] = []
            for _ in range(self._random.randint(1, _MOST_FIRST_LIKES)):
                self._add(item_id)
        self._note(items_appeared=n_new)

    def change_likes(self, churn: float) -> None:
        """Likes go and come, on a tenth of the items."""
        counts = dict(self._likes.group_by("item_id").len().sort("item_id").iter_rows())
        if not counts:
            return
        n_active = max(1, round(len(counts) * _ACTIVE_SHARE))
        drawn = {item: self._random.random() ** (1 / count) for item, count in counts.items()}
        active = sorted(counts, key=drawn.__getitem__, reverse=True)[:n_active]
        self._know(active)
        n_changes = self._rounded(len(self._likes) * churn)
        n_removed = self._rounded(n_changes * _REMOVED_SHARE)
        there = [(user, item) for item in active for user in self._likers[item]]
        for user, item in self._random.sample(there, min(n_removed, len(there))):
            self._remove(user, item)
        weights = [counts[item] for item in active]
        for item in self._random.choices(active, weights, k=n_changes - n_removed):
            self._add(item)

    def swap_likes(self, n_swapped: int) -> None:
        """Items exchange one liker for another person each."""
        items = self._likes["item_id"].unique().sort().to_list()
        chosen = self._random.sample(items, min(n_swapped, len(items)))
        self._know(chosen)
        for item in chosen:
            leaving = self._random.choice(self._likers[item])
            if self._add(item):
                self._remove(leaving, item)
                self._note(likes_swapped=1)

    def _know(self, items: Sequence[str]) -> None:
        """Look up who likes some items."""
        rows = self._likes.filter(pl.col("item_id").is_in(items))
        grouped = rows.group_by("item_id").agg(pl.col("user_handle").sort())
        self._likers.update(grouped.iter_rows())

    def _add(self, item: str) -> bool:
        """Let someone like an item who does not; False where nobody is found."""
        known = set(self._likers[item])
        for _ in range(_DRAWS):
            user = self._someone()
            if user not in known and (user, item) not in self._removed:
                self._likers[item].append(user)
                self._added.append((user, item, self._tick()))
                self._note(likes_added=1)
                return True
        return False

    def _remove(self, user: str, item: str) -> None:
        self._likers[item].remove(user)
        self._removed[user, item] = None
        self._note(likes_removed=1)

    def _someone(self) -> str:
        if self._random.random() < _JOINING_SHARE:
            return f"joined/{self._random.getrandbits(48):012x}"
        return self._random.choice(self._users)

    def _tick(self) -> datetime:
        """An instant after all that were before, and before the day's end."""
        step = self._left / _TICKS
        self._left -= step
        self._now += step
        return self._now

    def _rounded(self, number: float) -> int:
        """One of the two whole numbers next to it, so that its mean is the number."""
        return int(number + self._random.random())

    def _note(self, **figures: int) -> None:
        self.passed += Passed(**figures)

"""What a visitor has picked, in the order in which they did; it lives in the url alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self

from serving.errors import ApiProblemError
from serving.lists.query import MAX_ID_LENGTH
from serving.lists.visitors import MAX_ITEMS
from serving.pages.links import taste_url
from serving.snapshot import Snapshot

__all__ = ["ACTIONS", "MAX_PICKS", "Pick", "Picks"]

How = Literal["like", "not"]
Pick = tuple[How, str]
HOWS: Final[Mapping[str, How]] = {"like": "like", "not": "not", "pick": "like", "dismiss": "not"}
"""What each name in a query says of an item."""
UNDO: Final = "undo"
ACTIONS: Final = frozenset(("pick", "dismiss", UNDO))
"""Names of buttons: what is done to the picks that stand in the query."""
MAX_PICKS: Final = MAX_ITEMS
_LONGEST_URL: Final = 7000
"""Bytes; what holds more picks of long ids would be turned away at the door."""


@dataclass(frozen=True, slots=True)
class Picks:
    """Items that somebody likes or does not want to see, the latest last.

    Attributes
    ----------
    n_unknown : picks of items that the site does not have.
    """

    site: str
    made: tuple[Pick, ...]
    n_unknown: int = 0

    @classmethod
    def read(cls, snapshot: Snapshot, given: Iterable[tuple[str, str]]) -> Self:
        """Picks of a query's names and values, after what was done to them.

        Of two about one item the later one counts.

        Raises
        ------
        ApiProblemError : 422, there are more of them than may be.
        """
        pairs = list(given)
        picks: list[Pick] = [
            (HOWS[name], item_id)
            for name, item_id in sorted(pairs, key=lambda pair: pair[0] in ACTIONS)
            if name in HOWS
        ]
        if len(picks) > MAX_PICKS:
            raise _too_many(len(picks))
        undone = {item_id for name, item_id in pairs if name == UNDO}
        latest: dict[str, How] = {}
        for how, item_id in picks:
            latest.pop(item_id, None)
            if item_id not in undone:
                latest[item_id] = how
        known = tuple(
            (how, item_id)
            for item_id, how in latest.items()
            if len(item_id) <= MAX_ID_LENGTH and item_id in snapshot.items.index
        )
        return cls(snapshot.site.site, known, len(latest) - len(known))

    @property
    def likes(self) -> list[str]:
        """Ids of what is liked."""
        return [item_id for how, item_id in self.made if how == "like"]

    @property
    def dismissed(self) -> list[str]:
        """Ids of what is not to be shown."""
        return [item_id for how, item_id in self.made if how == "not"]

    @property
    def is_full(self) -> bool:
        """Whether no more picks fit."""
        return len(self.made) >= MAX_PICKS or len(taste_url(self.site, self.made)) > _LONGEST_URL

    @property
    def href(self) -> str:
        """The page of these picks."""
        return taste_url(self.site, self.made)

    @property
    def last(self) -> str | None:
        """Id of the item that was picked last; None where nothing was."""
        return self.made[-1][1] if self.made else None


def _too_many(n_picks: int) -> ApiProblemError:
    detail = f"{n_picks} picks were sent, at most {MAX_PICKS} are taken: remove some"
    fault = {"location": "query", "name": "like", "detail": detail, "value": None}
    return ApiProblemError(422, f"like: {detail}", kind="invalid-request", more={"errors": [fault]})

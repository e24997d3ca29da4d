"""What a stand-in serves now: a world that may change under the reader, and its app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from starlette.types import ASGIApp, Receive, Scope, Send

from scrapers.replica.live_lists import LiveLists
from scrapers.replica.world import World

__all__ = ["Served"]

_Pair = tuple[str, str]


class Served:
    """ASGI app of the world of now.

    Parameters
    ----------
    create : makes the app of a world.
    newcomers : people without a like who stand ready to like something while it is read.
    live : whether lists may change while they are read; ones that cannot are quicker.
    """

    def __init__(
        self,
        world: World,
        create: Callable[[World], ASGIApp],
        newcomers: tuple[str, ...] = (),
        *,
        live: bool = True,
    ) -> None:
        self._create = create
        self._is_live = live
        self.version = 0
        self._newcomers = newcomers
        self.show(world)

    def show(self, world: World) -> None:
        """Serve another world from now on."""
        self.version += 1
        self.likes_of_item = LiveLists(world.likes_of_item)
        self.likes_of_user = LiveLists(world.likes_of_user, len(world.users))
        self.listing = list(world.listing)
        self.newcomer_indices = range(len(world.users), len(world.users) + len(self._newcomers))
        users = (*world.users, *self._newcomers)
        live = replace(
            world,
            listing=self.listing,
            users=users,
            user_index={handle: idx for idx, handle in enumerate(users)},
            likes_of_item=self.likes_of_item,
            likes_of_user=self.likes_of_user,
        )
        self.world = live if self._is_live else world
        self.app = self._create(self.world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the world of now."""
        await self.app(scope, receive, send)

    def changing_pairs(self) -> set[tuple[int, int]]:
        """Likes as (user, item) that came or went while they could be read, from either side."""
        by_item, by_user = self.likes_of_item, self.likes_of_user
        changing = {(user, item) for item, user in by_item.arrived | by_item.vanished}
        return changing | by_user.arrived | by_user.vanished

    def steady_pairs(self) -> Iterator[tuple[int, int]]:
        """Likes as (user, item) that stood there all the time."""
        changing = self.changing_pairs()
        for item in range(len(self.world.items)):
            for user in self.likes_of_item.others(item):
                if (user, item) not in changing:
                    yield user, item

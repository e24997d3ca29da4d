"""The likes that a stand-in shows, so that a crawl can be held against them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Final, TypeAlias

from scrapers.replica.served import Served
from scrapers.replica.sketchfab.asked import Kind
from scrapers.replica.sketchfab.catalogue import dump

__all__ = ["truth"]

_Pair: TypeAlias = tuple[int, int]

_PAIRS_A_PIECE: Final = 1_000


def truth(served: Served, hides: Callable[[Kind, str], bool], kind: Kind) -> Iterator[bytes]:
    """JSON, in pieces, of ``{"must_have": [[handle, item]...], "may_have": [...]}``.

    ``must_have`` are the likes that were shown throughout in lists of `kind`, ``may_have`` those
    that came or went, and those of lists that `hides` keeps back.
    """
    world = served.world
    users = [dump(handle) for handle in world.users]
    items = [dump(item.item_id) for item in world.items]
    if kind is Kind.USER_LIKES:
        hidden_users = {n for n, user in enumerate(world.users) if hides(kind, user)}
        hidden_items: set[int] = set()
    else:
        hidden_users = set()
        hidden_items = {n for n, item in enumerate(world.items) if hides(kind, item.item_id)}

    def is_hidden(pair: _Pair) -> bool:
        return pair[0] in hidden_users or pair[1] in hidden_items

    def told(pairs: Iterable[_Pair]) -> Iterator[bytes]:
        texts = (b"[%b,%b]" % (users[user], items[item]) for user, item in pairs)
        first = b""
        while piece := b",\n".join(islice(texts, _PAIRS_A_PIECE)):
            yield first + piece
            first = b",\n"

    steady, changing = served.steady_pairs, served.changing_pairs()
    kept_back = (pair for pair in steady() if is_hidden(pair))
    yield b'{"must_have":[\n'
    yield from told(pair for pair in steady() if not is_hidden(pair))
    yield b'],\n"may_have":[\n'
    yield from told(chain(sorted(changing), kept_back))
    yield b"]}\n"

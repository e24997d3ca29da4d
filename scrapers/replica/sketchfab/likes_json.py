"""The likes of the site from both sides, page by page, as bytes joined from ready-made parts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote

from scrapers.replica.sketchfab.catalogue import Catalogue, dump, iso
from scrapers.replica.sketchfab.cursor import encode_cursor

__all__ = ["LikePages", "cursor_page"]


class LikePages:
    """Pages of ``/i/likes`` (who liked a model) and ``/v3/users/{uid}/likes`` (what one liked)."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._world = catalogue.world
        self._members = [
            dump(
                {
                    "username": person.username,
                    "uid": person.uid,
                    "displayName": person.display_name,
                }
            )[:-1]
            for person in catalogue.members
        ]

    def of_model(self, uid: str, offset: int, count: int) -> bytes | None:
        """Members who liked a model, most recent first; None for an unknown model."""
        idx = self._world.item_index.get(uid)
        if idx is None:
            return None
        lists = self._world.likes_of_item
        rows = [
            self._members[user] + _liked_at(liked_at)
            for user, liked_at in lists.page(idx, offset, count)
        ]
        url = None
        if offset + len(rows) < lists.count(idx) and rows:
            path = f"{self._catalogue.base_url}/i/likes?model={quote(uid, safe='')}"
            url = f"{path}&count={count}&offset={offset + len(rows)}"
        return b'{"results":[%b],"next":%b}' % (b",".join(rows), dump(url))

    def of_member(self, uid: str, offset: int, count: int) -> bytes | None:
        """Models that a member liked, most recent first; None for an unknown member."""
        path = f"/v3/users/{quote(uid, safe='')}/likes?count={count}"
        idx = self._world.user_index.get(uid)
        if idx is None:
            known = uid in self._catalogue.creators_by_uid
            return self._page([], offset, count, 0, path) if known else None
        lists = self._world.likes_of_user
        rows = [
            self._catalogue.open_model(item) + _liked_at(liked_at)
            for item, liked_at in lists.page(idx, offset, count)
        ]
        return self._page(rows, offset, count, lists.count(idx), path)

    def _page(self, rows: list[bytes], offset: int, count: int, total: int, path: str) -> bytes:
        return cursor_page(rows, offset, count, total, self._catalogue.base_url + path)


def cursor_page(rows: Iterable[bytes], offset: int, count: int, total: int, url: str) -> bytes:
    """A page of the v3 API: `rows` from `offset` on of `total`; `url` takes a cursor more."""
    following = encode_cursor(offset + count) if offset + count < total else None
    preceding = encode_cursor(max(0, offset - count)) if offset else None
    cursors = {"next": following, "previous": preceding}
    links = {name: cursor and f"{url}&cursor={cursor}" for name, cursor in cursors.items()}
    return b'{"results":[%b],"next":%b,"previous":%b,"cursors":%b}' % (
        b",".join(rows),
        dump(links["next"]),
        dump(links["previous"]),
        dump(cursors),
    )


def _liked_at(instant: datetime | None) -> bytes:
    """End of a row: the time of the like, where the world knows it, and the closing brace."""
    return b"}" if instant is None else b',"likedAt":%b}' % dump(iso(instant))

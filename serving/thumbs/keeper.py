"""Small pictures as they are asked for: kept ones at once, others fetched a few at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pipeline.hints import add_hint
from serving.errors import PictureRefusedError
from serving.settings import ServingSettings
from serving.thumbs.decoding import webp_of
from serving.thumbs.fetching import fetched
from serving.thumbs.store import PictureStore, key_of
from serving.thumbs.targets import target_of
from serving.version import installed_version

__all__ = ["Thumbs", "Wanted"]

_log = logging.getLogger(__name__)
_AT_ONCE: Final = 4
_MOST_UNDER_WAY: Final = 64
_PATIENCE_S: Final = 3.0
_FOLDER: Final = "pictures"
_MB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture of an item in one size, at the url that the snapshot has."""

    site: str
    item_id: str
    url: str
    picture_hosts: tuple[str, ...]
    size: int


class Thumbs:
    """Makes each picture once, in whatever process it is asked for first.

    Parameters
    ----------
    settings : asked when they are needed: where the cache lies is known once the service runs.
    """

    def __init__(self, settings: Callable[[], ServingSettings]) -> None:
        self._settings = settings
        self._pool = ThreadPoolExecutor(_AT_ONCE, "thumbs")
        self._under_way: dict[str, asyncio.Future[bytes | None]] = {}
        self._is_closed = False

    async def picture(self, wanted: Wanted) -> bytes | None:
        """WebP of a picture; None where it cannot be had, or not soon, or no more once closed.

        What takes longer than a visitor would wait is gone on with, and is there the next time.
        """
        key = key_of(wanted.url, wanted.size)
        under_way = self._under_way.get(key)
        if under_way is None:
            kept, is_refused = await asyncio.to_thread(self._kept, key)
            if kept is not None or is_refused:
                return kept
            under_way = self._under_way.get(key) or self._begun(key, wanted)
        if under_way is None:
            return None
        done, _ = await asyncio.wait((under_way,), timeout=_PATIENCE_S)
        return under_way.result() if done and not under_way.cancelled() else None

    def close(self) -> None:
        """Begin no more pictures, so that a service that stops waits for those under way alone."""
        self._is_closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begun(self, key: str, wanted: Wanted) -> asyncio.Future[bytes | None] | None:
        """The making of a picture; None where too many are being made, or no more will be."""
        if self._is_closed or len(self._under_way) >= _MOST_UNDER_WAY:
            return None
        making = asyncio.get_running_loop().run_in_executor(self._pool, self._made, key, wanted)
        self._under_way[key] = making
        making.add_done_callback(lambda _: self._under_way.pop(key, None))
        return making

    @cached_property
    def _store(self) -> PictureStore:
        settings = self._settings()
        if settings.cache is None:
            raise RuntimeError("the service runs without a folder for what it unfolds")
        return PictureStore(settings.cache / _FOLDER, settings.thumbs_mb * _MB)

    def _kept(self, key: str) -> tuple[bytes | None, bool]:
        picture = self._store.picture(key)
        return picture, picture is None and self._store.is_refused(key)

    def _made(self, key: str, wanted: Wanted) -> bytes | None:
        """Fetch and make a picture, unless another process just did; never raises."""
        try:
            with self._store.turn(key):
                kept, is_refused = self._kept(key)
                return kept if kept is not None or is_refused else self._fetched(key, wanted)
        except Exception:
            _log.exception("picture not made", extra={"fields": {"site": wanted.site}})
            return None

    def _fetched(self, key: str, wanted: Wanted) -> bytes | None:
        try:
            target = target_of(wanted.url, wanted.picture_hosts)
            made = webp_of(fetched(target, _user_agent(self._settings())), wanted.size)
        except PictureRefusedError as err:
            _log.info("picture refused", extra={"fields": {"site": wanted.site, "why": str(err)}})
            self._store.refuse(key)
            self._hint(wanted)
            return None
        try:
            self._store.put(key, made)
        except OSError as err:
            _log.warning("picture not kept", extra={"fields": {"why": str(err)}})
        return made

    def _hint(self, wanted: Wanted) -> None:
        """Say which item's picture is to be renewed first, where anything may be written."""
        settings = self._settings()
        if not settings.feedback:
            return
        try:
            add_hint(settings.data, wanted.site, wanted.item_id)
        except OSError as err:
            _log.warning("hint not kept", extra={"fields": {"why": str(err)}})


def _user_agent(settings: ServingSettings) -> str:
    own = f"likewise/{installed_version()}"
    contact = settings.contact
    return f"{own} (+{contact})" if contact.isascii() and contact.isprintable() and contact else own

"""Which snapshots are served: they are looked for, loaded aside and swapped in whole."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pipeline.deny import DenyList, read_deny_list
from pipeline.pointer import (
    SITE_NAME_PATTERN,
    Pointer,
    published_sites,
    read_pointer,
    site_folder,
    snapshot_path,
)
from serving.answers.health import SiteState
from serving.errors import SnapshotRefusedError
from serving.folders import unfold_ahead
from serving.loading import load, published_at_of
from serving.scratch import scratch_folder
from serving.settings import ServingSettings
from serving.snapshot import Snapshot

__all__ = ["Catalog"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be served of a site: a published snapshot less what is denied."""

    pointer: Pointer
    denied: DenyList

    def is_content_of(self, other: _Wanted) -> bool:
        """Whether both are the same file less the same items."""
        own, others = self.pointer, other.pointer
        same_file = (own.snapshot_id, own.sha256) == (others.snapshot_id, others.sha256)
        return same_file and self.denied == other.denied


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What was refused, why, and from when on it is tried again whatever happens."""

    attempt: object
    faults: tuple[str, ...]
    retry_at_s: float


@dataclass(slots=True)
class Catalog:
    """Loaded snapshots by site.

    A request takes one snapshot and answers from it alone, so a swap in between is never seen.
    The mapping is replaced, never changed.
    """

    settings: ServingSettings
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)
    _served: dict[str, _Wanted] = field(default_factory=dict)
    _refusals: dict[str, _Refusal] = field(default_factory=dict)
    _tried_ahead: set[str] = field(default_factory=set)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load what is published, then keep looking for newer until the block is left."""
        with self._cached():
            await self.refresh()
            watches = [
                asyncio.create_task(self._again_and_again(what))
                for what in (self.refresh, self._unfold_ahead)
            ]
            try:
                yield
            finally:
                for watch in watches:
                    watch.cancel()
                await asyncio.gather(*watches, return_exceptions=True)

    @contextlib.contextmanager
    def _cached(self) -> Iterator[None]:
        """Unfold into a folder of its own where none is set, gone at the end."""
        if self.settings.cache is not None:
            yield
            return
        with scratch_folder() as place:
            self.settings = self.settings.model_copy(update={"cache": place})
            yield

    async def refresh(self) -> None:
        """Look once at every site's pointer and swap in what is newer.

        Never raises for what it finds: a refused snapshot is logged and kept for ``states``.
        """
        async with self._turn:
            published = await asyncio.to_thread(self._published)
            self._drop_all_but(published)
            for site in published:
                await self._refresh_site(site)

    async def reload(self) -> None:
        """As `refresh`, and what was refused is tried again now."""
        async with self._turn:
            self._refusals.clear()
        await self.refresh()

    def states(self) -> list[SiteState]:
        """What is served of each site and what was refused, by name of the site."""
        return [
            SiteState(
                site=site,
                snapshot_id=self.snapshots[site].snapshot_id if site in self.snapshots else None,
                faults=list(self._refusals[site].faults) if site in self._refusals else [],
            )
            for site in sorted({*self.snapshots, *self._refusals})
        ]

    async def _again_and_again(self, what: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self.settings.poll_s)
            try:
                await what()
            except Exception:
                _log.exception("poll failed")

    async def _unfold_ahead(self) -> None:
        """Unfold what is not published yet, one at a time; a publish or a denial does not wait."""
        for site, served in list(self._served.items()):
            await asyncio.to_thread(
                unfold_ahead, self.settings, site, served.denied, self._tried_ahead
            )

    def _published(self) -> list[str]:
        """Sites that are to be served; those that are where the whole folder is out of reach."""
        if self.snapshots and not (self.settings.data / "snapshots").is_dir():
            return sorted(self.snapshots)
        named = published_sites(self.settings.data)
        return [site for site in named if re.fullmatch(SITE_NAME_PATTERN, site)]

    def _drop_all_but(self, published: list[str]) -> None:
        for site in {*self.snapshots, *self._refusals} - set(published):
            self._served.pop(site, None)
            self._refusals.pop(site, None)
            self.snapshots = {name: s for name, s in self.snapshots.items() if name != site}
            _log.info("site is no longer published", extra={"fields": {"site": site}})

    async def _refresh_site(self, site: str) -> None:
        attempt: object = None
        try:
            wanted, attempt = await asyncio.to_thread(self._attempt, site)
            if not self._is_due(site, wanted, attempt):
                return
            snapshot = await asyncio.to_thread(
                load, self.settings, site, wanted.pointer, wanted.denied
            )
        except SnapshotRefusedError as err:
            self._refuse(site, attempt, err.faults)
        except Exception as err:  # whatever a file holds, what is served goes on
            if self._is_new(site, attempt):
                self._refuse(site, attempt, (f"{type(err).__name__}: {err}",))
        else:
            self._serve(site, wanted, snapshot)

    def _attempt(self, site: str) -> tuple[_Wanted, object]:
        """What is to be served, and what must change for a refused one to be worth a new try."""
        pointer = read_pointer(self.settings.data, site)
        if pointer is None:
            raise FileNotFoundError(f"{site_folder(self.settings.data, site)} has no pointer now")
        wanted = _Wanted(pointer, read_deny_list(self.settings.data, site))
        try:
            stat = snapshot_path(self.settings.data, site, pointer.snapshot_id).stat()
        except OSError:
            return wanted, (wanted, None)
        return wanted, (wanted, stat.st_mtime_ns, stat.st_ino, stat.st_size)

    def _is_due(self, site: str, wanted: _Wanted, attempt: object) -> bool:
        served = self._served.get(site)
        if served and served.is_content_of(wanted):
            self._refusals.pop(site, None)
            self._republish(site, wanted)
            return False
        return self._is_new(site, attempt)

    def _republish(self, site: str, wanted: _Wanted) -> None:
        """Tell when what is served was published last: it may have been rolled back to."""
        if self._served[site].pointer.published_at != wanted.pointer.published_at:
            published_at = published_at_of(wanted.pointer)
            again = replace(self.snapshots[site], published_at=published_at)
            self.snapshots = {**self.snapshots, site: again}
            self._served[site] = wanted

    def _is_new(self, site: str, attempt: object) -> bool:
        refusal = self._refusals.get(site)
        return (
            refusal is None or refusal.attempt != attempt or time.monotonic() >= refusal.retry_at_s
        )

    def _refuse(self, site: str, attempt: object, faults: tuple[str, ...]) -> None:
        retry_at_s = time.monotonic() + self.settings.retry_s
        self._refusals[site] = _Refusal(attempt, faults, retry_at_s)
        _log.error("snapshot refused", extra={"fields": {"site": site, "faults": list(faults)}})

    def _serve(self, site: str, wanted: _Wanted, snapshot: Snapshot) -> None:
        self._served[site] = wanted
        self._refusals.pop(site, None)
        self.snapshots = {**self.snapshots, site: snapshot}
        fields = {"site": site, "snapshot_id": snapshot.snapshot_id}
        _log.info("snapshot loaded", extra={"fields": fields})

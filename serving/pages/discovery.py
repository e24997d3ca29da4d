"""For search engines and browsers: robots.txt, the sitemap, the icon at its usual place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request, Response

from serving.caching import file_answered
from serving.errors import ApiProblemError
from serving.pages.links import group_url, item_url
from serving.pages.website import Website
from serving.snapshot import Snapshot

__all__ = ["MAX_URLS", "build_router"]

MAX_URLS: Final = 5_000
"""Of one sitemap, which may hold ten times as many: half a megabyte is soon packed and sent."""
_XML: Final = "application/xml"
_NAMESPACE: Final = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_KEPT: Final = {"Cache-Control": "public, max-age=3600"}
_NOT_KEPT: Final = {"Cache-Control": "no-store"}
_CLOSED: Final = (
    "/v1/",
    "/admin/",
    "/health/",
    "/metrics",
    "/thumb/",
    "/*/taste",
    "/*/users/",
    "/*/search",
    "/*/suggestions",
    "/*/random",
    "/*/surprise",
    "/*/items/*/",
    "/*?*trail=",
    "/*?*cursor=",
    "/*?*off=",
    "/*?*play=",
)
"""For people, not for engines: private, endless, or the same again in another order."""


def build_router(website: Website, max_urls: int = MAX_URLS) -> APIRouter:
    """Routes that nobody but a machine asks for."""
    router = APIRouter(include_in_schema=False)

    @router.get("/robots.txt")
    async def robots(request: Request) -> Response:
        lines = ["User-agent: *", *(f"Disallow: {path}" for path in _CLOSED), ""]
        lines.append(f"Sitemap: {_origin(website, request)}/sitemap.xml")
        return Response("\n".join(lines) + "\n", headers=_NOT_KEPT, media_type="text/plain")

    @router.get("/favicon.ico")
    async def icon(request: Request) -> Response:
        asset = website.assets["favicon.svg"]
        return file_answered(request, asset.body, asset.media_type, _KEPT)

    @router.get("/sitemap.xml")
    async def sitemap(request: Request) -> Response:
        snapshots = _loaded(website)
        origin = _origin(website, request)
        n_maps = -(-sum(map(_n_urls, snapshots)) // max_urls)
        if n_maps > 1:
            places = [f"{origin}/sitemap-{number}.xml" for number in range(1, n_maps + 1)]
            return _xml("sitemapindex", "sitemap", places)
        return await _urlset(snapshots, origin, 0, max_urls)

    @router.get("/sitemap-{number:int}.xml")
    async def part(request: Request, number: int) -> Response:
        snapshots = _loaded(website)
        start = (number - 1) * max_urls
        if not 0 <= start < sum(map(_n_urls, snapshots)):
            raise ApiProblemError(404, f"There is no sitemap {number}.")
        return await _urlset(snapshots, _origin(website, request), start, max_urls)

    return router


def _origin(website: Website, request: Request) -> str:
    """Where people reach this; the host that is asked is believed in what nobody keeps."""
    return website.settings.public_url or f"{request.url.scheme}://{request.url.netloc}"


def _loaded(website: Website) -> list[Snapshot]:
    return [snapshot for _, snapshot in sorted(website.catalog.snapshots.items())]


def _n_urls(snapshot: Snapshot) -> int:
    return len(snapshot.groups["tag"].slugs) + len(snapshot.popular)


async def _urlset(snapshots: Sequence[Snapshot], origin: str, start: int, n_urls: int) -> Response:
    """Some of all urls, made beside the loop that answers others."""

    def made() -> Response:
        paths = _paths(snapshots, start, start + n_urls)
        return _xml("urlset", "url", [origin + path for path in paths])

    return await asyncio.to_thread(made)


def _paths(snapshots: Sequence[Snapshot], start: int, stop: int) -> Iterator[str]:
    """Pages of tags and items of all sites, most liked first; of these the wanted ones alone."""
    for snapshot in snapshots:
        site, ids, slugs = snapshot.site.site, snapshot.items.ids, snapshot.groups["tag"].slugs
        for slug in slugs[max(start, 0) : max(stop, 0)]:
            yield group_url(site, "tag", slug)
        start, stop = start - len(slugs), stop - len(slugs)
        for item_idx in snapshot.popular[max(start, 0) : max(stop, 0)].tolist():
            yield item_url(site, ids[item_idx])
        start, stop = start - len(snapshot.popular), stop - len(snapshot.popular)


def _xml(root: str, member: str, places: Sequence[str]) -> Response:
    members = "".join(f"<{member}><loc>{escape(place)}</loc></{member}>\n" for place in places)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    body = f"{head}<{root} {_NAMESPACE}>\n{members}</{root}>\n"
    return Response(body, headers=_NOT_KEPT, media_type=_XML)

"""Pictures of items from this very service, where the operator has switched that on."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from serving.answers.sites import SiteAnswer
from serving.caching import file_answered
from serving.errors import ApiProblemError
from serving.pages.cards import HUES, card_of, picture_of
from serving.pages.stored import details_of, known_id
from serving.pages.website import Website
from serving.routes.common import ItemId, Site, snapshot_of
from serving.thumbs.decoding import SIZES
from serving.thumbs.keeper import Thumbs, Wanted
from serving.thumbs.placeholder import placeholder

__all__ = ["build_router"]

_DAY: Final = "public, max-age=86400"  # what is denied is in no cache for longer
_MINUTE: Final = "public, max-age=60"
_ALONE: Final = {"Content-Security-Policy": "default-src 'none'; sandbox"}
_NAMES: Final = {str(size): size for size in SIZES}


def build_router(website: Website) -> APIRouter:
    """The route of pictures; none where pictures come from the site itself."""
    if not website.settings.thumbs:
        return APIRouter()
    thumbs = Thumbs(lambda: website.settings)

    @contextlib.asynccontextmanager
    async def closing(_: object) -> AsyncIterator[None]:
        yield
        thumbs.close()

    router = APIRouter(include_in_schema=False, lifespan=closing)

    @router.get("/thumb/{site}/{item_id}/{size}")
    async def thumb(request: Request, site: Site, item_id: ItemId, size: str) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        details = details_of(snapshot, known_id(snapshot, item_id))
        if size not in _NAMES:
            raise ApiProblemError(404, f"Pictures are of {', '.join(_NAMES)} pixels.")
        pixels = _NAMES[size]
        found = picture_of(snapshot.site, details["thumbnails"], pixels)
        hosts = tuple(snapshot.site.picture_hosts)
        made = found and await thumbs.picture(
            Wanted(site, details["item_id"], found.url, hosts, pixels)
        )
        if made:
            return file_answered(request, made, "image/webp", {"Cache-Control": _DAY, **_ALONE})
        return _drawn(snapshot.site, details)

    return router


def _drawn(site: SiteAnswer, details: dict[str, Any]) -> Response:
    """The placeholder, as an answer that is asked for again soon."""
    card = card_of(site, details)
    svg = placeholder(card.initials, card.hue, HUES, card.tags)
    headers = {"Cache-Control": _MINUTE, **_ALONE}
    return Response(svg, headers=headers, media_type="image/svg+xml")

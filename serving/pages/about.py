"""What this is, where the data come from, what is simulated, and whom to ask."""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from serving.foreign import safe_url
from serving.pages.website import Website
from serving.snapshot import Snapshot

__all__ = ["build_router", "contact_url"]

_ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def build_router(website: Website) -> APIRouter:
    """The page about the service."""
    router = APIRouter(include_in_schema=False)

    @router.get("/about")
    async def about(request: Request) -> Response:
        snapshots = [one for _, one in sorted(website.catalog.snapshots.items())]
        contact = website.settings.contact
        context = {
            "canonical": "/about",
            "sources": [_source(snapshot) for snapshot in snapshots],
            "contact": contact,
            "contact_url": contact_url(contact),
            "has_user_pages": website.settings.user_routes,
            "takes_feedback": website.settings.feedback,
        }
        only = snapshots[0] if len(snapshots) == 1 else None
        return website.bare_page(request, "about.html", context, snapshot=only)

    return router


def contact_url(contact: str) -> str | None:
    """Link to the operator: an address of mail or the web; None where it is only text."""
    if _ADDRESS.fullmatch(contact):
        return f"mailto:{contact}"
    return contact if re.fullmatch(r"(https?://|mailto:)[!-~]+", contact) else None


def _source(snapshot: Snapshot) -> dict[str, Any]:
    """Where the data of a site come from, and of when they are."""
    site = snapshot.site
    return {
        "site": site,
        "url": safe_url(site.base_url, site.hosts),
        "generated_at": site.generated_at,
        "published_at": snapshot.published_at,
        "n_models": len(snapshot.models),
    }

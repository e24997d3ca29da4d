"""What a page says when it cannot be shown: what was asked, why not, and where to go instead."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, Response

from serving.browsing import order_body
from serving.errors import ApiProblemError
from serving.lists.query import Grouped
from serving.pages.cards import cards_of
from serving.pages.stored import parsed
from serving.pages.website import Website
from serving.problems import PROBLEMATIC, problem_of

__all__ = ["add_fault_pages"]

_API: Final = ("/v1/", "/admin/", "/health/", "/static/", "/thumb/")
_N_POPULAR: Final = 12


def add_fault_pages(app: FastAPI, website: Website) -> None:
    """Make errors pages for people; those of the API stay problems."""

    async def fault(request: Request, err: Exception) -> Response:
        problem = problem_of(err)
        path = request.scope["path"]
        if path.startswith(_API) or "text/html" not in request.headers.get("accept", ""):
            return problem
        return _page(website, request, problem.status_code, err)

    for kind in PROBLEMATIC:
        app.add_exception_handler(kind, fault)


def _page(website: Website, request: Request, status: int, err: Exception) -> Response:
    """Page of an error, with what is popular on the site that it happened on."""
    first = request.scope["path"].split("/")[1]
    snapshots = website.catalog.snapshots
    snapshot = snapshots.get(first) or next(iter(snapshots.values()), None)
    popular = (
        parsed(order_body(snapshot, "popular", Grouped(k=_N_POPULAR), None)) if snapshot else None
    )
    context = {
        "status": status,
        "title": HTTPStatus(status).phrase,
        "detail": err.detail if isinstance(err, ApiProblemError) else None,
        "asked": request.scope["path"],
        "cards": cards_of(snapshot.site, popular["items"]) if snapshot and popular else [],
        "fault_site": snapshot.site if snapshot else None,
    }
    return website.bare_page(request, "fault.html", context, status=status, snapshot=snapshot)

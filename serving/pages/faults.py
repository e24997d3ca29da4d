"""What a page says when it cannot be shown: what was asked, why not, and where to go instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from serving.pages.links import site_url
from serving.pages.shelves import Shelf, order_shelf
from serving.pages.website import Website
from serving.problems import PROBLEMATIC, problem_of
from serving.resolving import BARE_ID, MAX_LINK_LENGTH
from serving.snapshot import Snapshot

__all__ = ["add_fault_pages"]

_API: Final = ("/v1/", "/admin/", "/health/", "/static/", "/thumb/")
_KEPT: Final = (b"allow", b"retry-after")
_N_WORDS: Final = 200
_UNKNOWN: Final = "There is nothing here", "No page has this address."
_FAULTY: Final = (
    "That did not work",
    "Something in the address is not as it should be.",
)
_TOLD: Final[Mapping[str, tuple[str, str]]] = {
    "unknown-site": ("There is no such site here", "No site of that name is published."),
    "unknown-item": (
        "This item is not here",
        "It may have left the site since, or the address may be cut short.",
    ),
    "unknown-link": (
        "That link leads to nothing here",
        "Only links to items of this site are understood, and the item must be among those shown.",
    ),
    "unknown-group": ("Nothing goes by that name", "No item carries it, or not any more."),
    "unknown-user": ("There is nobody of that pseudonym", "It may have changed since."),
    "unknown-model": (
        "There is no such algorithm",
        "It may have been replaced; the page of algorithms has all that there are.",
    ),
    "stale-cursor": (
        "This list has been renewed",
        "It was made anew while you read, so its old pages are gone.",
    ),
}

_PLAIN: Final[Mapping[str, str]] = {
    "cursor": "names no page of this list",
    "seed": "must be a whole number, 0 or more",
    "q": "is too long to be a link or words to search for",
    "trail": "is longer than a way can be",
}


def add_fault_pages(app: FastAPI, website: Website) -> None:
    """Make errors pages for people; those of the API stay problems."""

    async def fault(request: Request, err: Exception) -> Response:
        problem = problem_of(err)
        path = request.scope["path"]
        if path.startswith(_API) or "text/html" not in request.headers.get("accept", ""):
            return problem
        slashless = _slashless(request)
        if slashless and problem.status_code == HTTPStatus.NOT_FOUND:
            return RedirectResponse(slashless, 308, {"Cache-Control": "no-store"})
        return _page(website, request, problem)

    for kind in PROBLEMATIC:
        app.add_exception_handler(kind, fault)


def _slashless(request: Request) -> str | None:
    """Where a page is whose address ends with a slash too many; None for all other addresses.

    One slash begins it: with two it would name another host.
    """
    path, query = request.scope["path"], request.url.query
    if request.method != "GET" or not path.endswith("/"):
        return None
    return f"/{path.strip('/')}" + (f"?{query}" if query else "")


def _page(website: Website, request: Request, problem: Response) -> Response:
    """Page of a problem, with what is popular on the site that it happened on."""
    first = request.scope["path"].removeprefix("/").partition("/")[0]
    snapshots = website.catalog.snapshots
    only = next(iter(snapshots.values())) if len(snapshots) == 1 else None
    snapshot = snapshots.get(first, only)
    status = problem.status_code
    told = orjson.loads(problem.body)
    kind = told["type"].removeprefix("/docs#")
    usual = _UNKNOWN if status == HTTPStatus.NOT_FOUND else _FAULTY
    heading, sentence = _TOLD.get(kind, usual)
    context = {
        "heading": heading,
        "sentence": sentence,
        "asked": _asked(request),
        "q": request.query_params.get("q", "")[:MAX_LINK_LENGTH],
        "faults": _faults(told) if kind == "invalid-request" else [],
        "forms": [form for form in told.get("known", ()) if form != BARE_ID]
        if kind == "unknown-link"
        else [],
        "again": _again(request, kind),
        "words": _words(request, snapshot, kind),
        "popular": _popular(snapshot) if snapshot else None,
    }
    page = website.bare_page(request, "fault.html", context, status=status, snapshot=snapshot)
    page.raw_headers += [pair for pair in problem.raw_headers if pair[0] in _KEPT]
    return page


def _faults(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is wrong in the address, in words for people where there are any."""
    return [{**one, "detail": _PLAIN.get(one["name"], one["detail"])} for one in told["errors"]]


def _popular(snapshot: Snapshot) -> Shelf:
    name = f"Popular on {snapshot.site.title}"
    return replace(order_shelf(snapshot, "popular"), name=name, sentence="Somewhere to go on from.")


def _asked(request: Request) -> str:
    """What was searched for, else the address, as a person would read it."""
    q = request.query_params.get("q", "").strip()
    if q:
        return q[:_N_WORDS]
    return unquote(request.scope["path"], errors="replace")[:_N_WORDS]


def _again(request: Request, kind: str) -> str | None:
    """Where the same list begins, for those whose place in it is gone or is none."""
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    kept = [pair for pair in pairs if pair[0] != "cursor"]
    if kind == "stale-cursor" or (kind == "invalid-request" and kept != pairs):
        path: str = request.scope["path"]
        return f"{path}?{urlencode(kept)}" if kept else path
    return None


def _words(request: Request, snapshot: Snapshot | None, kind: str) -> dict[str, Any] | None:
    """What of the address may be searched for, and where; None where nothing may."""
    asked = _last_part(request)
    is_person = "/users/" in request.scope["path"]
    if snapshot is None or is_person or kind == "unknown-link" or not asked:
        return None
    return {"text": asked, "href": site_url(snapshot.site.site, "search", q=asked)}


def _last_part(request: Request) -> str:
    if request.query_params.get("q"):
        return _asked(request)
    parts = [part for part in _asked(request).split("/") if part]
    return parts[-1].replace("-", " ") if len(parts) > 1 else ""

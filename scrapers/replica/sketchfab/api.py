"""JSON routes: the site's private ones under ``/i`` and its public ones under ``/v3``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scrapers.replica.names import Person, slug
from scrapers.replica.sketchfab.catalogue import Catalogue, dump
from scrapers.replica.sketchfab.cursor import (
    BadParameterError,
    decode_cursor,
    read_count,
    read_number,
)
from scrapers.replica.sketchfab.likes_json import LikePages, cursor_page
from scrapers.replica.sketchfab.rules import GRID_PAGE_SIZE, like_count_text
from scrapers.replica.world import Item

__all__ = ["api_routes", "json_error"]

_LIKES_FIRST: Final = "-likeCount"
_NEWEST_FIRST: Final = "-publishedAt"


def api_routes(catalogue: Catalogue) -> list[Route]:
    """Routes that answer with JSON, the most asked for first."""
    api = _Api(catalogue)
    return [
        Route("/i/likes", api.likes_of_model),
        Route("/v3/users/{uid:path}/likes", api.likes_of_member),
        Route("/i/models/{uid:path}", api.model),
        Route("/v3/models", api.models),
        Route("/v3/models/{uid:path}", api.model),
        Route("/v3/users/{uid:path}", api.member),
        Route("/v3/search", api.search),
        Route("/i/search", api.grid),
    ]


def json_error(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """Error in the form of the site's API."""
    body = dump({"detail": detail})
    return Response(body, status, headers, media_type="application/json")


class _Api:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._world = catalogue.world
        self._likes = LikePages(catalogue)

    async def likes_of_model(self, request: Request) -> Response:
        query = request.query_params
        offset = read_number(query, "offset", default=0)
        return _found(self._likes.of_model(query.get("model", ""), offset, read_count(query)))

    async def likes_of_member(self, request: Request) -> Response:
        offset = decode_cursor(request.query_params.get("cursor", ""))
        count = read_count(request.query_params)
        return _found(self._likes.of_member(request.path_params["uid"], offset, count))

    async def model(self, request: Request) -> Response:
        idx = self._world.item_index.get(request.path_params["uid"])
        return _found(None if idx is None else self._catalogue.open_model(idx) + b"}")

    async def models(self, request: Request) -> Response:
        query = request.query_params
        order = self._order(query.get("sort_by", _LIKES_FIRST))
        filters = self._filters(request)
        if filters:
            order = self._catalogue.where(lambda item: all(f(item) for f in filters), order)
        return self._listing(request, order, self._catalogue.open_model)

    async def member(self, request: Request) -> Response:
        uid = request.path_params["uid"]
        idx = self._world.user_index.get(uid)
        if idx is not None:
            return _json(self._open_member(idx) + b"}")
        creator = self._catalogue.creators_by_uid.get(uid)
        return _found(None if creator is None else dump(self._full_person(creator, 0)))

    async def search(self, request: Request) -> Response:
        kind = request.query_params.get("type", "models")
        if kind == "models":
            return await self.models(request)
        if kind != "users":
            raise BadParameterError("type: one of models, users is required")
        return self._listing(request, range(len(self._world.users)), self._open_member)

    async def grid(self, request: Request) -> Response:
        """A page of the infinite grid: what its script needs, and whether there is more."""
        page = read_number(request.query_params, "page", default=1, least=1)
        first = (page - 1) * GRID_PAGE_SIZE
        listing = self._world.listing
        items = [self._world.items[idx] for idx in listing[first : first + GRID_PAGE_SIZE]]
        more = first + GRID_PAGE_SIZE < len(listing)
        rows = [self._grid_row(item) for item in items]
        return _json(dump({"results": rows, "nextPage": page + 1 if more else None}))

    def _grid_row(self, item: Item) -> dict[str, object]:
        return {
            "uid": item.item_id,
            "name": item.title,
            "viewerUrl": self._catalogue.page_url(item),
            "likeCountText": like_count_text(item.like_count),
            "thumbnail": self._catalogue.thumbnails(item)[0],
        }

    def _order(self, sort_by: str) -> Sequence[int]:
        if sort_by == _LIKES_FIRST:
            return self._world.listing
        if sort_by == _NEWEST_FIRST:
            return self._catalogue.newest_first
        raise BadParameterError(f"sort_by: one of {_LIKES_FIRST}, {_NEWEST_FIRST} is required")

    def _filters(self, request: Request) -> list[Callable[[Item], bool]]:
        query = request.query_params
        filters: list[Callable[[Item], bool]] = []
        if user := query.get("user"):
            names = {
                name for name, p in self._catalogue.creators.items() if user in (p.uid, p.username)
            }
            filters.append(lambda item: item.creator in names)
        if tags := set(query.getlist("tags")):
            filters.append(lambda item: tags <= {slug(tag) for tag in item.tags})
        if categories := set(query.getlist("categories")):
            filters.append(lambda item: bool(categories & {slug(c) for c in item.categories}))
        return filters

    def _listing(
        self, request: Request, order: Sequence[int], opened: Callable[[int], bytes]
    ) -> Response:
        query = request.query_params
        count, offset = read_count(query), decode_cursor(query.get("cursor", ""))
        kept = [(k, v) for k, v in query.multi_items() if k not in ("cursor", "count")]
        url = f"{self._catalogue.base_url}{request.url.path}?"
        url += urlencode([*kept, ("count", str(count))])
        rows: Iterable[bytes] = (opened(idx) + b"}" for idx in order[offset : offset + count])
        return _json(cursor_page(rows, offset, count, len(order), url))

    def _open_member(self, idx: int) -> bytes:
        likes = self._world.likes_of_user.count(idx)
        return dump(self._full_person(self._catalogue.members[idx], likes))[:-1]

    def _full_person(self, person: Person, like_count: int) -> dict[str, object]:
        return {**self._catalogue.person(person), "likeCount": like_count}


def _found(body: bytes | None) -> Response:
    return json_error(404, "Not found.") if body is None else _json(body)


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")

"""The stand-in for Sketchfab as one ASGI app."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Final, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from scrapers.replica.media import placeholder
from scrapers.replica.sketchfab.api import api_routes, json_error
from scrapers.replica.sketchfab.catalogue import Catalogue
from scrapers.replica.sketchfab.cursor import BadParameterError
from scrapers.replica.sketchfab.pages import Pages
from scrapers.replica.sketchfab.rules import GRID_PAGE_SIZE, THUMBNAIL_SIZES
from scrapers.replica.world import Item, World

__all__ = ["create_app"]

_STATIC: Final = Path(__file__).parent / "static"
_API_PREFIXES: Final = ("/i/", "/v3/")


def create_app(world: World, base_url: str) -> Starlette:
    """App that serves a world as Sketchfab would.

    Parameters
    ----------
    world : what there is to serve.
    base_url : scheme, host and port that absolute links begin with.
    """
    catalogue = Catalogue(world, base_url)
    site = _Site(catalogue)
    return Starlette(
        routes=[
            *api_routes(catalogue),
            Route("/", site.landing),
            Route("/robots.txt", site.robots),
            Route("/models", site.grid),
            Route("/models/{uid:path}/embed", site.embed),
            Route("/models/{uid:path}", site.model),
            Route("/3d-models/{slug_and_uid:path}", site.model_by_slug),
            Route("/media/{uid:path}/{size:int}.{kind}", site.picture),
            Mount("/static", StaticFiles(directory=_STATIC)),
            Route("/{username}", site.member),
        ],
        exception_handlers={HTTPException: site.failed, BadParameterError: _bad_parameter},
    )


class _Site:
    """Everything but the API: pages, pictures and robots.txt."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._pages = Pages(catalogue)

    async def landing(self, _request: Request) -> Response:
        return HTMLResponse(self._pages.landing())

    async def robots(self, _request: Request) -> Response:
        return PlainTextResponse("User-agent: *\nAllow: /\n")

    async def grid(self, _request: Request) -> Response:
        return HTMLResponse(self._pages.grid())

    async def model(self, request: Request) -> Response:
        return HTMLResponse(self._pages.model(self._item(request.path_params["uid"])))

    async def embed(self, request: Request) -> Response:
        return HTMLResponse(self._pages.embed(self._item(request.path_params["uid"])))

    async def model_by_slug(self, request: Request) -> Response:
        item = self._catalogue.item_by_slug(request.path_params["slug_and_uid"])
        if item is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return HTMLResponse(self._pages.model(item))

    def picture(self, request: Request) -> Response:
        """Not async: a picture is resized in a thread, so that the API goes on answering."""
        size, kind = request.path_params["size"], request.path_params["kind"]
        item = self._item(request.path_params["uid"])
        if size not in THUMBNAIL_SIZES:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        body = self._catalogue.pictures.webp(item, size)
        if body is not None and kind == "webp":
            return Response(body, media_type="image/webp")
        if body is None and kind == "svg":
            return Response(placeholder(item), media_type="image/svg+xml")
        raise HTTPException(HTTPStatus.NOT_FOUND)

    async def member(self, request: Request) -> Response:
        username = request.path_params["username"]
        person = self._catalogue.creators_by_username.get(username)
        if person is not None:
            made = [i for i in self._catalogue.world.items if i.creator == person.display_name]
            return HTMLResponse(
                self._pages.member(person, made[:GRID_PAGE_SIZE], "Models, most liked first")
            )
        idx = self._catalogue.member_index.get(username)
        if idx is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        world = self._catalogue.world
        rows = world.likes_of_user.page(idx, 0, GRID_PAGE_SIZE)
        liked = [world.items[item] for item, _ in rows]
        return HTMLResponse(
            self._pages.member(self._catalogue.members[idx], liked, "Likes, most recent first")
        )

    async def failed(self, request: Request, error: Exception) -> Response:
        """Error as JSON below the API's paths, else as a page."""
        failure = cast("HTTPException", error)
        if request.url.path.startswith(_API_PREFIXES):
            return json_error(failure.status_code, f"{failure.detail}.", failure.headers)
        if failure.status_code == HTTPStatus.NOT_FOUND:
            return HTMLResponse(self._pages.not_found(), failure.status_code)
        return PlainTextResponse(failure.detail, failure.status_code, failure.headers)

    def _item(self, uid: str) -> Item:
        item = self._catalogue.item(uid)
        if item is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return item


async def _bad_parameter(_request: Request, error: Exception) -> Response:
    return json_error(400, str(error))

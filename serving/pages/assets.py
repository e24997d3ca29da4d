"""Style sheets, scripts and icons of the website, read once and named by what is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from serving.caching import file_answered
from serving.errors import ApiProblemError

__all__ = ["STATIC", "Asset", "asset_url", "build_router", "read_assets"]

STATIC: Final = Path(__file__).parent.parent / "static"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_YEAR: Final = "public, max-age=31536000, immutable"
_HOUR: Final = "public, max-age=3600"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that a page links to."""

    body: bytes
    media_type: str
    version: str


def read_assets(folder: Path = STATIC) -> Mapping[str, Asset]:
    """Every asset by name; the version is of what is in it."""
    return {
        path.name: Asset(
            body := path.read_bytes(),
            _TYPES[path.suffix],
            hashlib.blake2b(body, digest_size=6).hexdigest(),
        )
        for path in sorted(folder.iterdir())
        if path.suffix in _TYPES
    }


def asset_url(assets: Mapping[str, Asset], name: str) -> str:
    """Address of an asset, another one whenever its content changes.

    Raises
    ------
    KeyError : there is no such asset.
    """
    return f"/static/{name}?v={assets[name].version}"


def build_router(assets: Mapping[str, Asset]) -> APIRouter:
    """The route that answers assets; a version that is named may be kept for ever."""
    router = APIRouter(include_in_schema=False)

    @router.get("/static/{name}")
    async def static(request: Request, name: str) -> Response:
        asset = assets.get(name)
        if asset is None:
            raise ApiProblemError(404, f"There is no asset {name[:100]!r}.")
        is_versioned = request.url.query == f"v={asset.version}"
        headers = {"Cache-Control": _YEAR if is_versioned else _HOUR}
        return file_answered(request, asset.body, asset.media_type, headers)

    return router

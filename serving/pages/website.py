"""What every page is made with: templates, assets, and the catalog that it answers from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from serving.answers.sites import SiteAnswer
from serving.caching import Media, answered
from serving.catalog import Catalog
from serving.pages.assets import Asset, asset_url, read_assets
from serving.pages.cards import Card
from serving.pages.links import group_url, item_url, page_url, site_url
from serving.pages.policy import page_headers
from serving.settings import ServingSettings
from serving.snapshot import Snapshot

__all__ = ["TEMPLATES", "Website", "build_website"]

TEMPLATES: Final = Path(__file__).parent.parent / "templates"
_PAGE_S: Final = 60
Context = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Website:
    """Makes pages out of templates.

    Attributes
    ----------
    salt : digest of all templates, assets and settings; with the snapshot it tells pages apart.
    """

    catalog: Catalog
    environment: Environment
    assets: Mapping[str, Asset]
    salt: bytes

    @property
    def settings(self) -> ServingSettings:
        """Settings of the service."""
        return self.catalog.settings

    def page(
        self,
        request: Request,
        snapshot: Snapshot,
        template: str,
        context: Callable[[], Context],
        *,
        private: bool = False,
    ) -> Response:
        """A page of a site; 304, with nothing looked up, to who has it.

        Parameters
        ----------
        context : what the template shows; may raise what a query raises.
        private : tells where somebody has been or what they like: nobody may keep or index it.
        """
        media = Media(self._headers(snapshot.site, indexed=not private), self.salt)
        return answered(
            request,
            snapshot,
            lambda: self.html(request, snapshot, template, context(), private=private),
            max_age_s=_PAGE_S,
            private=private,
            media=media,
        )

    def bare_page(
        self,
        request: Request,
        template: str,
        context: Context,
        *,
        status: int = 200,
        snapshot: Snapshot | None = None,
        pictured: Sequence[SiteAnswer] = (),
    ) -> Response:
        """A page of no snapshot in particular, or one that says what went wrong: not kept.

        Parameters
        ----------
        snapshot : of the site that it belongs to, if it is one's.
        pictured : further sites whose pictures it shows.
        """
        is_fault = status != HTTPStatus.OK
        response = Response(
            self.html(request, snapshot, template, context, private=is_fault), status
        )
        own = (snapshot.site,) if snapshot else ()
        headers = self._headers(*own, *pictured, indexed=not is_fault)
        kept = [header for header in response.raw_headers if header[0] != b"content-type"]
        response.raw_headers = [*kept, *headers, (b"cache-control", b"no-store")]
        return response

    def _headers(self, *sites: SiteAnswer, indexed: bool) -> tuple[tuple[bytes, bytes], ...]:
        return page_headers(*sites, indexed=indexed, hot_linked=not self.settings.thumbs)

    def html(
        self,
        request: Request,
        snapshot: Snapshot | None,
        template: str,
        context: Context,
        *,
        private: bool = False,
    ) -> bytes:
        """A template filled in."""
        shared = {
            "site": snapshot.site if snapshot else None,
            "sites": [each.site for _, each in sorted(self.catalog.snapshots.items())],
            "settings": self.settings,
            "origin": self.settings.public_url,  # never the Host: whoever asks could choose it
            "path": request.scope["path"],
            "is_private": private,
        }
        return self.environment.get_template(template).render({**shared, **context}).encode()


def build_website(catalog: Catalog, templates: Path = TEMPLATES) -> Website:
    """Website on a catalog; templates are compiled when they are first used."""
    assets = read_assets()
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {
        "asset": lambda name: asset_url(assets, name),
        "group_url": group_url,
        "item_url": item_url,
        "page_url": page_url,
        "picture_url": partial(picture_url, catalog.settings),
        "site_url": site_url,
    }
    environment.filters["count"] = counted
    salt = _digest(templates, assets, catalog.settings)
    return Website(catalog, environment, assets, salt)


def picture_url(settings: ServingSettings, card: Card, origin: str = "") -> str | None:
    """Address of an item's picture: the site's own, or that of this service at an origin."""
    if card.picture is None:
        return None
    return f"{origin}{card.thumb}" if settings.thumbs else card.picture.url


def counted(number: int) -> str:
    """A whole number with thin spaces between its thousands."""
    return f"{number:,}".replace(",", "\u202f")


def _digest(templates: Path, assets: Mapping[str, Asset], settings: ServingSettings) -> bytes:
    found = hashlib.blake2b(repr(settings).encode(), digest_size=12)
    for path in sorted(templates.glob("**/*.html")):
        found.update(path.read_bytes())
    for name, asset in assets.items():
        found.update(f"{name}={asset.version}".encode())
    return found.digest()

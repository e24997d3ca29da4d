"""HTML of the stand-in; every text of a world is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable

from scrapers.replica.names import Person
from scrapers.replica.sketchfab.catalogue import Catalogue, dump
from scrapers.replica.sketchfab.rules import LANDING_SIZE, TITLE, like_count_text
from scrapers.replica.world import Item

__all__ = ["Pages"]


class Pages:
    """Pages of the site for people, and the one grid that only a browser can read."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._world = catalogue.world

    def landing(self) -> str:
        """Front page: what this is, and the most-liked models."""
        world = self._world
        says = (
            f"{len(world.items):,} models, {len(world.users):,} people and {world.n_likes:,} "
            f"likes come from the world “{world.name}”."
        )
        return _document(
            "Most liked",
            f'<h1>Most liked</h1><p class="lead">{_text(says)} '
            'See <a href="/models?sort_by=-likeCount">all models</a> or '
            '<a href="/v3/models?sort_by=-likeCount">the JSON</a>.</p>'
            + self._gallery(world.items[:LANDING_SIZE]),
        )

    def grid(self) -> str:
        """The infinite grid, empty: its script reads the page's number from the address.

        The script adds the class ``is-loaded`` to the grid when a page of models stands in it,
        ``is-empty`` too when that page has none, and ``is-failed`` when it could not be read.
        """
        return _document(
            "All models",
            '<h1>All models</h1><div class="infinite-grid"></div>'
            '<script src="/static/grid.js" defer></script>',
        )

    def model(self, item: Item) -> str:
        """Page of one model, with its JSON in a comment as the real site has it."""
        embed, title = _text(self._catalogue.embed_url(item)), _text(item.title)
        return _document(
            item.title,
            f'<article class="model"><iframe src="{embed}" title="{title}"></iframe>'
            f'<h1>{title}</h1><p class="lead">{self._byline(item)}</p>'
            f'<ul class="tags">{_listed(item.categories)}{_listed(item.tags)}</ul></article>'
            + self._prefetched(item),
        )

    def embed(self, item: Item) -> str:
        """Player of one model: its picture, slowly turning."""
        return (
            f'<!doctype html><html lang="en"><head>{_head(item.title)}</head>'
            f'<body class="player"><img src="{self._picture(item)}" alt="{_text(item.title)}">'
            f"<p>{_text(item.title)}</p></body></html>"
        )

    def member(self, person: Person, items: Iterable[Item], caption: str) -> str:
        """Page of a member: the models that `caption` speaks of."""
        return _document(
            person.display_name,
            f'<h1>{_text(person.display_name)}</h1><p class="lead">{_text(caption)}</p>'
            + self._gallery(items),
        )

    def not_found(self) -> str:
        """Page for an address that the site does not have."""
        return _document(
            "Not found", '<h1>Not found</h1><p class="lead"><a href="/">Most liked models</a></p>'
        )

    def _gallery(self, items: Iterable[Item]) -> str:
        cards = "".join(
            f'<li><a href="{_text(self._catalogue.page_url(item))}">'
            f'<img src="{self._picture(item)}" alt="" loading="lazy">'
            f"<span>{_text(item.title) or 'Untitled'}</span></a>"
            f'<span class="likes">{like_count_text(item.like_count)}</span></li>'
            for item in items
        )
        return f'<ul class="gallery">{cards}</ul>'

    def _picture(self, item: Item) -> str:
        return _text(self._catalogue.thumbnails(item)[0]["url"])

    def _byline(self, item: Item) -> str:
        parts = [f"{like_count_text(item.like_count)} likes"]
        if item.creator is not None:
            person = self._catalogue.person(self._catalogue.creators[item.creator])
            link = f'<a href="{_text(person["profileUrl"])}">{_text(item.creator)}</a>'
            parts.insert(0, f"by {link}")
        if item.license is not None:
            parts.append(_text(item.license))
        return " · ".join(parts)

    def _prefetched(self, item: Item) -> str:
        key = f"/i/models/{item.item_id}"
        text = _text(dump({key: self._catalogue.model(item)}).decode())
        return f'<div id="js-dom-data-prefetched-data"><!--{text}--></div>'


def _document(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head>{_head(title)}</head><body>'
        f'<header><a href="/">{_text(TITLE)}</a><a href="/models?sort_by=-likeCount">Models</a>'
        '</header><p class="notice">A stand-in that runs on this machine only. Its likes are '
        "simulated, or borrowed from open data, and its people are invented.</p>"
        f"<main>{body}</main></body></html>"
    )


def _head(title: str) -> str:
    return (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{_text(title)} - {_text(TITLE)}</title>"
        '<link rel="icon" href="/static/icon.svg"><link rel="stylesheet" href="/static/site.css">'
    )


def _listed(names: Iterable[str]) -> str:
    return "".join(f"<li>{_text(name)}</li>" for name in names)


def _text(text: str) -> str:
    return html.escape(text, quote=True)

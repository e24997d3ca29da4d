"""A site whose every text and address is hostile, and its pages as they are answered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import quote

import httpx
import polars as pl
import pytest

from pipeline.snapshot import build
from serving.pages.website import TEMPLATES, build_website
from tests.factories import NOW, SITE, SmallSite
from tests.hostile_strings import HOSTILE
from tests.serving.conftest import Client, publish, serving

__all__ = ["SITE", "Answer", "HostileSite", "answers", "publish_hostile_site"]

IDS = ('"><script>hit(900)<', "javascript:hit(901)", "..", "'onerror=hit(902)", "{{7*7}}", "%22%3E")
ITEM = "item-020"
"""The item that has every text as a tag."""
_PAGE_LENGTH = 100
_WRITTEN = '"><script>hit(903)</script><img src=//off.example/903 onerror=alert(903)>'
_QUERIES = (_WRITTEN, "{{7*7}}${hit(904)}", "javascript:hit(905)", "\u202e</title>W" + "W" * 400)


@dataclass(frozen=True)
class HostileSite(SmallSite):
    """As many items as texts; each text is somewhere a title, creator, tag, licence and address."""

    @property
    def item_ids(self) -> list[str]:
        plain = [f"item-{n:03d}" for n in range(len(HOSTILE) - len(IDS))]
        return sorted((*plain, *IDS))

    @property
    def items(self) -> pl.DataFrame:
        usual = super().items
        rows = [self._hostile(n, row) for n, row in enumerate(usual.to_dicts())]
        return pl.DataFrame(rows, schema=usual.schema)

    def _hostile(self, number: int, row: dict[str, object]) -> dict[str, object]:
        def text(step: int) -> str:
            return HOSTILE[(number + step) % len(HOSTILE)]

        own = text(0) if number % 2 else f"http://127.0.0.1:8000/{text(0)}"
        return {
            **row,
            "title": text(0),
            "creator": text(1),
            "license": " ".join(HOSTILE[:-12]) if row["item_id"] == ITEM else text(2),
            "url": own,
            "embed_url": text(3) if number % 2 else f"http://127.0.0.1:8000/models/{text(3)}/embed",
            "thumbnails": [{"url": own, "width": 320, "height": 180}],
            "tags": list(HOSTILE) if row["item_id"] == ITEM else [text(4), text(5)],
            "categories": list(HOSTILE[::7]) if row["item_id"] == ITEM else [text(6)],
        }


def publish_hostile_site(data: Path) -> None:
    """Build and publish the site, past the check that would refuse its addresses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.factories.N_ITEMS", len(HOSTILE))
        patch.setattr("pipeline.snapshot.building._refuse_faults", lambda *_: None)
        publish(data, build(data, SITE, HostileSite().contents(), now=NOW))


@dataclass(frozen=True)
class Answer:
    """What the service says to a path."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def answers(
    data: Path, templates: Path = TEMPLATES, paths: Sequence[str] = ()
) -> dict[str, Answer]:
    """Answers by path: pages of every kind, those first, and what they are made with.

    Parameters
    ----------
    paths : ask for these pages only.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serving.app.build_website", lambda all_: build_website(all_, templates))
        for module in ("orders", "groups"):
            patch.setattr(f"serving.pages.{module}.PAGE_LENGTH", _PAGE_LENGTH)
        with serving(data, feedback=True, contact=_WRITTEN) as client:
            return _asked(client, paths or list(_paths(client)))


def _asked(client: Client, paths: Sequence[str]) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for first in paths:
        path: str | None = first
        while path and path not in found:  # a list goes on to its end
            found[path] = _answer(client.get(path, headers={"accept": "text/html"}))
            path = _following(found[path]) if _goes_on(path) else None
    for page in list(found.values()):
        for path in re.findall(r'"(/(?:static|[a-z]+/charts)/[^"#]+)', page.body.decode()):
            if path not in found:
                found[unescape(path)] = _answer(client.get(unescape(path)))
    return found


def _answer(response: httpx.Response) -> Answer:
    return Answer(response.status_code, dict(response.headers), response.content)


def _following(page: Answer) -> str | None:
    found = re.search(rb'rel="next" href="([^"]*)"', page.body)
    return unescape(found[1].decode()) if found else None


def _goes_on(path: str) -> bool:
    return path.partition("?")[0] in {f"/{SITE}/popular", f"/{SITE}/tags", f"/{SITE}/creators"}


def _paths(client: Client) -> Iterator[str]:
    """Addresses of pages, one or more of every kind."""
    site, item = f"/{SITE}", f"/{SITE}/items/{ITEM}"
    odd = quote(IDS[0], safe="")
    ids = [
        one["item_id"] for one in client.get(f"/v1{item}/similar?model=lightfm_cf").json()["items"]
    ]
    others = ",".join(quote(quote(one, safe=""), safe="") for one in (*IDS, *ids[:3]))
    liked = "&".join(f"like={quote(one, safe='')}" for one in (*IDS, *ids[:3]))
    yield from ("/", site, "/about", f"{site}/models", f"{site}/surprise?seed=1", f"{site}/taste")
    yield from (f"{site}/popular", f"{site}/tags", f"{site}/creators", f"{site}/categories")
    yield from (f"{item}?trail={others}", f"{item}?play=1", f"{site}/items/{odd}?voted={odd}")
    yield from (f"{item}/rows/{model}" for model in ("lightfm_cf", "tag_profile"))
    yield f"{item}/compare?a=lightfm_cf&b=tag_profile"
    yield from (f"{item}/why/{model}/{quote(ids[0], safe='')}" for model in ("lightfm_cf",))
    yield f"{site}/taste?{liked}&not={quote(ids[5], safe='')}"
    yield f"{site}/users/{next(iter(client.catalog.snapshots[SITE].users))}"
    for kind in ("tags", "creators", "categories"):
        groups = client.get(f"/v1{site}/{kind}?k=2").json()["groups"]
        yield from (f"{site}/{kind}/{quote(one['slug'], safe='')}" for one in groups)
    for query in _QUERIES:
        written = quote(query, safe="")
        yield from (f"{site}/search?q={written}", f"{site}/suggestions?q={written}")
        yield from (f"{site}/items/{written}", f"/{written}/{written}")
    yield from (
        f"{site}/search?q=script",
        f"{site}/suggestions?q=script",
        f"{site}/tags?cursor=%3Cx%3E",
    )

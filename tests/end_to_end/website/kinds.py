"""A page of every kind that the website has."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from tests.end_to_end.website.published import SITE

__all__ = ["FAULTS", "MAIN", "answer", "kinds"]

MAIN: Final = ("home", "item", "compare", "taste", "tag", "models")
FAULTS: Final = frozenset({"no such item", "no such page", "no such link"})


def answer(url: str, path: str) -> Any:
    """What the API answers."""
    with urllib.request.urlopen(f"{url}/v1/{SITE}{path}", timeout=60) as found:
        return json.load(found)


def kinds(url: str, *, cold_id: str, user_id: str) -> Mapping[str, str]:
    """Path of a page of each kind by a name for it; those of `FAULTS` answer 404."""
    ids = [item["item_id"] for item in answer(url, "/popular?k=8")["items"]]
    slugs = {
        kind: answer(url, f"/{kind}?k=1")["groups"][0]["slug"]
        for kind in ("tags", "categories", "creators")
    }
    item, site = f"/{SITE}/items/{ids[0]}", f"/{SITE}"
    listed = answer(url, f"/items/{ids[0]}/similar?model=item_graph&k=1")["items"][0]["item_id"]
    likes = "&".join(f"like={one}" for one in ids[1:4])
    return {
        "home": site,
        "item": f"{item}?trail={','.join(ids[1:6])}",
        "item alone": item,
        "item without likes": f"{site}/items/{cold_id}",
        "item with rows off": f"{item}?off=popular&off=ials",
        "item with its player": f"{item}?play=1",
        "row": f"{item}/rows/item_graph",
        "why": f"{item}/why/item_graph/{listed}",
        "compare": f"{item}/compare?a=item_graph&b=ease",
        "search": f"{site}/search?q=cat",
        "nothing found": f"{site}/search?q=qqxxzzqqxxzz",
        "search without words": f"{site}/search",
        "first taste": f"{site}/taste",
        "taste": f"{site}/taste?{likes}&not={ids[5]}",
        "tags": f"{site}/tags",
        "tag": f"{site}/tags/{slugs['tags']}",
        "categories": f"{site}/categories",
        "category": f"{site}/categories/{slugs['categories']}",
        "creators": f"{site}/creators",
        "creator": f"{site}/creators/{slugs['creators']}",
        "popular": f"{site}/popular",
        "surprise": f"{site}/surprise",
        "person": f"{site}/users/{user_id}",
        "models": f"{site}/models",
        "about": "/about",
        "no such item": f"{site}/items/nothing-of-this-name",
        "no such page": "/nowhere/at/all",
        "no such link": f"{site}/search?q=https://elsewhere.example/3d-models/x",
    }

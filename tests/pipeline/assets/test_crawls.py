"""Crawls of features begin with the items whose pictures visitors found broken."""

import json

from pipeline.hints import add_hint, read_hints

SITE = "sketchfab"


def test_hinted_items_are_read_first_and_forgotten_once_they_were(workbench, monkeypatch):
    for item_id in ("item-3", "item-1"):
        add_hint(workbench.data, SITE, item_id)
    taken = workbench.data / "first.json"
    assert workbench.refresh("raw_catalogue").success
    assert not taken.exists()
    monkeypatch.setenv("FAKE_CRAWL", "3")
    assert workbench.refresh("raw_features").success
    assert json.loads(taken.read_bytes()) == ["item-3", "item-1"]
    assert read_hints(workbench.data, SITE) == ["item-3", "item-1"], "a partial crawl missed some"
    monkeypatch.delenv("FAKE_CRAWL")
    assert workbench.refresh("raw_features").success
    assert read_hints(workbench.data, SITE) == []

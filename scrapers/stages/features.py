"""What the site says of each item of the catalogue."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import ClassVar

from scrapy import Request
from scrapy.http import Response

from scrapers.records import Mode, UnitKind, UnitState
from scrapers.stages.base import Output, StageWork
from scrapers.units import Unit

__all__ = ["FeaturesStage"]


class FeaturesStage(StageWork):
    """Reads the features of items; an incremental crawl visits only those never read."""

    kind: ClassVar[UnitKind] = UnitKind.ITEM_FEATURES

    def prepare(self) -> None:
        """Enter the items of the catalogue, in an incremental crawl the new ones, in its order.

        Those that are to be first are; nothing is read for their sake that would not be else.
        """
        is_incremental = self.spider.plan.arguments.mode is Mode.INCREMENTAL
        known = self.spider.ledger.memories(self.kind) if is_incremental else {}
        ids = [item.item_id for item in self.spider.plan.items() if item.item_id not in known]
        first = _listed(self.spider.plan.arguments.first)
        ids.sort(key=lambda item_id: item_id not in first)
        self.enter([Unit(self.kind, item_id) for item_id in ids])

    def request(self, unit: Unit) -> Request:
        """Request of an item's features."""
        url = self.spider.features_url(unit.key)
        return self.spider.request(url, self.parse, unit, handled=[HTTPStatus.NOT_FOUND])

    def parse(self, response: Response, unit: Unit) -> Output:
        """Features of an item."""
        if response.status == HTTPStatus.NOT_FOUND:
            yield from self.gone(response)
            return
        record = self.spider.read_features(response, unit.key)
        if record is None:
            yield from self.spider.retried(response, "not the item's JSON")
            return
        yield self.spider.end(unit, UnitState.DONE, (record,), read=1, whole=True)

    def first_url(self, key: str) -> str:
        """First page of an item."""
        return self.spider.features_url(key)


def _listed(path: str) -> frozenset[str]:
    """Ids of a JSON file; none without one, or where it is gone or damaged: they only hint."""
    if not path:
        return frozenset()
    try:
        told = json.loads(Path(path).read_bytes())
    except (OSError, ValueError):
        return frozenset()
    return (
        frozenset(one for one in told if isinstance(one, str))
        if isinstance(told, list)
        else frozenset()
    )

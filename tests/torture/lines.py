"""The lines of a crawl: each stage, as it is asked for and as it lands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.torture.landed import Landed

__all__ = ["BROWSER", "CATALOGUE", "FEATURES", "ITEM_LIKES", "LINES", "USER_LIKES", "Line"]


@dataclass(frozen=True)
class Line:
    """One stage; likes of users land under a run of their own, beside those of items."""

    name: str
    stage: str
    table: str
    kind: str
    run_id: str = "r"
    arguments: tuple[tuple[str, str], ...] = ()

    @property
    def asked(self) -> dict[str, str]:
        """Arguments of the crawl."""
        return {"stage": self.stage, "run_id": self.run_id, **dict(self.arguments)}

    def landed(self, data: Path) -> Landed:
        """What lies there of it."""
        return Landed.of(data, self.table, self.run_id)


CATALOGUE = Line(
    "catalogue", "catalogue", "items", "catalogue_page", arguments=(("catalogue", "json"),)
)
BROWSER = Line(
    "browser", "catalogue", "items", "catalogue_page", arguments=(("catalogue", "browser"),)
)
ITEM_LIKES = Line("item likes", "likes", "likes", "item_likes")
USER_LIKES = Line("user likes", "likes", "likes", "user_likes", "u", (("side", "user"),))
FEATURES = Line("features", "features", "features", "item_features")
LINES = (CATALOGUE, ITEM_LIKES, USER_LIKES, FEATURES)

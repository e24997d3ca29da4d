"""The stages of a crawl, the same for every site: what to visit, and when it has been read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapers.records import Side, Stage
from scrapers.stages.base import StageWork
from scrapers.stages.catalogue import CatalogueStage
from scrapers.stages.features import FeaturesStage
from scrapers.stages.item_likes import ItemLikesStage
from scrapers.stages.user_likes import UserLikesStage

if TYPE_CHECKING:
    from scrapers.site_spider import SiteSpider

__all__ = ["make_stage"]


def make_stage(spider: SiteSpider) -> StageWork:
    """The stage that a spider's plan asks for."""
    asked = spider.plan.arguments
    match asked.stage:
        case Stage.CATALOGUE:
            return CatalogueStage(spider)
        case Stage.FEATURES:
            return FeaturesStage(spider)
        case Stage.LIKES:
            return UserLikesStage(spider) if asked.side is Side.USER else ItemLikesStage(spider)

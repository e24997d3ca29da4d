"""The one list of algorithms, in the order in which they are shown."""

from __future__ import annotations

from typing import Final

from pipeline.recommenders.base import Recommender
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.lightfm import LightfmCf, LightfmHybrid
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.tag_profile import TagProfile

__all__ = ["RECOMMENDERS", "recommender"]

RECOMMENDERS: Final[tuple[type[Recommender], ...]] = (
    Popular,
    ItemGraph,
    Ials,
    LightfmCf,
    LightfmHybrid,
    TagProfile,
)


def recommender(name: str) -> type[Recommender]:
    """The algorithm of that name.

    Raises
    ------
    KeyError : there is none.
    """
    return {algorithm.name: algorithm for algorithm in RECOMMENDERS}[name]

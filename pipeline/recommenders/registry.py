"""The one list of algorithms, in the order in which they are shown."""

from __future__ import annotations

from typing import Final

from pipeline.recommenders.base import Recommender
from pipeline.recommenders.best import Best
from pipeline.recommenders.blend import Blend
from pipeline.recommenders.ease import Ease
from pipeline.recommenders.hybrid import Hybrid
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.lightfm import LightfmCf, LightfmHybrid
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.spectral import Spectral
from pipeline.recommenders.tag_factors import TagFactors
from pipeline.recommenders.tag_kernel import TagKernel
from pipeline.recommenders.tag_profile import TagProfile

__all__ = ["PUBLISHED", "RECOMMENDERS", "recommender"]

RECOMMENDERS: Final[tuple[type[Recommender], ...]] = (
    Popular,
    ItemGraph,
    Ials,
    Spectral,
    Ease,
    Blend,
    LightfmCf,
    LightfmHybrid,
    TagProfile,
    TagFactors,
    TagKernel,
    Hybrid,
    Best,
)

_WITHIN_OTHERS: Final = (TagFactors, TagKernel)
PUBLISHED: Final = tuple(kind for kind in RECOMMENDERS if kind not in _WITHIN_OTHERS)
"""Algorithms that a site's snapshot has lists of; the others speak within these."""


def recommender(name: str) -> type[Recommender]:
    """The algorithm of that name.

    Raises
    ------
    KeyError : there is none.
    """
    return {algorithm.name: algorithm for algorithm in RECOMMENDERS}[name]

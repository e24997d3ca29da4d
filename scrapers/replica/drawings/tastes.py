"""Planted tastes: how much each simulated person would like each drawing.

A person has one to three interests (a tag or a folder), an ear for some artists, and a leaning in
hidden style that no tag tells. How well known a drawing is follows a power law.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrapers.replica.drawings.catalogue import Drawing

__all__ = ["TasteParameters", "Tastes", "plant_tastes"]

FloatArray = NDArray[np.float64]
_FEWEST: Final = 8  # drawings that make an interest


@dataclass(frozen=True)
class TasteParameters:
    """How the simulated people are made.

    Parameters
    ----------
    n_users : people.
    popularity_exponent : of rank in the power law of what is well known.
    popularity_offset : rank at which the law starts to fall; larger is flatter at the head.
    popularity_cutoff : how fast the law falls to nothing at the last ranks.
    interest, artist, style : strength of each part, in log odds.
    curiosity : share of a person's likes that follows what is well known alone.
    n_styles : hidden dimensions of style.
    """

    n_users: int = 3000
    popularity_exponent: float = 0.7
    popularity_offset: float = 40.0
    popularity_cutoff: float = 1.1
    interest: float = 9.0
    artist: float = 1.2
    style: float = 1.0
    curiosity: float = 0.05
    n_styles: int = 6

    def __post_init__(self) -> None:
        if self.n_users < 1 or self.n_styles < 1 or not 0 <= self.curiosity <= 1:
            raise ValueError(f"{self}: n_users and n_styles at least 1, curiosity 0 to 1")


@dataclass(frozen=True)
class Tastes:
    """Chances of likes; `popularity` has one row, shape (n_items,), summing to 1.

    `chances` has shape (n_users, n_items); each row sums to 1.
    """

    popularity: FloatArray
    chances: FloatArray


def plant_tastes(
    drawings: Sequence[Drawing], parameters: TasteParameters, rng: np.random.Generator
) -> Tastes:
    """Tastes of ``parameters.n_users`` people for drawings, in the order of the drawings."""
    popularity = _popularity(len(drawings), parameters, rng)
    affinity = _affinity(drawings)  # (n_interests, n_items)
    style = rng.normal(size=(len(drawings), parameters.n_styles))
    artists = _artists(drawings)  # (n_artists, n_items)
    weight = np.sqrt(affinity.sum(axis=1))
    chances = np.empty((parameters.n_users, len(drawings)))
    for user in range(parameters.n_users):
        n_interests = min(1 + int(rng.choice(3, p=(0.4, 0.4, 0.2))), len(affinity))
        picked = rng.choice(len(affinity), size=n_interests, replace=False, p=weight / weight.sum())
        share = rng.dirichlet(np.full(n_interests, 2.0))
        taste = np.exp(parameters.interest * affinity[picked]) * popularity
        mixed = share @ (taste / taste.sum(axis=1, keepdims=True))
        leaning = rng.normal(size=parameters.n_styles) / np.sqrt(parameters.n_styles)
        liked = rng.random(len(artists)) < 1.0 / np.sqrt(artists.sum(axis=1) + 4.0)
        mixed *= np.exp(1.5 * parameters.style * (style @ leaning))
        mixed *= np.exp(parameters.artist * (liked.astype(np.float64) @ artists))
        mixed /= mixed.sum()
        chances[user] = (1 - parameters.curiosity) * mixed + parameters.curiosity * popularity
    return Tastes(popularity=popularity, chances=chances)


def _popularity(n_items: int, parameters: TasteParameters, rng: np.random.Generator) -> FloatArray:
    rank = rng.permutation(n_items).astype(np.float64)
    known = (rank + parameters.popularity_offset) ** -parameters.popularity_exponent
    known *= (1.0 - rank / n_items) ** parameters.popularity_cutoff
    return np.asarray(known / known.sum(), dtype=np.float64)


def _affinity(drawings: Sequence[Drawing]) -> FloatArray:
    """Cosine of each drawing to the centre of each interest, largest 1 in each row."""
    labels = [(*drawing.tags, *(f"/{part}" for part in drawing.categories)) for drawing in drawings]
    names = sorted({label for own in labels for label in own})
    place = {name: column for column, name in enumerate(names)}
    has = np.zeros((len(drawings), len(names)))
    for row, own in enumerate(labels):
        has[row, [place[label] for label in own]] = 1.0
    frequency = has.sum(axis=0)
    weighted = has * np.log1p(len(drawings) / np.maximum(frequency, 1.0))
    weighted /= np.maximum(np.linalg.norm(weighted, axis=1, keepdims=True), 1e-12)
    wanted = (frequency >= _FEWEST) & (frequency <= len(drawings) / 8)
    if not wanted.any():
        wanted = frequency > 0
    centres = has.T[wanted] @ weighted
    cosine = centres @ weighted.T
    return np.asarray(cosine / cosine.max(axis=1, keepdims=True), dtype=np.float64)


def _artists(drawings: Sequence[Drawing]) -> FloatArray:
    """Shape (n_artists, n_items): 1 where the artist drew the item."""
    names = sorted({drawing.creator for drawing in drawings})
    creators = np.array([drawing.creator for drawing in drawings])
    return np.stack([(creators == name).astype(np.float64) for name in names])

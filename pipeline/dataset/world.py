"""Likes that a person brings in files, checked as a whole before anything is learned.

Inside the frames the file's ``user_handle`` is called ``user_id``: it is the caller's own id,
goes back to the caller under its own name, and never meets the curated zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from pipeline.dataset.columns import (
    CATEGORIES,
    CREATOR,
    EMBED_URL,
    ITEM_ID,
    LICENSE,
    LIKED_AT,
    PUBLISHED_AT,
    TAGS,
    TITLE,
    URL,
    USER_ID,
    WEIGHT,
)
from pipeline.dataset.tabular import Checked, Kind, Rule, read_table
from pipeline.errors import InputError
from scrapers.records import USER_HANDLE

__all__ = ["ITEM_COLUMNS", "THUMBNAIL_URL", "World", "read_world"]

THUMBNAIL_URL: Final = "thumbnail_url"

_USER: Final = Rule(USER_HANDLE, Kind.ID, required=True)
_ITEM: Final = Rule(ITEM_ID, Kind.ID, required=True)
_LIKED: Final = Rule(LIKED_AT, Kind.INSTANT)
_ITEM_RULES: Final = (
    _ITEM,
    Rule(TITLE, Kind.TEXT),
    Rule(CREATOR, Kind.TEXT),
    Rule(URL, Kind.TEXT),
    Rule(THUMBNAIL_URL, Kind.TEXT),
    Rule(TAGS, Kind.TEXTS),
    Rule(CATEGORIES, Kind.TEXTS),
    Rule(PUBLISHED_AT, Kind.INSTANT),
    Rule(LICENSE, Kind.TEXT),
    Rule(EMBED_URL, Kind.TEXT),
)
ITEM_COLUMNS: Final = tuple(rule.name for rule in _ITEM_RULES)
_PAIR_KEY: Final = (USER_HANDLE, ITEM_ID)


@dataclass(frozen=True, slots=True)
class World:
    """What the files hold.

    ``likes`` and ``validation`` have the columns ``user_id`` (the file's ``user_handle``),
    ``item_id``, ``liked_at`` and ``weight`` (1 unless weights were asked for); ``items`` has
    every column of the world form, null or empty where the file has none; ``candidates`` are
    unique ids in the file's order.  What no file was given for is None.  ``notes`` are
    sentences for the caller: ignored columns, say.
    """

    likes: pl.DataFrame
    items: pl.DataFrame | None = None
    validation: pl.DataFrame | None = None
    candidates: pl.Series | None = None
    notes: tuple[str, ...] = ()


def read_world(
    likes: Path,
    *,
    items: Path | None = None,
    validation: Path | None = None,
    candidates: Path | None = None,
    weights: bool = False,
) -> World:
    """World of these files, Parquet or CSV (see `tabular.read_table`).

    Parameters
    ----------
    weights : read ``weight`` of the likes, which then must be there; else every like is 1.

    Raises
    ------
    InputError : every fault of every file: not readable, columns missing or of a wrong type,
        ids empty, pairs or items twice, no rows, a weight below 0.
    """
    pair_rules = (_USER, _ITEM, _LIKED)
    weight = (Rule(WEIGHT, Kind.WEIGHT, required=True),) if weights else ()
    liked = read_table(likes, (*pair_rules, *weight), _PAIR_KEY)
    catalogue = _optional(items, _ITEM_RULES, (ITEM_ID,))
    held_out = _optional(validation, pair_rules, _PAIR_KEY)
    allowed = _optional(candidates, (_ITEM,), (ITEM_ID,))
    given = [file for file in (liked, catalogue, held_out, allowed) if file is not None]
    faults = [fault for file in given for fault in file.faults]
    if faults:
        raise InputError(faults)
    world = World(
        likes=_as_interactions(liked.frame),
        items=catalogue.frame if catalogue else None,
        validation=_as_interactions(held_out.frame) if held_out else None,
        candidates=allowed.frame[ITEM_ID] if allowed else None,
    )
    notes = [note for file in given for note in file.notes]
    return replace(world, notes=(*notes, *_unknown_candidates(world)))


def _optional(path: Path | None, rules: tuple[Rule, ...], key: tuple[str, ...]) -> Checked | None:
    return None if path is None else read_table(path, rules, key)


def _as_interactions(frame: pl.DataFrame) -> pl.DataFrame:
    weighted = (
        frame
        if WEIGHT in frame.columns
        else frame.with_columns(pl.lit(1.0, dtype=pl.Float32).alias(WEIGHT))
    )
    return weighted.rename({USER_HANDLE: USER_ID}).select(USER_ID, ITEM_ID, LIKED_AT, WEIGHT)


def _unknown_candidates(world: World) -> Iterator[str]:
    if world.candidates is None:
        return
    frames = [world.likes] if world.items is None else [world.likes, world.items]
    known = pl.concat([frame[ITEM_ID] for frame in frames]).unique()
    unknown = int((~world.candidates.is_in(known.implode())).sum())
    if unknown:
        count = len(world.candidates)
        yield f"{unknown} of {count} candidates stand in neither likes nor items"

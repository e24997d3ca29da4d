"""Snapshots made by hand, of any size, for tests of what is done with a loaded one."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import orjson

from pipeline.feature_sums import ItemVectors
from pipeline.fold_in import ItemWeights
from serving.answers.sites import SiteAnswer
from serving.arrays import Rows, Texts
from serving.snapshot import FEATURE_KINDS, Features, Groups, Items, Lists, Snapshot, VisitorPart

MODEL, OTHER = "item_graph", "ials"
SITE = "sketchfab"


def lists_of(rows):
    """Lists from [(item_idx, score), ...] of each subject."""
    flat = [pair for row in rows for pair in row]
    starts = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
    return Lists(
        starts,
        np.array([idx for idx, _ in flat], np.int32),
        np.array([score for _, score in flat], np.float32),
    )


def weights_of(dense):
    """Weights from a square array; zeros are left out."""
    dense = np.asarray(dense, np.float32)
    rows, columns = np.nonzero(dense)
    counts = np.bincount(rows, minlength=len(dense))
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return ItemWeights(indptr, columns.astype(np.int32), dense[rows, columns])


def parts_of(named):
    """Parts of a model's score of visitors from {part: (weight, scorer)}."""
    return tuple(
        VisitorPart(name, weight, scorer, listable_of(scorer))
        for name, (weight, scorer) in named.items()
    )


def listable_of(scorer):
    """Items that a scorer knows, ascending."""
    if isinstance(scorer, ItemWeights):
        return np.unique(scorer.indices).astype(np.int32)
    if isinstance(scorer, ItemVectors):
        return scorer.described
    return np.flatnonzero(scorer.factors.any(axis=1)).astype(np.int32)


def vectors_of(dense, like_weights=None):
    """Vectors from an array of items x features; zeros are left out."""
    dense = np.asarray(dense, np.float32)
    rows, columns = np.nonzero(dense)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(dense)))])
    likes = np.ones(len(dense), np.float32) if like_weights is None else like_weights
    return ItemVectors(
        indptr, columns.astype(np.int32), dense[rows, columns], likes, dense.shape[1]
    )


def features_of(*named):
    """What features are called, from (kind, name); an empty name is denied."""
    first = {}
    return Features(
        np.array([FEATURE_KINDS.index(kind) for kind, _ in named], np.uint8),
        np.array([first.setdefault(one, n) for n, one in enumerate(named)], np.int32),
        Texts.of(name.encode() for _, name in named),
    )


def card(item_id, **more):
    """An encoded card without its first brace, as a loaded snapshot has it."""
    told = {
        "item_id": item_id,
        "title": f"Title of {item_id}",
        "creator": None,
        "license": None,
        "like_count": 1,
        "url": None,
        "embed_url": None,
        "thumbnails": [],
        "tags": [],
    }
    return orjson.dumps({**told, **more})[1:]


def snapshot_of(
    n_items,
    *,
    user_items=(),
    similar=None,
    recommendations=None,
    groups=None,
    like_counts=None,
    denied=(),
    visitors=None,
    snapshot_id="20261121T035501Z-7a8329",
    **more,
):
    """A whole snapshot.

    Parameters
    ----------
    similar, recommendations : {model: [[(item_idx, score), ...] of each subject]}.
    groups : {kind: {slug: [item_idx, ...]}}, in any order.
    visitors : {model: {part: (weight, scorer)}}.
    """
    ids = [f"item-{n}" for n in range(n_items)]
    allowed = np.ones(n_items, bool)
    allowed[list(denied)] = False
    counts = np.asarray(like_counts if like_counts is not None else np.arange(n_items)[::-1])
    order = np.argsort(-counts, kind="stable")
    popular = order[allowed[order]].astype(np.int32)
    site = SiteAnswer(
        site=SITE,
        snapshot_id=snapshot_id,
        generated_at=datetime(2026, 11, 21, 3, 55, 1, tzinfo=UTC),
        title="Sketchfab",
        notice=None,
        n_users=len(user_items),
        n_items=n_items,
        n_likes=0,
        base_url=None,
        hosts=[],
        page_url_forms=[],
        embed_template=None,
        picture_hosts=[],
        models=[MODEL, OTHER],
    )
    head = site.model_dump_json(include={"site", "snapshot_id", "generated_at"}).encode()[:-1]
    cards = Texts.of(card(one, like_count=int(n)) for one, n in zip(ids, counts, strict=True))
    return Snapshot(
        site=site,
        head=head,
        items=Items(
            ids=ids,
            index={one: idx for idx, one in enumerate(ids) if allowed[idx]},
            cards=cards,
            details=cards,
            like_counts=counts.astype(np.int32),
            allowed=allowed,
        ),
        users={f"{n:032x}": n for n in range(len(user_items))},
        user_items=Rows.of(sorted(row) for row in user_items),
        lists={
            "similar": {model: lists_of(rows) for model, rows in (similar or {}).items()},
            "recommendations": {
                model: lists_of(rows) for model, rows in (recommendations or {}).items()
            },
        },
        models=(),
        popular=popular,
        latest=popular,
        trending=popular,
        groups={
            kind: _groups((groups or {}).get(kind, {}), popular, n_items)
            for kind in ("tag", "category", "creator")
        },
        visitors={m: parts_of(own) for m, own in (visitors or {}).items()},
        **{"search": None, **more},
    )


def _groups(named, popular, n_items):
    slugs = list(named)
    place = {idx: rank for rank, idx in enumerate(popular.tolist())}
    items = Rows.of(sorted((i for i in named[s] if i in place), key=place.get) for s in slugs)
    return Groups(
        slugs=slugs,
        names=slugs,
        index={slug: row for row, slug in enumerate(slugs)},
        like_counts=np.zeros(len(slugs), np.int32),
        items=items,
        of_items=items.transposed(n_items),
    )

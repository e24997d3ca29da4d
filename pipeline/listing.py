"""Lists of a fitted model for every user and every item that it can serve."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from pipeline.lists import ModelLists
from pipeline.recommenders.model_file import SavedModel
from pipeline.recommenders.topk import empty_lists

__all__ = ["model_lists"]


def model_lists(saved: SavedModel, seen: csr_matrix, k: int, *, threads: int) -> ModelLists:
    """Best `k` items of each user and beside each item, exact, over the whole catalogue.

    Parameters
    ----------
    seen : shape (n_users, n_items); a stored entry is never listed for its user.
    """
    users = np.arange(len(saved.user_ids), dtype=np.int32)
    subjects = saved.fitted.subjects
    for_users = saved.fitted.user_lists(users, k, seen=seen, threads=threads)
    similar = saved.fitted.item_lists(subjects, k, threads=threads)
    if similar is None:
        subjects, similar = np.empty(0, np.int32), empty_lists(0, k)
    return ModelLists(
        model=saved.facts.model,
        item_ids=saved.item_ids,
        user_ids=saved.user_ids,
        user_item_idxs=for_users.item_idxs,
        user_scores=for_users.scores,
        item_idxs=subjects,
        item_item_idxs=similar.item_idxs,
        item_scores=similar.scores,
    )

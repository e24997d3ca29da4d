from __future__ import annotations

import numpy as np
import pytest

from pipeline.rows import entries, near_one, refuse_unknown

INDPTR = np.array([0, 2, 2, 5, 6], np.int32)


def test_entries_of_rows_stand_in_the_order_of_the_rows():
    places, lengths = entries(INDPTR, np.array([2, 1, 0, 2], np.int32))
    assert places.tolist() == [2, 3, 4, 0, 1, 2, 3, 4]
    assert lengths.tolist() == [3, 0, 2, 3]


def test_no_rows_and_empty_rows_have_no_entries():
    for items in ([], [1], [1, 1]):
        places, lengths = entries(INDPTR, np.array(items, np.int32))
        assert len(places) == 0
        assert lengths.tolist() == [0] * len(items)


@pytest.mark.parametrize("item", [-1, 4])
def test_rows_that_do_not_exist_are_refused(item):
    refuse_unknown(np.array([0, 3]), 4)
    refuse_unknown(np.empty(0, np.int32), 0)
    for call in (refuse_unknown, lambda items, _: entries(INDPTR, items)):
        with pytest.raises(ValueError, match=r"do not fit 4 items \(0 to 3\)"):
            call(np.array([0, item]), 4)


def test_rows_are_scaled_by_powers_of_two_to_below_one():
    rows = np.array([[3, -8, 0], [0.5, 0.25, 0], [0, 0, 0], [2e-45, -1e-45, 0]], np.float32)
    scaled = near_one(rows)
    assert scaled.dtype == np.float32
    assert scaled.tolist() == [[0.1875, -0.5, 0], [0.5, 0.25, 0], [0, 0, 0], [0.5, -0.5, 0]]
    assert rows[0, 0] == 3, "the input is left alone"

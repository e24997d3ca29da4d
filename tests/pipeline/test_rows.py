from __future__ import annotations

import numpy as np

from pipeline.rows import near_one


def test_rows_are_scaled_by_powers_of_two_to_below_one():
    rows = np.array([[3, -8, 0], [0.5, 0.25, 0], [0, 0, 0], [2e-45, -1e-45, 0]], np.float32)
    scaled = near_one(rows)
    assert scaled.dtype == np.float32
    assert scaled.tolist() == [[0.1875, -0.5, 0], [0.5, 0.25, 0], [0, 0, 0], [0.5, -0.5, 0]]
    assert rows[0, 0] == 3, "the input is left alone"

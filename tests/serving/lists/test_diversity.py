import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.fold_in import ItemFactors
from serving.lists.diversity import mmr_order, similarities, tag_similarities
from tests.serving.hand_made import snapshot_of

SIMILAR = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], np.float32)


def by_hand(scores, similarity, diversity):
    """The definition, word by word."""
    spread = max(scores) - min(scores)
    gain = [(s - min(scores)) / spread if spread else 1.0 for s in scores]
    order = []
    while len(order) < len(scores):
        left = [i for i in range(len(scores)) if i not in order]
        values = [
            (1 - diversity) * gain[i]
            - (diversity * max(similarity[j][i] for j in order) if order else 0)
            for i in left
        ]
        order.append(left[values.index(max(values))])
    return order


@settings(deadline=None)
@given(
    scores=st.lists(st.integers(-5, 5), min_size=1, max_size=8),
    similarity=arrays.arrays(np.float32, (8, 8), elements=st.sampled_from([0, 0.25, 0.5, 1])),
    diversity=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]),
)
def test_the_order_is_that_of_the_definition(scores, similarity, diversity):
    falling = sorted(map(float, scores), reverse=True)
    n = len(falling)
    order = mmr_order(np.array(falling, np.float32), similarity[:n, :n], diversity)
    if diversity:
        assert order.tolist() == by_hand(falling, similarity.tolist(), diversity)
    else:
        assert order.tolist() == list(range(n))


@pytest.mark.parametrize(
    ("diversity", "order"), [(0, [0, 1, 2]), (0.3, [0, 1, 2]), (0.6, [0, 2, 1])]
)
def test_a_twin_falls_behind_as_diversity_grows(diversity, order):
    scores = np.array([3, 2.8, 1], np.float32)
    assert mmr_order(scores, SIMILAR, diversity).tolist() == order


def test_tags_are_compared_by_jaccard():
    snapshot = snapshot_of(4, groups={"tag": {"a": [0, 1], "b": [0, 1, 2], "c": [0]}})
    found = tag_similarities(snapshot, np.array([0, 1, 2, 3], np.int32))
    expected = [[1, 2 / 3, 1 / 3, 0], [2 / 3, 1, 1 / 2, 0], [1 / 3, 1 / 2, 1, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_factors_speak_where_no_item_has_a_tag():
    factors = ItemFactors(np.array([[1, 0], [2, 0], [0, 3], [0, 0]], np.float32), 0.1, 0.1, 1)
    snapshot = snapshot_of(4, visitors={"ials": {"ials": (1.0, factors)}})
    found = similarities(snapshot, np.arange(4, dtype=np.int32))
    np.testing.assert_allclose(found, [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0] * 4])
    assert not similarities(snapshot_of(4), np.arange(4, dtype=np.int32)).any()

import dataclasses

import numpy as np
import pytest

from pipeline.lists import lists_path, load_lists, save_lists
from tests.factories import SITE, SmallSite


def test_saved_lists_come_back_without_pickle(tmp_path):
    lists = SmallSite().lists("lightfm_cf")
    path = lists_path(tmp_path, SITE, lists.model)
    save_lists(path, lists)
    loaded = load_lists(path)
    assert loaded.model == "lightfm_cf"
    for field in dataclasses.fields(lists):
        np.testing.assert_array_equal(getattr(loaded, field.name), getattr(lists, field.name))
    assert loaded.user_scores.dtype == np.float32
    assert [file.name for file in path.parent.iterdir()] == ["lightfm_cf.lists.npz"]


def test_shapes_that_do_not_fit_are_refused():
    lists = SmallSite().lists("popular")
    with pytest.raises(ValueError, match="lists of popular: 29 subjects"):
        dataclasses.replace(lists, user_ids=lists.user_ids[1:])
    with pytest.raises(ValueError, match="do not fit"):
        dataclasses.replace(lists, user_scores=lists.user_scores[:, 1:])


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, model=np.asarray("popular"))
    with pytest.raises(ValueError, match="does not hold lists of a model"):
        load_lists(path)

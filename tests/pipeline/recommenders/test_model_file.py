from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from pipeline.errors import ModelFileError
from pipeline.recommenders.model_file import (
    SavedModel,
    load_facts,
    load_model,
    model_path,
    save_model,
)
from pipeline.recommenders.registry import RECOMMENDERS
from pipeline.recommenders.tag_profile import TagProfile


def saved_model(dataset, algorithm=TagProfile) -> SavedModel:
    settings = algorithm()
    fitted = settings.fit(dataset, seed=3)
    return SavedModel.of(settings, fitted, dataset, seed=3, threads=1, fit_s=0.5)


@pytest.mark.parametrize("algorithm", RECOMMENDERS, ids=lambda algorithm: algorithm.name)
def test_a_loaded_model_gives_the_same_lists(algorithm, dataset, tmp_path):
    saved = saved_model(dataset, algorithm)
    path = tmp_path / "models" / "m.npz"
    save_model(path, saved)
    loaded = load_model(path, data_sha256=dataset.sha256)
    assert loaded.facts == saved.facts == load_facts(path)
    assert loaded.facts.parameters == algorithm().described
    assert loaded.facts.seed == 3
    assert loaded.facts.threads == 1
    assert loaded.facts.data_sha256 == dataset.sha256
    np.testing.assert_array_equal(loaded.user_ids, dataset.user_ids)
    np.testing.assert_array_equal(loaded.item_ids, dataset.item_ids)
    users = np.arange(dataset.n_users, dtype=np.int32)
    lists, again = (
        model.fitted.user_lists(users, 7, seen=dataset.user_items) for model in (saved, loaded)
    )
    assert lists.item_idxs.tobytes() == again.item_idxs.tobytes()
    assert lists.scores.tobytes() == again.scores.tobytes()


def test_the_file_has_no_pickle(dataset, tmp_path):
    path = tmp_path / "m.npz"
    save_model(path, saved_model(dataset))
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            assert b"'|O'" not in archive.read(name)[:200]
    evil = tmp_path / "evil.npz"
    np.savez(evil, facts=np.array([object()]))
    with pytest.raises(ModelFileError, match="not a model"):
        load_model(evil)


def test_other_data_is_refused(dataset, bare, tmp_path):
    path = tmp_path / "m.npz"
    save_model(path, saved_model(dataset))
    with pytest.raises(ModelFileError, match="other data"):
        load_model(path, data_sha256="0" * 64)
    assert load_model(path).facts.model == "tag_profile"


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(b"not a zip"),
        lambda path: np.savez(path, facts=np.asarray("{}")),
        lambda path: np.savez(path, facts=np.asarray("[1]")),
        lambda path: np.savez(path, other=np.zeros(1)),
    ],
    ids=["missing", "empty", "cut", "text", "no facts", "list", "other"],
)
def test_a_damaged_file_is_an_error_that_names_it(damage, dataset, tmp_path):
    path = tmp_path / "m.npz"
    save_model(path, saved_model(dataset))
    damage(path)
    for load in (load_model, load_facts):
        with pytest.raises(ModelFileError, match=r"m\.npz"):
            load(path)


def test_a_flipped_byte_is_an_error(dataset, tmp_path):
    path = tmp_path / "m.npz"
    save_model(path, saved_model(dataset))
    content = bytearray(path.read_bytes())
    place = content.index(b"NUMPY", content.index(b"user_ids.npy")) + 200
    content[place] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ModelFileError):
        load_model(path)


def test_a_file_of_another_format_says_what_to_do(dataset, tmp_path):
    path = tmp_path / "m.npz"
    save_model(path, saved_model(dataset))
    with np.load(path) as file:
        arrays = dict(file)
    arrays["facts"] = np.asarray(json.dumps({**json.loads(str(arrays["facts"])), "format": 99}))
    np.savez(path, **arrays)
    with pytest.raises(ModelFileError, match=r"format 99.*fit it again"):
        load_model(path)


def test_the_path_of_a_model(tmp_path):
    assert model_path(tmp_path, "shop", "popular") == tmp_path / "models/shop/popular.npz"

from __future__ import annotations

import pytest

from pipeline.recommenders.lightfm import LightfmCf, LightfmHybrid
from pipeline.recommenders.params_file import read_params_file
from pipeline.recommenders.popular import Popular


@pytest.fixture
def params(tmp_path):
    def read(text: str):
        path = tmp_path / "params.toml"
        path.write_text(text)
        return read_params_file(path)

    return read


def test_a_table_a_model(params):
    found = params("[popular]\n[lightfm_cf]\nepochs = 3\nlearning_rate = 1\n")
    assert found.faults == ()
    assert found.models == {
        "popular": Popular(),
        "lightfm_cf": LightfmCf(epochs=3, learning_rate=1),
    }


def test_what_is_left_out_has_its_default(params):
    assert params("[lightfm_hybrid]\nfactors = 8").models == {
        "lightfm_hybrid": LightfmHybrid(factors=8)
    }


def test_every_fault_is_named_at_once(params):
    found = params(
        """
        seed = 3
        [nope]
        [popular]
        size = 3
        [lightfm_cf]
        epoch = 3
        epochs = 0
        factors = 2.5
        learning_rate = nan
        max_sampled = true
        """
    )
    expected = [
        "'seed' is not a table of a model",
        "'nope' is not a table of a model",
        "popular has no parameter 'size'; it has no parameters",
        "lightfm_cf has no parameter 'epoch'; its parameters are factors, epochs",
        "epochs is 0; it must be a whole number from 1 to 500",
        "factors is 2.5; it must be a whole number",
        "learning_rate is nan",
        "max_sampled is True",
    ]
    assert len(found.faults) == len(expected)
    for part in expected:
        assert any(part in fault for fault in found.faults), part
    assert "lightfm_cf" not in found.models


@pytest.mark.parametrize("text", ["[popular", "a = ", "\udcff"])
def test_what_is_not_toml_is_one_fault(tmp_path, text):
    path = tmp_path / "params.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    found = read_params_file(path)
    assert len(found.faults) == 1
    assert "not readable as TOML" in found.faults[0]


def test_a_missing_file_is_a_fault(tmp_path):
    assert "does not exist" in read_params_file(tmp_path / "none.toml").faults[0]

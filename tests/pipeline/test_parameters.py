import pytest

from pipeline.errors import ModelFileError
from pipeline.parameters import chosen_model, parameters_path, write_parameters
from pipeline.recommenders.lightfm import LightfmCf
from pipeline.recommenders.popular import Popular

SITE = "sketchfab"


def test_chosen_parameters_come_back(tmp_path):
    chosen = LightfmCf(epochs=7)
    write_parameters(tmp_path, SITE, [Popular(), chosen])
    assert chosen_model(tmp_path, SITE, "lightfm_cf") == chosen
    assert chosen_model(tmp_path, SITE, "popular") == Popular()


def test_nothing_chosen_yet_is_said(tmp_path):
    with pytest.raises(ModelFileError, match="choose parameters first"):
        chosen_model(tmp_path, SITE, "popular")


@pytest.mark.parametrize("text", ["{", "{}", '{"lightfm_cf": {"colour": 1}}', "[]"])
def test_file_that_does_not_hold_is_refused(tmp_path, text):
    parameters_path(tmp_path, SITE).parent.mkdir(parents=True)
    parameters_path(tmp_path, SITE).write_text(text)
    with pytest.raises(ModelFileError, match="choose parameters again"):
        chosen_model(tmp_path, SITE, "lightfm_cf")

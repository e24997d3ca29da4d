import pytest

from pipeline.errors import ModelFileError
from pipeline.parameters import chosen_models, last_models, parameters_path, write_parameters
from pipeline.recommenders.best import Best
from pipeline.recommenders.blend import Blend
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.lightfm import LightfmCf
from pipeline.recommenders.popular import Popular

SITE = "sketchfab"


def test_chosen_models_come_back_in_their_order_with_what_stands_within(tmp_path):
    blend = Blend.of({"ials": 0.5}, [Ials(factors=7)])
    chosen = [Popular(), LightfmCf(epochs=7), blend, Best(blend)]
    write_parameters(tmp_path, SITE, chosen)
    found = chosen_models(tmp_path, SITE)
    assert list(found) == ["popular", "lightfm_cf", "blend", "best"]
    assert list(found.values()) == chosen
    assert last_models(tmp_path, SITE) == found


def test_nothing_chosen_yet_is_said(tmp_path):
    with pytest.raises(ModelFileError, match="choose parameters first"):
        chosen_models(tmp_path, SITE)
    assert last_models(tmp_path, SITE) == {}


BROKEN = [
    "{",
    "{}",
    "[]",
    '{"lightfm_cf": {"colour": 1}}',
    '{"lightfm_cf": {"epochs": 0}}',
    '{"best": {"winner": "nobody"}}',
    '{"nobody": {}}',
]


@pytest.mark.parametrize("text", BROKEN)
def test_file_that_does_not_hold_is_refused(tmp_path, text):
    parameters_path(tmp_path, SITE).parent.mkdir(parents=True)
    parameters_path(tmp_path, SITE).write_text(text)
    with pytest.raises(ModelFileError, match="choose parameters again"):
        chosen_models(tmp_path, SITE)
    assert last_models(tmp_path, SITE) == {}

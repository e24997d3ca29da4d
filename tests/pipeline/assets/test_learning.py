import dagster as dg

from pipeline.parameters import write_parameters
from pipeline.recommenders.model_file import model_path
from pipeline.recommenders.popular import Popular
from tests.pipeline.assets.conftest import SITE


def test_a_model_that_was_not_chosen_leaves_no_file_of_an_earlier_run(workbench):
    write_parameters(workbench.data, SITE.name, [Popular()])
    earlier = model_path(workbench.data, SITE.name, "ease")
    earlier.write_bytes(b"of another run")
    assert workbench.refresh("ease").success
    assert not earlier.exists()
    key = dg.AssetKey([SITE.identifier, "ease"])
    event = workbench.instance.get_latest_materialization_event(key)
    assert event.asset_materialization.metadata["left_out"].value is True

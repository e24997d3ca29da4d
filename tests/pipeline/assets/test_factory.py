import dagster as dg
import pytest

from pipeline.assets.factory import definitions_of
from pipeline.definitions import likewise
from pipeline.recommenders.registry import PUBLISHED
from pipeline.sites import SITES, Site

TWO = [
    Site("art-shop", "Art shop", "https://shop.example"),
    Site("sketchfab", "Sketchfab", "https://sketchfab.com"),
]
ASSETS = {
    "raw_catalogue", "raw_likes", "raw_features", "likes", "items", "item_features",
    "visitor_likes", "interactions", "split", "parameters", "evaluation", "top_k", "snapshot",
    "raw_retention",
    *(model.name for model in PUBLISHED),
}  # fmt: skip


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return definitions_of(SITES.values())


def _specs(definitions: dg.Definitions) -> list[dg.AssetSpec]:
    return [spec for asset in definitions.assets for spec in asset.specs]


def test_entry_point_is_loadable():
    assert dg.Definitions.validate_loadable(likewise()) is None


def test_two_sites_have_the_same_graph_each(definitions):
    two = definitions_of(TWO)
    dg.Definitions.validate_loadable(two)
    paths = {tuple(spec.key.path) for spec in _specs(two)}
    assert paths == {(site, name) for site in ("art_shop", "sketchfab") for name in ASSETS}
    assert {spec.group_name for spec in _specs(two)} == {"art_shop", "sketchfab"}
    assert {job.name for job in two.jobs} == {
        f"{kind}_{site}" for kind in ("refresh", "thumbnails") for site in ("art_shop", "sketchfab")
    }


def test_site_depends_on_itself_alone():
    for spec in _specs(definitions_of(TWO)):
        assert {dep.asset_key.path[0] for dep in spec.deps} <= {spec.key.path[0]}


def test_every_asset_says_what_it_is_and_whose(definitions):
    for spec in _specs(definitions):
        assert spec.description, spec.key
        assert list(spec.owners) == ["team:likewise"]
        assert spec.kinds, spec.key


@pytest.mark.parametrize(
    "asset",
    ["raw_catalogue", "raw_likes", "raw_features", "likes", "items", "item_features",
     "visitor_likes", "interactions", "split", "evaluation"],
)  # fmt: skip
def test_tables_declare_their_columns(definitions, asset):
    (spec,) = [spec for spec in _specs(definitions) if spec.key.path[1] == asset]
    columns = spec.metadata["dagster/column_schema"].columns
    assert columns
    assert all(column.description for column in columns)


def test_crawls_of_a_site_share_a_pool_and_other_steps_have_none(definitions):
    pools = {asset.key.path[1]: asset.op.pool for asset in definitions.assets}
    assert {name for name, pool in pools.items() if pool} == {
        "raw_catalogue", "raw_likes", "raw_features"
    }  # fmt: skip
    assert {pool for pool in pools.values() if pool} == {"sketchfab_crawl"}


def test_no_retry_policy_would_crawl_again_what_was_cancelled(definitions):
    assert all(asset.op.retry_policy is None for asset in definitions.assets)


def test_checks_that_guard_what_comes_after_block(definitions):
    blocking = {
        (spec.asset_key.path[1], spec.name)
        for checks in definitions.asset_checks
        for spec in checks.check_specs
        if spec.blocking
    }
    assert blocking == {
        ("raw_catalogue", "has_not_drifted"),
        ("raw_likes", "has_not_drifted"),
        ("raw_features", "has_not_drifted"),
        ("raw_likes", "announced_likes_are_read"),
        ("likes", "likes_are_sound"),
        ("items", "items_are_unique"),
        ("interactions", "interactions_are_there"),
        ("snapshot", "snapshot_is_verified"),
    }


def test_schedules_are_off_until_switched_on(definitions):
    crons = {schedule.name: schedule.cron_schedule for schedule in definitions.schedules}
    assert crons == {
        "refresh_sketchfab_schedule": "0 3 * * *",
        "thumbnails_sketchfab_schedule": "0 15 */2 * *",
    }
    assert {schedule.default_status for schedule in definitions.schedules} == {
        dg.DefaultScheduleStatus.STOPPED
    }


def test_thumbnails_crawl_features_and_publish_nothing_else_new(definitions):
    job = definitions.resolve_job_def("thumbnails_sketchfab")
    selected = {key.path[1] for key in job.asset_layer.executable_asset_keys}
    assert selected == {"raw_features", "items", "snapshot"}


def test_steps_share_one_process(definitions):
    job = definitions.resolve_job_def("refresh_sketchfab")
    assert job.executor_def is dg.in_process_executor

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from pipeline.assembling import snapshot_contents
from pipeline.dataset.presence import read_present
from pipeline.deny import deny_list_path
from pipeline.errors import SnapshotError
from pipeline.recommenders.model_file import load_model, model_path, save_model
from pipeline.recommenders.registry import PUBLISHED
from pipeline.site_data import held_out, seen_items, site_dataset
from pipeline.snapshot import build
from tests.pipeline.assets.conftest import SITE
from tests.pipeline.assets.fake_crawl import ITEMS, USERS


@pytest.fixture
def data(refreshed, tmp_path) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(refreshed.bench.data, folder, ignore=shutil.ignore_patterns("dagster"))
    return folder


def test_contents_hold_the_notice_and_the_models_in_their_order(data, monkeypatch):
    monkeypatch.setenv("LIKEWISE_SKETCHFAB_NOTICE", "Not real.")
    contents = snapshot_contents(data, SITE)
    assert contents.site["notice"].to_list() == ["Not real."]
    names = [model.name for model in PUBLISHED]
    assert contents.models["model"].to_list() == names
    assert contents.models["position"].to_list() == list(range(len(names)))
    assert [lists.model for lists in contents.lists] == contents.models["model"].to_list()
    assert len(contents.run_ids) == 1


def test_models_of_different_interactions_do_not_meet_in_a_snapshot(data):
    path = model_path(data, SITE.name, "popular")
    saved = load_model(path)
    save_model(path, replace(saved, facts=replace(saved.facts, data_sha256="0" * 64)))
    with pytest.raises(SnapshotError, match="2 different sets"):
        snapshot_contents(data, SITE)


def test_site_that_no_crawl_described_is_refused(data):
    shutil.rmtree(data / "raw" / SITE.name / "site")
    with pytest.raises(SnapshotError, match="crawl its catalogue first"):
        snapshot_contents(data, SITE)


def test_dataset_is_over_the_whole_catalogue_and_everyone(data):
    dataset = site_dataset(data, SITE.name)
    assert (dataset.n_users, dataset.n_items) == (USERS, ITEMS)
    assert (seen_items(data, SITE.name, dataset) != dataset.user_items).nnz == 0


def test_parts_of_the_split_make_up_the_interactions(data):
    parts = held_out(data, SITE.name)
    together = parts.train.user_items + parts.validation + parts.test
    assert (together != site_dataset(data, SITE.name).user_items).nnz == 0
    assert parts.test.nnz > 0


def test_what_is_denied_leaves_the_snapshot_and_stays_in_what_models_learned_from(data):
    first, *_ = sorted(read_present(data, SITE.name).items["item_id"])
    path = deny_list_path(data, SITE.name)
    path.parent.mkdir()
    path.write_text(f'items = ["{first}"]')
    built = build(data, SITE.name, snapshot_contents(data, SITE))
    assert built.n_items == ITEMS - 1
    with duckdb.connect(built.path, read_only=True) as opened:
        (shown,) = opened.execute(
            "SELECT count(*) FROM recommendations WHERE item_id = ?", [first]
        ).fetchall()
    assert shown == (0,)
    assert first in site_dataset(data, SITE.name).item_ids.tolist()

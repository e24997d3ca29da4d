from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from pipeline.dataset.matrix import dataset_from
from pipeline.evaluation.protocol import HeldOut, evaluate
from pipeline.evaluation_files import evaluation_path, read_evaluation_details, write_evaluation
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.tag_profile import TagProfile

AT = datetime(2026, 11, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def evaluation():
    part = np.random.default_rng(0).choice(["train", "test"], 200)
    pairs = pl.DataFrame(
        {
            "user_id": [f"u{n % 20}" for n in range(200)],
            "item_id": [f"i{n // 20}" for n in range(200)],
        }
    )
    split = pairs.with_columns(pl.Series("part", part))
    held_out = HeldOut.of(dataset_from(pairs), split, kind="random", seed=0)
    return evaluate([Popular(), TagProfile()], held_out, resamples=20)


def test_every_table_is_written_and_read_again(tmp_path, evaluation):
    written = write_evaluation(tmp_path, "sketchfab", evaluation, AT)
    assert pl.read_parquet(evaluation_path(tmp_path, "sketchfab")).equals(written["evaluation"])
    read = read_evaluation_details(tmp_path, "sketchfab")
    assert all(rows.equals(written[name]) for name, rows in read.items())
    assert set(written) == {"evaluation", *read}
    assert not list(tmp_path.rglob(".*"))


def test_an_evaluation_from_before_there_were_details_has_none(tmp_path):
    read = read_evaluation_details(tmp_path, "sketchfab")
    assert [len(frame) for frame in read.values()] == [0, 0, 0]
    assert read["model_overlap"].columns == ["model", "other", "k", "share"]


def test_a_table_that_cannot_be_written_leaves_all_as_they_were(tmp_path, evaluation, monkeypatch):
    write_evaluation(tmp_path, "sketchfab", evaluation, AT)
    before = evaluation_path(tmp_path, "sketchfab").read_bytes()
    whole = pl.DataFrame.write_parquet

    def full_disk(frame, path):
        if "share" in frame.columns:
            raise OSError("no space left")
        whole(frame, path)

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_evaluation(tmp_path, "sketchfab", evaluation, AT.replace(year=2027))
    assert evaluation_path(tmp_path, "sketchfab").read_bytes() == before
    monkeypatch.undo()
    write_evaluation(tmp_path, "sketchfab", evaluation, AT.replace(year=2027))
    assert evaluation_path(tmp_path, "sketchfab").read_bytes() != before

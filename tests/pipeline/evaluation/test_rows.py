from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import numpy as np
import pytest
from scipy.sparse import csr_matrix

from pipeline.evaluation.protocol import evaluate
from pipeline.evaluation.rows import (
    EVALUATION_TABLES,
    difference_rows,
    empty_rows,
    evaluation_rows,
    overlap_rows,
    slice_rows,
)
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.tables import SNAPSHOT_TABLES, ddl

AT = datetime(2026, 11, 3, 12, tzinfo=UTC)
TABLES = {table.name: table for table in SNAPSHOT_TABLES}


@pytest.fixture
def evaluation(held_out):
    return evaluate([Popular(), TagProfile()], held_out, resamples=50)


@pytest.fixture
def frames(evaluation):
    return {
        "evaluation": evaluation_rows(evaluation, evaluated_at=AT),
        "evaluation_slices": slice_rows(evaluation),
        "evaluation_differences": difference_rows(evaluation),
        "model_overlap": overlap_rows(evaluation),
    }


def test_rows_have_the_columns_of_their_tables_and_go_into_them(frames):
    assert tuple(frames) == EVALUATION_TABLES
    with duckdb.connect() as con:
        for statement in ddl():
            con.execute(statement)
        for name, frame in frames.items():
            assert tuple(frame.columns) == TABLES[name].column_names
            assert frame.schema == empty_rows(name).schema
            con.register("found", frame.to_arrow())
            con.execute(f"INSERT INTO {name} SELECT * FROM found")
        nulls = con.sql("SELECT DISTINCT metric FROM evaluation WHERE low IS NULL").fetchall()
    assert sorted(nulls) == [("coverage",), ("gini",), ("novelty",), ("popular_share",)]
    assert {name: len(frame) for name, frame in frames.items()} == {
        "evaluation": 2 * 8 * 3,
        "evaluation_slices": 2 * 4 * 2 * 2,  # nothing is cold
        "evaluation_differences": 3,
        "model_overlap": 2 * 2,
    }


def test_a_row_says_what_was_measured(evaluation, frames):
    row = frames["evaluation"].filter(model="tag_profile", metric="MAP", k=5).row(0, named=True)
    figure = evaluation.models[1].figure("MAP", 5)
    assert (row["mean"], row["low"], row["high"]) == (figure.mean, figure.low, figure.high)
    assert (row["n_users"], row["n_users_skipped"], row["seed"]) == (88, 2, 5)
    assert (row["split"], row["evaluated_at"]) == ("random", AT)


def test_rows_of_slices_differences_and_overlap_say_what_was_measured(evaluation, frames):
    (row,) = (
        frames["evaluation_slices"]
        .filter(model="tag_profile", slice="light", metric="Recall", k=20)
        .to_dicts()
    )
    (figure,) = (
        one
        for one in evaluation.models[1].slices
        if (one.slice, one.metric, one.k) == ("light", "Recall", 20)
    )
    assert (row["mean"], row["low"]) == (figure.interval.mean, figure.interval.low)
    assert row["n_users"] == figure.n_users < 88
    (row,) = frames["evaluation_differences"].filter(metric="NDCG", k=20).to_dicts()
    assert (row["model"], row["against"], row["n_users"]) == ("tag_profile", "popular", 88)
    assert 0 < row["low"] < row["mean"] < row["high"]
    (row,) = frames["model_overlap"].filter(model="popular", k=20).to_dicts()
    assert (row["other"], row["share"]) == ("tag_profile", evaluation.overlaps[2].share)


def test_figures_that_are_unknown_have_no_row(held_out):
    object.__setattr__(held_out, "test", csr_matrix(held_out.test.shape, dtype=np.float32))
    evaluation = evaluate([Popular()], held_out)
    assert evaluation_rows(evaluation, evaluated_at=AT)["metric"].to_list() == ["coverage"] * 3
    assert slice_rows(evaluation).is_empty()
    assert overlap_rows(evaluation).schema == empty_rows("model_overlap").schema

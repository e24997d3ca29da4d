from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import numpy as np
import pytest
from scipy.sparse import csr_matrix

from pipeline.evaluation.protocol import evaluate
from pipeline.evaluation.report import evaluation_markdown, evaluation_rows
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.tables import SNAPSHOT_TABLES, ddl

AT = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.fixture
def evaluation(held_out):
    return evaluate([Popular(), TagProfile()], held_out, resamples=50)


def test_rows_have_the_columns_of_the_table_and_go_into_it(evaluation):
    rows = evaluation_rows(evaluation, evaluated_at=AT)
    table = next(table for table in SNAPSHOT_TABLES if table.name == "evaluation")
    assert tuple(rows.columns) == table.column_names
    assert len(rows) == 2 * 6 * 3
    with duckdb.connect() as con:
        for statement in ddl():
            con.execute(statement)
        con.register("found", rows.to_arrow())
        con.execute("INSERT INTO evaluation SELECT * FROM found")
        nulls = con.sql("SELECT DISTINCT metric FROM evaluation WHERE low IS NULL").fetchall()
    assert sorted(nulls) == [("coverage",), ("popular_share",)]


def test_a_row_says_what_was_measured(evaluation):
    rows = evaluation_rows(evaluation, evaluated_at=AT)
    row = rows.filter(model="tag_profile", metric="MAP", k=5).row(0, named=True)
    figure = evaluation.models[1].figure("MAP", 5)
    assert (row["mean"], row["low"], row["high"]) == (figure.mean, figure.low, figure.high)
    assert (row["n_users"], row["n_users_skipped"], row["seed"]) == (88, 2, 5)
    assert (row["split"], row["evaluated_at"]) == ("random", AT)


def test_figures_that_are_unknown_have_no_row(held_out):
    object.__setattr__(held_out, "test", csr_matrix(held_out.test.shape, dtype=np.float32))
    rows = evaluation_rows(evaluate([Popular()], held_out), evaluated_at=AT)
    assert rows["metric"].to_list() == ["coverage"] * 3


def test_markdown_is_a_table_with_intervals(evaluation):
    lines = evaluation_markdown(evaluation).splitlines()
    assert [line.count("|") for line in lines[:4]] == [lines[0].count("|")] * 4
    figure = evaluation.models[1].figure("NDCG", 10)
    assert f"{figure.mean:.4f} ({figure.low:.4f} to {figure.high:.4f})" in lines[3]
    assert "Same tags (`tag_profile`)" in lines[3]
    assert lines[-1].startswith("88 users judged, 2 skipped")

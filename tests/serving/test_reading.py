from itertools import chain

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from serving.reading import TABLES, json_of, rows_of, table_rows, texts_of


@pytest.fixture
def con():
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'Asia/Kathmandu'")
        yield con


def test_a_row_is_json_with_instants_in_utc_and_no_nan(con):
    con.sql(
        "CREATE TABLE t AS SELECT 'm' AS model, 'NDCG' AS metric, 10 AS k, 'nan'::DOUBLE AS mean, "
        "0.5 AS low, 'inf'::DOUBLE AS high, "
        "'2026-01-02 03:04:05.000006+00'::TIMESTAMPTZ AS evaluated_at"
    )
    columns = ["model", "mean", "low", "high", "evaluated_at"]
    ((text,),) = con.sql(f"SELECT {json_of(TABLES['evaluation'], columns)} FROM t").fetchall()
    assert text == (
        '{"model":"m","mean":null,"low":0.5,"high":null,'
        '"evaluated_at":"2026-01-02T03:04:05.000006Z"}'
    )


def test_a_column_that_the_door_does_not_declare_is_not_read():
    with pytest.raises(KeyError, match="password"):
        json_of(TABLES["models"], ["password"])


def test_small_tables_are_read_in_the_order_that_is_asked(con):
    con.sql(
        "CREATE TABLE model_overlap AS "
        "FROM (VALUES ('b', 'a', 10, .5::DOUBLE), ('a', 'b', 10, .25)) t(model, other, k, share)"
    )
    rows = table_rows(con, "model_overlap", ("model",))
    assert [row["model"] for row in rows] == ["a", "b"]
    assert [row["share"] for row in rows] == [0.25, 0.5]


@pytest.mark.parametrize(
    "chunks",
    [[], [[]], [["a", "", "ü"]], [["a"], ["", "ü"]], [[], ["a", "", "ü"]]],
    ids=["no chunk", "empty", "one", "two", "one after an empty one"],
)
def test_texts_of_any_chunks(chunks):
    column = pa.chunked_array(chunks, pa.string())
    assert [text.decode() for text in texts_of(column)] == list(chain.from_iterable(chunks))


def test_texts_of_a_slice_and_of_null():
    column = pa.chunked_array([["left out", "a", None, "b", "left out"]], pa.string())
    texts = texts_of(column.slice(1, 3))
    assert list(texts) == [b"a", b"", b"b"]


@pytest.mark.parametrize(
    "chunks", [[], [[[1, 2], [], [3]]], [[[1, 2]], [[], [3]]]], ids=["none", "one", "two"]
)
def test_rows_of_any_chunks(chunks):
    rows, flat = rows_of(pa.chunked_array(chunks, pa.list_(pa.int32())))
    assert [rows[row].tolist() for row in range(len(rows))] == list(chain.from_iterable(chunks))
    assert flat.tolist() == list(chain.from_iterable(chain.from_iterable(chunks)))


def test_rows_of_a_slice():
    column = pa.chunked_array([[[9], [1, 2], [9]]], pa.list_(pa.int32())).slice(1, 1)
    rows, flat = rows_of(column, np.float32)
    assert rows[0].tolist() == [1, 2]
    assert flat.dtype == np.float32


@pytest.mark.parametrize("lists", [[[1], None], [[1, None]]], ids=["list", "value"])
def test_null_is_refused(lists):
    with pytest.raises(ValueError, match="null"):
        rows_of(pa.chunked_array([lists], pa.list_(pa.int32())))

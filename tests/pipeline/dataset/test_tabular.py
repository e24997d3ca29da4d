import csv
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.tabular import Kind, Rule, read_table

RULES = (
    Rule("item_id", Kind.ID, required=True),
    Rule("title", Kind.TEXT),
    Rule("tags", Kind.TEXTS),
    Rule("liked_at", Kind.INSTANT),
    Rule("weight", Kind.WEIGHT),
)
KEY = ("item_id",)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(str.strip)


@pytest.fixture
def read(tmp_path):
    def read(content, rules=RULES, name="file.csv"):
        path = tmp_path / name
        if isinstance(content, pl.DataFrame):
            content.write_parquet(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, rules, KEY)

    return read


def faults(checked):
    return [fault.split(": ", 1)[1] for fault in checked.faults]


def test_csv_is_read_by_its_own_rules(read):
    found = read(
        "\ufeffitem_id,title,tags,liked_at,weight\r\n"
        '007,"Sofa, red",a| b |,2026-11-01T13:00:00+01:00,2\r\n'
        "\r\n"
        "8,,,2026-11-01 12:00,\r\n"
    )
    assert found.faults == ()
    assert found.frame.rows() == [
        ("007", "Sofa, red", ["a", "b"], NOON, 2.0),
        ("8", None, [], NOON, None),
    ]


def test_parquet_is_known_by_its_content_not_its_name(read):
    found = read(pl.DataFrame({"item_id": ["a"], "tags": [["x", None, " "]]}), name="file.csv")
    assert found.frame.row(0) == ("a", None, ["x"], None, None)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series("item_id", ["a", "b"], dtype=pl.Categorical),
        pl.Series("item_id", ["a", "b"], dtype=pl.Enum(["a", "b"])),
        pl.Series("liked_at", [NOON, None], dtype=pl.Datetime("ns", "Asia/Tokyo")),
        pl.Series("liked_at", [NOON.replace(tzinfo=None), None], dtype=pl.Datetime("ms")),
        pl.Series("liked_at", [None, None]),
        pl.Series("weight", [1, 2], dtype=pl.Int8),
        pl.Series("tags", [[], []], dtype=pl.List(pl.Null)),
        pl.Series("tags", [["x"], None], dtype=pl.List(pl.Categorical)),
    ],
    ids=lambda column: str(column.dtype),
)
def test_types_that_mean_the_same_are_taken(read, column):
    frame = pl.DataFrame({"item_id": ["a", "b"]}).with_columns(column)
    found = read(frame, name="file.parquet")
    assert found.faults == ()
    assert found.frame["item_id"].to_list() == ["a", "b"]
    if column.name == "liked_at" and column.null_count() == 1:
        assert found.frame["liked_at"].to_list() == [NOON, None]


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        (pl.Series("item_id", [1, 2]), "column 'item_id' is Int64, must be an id (text)"),
        (pl.Series("title", [True, False]), "column 'title' is Boolean, must be text"),
        (
            pl.Series("tags", ["x|y", "y"]),
            "column 'tags' is String, must be a list of texts",
        ),
        (pl.Series("tags", [[1], [2]]), "column 'tags' is List(Int64), must be a list of texts"),
        (pl.Series("liked_at", [1, 2]), "column 'liked_at' is Int64, must be a timestamp"),
        (
            pl.Series("liked_at", ["2026-11-01", None]),
            "column 'liked_at' is String, must be a timestamp",
        ),
        (
            pl.Series("weight", [True, False]),
            "column 'weight' is Boolean, must be a number of at least 0",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else f"{value.name} {value.dtype}",
)
def test_wrong_types_are_named(read, column, fault):
    frame = pl.DataFrame({"item_id": ["a", "b"]}).with_columns(column)
    found = read(frame, name="file.parquet")
    assert faults(found) == [fault]
    assert found.frame.is_empty()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is an empty file"),
        (b"item_id\n", "holds no rows"),
        (b"item_id\n\n\n", "holds no rows"),
        (b"item,title\na,b\n", "misses column 'item_id'; it has columns 'title', 'item'"),
        (b"item_id,title,title\na,b,c\n", "its header names column 'title' more than once"),
        (b"item_id\n\xff\n", "is not readable as CSV in UTF-8"),
        (b"item_id\na,b,c\n", "is not readable as CSV in UTF-8"),
        (b"PAR1 torn", "is not readable as Parquet"),
        (b"item_id,title\n,x\n", "column 'item_id' is empty in row 1"),
        (b'item_id,title\n" ",x\n', "column 'item_id' is empty in row 1"),
        (b"item_id\na\x00b\n", "column 'item_id' holds a NUL character in row 1"),
        (b"item_id\n" + b"x" * 513, "column 'item_id' is longer than 512 characters in row 1"),
        (b"item_id\na\nb\na\na\n", "item_id stand a second time in 2 rows, first in row 3"),
        (b"item_id,liked_at\na,soon\n", "column 'liked_at' is not a timestamp in row 1"),
        (b"item_id,weight\na,x\n", "column 'weight' is not a number of at least 0 in row 1"),
        (b"item_id,weight\na,-1\n", "column 'weight' is negative or not finite in row 1"),
        (b"item_id,weight\na,nan\n", "column 'weight' is negative or not finite in row 1"),
        (b"item_id,weight\na,1e99\n", "column 'weight' is negative or not finite in row 1"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_each_fault_is_named(read, content, fault):
    found = read(content)
    assert len(found.faults) == 1
    assert fault in faults(found)[0]


def test_required_weight_must_not_be_empty(read):
    rules = (RULES[0], Rule("weight", Kind.WEIGHT, required=True))
    assert faults(read("item_id,weight\na,\n", rules)) == ["column 'weight' is empty in row 1"]
    assert read("item_id,weight\na,0\n", rules).faults == ()


def test_csv_under_the_name_of_parquet_is_refused(read):
    assert faults(read("item_id\na\n", name="f.parquet")) == [
        "is not a Parquet file, though its name says so"
    ]


def test_missing_file_and_folder_are_named(tmp_path):
    assert faults(read_table(tmp_path / "none.csv", RULES, KEY)) == ["does not exist"]
    assert "cannot be read" in faults(read_table(tmp_path, RULES, KEY))[0]


def test_name_with_a_star_is_one_file(tmp_path, read):
    (tmp_path / "a1.csv").write_text("item_id\nother\n")
    assert read("item_id\nmine\n", name="a*.csv").frame["item_id"].to_list() == ["mine"]


@pytest.mark.parametrize("name", ["file.csv", "file.parquet"])
def test_further_columns_are_ignored_and_named(read, name):
    frame = pl.DataFrame({"item_id": ["a"], "price": ["1"], "stock": ["2"]})
    found = read(frame.write_csv() if name.endswith("csv") else frame, name=name)
    assert found.faults == ()
    assert [note.split(": ")[1] for note in found.notes] == ["ignored columns 'price', 'stock'"]
    assert "price" not in found.frame.columns


def test_every_fault_of_a_file_is_named_at_once(read):
    found = read("item_id,liked_at,weight\na,soon,-1\na,,x\n,,1\n")
    assert len(found.faults) == 5


@given(st.lists(TEXTS, min_size=1, max_size=20, unique=True))
def test_ids_survive_csv_as_they_are(tmp_path_factory, ids):
    path = tmp_path_factory.mktemp("csv") / "ids.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["item_id"], *([text] for text in ids)])
    found = read_table(path, RULES[:1], KEY)
    assert found.faults == ()
    assert found.frame["item_id"].to_list() == ids

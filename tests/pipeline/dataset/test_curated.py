import re
from datetime import UTC, datetime

import polars as pl
import pytest

from pipeline.dataset.curated import (
    Curated,
    curated_path,
    empty_curated,
    polars_schema,
    read_curated,
    read_metadata,
    require_curated,
    write_curated,
)
from pipeline.errors import CuratedZoneError, InputError
from pipeline.tables import CURATED_TABLES, SNAPSHOT_TABLES

SPLIT = pl.DataFrame({"user_id": ["a", "b"], "item_id": ["x", "x"], "part": ["train", "test"]})


def test_names_are_the_tables_of_door_two():
    assert {table.value for table in Curated} == {table.name for table in CURATED_TABLES}


@pytest.mark.parametrize("table", [*CURATED_TABLES, *SNAPSHOT_TABLES], ids=lambda t: t.name)
def test_every_declared_type_has_a_polars_type(table):
    assert tuple(polars_schema(table)) == table.column_names


def test_pictures_are_a_list_of_structs():
    picture = pl.Struct({"url": pl.String, "width": pl.Int32, "height": pl.Int32})
    assert empty_curated(Curated.ITEMS).schema["thumbnails"] == pl.List(picture)


def test_what_is_written_is_read_with_its_metadata(tmp_path):
    write_curated(tmp_path, "shop", Curated.SPLIT, SPLIT.reverse(), metadata={"made": "by hand"})
    found = read_curated(tmp_path, "shop", Curated.SPLIT)
    assert found is not None
    assert found.equals(SPLIT.reverse())
    assert read_metadata(tmp_path, "shop", Curated.SPLIT)["made"] == "by hand"


@pytest.mark.parametrize(
    ("frame", "fault"),
    [
        (SPLIT.drop("part"), "column part is None, must be String"),
        (SPLIT.with_columns(pl.lit(1).alias("part")), "column part is Int32, must be String"),
        (SPLIT.with_columns(user_handle=pl.lit("ann")), "column user_handle is not declared"),
        (SPLIT.with_columns(pl.lit(None, pl.String).alias("part")), "part is null in 2 rows"),
        (pl.concat([SPLIT, SPLIT]), "2 rows repeat the key user_id, item_id"),
    ],
)
def test_frame_that_door_two_does_not_allow_is_not_written(tmp_path, frame, fault):
    with pytest.raises(CuratedZoneError, match=re.escape(fault)):
        write_curated(tmp_path, "shop", Curated.SPLIT, frame)
    assert not curated_path(tmp_path, "shop", Curated.SPLIT).exists()


def test_missing_table_is_none_or_refused_where_needed(tmp_path):
    assert read_curated(tmp_path, "shop", Curated.LIKES) is None
    with pytest.raises(CuratedZoneError, match="refresh the site 'shop' first"):
        require_curated(tmp_path, "shop", Curated.LIKES)


@pytest.mark.parametrize("content", [b"torn", b""])
def test_damaged_table_is_refused_with_the_remedy(tmp_path, content):
    path = write_curated(tmp_path, "shop", Curated.SPLIT, SPLIT)
    path.write_bytes(content)
    with pytest.raises(CuratedZoneError, match="curate the raw zone again"):
        read_curated(tmp_path, "shop", Curated.SPLIT)


def test_table_of_other_columns_is_refused(tmp_path):
    path = write_curated(tmp_path, "shop", Curated.SPLIT, SPLIT)
    path.rename(curated_path(tmp_path, "shop", Curated.LIKES))
    with pytest.raises(CuratedZoneError, match="is not the table likes"):
        read_curated(tmp_path, "shop", Curated.LIKES)


@pytest.mark.parametrize("site", ["", "..", "a/b", "Shop", "1shop", "shop\n"])
def test_name_that_is_no_site_is_refused(tmp_path, site):
    with pytest.raises(InputError, match="does not match"):
        curated_path(tmp_path, site, Curated.LIKES)


def test_instants_are_in_utc():
    schema = empty_curated(Curated.LIKES).schema
    row = {"liked_at": [datetime(2026, 1, 1, tzinfo=UTC)]}
    assert pl.DataFrame(row).schema["liked_at"] == schema["liked_at"]

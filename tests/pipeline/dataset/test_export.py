import pytest

from pipeline.dataset.curated import Curated, curated_path, require_curated
from pipeline.dataset.export import export_world
from pipeline.dataset.items import curate_items
from pipeline.dataset.likes import curate_likes
from pipeline.dataset.world import read_world
from pipeline.errors import CuratedZoneError, InputError
from scrapers.records import RawTable


def picture(width):
    return {"url": f"http://127.0.0.1/{width}.webp", "width": width, "height": width}


@pytest.fixture
def curated(raw, key):
    wide = {"thumbnails": [picture(1024), picture(200), picture(512)]}
    small = {"thumbnails": [picture(64), picture(200)]}
    raw.land(
        RawTable.FEATURES,
        "a",
        [
            {"item_id": "x", "title": "Lamp", "creator": "Ann", "tags": ["light"], **wide},
            {"item_id": "y", **small},
            {"item_id": "z"},
        ],
    )
    raw.land_likes("a", [("planted", "x"), ("planted", "y"), ("bob", "x")])
    curate_likes(raw.data, "shop", key)
    curate_items(raw.data, "shop")
    return raw.data


def test_export_is_a_world_of_pseudonyms(curated, tmp_path):
    written = export_world(curated, "shop", tmp_path / "out" / "deep")
    assert (written.n_likes, written.n_items) == (3, 3)
    world = read_world(written.likes, items=written.items, weights=True)
    assert world.notes == ()
    likes = require_curated(curated, "shop", Curated.LIKES)
    assert set(world.likes["user_id"]) == set(likes["user_id"])
    assert world.items is not None
    assert world.items.select("item_id", "title", "creator", "tags").row(0) == (
        "x",
        "Lamp",
        "Ann",
        ["light"],
    )
    assert b"planted" not in written.likes.read_bytes()


def test_picture_is_the_narrowest_that_is_wide_enough_else_the_widest(curated, tmp_path):
    written = export_world(curated, "shop", tmp_path)
    items = read_world(written.likes, items=written.items).items
    assert items is not None
    assert items["thumbnail_url"].to_list() == [
        "http://127.0.0.1/512.webp",
        "http://127.0.0.1/200.webp",
        None,
    ]


def test_export_never_overwrites(curated, tmp_path):
    (tmp_path / "items.parquet").write_text("mine")
    with pytest.raises(InputError, match=r"items.parquet exists"):
        export_world(curated, "shop", tmp_path)
    assert (tmp_path / "items.parquet").read_text() == "mine"
    assert not (tmp_path / "likes.parquet").exists()


@pytest.mark.parametrize("table", [Curated.LIKES, Curated.ITEMS])
def test_without_a_curated_table_nothing_is_written(curated, tmp_path, table):
    curated_path(curated, "shop", table).unlink()
    with pytest.raises(CuratedZoneError, match="refresh the site"):
        export_world(curated, "shop", tmp_path / "out")
    assert not (tmp_path / "out").exists()

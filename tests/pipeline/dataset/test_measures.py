import polars as pl
import pytest

from pipeline.dataset.crawls import raw_crawls
from pipeline.dataset.measures import Measured, measures_of
from pipeline.dataset.raw import read_parts
from scrapers.records import RawTable, UnitKind, UnitState
from tests.pipeline.dataset.conftest import read


def measured(raw, table):
    """Values and numbers of the measures of the one crawl of a table, by what and of what."""
    (crawl,) = raw_crawls(raw.data, raw.site, table)
    found = measures_of(crawl, pl.concat(read_parts(run) for run in crawl.runs))
    return {(m.what, m.field, m.detail): (m.value, m.n) for m in found}


def test_rows_without_a_value_are_counted_by_what_a_value_is(raw):
    rows = [
        {"item_id": "a", "title": "Lamp", "tags": ["x", "y"], "view_count": 0},
        {"item_id": "b", "title": " \t", "tags": [], "view_count": 8},
        {"item_id": "c", "title": None, "tags": None, "view_count": None},
        {"item_id": "d", "title": "Sofa", "tags": ["z"], "view_count": 4},
    ]
    raw.land(RawTable.FEATURES, "a", rows)
    found = measured(raw, RawTable.FEATURES)
    assert found[Measured.ROWS, "", ""] == (4, 1)
    assert found[Measured.FILLED, "title", ""] == (0.5, 4)
    assert found[Measured.FILLED, "tags", ""] == (0.5, 4)
    assert found[Measured.FILLED, "view_count", ""] == (0.75, 4)
    assert found[Measured.ZERO, "view_count", ""] == (1 / 3, 3)
    assert found[Measured.QUANTILE, "view_count", "50 %"] == (4, 3)
    assert found[Measured.LENGTH, "tags", ""] == (1.5, 2)
    assert found[Measured.FILLED, "license", ""] == (0, 4)
    assert not [name for name in found if name[0] is Measured.QUANTILE and name[1] == "like_count"]


@pytest.mark.parametrize(
    ("item_id", "shape"),
    [
        ("1234567", "digits"),
        ("0007e38e770bb818ab5ce00dcdeba900", "hex of 32 letters or more"),
        ("dc32dacf-79b4-4d3f-8b8d-43a9b9d6c9a1", "uuid of 32 letters or more"),
        ("xPMkdvGDbb1M8FEdbL1Y9FWvhAz", "alphanumeric of 16 letters or more"),
        ("red_lamp-12", "slug of 8 letters or more"),
        ("Zoë", "other of 1 letters or more"),
    ],
)
def test_ids_have_a_shape(raw, item_id, shape):
    raw.land(RawTable.ITEMS, "a", [{"item_id": item_id}, {"item_id": item_id}])
    found = measured(raw, RawTable.ITEMS)
    assert found[Measured.SHAPE, "item_id", shape] == (1, 1), "each id counts once"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Shop.example:8443/a:b", "shop.example"),
        ("http://[::1]:80/a", "[::1]"),
        ("https://shop.example?x", "shop.example"),
        ("/a/b", "no host"),
        ("javascript:x", "no host"),
    ],
)
def test_urls_have_a_host_whatever_its_port(raw, url, host):
    picture = {"url": url, "width": 1, "height": 1}
    raw.land(RawTable.FEATURES, "a", [{"item_id": "a", "url": url, "thumbnails": [picture] * 2}])
    found = measured(raw, RawTable.FEATURES)
    assert found[Measured.HOST, "url", host] == (1, 1)
    assert found[Measured.HOST, "thumbnails", host] == (1, 2)


def test_rejected_records_are_a_share_of_all_records(raw):
    rows = [{"item_id": f"{n}"} for n in range(6)]
    counts = {"rejected": 2, "rejected_title": 2, "rejected_url": 1, "requests": 9}
    raw.land(RawTable.ITEMS, "a", rows, counts=counts)
    found = measured(raw, RawTable.ITEMS)
    assert found[Measured.REJECTED, "", ""] == (0.25, 8)
    assert found[Measured.REJECTED, "title", ""] == (0.25, 8)
    assert found[Measured.REJECTED, "url", ""] == (0.125, 8)


def test_lists_are_measured_by_what_was_announced_and_read(raw):
    lists = [(10, 10), (5, 10), (12, 10), (0, 0), (0, None)]
    ends = [
        read(UnitKind.ITEM_LIKES, f"i{n}", read=got, announced=told)
        for n, (got, told) in enumerate(lists)
    ]
    page = read(UnitKind.USER_DIRECTORY, "1", state=UnitState.DONE, announced=100)
    raw.land(RawTable.LIKES, "a", [], units=[[*ends, page]])
    found = measured(raw, RawTable.LIKES)
    assert found[Measured.LISTS, "item_likes", ""] == (5, 1)
    assert found[Measured.EMPTY, "item_likes", ""] == (0.4, 5)
    assert found[Measured.READ, "item_likes", ""] == (25 / 30, 3)
    assert not [name for name in found if name[1] in {"user_likes", "user_directory"}]


def test_nothing_landed_has_no_shares(raw):
    raw.land(RawTable.ITEMS, "a", [])
    assert set(measured(raw, RawTable.ITEMS)) == {(Measured.ROWS, "", "")}

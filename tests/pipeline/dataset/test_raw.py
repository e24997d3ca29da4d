import pytest

from pipeline.dataset.raw import latest_site_record, raw_runs, read_parts
from pipeline.errors import RawZoneError
from scrapers.records import RawTable


def likes(raw, run):
    return read_parts(run)["user_handle"].to_list()


def test_runs_come_in_the_order_in_which_they_began(raw):
    raw.land_likes("a", [("ann", "x")], day=3)
    raw.land_likes("b", [("bob", "x")], day=1)
    assert [run.run_id for run in raw_runs(raw.data, "shop", RawTable.LIKES)] == ["b", "a"]


def test_nothing_landed_is_no_run(raw):
    assert raw_runs(raw.data, "shop", RawTable.LIKES) == []


def test_part_that_no_manifest_lists_does_not_exist(raw):
    folder = raw.land_likes("a", [("ann", "x")])
    (folder / "part-00000.parquet").rename(folder / "stray.parquet")
    raw.land_likes("a", [("bob", "y")])
    (run,) = raw_runs(raw.data, "shop", RawTable.LIKES)
    assert likes(raw, run) == ["bob"]


def test_folder_without_manifest_is_no_run(raw):
    folder = raw.land_likes("a", [("ann", "x")])
    (folder / "manifest.json").unlink()
    assert raw_runs(raw.data, "shop", RawTable.LIKES) == []


def test_given_runs_alone_are_read_and_a_missing_one_is_refused(raw):
    raw.land_likes("a", [("ann", "x")])
    raw.land_likes("b", [("bob", "x")])
    (run,) = raw_runs(raw.data, "shop", RawTable.LIKES, run_ids=["b"])
    assert likes(raw, run) == ["bob"]
    with pytest.raises(RawZoneError, match="no run 'c'"):
        raw_runs(raw.data, "shop", RawTable.LIKES, run_ids=["b", "c"])


def test_every_bad_part_is_named_at_once(raw):
    rows = [{"user_handle": "ann", "item_id": "x"}]
    folder = raw.land(RawTable.LIKES, "a", rows, rows, rows)
    (folder / "part-00000.parquet").unlink()
    flipped = bytearray((folder / "part-00002.parquet").read_bytes())
    flipped[20] ^= 1
    (folder / "part-00002.parquet").write_bytes(flipped)
    (run,) = raw_runs(raw.data, "shop", RawTable.LIKES)
    with pytest.raises(RawZoneError, match="crawl again") as caught:
        read_parts(run)
    assert "part-00000" in str(caught.value)
    assert "part-00001" not in str(caught.value)
    assert "part-00002.parquet: hash is" in str(caught.value)


def test_rows_and_columns_are_checked_against_manifest_and_door(raw):
    folder = raw.land_likes("a", [("ann", "x")])
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"rows": 1', '"rows": 2'))
    (run,) = raw_runs(raw.data, "shop", RawTable.LIKES)
    with pytest.raises(RawZoneError, match="1 rows, listed as 2"):
        read_parts(run)
    other = raw.land(RawTable.ITEMS, "a", [{"item_id": "x"}])
    as_likes = other.parent.parent / "likes" / "a"
    for name in ("part-00000.parquet", "manifest.json"):
        content = (other / name).read_bytes().replace(b'"table": "items"', b'"table": "likes"')
        (as_likes / name).write_bytes(content)
    (run,) = raw_runs(raw.data, "shop", RawTable.LIKES)
    with pytest.raises(RawZoneError, match="user_handle"):
        read_parts(run)


@pytest.mark.parametrize("text", ["{", "{}", '{"schema_version": 99}'])
def test_manifest_that_is_none_is_refused(raw, text):
    folder = raw.land_likes("a", [("ann", "x")])
    (folder / "manifest.json").write_text(text)
    with pytest.raises(RawZoneError, match="cannot be read"):
        raw_runs(raw.data, "shop", RawTable.LIKES)


def test_manifest_of_another_run_is_refused(raw):
    folder = raw.land_likes("a", [("ann", "x")])
    folder.rename(folder.with_name("b"))
    with pytest.raises(RawZoneError, match="is that of shop/likes/a"):
        raw_runs(raw.data, "shop", RawTable.LIKES)


def test_newest_site_record_wins(raw):
    site = {"base_url": "http://127.0.0.1/", "hosts": ["127.0.0.1"]}
    assert latest_site_record(raw.data, "shop") is None
    raw.land(RawTable.SITE, "a", [{"title": "Old", **site}], day=1)
    raw.land(RawTable.SITE, "b", [{"title": "New", **site}], day=2)
    raw.land(RawTable.SITE, "c", day=3)
    found = latest_site_record(raw.data, "shop")
    assert found is not None
    assert (found.title, found.hosts, found.picture_hosts) == ("New", ("127.0.0.1",), ())

"""The library's metadata, cleaned of what its makers left in it."""

import gzip
import json
from pathlib import Path

import pytest

from scrapers.replica.drawings.catalogue import item_id_of, read_catalogue
from scrapers.replica.drawings.errors import DrawingsError

PUBLIC = "http://web.resource.org/cc/PublicDomain"


def _row(**changed):
    row = {
        "path": "animals/cat.svg",
        "title": "Cat",
        "creator": "Ann",
        "tags": [],
        "license": PUBLIC,
    }
    return row | changed


def _read(tmp_path: Path, *rows):
    file = tmp_path / "meta.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_catalogue(file)


@pytest.mark.parametrize(
    ("raw", "creator"),
    [
        ("zazou (who@example.org)", "zazou"),
        ("Chris [chris+svg@example.com]", "Chris"),
        ("Ann Lee <ann@example.org>", "Ann Lee"),
        ("Graig Smith - graig@example.org", "Graig Smith"),
        ("snuATexampleDOTorg", ""),
        ("someone@example.org", ""),
        ("HASH(0x89c79d4)", ""),
        ("Anonymous", ""),
        ("Gerald G.", "Gerald G."),
    ],
)
def test_creators_are_named_without_an_address(tmp_path, raw, creator):
    assert _read(tmp_path, _row(creator=raw))[0].creator == creator


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Gelato all&#39;italiana", "Gelato all'italiana"),
        ("L&Atilde;&copy;zard", "Lézard"),
        ("Clipart by Ann Lee - red_house", "red house"),
        ("Pen & Pencil", "Pen & Pencil"),
    ],
)
def test_titles_lose_entities_and_double_encoding(tmp_path, raw, title):
    assert _read(tmp_path, _row(title=raw))[0].title == title


def test_a_title_of_a_collection_gives_way_to_the_file_name(tmp_path):
    paths = [f"animals/{kind}_ann_l_0{n}.svg" for n, kind in enumerate(["cat", "dog", "hen", "ox"])]
    rows = [_row(path=path, title="Farm", creator="Ann Lee") for path in paths]
    assert [drawing.title for drawing in _read(tmp_path, *rows)] == ["Cat", "Dog", "Hen", "Farm"]
    assert {drawing.title for drawing in _read(tmp_path, *rows[:3])} == {"Farm"}


def test_tags_lose_the_creator_and_what_says_nothing(tmp_path):
    row = _row(creator="Ann Lee", tags=["unsorted", "ann lee", "Big  Cat", "11", "big cat", "pet"])
    assert _read(tmp_path, row)[0].tags == ("big cat", "pet")


def test_categories_are_the_folders_and_only_public_domain_is_marked(tmp_path):
    gpl = "http://creativecommons.org/licenses/GPL/2.0/"
    free, bound = _read(
        tmp_path, _row(path="a/big_cats/x.svg"), _row(path="unsorted/y.svg", license=gpl)
    )
    assert (free.categories, free.public_domain) == (("a", "big cats"), True)
    assert (bound.categories, bound.public_domain) == ((), False)


def test_every_bad_line_is_named(tmp_path):
    file = tmp_path / "meta.jsonl.gz"
    file.write_bytes(gzip.compress(b'{"path": "a.svg"}\nnot json\n' + json.dumps(_row()).encode()))
    with pytest.raises(DrawingsError) as caught:
        read_catalogue(file)
    assert len(caught.value.faults) == 2
    assert "line 1 has no title, creator, tags, license" in str(caught.value)


def test_ids_have_two_shapes_as_the_real_catalogue_has():
    ids = [item_id_of(f"folder/{n}.svg") for n in range(5000)]
    odd = [item_id for item_id in ids if len(item_id) == 27]
    assert len(set(ids)) == 5000
    assert 0.01 < len(odd) / 5000 < 0.03
    assert {len(item_id) for item_id in ids} == {27, 32}

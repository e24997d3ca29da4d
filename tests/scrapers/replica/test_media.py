"""Pictures come in their sizes, from the world's folder only, or are drawn."""

import dataclasses
import io
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from scrapers.replica.media import Pictures, placeholder

SIZES = (64, 160, 320)


def _opened(body: bytes | None) -> Image.Image:
    assert body is not None
    return Image.open(io.BytesIO(body))


@pytest.mark.parametrize(("size", "expected"), [(64, (64, 40)), (160, (160, 100))])
def test_a_picture_is_fitted_into_its_size(world, size, expected):
    image = _opened(Pictures(world.folder).webp(world.items[0], size))
    assert (image.format, image.size) == ("WEBP", expected)


def test_a_picture_of_the_right_size_is_served_as_it_is(world):
    body = Pictures(world.folder).webp(world.items[0], 320)
    assert body == (world.folder / "thumbnails" / "top.webp").read_bytes()


def test_announced_dimensions_are_those_that_are_served(world):
    pictures = Pictures(world.folder)
    served = [_opened(pictures.webp(world.items[0], size)).size for size in SIZES]
    assert pictures.dimensions(world.items[0], SIZES) == served


def test_a_picture_is_never_enlarged(world):
    assert Pictures(world.folder).dimensions(world.items[0], (1000,)) == [(320, 200)]


def test_thumbnail_url_names_a_file_of_the_world(world):
    item = dataclasses.replace(world.items[1], thumbnail_url="thumbnails/top.webp")
    assert Pictures(world.folder).path(item) is not None


@pytest.mark.parametrize("named", ["../outside.webp", "/etc/hostname", "http://x.test/a.webp"])
def test_nothing_outside_the_world_is_served(world, named):
    (world.folder.parent / "outside.webp").write_bytes(b"secret")
    item = dataclasses.replace(world.items[0], thumbnail_url=named)
    assert Pictures(world.folder).path(item) is None


def test_an_id_that_no_file_can_have_has_no_picture(world):
    item = dataclasses.replace(world.items[0], item_id="x" * 5000 + "\0")
    assert Pictures(world.folder).path(item) is None


def test_a_placeholder_is_well_formed_whatever_the_title(world):
    for title in ('<b> "x" & y', "", "Kimi no Na wa.", "\x01\x02", "日本 &amp;"):
        drawn = placeholder(dataclasses.replace(world.items[0], title=title))
        assert ET.fromstring(drawn).tag.endswith("svg")


def test_placeholders_differ_by_id_and_are_steady(world):
    first, second = world.items[0], world.items[1]
    assert placeholder(first) == placeholder(first)
    assert placeholder(first) != placeholder(dataclasses.replace(second, title=first.title))

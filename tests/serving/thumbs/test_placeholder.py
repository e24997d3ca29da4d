"""Placeholders are pictures whatever the titles and tags are that they are drawn from."""

import xml.etree.ElementTree as ET

import pytest

from serving.thumbs.placeholder import placeholder

HOSTILE = (
    "<script>alert(1)</script>",
    '"/><image href="https://evil.example/x"/>',
    "]]><!--&amp;",
    "\x00\x01\x08\x0b\x1f\x7f\x85",
    "\u202eeman\u2066\u200f",
    "\ufffe\uffff\ud7ff",
    "&#0;&#x202e;",
    "W" * 5000,
    "",
    " \t\n",
    "🙂‍↔️",
)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_written_stays_text(text):
    root = ET.fromstring(placeholder(text, 3, 12, [text, "more"]))
    assert {one.tag for one in root.iter()} == {
        f"{SVG}{t}" for t in ("svg", "rect", "g", "circle", "text")
    }
    assert {name for one in root.iter() for name in one.attrib} <= {
        "viewBox", "width", "height", "fill", "cx", "cy", "r", "x", "y", "text-anchor",
        "font-family", "font-size", "font-weight",
    }  # fmt: skip
    mark, tag = (one.text or "" for one in root.iter(f"{SVG}text"))
    assert 1 <= len(mark) <= 2
    assert len(tag) <= 22
    assert not set(mark + tag) & set("\u202e\u2066\u200f\x7f\x85")


def test_it_shows_initials_and_the_first_tag_on_a_colour_of_its_own():
    drawn = placeholder("BC", 3, 12, ["blue cats"])
    assert b">BC<" in drawn
    assert b">blue cats<" in drawn
    assert b"hsl(90 " in drawn
    assert placeholder("BC", 4, 12, ["blue cats"]) != drawn


def test_text_that_is_not_escaped_would_be_known():
    drawn = placeholder("x", 1, 12, ["y"]).replace(b">y<", b"><script/><")
    assert f"{SVG}script" in {one.tag for one in ET.fromstring(drawn).iter()}

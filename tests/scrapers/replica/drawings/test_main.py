"""The builder by its command line."""

import io
import json

import polars as pl
import pytest
from PIL import Image

from scrapers.replica.drawings import __main__ as builder
from scrapers.replica.world import read_world

PUBLIC = "http://web.resource.org/cc/PublicDomain"


@pytest.fixture
def meta(tmp_path):
    rows = [
        {"path": f"food/f{n:02}.svg", "title": f"Dish {n}", "creator": f"Cook {n % 3}",
         "tags": ["food", f"kind {n % 2}"], "license": PUBLIC}
        for n in range(40)
    ]  # fmt: skip
    file = tmp_path / "meta.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def _bars(svg, _picture):
    """A picture with bars that spell the number of the drawing."""
    image = Image.new("RGB", (320, 320), "white")
    number = int(svg.stem[1:])
    for bit in range(6):
        if number >> bit & 1 or bit == number % 6:
            image.paste("red", (bit * 50 + 10, 20 + 4 * bit, bit * 50 + 50, 100 + 30 * bit))
    packed = io.BytesIO()
    image.save(packed, "WEBP")
    return packed.getvalue()


def test_a_world_is_written_that_a_stand_in_can_serve(meta, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(builder, "render", _bars)
    monkeypatch.setattr(builder, "_check", lambda _: None)
    out, sheets = tmp_path / "out", tmp_path / "sheets"
    paths = ["--meta", str(meta), "--svg", str(tmp_path), "--out", str(out)]
    assert builder.main([*paths, "--sheets", str(sheets)]) == 0
    world = read_world(out)
    assert len(world.items) == 40
    assert all((out / (item.thumbnail_url or "")).is_file() for item in world.items)
    assert (sheets / "sheet-00.png").is_file()
    assert (sheets / "index.txt").read_text().startswith("0 food/f00.svg\n")
    assert "40 drawings" in capsys.readouterr().out


def test_look_alikes_stop_the_build_and_nothing_is_written(meta, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(builder, "render", lambda *_: _bars(tmp_path / "f03.svg", None))
    out = tmp_path / "out"
    code = builder.main(["--meta", str(meta), "--svg", str(tmp_path), "--out", str(out)])
    assert code == 1
    assert "food/f00.svg and food/f01.svg look the same" in capsys.readouterr().err
    assert not out.exists()


def test_without_svg_only_the_likes_are_rebuilt(meta, tmp_path):
    for name in ("one", "two"):
        assert builder.main(["--meta", str(meta), "--out", str(tmp_path / name)]) == 0
    one, two = (pl.read_parquet(tmp_path / name / "likes.parquet") for name in ("one", "two"))
    assert one.equals(two)
    assert not (tmp_path / "one" / "pictures").exists()

"""Pictures of drawings. The first tests stand in for ``rsvg-convert``; the last one runs it."""

import io
import shutil
import subprocess

import pytest
from PIL import Image

from scrapers.replica.drawings import rendering
from scrapers.replica.drawings.errors import DrawingsError
from scrapers.replica.drawings.rendering import Picture, render

SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200">
<rect x="80" y="90" width="40" height="20" fill="{fill}"/></svg>"""


def _opened(packed):
    return Image.open(io.BytesIO(packed)).convert("RGB")


@pytest.fixture
def pages(monkeypatch):
    """Sides of the pages that were asked for; a page has a red bar across its middle fifth."""
    sides = []

    def run(command, **_):
        side = int(command[command.index("-w") + 1])
        sides.append(side)
        page = Image.new("RGBA", (side, side))
        page.paste("red", (side * 2 // 5, side * 9 // 20, side * 3 // 5, side * 11 // 20))
        packed = io.BytesIO()
        page.save(packed, "PNG")
        return subprocess.CompletedProcess(command, 0, packed.getvalue(), b"")

    monkeypatch.setattr(rendering.subprocess, "run", run)
    return sides


def test_a_drawing_fills_the_square_within_its_margin_on_white(pages, tmp_path):
    picture = Picture(side_px=100, margin=0.1)
    image = _opened(render(tmp_path / "x.svg", picture))
    assert image.size == (100, 100)
    assert min(image.getpixel((4, 50))) > 240
    left, _, right, _ = image.getchannel("G").point(lambda value: 255 * (value < 128)).getbbox()
    assert abs(left - 10) <= 2
    assert abs(right - 90) <= 2
    assert len(pages) == 2
    assert pages[1] > pages[0], "a small drawing is rendered again, larger"


def test_rendering_twice_gives_the_same_bytes(pages, tmp_path):
    assert render(tmp_path / "x.svg", Picture()) == render(tmp_path / "x.svg", Picture())


def test_a_missing_renderer_is_named_with_its_remedy(monkeypatch, tmp_path):
    def run(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(rendering.subprocess, "run", run)
    with pytest.raises(DrawingsError, match="librsvg2-bin"):
        render(tmp_path / "x.svg", Picture())


@pytest.mark.parametrize("wrong", [{"side_px": 2}, {"margin": 0.5}, {"quality": 0}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="side_px 16 to 1024"):
        Picture(**wrong)


@pytest.mark.skipif(not shutil.which("rsvg-convert"), reason="rsvg-convert only builds the world")
def test_real_svg_is_drawn_and_a_blank_one_refused(tmp_path):
    file = tmp_path / "x.svg"
    file.write_text(SVG.format(fill="#00f"))
    assert _opened(render(file, Picture())).getpixel((160, 160))[2] > 200
    file.write_text(SVG.format(fill="none"))
    with pytest.raises(DrawingsError, match="nothing is drawn"):
        render(file, Picture())
    file.write_text("<svg")
    with pytest.raises(DrawingsError, match=r"x\.svg"):
        render(file, Picture())

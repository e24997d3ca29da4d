"""Pictures come back small and bare; what is none, or too much, does not come back."""

import io
import struct
import sys
import warnings
import zlib

import pytest
from PIL import Image, PngImagePlugin

from serving.errors import PictureRefusedError
from serving.thumbs import decoder, decoding
from serving.thumbs.decoding import is_webp, webp_of
from tests.serving.conftest import LONG_S
from tests.serving.thumbs.conftest import picture

pytestmark = pytest.mark.usefixtures("no_hurry")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def opened(made):
    return Image.open(io.BytesIO(made))


def chunk(name, content):
    body = name + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png_of(width, height):
    """A PNG that says it is so large; its few bytes would unpack to that."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(2**20), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_picture_is_fitted_into_the_square(tmp_path):
    made = webp_of(picture("PNG", (400, 200)), 64)
    with opened(made) as small:
        assert (small.format, small.size) == ("WEBP", (64, 32))


def test_a_small_picture_is_not_enlarged():
    with opened(webp_of(picture("GIF", (20, 10)), 640)) as small:
        assert small.size == (20, 10)


def test_metadata_is_left_behind_and_orientation_is_heeded():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SECRET CAMERA"
    given = picture("JPEG", (60, 40), exif=exif, comment=b"SECRET", icc_profile=b"SECRET" * 99)
    assert b"SECRET" in given
    made = webp_of(given, 64)
    with opened(made) as small:
        assert small.size == (40, 60)
        assert not small.getexif()
    assert b"SECRET" not in made
    assert b"EXIF" not in made


def test_what_is_clear_stays_clear():
    clear = io.BytesIO()
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", "SECRET")
    Image.new("RGBA", (9, 9), (0, 0, 0, 0)).save(clear, "PNG", pnginfo=told)
    with opened(webp_of(clear.getvalue(), 64)) as small:
        assert small.convert("RGBA").getpixel((4, 4))[3] == 0


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (SVG, "no GIF"),
        (b"<html><body>not found</body></html>", "no GIF"),
        (picture("BMP", (4, 4)), "no GIF"),
        (picture("PNG")[:60], "damaged"),
        (png_of(100_000, 100_000), "40 million"),
        (png_of(7000, 7000), "40 million"),
    ],
)
def test_what_is_no_picture_or_too_large_is_refused(given, why):
    with pytest.raises(PictureRefusedError, match=why):
        webp_of(given, 64)


LIMITED = f"""
import mmap, os, resource, socket, sys
sys.path.insert(0, {str(decoding._DECODER.parent)!r})
import decoder
decoder.warm_up()
decoder.limit()
done = []
for name, attempt in dict(
    file=lambda: open("/etc/hostname"),
    socket=lambda: socket.socket(),
    process=lambda: os.pipe(),
    memory=lambda: mmap.mmap(-1, 2**30),
    more=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9)) or open("/etc/hostname"),
).items():
    try:
        attempt()
        done.append(name)
    except (OSError, MemoryError, ValueError):
        pass
sys.stdout.write(" ".join(done))
"""


def test_a_decoder_can_do_nothing_else(tmp_path, monkeypatch):
    program = tmp_path / "tries.py"
    program.write_text(LIMITED)
    monkeypatch.setattr(decoding, "_DECODER", program)
    monkeypatch.setattr(decoding, "is_webp", lambda _: True)
    done = webp_of(b"", 64).decode().split()
    # Root may raise its limits again; nobody else.
    assert done in ([], ["more"])
    program.write_text(LIMITED.replace("decoder.limit()", ""))
    assert {"file", "socket", "process", "memory"} <= set(webp_of(b"", 64).decode().split())


@pytest.mark.parametrize(
    ("does", "longest_s", "why"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", LONG_S, "stopped"),
        ("print('<svg/>')", LONG_S, "no WebP"),
        ("import time; time.sleep(600)", 0.5, "too long"),
    ],
)
def test_a_decoder_that_goes_astray_is_not_believed(tmp_path, monkeypatch, does, longest_s, why):
    program = tmp_path / "astray.py"
    program.write_text(does)
    monkeypatch.setattr(decoding, "_DECODER", program)
    monkeypatch.setattr(decoding, "_LONGEST_S", longest_s)
    with pytest.raises(PictureRefusedError, match=why):
        webp_of(b"", 64)


def test_a_webp_is_one_file_and_nothing_after_it():
    made = io.BytesIO()
    Image.new("RGB", (4, 4)).save(made, "WEBP")
    assert is_webp(made.getvalue())
    assert not is_webp(made.getvalue() + b"<script>")
    assert not is_webp(made.getvalue()[:-1])
    assert not is_webp(b"")


def test_exit_codes_say_what_was_wrong(monkeypatch, capsysbinary):
    monkeypatch.setattr(decoder, "limit", lambda: None)

    def code(given):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        return decoder.main(["64"])

    limit = Image.MAX_IMAGE_PIXELS
    try:
        with warnings.catch_warnings():
            assert code(SVG) == decoder.NO_PICTURE
            assert code(png_of(7000, 7000)) == decoder.TOO_MANY_PIXELS
            assert code(picture("PNG")[:60]) == decoder.DAMAGED
            assert code(picture("PNG")) == 0
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    assert is_webp(capsysbinary.readouterr().out)

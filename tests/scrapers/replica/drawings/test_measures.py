"""What is wrong with finished pictures, on planted ones and their sound twins."""

import io

from PIL import Image, ImageDraw

from scrapers.replica.drawings.measures import look_alikes, unreadable


def _picture(*shapes, ground="white"):
    image = Image.new("RGB", (320, 320), ground)
    draw = ImageDraw.Draw(image)
    for box, colour in shapes:
        draw.ellipse(box, fill=colour)
    packed = io.BytesIO()
    image.save(packed, "WEBP", quality=90)
    return packed.getvalue()


BALL = _picture(((60, 60, 260, 260), "red"))


def test_blank_and_dark_pictures_are_named():
    faults = unreadable({"ball": BALL, "blank": _picture(), "dark": _picture(ground="#111111")})
    assert [fault.split(":")[0] for fault in faults] == ["blank", "dark"]


def test_look_alikes_are_paired_and_others_are_not():
    near = _picture(((61, 60, 261, 260), "#f00a0a"))
    blue = _picture(((60, 60, 260, 260), "blue"))
    corner = _picture(((20, 20, 120, 90), "red"), ((150, 200, 300, 300), "green"))
    assert look_alikes({"ball": BALL, "blue": blue, "near": near, "corner": corner}) == [
        ("ball", "near")
    ]
    assert look_alikes({}) == []

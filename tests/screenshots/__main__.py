"""``make screenshots``: the main pages in Chromium, as pictures below docs/images/website/.

They show the demo world: its snapshot is built anew, so that everyone gets the same pictures.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser

from tests.end_to_end.website.kinds import MAIN, kinds
from tests.end_to_end.website.published import publish_demo
from tests.end_to_end.website.running import chromium, service, stand_in
from tests.end_to_end.website.validating import sample
from tests.end_to_end.website.watching import DESKTOP, PHONE, show_all, watched

FOLDER: Final = Path(__file__).parents[2] / "docs" / "images" / "website"
MAX_BYTES: Final = 250_000
_QUALITY: Final = 82
_IN_THE_DARK: Final = ("home", "item")
_TALLEST: Final = {"desktop": 1800, "phone": 1688}
"""Pixels of a page that are shown; what is below is more of the same."""


def main() -> int:
    """Write every picture; 0 when each is small enough."""
    with tempfile.TemporaryDirectory() as folder, stand_in() as pictures_url:
        data = Path(folder)
        publish_demo(data, pictures_url)
        with service(data) as url, chromium() as browser:
            sizes = dict(_pictures(browser, data, url, pictures_url))
    for name, size in sizes.items():
        sys.stdout.write(f"{name}: {size:,} bytes\n")
    too_large = [name for name, size in sizes.items() if size > MAX_BYTES]
    if too_large:
        sys.stderr.write(f"above {MAX_BYTES:,} bytes: {', '.join(too_large)}\n")
    return 1 if too_large else 0


def _pictures(
    browser: Browser, data: Path, url: str, pictures_url: str
) -> Iterator[tuple[str, int]]:
    """Name and bytes of each picture, written."""
    paths = kinds(url, **sample(data))
    shots = [(kind, "light") for kind in MAIN] + [(kind, "dark") for kind in _IN_THE_DARK]
    FOLDER.mkdir(parents=True, exist_ok=True)
    for device, size in (("desktop", DESKTOP), ("phone", PHONE)):
        for kind, scheme in shots:
            with watched(browser, url, pictures_url, viewport=size, color_scheme=scheme) as one:
                page = one.open(paths[kind])
                show_all(page)
                one.check()
                tall = page.evaluate("() => document.documentElement.scrollHeight")
                page.set_viewport_size({**size, "height": min(tall, _TALLEST[device])})
                shot = page.screenshot(animations="disabled")
            name = "-".join([kind, device, *([scheme] if scheme == "dark" else [])])
            path = FOLDER / f"{name}.webp"
            with Image.open(io.BytesIO(shot)) as image:
                image.convert("RGB").save(path, quality=_QUALITY, method=6)
            yield path.name, path.stat().st_size


if __name__ == "__main__":
    sys.exit(main())

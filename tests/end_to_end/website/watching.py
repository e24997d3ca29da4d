"""What a browser notices of pages: complaints, foreign requests, shifts, overflow, focus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from re import Pattern
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect

__all__ = [
    "DESKTOP",
    "PHONE",
    "Watched",
    "arrived",
    "focused",
    "overflow",
    "shift",
    "show_all",
    "watched",
]

DESKTOP: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
_GIVEN_UP: Final = "net::ERR_ABORTED"  # by the browser, since one went on to another page
_NOTED: Final = """
window.noted = {shift: 0, shifts: [], refused: []};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    noted.shift += entry.value;
    noted.shifts.push(...entry.sources.map(({node}) => node?.outerHTML?.slice(0, 120) ?? "?"));
  }
}).observe({type: "layout-shift", buffered: true});
document.addEventListener("securitypolicyviolation", (event) =>
  noted.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
_WIDER: Final = """() => {
  const limit = document.documentElement.clientWidth;
  const inside = (node) => {
    for (let at = node.parentElement; at; at = at.parentElement)
      if (getComputedStyle(at).overflowX !== "visible") return true;
    return false;
  };
  return [...document.querySelectorAll("body *")]
    .filter((node) => node.getBoundingClientRect().right > limit + 1 && !inside(node))
    .map((node) => node.outerHTML.slice(0, 120)).slice(0, 5);
}"""
_SHOW_ALL: Final = """async () => {
  for (const image of document.images) image.loading = "eager";
  await Promise.allSettled([...document.images].map((image) => image.decode()));
  await document.fonts.ready;
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
}"""
_FOCUSED: Final = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  const outlined = (node) => getComputedStyle(node).outlineStyle !== "none"
    && parseFloat(getComputedStyle(node).outlineWidth) >= 2;
  return {
    name: at.tagName.toLowerCase() + (at.className ? "." + at.className.split(" ")[0] : ""),
    text: at.innerText, href: at.href ?? "",
    outlined: outlined(at) || (at.matches("input") && outlined(at.parentElement)),
    visible: box.width > 0 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth,
  };
}"""


@dataclass
class Watched:
    """A page of a browser, and everything that went wrong on it since it was opened."""

    page: Page
    url: str
    hosts: Sequence[str]
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """The page at a path of the service, loaded."""
        self.page.goto(self.url + path)
        return self.page

    def check(self) -> None:
        """Nothing went wrong.

        Raises
        ------
        AssertionError : something did; all of it.
        """
        refused = self.page.evaluate("() => window.noted?.refused ?? []")
        complaints = [*self.complaints, *refused]
        if complaints:
            raise AssertionError(f"{self.page.url}: {complaints}")

    def _on_console(self, message: ConsoleMessage) -> None:
        is_of_a_request = message.text.startswith("Failed to load resource")  # told of below
        if message.type in {"error", "warning"} and not is_of_a_request:
            self.complaints.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data" and parts.netloc not in self.hosts:
            self.complaints.append(f"asked a foreign host: {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.complaints.append(f"{response.status}: {response.url}")

    def _on_failure(self, request: Request) -> None:
        if request.failure != _GIVEN_UP:
            self.complaints.append(f"{request.failure}: {request.url}")

    def watch(self) -> None:
        """Begin to listen."""
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", self._on_request)
        self.page.on("response", self._on_response)
        self.page.on("requestfailed", self._on_failure)


@contextmanager
def watched(browser: Browser, url: str, pictures_url: str, **options: Any) -> Iterator[Watched]:
    """A page of a context of its own, watched; options are the context's."""
    context = browser.new_context(**{"viewport": DESKTOP, **options})
    context.set_default_timeout(60_000)
    if options.get("java_script_enabled", True):
        context.add_init_script(_NOTED)
    hosts = [urlsplit(one).netloc for one in (url, pictures_url)]
    found = Watched(context.new_page(), url, hosts)
    found.watch()
    try:
        yield found
    finally:
        context.close()


def arrived(page: Page, url: str | Pattern[str]) -> None:
    """Wait until a page is at an address and has loaded: what is counted then is all there."""
    expect(page).to_have_url(url)
    page.wait_for_load_state()


def show_all(page: Page) -> None:
    """Load every picture of the page, lazy ones too, and wait until it is drawn."""
    page.evaluate(_SHOW_ALL)


def shift(page: Page) -> tuple[float, list[str]]:
    """How much was moved that had been shown already, and what."""
    noted = page.evaluate("() => noted")
    return noted["shift"], noted["shifts"]


def overflow(page: Page) -> list[str]:
    """Elements that make the page wider than the window; none where it does not scroll sideways."""
    wider = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    return (page.evaluate(_WIDER) or [f"wider by {wider}"]) if wider > 0 else []


def focused(page: Page) -> dict[str, Any]:
    """What has the focus: what it is, where it leads, whether one sees that."""
    found: dict[str, Any] = page.evaluate(_FOCUSED)
    return found

"""What is wrong with a page: axe-core in the browser, and html5lib over what was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import html5lib
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

__all__ = ["COLOURS", "html_faults", "inaccessible"]

COLOURS: Final = ("color-contrast", "link-in-text-block")
"""Rules of axe whose answer depends on the colour scheme."""
_RUN: Final = """async (rules) => {
  const chosen = rules.length ? {runOnly: {type: "rule", values: rules}} : {};
  const found = await axe.run(document, {...chosen, resultTypes: ["violations"], iframes: false});
  return found.violations.map(({id, help, nodes}) => ({
    id, help, at: nodes.slice(0, 3).map(({html}) => html.slice(0, 160)), n: nodes.length}));
}"""


def inaccessible(page: Page, *rules: str) -> list[str]:
    """What axe finds, by all of its rules or by these; frames of other hosts are not looked at."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(_RUN, list(rules))
    return [f"{one['id']} ({one['n']}): {one['help']}: {one['at']}" for one in found]


def html_faults(body: str) -> list[str]:
    """Every parse error of the standard, with its line, and every id that stands twice."""
    parser = html5lib.HTMLParser()
    tree = parser.parse(body)
    return [*(f"{at[0]}: {code}" for at, code, _ in parser.errors), *_repeated(tree)]


def _repeated(tree: Any) -> Iterator[str]:
    ids = Counter(node.get("id") for node in tree.iter() if node.get("id") is not None)
    return (f"id {name!r} stands {count} times" for name, count in ids.items() if count > 1)

"""Addresses as links of the pages have them."""

from serving.pages.links import site_url, trail_text
from tests.factories import SITE


def url_after(item_id, *trail):
    """Page of an item, reached by the items of a trail."""
    return site_url(SITE, "items", item_id, trail=trail_text(trail))

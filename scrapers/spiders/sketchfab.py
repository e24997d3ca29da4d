"""Sketchfab: models and the people who like them (3D models; evidence of 2016 to 2026).

Both sides of the likes are read: who likes a model by ``/i/likes`` (seen in 2016), and what a
person likes by ``/v3/users/{uid}/likes`` (seen in 2026).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final
from urllib.parse import quote, urlsplit

from scrapy.http import Response

from scrapers.counts import announced_count
from scrapers.json_pages import Json, get, names_of, read_object, rows_of
from scrapers.like_list import Row
from scrapers.pages import CataloguePage, DirectoryPage, LikesOfPage, UserRow
from scrapers.records import FeatureRecord, ItemRecord, SiteRecord, Thumbnail
from scrapers.site_spider import SiteSpider

__all__ = ["SketchfabSpider"]

_COUNT: Final = 24  # rows of a page; the site gives no more
_PICTURE_HOSTS: Final = {"sketchfab.com": "media.sketchfab.com"}
_GRID_ITEM: Final = "div.infinite-grid li.item"


class SketchfabSpider(SiteSpider):
    """One stage of a crawl of Sketchfab."""

    name = "sketchfab"
    personal_patterns: ClassVar[tuple[str, ...]] = (
        r"(?<=/v3/users/)[^/?#\s>'\"]+",
        r"(?<=[?&]user=)[^&#\s>'\"]+",
    )
    page_rows = _COUNT
    grid_ready = f"{_GRID_ITEM}, div.infinite-grid.is-loaded, div.infinite-grid.is-failed"

    def site_record(self) -> SiteRecord:
        """Its hosts, the forms of its urls, and its player."""
        base = self.plan.arguments.base_url
        host = urlsplit(base).netloc
        return SiteRecord(
            title="Sketchfab",
            base_url=base,
            hosts=(host,),
            page_url_forms=(f"{base}/3d-models/{{slug}}-{{item_id}}", f"{base}/models/{{item_id}}"),
            embed_template=f"{base}/models/{{item_id}}/embed",
            picture_hosts=(_PICTURE_HOSTS.get(host.removeprefix("www."), host),),
            crawled_at=self.now(),
        )

    @property
    def listing_url(self) -> str:
        """Models, most liked first."""
        return f"{self.plan.arguments.api_url}/v3/models?sort_by=-likeCount&count={_COUNT}"

    @property
    def directory_urls(self) -> Sequence[str]:
        """Members by search, then the creators of models."""
        api = self.plan.arguments.api_url
        return (f"{api}/v3/search?type=users&count={_COUNT}", self.listing_url)

    def grid_url(self, page: int) -> str:
        """A page of the infinite grid."""
        return f"{self.plan.arguments.base_url}/models?sort_by=-likeCount&page={page}"

    def read_catalogue(self, response: Response) -> CataloguePage | None:
        """Models of the JSON listing, or of the grid that a browser has drawn."""
        request = response.request
        if request is not None and request.meta.get("playwright"):
            return self._read_grid(response)
        page = read_object(response.body)
        rows = None if page is None else rows_of(page)
        if page is None or rows is None:
            return None
        now = self.now()
        items = [
            ItemRecord(
                item_id=row.get("uid"),  # type: ignore[arg-type]  # checked on landing
                title=row.get("name"),
                like_count=row.get("likeCount"),
                like_count_text=None,
                url=row.get("viewerUrl"),
                crawled_at=now,
            )
            for row in rows
        ]
        return CataloguePage(items, page.get("next"))

    def _read_grid(self, response: Response) -> CataloguePage | None:
        grid = response.css("div.infinite-grid")
        if not grid or response.css("div.infinite-grid.is-failed"):
            return None
        rows = response.css(f"{_GRID_ITEM}[data-uid]")
        if not rows and grid.xpath("./*"):
            return None  # what stands there is of another form
        now = self.now()
        items = [
            ItemRecord(
                item_id=row.attrib["data-uid"],
                title=row.css("meta[itemprop=name]::attr(content)").get(),
                like_count=None if announced is None else announced.low,
                like_count_text=text,
                url=response.urljoin(row.css("a[href]::attr(href)").get("")),
                crawled_at=now,
            )
            for row in rows
            for text in [row.css(".likes::text").get()]
            for announced in [announced_count(None, text)]
        ]
        return CataloguePage(items)

    def likers_url(self, item_id: str, offset: int) -> str:
        """Who likes a model."""
        query = f"model={quote(item_id, safe='')}&count={_COUNT}&offset={offset}"
        return f"{self.plan.arguments.base_url}/i/likes?{query}"

    def read_likers(self, response: Response) -> LikesOfPage | None:
        """Who likes a model."""
        return _read_likes(response)

    def liked_url(self, user_handle: str) -> str:
        """What a member likes."""
        path = f"/v3/users/{quote(user_handle, safe='')}/likes?count={_COUNT}"
        return f"{self.plan.arguments.api_url}{path}"

    def read_liked(self, response: Response) -> LikesOfPage | None:
        """What a member likes."""
        return _read_likes(response)

    def read_directory(self, response: Response) -> DirectoryPage | None:
        """Members of a search, or the creators of models."""
        page = read_object(response.body)
        rows = None if page is None else rows_of(page)
        if page is None or rows is None:
            return None
        users = [
            UserRow(get(row, "user", "uid"))
            if "user" in row
            else UserRow(row.get("uid"), row.get("likeCount"))
            for row in rows
        ]
        return DirectoryPage(users, page.get("next"), [row.get("uid") for row in rows])

    def features_url(self, item_id: str) -> str:
        """A model's own JSON."""
        return f"{self.plan.arguments.base_url}/i/models/{quote(item_id, safe='')}"

    def read_features(self, response: Response, item_id: str) -> FeatureRecord | None:
        """Features of a model from its JSON."""
        model = read_object(response.body)
        if model is None or model.get("uid") != item_id:
            return None
        return FeatureRecord(
            item_id=item_id,
            title=model.get("name"),
            creator=get(model, "user", "displayName"),
            license=get(model, "license", "label"),
            like_count=model.get("likeCount"),
            view_count=model.get("viewCount"),
            published_at=model.get("publishedAt"),
            url=model.get("viewerUrl"),
            embed_url=model.get("embedUrl"),
            tags=names_of(model.get("tags")),
            categories=names_of(model.get("categories")),
            thumbnails=_thumbnails(get(model, "thumbnails", "images")),
            crawled_at=self.now(),
        )


def _read_likes(response: Response) -> LikesOfPage | None:
    """Rows of a list of likes from either side: both name the other side ``uid``."""
    page = read_object(response.body)
    rows = None if page is None else rows_of(page)
    if page is None or rows is None:
        return None
    return LikesOfPage([Row(row.get("uid"), row.get("likedAt")) for row in rows], page.get("next"))


def _thumbnails(images: Json) -> Json:
    """Pictures of a model; what is no list is left for the check to name."""
    if not isinstance(images, list):
        return images
    return tuple(
        Thumbnail(get(image, "url"), get(image, "width"), get(image, "height")) for image in images
    )

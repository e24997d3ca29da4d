"""Sketchfab: models and the people who like them (3D models; evidence of 2016 to 2026).

Both sides of the likes are read: who likes a model by ``/i/likes`` (seen in 2016), and what a
person likes by ``/v3/users/{uid}/likes`` (seen in 2026).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlsplit

from scrapy import Request
from scrapy.http import Response
from scrapy_playwright.page import PageMethod

from scrapers.arguments import origin
from scrapers.checking import check_id
from scrapers.counts import announced_count
from scrapers.json_pages import Json, get, names_of, read_object, rows_of
from scrapers.listing import CatalogueListing, LikeList, LikesByUser
from scrapers.raw_zone import ItemUnit, known_handles, read_items
from scrapers.records import (
    CatalogueSource,
    FeatureRecord,
    ItemRecord,
    LikesPage,
    Side,
    SiteRecord,
    Stage,
    Thumbnail,
)
from scrapers.site_spider import SiteSpider

__all__ = ["SketchfabSpider"]

_COUNT: Final = 24  # rows of a page; the site gives no more
_PICTURE_HOSTS: Final = {"sketchfab.com": "media.sketchfab.com"}
_PAGES_AT_ONCE: Final = 4
_GRID_ITEM: Final = "div.infinite-grid li.item"
_GRID_READY: Final = f"{_GRID_ITEM}, div.infinite-grid.is-loaded, div.infinite-grid.is-failed"
_GRID_TIMEOUT_MS: Final = 20_000

_Output = Iterator[Request | ItemRecord | LikesPage | FeatureRecord]


class SketchfabSpider(SiteSpider):
    """One stage of a crawl of Sketchfab."""

    name = "sketchfab"
    personal_patterns: ClassVar[tuple[str, ...]] = (
        r"(?<=/v3/users/)[^/?#\s>'\"]+",
        r"(?<=[?&]user=)[^&#\s>'\"]+",
    )

    async def start(self) -> AsyncIterator[Any]:
        """The site's record, then the stage's first pages."""
        yield self._site()
        stages = {
            Stage.CATALOGUE: self._catalogue,
            Stage.LIKES: self._likes,
            Stage.FEATURES: self._features,
        }
        async for request in self.lazily(stages[self.plan.arguments.stage]()):
            yield request

    def _site(self) -> SiteRecord:
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

    # Catalogue

    def _catalogue(self) -> Iterator[Request]:
        self._listing = CatalogueListing(self.plan.arguments.like_floor, self.tally)
        if self.plan.arguments.catalogue is CatalogueSource.JSON:
            url = f"{self.plan.arguments.api_url}/v3/models?sort_by=-likeCount&count={_COUNT}"
            yield self._listing_request(url)
        else:
            for page in range(1, _PAGES_AT_ONCE + 1):
                yield self._grid_request(page)

    def _listing_request(self, url: str) -> Request:
        self.tally.open()
        return self.request(url, self.parse_listing, unit="a page of the catalogue")

    def parse_listing(self, response: Response) -> _Output:
        """Models of a page of the JSON listing, and the next page."""
        page = read_object(response.body)
        rows = None if page is None else rows_of(page)
        if page is None or rows is None:
            yield from self.retried(response, "no JSON list")
            return
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
        fresh, ends = self._listing.add(items)
        yield from fresh
        following = page.get("next")
        if not following or ends:
            self.tally.finish()
        elif self._listing.goes_round or not self._is_new_next(following):
            self.tally.fail("next page is none of the site's, or was read", "the catalogue")
        else:
            self.tally.finish()
            yield self._listing_request(following)

    def _grid_request(self, page: int) -> Request:
        self.tally.open()
        url = f"{self.plan.arguments.base_url}/models?sort_by=-likeCount&page={page}"
        request = self.request(
            url, self.parse_grid, unit=f"page {page} of the catalogue", page=page
        )
        wait = PageMethod(
            "wait_for_selector", _GRID_READY, state="attached", timeout=_GRID_TIMEOUT_MS
        )
        request.meta.update(playwright=True, playwright_page_methods=[wait])
        return request

    def parse_grid(self, response: Response, page: int) -> _Output:
        """Models of a page of the grid that a browser has drawn, and a page further on."""
        if response.css("div.infinite-grid.is-failed"):
            yield from self.retried(response, "the grid says that it failed")
            return
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
            for row in response.css(f"{_GRID_ITEM}[data-uid]")
            for text in [row.css(".likes::text").get()]
            for announced in [announced_count(None, text)]
        ]
        fresh, ends = self._listing.add(items)
        yield from fresh
        if self._listing.goes_round:
            self.tally.fail("pages that were read come again", f"page {page} of the catalogue")
            self._listing.end_at(page)
            return
        self.tally.finish()
        if ends:
            self._listing.end_at(page)
        if not self._listing.is_past_end(page + _PAGES_AT_ONCE):
            yield self._grid_request(page + _PAGES_AT_ONCE)

    # Likes of a model

    def _likes(self) -> Iterator[Request]:
        items = self._items()
        if self.plan.arguments.side is Side.USER:
            self._by_user = LikesByUser(items, self.tally)
            self.tally.settle = self._by_user.compare
            yield from self._users()
            return
        self.tally.total = len(items)
        for item in items:
            self.tally.open()
            yield self._likers_request(
                LikeList(item.item_id, item.announced, f"likes of {item.item_id}")
            )

    def _likers_request(self, likes: LikeList) -> Request:
        item = quote(likes.subject_id, safe="")
        path = f"/i/likes?model={item}&count={_COUNT}&offset={likes.rows}"
        url = f"{self.plan.arguments.base_url}{path}"
        return self.request(url, self.parse_likers, unit=likes.unit, likes=likes)

    def parse_likers(self, response: Response, likes: LikeList) -> _Output:
        """Likes of a page of who likes a model, and the next page."""
        page = read_object(response.body)
        rows = None if page is None else rows_of(page)
        if page is None or rows is None:
            yield from self.retried(response, "no JSON list")
            return
        handles = tuple(row.get("uid") for row in rows)
        if rows:
            yield LikesPage(
                subject_id=likes.subject_id,
                user_handles=handles,  # type: ignore[arg-type]  # checked on landing
                item_ids=(likes.subject_id,) * len(rows),
                liked_at=tuple(row.get("likedAt") for row in rows),
                crawled_at=self.now(),
            )
        fresh = likes.add(handles)
        if not rows or not page.get("next"):
            likes.end(self.tally)
        elif not fresh:
            self.tally.fail("a page that was read comes again", likes.unit)
        else:
            yield self._likers_request(likes)

    # Likes of a person

    def _users(self) -> Iterator[Request]:
        api = self.plan.arguments.api_url
        yield self._directory_request(f"{api}/v3/search?type=users&count={_COUNT}", "uid")
        listing = f"{api}/v3/models?sort_by=-likeCount&count={_COUNT}"
        yield self._directory_request(listing, "user", "uid")
        for handle in known_handles(self.plan.settings.data, self.name):
            yield from self._user_request(handle)

    def _directory_request(self, url: str, *path: str) -> Request:
        """Request of a page of users, asked for when no user that is known waits any more."""
        self.tally.open()
        request = self.request(url, self.parse_directory, unit="a page of users", path=path)
        request.meta["handle_httpstatus_list"] = [HTTPStatus.NOT_FOUND]
        return request.replace(priority=-1)

    def parse_directory(self, response: Response, path: tuple[str, ...]) -> _Output:
        """A request for each new user of a page, and the next page."""
        if response.status == HTTPStatus.NOT_FOUND:
            self.tally.counts["directories_missing"] += 1
            self.tally.finish()
            return
        page = read_object(response.body)
        rows = None if page is None else rows_of(page)
        if page is None or rows is None:
            yield from self.retried(response, "no JSON list")
            return
        if rows and not self._by_user.is_new_page(rows):
            self.tally.fail("a page that was read comes again", "a page of users")
            return
        self.tally.finish()
        for row in rows:
            yield from self._user_request(get(row, *path))
        following = page.get("next")
        if following and rows and self._is_next(following):
            yield self._directory_request(following, *path)

    def _user_request(self, handle: object) -> Iterator[Request]:
        if handle is None:
            return
        try:
            user = check_id(handle)
        except ValueError:
            self.tally.counts["users_rejected"] += 1
            return
        if not self._by_user.is_new(user):
            return
        self.tally.open()
        self.tally.counts["users"] += 1
        path = f"/v3/users/{quote(user, safe='')}/likes?count={_COUNT}"
        likes = LikeList(user, None, "likes of a user")
        yield self._liked_request(f"{self.plan.arguments.api_url}{path}", likes)

    def _liked_request(self, url: str, likes: LikeList) -> Request:
        request = self.request(url, self.parse_liked, unit=likes.unit, likes=likes)
        request.meta["handle_httpstatus_list"] = [HTTPStatus.NOT_FOUND]
        return request

    def parse_liked(self, response: Response, likes: LikeList) -> _Output:
        """Likes of a page of what a person likes, and the next page."""
        if response.status == HTTPStatus.NOT_FOUND:
            self.tally.counts["users_private"] += 1
            self.tally.finish()
            return
        page = read_object(response.body)
        rows = None if page is None else rows_of(page)
        if page is None or rows is None:
            yield from self.retried(response, "no JSON list")
            return
        wanted = [row for row in rows if self._by_user.in_catalogue(row.get("uid"))]
        self.tally.counts["off_catalogue"] += len(rows) - len(wanted)
        if wanted:
            yield LikesPage(
                subject_id=likes.subject_id,
                user_handles=(likes.subject_id,) * len(wanted),
                item_ids=tuple(row.get("uid") for row in wanted),  # type: ignore[misc]
                liked_at=tuple(row.get("likedAt") for row in wanted),
                crawled_at=self.now(),
            )
        fresh = likes.add([row.get("uid") for row in rows])
        self._by_user.count(fresh)
        following = page.get("next")
        if not rows or not following:
            self.tally.finish()
        elif not fresh or not self._is_next(following):
            self.tally.fail("next page is none of the site's, or was read", likes.unit)
        else:
            yield self._liked_request(following, likes)

    # Features

    def _features(self) -> Iterator[Request]:
        items = self._items()
        self.tally.total = len(items)
        for item in items:
            self.tally.open()
            url = f"{self.plan.arguments.base_url}/i/models/{quote(item.item_id, safe='')}"
            unit = f"features of {item.item_id}"
            yield self.request(url, self.parse_model, unit=unit, item_id=item.item_id)

    def parse_model(self, response: Response, item_id: str) -> _Output:
        """Features of a model from its JSON."""
        model = read_object(response.body)
        if model is None or model.get("uid") != item_id:
            yield from self.retried(response, "not the model's JSON")
            return
        self.tally.finish()
        yield FeatureRecord(
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

    def _items(self) -> list[ItemUnit]:
        folder = self.plan.catalogue_folder
        return [] if folder is None else read_items(folder)

    def _is_new_next(self, url: object) -> bool:
        return isinstance(url, str) and self._is_next(url) and self._listing.is_new(url)

    def _is_next(self, url: object) -> bool:
        return isinstance(url, str) and origin(url) in self.origins


def _thumbnails(images: Json) -> Json:
    """Pictures of a model; what is no list is left for the check to name."""
    if not isinstance(images, list):
        return images
    return tuple(
        Thumbnail(get(image, "url"), get(image, "width"), get(image, "height")) for image in images
    )

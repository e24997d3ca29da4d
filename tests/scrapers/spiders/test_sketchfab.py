"""Saved pages of each kind, with the records and requests that they must give."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, TextResponse
from scrapy.utils.test import get_crawler

from scrapers.arguments import CrawlArguments
from scrapers.checking import check
from scrapers.counts import Count
from scrapers.environment import CrawlSettings
from scrapers.likes_checking import check_likes
from scrapers.listing import CatalogueListing, LikeList, LikesByUser
from scrapers.plan import CrawlPlan
from scrapers.raw_zone import ItemUnit
from scrapers.records import (
    CatalogueSource,
    FeatureRecord,
    ItemRecord,
    LikesPage,
    Side,
    Stage,
    Thumbnail,
)
from scrapers.spiders.sketchfab import SketchfabSpider

PAGES = Path(__file__).parents[1] / "pages" / "sketchfab"
BASE = "http://127.0.0.1:8000"
VIKINGS = "7w7pAfrCfjovwykkEeRFLGw5SXS"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def spider(tmp_path, monkeypatch):
    arguments = CrawlArguments(
        base_url=BASE, api_url=BASE, stage=Stage.CATALOGUE, catalogue=CatalogueSource.JSON,
        side=Side.ITEM, like_floor=5, run_id="r1",
    )  # fmt: skip
    plan = CrawlPlan("sketchfab", arguments, CrawlSettings(data=tmp_path), None)
    monkeypatch.setattr(SketchfabSpider, "now", staticmethod(lambda: NOW))
    spider = SketchfabSpider(plan)
    spider.crawler = get_crawler()
    spider._listing = CatalogueListing(5, spider.tally)
    spider._by_user = LikesByUser([ItemUnit("m1", Count(1, 1)), ItemUnit("m2", None)], spider.tally)
    spider.tally.open()
    return spider


def answer(page, status=200, body=None):
    request = Request(f"{BASE}/x", meta={"unit": "a page", "retry_times": 99})
    content = (PAGES / page).read_bytes() if body is None else body
    kind = HtmlResponse if page.endswith("html") else TextResponse
    return kind(request.url, status, body=content, request=request, encoding="utf-8")


def split(output):
    output = list(output)
    requests = [part for part in output if isinstance(part, Request)]
    return [part for part in output if not isinstance(part, Request)], requests


def test_listing_gives_items_down_to_the_floor_and_the_next_page(spider):
    items, requests = split(spider.parse_listing(answer("listing.json")))
    assert [check(item) for item in items] == [
        ItemRecord(VIKINGS, 'Viking Village | "hut"', 1204, None,
                   f"{BASE}/3d-models/viking-village-{VIKINGS}", NOW),
        ItemRecord("0123456789abcdef0123456789abcdef", None, 7, None, None, NOW),
    ]  # fmt: skip
    assert [request.url for request in requests] == [
        f"{BASE}/v3/models?sort_by=-likeCount&count=24&cursor=cD0y"
    ]
    assert (spider.tally.opened, spider.tally.done) == (2, 1)


@pytest.mark.parametrize("following", [f'"{BASE}/v3/models?again"', '"http://192.0.2.1/v3"', "7"])
def test_next_page_that_loops_or_leads_away_fails_the_catalogue(spider, following):
    body = b'{"results": [{"uid": "a", "likeCount": 9}], "next": %s}' % following.encode()
    spider._listing.is_new(f"{BASE}/v3/models?again")
    _, requests = split(spider.parse_listing(answer("listing.json", body=body)))
    assert requests == []
    assert spider.tally.failures.total() == 1


def test_grid_gives_items_with_counts_as_written_and_a_page_further_on(spider):
    items, requests = split(spider.parse_grid(answer("grid.html"), page=3))
    assert [check(item) for item in items] == [
        ItemRecord(VIKINGS, 'Viking Village | "hut"', 1200, "1.2k",
                   f"{BASE}/3d-models/viking-village-{VIKINGS}", NOW),
        ItemRecord("0123456789abcdef0123456789abcdef", None, 7, "7", f"{BASE}/x", NOW),
    ]  # fmt: skip
    assert [request.url for request in requests] == [f"{BASE}/models?sort_by=-likeCount&page=7"]
    assert requests[0].meta["playwright"]
    assert "playwright_include_page" not in requests[0].meta  # the handler closes the page


def test_empty_grid_ends_the_catalogue(spider):
    body = b'<div class="infinite-grid is-loaded is-empty"></div>'
    items, requests = split(spider.parse_grid(answer("grid.html", body=body), page=9))
    assert (items, requests) == ([], [])
    assert spider.tally.done == 1


def test_grid_that_failed_fails_its_page(spider):
    body = b'<div class="infinite-grid is-failed"></div>'
    assert split(spider.parse_grid(answer("grid.html", body=body), page=9)) == ([], [])
    assert spider.tally.failures == {"the grid says that it failed": 1}


def test_page_of_likers_is_one_item_and_asks_for_the_next_offset(spider):
    likes = LikeList("m1", None, "likes of m1")
    (page,), requests = split(spider.parse_likers(answer("likers.json"), likes))
    assert isinstance(page, LikesPage)
    checked = check_likes(page)
    assert checked.user_handles == ["user-1", "user-2"]
    assert checked.item_ids == ["m1", "m1"]
    assert checked.liked_at == [datetime(2026, 1, 2, 3, 4, 5, 6, UTC), None]
    assert len(checked.rejected) == 1
    assert [request.url for request in requests] == [f"{BASE}/i/likes?model=m1&count=24&offset=3"]


def test_page_of_likers_that_comes_again_fails_the_list(spider):
    likes = LikeList("m1", None, "likes of m1")
    split(spider.parse_likers(answer("likers.json"), likes))
    _, requests = split(spider.parse_likers(answer("likers.json"), likes))
    assert requests == []
    assert spider.tally.failures == {"a page that was read comes again": 1}


def test_last_page_of_likers_compares_with_what_was_announced(spider):
    for announced, short in ((Count(1, 1), 0), (Count(90, 90), 1)):
        likes = LikeList("m1", announced, "likes of m1")
        body = b'{"results": [{"uid": "user-1"}], "next": null}'
        split(spider.parse_likers(answer("likers.json", body=body), likes))
        assert spider.tally.counts["short_lists"] == short


def test_directory_gives_each_new_user_once(spider):
    _, requests = split(spider.parse_directory(answer("directory.json"), ("uid",)))
    assert [(request.url, request.priority) for request in requests] == [
        (f"{BASE}/v3/users/user-1/likes?count=24", 0),
        (f"{BASE}/v3/users/user%2F2/likes?count=24", 0),
        (f"{BASE}/v3/search?type=users&count=24&cursor=cD0y", -1),
    ]


def test_site_without_a_directory_is_no_failure(spider):
    assert split(spider.parse_directory(answer("directory.json", 404), ("uid",))) == ([], [])
    assert spider.tally.counts["directories_missing"] == 1
    assert spider.tally.failures.total() == 0


def test_likes_of_a_user_are_kept_where_the_catalogue_has_the_item(spider):
    likes = LikeList("user-1", None, "likes of a user")
    (page,), requests = split(spider.parse_liked(answer("liked.json"), likes))
    assert page.user_handles == ("user-1", "user-1")
    assert page.item_ids == ("m1", "m2")
    assert requests == []
    assert spider.tally.counts["off_catalogue"] == 1


def test_private_user_is_counted_and_no_failure(spider):
    likes = LikeList("user-1", None, "likes of a user")
    assert split(spider.parse_liked(answer("liked.json", 404), likes)) == ([], [])
    assert spider.tally.counts["users_private"] == 1
    assert spider.tally.failures.total() == 0


def test_model_gives_its_features_and_no_user_id(spider):
    (record,), _ = split(spider.parse_model(answer("model.json"), "m1"))
    assert check(record) == FeatureRecord(
        item_id="m1",
        title="Viking Village",
        creator="Ann Lee",
        license="CC Attribution",
        like_count=1204,
        view_count=90210,
        published_at=datetime(2015, 2, 3, 4, 5, 6, 7, UTC),
        url=f"{BASE}/3d-models/viking-village-m1",
        embed_url=f"{BASE}/models/m1/embed",
        tags=("viking",),
        categories=("Places & Travel",),
        thumbnails=(
            Thumbnail(f"{BASE}/media/m1/320.webp", 320, 180),
            Thumbnail(f"{BASE}/media/m1/64.webp", 64, 36),
        ),
        crawled_at=NOW,
    )


def test_json_of_another_model_is_not_taken(spider):
    assert split(spider.parse_model(answer("model.json"), "m2")) == ([], [])
    assert spider.tally.failures == {"not the model's JSON": 1}


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"results": "none"}', b"[" * 100_000])
def test_what_is_no_json_list_is_asked_for_again(spider, body):
    response = answer("listing.json", body=body)
    response.request.meta["retry_times"] = 0
    _, requests = split(spider.parse_listing(response))
    assert [request.meta["retry_times"] for request in requests] == [1]
    assert spider.tally.failures.total() == 0


def test_catalogue_without_an_end_is_left_though_each_page_names_another(spider):
    asked = []
    for page in range(9):
        body = b'{"results": [{"uid": "a", "likeCount": 9}], "next": "%s/v3/models?cursor=%d"}'
        body %= (BASE.encode(), page)
        asked.append(len(split(spider.parse_listing(answer("listing.json", body=body)))[1]))
        if not asked[-1]:
            break
    assert asked == [1, 1, 1, 0]
    assert spider.tally.failures.total() == 1


def test_grid_without_an_end_is_left(spider):
    asked = [len(split(spider.parse_grid(answer("grid.html"), page=n))[1]) for n in range(1, 5)]
    assert asked == [1, 1, 1, 0]
    assert spider.tally.failures == {"pages that were read come again": 1}


def test_directory_page_that_comes_again_ends_the_directory(spider):
    split(spider.parse_directory(answer("directory.json"), ("uid",)))
    assert split(spider.parse_directory(answer("directory.json"), ("uid",))) == ([], [])
    assert spider.tally.failures == {"a page that was read comes again": 1}


def test_users_ids_are_taken_as_the_item_side_takes_them(spider):
    body = '{"results": [{"uid": "a ü"}, {"uid": "a\\u202eb"}, {"uid": 7}, {}]}'.encode()
    response = answer("directory.json", body=body)
    _, requests = split(spider.parse_directory(response, ("uid",)))
    assert [r.url for r in requests] == [f"{BASE}/v3/users/a%20%C3%BC/likes?count=24"]
    assert spider.tally.counts["users_rejected"] == 2

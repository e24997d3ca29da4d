import json
import signal
import threading
import time

import polars as pl
import pytest

from scrapers.records import RunStatus, read_manifest

KEYS = ["user_handle", "item_id"]
ROBOTS = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nAllow: /\n")
NO_ROBOTS = (404, {}, b"")


def as_json(value):
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


def models(*uids, following=None):
    rows = [{"uid": uid, "name": uid, "likeCount": 9} for uid in uids]
    return as_json({"results": rows, "next": following})


def assert_lands_world(crawls, world, run_id="r1"):
    landed = crawls.rows("likes", run_id)
    wanted = pl.read_parquet(world / "likes.parquet")
    columns = [*KEYS, "liked_at"]
    assert landed.select(columns).sort(KEYS).equals(wanted.select(columns).sort(KEYS))


def test_stages_land_the_whole_world_from_either_side(crawls, replica, tiny_world):
    asked = {"base_url": replica, "run_id": "r1", "like_floor": 1}
    for stage in ("catalogue", "likes", "features"):
        code, log = crawls.run(**asked, stage=stage, catalogue="json")
        assert code == 0, log
    assert_lands_world(crawls, tiny_world)

    code, log = crawls.run(base_url=replica, run_id="r2", like_floor=1, stage="likes", side="user")
    assert code == 0, log
    assert_lands_world(crawls, tiny_world, "r2")

    items = crawls.rows("items")
    features = items.select("item_id").join(
        crawls.rows("features"), on="item_id", maintain_order="left"
    )
    assert len(features) == len(items) == len(crawls.rows("features"))
    assert items["title"][0] == 'Model 0 | "q" <b>\u00e9'
    assert features.row(1, named=True)["creator"] == "Ann Lee"
    assert features["thumbnails"].list.len().min() >= 1
    site = crawls.rows("site")
    assert (len(site), site["base_url"][0]) == (1, replica)
    assert read_manifest(crawls.folder("likes")).counts["likes_announced"] == 930
    assert "fan" not in log


@pytest.mark.browser
def test_browser_lands_the_catalogue_that_the_listing_lands(crawls, replica):
    for source in ("browser", "json"):
        code, log = crawls.run(
            base_url=replica, stage="catalogue", catalogue=source, like_floor=20, run_id=source
        )
        assert code == 0, log
    columns = ["item_id", "title", "like_count", "url"]
    drawn, listed = (
        crawls.rows("items", source).select(columns).sort("item_id")
        for source in ("browser", "json")
    )
    assert len(listed) == 21
    assert drawn.equals(listed)
    assert crawls.rows("items", "browser")["like_count_text"].to_list()[0] == "60"


def test_every_fault_of_the_arguments_is_named_at_once(crawls):
    code, log = crawls.run(
        base_url="ftp://x", stage="all", side="left", like_floor="-1", run_id="../up", speed="9"
    )
    assert code == 1
    for name in ("base_url", "stage", "side", "like_floor", "run_id", "speed"):
        assert f"- {name} is" in log
    assert not crawls.data.exists()


def test_fast_profile_is_refused_off_loopback_and_a_contact_is_asked_for(crawls):
    code, log = crawls.run(base_url="http://192.0.2.1", catalogue="json")
    assert code == 1
    assert "LIKEWISE_PROFILE is fast" in log
    assert "LIKEWISE_CONTACT is missing" in log


def test_later_stage_without_a_catalogue_says_what_to_run(crawls):
    code, log = crawls.run(base_url="http://127.0.0.1:9", stage="likes")
    assert code == 1
    assert "run -a stage=catalogue first" in log


def test_unknown_spider_is_named(crawls):
    process = crawls.start(prelude="import sys; sys.argv[2] = 'nosuch'")
    _, log = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "nosuch is no spider; there are sketchfab" in log


@pytest.mark.parametrize(
    ("robots", "is_known"),
    [((503, {}, b""), False), (ROBOTS, True), (NO_ROBOTS, True)],
    ids=["unreachable", "allows", "absent"],
)
def test_nothing_is_fetched_unless_robots_txt_is_known(
    crawls, serve, monkeypatch, robots, is_known
):
    monkeypatch.setenv("LIKEWISE_PATIENCE_H", "0.0003")
    with serve(lambda path: robots if path == "/robots.txt" else models("a")) as (url, asked):
        code, log = crawls.run(base_url=url, catalogue="json", run_id="r1")
    assert code == (0 if is_known else 3), log
    assert (set(asked) == {"/robots.txt"}) is not is_known
    assert ("cannot be had" in log) is not is_known


def test_what_robots_txt_disallows_is_not_fetched(crawls, serve):
    rules = (200, {}, b"User-agent: likewise\nDisallow: /v3/\n")
    with serve(lambda path: rules if path == "/robots.txt" else models("a")) as (url, asked):
        code, log = crawls.run(base_url=url, catalogue="json")
    assert (code, asked) == (3, ["/robots.txt"])
    assert "robots.txt disallows it" in log


def test_page_that_stays_broken_makes_the_run_partial(crawls, serve):
    def answer(path):
        if path == "/robots.txt":
            return ROBOTS
        if "cursor=2" in path:
            return 200, {"Content-Type": "text/html"}, b"<html>sorry</html>"
        return models("a", "b", following=f"{base}&cursor=2")

    with serve(answer) as (url, asked):
        base = f"{url}/v3/models?sort_by=-likeCount"
        code, log = crawls.run(base_url=url, catalogue="json", run_id="r1")
    manifest = read_manifest(crawls.folder("items"))
    assert code == 3, log
    assert (manifest.status, manifest.rows) == (RunStatus.PARTIAL, 2)
    assert manifest.counts["failed: no page of the catalogue"] == 2  # passes over the catalogue
    assert len([path for path in asked if "cursor=2" in path]) == 2 * 5


def test_bad_record_is_set_aside_and_the_rest_is_landed(crawls, serve):
    page = {"results": [{"uid": "a", "name": "x"}, {"uid": 7}, {"uid": "b", "likeCount": "9"}]}
    with serve(lambda path: ROBOTS if path == "/robots.txt" else as_json(page)) as (url, _):
        code, log = crawls.run(base_url=url, catalogue="json", run_id="r1")
    assert code == 0, log
    assert crawls.rows("items")["item_id"].to_list() == ["a"]
    rejects = (crawls.folder("items") / "rejects.jsonl").read_text().splitlines()
    assert [json.loads(line)["reasons"] for line in rejects] == [
        ["item_id: is int, expected text"],
        ["like_count: is str, expected a whole number"],
    ]
    assert read_manifest(crawls.folder("items")).counts["rejected"] == 2


def test_redirect_inside_the_site_is_followed_and_others_are_refused(crawls, serve):
    def answer(path):
        if path == "/robots.txt":
            return ROBOTS
        if "cursor=away" in path:
            return 302, {"Location": f"{elsewhere}/v3/models?cursor=away"}, b""
        if "cursor=2" in path and "seen" not in path:
            return 302, {"Location": f"{path}&seen=1"}, b""
        if "cursor=2" in path:
            return models("b", following=f"{base}&cursor=away")
        return models("a", following=f"{base}&cursor=2")

    with serve(lambda _: models("z")) as (elsewhere, asked_elsewhere), serve(answer) as (url, _):
        base = f"{url}/v3/models?sort_by=-likeCount"
        code, log = crawls.run(base_url=url, catalogue="json", run_id="r1")
    assert code == 3, log
    assert crawls.rows("items")["item_id"].unique().sort().to_list() == ["a", "b"]
    assert "redirects off the site" in log
    assert asked_elsewhere == []


def test_huge_body_is_not_read(crawls, serve):
    body = json.dumps({"results": [], "pad": "x" * 11_000_000}).encode()
    with serve(lambda path: ROBOTS if path == "/robots.txt" else (200, {}, body)) as (url, _):
        code, log = crawls.run(base_url=url, catalogue="json", options=("-s", "RETRY_TIMES=0"))
    assert code == 3
    assert "failed: catalogue_page" in log


def test_retry_after_holds_the_host(crawls, serve):
    times = []

    def answer(path):
        if path == "/robots.txt":
            return ROBOTS
        times.append(time.monotonic())
        return (429, {"Retry-After": "2"}, b"") if len(times) == 1 else models("a")

    with serve(answer) as (url, _):
        code, log = crawls.run(base_url=url, catalogue="json")
    assert code == 0, log
    assert times[1] - times[0] >= 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_lands_what_was_read_though_an_answer_hangs(crawls, serve, number):
    hanging, ended = threading.Event(), threading.Event()

    def answer(path):
        if path == "/robots.txt":
            return ROBOTS
        if "cursor=2" in path:
            hanging.set()
            ended.wait(30)
        return models("a", "b", following=f"{base}&cursor=2")

    with serve(answer) as (url, _):
        base = f"{url}/v3/models?sort_by=-likeCount"
        process = crawls.start(base_url=url, catalogue="json", run_id="r1")
        assert hanging.wait(20)
        process.send_signal(number)
        _, log = process.communicate(timeout=5)
        ended.set()
    assert process.returncode == 3, log
    assert crawls.rows("items")["item_id"].to_list() == ["a", "b"]
    manifest = read_manifest(crawls.folder("items"))
    assert (manifest.status, manifest.counts["units_unread"]) == (RunStatus.PARTIAL, 1)


@pytest.mark.parametrize("is_redacted", [True, False], ids=["redacted", "twin"])
def test_log_holds_no_handle_even_of_a_page_that_fails(crawls, serve, replica, is_redacted):
    crawls.run(base_url=replica, stage="catalogue", catalogue="json", run_id="r1", like_floor=1)

    def answer(path):
        if path == "/robots.txt":
            return ROBOTS
        if path.startswith("/v3/search"):
            return as_json({"results": [{"uid": "secret-handle"}], "next": None})
        return (500, {}, b"") if "secret-handle" in path else models()

    off = "import scrapers.commands.crawl as c; c.install_redaction = lambda patterns: None"
    with serve(answer) as (url, asked):
        code, log = crawls.run(
            prelude="" if is_redacted else off,
            options=("-L", "DEBUG"),
            base_url=url, stage="likes", side="user", run_id="r1",
        )  # fmt: skip
    assert code == 3
    assert any("secret-handle" in path for path in asked)
    assert ("secret-handle" in log) is not is_redacted

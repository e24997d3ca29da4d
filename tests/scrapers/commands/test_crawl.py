import json
import signal
import threading
from itertools import count
from urllib.parse import parse_qsl, urlsplit

import polars as pl
import pytest

from scrapers.records import RunStatus, UnitState, read_manifest
from scrapers.work import BATCH
from tests.scrapers.playing import land_catalogue

KEYS = ["user_handle", "item_id"]
ROBOTS = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nAllow: /\n")
IMPATIENT = ("-s", "PATIENCE_S=1")
PATIENT = ("-s", "DOWNLOAD_TIMEOUT=600")
ONE_AT_ONCE = ("-s", "CONCURRENT_REQUESTS=1")
SMALL_PARTS = ("-s", "LANDING_PART_ROWS=100")


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
    assert "units," not in log  # nobody watches: no bar


@pytest.mark.browser
def test_browser_lands_the_catalogue_as_it_is_drawn(crawls, replica, tiny_world):
    code, log = crawls.run(base_url=replica, stage="catalogue", like_floor=20, run_id="r1")
    assert code == 0, log
    drawn = crawls.rows("items").sort("like_count", descending=True)
    assert drawn["like_count"].to_list() == list(range(60, 19, -2))
    assert drawn["like_count_text"].to_list() == [str(n) for n in range(60, 19, -2)]
    world = pl.read_parquet(tiny_world / "items.parquet").head(21)
    assert drawn["item_id"].to_list() == world["item_id"].to_list()
    assert drawn["title"].to_list() == [f'Model {n} | "q" <b>\u00e9' for n in range(21)]
    assert drawn["url"].str.starts_with(f"{replica}/3d-models/").all()


def test_every_fault_of_the_arguments_is_named_at_once(crawls):
    code, log = crawls.run(
        base_url="ftp://x", stage="all", side="left", like_floor="-1", run_id="../up", speed="9"
    )
    assert code == 1
    for name in ("base_url", "stage", "side", "like_floor", "run_id", "speed"):
        assert f"- {name} is" in log
    assert not crawls.data.exists()


def test_unknown_spider_is_named(crawls):
    process = crawls.start(prelude="import sys; sys.argv[2] = 'nosuch'")
    _, log = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "nosuch is no spider; there are sketchfab" in log


def test_what_robots_txt_disallows_is_not_fetched(crawls, serve):
    rules = (200, {}, b"User-agent: likewise\nDisallow: /v3/\n")
    with serve(lambda path: rules if path == "/robots.txt" else models("a")) as (url, asked):
        code, log = crawls.run(base_url=url, catalogue="json", run_id="r1", mode="incremental")
    assert (code, asked) == (3, ["/robots.txt"])
    assert "failed: catalogue_page 1:1 (robots.txt disallows it)" in log
    (unit,) = read_manifest(crawls.folder("items")).units.values()
    assert (unit.state, unit.why) == (UnitState.FAILED, "robots.txt disallows it")


def test_robots_txt_that_cannot_be_had_lets_nothing_be_fetched(crawls, serve):
    with serve(lambda _: (503, {}, b"")) as (url, asked):
        code, log = crawls.run(base_url=url, catalogue="json", run_id="r1", options=IMPATIENT)
    assert code == 3, log
    assert set(asked) == {"/robots.txt"}
    assert "cannot be had" in log


def test_site_that_is_empty_is_a_failure(crawls, serve):
    with serve(lambda path: ROBOTS if path == "/robots.txt" else models()) as (url, _):
        code, log = crawls.run(base_url=url, catalogue="json", run_id="r1")
    assert code == 1, log
    assert read_manifest(crawls.folder("items")).status is RunStatus.FAILED


def test_page_that_stays_broken_makes_the_run_partial(crawls, serve):
    def answer(path):
        if path == "/robots.txt":
            return ROBOTS
        if "cursor=2" in path:
            return 200, {"Content-Type": "text/html"}, b"<html>sorry</html>"
        return models("a", "b", following=f"{base}&cursor=2")

    with serve(answer) as (url, asked):
        base = f"{url}/v3/models?sort_by=-likeCount"
        code, log = crawls.run(base_url=url, catalogue="json", run_id="r1", mode="incremental")
    manifest = read_manifest(crawls.folder("items"))
    assert code == 3, log
    assert (manifest.status, manifest.rows) == (RunStatus.PARTIAL, 2)
    states = {unit.key: (unit.state, unit.why) for unit in manifest.units.values()}
    assert states["1:1"] == (UnitState.DONE, None)
    assert states["1:2"] == (UnitState.FAILED, "no page of the catalogue")
    assert manifest.counts["failed: no page of the catalogue"] == 1
    assert len([path for path in asked if "cursor=2" in path]) == 5
    assert "failed: catalogue_page 1:2 (no page of the catalogue)" in log


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_lands_what_was_read_though_an_answer_hangs(crawls, serve, number):
    hanging, ended = threading.Event(), threading.Event()

    def answer(path):
        if path == "/robots.txt":
            return ROBOTS
        if "cursor=2" in path:
            hanging.set()
            ended.wait(300)
        return models("a", "b", following=f"{base}&cursor=2")

    with serve(answer) as (url, _):
        base = f"{url}/v3/models?sort_by=-likeCount"
        process = crawls.start(base_url=url, catalogue="json", run_id="r1", options=PATIENT)
        assert hanging.wait(120)
        process.send_signal(number)
        _, log = process.communicate(timeout=120)
        ended.set()
    assert process.returncode == 3, log
    assert crawls.rows("items")["item_id"].to_list() == ["a", "b"]
    manifest = read_manifest(crawls.folder("items"))
    assert (manifest.status, manifest.counts["units_unread"]) == (RunStatus.PARTIAL, 1)


@pytest.mark.parametrize("is_redacted", [True, False], ids=["redacted", "twin"])
def test_log_holds_no_handle_even_of_a_page_that_fails(crawls, serve, is_redacted):
    land_catalogue(crawls.data, {"m0": 1})

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


def fans(item, n, first=0):
    return [f"{item}/fan-{number}" for number in range(first, n)]


class LikesSite:
    """Who likes each item, newest first; `hook` is called with the number of pages asked for."""

    def __init__(self, likes_of, hook=lambda _: None):
        self.likes_of = likes_of
        self.hook = hook
        self.n_asked = count(1)

    def __call__(self, path):
        parts = urlsplit(path)
        if parts.path == "/robots.txt":
            return ROBOTS
        self.hook(next(self.n_asked))
        query = dict(parse_qsl(parts.query))
        likes, offset = self.likes_of[query["model"]], int(query["offset"])
        rows = [{"uid": uid} for uid in likes[offset : offset + 24]]
        return as_json({"results": rows, "next": path if offset + 24 < len(likes) else None})

    @property
    def pairs(self):
        return sorted((user, item) for item, users in self.likes_of.items() for user in users)

    def announce(self, crawls, run_id="c1"):
        """Land a catalogue that announces what there is."""
        counts = {item: len(users) for item, users in self.likes_of.items()}
        land_catalogue(crawls.data, counts, run_id)


def landed(crawls, *run_ids):
    return sorted(
        row for run_id in run_ids for row in crawls.rows("likes", run_id).select(KEYS).iter_rows()
    )


def asked_lists(asked):
    return sorted({parse_qsl(urlsplit(path).query)[0][1] for path in asked if "model=" in path})


LISTS = {f"m{n}": fans(f"m{n}", 10 + 3 * n) for n in range(40)}


def test_crawl_that_is_killed_goes_on_and_lands_each_like_once(crawls, serve):
    reached, killed = threading.Event(), threading.Event()

    def hang(n):
        if n >= 60:
            reached.set()
            killed.wait(120)

    site = LikesSite(LISTS, hang)
    site.announce(crawls)
    asked_for = {"stage": "likes", "run_id": "r1", "options": SMALL_PARTS}
    with serve(site) as (url, asked):
        process = crawls.start(base_url=url, **asked_for)
        assert reached.wait(120)
        process.kill()
        process.communicate()
        killed.set()
        before = read_manifest(crawls.folder("likes"))
        assert before.status is RunStatus.RUNNING
        assert before.rows < len(site.pairs)
        n_before = len(asked)
        code, log = crawls.run(base_url=url, **asked_for)
        n_after = len(asked) - n_before
    assert code == 0, log
    assert landed(crawls, "r1") == site.pairs
    manifest = read_manifest(crawls.folder("likes"))
    assert manifest.parts[: len(before.parts)] == before.parts
    assert sorted(u.key for part in manifest.parts for u in part.units) == sorted(LISTS)
    n_pages = sum(1 + max(0, len(users) - 5) // 20 for users in LISTS.values())
    assert 0 < n_after < n_pages


def test_daily_crawl_visits_what_is_new_or_changed_and_misses_no_new_like(crawls, serve):
    site = LikesSite(dict(LISTS))
    site.announce(crawls)
    with serve(site) as (url, asked):
        code, log = crawls.run(base_url=url, stage="likes", run_id="r1")
        assert code == 0, log
        site.likes_of |= {"m3": [*fans("m3", 60, 50), *LISTS["m3"]], "fresh": fans("fresh", 30)}
        site.announce(crawls, "c2")
        asked.clear()
        code, log = crawls.run(base_url=url, stage="likes", run_id="r2", mode="incremental")
    assert code == 0, log
    assert asked_lists(asked) == ["fresh", "m3"]
    assert len(asked) == 1 + 1 + 2
    news = [(u, "m3") for u in fans("m3", 60, 50)] + [(u, "fresh") for u in fans("fresh", 30)]
    assert landed(crawls, "r2") == sorted(news)
    manifest = read_manifest(crawls.folder("likes", "r2"))
    assert (manifest.mode, manifest.counts["lists_unchanged"]) == ("incremental", 39)
    assert landed(crawls, "r1", "r2") == site.pairs


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_two_processes_that_share_a_crawl_land_each_list_once(
    crawls, serve, database, request, monkeypatch
):
    if database == "postgresql":
        monkeypatch.setenv("LIKEWISE_LEDGER_URL", request.getfixturevalue("postgres_url"))
    both = threading.Barrier(2)  # each has claimed a batch and waits for the other

    def meet(n):
        if n <= 2:
            both.wait(120)

    site = LikesSite({f"m{n}": fans(f"m{n}", 2) for n in range(3 * BATCH)}, meet)
    site.announce(crawls)
    together = (*SMALL_PARTS, *ONE_AT_ONCE, *PATIENT)
    asked_for = {"stage": "likes", "run_id": "r1", "options": together}
    with serve(site) as (url, _):
        workers = [crawls.start(base_url=url, worker=f"{n}/2", **asked_for) for n in (1, 2)]
        logs = [worker.communicate(timeout=300)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], "".join(logs)
    run_ids = [f"r1.{n}-of-2" for n in (1, 2)]
    assert landed(crawls, *run_ids) == site.pairs
    manifests = [read_manifest(crawls.folder("likes", run_id)) for run_id in run_ids]
    units = [{key for _, key in manifest.units} for manifest in manifests]
    assert units[0] | units[1] == set(site.likes_of)
    assert not units[0] & units[1]
    assert min(map(len, units)) >= BATCH
    assert {manifest.crawl_id for manifest in manifests} == {"r1"}

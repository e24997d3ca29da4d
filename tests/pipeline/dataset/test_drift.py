"""Planted drifts are stopped before anything is curated; ordinary life raises no alarm."""

import math
import re
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from pipeline.dataset.curated import Curated, curated_path, require_curated
from pipeline.dataset.drift import Finding, Limits, Profile, findings
from pipeline.dataset.items import curate_items
from pipeline.dataset.likes import curate_likes
from pipeline.dataset.measures import Measure, Measured
from pipeline.dataset.verdicts import JUDGED, State, judge
from pipeline.errors import DriftError
from scrapers.records import Mode, RawTable
from tests.pipeline.dataset.conftest import BEGUN, KEY
from tests.pipeline.dataset.living_world import LivingWorld, land

ITEMS, LIKES, FEATURES = RawTable.ITEMS, RawTable.LIKES, RawTable.FEATURES
FULL, INCREMENTAL = Mode.FULL, Mode.INCREMENTAL
DAYS, WEEK = 50, 7
NULL, NO_TAGS = pl.lit(None), pl.lit([], dtype=pl.List(pl.String))


def columns(table, **changed):
    """A drift that makes columns of a table something else."""

    def plant(landings):
        rows = landings[table].rows
        kinds = {name: rows.schema[name] for name in changed}
        landings[table].rows = rows.with_columns(**changed).cast(kinds)

    return plant


def share_of(share, value, column):
    """A value in a share of the rows, spread over them all."""
    return pl.when(pl.int_range(pl.len()) % 100 < share * 100).then(value).otherwise(column)


def rejects(table, field, share):
    def plant(landings):
        landing = landings[table]
        n = round(len(landing.rows) * share)
        landing.rows = landing.rows[n:]
        landing.counts = {"rejected": n, f"rejected_{field}": n}

    return plant


def half_the_catalogue(landings):
    landings[ITEMS].rows = landings[ITEMS].rows[::2]


def half_of_each_list(landings):
    landing = landings[LIKES]
    landing.rows = landing.rows[::2]
    landing.units = [replace(unit, read=unit.read // 2) for unit in landing.units]


def lists_without_likes(landings):
    landing = landings[LIKES]
    landing.units = [
        replace(unit, read=0 if n % 3 == 0 else unit.read) for n, unit in enumerate(landing.units)
    ]


def picture_of(host):
    picture = pl.struct(url=pl.lit(f"https://{host}/p.webp"), width=320, height=240)
    return pl.concat_list(picture)


TITLE, TAGS, COUNT, VIEWS = (pl.col(c) for c in ("title", "tags", "like_count", "view_count"))
DRIFTS = {
    "field renamed": (columns(FEATURES, creator=NULL), "creator share of rows with a value"),
    "type changed": (rejects(ITEMS, "like_count", 0.3), "like_count share of records rejected"),
    "field gone from 30 %": (
        columns(FEATURES, license=share_of(0.3, NULL, pl.col("license"))),
        "license share of rows with a value",
    ),
    "ids of another shape": (
        columns(ITEMS, item_id=pl.int_range(10**6, 10**6 + pl.len()).cast(pl.String)),
        "item_id share of ids that are digits",
    ),
    "people by their names": (
        columns(LIKES, user_handle=pl.format("{} Smith", pl.col("user_handle").str.head(6))),
        "user_handle share of ids that are",
    ),
    "counts tenfold": (columns(ITEMS, like_count=COUNT * 10), "like_count quantile"),
    "counts zero": (columns(ITEMS, like_count=pl.lit(0)), "like_count share of zeros"),
    "counts in thousands": (columns(FEATURES, view_count=VIEWS // 1000), "view_count quantile"),
    "tags emptied": (columns(FEATURES, tags=NO_TAGS), "tags share of rows with a value"),
    "tags joined to one": (
        columns(FEATURES, tags=pl.concat_list(TAGS.list.join(" "))),
        "tags mean number of entries",
    ),
    "titles emptied": (columns(ITEMS, title=pl.lit(" ")), "title share of rows with a value"),
    "half the catalogue": (half_the_catalogue, "rows"),
    "urls of another host": (
        columns(ITEMS, url=pl.format("https://cdn.example/{}", pl.col("item_id"))),
        "url share of urls on cdn.example",
    ),
    "pictures of another host": (
        columns(FEATURES, thumbnails=picture_of("lost.example")),
        "thumbnails share of urls on lost.example",
    ),
    "urls without a host": (columns(ITEMS, url=pl.lit("/item")), "url share of urls on no host"),
    "likes halved": (half_of_each_list, "item_likes read of what was announced"),
    "lists without likes": (lists_without_likes, "item_likes share of lists that are empty"),
    "times absent": (columns(LIKES, liked_at=NULL), "liked_at share of rows with a value"),
    "times shifted": (
        columns(LIKES, liked_at=pl.col("liked_at") - pl.duration(days=365)),
        "liked_at quantile in seconds",
    ),
    "times at the epoch": (
        columns(FEATURES, published_at=pl.datetime(1970, 1, 1, time_zone="UTC")),
        "published_at quantile in seconds",
    ),
}
OF_ANY_CRAWL = (
    "field renamed", "type changed", "ids of another shape", "people by their names",
    "tags emptied", "titles emptied", "urls of another host", "likes halved", "times absent",
)  # fmt: skip


@pytest.fixture(scope="module")
def world():
    """Two full crawls a week apart and the daily one after each; made once, landed by tests."""
    world = LivingWorld(seed=1)
    crawls = {}
    for day in range(WEEK + 2):
        if day:
            world.advance()
        if day in {0, 1, WEEK, WEEK + 1}:
            mode = FULL if day in {0, WEEK} else INCREMENTAL
            crawls[day] = (mode, world.crawl(mode))
    return crawls


def land_day(raw, world, day, plant=lambda landings: None):
    mode, landed = world[day]
    landings = {table: replace(landing) for table, landing in landed.items()}
    plant(landings)
    for table, landing in landings.items():
        raw.land_frames(
            table,
            f"day-{day}",
            [(landing.rows, landing.units)],
            day=day,
            mode=mode,
            counts=landing.counts,
        )


def curate(raw):
    return curate_likes(raw.data, raw.site, KEY), curate_items(raw.data, raw.site)


def likes_file(raw):
    return curated_path(raw.data, raw.site, Curated.LIKES).read_bytes()


@pytest.mark.parametrize("name", DRIFTS)
def test_planted_drift_of_a_full_crawl_stops_before_likes(raw, world, name):
    plant, told = DRIFTS[name]
    land_day(raw, world, 0)
    curate(raw)
    before = likes_file(raw)
    land_day(raw, world, WEEK, plant)
    with pytest.raises(DriftError) as caught:
        curate_likes(raw.data, raw.site, KEY)
    assert f"  - {told}" in str(caught.value)
    assert "python -m pipeline accept --site shop --run day-7" in str(caught.value)
    assert likes_file(raw) == before


@pytest.mark.parametrize("name", OF_ANY_CRAWL)
def test_planted_drift_of_a_daily_crawl_stops_before_likes(raw, world, name):
    plant, told = DRIFTS[name]
    for day in (0, 1):
        land_day(raw, world, day)
        curate(raw)
    land_day(raw, world, WEEK + 1, plant)
    with pytest.raises(DriftError) as caught:
        curate(raw)
    assert f"  - {told}" in str(caught.value)


def test_fifty_days_of_churn_raise_no_alarm(raw):
    world = LivingWorld(seed=0)
    for day in range(DAYS):
        if day:
            world.advance(churn=0.01)
        mode = INCREMENTAL if day % WEEK else FULL
        land(raw, world, world.crawl(mode), mode)
    verdicts = [verdict for table in JUDGED for verdict in judge(raw.data, raw.site, table)]
    assert len(verdicts) == DAYS * len(JUDGED)
    assert [verdict.findings for verdict in verdicts if verdict.findings] == []
    first = [verdict.profile.crawl_id for verdict in verdicts if verdict.against is None]
    assert first == ["day-000"] * len(JUDGED)


def test_features_that_drifted_stop_items_and_likes_and_show_records(raw, world):
    land_day(raw, world, 0)
    curate(raw)
    land_day(raw, world, WEEK, DRIFTS["tags emptied"][0])
    for curation in (lambda: curate_items(raw.data, raw.site), lambda: curate(raw)):
        with pytest.raises(DriftError) as caught:
            curation()
        message = str(caught.value)
        assert "features of day-7, held against day-0" in message
        assert re.search(r"tags share of rows with a value: 0, was 0\.9\d+, allowed is at", message)
        assert message.count('e.g. {"item_id": ') == 3
        assert '"tags": "[]"' in message


def test_no_handle_is_told(raw, world):
    land_day(raw, world, 0)
    land_day(raw, world, WEEK, DRIFTS["times absent"][0])
    (verdict,) = [v for v in judge(raw.data, raw.site, LIKES) if v.state is State.DRIFTED]
    assert set(verdict.samples[0]) == {"item_id", "liked_at", "crawled_at"}
    kept = "".join(path.read_text() for path in raw.data.glob("curated/shop/profiles/*/*.json"))
    assert "item_id" in kept
    handles = set(world[WEEK][1][LIKES].rows["user_handle"])
    assert not [handle for handle in handles if handle in kept]


def test_good_crawl_after_a_drifted_one_is_curated_without_it(raw, world):
    land_day(raw, world, 0)
    curate(raw)
    land_day(raw, world, 1, DRIFTS["titles emptied"][0])
    with pytest.raises(DriftError):
        curate(raw)
    land_day(raw, world, WEEK)
    _, items = curate(raw)
    assert items.run_ids == ("day-1", "day-7"), "the features of both"
    verdicts = judge(raw.data, raw.site, ITEMS)
    assert [verdict.state for verdict in verdicts] == [State.GOOD, State.DRIFTED, State.GOOD]
    assert verdicts[-1].against == "day-0"
    assert (require_curated(raw.data, raw.site, Curated.ITEMS)["title"] != " ").all()


def test_runs_of_workers_are_held_against_one_another_as_one(raw):
    rows = [{"item_id": f"{n:032x}", "title": f"Clip {n}"} for n in range(400)]
    raw.land(ITEMS, "a", rows)
    raw.land(ITEMS, "b.1-of-2", rows[:200], day=1, crawl_id="b")
    raw.land(ITEMS, "b.2-of-2", rows[200:], day=1, crawl_id="b")
    assert [v.state for v in judge(raw.data, raw.site, ITEMS)] == [State.GOOD] * 2
    raw.land(ITEMS, "c", rows[:200], day=2)
    assert judge(raw.data, raw.site, ITEMS)[-1].state is State.DRIFTED


def test_crawl_from_the_other_side_is_no_drift(raw, world):
    land_day(raw, world, 0)
    curate(raw)
    rows = world[WEEK][1][LIKES].rows
    counts = rows.group_by("user_handle").len().iter_rows()
    ends = [raw.of_user(user, day=WEEK, read=count) for user, count in counts]
    raw.land_frames(LIKES, "day-7", [(rows, ends)], day=WEEK)
    assert len(ends) > 2 * len(world[WEEK][1][LIKES].units)
    assert curate_likes(raw.data, raw.site, KEY).run_ids == ("day-7",)


def profile(*measures, table=FEATURES, mode=FULL, is_thorough=True, day=0):
    at = BEGUN + timedelta(days=day)
    return Profile(table, f"day-{day}", mode, is_thorough, at, tuple(measures))


@pytest.mark.parametrize(("n", "is_found"), [(1000, True), (30, True), (4, False)])
def test_what_chance_explains_is_no_drift(n, is_found):
    before = profile(Measure(Measured.FILLED, "tags", "", 0.95, n))
    now = profile(Measure(Measured.FILLED, "tags", "", 0.0, n))
    assert bool(findings(now, before, Limits())) is is_found


@pytest.mark.parametrize(
    ("value", "is_found"), [(79.9, True), (80, False), (150, False), (150.1, True)]
)
def test_counts_have_both_limits(value, is_found):
    limits = Limits(sigmas=0)
    before, now = (profile(Measure(Measured.ROWS, "", "", count, 1)) for count in (100, value))
    assert bool(findings(now, before, limits)) is is_found


@pytest.mark.parametrize(
    "other",
    [
        {"mode": INCREMENTAL},
        {"is_thorough": False},
        {"mode": INCREMENTAL, "table": ITEMS, "is_thorough": False},
    ],
)
def test_counts_are_compared_between_crawls_that_visited_all(other):
    before = profile(Measure(Measured.ROWS, "", "", 1000, 1))
    now = profile(Measure(Measured.ROWS, "", "", 10, 1), **other)
    assert findings(now, before, Limits()) == []


def test_counts_of_catalogues_are_compared_in_either_mode():
    before = profile(Measure(Measured.ROWS, "", "", 1000, 1), table=ITEMS)
    now = profile(Measure(Measured.ROWS, "", "", 10, 1), table=ITEMS, mode=INCREMENTAL)
    assert len(findings(now, before, Limits())) == 1


def test_sooner_or_later_everything_may_have_been_replaced():
    quantiles = [Measure(Measured.INSTANT, "at", f"{p} %", p * 1e7, 100) for p in range(5, 100, 5)]
    moved = [replace(measure, value=measure.value + 4e8) for measure in quantiles]
    assert findings(profile(*moved, day=1), profile(*quantiles), Limits())
    assert findings(profile(*moved, day=60), profile(*quantiles), Limits()) == []


@pytest.mark.parametrize(
    ("low", "high", "allowed"),
    [
        (0.9, math.inf, "at least 0.9"),
        (-math.inf, 0.02, "at most 0.02"),
        (80, 150, "at least 80 and at most 150"),
    ],
)
def test_finding_says_the_field_both_figures_and_what_is_allowed(low, high, allowed):
    finding = Finding(Measured.FILLED, "tags", "", 0.0, 0.95, low, high)
    assert str(finding) == (f"tags share of rows with a value: 0, was 0.95, allowed is {allowed}")

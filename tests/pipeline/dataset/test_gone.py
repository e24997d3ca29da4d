"""What is gone, against a slow reading of the definition, whatever the order of curation."""

import random
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset.curated import Curated, read_curated, require_curated
from pipeline.dataset.items import curate_items
from pipeline.dataset.likes import curate_likes
from scrapers.records import GONE, Mode, RawTable, RunStatus, UnitKind, UnitState, pseudonym
from tests.pipeline.dataset.conftest import BEGUN, HOUR, KEY, RawZone, read

ITEM, USER = UnitKind.ITEM_LIKES, UnitKind.USER_LIKES
PAIRS = st.sets(st.tuples(st.sampled_from("ab"), st.sampled_from("xy")))
LISTS = st.dictionaries(
    st.sampled_from([(ITEM, "x"), (ITEM, "y"), (USER, "a"), (USER, "b")]),
    st.sampled_from(["whole", "short", "partial", GONE]),
)
CRAWL = st.fixed_dictionaries({"day": st.integers(0, 5), "pairs": PAIRS, "lists": LISTS})
CRAWLS = st.lists(CRAWL, min_size=1, max_size=5, unique_by=lambda crawl: crawl["day"])


def ended(raw, kind, key, how, day):
    named = key if kind is ITEM else pseudonym(raw.site, key, KEY)
    state = UnitState.PARTIAL if how == "partial" else UnitState.DONE
    why = GONE if how == GONE else None
    return read(kind, named, day=day, state=state, whole=how in {"whole", GONE}, why=why)


def land(raw, crawl):
    day = crawl["day"]
    units = [ended(raw, *at, how, day) for at, how in sorted(crawl["lists"].items())]
    raw.land_likes(f"day-{day}", sorted(crawl["pairs"]), day=day, units=units)


def curate(raw):
    curate_likes(raw.data, raw.site, KEY)
    curate_items(raw.data, raw.site)


def gone_likes(raw):
    names = {pseudonym(raw.site, name, KEY): name for name in ("a", "b", "ann", "bob")}
    rows = require_curated(raw.data, raw.site, Curated.LIKES)
    columns = rows.select("user_id", "item_id", "gone_at").rows()
    return {(names[user], item): at and (at - BEGUN) / HOUR for user, item, at in columns}


def gone_items(raw):
    rows = require_curated(raw.data, raw.site, Curated.ITEMS).select("item_id", "gone_at").rows()
    return {item: at and (at - BEGUN) / HOUR for item, at in rows}


def by_definition(crawls):
    """The hour of the first reading of each pair's lists after the crawl that saw it last."""
    last = {
        pair: max(c["day"] for c in crawls if pair in c["pairs"])
        for c in crawls
        for pair in c["pairs"]
    }
    found = {}
    for (user, item), seen in last.items():
        hours = [
            crawl["day"] * 24 + 0.5
            for crawl in crawls
            for at in ((ITEM, item), (USER, user))
            if (crawl["day"] > seen and crawl["lists"].get(at) == "whole")
            or (crawl["day"] >= seen and crawl["lists"].get(at) == GONE)
        ]
        found[user, item] = min(hours, default=None)
    return found


@settings(deadline=None, max_examples=50)
@given(CRAWLS, st.randoms(use_true_random=False))
def test_any_order_of_curation_gives_the_same_table(crawls, chance):
    with tempfile.TemporaryDirectory() as folder:
        at_once, by_steps = RawZone(Path(folder) / "once"), RawZone(Path(folder) / "steps")
        shuffled = chance.sample(crawls, len(crawls))
        for crawl in crawls:
            land(at_once, crawl)
        curate(at_once)
        for crawl in shuffled:
            land(by_steps, crawl)
            if chance.random() < 0.7:
                curate(by_steps)
        curate(by_steps)
        assert gone_likes(at_once) == by_definition(crawls)
        assert gone_items(at_once) == gone_items(by_steps)
        one, other = (
            read_curated(raw.data, raw.site, Curated.LIKES) for raw in (at_once, by_steps)
        )
        assert one.equals(other)


def test_like_that_a_whole_list_misses_is_gone_until_it_is_seen_again(raw):
    raw.land_likes("a", [("ann", "x"), ("bob", "x"), ("ann", "y")])
    raw.land_likes("b", [("bob", "x")], day=1, units=[read(ITEM, "x", day=1)])
    raw.land_likes("c", [("bob", "x")], day=2, units=[read(ITEM, "x", day=2)])
    curate(raw)
    assert gone_likes(raw) == {("ann", "x"): 24.5, ("bob", "x"): None, ("ann", "y"): None}
    raw.land_likes("d", [("ann", "x")], day=3)
    curate(raw)
    assert gone_likes(raw)["ann", "x"] is None


@pytest.mark.parametrize(
    "end", [{"state": UnitState.PARTIAL}, {"state": UnitState.FAILED}, {"whole": False}]
)
def test_list_that_was_not_read_whole_makes_nothing_gone(raw, end):
    raw.land_likes("a", [("ann", "x")])
    raw.land_likes("b", [], day=1, units=[read(ITEM, "x", day=1, **end)])
    curate(raw)
    assert gone_likes(raw) == {("ann", "x"): None}


def test_empty_list_of_a_person_makes_all_their_likes_gone(raw):
    raw.land_likes("a", [("ann", "x"), ("ann", "y"), ("bob", "x")])
    raw.land_likes("b", [], day=1, units=[raw.of_user("ann", day=1)])
    curate(raw)
    assert gone_likes(raw) == {("ann", "x"): 24.5, ("ann", "y"): 24.5, ("bob", "x"): None}


def test_gone_list_takes_what_the_same_crawl_saw_before(raw):
    raw.land_likes("a", [("ann", "x"), ("bob", "y")], units=[read(ITEM, "x", why=GONE)])
    curate(raw)
    assert gone_likes(raw) == {("ann", "x"): 0.5, ("bob", "y"): None}
    assert gone_items(raw) == {"x": 0.5, "y": None}


@pytest.mark.parametrize("order", [("b.1-of-2", "b.2-of-2"), ("b.2-of-2", "b.1-of-2")])
def test_workers_of_a_crawl_are_one(raw, order):
    raw.land_likes("a", [("ann", "x"), ("bob", "x")])
    curate(raw)
    one = {"pairs": [("ann", "x")], "day": 1}
    other = {"pairs": [], "day": 1 + 1 / 48, "units": [read(ITEM, "x", day=1.5)]}
    workers = {"b.1-of-2": one, "b.2-of-2": other}
    for run_id in order:
        raw.land_likes(run_id, crawl_id="b", **workers[run_id])
        curate(raw)
    assert gone_likes(raw) == {("ann", "x"): None, ("bob", "x"): 36.5}


def test_rows_that_were_read_before_their_crawl_says_it_began_are_not_missed(raw):
    early = {"user_handle": "ann", "item_id": "x", "crawled_at": BEGUN - timedelta(days=9)}
    raw.land(RawTable.LIKES, "a", [early], units=[[read(ITEM, "x")]])
    curate(raw)
    assert gone_likes(raw) == {("ann", "x"): None}


def catalogue(raw, run_id, items, **run):
    raw.land(RawTable.ITEMS, run_id, [{"item_id": item} for item in items], **run)


def test_item_that_a_whole_catalogue_misses_is_gone_until_it_is_listed_again(raw):
    catalogue(raw, "a", "xy")
    catalogue(raw, "b", "y", day=1)
    catalogue(raw, "c", "y", day=2)
    curate(raw)
    assert gone_items(raw) == {"x": 25, "y": None}
    catalogue(raw, "d", "x", day=3, status=RunStatus.PARTIAL)
    curate(raw)
    assert gone_items(raw) == {"x": None, "y": None}


@pytest.mark.parametrize(
    "run",
    [
        {"status": RunStatus.PARTIAL},
        {"status": RunStatus.RUNNING},
        {"status": RunStatus.FAILED},
        {"mode": Mode.INCREMENTAL},
        {"run_id": "b.1-of-2", "crawl_id": "b"},
    ],
)
def test_catalogue_that_is_not_whole_makes_nothing_gone(raw, run):
    catalogue(raw, "a", "xy")
    catalogue(raw, day=1, **{"run_id": "b", "items": "y", **run})
    curate(raw)
    assert gone_items(raw) == {"x": None, "y": None}


def test_catalogue_counts_once_it_is_complete(raw):
    catalogue(raw, "a", "xy")
    catalogue(raw, "b", "y", day=1, status=RunStatus.RUNNING)
    curate(raw)
    catalogue(raw, "b", "y", day=1)
    curate(raw)
    assert gone_items(raw) == {"x": 25, "y": None}


def test_catalogue_of_two_workers_is_whole_with_both(raw):
    catalogue(raw, "a", "xyz")
    catalogue(raw, "b.1-of-2", "x", day=1, crawl_id="b")
    curate(raw)
    catalogue(raw, "b.2-of-2", "y", day=1, crawl_id="b")
    curate(raw)
    assert gone_items(raw) == {"x": None, "y": None, "z": 25}


def test_item_that_a_later_list_names_is_there_though_no_catalogue_lists_it(raw):
    raw.land_likes("a", [("ann", "rare")], day=0)
    catalogue(raw, "b", "x", day=1)
    curate(raw)
    assert gone_items(raw) == {"rare": 25, "x": None}
    raw.land_likes("b", [("ann", "rare")], day=1.1)
    curate(raw)
    assert gone_items(raw) == {"rare": None, "x": None}


def test_item_whose_page_is_not_there_is_gone_until_it_is_listed_again(raw):
    catalogue(raw, "a", "xy")
    page = read(UnitKind.ITEM_FEATURES, "x", day=1, why=GONE)
    read_well = read(UnitKind.ITEM_FEATURES, "y", day=1)
    raw.land(RawTable.FEATURES, "b", [], day=1, units=[[page, read_well]])
    curate(raw)
    assert gone_items(raw) == {"x": 24.5, "y": None}
    catalogue(raw, "c", "xy", day=2)
    curate(raw)
    assert gone_items(raw) == {"x": None, "y": None}


def test_readings_outlive_the_raw_zone(raw):
    raw.land_likes("a", [("ann", "x")], day=3)
    folder = raw.land_likes("b", [], day=5, units=[read(ITEM, "x", day=5)])
    curate(raw)
    for path in folder.iterdir():
        path.unlink()
    raw.land_likes("c", [("bob", "x")], day=1)
    curate(raw)
    assert gone_likes(raw) == {("ann", "x"): 5 * 24 + 0.5, ("bob", "x"): 5 * 24 + 0.5}


def test_lost_readings_come_back_from_the_manifests(raw):
    rng = random.Random(4)
    for day in range(4):
        pairs = [pair for pair in (("a", "x"), ("b", "x")) if rng.random() < 0.5]
        raw.land_likes(f"{day}", pairs, day=day, units=[read(ITEM, "x", day=day)])
    curate(raw)
    path = raw.data / "curated" / raw.site / "readings.parquet"
    before = gone_likes(raw), path.read_bytes()
    path.unlink()
    raw.land_likes("9", [], day=9)
    curate(raw)
    assert (gone_likes(raw), path.read_bytes()) == before

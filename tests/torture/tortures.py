"""The long tortures by name, each with what it has to tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from tests.hostile_catalogue import write_hostile_world
from tests.postgres import server
from tests.torture.breakages import can_mount, fill_disk, hurt_browser, limit_files, lock_folder
from tests.torture.faults import FAULTS, Case, Outcome, cases, mixes, play_all
from tests.torture.hostile import compare
from tests.torture.kills import Killed, Reference, kill_at_points, kill_at_random, undisturbed
from tests.torture.lines import BROWSER, CATALOGUE, FEATURES, ITEM_LIKES, LINES, Line
from tests.torture.manners import MANY_AT_ONCE, ONE_BY_ONE, Pace, our_pace, stock_pace
from tests.torture.news import days_of
from tests.torture.report import Told, table
from tests.torture.setting import Setting, kills_world, paced_world
from tests.torture.speed import race, share
from tests.torture.stand_in import ROOT, StandIn
from tests.torture.stock import Stock, crawl_by_stock, kill_stock
from tests.torture.worlds import World, write_world

__all__ = ["TORTURES", "Torture"]

Torture = Callable[[Setting, int], Told]
"""Takes a setting and how many seeds there are."""

MIXES = 40
KILLS = 100
LEAST_RATIO = 0.7
LEAST_SAVED = 0.9
DISKS_KIB = (60, 100, 200, 400)
FILES = (4_000, 40_000, 100_000)
DAYS = 5


def faults(setting: Setting, seeds: int) -> Told:
    """Each fault with each seed, and what stock Scrapy makes of it."""
    played = cases(FAULTS, range(seeds))
    outcomes = _play(played, setting, "faults")
    by_fault: dict[str, list[Outcome]] = {name: [] for name in FAULTS}
    for outcome in outcomes:
        by_fault[outcome.case.name].append(outcome)
    stock = {
        name: crawl_by_stock(name, 0, setting.world, setting.room(f"stock-{name}"))
        for name in FAULTS
        if name != "dom-class-changed"  # stock Scrapy has no browser
    }
    killed = kill_stock(setting.world, setting.room("stock-killed"), 0, kills=2)
    rows = [_fault_row(name, by_fault[name], stock.get(name)) for name in FAULTS]
    heads = ["fault", "crawls", "exit 0", "exit 3", "lost", "repeated", "made up"]
    heads += ["stock: lost", "repeated", "made up", "rude requests", "exit", "breaks"]
    breaks = sum(each.breaks for each in stock.values())
    said = (
        f"Stock Scrapy breaks on {breaks} of {len(stock)} faults; killed twice and started again "
        f"with its job folder, it loses {killed.lost} likes and repeats {killed.repeated}, exit "
        f"{killed.code}."
    )
    lines = [said, "", *table(heads, rows)]
    return Told("faults", lines, {**_figures(outcomes), "stock_breaks": breaks}, _bad(outcomes))


def mixed(setting: Setting, seeds: int) -> Told:
    """Survivable faults together."""
    del seeds
    outcomes = _play(mixes(MIXES), setting, "mixed")
    return Told("mixed", [_summary(outcomes)], _figures(outcomes), _bad(outcomes))


def kills(setting: Setting, seeds: int) -> Told:
    """SIGKILL at random moments and at named points, browsers, disks, folders."""
    del seeds
    world = kills_world(setting.room("kills-world"))
    with _reference(world, setting.room("kills"), (*LINES, BROWSER)) as reference:
        room = reference.data.parent
        groups: dict[str, Iterable[Killed]] = {
            "SIGKILL at random moments": kill_at_random(reference, room / "random", KILLS, seed=0),
            "SIGKILL at named points": kill_at_points(reference, room / "points"),
            "files that may not grow": limit_files(reference, room / "files", LINES, FILES),
            "folder that may not be written": [
                lock_folder(reference, room / "locked" / line.name, line) for line in LINES
            ],
            "browser killed or hung": chain.from_iterable(
                hurt_browser(reference, room / f"browser-{seed}", seed) for seed in range(3)
            ),
        }
        if can_mount():
            groups["disk full"] = fill_disk(reference, room / "disk", LINES, DISKS_KIB)
        found = {name: list(group) for name, group in groups.items()}
    rows = [_killed_row(name, group) for name, group in found.items()]
    heads = ["what", "crawls", "times", "complete", "lost", "repeated", "made up"]
    bad = [each.told() for group in found.values() for each in group if not each.is_well]
    figures = {name: len(group) for name, group in found.items()}
    return Told("kills", table(heads, rows), figures, bad)


def manners(setting: Setting, seeds: int) -> Told:
    """Pace of ours and of stock Scrapy."""
    del seeds
    world = paced_world(setting.room("paced"))
    wide = write_world(setting.room("wide"), n_items=160, n_users=60, longest=20)
    ours = [our_pace(world, setting.room("one"), ONE_BY_ONE)]
    ours.append(our_pace(world, setting.room("many"), MANY_AT_ONCE))
    ours.append(our_pace(wide, setting.room("two"), ONE_BY_ONE, workers=2))
    stock = stock_pace(world, setting.room("stock-one"), ONE_BY_ONE)
    heads = ["who", "told: s between", "at once", "requests", "too soon", "shortest, s", "at once"]
    lines = table(heads, map(_pace_row, [*ours, stock]))
    bad = [f"{pace} is not kept" for pace in ours if not pace.is_kept]
    return Told("manners", lines, {"stock_hasty": stock.hasty}, bad)


def news(setting: Setting, seeds: int) -> Told:
    """Days of churn, and a swap."""
    del seeds
    world = write_world(setting.room("news"), n_items=600, n_users=800, longest=150)
    days = list(days_of(world.folder, setting.room("news-data"), n_days=DAYS))
    full = days[0]
    heads = ["crawl", "requests", "saved", "new likes", "missed", "hidden", "repeated", "astray"]
    rows = [
        (
            d.name,
            d.requests,
            f"{d.saved(full):.1%}",
            d.new,
            d.missed,
            d.hidden,
            d.repeated,
            d.astray,
        )
        for d in days
    ]
    bad = [f"{d} misses, repeats or makes up" for d in days if d.missed + d.repeated + d.astray]
    bad += [f"{d} saves little" for d in days[1:-1] if d.saved(full) < LEAST_SAVED]
    bad += [f"{d} is not complete" for d in days if any(d.codes)]
    bad += [f"{days[-1]} hides likes"] if days[-1].hidden else []
    return Told("news", table(heads, rows), {d.name: d.requests for d in days}, bad)


def speed(setting: Setting, seeds: int) -> Told:
    """Ours beside a bare spider, and two processes beside one."""
    del seeds
    world = World.of(ROOT / "scrapers" / "replica" / "worlds" / "openclipart")
    found = race(world, setting.room("race"), rounds=3)
    with server() as url:
        both = share(world, setting.room("share"), url)
    heads = ["spider", "responses a second, each round", "by processor second"]
    rows = [
        (name, _rates(rates), _rates(by_cpu))
        for name, rates, by_cpu in (
            ("likes", found.ours, found.ours_by_cpu),
            ("bare", found.bare, found.bare_by_cpu),
        )
    ]
    said = (
        f"{found.pages:,} pages; ratio of the medians {found.ratio:.2f}, by processor time "
        f"{found.ratio_by_cpu:.2f}."
    )
    landed = " and ".join(f"{n:,}" for n in both.rows)
    shared = (
        f"On one PostgreSQL ledger one process takes {both.alone_s:.1f} s, two take "
        f"{both.together_s:.1f} s (all on the cores above, with the stand-in); they land {landed} "
        f"likes, {both.twice} twice, {both.astray} missing or made up."
    )
    lines = [said, "", *table(heads, rows), "", shared]
    bad = [] if found.ratio >= LEAST_RATIO else [f"{found} is too slow"]
    bad += [f"{both} differs"] if both.twice + both.astray else []
    return Told("speed", lines, {"ratio": found.ratio, "by_cpu": found.ratio_by_cpu}, bad)


def hostile(setting: Setting, seeds: int) -> Told:
    """Every name of the catalogue of 2016, the oddest ones in a browser too."""
    del seeds
    whole = write_hostile_world(setting.room("hostile"))
    lines = (CATALOGUE, ITEM_LIKES, FEATURES)
    found = compare(whole, setting.room("hostile-data"), lines)
    odd = write_hostile_world(setting.room("odd"), 600)
    found += compare(odd, setting.room("odd-data"), (BROWSER,))
    heads = ["crawl", "rows", "lost", "repeated", "made up", "changed", "exit"]
    rows = [(c.line, c.rows, c.lost, c.repeated, c.invented, c.changed, c.code) for c in found]
    bad = [f"{c.line}: {c.examples}" for c in found if not c.is_well]
    return Told("hostile", table(heads, rows), {c.line: c.rows for c in found}, bad)


TORTURES: Mapping[str, Torture] = {
    "faults": faults,
    "mixed": mixed,
    "kills": kills,
    "manners": manners,
    "news": news,
    "speed": speed,
    "hostile": hostile,
}


def _play(played: Sequence[Case], setting: Setting, name: str) -> list[Outcome]:
    room = setting.room(name)
    return list(play_all(played, setting.world, setting.template, room))


@contextmanager
def _reference(world: World, room: Path, lines: Sequence[Line]) -> Iterator[Reference]:
    with StandIn(world.folder) as site:
        yield undisturbed(site.url, room / "undisturbed", world, lines)


def _fault_row(name: str, outcomes: Sequence[Outcome], stock: Stock | None) -> list[object]:
    verdicts = [verdict for outcome in outcomes for verdict in outcome.verdicts]
    codes = Counter(verdict.code for verdict in verdicts)
    row: list[object] = [name, len(verdicts), codes[0], codes[3]]
    row += [sum(v.lost for v in verdicts), sum(v.repeated for v in verdicts)]
    row += [sum(v.invented + v.wrong for v in verdicts)]
    if stock is None:
        return [*row, *["-"] * 6]
    row += [stock.lost, stock.repeated, stock.invented, stock.rude]
    return [*row, "hung" if stock.code is None else stock.code, "yes" if stock.breaks else "no"]


def _killed_row(name: str, group: Sequence[Killed]) -> list[object]:
    row: list[object] = [name, len(group), sum(each.kills for each in group)]
    row += [sum(each.status == "complete" for each in group), sum(each.lost for each in group)]
    return [*row, sum(each.repeated for each in group), sum(each.invented for each in group)]


def _pace_row(pace: Pace) -> list[object]:
    asked = pace.asked
    row: list[object] = [pace.who, asked.delay_s, asked.most_at_once, pace.requests, pace.hasty]
    return [*row, f"{pace.shortest_s:.3f}", pace.at_once]


def _rates(rates: Sequence[float]) -> str:
    return ", ".join(f"{rate:,.0f}" for rate in rates)


def _summary(outcomes: Sequence[Outcome]) -> str:
    figures = _figures(outcomes)
    return (
        f"{figures['cases']} mixes, {figures['crawls']} crawls, {figures['played']:,} bad answers: "
        f"{figures['whole']} crawls complete with exit 0, {figures['lost']} likes or items lost, "
        f"{figures['repeated']} repeated, {figures['made_up']} made up, {figures['rude']} requests "
        "against the site's word."
    )


def _figures(outcomes: Sequence[Outcome]) -> dict[str, int]:
    verdicts = [verdict for outcome in outcomes for verdict in outcome.verdicts]
    return {
        "cases": len(outcomes),
        "crawls": len(verdicts),
        "played": sum(outcome.played for outcome in outcomes),
        "whole": sum(verdict.is_whole for verdict in verdicts),
        "lost": sum(verdict.lost for verdict in verdicts),
        "repeated": sum(verdict.repeated for verdict in verdicts),
        "made_up": sum(verdict.invented + verdict.wrong for verdict in verdicts),
        "rude": sum(sum(outcome.rude.values()) for outcome in outcomes),
        "bad": sum(bool(outcome.bad) for outcome in outcomes),
    }


def _bad(outcomes: Sequence[Outcome]) -> list[str]:
    return [
        f"{outcome.case.name}, seed {outcome.case.seed}: {bad}"
        for outcome in outcomes
        for bad in outcome.bad
    ]

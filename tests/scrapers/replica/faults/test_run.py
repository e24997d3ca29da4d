"""Whom a fault strikes follows from the seed alone, and no page is out of a crawler's reach."""

from dataclasses import replace

import pytest

from scrapers.replica.faults import transport
from scrapers.replica.faults.fault import Strikes
from scrapers.replica.faults.registry import FAULTS
from scrapers.replica.sketchfab.asked import Asked, Kind
from tests.scrapers.replica.faults.conftest import path_of

CHOOSING = [name for name, fault in FAULTS.items() if fault.strikes is not Strikes.EVERYTHING]
ALL_JSON = (
    Kind.GRID, Kind.LISTING, Kind.DIRECTORY, Kind.ITEM_LIKES, Kind.USER_LIKES, Kind.MODEL,
)  # fmt: skip


def _struck(stand_in, kinds=ALL_JSON):
    return {asked for kind in kinds for asked in stand_in.struck(kind)}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", CHOOSING)
def test_every_kind_of_page_that_a_fault_fits_is_struck(site, name, seed):
    stand_in = site(name, seed)
    kinds = [kind for kind in FAULTS[name].kinds if _has_long_enough(stand_in, name, kind)]
    assert kinds
    assert [kind for kind in kinds if not stand_in.struck(kind)] == []


def _has_long_enough(stand_in, name, kind):
    """Directories and lists that fit on one page have no second one to strike."""
    run, fault = stand_in.run, FAULTS[name]
    return fault.least_rows == 1 or any(
        run._rows(asked) >= fault.least_rows for asked in stand_in.pages(kind)
    )


def test_the_same_seed_strikes_the_same_pages_and_another_one_others(site):
    first, again, other = (_struck(site("status-500-once", seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert _struck(site("empty-200", 1)) != first


@pytest.mark.parametrize("seed", range(3))
def test_some_5_to_10_percent_are_struck(site, seed):
    stand_in = site("cut-json", seed)
    pages = stand_in.pages(Kind.ITEM_LIKES) + stand_in.pages(Kind.MODEL)
    share = len(_struck(stand_in, [Kind.ITEM_LIKES, Kind.MODEL])) / len(pages)
    assert 0.03 <= share <= 0.16


def test_a_page_is_answered_badly_twice_at_most_whatever_is_played(site):
    names = [name for name, fault in FAULTS.items() if fault.plays and "redirect" not in name]
    stand_in = site(",".join(name for name in names if _is_for_asgi(name)))
    stand_in.run.faults = [replace(fault, share=1.0) for fault in stand_in.run.faults]
    asked = Asked(Kind.MODEL, "m05")
    good = site().get(path_of(asked))
    assert good.status_code == 200
    answers = []
    for _ in range(5):
        stand_in.clock += 10  # past any pause
        answers.append(stand_in.get(path_of(asked)).content == good.content)
    assert answers in ([False, False, True, True, True], [False, True, False, True, True])
    assert sum(stand_in.played.values()) == 2


def _is_for_asgi(name):
    return FAULTS[name] not in transport.FAULTS


def test_plays_are_counted_by_name(site):
    stand_in = site("status-500-once,bom")
    assert stand_in.played == {"status-500-once": 0, "bom": 0}
    for _ in range(2):
        for asked in stand_in.pages(Kind.MODEL):
            stand_in.get(path_of(asked))
    once, always = stand_in.run.faults
    struck = [
        [asked for asked in stand_in.pages(Kind.MODEL) if stand_in.run.strikes(fault, asked)]
        for fault in (once, always)
    ]
    both = len(set(struck[0]) & set(struck[1]))
    assert stand_in.played == {
        "status-500-once": len(struck[0]),
        "bom": 2 * len(struck[1]) - both,
    }

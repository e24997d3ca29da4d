"""A site that has changed since the crawler was written, everywhere and every time."""

import pytest

from scrapers.replica.faults import drift
from scrapers.replica.sketchfab.asked import Asked, Kind
from tests.scrapers.replica.faults.conftest import path_of

LIKES, MODEL = Asked(Kind.ITEM_LIKES, "m03"), Asked(Kind.MODEL, "m03")
LISTING, USER = Asked(Kind.LISTING), Asked(Kind.USER_LIKES, "fan/1")
SEEDS = range(8)


def _pages(stand_in, *asked):
    return [stand_in.get(path_of(each)).json() for each in asked]


def _fields(page):
    rows = page.get("results") or page.get("items") or []
    return [set(page), *(set(row) for row in rows)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_renamed_field_of_likes_is_gone_from_every_page(site, seed):
    good, bad = (_pages(each, LIKES)[0] for each in (site(), site("field-renamed", seed)))
    assert _fields(bad) != _fields(good)
    gone = {name for fields in _fields(good) for name in fields} - {
        name for fields in _fields(bad) for name in fields
    }
    assert gone in ({"uid"}, {"results"}, {"next"})


@pytest.mark.parametrize("seed", SEEDS)
def test_a_renamed_field_of_models_is_the_same_in_every_list(site, seed):
    stand_in = site("field-renamed", seed)
    model, listing, user = _pages(stand_in, MODEL, LISTING, USER)
    good = _pages(site(), MODEL)[0]
    (gone,), (new,) = set(good) - set(model), set(model) - set(good)
    for row in listing["results"] + user["results"]:
        assert new in row
        assert gone not in row
    assert stand_in.get(path_of(MODEL)).json() == model


def test_seeds_rename_different_fields(site):
    seen = {tuple(_pages(site("field-renamed", seed), MODEL)[0]) for seed in SEEDS}
    assert len(seen) > 2


@pytest.mark.parametrize("seed", SEEDS)
def test_a_field_of_likes_and_one_of_models_are_of_another_type(site, seed):
    good, bad = (_pages(each, LIKES, MODEL) for each in (site(), site("type-changed", seed)))
    assert _types(good[0]) != _types(bad[0])
    assert _types(good[1]) != _types(bad[1])
    assert set(good[1]) == set(bad[1])


def _types(page):
    rows = page["results"] if isinstance(page.get("results"), list) else []
    return [{name: type(value) for name, value in each.items()} for each in (page, *rows)]


@pytest.mark.parametrize("seed", range(6))
def test_an_optional_field_is_gone_from_three_rows_of_ten(site, seed):
    asked = [Asked(Kind.LISTING, "", 0), Asked(Kind.LISTING, "", 24)]
    stand_in, well = site("field-gone-30-percent", seed), site()
    good, bad = (
        [row for page in _pages(each, *asked) for row in page["results"]]
        for each in (well, stand_in)
    )
    lacking = [set(whole) - set(row) for whole, row in zip(good, bad, strict=True)]
    gone = {name for names in lacking for name in names}
    assert len(gone) == 1
    assert gone <= set(drift._OPTIONAL["models"])
    assert 0.1 <= sum(map(bool, lacking)) / len(lacking) <= 0.55
    assert [row["uid"] for row in bad] == [row["uid"] for row in good]


def test_likes_lack_a_field_in_three_rows_of_ten_too(site):
    stand_in = site("field-gone-30-percent")
    rows = [
        row
        for asked in stand_in.pages(Kind.ITEM_LIKES)
        for row in stand_in.get(path_of(asked)).json()["results"]
    ]
    shares = {
        name: sum(name in row for row in rows) / len(rows)
        for name in ("uid", "username", "displayName")
    }
    timed = sum("likedAt" in row for row in rows) / len(rows)
    assert shares["uid"] == shares["username"] == 1
    assert 0.6 < min(shares["displayName"], timed * 2) < 0.8


@pytest.mark.parametrize("seed", SEEDS)
def test_the_grid_and_its_script_change_together(site, seed):
    stand_in, well = site("dom-class-changed", seed), site()
    paths = [path_of(Asked(Kind.GRID_PAGE)), path_of(Asked(Kind.SCRIPT))]
    changed = [stand_in.get(path).text for path in paths]
    good = [well.get(path).text for path in paths]
    old, new = next(
        (old.decode(), new.decode()) for old, new in drift._STYLES if old.decode() not in changed[1]
    )
    assert [text.replace(old, new) for text in good] == changed
    assert changed[1] != good[1]


def test_each_style_is_one_that_the_site_has(site):
    texts = [site().get(path_of(Asked(kind))).content for kind in (Kind.GRID_PAGE, Kind.SCRIPT)]
    for old, _ in drift._STYLES:
        assert any(old in text for text in texts)

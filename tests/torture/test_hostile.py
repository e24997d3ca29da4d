"""A share of `python -m tests.torture --only hostile`: the oddest names, JSON and browser."""

import pytest

from tests.hostile_catalogue import SOURCE, HostileWorld, write_hostile_world
from tests.torture.hostile import cleaned, compare
from tests.torture.lines import BROWSER, CATALOGUE, FEATURES, ITEM_LIKES

N_ITEMS = 150

real = pytest.mark.skipif(not SOURCE.exists(), reason=f"{SOURCE} is no part of the product")


@real
def test_real_names_come_out_letter_for_letter(tmp_path):
    hostile = write_hostile_world(tmp_path / "world", N_ITEMS)
    for compared in compare(hostile, tmp_path / "data", (CATALOGUE, ITEM_LIKES, FEATURES)):
        assert compared.is_well, compared
        assert compared.rows >= N_ITEMS


@real
@pytest.mark.browser
def test_real_names_come_out_of_the_browser_too(tmp_path):
    hostile = write_hostile_world(tmp_path / "world", N_ITEMS)
    for compared in compare(hostile, tmp_path / "data", (BROWSER,)):
        assert compared.is_well, compared


@real
def test_a_changed_letter_would_be_seen(tmp_path):
    hostile = write_hostile_world(tmp_path / "world", 30)
    item_id, title = next(iter(hostile.titles.items()))
    otherwise = HostileWorld(hostile.folder, {**hostile.titles, item_id: f"{title}!"}, frozenset())
    (compared,) = compare(otherwise, tmp_path / "data", (CATALOGUE,))
    assert (compared.changed, compared.is_well) == (1, False)


def test_only_what_the_contract_removes_is_removed():
    assert cleaned("\nHedge\x7fhog \u202e“q”|\\<b>e\u0301 ") == "Hedgehog “q”|\\<b>é "
    assert cleaned("\x00") is None

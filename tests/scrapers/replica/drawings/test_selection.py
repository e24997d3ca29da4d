"""Which drawings make the world."""

from dataclasses import replace

import pytest

from scrapers.replica.drawings.catalogue import Drawing
from scrapers.replica.drawings.selection import Selection, select

CAT = Drawing(
    "animals/cat.svg", "0", "Cat", "Ann", ("cat", "pet"), ("animals",), public_domain=True
)


def test_a_good_drawing_stays():
    assert select([CAT], {}) == [CAT]


@pytest.mark.parametrize(
    "changed",
    [
        {"public_domain": False},
        {"creator": ""},
        {"title": ""},
        {"path": "signs_and_symbols/flags/x.svg"},
        {"path": "computer/icons/x.svg"},
        {"path": "shapes/arrows/x.svg"},
        {"path": "tools/weapons/x.svg"},
        {"path": "animals/denied.svg"},
    ],
)
def test_a_drawing_with_one_fault_goes(changed):
    assert select([replace(CAT, **changed)], {"animals/denied.svg": "gore"}) == []


def test_folders_inside_a_left_out_one_may_stay():
    weather = replace(CAT, path="signs_and_symbols/weather/sun.svg")
    assert select([weather], {}) == [weather]


def test_the_cap_keeps_the_better_described_of_a_creator():
    bare = replace(CAT, path="animals/a.svg", item_id="a", tags=("cat",))
    other = replace(CAT, path="animals/b.svg", item_id="b", creator="Bo", tags=())
    assert select([bare, CAT, other], {}, Selection(per_creator=1)) == [other, CAT]
    assert select([bare, CAT, other], {}, Selection(per_creator=2)) == [bare, other, CAT]


def test_a_cap_below_one_is_refused():
    with pytest.raises(ValueError, match="per_creator is 0"):
        Selection(per_creator=0)

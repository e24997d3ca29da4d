from scrapers.figures import Figures
from scrapers.records import LandedUnit, UnitKind, UnitState
from scrapers.tally import Tally


def tally(total, ended, landed):
    counted = Tally()
    counted.total, counted.landed = total, landed
    for n in range(ended):
        counted.end(LandedUnit(UnitKind.ITEM_LIKES, str(n), UnitState.DONE))
    return counted


def test_speed_counts_what_this_crawl_landed_and_time_left_follows_from_units():
    figures = Figures.of(tally(10, 4, 1200), 200, 20.0)
    assert (figures.rows_per_s, figures.left_s) == (50.0, 30.0)
    assert str(figures) == "1,200 rows, 4 of 10 units, 50/s, 0:30 left"


def test_time_left_is_unknown_without_a_total_or_a_unit_that_ended():
    assert Figures.of(tally(None, 4, 9), 0, 20.0).left_s is None
    assert Figures.of(tally(10, 0, 9), 0, 20.0).left_s is None
    assert str(Figures.of(tally(None, 4, 9), 0, 0.0)) == "9 rows, 4 units, 0/s"


def test_hours_left_are_told_as_hours():
    assert str(Figures.of(tally(3601, 1, 0), 0, 1.0)).endswith("1:00:00 left")

"""``python -m scrapers retry``: units are pending again, and the crawl can be taken up."""

import shlex

import pytest

from scrapers.__main__ import main
from scrapers.ledger import Ledger, ledger_url
from scrapers.records import LandedUnit, RunStatus, Stage, UnitKind, UnitState
from tests.ledgers import KIND, units

GIVEN = {"base_url": "https://site.example/a b", "run_id": "r1", "stage": "likes", "side": "item"}


@pytest.fixture
def open_ledger(tmp_path, monkeypatch):
    """Function that opens the ledger of a site in the data folder."""
    monkeypatch.setenv("LIKEWISE_DATA", str(tmp_path))
    monkeypatch.delenv("LIKEWISE_LEDGER_URL", raising=False)
    opened = []

    def opening(site="sketchfab", crawl_id="r1"):
        url = ledger_url(tmp_path, site)
        ledger = Ledger.open(url, site=site, crawl_id=crawl_id, owner=f"{crawl_id}/likes")
        opened.append(ledger)
        return ledger

    yield opening
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger):
    """Two partial lists and a failed one, and features that failed, of a crawl that ended."""
    ledger = open_ledger()
    ledger.begin(Stage.LIKES, GIVEN)
    ledger.add(units("abcd"))
    ends = [(UnitState.PARTIAL, "a"), (UnitState.PARTIAL, "b"), (UnitState.FAILED, "c")]
    ledger.settle([LandedUnit(KIND, key, state) for state, key in ends], {})
    ledger.settle([LandedUnit(UnitKind.ITEM_FEATURES, "a", UnitState.FAILED)], {})
    ledger.end(Stage.LIKES, RunStatus.PARTIAL)
    return ledger


def test_partial_units_become_pending_and_the_command_is_told(ledger, capsys):
    assert main(["retry", "--state", "partial"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "likes: 2 units are pending again"
    assert shlex.split(told[1]) == [
        "scrapy", "crawl", "sketchfab", "-a", "base_url=https://site.example/a b",
        "-a", "stage=likes", "-a", "run_id=r1", "-a", "side=item",
    ]  # fmt: skip
    assert len(told) == 2
    assert ledger.counts(KIND) == {UnitState.PENDING: 3, UnitState.FAILED: 1}


def test_both_states_are_retried_in_all_stages(ledger, capsys):
    assert main(["retry", "--state", "partial", "--state", "failed", "--run", "r1"]) == 0
    told = capsys.readouterr().out
    assert "likes: 3 units" in told
    assert "features: 1 units" in told
    assert set(ledger.counts()) == {UnitState.PENDING}


def test_a_crawl_under_way_takes_them_up(ledger, capsys):
    ledger.begin(Stage.LIKES, GIVEN)
    assert main(["retry", "--state", "failed", "--site", "sketchfab"]) == 0
    assert "the crawl that is under way takes them up" in capsys.readouterr().out


def test_where_there_are_none_nothing_changes(ledger, capsys):
    main(["retry", "--state", "partial"])
    capsys.readouterr()
    assert main(["retry", "--state", "partial"]) == 0
    assert capsys.readouterr().out == "crawl r1 of sketchfab has no such units\n"


def test_the_crawl_begun_last_is_meant(ledger, open_ledger, capsys):
    newer = open_ledger(crawl_id="r2")
    newer.begin(Stage.LIKES, {})
    newer.settle([LandedUnit(KIND, "a", UnitState.PARTIAL)], {})
    assert main(["retry", "--state", "partial"]) == 0
    assert newer.counts() == {UnitState.PENDING: 1}
    assert ledger.counts()[UnitState.PARTIAL] == 2


def test_of_several_sites_one_must_be_named(ledger, open_ledger, capsys):
    open_ledger(site="other").begin(Stage.LIKES, {})
    assert main(["retry", "--state", "partial"]) == 1
    assert "--site is one of other, sketchfab" in capsys.readouterr().err
    assert main(["retry", "--state", "partial", "--site", "sketchfab"]) == 0


@pytest.mark.parametrize("options", [[], ["--state", "done"], ["--state", "pending"]])
def test_a_state_that_cannot_be_retried_is_refused(options, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["retry", *options])
    assert ended.value.code == 2

"""``python -m scrapers status``: true for people and for programs, and fit for a terminal."""

import json
from datetime import UTC, datetime

import pytest

from scrapers.__main__ import main
from scrapers.ledger import Ledger, ledger_url
from scrapers.records import LandedUnit, RawTable, RunStatus, Stage, UnitKind, UnitState, raw_folder
from scrapers.status_screen import printable, time_told
from tests.ledgers import KIND, units

HANDLE = "fan/handle-of-someone"


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("LIKEWISE_DATA", str(tmp_path))
    monkeypatch.delenv("LIKEWISE_LEDGER_URL", raising=False)
    return tmp_path


@pytest.fixture
def crawl(data):
    """Function that begins a crawl of likes, ends four of its six units, and leaves."""

    def begin(site="sketchfab", crawl_id="r1", status=RunStatus.PARTIAL, key="0123abcd"):
        owner = f"{crawl_id}/likes"
        url = ledger_url(data, site)
        ledger = Ledger.open(url, site=site, crawl_id=crawl_id, owner=owner)
        given = {"mode": "full", "run_id": crawl_id, "stage": "likes", "base_url": "http://h:1"}
        ledger.begin(Stage.LIKES, given)
        ledger.add(units(["a", "b", key, "d", "e", "f"]))
        ledger.claim(KIND, 4)
        now = datetime.now(UTC).isoformat()
        ended = [
            LandedUnit(KIND, "a", UnitState.DONE, 7, 7, True, now),
            LandedUnit(KIND, "b", UnitState.DONE, 5, 5, True, now),
            LandedUnit(KIND, key, UnitState.PARTIAL, 3, 9, False, now, "3 of 9 likes: early end"),
            LandedUnit(KIND, "d", UnitState.FAILED, ended_at=now, why="status 500"),
        ]
        ledger.settle(ended, {})
        if status is not None:
            ledger.end(Stage.LIKES, status)
        ledger.close()
        return ledger

    return begin


def _screen(capsys, *options):
    assert main(["status", *options]) == 0
    return capsys.readouterr().out


def _json(capsys, *options):
    return json.loads(_screen(capsys, "--json", *options))


def test_a_crawl_is_told_with_what_is_missing_and_how_to_go_on(crawl, capsys):
    crawl()
    told = _screen(capsys)
    for words in [
        "sketchfab  crawl r1",
        "likes  partial",
        "33 % done",
        "2 done  1 partial  1 failed  2 pending  of 6;  15 rows read",
        "1 partial  early end",
        "partial  item_likes 0123abcd: early end, 3 of 9 rows read",
        "failed   item_likes d: status 500, 0 rows read",
        "scrapy crawl sketchfab -a base_url=http://h:1 -a stage=likes -a run_id=r1 -a mode=full",
    ]:
        assert words in told


def test_programs_are_told_the_same(crawl, capsys):
    crawl()
    (told,) = _json(capsys)
    (stage,) = told["stages"]
    assert (told["site"], told["crawl_id"], stage["standing"]) == ("sketchfab", "r1", "partial")
    assert stage["units"] == {
        "item_likes": {
            "pending": 2, "leased": 0, "done": 2, "partial": 1, "failed": 1,
            "read": 15, "lapsed": 0,
        }
    }  # fmt: skip
    assert {missing["why"] for missing in stage["missing"]} == {"early end", "status 500"}
    assert [unit["key"] for unit in stage["named"]] == ["0123abcd", "d"]
    retry, again = told["go_on"]
    assert retry.endswith("retry --site sketchfab --run r1 --state partial --state failed")
    assert again.startswith("scrapy crawl sketchfab ")


def test_a_crawl_under_way_needs_no_command(crawl, capsys):
    crawl(status=None)
    (told,) = _json(capsys)
    assert told["stages"][0]["standing"] == "at work"
    assert told["go_on"] == []


def test_as_many_units_are_named_as_asked_for(crawl, capsys):
    crawl()
    assert "and 1 more; --limit 0 names all" in _screen(capsys, "--limit", "1")
    assert "more; --limit" not in _screen(capsys, "--limit", "0")
    with pytest.raises(SystemExit) as ended:
        main(["status", "--limit", "-1"])
    assert ended.value.code == 2


def test_the_crawl_begun_last_of_each_site_is_told(crawl, capsys):
    crawl(crawl_id="r1")
    crawl(crawl_id="r2")
    crawl(site="other", crawl_id="o1")
    assert [each["crawl_id"] for each in _json(capsys)] == ["o1", "r2"]
    assert [each["crawl_id"] for each in _json(capsys, "--site", "sketchfab")] == ["r2"]
    assert [each["crawl_id"] for each in _json(capsys, "--run", "r1")] == ["r1"]


def test_a_shared_ledger_is_asked_where_one_is_set(ledgers, monkeypatch, capsys):
    monkeypatch.setenv("LIKEWISE_LEDGER_URL", str(ledgers.url))
    for worker in ("1-of-2", "2-of-2"):
        ledgers.open(f"r1.{worker}/likes").begin(Stage.LIKES, {})
    (told,) = _json(capsys, "--site", ledgers.site)
    assert [process["owner"] for process in told["stages"][0]["processes"]] == [
        "r1.1-of-2/likes",
        "r1.2-of-2/likes",
    ]


def test_rejects_are_counted_and_nothing_of_them_is_shown(crawl, data, capsys):
    crawl()
    folder = raw_folder(data, "sketchfab", RawTable.LIKES, "r1")
    folder.mkdir(parents=True)
    line = {"reasons": ["liked_at: lies in the future"], "record": {"user_handle": HANDLE}}
    (folder / "rejects.jsonl").write_text((json.dumps(line) + "\n") * 3)
    told = _screen(capsys)
    assert f"3 in {folder / 'rejects.jsonl'}" in told
    assert "3 liked_at: lies in the future" in told
    assert HANDLE not in told + json.dumps(_json(capsys))


def test_a_key_cannot_command_the_terminal(crawl, capsys):
    crawl(key='\x1b[2J\u202e[bold]|"<b>\n')
    told = _screen(capsys)
    assert '\\x1b[2J\\u202e[bold]|"<b>\\n: early end' in told
    assert "\x1b" not in told


def test_where_no_crawl_is_known_that_is_told(data, crawl, capsys):
    assert main(["status"]) == 1
    assert f"error: no crawl is known: see that LIKEWISE_DATA ({data})" in capsys.readouterr().err
    assert list(data.iterdir()) == []
    crawl()
    assert main(["status", "--run", "absent"]) == 1
    assert "no crawl absent is known" in capsys.readouterr().err
    assert main(["status", "--site", "absent"]) == 1
    assert "no crawl of absent is known" in capsys.readouterr().err
    assert not (data / "raw" / "absent").exists()


def test_settings_that_cannot_be_are_told(monkeypatch, capsys):
    monkeypatch.setenv("LIKEWISE_PATIENCE_H", "soon")
    assert main(["status"]) == 1
    assert "LIKEWISE_PATIENCE_H is 'soon'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (150, "2 min"), (3_569, "59 min"),
        (3_571, "1 h 00 min"), (11_100, "3 h 05 min"), (86_369, "23 h 59 min"),
        (86_400, "1 d 0 h"), (187_200, "2 d 4 h"),
    ],
)  # fmt: skip
def test_times_are_told_in_the_unit_that_suits_them(seconds, told):
    assert time_told(seconds) == told


def test_what_shows_is_shown_as_it_is():
    assert printable('caf\u00e9 | "\U0001f600" <b>') == 'caf\u00e9 | "\U0001f600" <b>'
    assert printable("\x00\x9b\u2028\ud800") == "\\x00\\x9b\\u2028\\ud800"


def test_forty_thousand_units_are_told_in_no_time(data, capsys):
    ledger = Ledger.open(ledger_url(data, "big"), site="big", crawl_id="r1", owner="r1/likes")
    ledger.begin(Stage.LIKES, {})
    ledger.add(units(range(40_000), UnitKind.ITEM_LIKES))
    ledger.close()
    began = datetime.now(UTC)
    told = _screen(capsys)
    assert (datetime.now(UTC) - began).total_seconds() < 30
    assert "40,000 pending  of 40,000" in told

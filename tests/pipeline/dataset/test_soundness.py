from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.__main__ import main
from pipeline.dataset.curated import Curated, require_curated
from pipeline.dataset.items import curate_items
from pipeline.dataset.likes import curate_likes
from pipeline.dataset.retention import purge_raw
from pipeline.dataset.soundness import accept, newest_verdict, sound_runs
from pipeline.dataset.verdicts import State, judge
from pipeline.errors import CuratedZoneError, DriftError, InputError
from scrapers.records import RawTable, RunStatus
from tests.pipeline.dataset.conftest import KEY

ITEMS = RawTable.ITEMS
CLIPS = [{"item_id": f"{n:032x}", "title": f"Clip {n}"} for n in range(400)]
BARE = [{**row, "title": None} for row in CLIPS]


@pytest.fixture
def drifted(raw):
    """A site whose second catalogue has lost its titles."""
    raw.land(ITEMS, "a", CLIPS)
    curate_items(raw.data, raw.site)
    raw.land(ITEMS, "b", BARE, day=1)
    return raw


def states(raw):
    return [verdict.state for verdict in judge(raw.data, raw.site, ITEMS)]


def test_first_crawl_ever_has_nothing_to_be_held_against(raw):
    assert newest_verdict(raw.data, raw.site, ITEMS) is None
    raw.land(ITEMS, "a", BARE)
    verdict = newest_verdict(raw.data, raw.site, ITEMS)
    assert (verdict.state, verdict.against, verdict.findings) == (State.GOOD, None, ())


def test_accepted_drift_is_curated_and_is_what_later_crawls_are_held_against(drifted):
    with pytest.raises(DriftError):
        curate_items(drifted.data, drifted.site)
    (verdict,) = accept(drifted.data, drifted.site, "b")
    assert (verdict.profile.table, verdict.profile.crawl_id) == (ITEMS, "b")
    assert curate_items(drifted.data, drifted.site).run_ids == ("b",)
    drifted.land(ITEMS, "c", BARE, day=2)
    assert curate_items(drifted.data, drifted.site).run_ids == ("c",)
    assert states(drifted) == [State.GOOD, State.ACCEPTED, State.GOOD]


def test_accepted_crawl_stays_accepted_when_it_lands_more(drifted):
    accept(drifted.data, drifted.site, "b")
    drifted.land(ITEMS, "b", BARE, [{"item_id": "f" * 32}], day=1)
    assert states(drifted) == [State.GOOD, State.ACCEPTED]


def test_run_of_a_worker_names_its_crawl(raw):
    raw.land(ITEMS, "a", CLIPS)
    raw.land(ITEMS, "b.1-of-2", BARE[:200], day=1, crawl_id="b")
    raw.land(ITEMS, "b.2-of-2", BARE[200:], day=1, crawl_id="b")
    (verdict,) = accept(raw.data, raw.site, "b.2-of-2")
    assert verdict.profile.crawl_id == "b"
    assert len(sound_runs(raw.data, raw.site)[ITEMS]) == 3


@pytest.mark.parametrize("run", ["a", "nothing"])
def test_run_that_has_not_drifted_is_not_accepted(drifted, run):
    with pytest.raises(InputError, match=f"run '{run}' of shop has not drifted; .* crawls b"):
        accept(drifted.data, drifted.site, run)
    assert states(drifted) == [State.GOOD, State.DRIFTED]


def test_command_accepts_and_says_what(drifted, monkeypatch, capsys):
    monkeypatch.setenv("LIKEWISE_DATA", str(drifted.data))
    assert main(["accept", "--site", "shop", "--run", "b"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("accepted items of b\n  title share of rows with a value: 0, was 1,")
    assert main(["accept", "--site", "shop", "--run", "b"]) == 2
    assert "none has" in capsys.readouterr().err


def test_crawl_is_judged_again_once_it_has_landed_more(raw):
    raw.land(ITEMS, "a", CLIPS)
    raw.land(ITEMS, "b", CLIPS[:200], day=1, status=RunStatus.RUNNING)
    assert states(raw) == [State.GOOD, State.GOOD]
    raw.land(ITEMS, "b", CLIPS[:200], day=1)
    assert states(raw) == [State.GOOD, State.DRIFTED], "it says now that this is all"
    raw.land(ITEMS, "b", CLIPS[:200], CLIPS[200:], day=1)
    assert states(raw) == [State.GOOD, State.GOOD]


def test_what_was_curated_before_it_could_be_judged_is_good(raw):
    raw.land(ITEMS, "a", CLIPS)
    raw.land(ITEMS, "b", CLIPS[:200], day=1, status=RunStatus.RUNNING)
    curate_items(raw.data, raw.site)
    for path in raw.data.glob("curated/shop/profiles/items/*.json"):
        path.unlink()
    raw.land(ITEMS, "b", CLIPS[:200], day=1)
    assert states(raw) == [State.GOOD, State.GOOD]


def test_profile_outlives_the_rows(raw):
    likes = [(f"u{n}", "x") for n in range(400)]
    raw.land_likes("a", likes)
    curate_likes(raw.data, raw.site, KEY)
    purge_raw(raw.data, raw.site, retention_days=0, now=datetime(2026, 12, 1, tzinfo=UTC))
    raw.land_likes("b", likes[:100], day=1)
    verdict = newest_verdict(raw.data, raw.site, RawTable.LIKES)
    assert (verdict.state, verdict.against) == (State.DRIFTED, "a")
    assert len(require_curated(raw.data, raw.site, Curated.LIKES)) == 400


def test_crawl_that_landed_nothing_is_passed_over(drifted):
    drifted.land(ITEMS, "c", day=2)
    with pytest.raises(DriftError, match="items of b, held against a"):
        curate_items(drifted.data, drifted.site)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"profile": 1, "findings": []}'])
def test_damaged_verdict_is_refused_with_the_remedy(drifted, text):
    judge(drifted.data, drifted.site, ITEMS)
    (drifted.data / "curated/shop/profiles/items/a.json").write_text(text)
    with pytest.raises(CuratedZoneError, match=r"a\.json is no verdict .* remove it"):
        judge(drifted.data, drifted.site, ITEMS)


def test_kept_verdict_is_the_one_that_was_made(drifted):
    made = judge(drifted.data, drifted.site, ITEMS)
    assert judge(drifted.data, drifted.site, ITEMS) == made
    assert made[1].findings
    assert replace(made[1], state=State.GOOD) != made[1]

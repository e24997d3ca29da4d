import pytest

from scrapers.errors import ArgumentError
from scrapers.parts import TableWriter
from scrapers.plan import make_plan
from scrapers.records import RawTable, RunStatus

LOOPBACK = {"base_url": "http://127.0.0.1:1"}


def land_items(data, run_id, status):
    TableWriter(data, "demo", RawTable.ITEMS, run_id).finish(status, {})


def faults_of(arguments, environment):
    with pytest.raises(ArgumentError) as caught:
        make_plan("demo", arguments, environment)
    return caught.value.faults


@pytest.fixture
def environment(tmp_path):
    return {"LIKEWISE_DATA": str(tmp_path)}


def test_contact_stands_in_the_user_agent(environment):
    away = {"base_url": "https://example.org"}
    plan = make_plan("demo", away, {**environment, "LIKEWISE_CONTACT": "me@example.org"})
    assert plan.user_agent.startswith("likewise/")
    assert "me@example.org" in plan.user_agent


def test_fast_profile_is_for_loopback_and_a_real_site_needs_a_contact(environment):
    fast = {**environment, "LIKEWISE_PROFILE": "fast"}
    assert make_plan("demo", LOOPBACK, fast).settings.profile == "fast"
    assert len(faults_of({"base_url": "https://example.org"}, fast)) == 2
    assert len(faults_of({**LOOPBACK, "api_url": "https://example.org"}, fast)) == 2


def test_faults_of_arguments_and_environment_come_together(environment):
    faults = faults_of({"stage": "all"}, {**environment, "LIKEWISE_PROFILE": "rude"})
    assert len(faults) == 3


def test_later_stage_takes_the_runs_own_catalogue_else_the_newest_complete(environment, tmp_path):
    likes = {**LOOPBACK, "stage": "likes", "run_id": "r3"}
    assert "no catalogue" in faults_of(likes, environment)[0]
    for run_id, status in (
        ("r1", RunStatus.COMPLETE), ("r2", RunStatus.COMPLETE), ("r9", RunStatus.PARTIAL),
        ("r8", RunStatus.FAILED),
    ):  # fmt: skip
        land_items(tmp_path, run_id, status)
    assert make_plan("demo", likes, environment).catalogue_folder.name == "r2"
    own = {**likes, "run_id": "r9"}
    assert make_plan("demo", own, environment).catalogue_folder.name == "r9"
    failed = {**likes, "run_id": "r8"}
    assert make_plan("demo", failed, environment).catalogue_folder.name == "r2"


@pytest.mark.parametrize("status", RunStatus)
def test_only_a_complete_run_is_not_crawled_again(environment, tmp_path, status):
    land_items(tmp_path, "r1", status)
    asked = {**LOOPBACK, "run_id": "r1"}
    if status is RunStatus.COMPLETE:
        assert "landed its items already" in faults_of(asked, environment)[0]
    else:
        assert make_plan("demo", asked, environment).arguments.run_id == "r1"


def test_manifest_that_cannot_be_read_is_a_fault(environment, tmp_path):
    folder = TableWriter(tmp_path, "demo", RawTable.ITEMS, "r1").folder
    (folder / "manifest.json").write_text("{")
    assert "cannot be read" in faults_of({**LOOPBACK, "run_id": "r1"}, environment)[0]


def test_browser_that_is_no_program_is_a_fault_where_one_is_needed(environment, tmp_path):
    named = {**environment, "CHROMIUM_PATH": str(tmp_path / "none")}
    (fault,) = faults_of(LOOPBACK, named)
    assert "CHROMIUM_PATH" in fault
    assert make_plan("demo", {**LOOPBACK, "catalogue": "json"}, named).settings.chromium


def test_blank_contact_is_none(environment):
    blank = {**environment, "LIKEWISE_CONTACT": " "}
    assert "LIKEWISE_CONTACT" in faults_of({"base_url": "https://example.org"}, blank)[0]


def test_worker_of_a_catalogue_is_refused_and_one_of_likes_is_not(environment, tmp_path):
    shared = {**LOOPBACK, "run_id": "r1", "worker": "1/2"}
    (fault,) = faults_of(shared, environment)
    assert "worker is set for the catalogue" in fault
    land_items(tmp_path, "r1", RunStatus.COMPLETE)
    plan = make_plan("demo", {**shared, "stage": "likes"}, environment)
    assert plan.landing_folder.name == "r1.1-of-2"
    assert plan.catalogue_folder.name == "r1"


@pytest.mark.parametrize(("profile", "of"), [("polite", 3), ("fast", 17)])
def test_more_workers_than_pages_at_once_are_refused(environment, tmp_path, profile, of):
    land_items(tmp_path, "r1", RunStatus.COMPLETE)
    asked = {**LOOPBACK, "stage": "likes", "worker": f"1/{of}"}
    (fault,) = faults_of(asked, {**environment, "LIKEWISE_PROFILE": profile})
    assert f"worker is 1/{of}" in fault
    fewer = {**asked, "worker": f"1/{of - 1}"}
    assert make_plan("demo", fewer, {**environment, "LIKEWISE_PROFILE": profile})


def test_worker_whose_own_run_is_complete_is_refused_and_the_others_are_not(environment, tmp_path):
    land_items(tmp_path, "r1", RunStatus.COMPLETE)
    TableWriter(tmp_path, "demo", RawTable.LIKES, "r1.1-of-2").finish(RunStatus.COMPLETE, {})
    asked = {**LOOPBACK, "stage": "likes", "run_id": "r1"}
    assert "is complete" in faults_of({**asked, "worker": "1/2"}, environment)[0]
    assert make_plan("demo", {**asked, "worker": "2/2"}, environment)

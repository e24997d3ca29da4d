"""What is served follows what is published, and no request notices."""

import asyncio
import itertools
import logging
import shutil
import threading

import pytest

from pipeline import pointer
from pipeline.tables import SCHEMA_VERSION
from serving import catalog as catalog_module
from serving.answers.items import SimilarAnswer
from tests.factories import SITE, SmallSite
from tests.serving.conftest import LONG_S, connect

SIMILAR = f"/v1/{SITE}/items/item-003/similar?model=lightfm_cf"


def served(client):
    return {site: snapshot.snapshot_id for site, snapshot in client.catalog.snapshots.items()}


def faults(client):
    return [fault for state in client.catalog.states() for fault in state.faults]


def test_a_newer_snapshot_is_swapped_in(data, built, serve, put):
    with serve(data) as client:
        before = client.get(SIMILAR).json()
        put(data, built[1])
        client.refresh()
        after = client.get(SIMILAR).json()
    assert (before["snapshot_id"], after["snapshot_id"]) == (
        built[0].snapshot_id,
        built[1].snapshot_id,
    )
    assert before["items"] != after["items"]


def test_an_older_one_is_swapped_back_in(data, built, serve, put):
    with serve(data) as client:
        for snapshot in (built[2], built[0], built[1]):
            put(data, snapshot)
            client.refresh()
            assert served(client) == {SITE: snapshot.snapshot_id}


def test_it_looks_by_itself(data, built, serve, put):
    async def until_swapped(client):
        async with asyncio.timeout(LONG_S), connect(client.app) as asking:
            while (await asking.get(SIMILAR)).json()["snapshot_id"] != built[1].snapshot_id:
                await asyncio.sleep(0)  # the transport never leaves the loop by itself

    with serve(data, poll_s=0.01) as client:
        put(data, built[1])
        client.run(until_swapped(client))


def test_a_publish_and_a_denial_do_not_wait_for_what_is_unfolded_ahead(
    data, built, serve, put, monkeypatch
):
    begun, done = [], threading.Event()

    def slow(_, site, *rest):
        begun.append(site)
        done.wait(2 * LONG_S)

    async def until(client, holds):
        async with asyncio.timeout(LONG_S):
            while not holds(client.catalog.snapshots[SITE]):
                await asyncio.sleep(0.001)

    monkeypatch.setattr(catalog_module, "unfold_ahead", slow)
    with serve(data, poll_s=0.001) as client:
        try:
            client.run(until(client, lambda _: begun))
            put(data, built[1])
            client.run(until(client, lambda one: one.snapshot_id == built[1].snapshot_id))
            deny = data / "deny" / f"{SITE}.toml"
            deny.parent.mkdir()
            deny.write_text('items = ["item-003"]')
            client.run(until(client, lambda one: "item-003" not in one.items.index))
            assert begun == [SITE]
        finally:
            done.set()


def test_looking_survives_what_it_cannot_list(data, built, serve, put, monkeypatch):
    real, calls = catalog_module.published_sites, itertools.count()

    def failing_once(folder):
        if next(calls) == 0:
            raise OSError("no such disk")
        return real(folder)

    async def until_swapped(client):
        async with asyncio.timeout(LONG_S), connect(client.app) as asking:
            while (await asking.get(SIMILAR)).json()["snapshot_id"] != built[1].snapshot_id:
                await asyncio.sleep(0)  # the transport never leaves the loop by itself

    with serve(data, poll_s=0.01) as client:
        monkeypatch.setattr(catalog_module, "published_sites", failing_once)
        put(data, built[1])
        client.run(until_swapped(client))
        assert next(calls) > 1


def test_what_is_loaded_is_not_loaded_again(data, built, serve, put, monkeypatch):
    loads, load = [], catalog_module.load

    def counted(*args):
        loads.append(args)
        return load(*args)

    with serve(data) as client:
        monkeypatch.setattr(catalog_module, "load", counted)
        pinned = pointer.Pointer(
            built[0].snapshot_id, built[0].sha256, SCHEMA_VERSION, "2027-01-01", pinned=True
        )
        pointer.write_pointer(data, SITE, pinned)
        client.refresh()
        assert not loads
        told = client.get(f"/v1/{SITE}/models/lightfm_cf").json()
        assert told["published_at"].startswith("2027-01-01T00:00:00")
        put(data, built[1])
        client.refresh()
        client.refresh()
        assert len(loads) == 1


def torn(data, snapshot, change):
    """Replace a snapshot's file by a changed copy, without touching the shared original."""
    path = pointer.snapshot_path(data, SITE, snapshot.snapshot_id)
    content = bytearray(path.read_bytes())
    path.unlink()
    path.write_bytes(change(content))


def flipped(content):
    content[len(content) // 2] ^= 1
    return content


@pytest.mark.parametrize("change", [flipped, lambda content: content[:-1], lambda _: b""])
def test_a_damaged_file_is_refused_and_the_old_one_goes_on(data, built, serve, put, change):
    with serve(data) as client:
        torn(data, built[1], change)
        put(data, built[1])
        client.refresh()
        assert served(client) == {SITE: built[0].snapshot_id}
        assert "has SHA-256" in faults(client)[0]
        assert client.get(SIMILAR).status_code == 200


def test_a_refusal_is_logged_as_an_error(data, built, serve, put, caplog):
    with serve(data) as client:
        put(data, built[1], version=0)
        client.refresh()
    refused = [r for r in caplog.records if r.getMessage() == "snapshot refused"]
    assert [record.levelno for record in refused] == [logging.ERROR]
    assert refused[0].fields["faults"] == faults(client)


def test_a_missing_file_is_refused_until_it_is_there(data, built, serve, put, caplog):
    path = pointer.snapshot_path(data, SITE, built[1].snapshot_id)
    path.unlink()
    with serve(data) as client:
        put(data, built[1])
        for _ in range(3):
            client.refresh()
        assert "No such file" in faults(client)[0]
        shutil.copy(built[1].path, path)
        client.refresh()
        assert served(client) == {SITE: built[1].snapshot_id}
        assert faults(client) == []
    assert len([r for r in caplog.records if r.getMessage() == "snapshot refused"]) == 1


def test_a_refused_one_is_tried_again_after_a_time(data, built, serve, put, caplog):
    with serve(data, retry_s=1e-9) as client:
        put(data, built[1], version=0)
        client.refresh()
        client.refresh()
    assert len([r for r in caplog.records if r.getMessage() == "snapshot refused"]) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"snapshot_id": "x"}', '"\\ud800"', "\xff"])
def test_a_torn_pointer_is_refused(data, built, serve, put, text):
    with serve(data) as client:
        path = pointer.site_folder(data, SITE) / pointer.POINTER_NAME
        path.write_bytes(text.encode("latin-1", "replace"))
        client.refresh()
        assert served(client) == {SITE: built[0].snapshot_id}
        assert faults(client)
        put(data, built[2])
        client.refresh()
        assert served(client) == {SITE: built[2].snapshot_id}
        assert not faults(client)


def test_a_pointer_leads_nowhere_else(data, serve):
    with serve(data) as client:
        away = pointer.Pointer("../../elsewhere", "0" * 64, SCHEMA_VERSION, "2026-11-21")
        pointer.write_pointer(data, SITE, away)
        client.refresh()
        assert "not a plain name" in faults(client)[0]


def test_whatever_a_file_does_the_old_one_goes_on(data, built, serve, put, monkeypatch):
    def exploding(*_):
        raise TypeError("unforeseen")

    with serve(data) as client:
        monkeypatch.setattr(catalog_module, "load", exploding)
        put(data, built[1])
        client.refresh()
        assert served(client) == {SITE: built[0].snapshot_id}
        assert faults(client) == ["TypeError: unforeseen"]


def test_rolling_back_to_what_is_served_clears_the_fault(data, built, serve, put):
    with serve(data) as client:
        put(data, built[1], version=0)
        client.refresh()
        assert faults(client)
        put(data, built[0])
        client.refresh()
        assert not faults(client)
        assert client.get("/health/ready").json()["status"] == "ready"


def test_a_site_appears_and_disappears(tmp_path, data, built, serve):
    hidden = data / "elsewhere"
    shutil.move(data / "snapshots", hidden)
    with serve(data) as client:
        assert served(client) == {}
        shutil.move(hidden, data / "snapshots")
        client.refresh()
        assert served(client) == {SITE: built[0].snapshot_id}
        (pointer.site_folder(data, SITE) / pointer.POINTER_NAME).unlink()
        client.refresh()
        assert client.get(SIMILAR).status_code == 404


def test_folders_that_name_no_site_are_left_alone(data, serve):
    for name in ("Sketchfab", "9lives", ".hidden"):
        shutil.copytree(pointer.site_folder(data, SITE), data / "snapshots" / name)
    with serve(data) as client:
        assert list(served(client)) == [SITE]


def test_a_snapshot_of_another_site_is_refused(data, serve):
    shutil.copytree(pointer.site_folder(data, SITE), data / "snapshots" / "other")
    with serve(data) as client:
        assert list(served(client)) == [SITE]
        assert "snapshot_info.site is 'sketchfab', expected 'other'" in faults(client)[0]


def expected(built):
    """First similar items by snapshot: what an answer of that snapshot must say."""
    lists = [(snapshot, SmallSite(seed).lists("lightfm_cf")) for seed, snapshot in enumerate(built)]
    return {
        snapshot.snapshot_id: [f"item-{idx:03d}" for idx in one.item_item_idxs[3]]
        for snapshot, one in lists
    }


def is_mixed(answer, truth):
    own = [item["item_id"] for item in answer["items"] if item["source"] == answer["model"]]
    return own != truth[answer["snapshot_id"]]


def test_no_request_notices_a_publish(data, built, serve, put):
    truth, rounds, answers = expected(built), 8, []

    async def ask(client, done):
        async with connect(client.app) as asking:
            while not done.is_set():
                response = await asking.get(SIMILAR)
                await asyncio.sleep(0)  # let the loop turn
                assert response.status_code == 200
                answers.append(SimilarAnswer.model_validate_json(response.content).model_dump())

    async def publishing(client, done):
        for number in range(rounds):
            put(data, built[number % 3], version=99 if number % 4 == 3 else SCHEMA_VERSION)
            await asyncio.gather(client.catalog.refresh(), client.catalog.refresh())
        done.set()

    async def both(client):
        done = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(publishing(client, done))
            for _ in range(2):
                group.create_task(ask(client, done))

    with serve(data) as client:
        client.run(both(client))
    assert len(answers) > rounds
    assert {answer["snapshot_id"] for answer in answers} == set(truth)
    assert not [answer for answer in answers if is_mixed(answer, truth)]


def test_a_mixed_answer_would_be_noticed(data, built, serve):
    truth = expected(built)
    with serve(data) as client:
        answer = client.get(SIMILAR).json()
    assert not is_mixed(answer, truth)
    assert is_mixed({**answer, "snapshot_id": built[1].snapshot_id}, truth)


def test_a_folder_out_of_reach_leaves_what_is_served(data, built, serve):
    away = data / "away"
    with serve(data) as client:
        shutil.move(data / "snapshots", away)
        client.refresh()
        assert served(client) == {SITE: built[0].snapshot_id}
        assert "has no pointer now" in faults(client)[0]
        shutil.move(away, data / "snapshots")
        client.refresh()
        assert faults(client) == []


def test_a_broken_deny_list_is_said_once(data, serve, caplog, monkeypatch):
    async def looked_often(client):
        async with asyncio.timeout(LONG_S):
            while len(looks) < 10:
                await asyncio.sleep(0.001)

    looks, real = [], catalog_module.published_sites
    monkeypatch.setattr(
        catalog_module, "published_sites", lambda folder: looks.append(1) or real(folder)
    )
    with serve(data, poll_s=0.001) as client:
        deny = data / "deny" / f"{SITE}.toml"
        deny.parent.mkdir()
        deny.write_text("items = 3")
        client.run(looked_often(client))
    said = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    assert said == ["snapshot refused"]


def test_another_default_model_is_another_answer(data, serve):
    asked = f"/v1/{SITE}/items/item-003/similar?k=3"
    with serve(data) as client:
        first = client.get(asked)
    for model, status in (("tag_profile", 200), ("best", 304)):
        with serve(data, default_model=model) as client:
            answer = client.get(asked, headers={"If-None-Match": first.headers["etag"]})
            assert answer.status_code == status


def test_another_version_of_the_service_is_another_answer_and_another_list(
    data, serve, monkeypatch
):
    asked = f"/v1/{SITE}/items/item-003/similar?k=3"
    with serve(data) as client:
        first = client.get(asked)
    onward = f"{asked}&cursor={first.json()['next_cursor']}"
    known = {"If-None-Match": first.headers["etag"]}
    with serve(data) as client:
        assert client.get(asked, headers=known).status_code == 304
        assert client.get(onward).status_code == 200
    monkeypatch.setattr("serving.loading.installed_version", lambda: "another")
    with serve(data) as client:
        again = client.get(asked, headers=known)
        assert (again.status_code, again.json()["items"]) == (200, first.json()["items"])
        assert again.headers["etag"] != first.headers["etag"]
        assert client.get(onward).status_code == 409

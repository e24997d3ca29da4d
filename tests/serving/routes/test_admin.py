from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline import pointer
from serving.answers.admin import ReloadAnswer, SnapshotsAnswer, StatusAnswer
from serving.tokens import add_token
from tests.factories import SITE

HERE = "http://127.0.0.1:8000/admin/v1"


@pytest.fixture
def ask(data, serve, tmp_path_factory):
    tokens = tmp_path_factory.mktemp("keys") / "tokens.json"
    headers = {"Authorization": f"Bearer {add_token(tokens, days=1, now=datetime.now(UTC))}"}
    with serve(data, admin=True, admin_tokens=tokens) as client:

        def asked(method, path, answer):
            found = client.request(method, f"{HERE}{path}", headers=headers)
            assert found.status_code == 200, found.text
            assert found.headers["cache-control"] == "no-store"
            return answer.model_validate_json(found.content, strict=True)

        yield asked


def test_snapshots_tell_what_is_kept_current_and_served(ask, data, built, put):
    (site,) = ask("GET", "/snapshots", SnapshotsAnswer).sites
    assert (site.site, site.pinned, site.fault) == (SITE, False, None)
    assert [each.snapshot_id for each in site.snapshots] == sorted(b.snapshot_id for b in built)
    assert [each.current for each in site.snapshots] == [True, False, False]
    assert [each.served for each in site.snapshots] == [True, False, False]
    assert all(each.size_bytes > 0 for each in site.snapshots)
    put(data, built[2])
    (site,) = ask("GET", "/snapshots", SnapshotsAnswer).sites
    assert [each.current for each in site.snapshots] == [False, False, True]
    assert [each.served for each in site.snapshots] == [True, False, False]


def test_a_reload_serves_what_was_published(ask, data, built, put):
    put(data, built[1])
    (state,) = ask("POST", "/reload", ReloadAnswer).sites
    assert state.snapshot_id == built[1].snapshot_id
    assert state.faults == []


def test_a_reload_tries_what_was_refused_again(ask, data, built):
    deny = data / "deny" / f"{SITE}.toml"
    deny.parent.mkdir()
    deny.write_text("items = 3")
    (state,) = ask("POST", "/reload", ReloadAnswer).sites
    assert state.faults
    assert state.snapshot_id == built[0].snapshot_id
    deny.unlink()
    (state,) = ask("POST", "/reload", ReloadAnswer).sites
    assert state.faults == []


def test_a_pointer_that_cannot_be_read_is_told(ask, data):
    (pointer.site_folder(data, SITE) / pointer.POINTER_NAME).write_text("nonsense")
    (site,) = ask("GET", "/snapshots", SnapshotsAnswer).sites
    assert "is not a pointer" in site.fault
    assert not any(each.current for each in site.snapshots)


def test_status_tells_what_is_switched_on(ask, built):
    status = ask("GET", "/status", StatusAnswer)
    assert status.switched_on == ["user_routes", "admin"]
    assert [site.snapshot_id for site in status.sites] == [built[0].snapshot_id]
    assert status.up_s >= 0


def test_a_snapshot_that_is_removed_meanwhile_is_left_out(ask, data, built, monkeypatch):
    gone, real = f"{built[1].snapshot_id}.duckdb", Path.stat

    def stat(path, **more):
        if path.name == gone:
            raise FileNotFoundError(gone)
        return real(path, **more)

    monkeypatch.setattr(Path, "stat", stat)
    (site,) = ask("GET", "/snapshots", SnapshotsAnswer).sites
    assert [one.snapshot_id for one in site.snapshots] == sorted(
        one.snapshot_id for one in (built[0], built[2])
    )

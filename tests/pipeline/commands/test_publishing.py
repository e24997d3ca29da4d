from datetime import timedelta

import pytest

from pipeline.__main__ import main
from pipeline.pointer import read_pointer
from pipeline.snapshot.files import kept_snapshots
from tests.factories import NOW, SITE, build_small_snapshot, publish_small_site


@pytest.fixture
def ids(tmp_path, monkeypatch):
    monkeypatch.setenv("LIKEWISE_DATA", str(tmp_path))
    publish_small_site(tmp_path)
    build_small_snapshot(tmp_path, seed=1, now=NOW + timedelta(days=1))
    return kept_snapshots(tmp_path, SITE)


def test_the_commands_from_publish_to_unpin(ids, tmp_path, capsys):
    assert main(["publish", "--site", SITE]) == 0
    assert f"published {ids[1]}" in capsys.readouterr().out
    assert main(["rollback", "--site", SITE]) == 0
    assert f"published and pinned {ids[0]}" in capsys.readouterr().out
    assert main(["publish", "--site", SITE]) == 1
    assert f"{ids[0]} is pinned" in capsys.readouterr().err
    assert main(["list", "--site", SITE]) == 0
    newest, oldest = capsys.readouterr().out.splitlines()
    assert newest.startswith(ids[1])
    assert oldest.split()[:2] == [ids[0], "pinned"]
    assert oldest.endswith("192 likes, 30 users, 40 items")
    assert main(["unpin", "--site", SITE]) == 0
    assert main(["publish", "--site", SITE, "--id", ids[1]]) == 0
    assert main(["pin", "--site", SITE]) == 0
    assert read_pointer(tmp_path, SITE).pinned
    capsys.readouterr()
    assert main(["rollback", "--site", SITE, "--to", ids[1]]) == 0
    assert ids[1] in capsys.readouterr().out


def test_fewer_are_kept_where_the_settings_say_so(ids, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LIKEWISE_KEPT_SNAPSHOTS", "1")
    assert main(["publish", "--site", SITE]) == 0
    assert f"removed {ids[0]}" in capsys.readouterr().out
    assert kept_snapshots(tmp_path, SITE) == [ids[1]]


def test_an_unknown_snapshot_is_exit_1(ids, capsys):
    assert main(["publish", "--site", SITE, "--id", "20200101T000000Z-abcdef"]) == 1
    assert "no snapshot '20200101T000000Z-abcdef'" in capsys.readouterr().err


def test_a_site_without_snapshots_is_said(ids, capsys):
    assert main(["list", "--site", "elsewhere"]) == 0
    assert "no snapshot of elsewhere" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["publish", "rollback", "pin", "unpin", "list", "sql"])
def test_a_name_that_is_no_site_is_exit_2(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--site", "../raw"])
    assert stop.value.code == 2
    assert "does not match" in capsys.readouterr().err

import io

import polars as pl
import pytest

from pipeline.__main__ import main
from pipeline.commands import command_modules
from pipeline.dataset.keys import Key
from pipeline.files import write_frame
from scrapers.records import pseudonym
from tests.factories import SITE, SmallSite

SECRET = bytes(range(32))


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("LIKEWISE_DATA", str(tmp_path))
    monkeypatch.delenv("LIKEWISE_KEY_FILE", raising=False)
    return tmp_path


@pytest.fixture
def key_file(data):
    path = data / "keys" / "pseudonym.key"
    path.parent.mkdir()
    path.write_bytes(SECRET)
    path.chmod(0o600)
    return path


def run(monkeypatch, *arguments, stdin=""):
    given = stdin if isinstance(stdin, bytes) else stdin.encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given), encoding="latin-1"))
    return main(arguments)


def test_every_command_module_adds_a_parser_and_describes_itself(capsys):
    assert len(command_modules()) >= 2
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    for module in command_modules():
        assert module.__name__.rpartition(".")[2].replace("_", "-") in shown


@pytest.mark.parametrize("stdin", ["some-handle", "some-handle\n", "some-handle\r\n"])
def test_user_id_is_printed(monkeypatch, capsys, key_file, stdin):
    assert run(monkeypatch, "user-id", "--site", "sketchfab", stdin=stdin) == 0
    assert capsys.readouterr().out == "45aad177985d7b76d3de83e96696aba8\n"


def test_user_id_takes_no_handle_as_argument(monkeypatch, key_file):
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, "user-id", "--site", "sketchfab", "some-handle")
    assert stopped.value.code == 2


@pytest.mark.parametrize("stdin", ["", "\n", "ann\nbob\n"])
def test_user_id_wants_one_handle(monkeypatch, capsys, key_file, stdin):
    assert run(monkeypatch, "user-id", "--site", "sketchfab", stdin=stdin) == 2
    assert "must hold one user handle" in capsys.readouterr().err


def test_user_id_of_bytes_that_are_not_utf_8_is_wrong_input(monkeypatch, capsys, key_file):
    assert run(monkeypatch, "user-id", "--site", "sketchfab", stdin=b"ann\xff\n") == 2
    said = capsys.readouterr()
    assert (said.out, "in UTF-8" in said.err) == ("", True)


def test_user_id_reads_utf_8_whatever_the_locale_says(monkeypatch, capsys, key_file):
    assert run(monkeypatch, "user-id", "--site", "sketchfab", stdin="zoë") == 0
    assert capsys.readouterr().out == pseudonym("sketchfab", "zoë", Key(SECRET)) + "\n"


@pytest.mark.parametrize("own", [True, False])
def test_user_id_refuses_a_key_that_is_not_of_the_curated_likes(
    monkeypatch, capsys, data, key_file, own
):
    key_id = Key(SECRET).key_id if own else "another key"
    likes = SmallSite().likes.with_columns(pl.lit(key_id).alias("key_id"))
    write_frame(likes, data / "curated" / SITE / "likes.parquet")
    assert run(monkeypatch, "user-id", "--site", SITE, stdin="ann") == (0 if own else 1)
    said = capsys.readouterr()
    assert bool(said.out) is own
    assert ("curated with another key" in said.err) is not own


def test_missing_key_fails_with_the_remedy_and_is_not_made(monkeypatch, capsys, data):
    assert run(monkeypatch, "user-id", "--site", "sketchfab", stdin="ann") == 1
    assert "restore it from its backup" in capsys.readouterr().err
    assert list(data.iterdir()) == []


@pytest.mark.parametrize("command", [["user-id"], ["export", "--out", "out"]])
def test_name_that_is_no_site_is_wrong_input(monkeypatch, capsys, key_file, command):
    assert run(monkeypatch, *command, "--site", "../x", stdin="ann") == 2
    assert "'../x' does not match" in capsys.readouterr().err


def test_export_before_a_crawl_fails_in_one_message(monkeypatch, capsys, data):
    assert run(monkeypatch, "export", "--site", "shop", "--out", str(data / "out")) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert "refresh the site 'shop' first" in captured.err


def test_wrong_settings_are_wrong_input(monkeypatch, capsys, data):
    monkeypatch.setenv("LIKEWISE_SEED", "-1")
    assert run(monkeypatch, "export", "--site", "shop", "--out", "out") == 2
    assert "LIKEWISE_SEED" in capsys.readouterr().err

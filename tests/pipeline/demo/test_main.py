import pytest

from pipeline.demo import __main__ as demo
from pipeline.demo.refreshing import run_refresh
from pipeline.errors import ProcessError
from pipeline.processes import Children
from scrapers.environment import read_settings


def test_world_that_is_no_folder_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        demo.main(["--world", str(tmp_path / "none")])
    assert caught.value.code == 2
    assert "is not a folder" in capsys.readouterr().err


def test_world_that_is_empty_fails_with_the_log_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LIKEWISE_DATA", str(tmp_path / "data"))
    (tmp_path / "world").mkdir()
    assert demo.main(["--no-serve", "--world", str(tmp_path / "world")]) == 1
    assert "stand-in.log" in capsys.readouterr().err
    assert not list((tmp_path / "data").glob("runs/*"))


def test_refresh_that_fails_is_an_error(tmp_path, monkeypatch):
    environment = {"LIKEWISE_DATA": str(tmp_path), "LIKEWISE_LIST_LENGTH": "0"}
    said: list[str] = []
    with Children() as children, pytest.raises(ProcessError, match="refresh failed"):
        run_refresh(children, "sketchfab", environment, tmp_path / "log", said.append)
    assert "LIKEWISE_LIST_LENGTH" in (tmp_path / "log").read_text()
    assert said == []


@pytest.mark.parametrize(("options", "code"), [(["--no-serve"], 130), ([], 0)])
def test_ctrl_c_is_no_failure_once_it_serves(tmp_path, monkeypatch, options, code):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("LIKEWISE_DATA", str(tmp_path))
    step = "_refresh" if options else "serve"
    monkeypatch.setattr(demo, "_refresh", lambda *_: {})
    monkeypatch.setattr(demo, step, interrupted)
    assert demo.main(options) == code


@pytest.mark.parametrize(("terminal", "expected"), [(True, "always"), (False, "auto")])
def test_crawls_understand_what_the_demo_asks_of_their_bar(
    tmp_path, monkeypatch, terminal, expected
):
    asked: list[str] = []

    def no_refresh(_children, _site, environment, *_, **__):
        asked.append(read_settings(environment, []).progress.value)
        raise ProcessError("enough")

    monkeypatch.setenv("LIKEWISE_DATA", str(tmp_path))
    monkeypatch.setattr(demo, "start_stand_in", lambda *_: {})
    monkeypatch.setattr(demo, "run_refresh", no_refresh)
    monkeypatch.setattr(demo.sys.stdout, "isatty", lambda: terminal, raising=False)
    assert demo.main(["--no-serve"]) == 1
    assert asked == [expected]

import yaml

from pipeline.dagster_home import ROOT, dagster_environment, prepare_home


def test_home_has_the_instance_and_no_sign_up_card(tmp_path):
    home = prepare_home(tmp_path)
    assert (home / "dagster.yaml").read_text() == (ROOT / "dagster.yaml").read_text()
    assert yaml.safe_load((home / ".nux" / "nux.yaml").read_text()) == {"seen": 1}


def test_environment_is_absolute_wherever_it_is_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    prepare_home(tmp_path / "data")
    environment = dagster_environment((tmp_path / "data").relative_to(tmp_path))
    assert environment["DAGSTER_HOME"] == str(tmp_path / "data" / "dagster")
    assert environment["LIKEWISE_DATA"] == str(tmp_path / "data")


def test_instance_sends_nothing_home_and_limits_time():
    instance = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    assert instance["telemetry"] == {"enabled": False}
    monitoring = instance["run_monitoring"]
    assert monitoring["enabled"]
    assert monitoring["max_runtime_seconds"] > 0
    assert instance["concurrency"]["pools"]["default_limit"] == 1

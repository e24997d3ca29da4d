from pathlib import Path

import pytest
from pydantic import ValidationError

from serving.settings import ServingSettings


def test_defaults_listen_on_loopback_only(monkeypatch):
    for name in ("LIKEWISE_DATA", "LIKEWISE_HOST", "LIKEWISE_PORT"):
        monkeypatch.delenv(name, raising=False)
    settings = ServingSettings()
    assert (settings.host, settings.port, settings.data) == ("127.0.0.1", 8000, Path("data"))


def test_environment_wins(monkeypatch):
    monkeypatch.setenv("LIKEWISE_DATA", "/elsewhere")
    monkeypatch.setenv("LIKEWISE_PORT", "9")
    settings = ServingSettings()
    assert (settings.data, settings.port) == (Path("/elsewhere"), 9)


def test_every_fault_is_named_at_once(monkeypatch):
    monkeypatch.setenv("LIKEWISE_PORT", "70000")
    monkeypatch.setenv("LIKEWISE_POLL_S", "0")
    with pytest.raises(ValidationError) as raised:
        ServingSettings()
    assert {error["loc"][0] for error in raised.value.errors()} == {"port", "poll_s"}


def test_settings_never_change():
    with pytest.raises(ValidationError, match="frozen"):
        ServingSettings().port = 1


def test_every_setting_is_described():
    fields = ServingSettings.model_fields
    assert all(field.description for field in fields.values())
    assert len(fields) > 5


def test_admin_is_on_only_with_a_file_of_tokens_outside_the_data(tmp_path):
    tokens = tmp_path / "keys" / "tokens.json"
    assert ServingSettings(data=tmp_path / "data", admin=True, admin_tokens=tokens).admin
    with pytest.raises(ValidationError, match="admin_tokens must name the file"):
        ServingSettings(admin=True)
    for inside in (tmp_path / "tokens.json", tmp_path / "keys" / ".." / "x" / "tokens.json"):
        with pytest.raises(ValidationError, match="outside the data"):
            ServingSettings(data=tmp_path, admin_tokens=inside)


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    for name in ("DATA", "PORT", "ADMIN", "ADMIN_TOKENS", "CACHE"):
        monkeypatch.setenv(f"LIKEWISE_{name}", "")
    assert ServingSettings() == ServingSettings(data=Path("data"))


@pytest.mark.parametrize("name", ["cors_origins", "feedback_origins"])
def test_what_no_browser_sends_as_an_origin_is_a_fault(name):
    good = "https://shop.example http://127.0.0.1:8080 http://[::1]:1 capacitor://localhost"
    assert getattr(ServingSettings(**{name: good}), name) == good
    for bad in ("https://shop.example/", "shop.example", "https://Shop.example", "null", "a://b/c"):
        with pytest.raises(ValidationError, match="no origin"):
            ServingSettings(**{name: f"{good} {bad}"})


def test_anybody_may_read_but_not_send_feedback():
    assert ServingSettings(cors_origins="*").cors_origins == "*"
    with pytest.raises(ValidationError, match="no origin"):
        ServingSettings(feedback_origins="*")


def test_the_public_url_is_scheme_and_host():
    assert ServingSettings(public_url="https://likes.example:8443/").public_url == (
        "https://likes.example:8443"
    )
    for bad in (
        "likes.example",
        "https://likes.example/path",
        "ftp://likes.example",
        "javascript:",
    ):
        with pytest.raises(ValidationError, match="scheme and host"):
            ServingSettings(public_url=bad)

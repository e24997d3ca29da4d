from dataclasses import fields
from pathlib import Path

import pytest

from scrapers.environment import CrawlSettings, Profile, ProgressBar, read_settings


def test_empty_environment_gives_the_defaults():
    for environment in ({}, {"LIKEWISE_DATA": "", "LIKEWISE_PROFILE": "", "CHROMIUM_PATH": ""}):
        faults = []
        assert read_settings(environment, faults) == CrawlSettings()
        assert faults == []


def test_every_field_is_read_from_the_variable_that_it_names():
    values = {
        "LIKEWISE_DATA": "/x", "LIKEWISE_CONTACT": "me@example.org", "LIKEWISE_PROFILE": "fast",
        "LIKEWISE_PROGRESS": "never", "CHROMIUM_PATH": "/opt/chromium",
        "LIKEWISE_KEY_FILE": "/k", "LIKEWISE_LEDGER_URL": "sqlite://", "LIKEWISE_PATIENCE_H": "1.5",
    }  # fmt: skip
    named = {field.metadata["env"] for field in fields(CrawlSettings)}
    assert named == set(values)
    assert all(field.metadata["description"] for field in fields(CrawlSettings))
    assert read_settings(values, []) == CrawlSettings(
        data=Path("/x"), contact="me@example.org", profile=Profile.FAST,
        progress=ProgressBar.NEVER, chromium=Path("/opt/chromium"),
        key_file=Path("/k"), ledger_url="sqlite://", patience_h=1.5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIKEWISE_PROFILE", "rude"),
        ("LIKEWISE_PROGRESS", "1"),
        ("LIKEWISE_CONTACT", "a\r\nX: y"),
        ("LIKEWISE_PATIENCE_H", "soon"),
        ("LIKEWISE_PATIENCE_H", "-1"),
    ],
)
def test_fault_is_named(name, value):
    faults = []
    read_settings({name: value}, faults)
    assert len(faults) == 1
    assert name in faults[0]

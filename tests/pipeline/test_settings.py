from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.errors import InputError
from pipeline.settings import PipelineSettings, read_settings


def test_key_lies_in_the_data_folder_unless_told(monkeypatch):
    monkeypatch.setenv("LIKEWISE_DATA", "/srv/likewise")
    assert read_settings().key_path == Path("/srv/likewise/keys/pseudonym.key")
    monkeypatch.setenv("LIKEWISE_KEY_FILE", "/run/secrets/key")
    assert read_settings().key_path == Path("/run/secrets/key")


def test_every_fault_is_named_by_its_variable(monkeypatch):
    monkeypatch.setenv("LIKEWISE_RAW_RETENTION_DAYS", "-1")
    monkeypatch.setenv("LIKEWISE_USER_FLOOR", "none")
    with pytest.raises(InputError) as caught:
        read_settings()
    assert len(caught.value.faults) == 2
    assert "LIKEWISE_RAW_RETENTION_DAYS is '-1'" in str(caught.value)
    assert "LIKEWISE_USER_FLOOR is 'none'" in str(caught.value)


def test_empty_variable_is_as_if_unset(monkeypatch):
    monkeypatch.setenv("LIKEWISE_RAW_RETENTION_DAYS", "")
    assert read_settings().raw_retention_days == 7


def test_settings_are_frozen_and_described():
    with pytest.raises(ValidationError):
        PipelineSettings().seed = 1
    assert all(field.description for field in PipelineSettings.model_fields.values())

from datetime import UTC, datetime

import pytest

from serving.settings import ServingSettings
from serving.token_command import token_command
from serving.tokens import known_token, read_tokens


def test_a_token_is_printed_once_and_works(tmp_path, capsys):
    path = tmp_path / "tokens.json"
    assert token_command(["--days", "3"], ServingSettings(admin_tokens=path)) == 0
    printed = capsys.readouterr()
    token = known_token(read_tokens(path), printed.out.strip(), datetime.now(UTC))
    assert token is not None
    assert printed.out.strip() not in printed.err


def test_without_a_file_to_keep_it_none_is_made(capsys):
    assert token_command([], ServingSettings()) == 2
    said = capsys.readouterr()
    assert "LIKEWISE_ADMIN_TOKENS" in said.err
    assert not said.out


def test_a_damaged_file_is_left_as_it_is(tmp_path, capsys):
    path = tmp_path / "tokens.json"
    path.write_text("precious")
    assert token_command([], ServingSettings(admin_tokens=path)) == 2
    assert path.read_text() == "precious"
    assert not capsys.readouterr().out


@pytest.mark.parametrize("days", ["0", "-1", "x", "4000"])
def test_days_out_of_range_are_refused(tmp_path, days, capsys):
    with pytest.raises(SystemExit) as caught:
        token_command([f"--days={days}"], ServingSettings(admin_tokens=tmp_path / "tokens.json"))
    assert caught.value.code == 2
    assert "days" in capsys.readouterr().err

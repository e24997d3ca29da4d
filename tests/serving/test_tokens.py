import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import tokens as module
from serving.errors import TokenFileError
from serving.tokens import add_token, known_token, read_tokens

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_a_token_is_known_until_it_expires(tmp_path):
    path = tmp_path / "keys" / "tokens.json"
    token = add_token(path, days=2, now=NOW)
    tokens = read_tokens(path)
    assert known_token(tokens, token, NOW) == tokens[0]
    assert known_token(tokens, token, NOW + timedelta(days=2, microseconds=-1))
    assert known_token(tokens, token, NOW + timedelta(days=2)) is None


def test_tokens_are_256_bits_and_stand_nowhere(tmp_path):
    path = tmp_path / "tokens.json"
    made = {add_token(path, days=1, now=NOW) for _ in range(3)}
    assert len(made) == 3
    assert all(len(token) == 43 for token in made)  # 32 bytes in base64
    assert not [token for token in made if token in path.read_text()]
    assert [known_token(read_tokens(path), token, NOW) is not None for token in made] == [True] * 3


@given(st.text())
def test_no_other_text_is_known(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "one-token.json"
    token = add_token(path, days=1, now=NOW) if not path.exists() else None
    assert known_token(read_tokens(path), text, NOW) is None or text == token


def test_hashes_are_compared_in_constant_time_each_of_them(tmp_path, monkeypatch):
    path = tmp_path / "tokens.json"
    first = add_token(path, days=1, now=NOW)
    add_token(path, days=1, now=NOW)
    tokens = read_tokens(path)
    compared = []
    compare = module.hmac.compare_digest
    monkeypatch.setattr(
        module.hmac, "compare_digest", lambda a, b: compared.append(a) or compare(a, b)
    )
    assert known_token(tokens, first, NOW) == tokens[0]
    assert compared == [token.sha256 for token in tokens]


def test_expired_tokens_leave_the_file_with_the_next_one(tmp_path):
    path = tmp_path / "tokens.json"
    add_token(path, days=1, now=NOW)
    add_token(path, days=9, now=NOW + timedelta(days=2))
    assert len(read_tokens(path)) == 1


def test_only_its_owner_may_read_the_file(tmp_path):
    path = tmp_path / "tokens.json"
    add_token(path, days=1, now=NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(TokenFileError, match="chmod 600"):
        read_tokens(path)
    assert [each.name for each in tmp_path.iterdir()] == ["tokens.json"]


GOOD = {"sha256": "0" * 64, "created_at": NOW.isoformat(), "expires_at": NOW.isoformat()}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"tokens": 3}',
        json.dumps({"tokens": [{**GOOD, "sha256": "short"}]}).encode(),
        json.dumps({"tokens": [{**GOOD, "sha256": "é" * 64}]}).encode(),
        json.dumps({"tokens": [{**GOOD, "sha256": 3}]}).encode(),
        json.dumps({"tokens": [{**GOOD, "expires_at": "soon"}]}).encode(),
        json.dumps({"tokens": [{**GOOD, "expires_at": "2026-11-21"}]}).encode(),
        json.dumps({"tokens": [{**GOOD, "more": 1}]}).encode(),
    ],
)
def test_what_is_no_file_of_tokens_is_refused(tmp_path, content):
    path = tmp_path / "tokens.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(TokenFileError, match="no file of tokens"):
        read_tokens(path)


def test_a_good_file_is_read_and_none_is_no_token(tmp_path):
    path = tmp_path / "tokens.json"
    assert read_tokens(path) == []
    path.write_text(json.dumps({"tokens": [GOOD]}))
    path.chmod(0o600)
    assert [token.name for token in read_tokens(path)] == ["0" * 8]


def test_a_token_is_of_a_day_at_least(tmp_path):
    with pytest.raises(ValueError, match="at least 1"):
        add_token(tmp_path / "tokens.json", days=0, now=NOW)

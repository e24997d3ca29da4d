"""The operator's tokens: 256 random bits each, of which the file keeps a hash and an expiry."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from serving.errors import TokenFileError

__all__ = ["Token", "add_token", "known_token", "read_tokens"]

_BYTES: Final = 32
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token; instants are ISO 8601 in UTC."""

    sha256: str
    created_at: str
    expires_at: str

    @property
    def name(self) -> str:
        """What logs call it."""
        return self.sha256[:8]

    def is_valid(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return now < datetime.fromisoformat(self.expires_at)


def add_token(path: Path, *, days: int, now: datetime) -> str:
    """Make a token, keep its hash in the file and return it: it is nowhere else.

    Tokens that have expired leave the file, which only its owner may read.

    Raises
    ------
    TokenFileError : the file is not one of tokens, or others may read it.
    ValueError : fewer than 1 day.
    """
    if days < 1:
        raise ValueError(f"days is {days}, must be at least 1")
    token = secrets.token_urlsafe(_BYTES)
    expires_at = now + timedelta(days=days)
    new = Token(_hashed(token), now.isoformat(), expires_at.isoformat())
    kept = [each for each in read_tokens(path) if each.is_valid(now)]
    _write(path, [*kept, new])
    return token


def read_tokens(path: Path) -> list[Token]:
    """Tokens of a file, expired ones too; none where there is no file.

    Raises
    ------
    TokenFileError : the file is not one of tokens, or others than its owner may read it.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content: Any = json.load(file)
        if mode & _OTHERS:
            raise TokenFileError(f"{path} has mode {mode & 0o777:o}: chmod 600 it")
        return [_checked(Token(**fields)) for fields in content["tokens"]]
    except FileNotFoundError:
        return []
    except (OSError, KeyError, TypeError, ValueError) as err:
        raise TokenFileError(f"{path} is no file of tokens: {type(err).__name__}") from err


def known_token(tokens: Sequence[Token], given: str, now: datetime) -> Token | None:
    """The valid token that was given; the time it takes tells nothing about any of them."""
    hashed = _hashed(given)
    found = None
    for token in tokens:
        same = hmac.compare_digest(token.sha256, hashed)
        if same and token.is_valid(now):
            found = token
    return found


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _checked(token: Token) -> Token:
    if len(token.sha256) != hashlib.sha256().digest_size * 2 or not token.sha256.isascii():
        raise ValueError("sha256 is no hash")
    if datetime.fromisoformat(token.expires_at).tzinfo is None:
        raise ValueError("expires_at has no time zone")
    return token


def _write(path: Path, tokens: Sequence[Token]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tokens-")  # of mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps({"tokens": [asdict(token) for token in tokens]}, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

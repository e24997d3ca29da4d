"""Pseudonyms of people: a keyed hash, and the file of its secret that only its owner can read.

Whoever has the key can tell whose a pseudonym is, so this is pseudonymization in the sense of
the GDPR (Art. 4 (5)), not anonymity.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import tempfile
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["SECRET_BYTES", "Key", "KeyFault", "load_key", "load_or_create_key", "pseudonym"]

SECRET_BYTES: Final = 32
"""Fewest bytes of a secret: the length of HMAC-SHA256's output (RFC 2104, section 3)."""
_VERSION: Final = "v1"
_HEX_DIGITS: Final = 32
_FILE_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_KEY_ID_DIGITS: Final = 12


class KeyFault(ValueError):  # noqa: N818  each room makes it an error of its own
    """The secret of the pseudonyms cannot be used; the message has the remedy."""


@dataclass(frozen=True, slots=True)
class Key:
    """A secret that never shows itself; ``key_id`` names it without telling it."""

    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """12 hex digits that differ between secrets and do not reveal one."""
        digest = hashlib.sha256(b"likewise key_id v1:" + self.secret)
        return digest.hexdigest()[:_KEY_ID_DIGITS]


def pseudonym(site: str, user_handle: str, key: Key) -> str:
    """Pseudonym of a person on a site: 32 hex digits of HMAC-SHA256.

    The message is ``v1:<site>:<user_handle>`` in UTF-8, the handle in Unicode's form C as the
    raw zone has it.
    """
    message = f"{_VERSION}:{site}:{unicodedata.normalize('NFC', user_handle)}"
    return hmac.digest(key.secret, message.encode("utf-8"), "sha256").hex()[:_HEX_DIGITS]


def load_key(path: Path) -> Key:
    """Key of a file: its bytes, all of them, are the secret.

    Raises
    ------
    KeyFault : the file is missing, readable by others than its owner, or shorter than 32
        bytes.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            secret = file.read()
    except FileNotFoundError:
        raise KeyFault(f"key file {path} does not exist: {_RESTORE}") from None
    except OSError as err:
        raise KeyFault(f"key file {path} cannot be read: {err.strerror}") from err
    if mode & _OTHERS:
        raise KeyFault(
            f"key file {path} has mode {mode:04o}, others than its owner may use it; "
            f"run: chmod 600 '{path}'"
        )
    if len(secret) < SECRET_BYTES:
        raise KeyFault(
            f"key file {path} holds {len(secret)} bytes, at least {SECRET_BYTES} random bytes are "
            f"needed: {_RESTORE}"
        )
    return Key(secret)


def load_or_create_key(path: Path, data: Path) -> Key:
    """Key of a file, made with fresh random bytes where no pseudonym depends on one yet.

    Parameters
    ----------
    data : data folder; with curated likes in it a missing key is refused, because a new one
        would double every person in silence.

    Raises
    ------
    KeyFault : as `load_key`; a missing file only where curated likes exist, or where it cannot
        be made.
    """
    if not path.exists() and not any((data / "curated").glob("*/likes.parquet")):
        try:
            _create(path)
        except OSError as err:
            raise KeyFault(
                f"key file {path} cannot be written: {err.strerror}; see to its disk, or let "
                "LIKEWISE_KEY_FILE name another place"
            ) from err
    return load_key(path)


_RESTORE: Final = (
    "restore it from its backup, or let LIKEWISE_DATA and LIKEWISE_KEY_FILE name the right place; "
    "to begin anew with other pseudonyms, move the curated zone and the key file away"
)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), _FILE_MODE)
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        _publish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _publish(temporary: Path, path: Path) -> None:
    """Give the file its name unless another process was first: then that key holds."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return

"""Search for a person's handle in files, decoded, in the encodings that software writes."""

import base64
import hashlib
import html
import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus

import duckdb
import numpy as np
import polars as pl


def needles(handle: str) -> dict[str, bytes]:
    """Forms of a handle by the name of their encoding, in lower case."""
    plain = handle.encode()
    forms = {
        "utf-8": plain,
        "latin-1": handle.encode("latin-1"),
        "utf-16-le": handle.encode("utf-16-le"),
        "utf-16-be": handle.encode("utf-16-be"),
        "utf-32-le": handle.encode("utf-32-le"),
        "hex": plain.hex().encode(),
        "percent": quote(handle, safe="").encode(),
        "percent, some kept": quote(handle, safe="~+?&=/:").encode(),
        "percent, form": quote_plus(handle).encode(),
        "json": json.dumps(handle)[1:-1].encode(),
        "html": html.escape(handle).encode(),
        "python": ascii(handle)[1:-1].encode(),
        "json in json": json.dumps(json.dumps(handle)[1:-1])[1:-1].encode(),
    }
    for name in ("md5", "sha1", "sha256", "blake2b"):
        forms[name] = hashlib.new(name, plain).hexdigest()[:32].encode()
    for offset in range(3):  # wherever it stands in a longer text
        encoded = base64.b64encode(b"\0" * offset + plain)[(0, 2, 3)[offset] : -4]
        forms[f"base64 at {offset}"] = encoded
        forms[f"base64url at {offset}"] = encoded.replace(b"+", b"-").replace(b"/", b"_")
    return {name: form.lower() for name, form in forms.items()}


def contents(path: Path) -> Iterator[bytes]:
    """What a file holds: its bytes, and its columns, arrays or rows decoded."""
    raw = path.read_bytes()
    yield raw
    if raw[:4] == b"PAR1":
        yield pl.read_parquet(path, glob=False).write_ndjson().encode()
        yield repr(pl.read_parquet_metadata(path)).encode()
    elif raw[:2] == b"PK" and zipfile.is_zipfile(path):
        yield from _arrays(path)
    elif raw[:15] == b"SQLite format 3":
        yield from _sqlite(path)
    elif raw[8:12] == b"DUCK":
        yield from _duckdb(path)


def _arrays(path: Path) -> Iterator[bytes]:
    with np.load(path, allow_pickle=False) as file:
        for name in file.files:
            array = file[name]
            yield name.encode()
            if array.dtype.kind in "US":
                yield "\n".join(map(str, array.ravel().tolist())).encode()
            else:
                yield array.tobytes()


def _sqlite(path: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in names.fetchall():
            for row in connection.execute(f'SELECT * FROM "{name}"'):
                for value in row:
                    yield value if isinstance(value, bytes) else str(value).encode()


def _duckdb(path: Path) -> Iterator[bytes]:
    with duckdb.connect(path, read_only=True) as connection:
        names = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        for (name,) in names:
            buffer = io.BytesIO()
            connection.sql(f'SELECT * FROM "{name}"').pl().write_ndjson(buffer)
            yield buffer.getvalue()


def found(folder: Path, handles: list[str], *, beside: tuple[str, ...] = ()) -> set[str]:
    """``<path>: <encoding>`` of every handle in any file but those of the folders ``beside``."""
    forms = {name: set() for name in needles("é")}
    for handle in handles:
        for name, form in needles(handle).items():
            forms[name].add(form)
    hits = set()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if not path.is_file() or relative.parts[0] in beside:
            continue
        for content in contents(path):
            lower = content.lower()
            hits |= {
                f"{relative}: {name}"
                for name, wanted in forms.items()
                if any(form in lower for form in wanted)
            }
    return hits

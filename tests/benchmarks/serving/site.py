"""Two snapshots of Sketchfab's size with random lists, written by SQL: nothing is learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import duckdb

from pipeline.pointer import Pointer, file_sha256, site_folder, snapshot_path, write_pointer
from pipeline.tables import SCHEMA_VERSION, ddl

__all__ = ["NAMES", "SITE", "build", "item_paths", "publish", "user_paths"]

SITE: Final = "sketchfab"
NAMES: Final = ("20261121T000001Z-000001", "20261121T000002Z-000002")
N_USERS: Final = 62_583
N_ITEMS: Final = 28_806
K: Final = 100
MODELS: Final = ("popular", "lightfm_cf", "lightfm_hybrid", "tag_profile")

_LIST: Final = f"""
    list_transform(range({K}), lambda n: ((hash(subject, n) % {N_ITEMS})::INTEGER)),
    list_transform(range({K}), lambda n: (1 / (n + 1))::FLOAT)
"""
_GROUPS: Final = {"tags": "unnest(tags)", "categories": "unnest(categories)", "creators": "creator"}


def _fill(models: Sequence[str], *, with_people: bool) -> Iterator[str]:
    """Statements that write everything; lists of people are most of it."""
    yield (
        f"INSERT INTO snapshot_info VALUES ('', '{SITE}', {SCHEMA_VERSION}, now(), 'k', [], "
        f"'0', {N_USERS}, {N_ITEMS}, 632840, 'x')"
    )
    yield (
        f"INSERT INTO site VALUES ('{SITE}', 'Large', NULL, ['example.org'], [], NULL, "
        "['example.org'], NULL)"
    )
    yield f"""INSERT INTO items SELECT i, md5(i::VARCHAR), 'Title of ' || i, 'Artist ' || i % 999,
        'CC0', i, i, now(), now(), 'https://example.org/3d-models/' || md5(i::VARCHAR),
        'https://example.org/models/' || md5(i::VARCHAR) || '/embed',
        [{{'url': 'https://example.org/t/' || i || '.jpeg', 'width': 320, 'height': 180}}],
        ['tag' || i % 50, 'other' || i % 70, 'third' || i % 90], ['animals']
        FROM range({N_ITEMS}) AS r(i)"""
    for table, names in _GROUPS.items():
        yield f"""INSERT INTO {table} SELECT replace(lower(name), ' ', '-'), name, count(*),
            sum(like_count), list(item_idx ORDER BY like_count DESC)
            FROM (SELECT item_idx, like_count, {names} AS name FROM items)
            GROUP BY name ORDER BY sum(like_count) DESC, name"""
    yield f"INSERT INTO user_items SELECT md5('u' || u), [0] FROM range({N_USERS}) AS r(u)"
    for position, model in enumerate(models):
        if with_people:
            yield (
                f"INSERT INTO user_lists SELECT md5('u' || subject), '{model}', {_LIST} "
                f"FROM range({N_USERS}) AS r(subject)"
            )
        yield (
            f"INSERT INTO item_lists SELECT subject, '{model}', {_LIST} "
            f"FROM range({N_ITEMS}) AS r(subject)"
        )
        yield (
            f"INSERT INTO models VALUES ('{model}', {position}, '{model}', 's', '{{}}', 0, 1, "
            "now(), 1, 'x', 'x')"
        )


def build(data: Path, models: Sequence[str] = MODELS, *, with_people: bool = True) -> None:
    """Write what is missing of both, and publish the first."""
    site_folder(data, SITE).mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        path = snapshot_path(data, SITE, name)
        if path.exists():
            continue
        with duckdb.connect(str(path)) as con:
            for statement in (*ddl(), *_fill(models, with_people=with_people)):
                con.execute(statement)
            con.execute("UPDATE snapshot_info SET snapshot_id = $name", {"name": name})
        path.with_name(f"{path.name}.sha256").write_text(f"{file_sha256(path)}  {path.name}\n")
    publish(data, NAMES[0])


def publish(data: Path, name: str, *, sha256: str | None = None) -> None:
    """Point at one of them; with another hash at one that is to be refused."""
    digest = sha256 or file_sha256(snapshot_path(data, SITE, name))
    write_pointer(data, SITE, Pointer(name, digest, SCHEMA_VERSION, "2026-11-21T00:00:00+00:00"))


def item_paths(k: int = 20) -> list[str]:
    """Lists beside a thousand items."""
    ids = _hashes(f"SELECT md5(i::VARCHAR) FROM range(0, {N_ITEMS}, 29) AS r(i)")
    return [f"/v1/{SITE}/items/{item}/similar?k={k}" for item in ids]


def user_paths(k: int = 20) -> list[str]:
    """Lists of a thousand people."""
    ids = _hashes(f"SELECT md5('u' || i) FROM range(0, {N_USERS}, 63) AS r(i)")
    return [f"/v1/{SITE}/users/{user}/recommendations?k={k}" for user in ids]


def _hashes(query: str) -> list[str]:
    with duckdb.connect() as con:
        return [found for (found,) in con.execute(query).fetchall()]

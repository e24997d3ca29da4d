"""Build a snapshot aside: every table filled, checkpointed, closed, verified, hashed, renamed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dataset.presence import Presence
from pipeline.deny import DenyList, read_deny_list
from pipeline.errors import SnapshotError
from pipeline.files import sync
from pipeline.fold_in import ItemFactors
from pipeline.pointer import file_sha256, site_folder, snapshot_path
from pipeline.snapshot.contents import SnapshotContents, item_group, snapshot_items, user_items
from pipeline.snapshot.denying import without_denied
from pipeline.snapshot.feature_rows import Features
from pipeline.snapshot.files import BUILD_LOCK, kept_snapshots, locked, write_hash
from pipeline.snapshot.fold_ins import ModelFoldIn, filled_fold_in, filled_shares
from pipeline.snapshot.history import carried_history
from pipeline.snapshot.lists import filled_lists, without
from pipeline.snapshot.verifying import verify
from pipeline.snapshot.visitor_parts import Scorer, Wanted, filled_visitor_parts
from pipeline.tables import SCHEMA_VERSION, SNAPSHOT_TABLES, ddl

__all__ = ["BuiltSnapshot", "build"]

_TEMPORARY_SUFFIX: Final = ".building"
_ID_TIME: Final = "%Y%m%dT%H%M%SZ"
_READ_ONLY: Final = 0o444
_COLUMNS: Final = {table.name: table.column_names for table in SNAPSHOT_TABLES}
# Memory of the writer; above it DuckDB spills into the folder of the snapshots.
_WRITER: Final[Mapping[str, str | int]] = {"memory_limit": "256MB", "threads": 2}


@dataclass(frozen=True, slots=True)
class BuiltSnapshot:
    """A snapshot that stands on disk, verified; not yet published."""

    snapshot_id: str
    path: Path
    sha256: str
    size_bytes: int
    n_users: int
    n_items: int
    n_likes: int


def build(
    data: Path, site: str, contents: SnapshotContents, *, now: datetime | None = None
) -> BuiltSnapshot:
    """Build and verify a snapshot; what was published stays as it is.

    What the site's deny list names stays out, with its likes, as if it were gone.

    Parameters
    ----------
    now : instant of the build, in UTC; the present one.  An id is always later than those of
        the snapshots that are kept, whatever the clock says.

    Raises
    ------
    SnapshotError : the contents do not fit together or the built file breaks a rule; every
        fault is named and no file is left behind.
    DenyListError : the deny list is not of its form.
    """
    denied = read_deny_list(data, site)
    with locked(data, site, BUILD_LOCK):
        _remove_leftovers(site_folder(data, site))
        created_at = _instant_after_kept(data, site, now or datetime.now(UTC))
        snapshot_id = f"{created_at:{_ID_TIME}}-{_fingerprint(site, contents, created_at)}"
        path = snapshot_path(data, site, snapshot_id)
        temporary = path.with_name(f".{snapshot_id}{_TEMPORARY_SUFFIX}")
        try:
            present = without_denied(Presence.of(contents.likes, contents.items), denied)
            info = _info(site, snapshot_id, created_at, contents, present)
            _write(temporary, info, contents, present, carried_history(data, site))
            _refuse_faults(temporary, snapshot_id, present, denied)
            sha256 = _seal(temporary)
            write_hash(data, site, snapshot_id, sha256)
            temporary.replace(path)
            sync(path.parent)
        finally:
            _remove_leftovers(path.parent)
    counts = {name: int(info.item(0, name)) for name in ("n_users", "n_items", "n_likes")}
    return BuiltSnapshot(snapshot_id, path, sha256, path.stat().st_size, **counts)


def _instant_after_kept(data: Path, site: str, now: datetime) -> datetime:
    instant = now.astimezone(UTC).replace(microsecond=0)
    kept = kept_snapshots(data, site)
    if kept:
        newest = datetime.strptime(kept[-1].split("-")[0], _ID_TIME).replace(tzinfo=UTC)
        instant = max(instant, newest + timedelta(seconds=1))
    return instant


def _fingerprint(site: str, contents: SnapshotContents, created_at: datetime) -> str:
    hashes = contents.models.get_column("model_sha256").to_list()
    parts = [site, created_at.isoformat(), contents.data_sha256, *hashes]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:6]


def _info(
    site: str,
    snapshot_id: str,
    created_at: datetime,
    contents: SnapshotContents,
    present: Presence,
) -> pl.DataFrame:
    likes = present.likes
    key_ids = likes.get_column("key_id").unique().to_list()
    if len(key_ids) != 1:
        raise SnapshotError(
            f"curated likes of {site} carry {len(key_ids)} key ids {sorted(key_ids)}, 1 is "
            "allowed: likes there must be, and all anonymized with one key"
        )
    known = pl.concat([present.items.select("item_id"), likes.select("item_id")])
    return pl.DataFrame(
        {
            "snapshot_id": snapshot_id,
            "site": site,
            "schema_version": SCHEMA_VERSION,
            "created_at": created_at,
            "key_id": key_ids[0],
            "run_ids": [list(contents.run_ids)],
            "likewise_version": version("likewise"),
            "n_users": likes.get_column("user_id").n_unique(),
            "n_items": known.get_column("item_id").n_unique(),
            "n_likes": likes.height,
            "data_sha256": contents.data_sha256,
        },
        schema_overrides={"run_ids": pl.List(pl.String)},
    )


def _write(
    path: Path,
    info: pl.DataFrame,
    contents: SnapshotContents,
    present: Presence,
    history: pl.DataFrame | None,
) -> None:
    items = snapshot_items(present.items, present.likes)
    config: dict[str, str | bool | int | float | list[str]] = {**_WRITER}
    config["temp_directory"] = f"{path}.spill"
    with duckdb.connect(path, config=config) as connection:
        # One transaction: a checkpoint between inserts leaves 145 MB of free blocks in the file.
        connection.execute("BEGIN")
        for statement in ddl():
            connection.execute(statement)
        for name, frame in _frames(info, items, contents, present, history):
            _insert(connection, name, frame.to_arrow())
        item_ids, gone_items = _ids(items["item_id"]), _ids(present.gone_items["item_id"])
        gone_users = _ids(present.gone_users)
        for made in contents.lists:
            lists = without(made, gone_items, gone_users)
            for name, table in filled_lists(lists, item_ids):
                _insert(connection, name, table)
        user_ids = _ids(present.likes["user_id"].unique())
        _insert_fold_ins(connection, contents.fold_ins, item_ids, gone_items, user_ids)
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")
    if Path(f"{path}.wal").exists():
        raise SnapshotError(f"{path}.wal still stands after the checkpoint: the disk may be full")


def _insert_fold_ins(
    connection: duckdb.DuckDBPyConnection,
    fold_ins: Iterable[ModelFoldIn],
    item_ids: NDArray[np.str_],
    gone_items: NDArray[np.str_],
    user_ids: NDArray[np.str_],
) -> None:
    """Weights, vectors and factors model by model, then which of them scores whom."""
    scorers: dict[str, Scorer] = {}
    wanted: dict[str, tuple[Wanted, ...]] = {}
    features = Features()
    shares: dict[str, pa.Table] = {}
    for made in fold_ins:
        wanted[made.model] = made.wanted
        if made.shares:
            shares[made.model] = filled_shares(made.model, made.shares, made.item_ids, gone_items)
        if _is_published(made, scorers.values()):
            continue
        for name, table in filled_fold_in(made, item_ids, gone_items, user_ids, features):
            _insert(connection, name, table)
            if made.scores_visitors:
                scorers[made.model] = Scorer(made.model, made.settings, _solve_of(made))
    _insert(connection, "features", features.table)
    parts = filled_visitor_parts(scorers.values(), wanted)
    _insert(connection, "visitor_parts", parts)
    for model in sorted({row["model"] for row in parts.to_pylist() if row["side"]}):
        _insert(connection, "item_shares", shares[model])


def _is_published(made: ModelFoldIn, scorers: Iterable[Scorer]) -> bool:
    """Whether a model scores visitors as models do that stand in the snapshot already.

    The winner would else stand there twice, 69 MB at 62,583 people and 28,806 items.
    """
    others = [scorer.settings for scorer in scorers]
    parts = [part.settings for part in made.wanted]
    return bool(parts) and all(one in others and one != made.settings for one in parts)


def _solve_of(made: ModelFoldIn) -> ItemFactors | None:
    """What a visitor's solve takes, without the factors themselves."""
    if made.factors is None:
        return None
    return replace(made.factors, factors=np.empty((0, 0), np.float32))


def _frames(
    info: pl.DataFrame,
    items: pl.DataFrame,
    contents: SnapshotContents,
    present: Presence,
    history: pl.DataFrame | None,
) -> Iterator[tuple[str, pl.DataFrame]]:
    own = contents.evaluation.select(
        pl.lit(info.item(0, "snapshot_id")).alias("snapshot_id"), pl.all()
    )
    yield "snapshot_info", info
    yield "site", contents.site
    yield "items", items
    yield "tags", item_group(items, "tags")
    yield "categories", item_group(items, "categories")
    yield "creators", item_group(items, "creator")
    yield "user_items", user_items(present.likes, items)
    yield "models", contents.models
    yield "evaluation", contents.evaluation
    if history is not None:
        yield "evaluation_history", history
    yield "evaluation_history", own
    yield from contents.evaluation_details.items()
    if contents.charts:
        yield "charts", pl.DataFrame([asdict(chart) for chart in contents.charts])


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    missing = set(_COLUMNS[table]) - set(rows.column_names)
    if missing:
        raise SnapshotError(f"table {table} lacks the columns {sorted(missing)}")
    columns = ", ".join(f'"{name}"' for name in _COLUMNS[table])
    connection.register("_rows", rows)
    try:
        # Names come from the door, never from data.
        connection.execute(f"INSERT INTO {table} SELECT {columns} FROM _rows")  # noqa: S608
    except duckdb.Error as err:
        raise SnapshotError(f"table {table} cannot be filled: {err}") from err
    connection.unregister("_rows")


def _ids(column: pl.Series) -> NDArray[np.str_]:
    return column.to_numpy().astype(str)


def _refuse_faults(path: Path, snapshot_id: str, present: Presence, denied: DenyList) -> None:
    faults = verify(path, snapshot_id=snapshot_id, gone=present, denied=denied)
    if faults:
        raise SnapshotError(
            f"snapshot {snapshot_id} breaks {len(faults)} rules and is dropped:"
            + "".join(f"\n  - {fault}" for fault in faults)
        )


def _seal(path: Path) -> str:
    path.chmod(_READ_ONLY)
    sync(path)
    return file_sha256(path)


def _remove_leftovers(folder: Path) -> None:
    """Remove what this build, or one that was killed, left aside."""
    for path in folder.glob(f".*{_TEMPORARY_SUFFIX}*"):
        if path.is_dir():
            for spilled in path.iterdir():
                spilled.unlink()
            path.rmdir()
        else:
            path.unlink()

"""The page ``docs/data-model.md``, from the two doors: ``python -m pipeline.data_model``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

from pipeline.files import write_text
from pipeline.tables import (
    CURATED_TABLES,
    FEEDBACK_TABLES,
    FEEDBACK_VERSION,
    SCHEMA_VERSION,
    SNAPSHOT_TABLES,
    SNAPSHOT_VIEWS,
    Table,
    View,
)
from scrapers.records import RAW_SCHEMAS
from scrapers.records import SCHEMA_VERSION as RAW_VERSION

__all__ = ["PAGE", "data_model_page", "main"]

PAGE: Final = Path("docs", "data-model.md")
_HEAD: Final = f"""\
# Data model

Generated from `scrapers/records.py` and `pipeline/tables.py` by `python -m pipeline.data_model`;
a test compares. What is kept where and for how long: [privacy](privacy.md).

| zone | where, under the data folder | form | version |
|---|---|---|---|
| raw | `raw/<site>/<table>/<run_id>/part-*.parquet` | listed in `manifest.json` | {RAW_VERSION} |
| curated | `curated/<site>/<table>.parquet` | one file a table | {SCHEMA_VERSION} |
| snapshot | `snapshots/<site>/<snapshot_id>.duckdb` | named by `current.json` | {SCHEMA_VERSION} |
| feedback | `feedback/<site>.sqlite` | SQLite, journal WAL | {FEEDBACK_VERSION} |
"""
_RAW: Final = """
## Raw zone

What a crawl landed. Folder of mode 0700; the only place where a site's user id stands.
"""
_CURATED: Final = """
## Curated zone

What is known over all runs, past anonymizing.
"""
_SNAPSHOT: Final = """
## Snapshot

What is served. An `item_idx` is a position in `items` and means nothing outside its snapshot.
Tables and columns carry these words as comments in the file too.
"""
_FEEDBACK: Final = """
## Feedback

What visitors did, written by the API where that is switched on. File of mode 0600.
"""


def data_model_page() -> str:
    """Markdown of the page."""
    lines = [_HEAD, _RAW]
    lines += [_raw_table(name.value, schema) for name, schema in RAW_SCHEMAS.items()]
    lines += [_CURATED, *map(_table, CURATED_TABLES), _SNAPSHOT, *map(_table, SNAPSHOT_TABLES)]
    lines += [*map(_view, SNAPSHOT_VIEWS), _FEEDBACK, *map(_table, FEEDBACK_TABLES)]
    return "".join(lines)


def main() -> None:
    """Write the page into the checkout."""
    write_text(PAGE, data_model_page())


def _table(table: Table) -> str:
    key = f" Unique: `{', '.join(table.key)}`." if table.key else ""
    rows = ((c.name, c.type, c.nullable, c.comment) for c in table.columns)
    return f"\n### `{table.name}`\n\n{table.comment}{key}\n\n{_columns(rows)}"


def _raw_table(name: str, schema: pa.Schema) -> str:
    rows = (
        (field.name, str(field.type), field.nullable, field.metadata[b"comment"].decode())
        for field in schema
    )
    return f"\n### raw `{name}`\n\n{_columns(rows)}"


def _view(view: View) -> str:
    statement = "\n".join(f"    {line.strip()}" for line in view.sql.strip().splitlines())
    rows = ((c.name, c.type, c.nullable, c.comment) for c in view.columns)
    return f"\n### `{view.name}` (view)\n\n{view.comment}\n\n{_columns(rows)}\n{statement}\n"


def _columns(rows: Iterable[tuple[str, str, bool, str]]) -> str:
    return "".join(_lines(rows))


def _lines(rows: Iterable[tuple[str, str, bool, str]]) -> Iterator[str]:
    yield "| column | type | null | meaning |\n|---|---|---|---|\n"
    for name, kind, nullable, comment in rows:
        text = comment.replace("|", r"\|")
        yield f"| `{name}` | `{kind}` | {'yes' if nullable else ''} | {text} |\n"


if __name__ == "__main__":
    main()

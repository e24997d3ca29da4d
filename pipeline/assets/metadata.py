"""What a reader of the Dagster UI sees of an asset: schemas, counts, tables, plots."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import dagster as dg
import polars as pl
import pyarrow as pa
from matplotlib.figure import Figure

from pipeline.tables import Table

__all__ = [
    "arrow_schema",
    "column_schema",
    "curve",
    "markdown_cell",
    "markdown_table",
    "picture",
    "row_count",
]

_CELL_LENGTH: Final = 60


def column_schema(table: Table) -> Mapping[str, Any]:
    """The declared columns of a table, as Dagster shows them."""
    columns = [
        dg.TableColumn(
            column.name,
            column.type,
            column.comment,
            dg.TableColumnConstraints(nullable=column.nullable, unique=table.key == (column.name,)),
        )
        for column in table.columns
    ]
    return {"dagster/column_schema": dg.TableSchema(columns)}


def arrow_schema(schema: pa.Schema) -> Mapping[str, Any]:
    """The columns of a raw table, as Dagster shows them."""
    columns = [
        dg.TableColumn(
            field.name,
            str(field.type),
            (field.metadata or {}).get(b"comment", b"").decode(),
            dg.TableColumnConstraints(nullable=field.nullable),
        )
        for field in schema
    ]
    return {"dagster/column_schema": dg.TableSchema(columns)}


def row_count(rows: int) -> Mapping[str, Any]:
    """The number of rows, which Dagster plots over time."""
    return {"dagster/row_count": dg.MetadataValue.int(rows)}


def markdown_table(
    frame: pl.DataFrame, *, digits: int = 3, length: int = _CELL_LENGTH
) -> dg.MarkdownMetadataValue:
    """A frame as a Markdown table; floats with so many digits, texts cut to a length."""
    lines = [_line(frame.columns), _line(["---"] * frame.width)]
    lines += [
        _line([markdown_cell(cell, digits=digits, length=length) for cell in row])
        for row in frame.rows()
    ]
    return dg.MetadataValue.md("\n".join(lines))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def markdown_cell(value: object, *, digits: int = 3, length: int = _CELL_LENGTH) -> str:
    """A value as one cell; what a site wrote cannot become markup of ours."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.{digits}f}"
    text = str(value)[:length]
    return "".join(
        f"&#{ord(letter)};" if letter in "|<>[]()`*_\\&!\n\r" else letter for letter in text
    )


def curve(
    x: Sequence[float], y: Sequence[float], *, x_label: str, y_label: str, title: str
) -> dg.MarkdownMetadataValue:
    """A curve on logarithmic axes, as a picture within Markdown; values must be positive."""
    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.loglog(x, y, linewidth=1.8)
    axes.set(xlabel=x_label, ylabel=y_label, title=title)
    axes.grid(visible=True, which="major", alpha=0.3)
    return picture(figure, title)


def picture(figure: Figure, title: str) -> dg.MarkdownMetadataValue:
    """A figure as a picture within Markdown, which the UI shows in place."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=90)
    encoded = base64.b64encode(drawn.getvalue()).decode("ascii")
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{encoded})")

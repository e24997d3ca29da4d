"""What several routes share: parameters, look-ups that raise problems, documented errors."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import unquote_to_bytes

from fastapi import Path
from pydantic import AfterValidator, BaseModel

from pipeline.pointer import SITE_NAME_PATTERN
from serving.answers.problems import Problem
from serving.catalog import Catalog
from serving.errors import ApiProblemError
from serving.problems import PROBLEM_MEDIA_TYPE
from serving.snapshot import Snapshot

__all__ = [
    "JSON",
    "ItemId",
    "ModelName",
    "Site",
    "Slug",
    "UserId",
    "documented",
    "item_idx_of",
    "snapshot_of",
]

JSON: Final = "application/json"
_PROBLEMS: Final = {
    401: "No token, or none that is good.",
    403: "The page that sends this is of another origin.",
    404: "What the path names is unknown.",
    405: "The route does not answer this method.",
    409: "The list has been renewed since; ask again without a cursor.",
    413: "The body is too large.",
    415: "The body is not of a type that is taken.",
    422: "The request breaks its schema.",
    429: "Too much of it; Retry-After says when there may be more.",
    500: "Something went wrong.",
    503: "Not now: no site is loaded, or feedback cannot be written, or too much is asked.",
}


def _decoded(segment: str) -> str:
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError as err:
        raise ValueError("is not percent-encoded UTF-8") from err


Site = Annotated[
    str,
    Path(
        description="Name of the site.",
        json_schema_extra={"pattern": f"^{SITE_NAME_PATTERN}$"},
    ),
]
ItemId = Annotated[
    str,
    AfterValidator(_decoded),
    Path(description="The site's opaque id of the item, percent-encoded (a slash as %2F)."),
]
Slug = Annotated[
    str,
    AfterValidator(_decoded),
    Path(description="Slug of a tag, category or creator, percent-encoded; any script."),
]
ModelName = Annotated[str, AfterValidator(_decoded), Path(description="Name of the model.")]
UserId = Annotated[
    str, AfterValidator(_decoded), Path(description="Pseudonym of a person: 32 hex digits.")
]


def documented(
    answer: type[BaseModel], description: str, *, problems: tuple[int, ...]
) -> dict[int | str, dict[str, Any]]:
    """``responses=`` of a route: its answer and the problems it may give instead."""
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {
        200: {"model": answer, "description": description},
        **{
            status: {
                "description": _PROBLEMS[status],
                "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}},
            }
            for status in (*problems, 405, 500)
        },
    }


def snapshot_of(catalog: Catalog, site: str) -> Snapshot:
    """Loaded snapshot of a site.

    Raises
    ------
    ApiProblemError : 404, the site has none.
    """
    snapshot = catalog.snapshots.get(site)
    if snapshot is None:
        raise ApiProblemError(
            404,
            f"No snapshot of a site {site[:100]!r} is loaded.",
            kind="unknown-site",
            more={"known": sorted(catalog.snapshots)},
        )
    return snapshot


def item_idx_of(snapshot: Snapshot, item_id: str) -> int:
    """Position of an item.

    Raises
    ------
    ApiProblemError : 404, the snapshot has no such item.
    """
    item_idx = snapshot.items.index.get(item_id)
    if item_idx is None:
        detail = f"{snapshot.site.site} has no item {item_id[:100]!r}."
        raise ApiProblemError(404, detail, kind="unknown-item")
    return item_idx

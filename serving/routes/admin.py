"""The operator's routes, under a path of their own: a site could be called admin."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from pipeline.pointer import SITE_NAME_PATTERN, read_pointer, site_folder
from serving.answers.admin import (
    KeptSnapshot,
    ReloadAnswer,
    SiteSnapshots,
    SnapshotsAnswer,
    StatusAnswer,
)
from serving.answers.base import Answer
from serving.catalog import Catalog
from serving.leave import BEARER, is_local, operators_leave
from serving.routes.common import JSON, documented

__all__ = ["OperatorsRoute", "build_router"]

_PROBLEMS: Final = (401, 404)
_SUFFIX: Final = ".duckdb"


class OperatorsRoute(APIRoute):
    """A route of which nobody elsewhere learns that it is there, by whatever method."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; 405 only to who is on this machine."""
        if scope["method"] not in (self.methods or ()) and not is_local(Request(scope)):
            raise HTTPException(404)
        await super().handle(scope, receive, send)


def build_router(catalog: Catalog) -> APIRouter:
    """Routes that ask for the operator's leave, each of them, before anything else."""
    settings = catalog.settings
    if settings.admin_tokens is None:
        raise ValueError("admin_tokens is not set")
    leave = operators_leave(settings.admin_tokens)
    began_s = time.monotonic()
    router = APIRouter(
        prefix="/admin/v1",
        tags=["admin"],
        dependencies=[Depends(leave), Depends(BEARER)],
        route_class=OperatorsRoute,
    )

    @router.get(
        "/snapshots", responses=documented(SnapshotsAnswer, "Snapshots.", problems=_PROBLEMS)
    )
    async def snapshots() -> Response:
        """List what stands in the data folder, by site, and which of it is current."""
        served = {site: each.snapshot_id for site, each in catalog.snapshots.items()}
        listed = await asyncio.to_thread(lambda: list(_kept(settings.data, served)))
        return _fresh(SnapshotsAnswer(sites=listed))

    @router.post("/reload", responses=documented(ReloadAnswer, "It looked.", problems=_PROBLEMS))
    async def reload() -> Response:
        """Look for newer snapshots and deny lists now; what was refused is tried again."""
        await catalog.reload()
        return _fresh(ReloadAnswer(pid=os.getpid(), sites=catalog.states()))

    @router.get("/status", responses=documented(StatusAnswer, "Status.", problems=_PROBLEMS))
    async def status(request: Request) -> Response:
        """Say what this process serves and since when."""
        switches = ("user_routes", "feedback", "admin")
        answer = StatusAnswer(
            pid=os.getpid(),
            version=request.app.version,
            up_s=round(time.monotonic() - began_s, 3),
            switched_on=[name for name in switches if getattr(settings, name)],
            sites=catalog.states(),
        )
        return _fresh(answer)

    return router


def _fresh(answer: Answer) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(answer.model_dump_json(), headers=headers, media_type=JSON)


def _kept(data: Path, served: dict[str, str]) -> Iterator[SiteSnapshots]:
    for folder in sorted((data / "snapshots").glob("*/")):
        if not re.fullmatch(SITE_NAME_PATTERN, folder.name):
            continue
        fault = None
        try:
            pointer = read_pointer(data, folder.name)
        except (OSError, ValueError) as err:
            pointer, fault = None, str(err)
        current = pointer.snapshot_id if pointer else None
        files = sorted(site_folder(data, folder.name).glob(f"[!.]*{_SUFFIX}"))
        yield SiteSnapshots(
            site=folder.name,
            pinned=pointer is not None and pointer.pinned,
            fault=fault,
            snapshots=[
                KeptSnapshot(
                    snapshot_id=file.name.removesuffix(_SUFFIX),
                    size_bytes=size_bytes,
                    current=file.name == f"{current}{_SUFFIX}",
                    served=file.name == f"{served.get(folder.name)}{_SUFFIX}",
                )
                for file, size_bytes in _sizes(files)
            ],
        )


def _sizes(files: Iterable[Path]) -> Iterator[tuple[Path, int]]:
    """Files with their sizes, but those that were removed meanwhile."""
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            yield file, file.stat().st_size

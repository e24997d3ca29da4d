"""Leave to use the operator's routes: from this machine, by a token, not after many wrong ones."""

from __future__ import annotations

import ipaddress
import logging
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fastapi import Request
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from serving.audit import Outcome, audit
from serving.errors import ApiProblemError, TokenFileError
from serving.lockout import Lockout
from serving.tokens import known_token, read_tokens

__all__ = ["BEARER", "is_local", "operators_leave"]

_log = logging.getLogger(__name__)
BEARER: Final = HTTPBearer(scheme_name="operator", auto_error=False)
_PASSED_ON: Final = ("forwarded", "x-forwarded", "x-real-ip", "x-client-ip", "cf-", "via")
"""Beginnings of the names of headers that proxies add."""


def operators_leave(
    tokens: Path, lockout: Lockout | None = None
) -> Callable[[Request], Awaitable[None]]:
    """Dependency of a router that lets the operator pass and nobody else.

    From elsewhere the routes do not exist (404); without a valid token, or while there were too
    many wrong ones, the answer is 401.  All of it is audited.
    """
    lock = lockout or Lockout()

    async def check(request: Request) -> None:
        if not is_local(request):
            _audit(request, "not-local")
            raise HTTPException(404)
        closed_s = math.ceil(lock.closed_s())
        if closed_s:
            _audit(request, "locked")
            raise _refused("Too many wrong tokens: wait.", {"Retry-After": str(closed_s)})
        given = await BEARER(request)
        token = await run_in_threadpool(_known, tokens, given.credentials) if given else None
        if token is None:
            if given:
                lock.failed()
            _audit(request, "refused")
            raise _refused("A valid token is wanted: Authorization: Bearer <token>.", {})
        lock.passed()
        _audit(request, "granted", token)

    return check


def is_local(request: Request) -> bool:
    """Whether both ends of the connection are on this machine and nobody passed it on."""
    ends = (request.scope.get("client"), request.scope.get("server"))
    if any(name.startswith(_PASSED_ON) for name in request.headers):
        return False
    return all(end is not None and _is_loopback(str(end[0])) for end in ends)


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _known(path: Path, given: str) -> str | None:
    try:
        token = known_token(read_tokens(path), given, datetime.now(UTC))
    except TokenFileError as err:
        _log.error("no token is valid", extra={"fields": {"why": str(err)}})
        return None
    return token.name if token else None


def _refused(detail: str, headers: dict[str, str]) -> ApiProblemError:
    challenge = {"WWW-Authenticate": 'Bearer realm="likewise"', **headers}
    return ApiProblemError(401, detail, kind="no-leave", headers=challenge)


def _audit(request: Request, outcome: Outcome, token: str | None = None) -> None:
    audit(outcome, method=request.method, path=request.scope["path"], token=token)

"""Thousands of requests that schemathesis makes from the OpenAPI document, in process.

``python -m tests.benchmarks.serving.fuzz --cases 20000`` prints JSON: cases, answers of 5xx,
schema breaks, seconds.  Every check of schemathesis is on, every route that can be switched on is.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import schemathesis
from fastapi import FastAPI
from schemathesis.engine import events, from_schema

from serving.app import create_app
from serving.settings import ServingSettings
from serving.tokens import add_token
from tests.factories import SITE, publish_small_site

__all__ = ["Findings", "fuzz", "whole_app"]

_LOOPBACK = {"client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 8000)}
_PER_OPERATION = 60
_ROUNDS = 1000
_REJECTIONS = [401, 403, 404, 405, 409, 413, 414, 415, 422, 429, 431]
_BEYOND_SCHEMA = {
    ("", "Value error, give either item_id or user_id"),
    ("", "Value error, vote is 1 or -1 where kind is vote, and is left out elsewhere"),
    ("", "Value error, item_ids names an item twice"),
    ("cursor", "is no cursor of this API: take next_cursor of an answer as it stands"),
    ("url", "holds control characters, which no link needs"),
    ("Idempotency-Key", "must be given once, as the header or as idempotency_key of the body"),
    # A pattern's $ lets a newline follow, which no header can end in.
    ("Idempotency-Key", "String should match pattern '^[!-~]{8,128}$'"),
}


@dataclass
class Findings:
    """What a run has found: failures by operation and check, each with a request that shows it."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def n_server_errors(self) -> int:
        """Answers of 5xx."""
        return sum(n for status, n in self.statuses.items() if status >= 500)

    @property
    def told(self) -> dict[str, Any]:
        """What is printed."""
        return {
            "cases": self.cases,
            "operations": len(self.operations),
            "server_errors": self.n_server_errors,
            "schema_breaks": len(self.failures),
            "errors": self.errors,
            "failures": self.failures,
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
            "seconds": round(self.seconds, 1),
        }

    def take_in(self, recorder: Any) -> None:
        """Count a scenario."""
        for each in recorder.interactions.values():
            self.cases += 1
            if each.response is not None:
                self.statuses[each.response.status_code] += 1
        for case_id, checks in recorder.checks.items():
            case = recorder.cases[case_id].value
            self.operations.add(case.operation.label)
            for check in checks:
                if check.failure_info is not None and not _is_meant(
                    check.name, recorder.interactions[case_id].response
                ):
                    shown = check.failure_info.failure
                    name = f"{case.operation.label}: {check.name}"
                    self.failures.setdefault(
                        name, f"{shown.title}: {shown.message} | {check.failure_info.code_sample}"
                    )


def _is_meant(check: str, response: Any) -> bool:
    """Whether what a schema allows was refused for what no schema can tell.

    Such as a tag that the site does not have; everything else that is refused is a break.
    """
    if check != "positive_data_acceptance" or response is None or response.status_code != 422:
        return False
    problem = orjson.loads(response.content)
    if problem["type"] != "/docs#invalid-request":
        return True
    faults = {(error["name"], error["detail"]) for error in problem["errors"]}
    return faults <= _BEYOND_SCHEMA


class _FromHere:
    """An application whose requests come from this machine, as the operator's must."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app({**scope, **_LOOPBACK}, receive, send)


def whole_app(folder: Path) -> tuple[FastAPI, str]:
    """Application on the small site with everything switched on, and a token of its operator."""
    data, tokens = folder / "data", folder / "tokens.json"
    publish_small_site(data)
    settings = ServingSettings(
        data=data,
        user_routes=True,
        feedback=True,
        feedback_per_minute=100_000,
        admin=True,
        admin_tokens=tokens,
        cors_origins="https://pages.example",
        poll_s=3600,
        load_apart=False,
        log_requests=False,
    )
    return create_app(settings), add_token(tokens, days=1, now=datetime.now(UTC))


def fuzz(
    app: FastAPI,
    token: str,
    *,
    cases: int,
    seed: int = 1,
    per_operation: int = _PER_OPERATION,
    only: str | None = None,
) -> Findings:
    """Ask an application until so many requests were made, by all checks there are.

    Every boundary of every parameter comes first; what is random follows, for a known site in
    every other round.

    Parameters
    ----------
    per_operation : random requests to an operation in a round.
    only : path of the one route to ask.
    """
    found, began_s = Findings(), time.monotonic()
    here = _FromHere(app)
    for number in range(_ROUNDS):
        config = _config(token, seed + number, per_operation, is_first=not number)
        schema = schemathesis.openapi.from_asgi("/openapi.json", here, config=config)
        if only:
            schema = schema.include(path=only)
        for event in _events(schema):
            if isinstance(event, events.ScenarioFinished):
                found.take_in(event.recorder)
            elif isinstance(event, events.NonFatalError | events.FatalError):
                found.errors.append(repr(getattr(event, "value", None) or event.exception))
            if found.cases >= cases:
                break
        if found.cases >= cases or found.errors:
            break
    found.seconds = time.monotonic() - began_s
    return found


def _events(schema: Any) -> Iterator[Any]:
    stream = from_schema(schema).execute()
    try:
        yield from stream
    finally:
        stream.stop()


def _config(token: str, seed: int, per_operation: int, *, is_first: bool) -> schemathesis.Config:
    return schemathesis.Config.from_dict(
        {
            "seed": seed,
            "headers": {"Authorization": f"Bearer {token}"},
            "parameters": {} if is_first or seed % 2 else {"path.site": SITE},
            "generation": {"max-examples": per_operation, "no-shrink": True},
            "checks": {"negative_data_rejection": {"expected-statuses": _REJECTIONS}},
            "phases": {
                "examples": {"enabled": is_first},
                "coverage": {"enabled": is_first},
                "stateful": {"enabled": is_first},
            },
        }
    )


def main() -> int:
    """Print the findings as JSON; 1 where there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="requests to make")
    parser.add_argument("--seed", type=int, default=1, help="of what is random")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = fuzz(*whole_app(Path(folder)), cases=args.cases, seed=args.seed)
    print(json.dumps(found.told))  # noqa: T201
    return int(bool(found.n_server_errors or found.failures or found.errors))


if __name__ == "__main__":
    sys.exit(main())

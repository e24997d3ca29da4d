"""The API described: its OpenAPI document, and a page of its routes and problems.

The page is plain, with no script and nothing from another host.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from serving.caching import file_answered
from serving.problems import KINDS
from serving.routes.common import JSON

__all__ = ["build_router"]

_HOUR: Final = {"Cache-Control": "public, max-age=3600"}
_STYLE: Final = """
:root{color-scheme:light dark;--line:#8884;--quiet:#7779}
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem;border-top:1px solid var(--line);
padding-top:1rem}code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;
padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line)}
"""
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def build_router() -> APIRouter:
    """The document, and the page for developers who look around with a browser."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        page = _page("Likewise API", "".join(_docs(request.app.openapi())))
        headers = {"Content-Security-Policy": _POLICY, **_HOUR}
        return file_answered(request, page.encode(), "text/html", headers)

    @router.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        return file_answered(request, orjson.dumps(request.app.openapi()), JSON, _HOUR)

    return router


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style><main><h1>{escape(title)}</h1>{body}</main></html>"
    )


def _link(href: str, text: str | None = None) -> str:
    return f'<a href="{escape(href)}">{escape(text or href)}</a>'


def _docs(document: dict[str, Any]) -> Iterator[str]:
    yield f"<p>Every route answers JSON; {_link('/openapi.json')} is the whole description. "
    yield "Ids are opaque: percent-encode them (a slash as <code>%2F</code>).</p>"
    operations = (
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    for path, method, operation in operations:
        yield f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
        yield f"<p>{escape(operation['description'])}</p>"
        yield from _parameters(operation.get("parameters", []))
        answers = ", ".join(escape(status) for status in operation["responses"])
        yield f"<p>Answers: {answers}.</p>"
    yield "<h2>Problems</h2><p>Every error is <code>application/problem+json</code>.</p><table>"
    for kind, meaning in KINDS.items():
        yield f'<tr id="{kind}"><td><code>{kind}</code><td>{escape(meaning)}'
    yield "</table>"


def _parameters(parameters: list[dict[str, Any]]) -> Iterator[str]:
    if not parameters:
        return
    yield "<table>"
    for parameter in parameters:
        schema = parameter["schema"]
        default = f" Default {schema['default']}." if schema.get("default") is not None else ""
        limits = f" {schema['minimum']} to {schema['maximum']}." if "minimum" in schema else ""
        text = escape(parameter.get("description", "") + limits + default)
        yield f"<tr><td><code>{escape(parameter['name'])}</code><td>{parameter['in']}<td>{text}"
    yield "</table>"

"""The OpenAPI document as the file that stands in the docs."""

from __future__ import annotations

import json
from pathlib import Path

from serving.app import create_app
from serving.settings import ServingSettings

__all__ = ["whole_document"]


def whole_document() -> str:
    """OpenAPI document with every route switched on, whatever the environment says.

    It is indented and sorted, so that a difference is a few lines, and names nothing of the
    machine that it is made on.
    """
    settings = ServingSettings.model_construct(
        user_routes=True, feedback=True, admin=True, admin_tokens=Path("admin-tokens.json")
    )
    app = create_app(settings)
    return json.dumps(app.openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"

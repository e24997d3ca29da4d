"""Who asked for what of the operator's routes: lines of the log that hold no secret."""

from __future__ import annotations

import logging
from typing import Final, Literal

__all__ = ["AUDIT_LOGGER", "Outcome", "audit"]

Outcome = Literal["granted", "refused", "locked", "not-local"]
AUDIT_LOGGER: Final = "likewise.audit"


def audit(outcome: Outcome, *, method: str, path: str, token: str | None = None) -> None:
    """Write one line.

    Parameters
    ----------
    path : of the operator's routes, which hold no id.
    token : the name of the token that was given leave.
    """
    fields = {"outcome": outcome, "method": method, "path": path, "token": token}
    level = logging.INFO if outcome == "granted" else logging.WARNING
    logging.getLogger(AUDIT_LOGGER).log(level, "admin request", extra={"fields": fields})

"""Errors of the serving room.

ServingError
├── SnapshotRefusedError   a published snapshot is not fit to be served; the old one goes on
│   └── FolderDamagedError what it was unfolded into cannot be read; it is unfolded once more
├── PortsTakenError        no free port to listen on
├── FeedbackUnwrittenError feedback cannot be written now; none of it was
├── FeedbackKeyReusedError two different requests with feedback have one idempotency key
├── PictureRefusedError    a picture of an item cannot be had, or is none that may be shown
├── TokenFileError         the file of the operator's tokens cannot be used
└── ApiProblemError        a request that cannot be answered, as problem+json tells it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = [
    "ApiProblemError",
    "FeedbackKeyReusedError",
    "FeedbackUnwrittenError",
    "FolderDamagedError",
    "PictureRefusedError",
    "PortsTakenError",
    "ServingError",
    "SnapshotRefusedError",
    "TokenFileError",
    "invalid_request",
    "short",
]


class ServingError(Exception):
    """Base of every error that the serving room raises."""


class SnapshotRefusedError(ServingError):
    """A published snapshot is not fit to be served; ``faults`` names every reason."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


class FolderDamagedError(SnapshotRefusedError):
    """What another one unfolded a snapshot into cannot be read; the folder is gone."""


class PortsTakenError(ServingError):
    """No port to listen on; the message says which were tried."""


class FeedbackUnwrittenError(ServingError):
    """Feedback cannot be written now, and none of the request was; the message says why."""


class FeedbackKeyReusedError(ServingError):
    """Another request, that said something else, had the same idempotency key."""


class PictureRefusedError(ServingError):
    """A picture of an item cannot be had, or is none that may be shown; the message says why."""


class TokenFileError(ServingError):
    """The file of the operator's tokens cannot be read, or others may read it; no token is good."""


class ApiProblemError(ServingError):
    """A request that cannot be answered.

    ``kind`` is the part after ``/docs#`` of the problem's type; None where the status says all.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str | None = None,
        more: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind
        self.more = dict(more or {})
        self.headers = dict(headers or {})


def invalid_request(
    location: str, name: str, detail: str, value: str | None = None
) -> ApiProblemError:
    """Fault of one part of a request that its schema cannot tell."""
    fault = {"location": location, "name": name, "detail": detail, "value": value}
    return ApiProblemError(
        422, f"{name}: {detail}", kind="invalid-request", more={"errors": [fault]}
    )


def short(err: Exception) -> str:
    """First line of what an error says, at most 300 characters; its type where it says nothing."""
    return str(err).splitlines()[0][:300] if str(err) else type(err).__name__

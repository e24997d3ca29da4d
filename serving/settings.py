"""Settings of the API, read from the environment (``LIKEWISE_*``)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["ServingSettings"]

_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")


class ServingSettings(BaseSettings):
    """What an operator may set; checked when created, never changed afterwards."""

    model_config = SettingsConfigDict(
        env_prefix="LIKEWISE_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    data: Path = Field(default=Path("data"), description="Data folder; the API only reads it.")
    host: str = Field(default="127.0.0.1", description="Address that the API listens on.")
    port: int = Field(
        default=8000,
        ge=0,
        le=65535,
        description="Port of the API; 0 takes any, a taken one the next free.",
    )
    poll_s: float = Field(
        default=0.5, gt=0, le=3600, description="Seconds between two looks for a newer snapshot."
    )
    retry_s: float = Field(
        default=60.0, gt=0, le=86400, description="Seconds until a refused snapshot is tried again."
    )
    workers: int = Field(
        default=1, ge=1, le=64, description="Processes that answer, on one socket."
    )
    grace_s: int = Field(
        default=5, ge=0, le=600, description="Seconds that requests under way have at a stop."
    )
    shed_after_ms: float = Field(
        default=25.0,
        ge=0,
        le=10_000,
        description="Wait past which a request is turned away with 503; 0 turns none away.",
    )
    cors_origins: str = Field(
        default="",
        description="Origins whose pages may read answers, parted by spaces; * is any.",
    )
    default_model: str = Field(
        default="best",
        description="Model that answers when a request names none, where it is published.",
    )
    cache: Path | None = Field(
        default=None,
        description="Folder of unfolded snapshots, shared by workers; one of its own if unset.",
    )
    load_apart: bool = Field(default=True, description="Unfold a snapshot in a process of its own.")
    load_threads: int = Field(
        default=1, ge=1, le=64, description="Threads that read a snapshot while it is loaded."
    )
    load_memory_mb: int = Field(
        default=256, ge=64, le=65536, description="Megabytes that DuckDB may take while it loads."
    )
    log_requests: bool = Field(
        default=True, description="One log line a request, by route template."
    )
    dagster_url: str = Field(
        default="http://127.0.0.1:3000",
        description="Where the start page says that Dagster's UI is.",
    )
    public_url: str = Field(
        default="",
        description="Where people reach the website, such as https://likes.example; no page names "
        "another.",
    )
    contact: str = Field(
        default="",
        description="Address or url of the operator, whom people ask to take something down.",
    )
    thumbs: bool = Field(
        default=False, description="Show pictures through this service, not from the site's hosts."
    )
    thumbs_mb: int = Field(
        default=512, ge=8, le=1_000_000, description="Megabytes of small pictures that are kept."
    )
    user_routes: bool = Field(
        default=False, description="Routes about people, by pseudonym; off, there are none."
    )
    feedback: bool = Field(
        default=False, description="Take in visitors' feedback, into feedback/ of the data folder."
    )
    feedback_per_minute: int = Field(
        default=60,
        ge=1,
        le=100_000,
        description="Requests with feedback that a client may send a minute, by worker.",
    )
    feedback_origins: str = Field(
        default="",
        description="Further origins whose pages may send feedback, parted by spaces.",
    )
    admin: bool = Field(
        default=False, description="Routes for the operator, on this machine and with a token."
    )
    admin_tokens: Path | None = Field(
        default=None, description="File of the operator's hashed tokens, outside the data folder."
    )

    @field_validator("cors_origins", "feedback_origins")
    @classmethod
    def _are_origins(cls, value: str, info: ValidationInfo) -> str:
        for origin in value.split():
            anybody = origin == "*" and info.field_name == "cors_origins"
            if not anybody and not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin!r} is no origin: give scheme and host, and the port if it is not "
                    "the usual one, in lower case, such as https://shop.example"
                )
        return value

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, value: str) -> str:
        origin = value.rstrip("/")
        if origin and not (
            origin.startswith(("http://", "https://")) and _ORIGIN.fullmatch(origin)
        ):
            raise ValueError(
                f"{value!r} must be scheme and host, in lower case and without a path, such as "
                "https://likes.example"
            )
        return origin

    @model_validator(mode="after")
    def _tokens_are_apart(self) -> Self:
        if self.admin and self.admin_tokens is None:
            raise ValueError("admin is on: admin_tokens must name the file of its tokens")
        if self.admin_tokens and self.admin_tokens.resolve().is_relative_to(self.data.resolve()):
            raise ValueError(
                f"admin_tokens is {self.admin_tokens}, must be outside the data folder"
            )
        return self

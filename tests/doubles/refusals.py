"""
Answers that are not what was asked for, worded as GitHub words them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(eq=False)
class Refusal(Exception):
    """An error answer."""

    status: int
    message: str
    errors: Sequence[Any] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        errors = {"errors": list(self.errors)} if self.errors else {}
        return {"message": self.message, **errors, "documentation_url": DOCUMENTATION, "status": str(self.status)}


def bad_credentials() -> Refusal:
    return Refusal(401, "Bad credentials")


def forbidden() -> Refusal:
    """The App was not given the permission."""
    return Refusal(403, "Resource not accessible by integration")


def not_found() -> Refusal:
    return Refusal(404, "Not Found")


def validation_failed(resource: str, field_: str, message: str, code: str = "custom") -> Refusal:
    return Refusal(
        422, "Validation Failed", ({"resource": resource, "code": code, "field": field_, "message": message},)
    )


def unprocessable(*errors: str) -> Refusal:
    return Refusal(422, "Unprocessable Entity", errors)


def server_error(status: int = 502) -> Refusal:
    return Refusal(status, "Server Error")


def secondary_limit(retry_after: int | None = 60, status: int = 403) -> Refusal:
    """GitHub sends `Retry-After` with it, but not always."""
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    return Refusal(status, message, headers=headers)


def primary_limit(reset: int, status: int = 403) -> Refusal:
    """
    Args:
        reset: when it ends, in seconds since 1970.
    """
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
    return Refusal(status, "API rate limit exceeded for installation ID 1.", headers=headers)

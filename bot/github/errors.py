"""
What GitHub may answer instead of what was asked for, told apart by what it asks of us.

    GitHubError
    ├── Unauthorized      the credentials are worth nothing: a new token, or another key
    ├── Forbidden         the App lacks a permission, or was suspended: a person has to grant it
    ├── RateLimited       not now: again at `until`
    ├── NotFound          it is not there, or not for us
    ├── Refused           what was sent is not accepted as it is, and will not be
    ├── TooLarge          more than we are ready to fetch
    └── Unavailable       no answer, or none that can be used: later
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
from collections.abc import Mapping
from typing import Any

from bot.errors import CountersignError

DEFAULT_WAIT = 60.0
"""Seconds to wait where a limit does not say how long."""
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
LONGEST_WAIT = 3700.0
"""Seconds; GitHub's limits are by the hour, and a header that says more is not believed."""
_LONGEST_MESSAGE = 500


class GitHubError(CountersignError):
    """The root. Its text names the call and GitHub's words; it never holds a credential."""


class Unauthorized(GitHubError):
    """The credentials are worth nothing (401)."""


class Forbidden(GitHubError):
    """The App may not do this (403)."""


class RateLimited(GitHubError):
    """A limit was reached (403, 429)."""

    def __init__(self, message: str, until: dt.datetime) -> None:
        super().__init__(message, until)
        self.until = until
        """UTC; not before then."""

    def __str__(self) -> str:
        return f"{self.args[0]} (until {self.until:%H:%M:%S} UTC)"


class NotFound(GitHubError):
    """It is not there, or we may not know of it (404, 410)."""


class Refused(GitHubError):
    """What was sent is not accepted (422 and its kin)."""


class TooLarge(GitHubError):
    """More than we are ready to fetch."""


class Unavailable(GitHubError):
    """No answer, a broken one, or an error of GitHub's own (5xx)."""


def from_answer(call: str, status: int, headers: Mapping[str, str], body: str, now: dt.datetime) -> GitHubError:
    """
    The error that an answer stands for.

    Args:
        call: What was asked, for the message: `GET /repos/acme/orders`.
        status: Any but 2xx.
        headers: Names in small letters.
        body: JSON as a rule; a proxy may answer with anything.
        now: UTC.
    """
    words = _words(body)
    message = f"GitHub answered {status} to {call}: {words or 'no reason given'}"
    if status == 401:
        return Unauthorized(message)
    if status in {403, 429}:
        wait = _wait(status, headers, words, now)
        return Forbidden(message) if wait is None else RateLimited(message, now + dt.timedelta(seconds=wait))
    if status in {404, 410, 451}:
        return NotFound(message)
    if status >= 500 or status == 408 or status < 400:
        return Unavailable(message)
    return Refused(message)


def from_graphql(call: str, errors: list[dict[str, Any]], now: dt.datetime) -> GitHubError:
    """The error that the `errors` of a GraphQL answer stand for; the first one decides."""
    words = "; ".join(str(error.get("message", "")) for error in errors)[:_LONGEST_MESSAGE]
    message = f"GitHub refused {call}: {words or 'no reason given'}"
    match errors[0].get("type"):
        case "NOT_FOUND":
            return NotFound(message)
        case "FORBIDDEN" | "INSUFFICIENT_SCOPES":
            return Forbidden(message)
        case "RATE_LIMITED" | "RATE_LIMIT":
            return RateLimited(message, now + dt.timedelta(seconds=DEFAULT_WAIT))
        case "SERVICE_UNAVAILABLE" | "INTERNAL":
            return Unavailable(message)
    return Refused(message)


def until_reset(headers: Mapping[str, str], now: dt.datetime) -> float | None:
    """Seconds until a spent budget is filled again; None while there is some left."""
    if headers.get("x-ratelimit-remaining") != "0":
        return None
    reset = _number(headers.get("x-ratelimit-reset"))
    # By GitHub's clock: ours may be wrong.
    return DEFAULT_WAIT if reset is None else _bounded(reset - _date(headers, now).timestamp())


def _wait(status: int, headers: Mapping[str, str], words: str, now: dt.datetime) -> float | None:
    """Seconds that a limit asks us to wait; None where the answer tells of no limit."""
    said = _number(headers.get("retry-after"))
    if said is not None:
        return _bounded(said)
    wait = until_reset(headers, now)
    if wait is None and (status == 429 or "rate limit" in words.lower()):
        return DEFAULT_WAIT
    return wait


def _number(said: str | None) -> float | None:
    return float(said) if said is not None and said.isascii() and said.isdigit() else None


def _bounded(seconds: float) -> float:
    # A second more: it is not said when in the second the budget is filled.
    return min(max(seconds, 0.0), LONGEST_WAIT) + 1


def _date(headers: Mapping[str, str], now: dt.datetime) -> dt.datetime:
    try:
        return email.utils.parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return now


def _words(body: str) -> str:
    """What an error answer says in words."""
    try:
        said = json.loads(body)
    except ValueError:
        return " ".join(body.split())[:_LONGEST_MESSAGE]
    if not isinstance(said, dict):
        return ""
    errors = said.get("errors") or []
    details = [_detail(error) for error in errors] if isinstance(errors, list) else [str(errors)]
    return "; ".join(filter(None, [str(said.get("message") or ""), *details]))[:_LONGEST_MESSAGE]


def _detail(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    return str(error.get("message") or " ".join(str(error[key]) for key in ("field", "code") if key in error))

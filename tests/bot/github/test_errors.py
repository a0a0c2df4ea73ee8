from __future__ import annotations

import datetime as dt
import json
import pickle

import pytest

from bot.github import errors
from bot.github.errors import Forbidden, GitHubError, NotFound, RateLimited, Refused, Unauthorized, Unavailable

NOW = dt.datetime(2026, 11, 24, 12, 0, 0, tzinfo=dt.UTC)
EPOCH = int(NOW.timestamp())


def _from(status: int, headers: dict[str, str] | None = None, message: str = "") -> GitHubError:
    return errors.from_answer("GET /x", status, headers or {}, json.dumps({"message": message}), NOW)


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (401, "Bad credentials", Unauthorized),
        (403, "Resource not accessible by integration", Forbidden),
        (403, "This installation has been suspended", Forbidden),
        (404, "Not Found", NotFound),
        (410, "This issue was deleted", NotFound),
        (422, "Validation Failed", Refused),
        (409, "Git Repository is empty.", Refused),
        (307, "Moved Permanently", Unavailable),
        (500, "Server Error", Unavailable),
        (503, "", Unavailable),
    ],
)
def test_kinds(status: int, message: str, kind: type[GitHubError]) -> None:
    """Each answer is the error that says what to do about it."""
    assert type(_from(status, message=message)) is kind


@pytest.mark.parametrize(
    ("status", "headers", "message", "seconds"),
    [
        (403, {"retry-after": "30"}, "You have exceeded a secondary rate limit", 31),
        (429, {"retry-after": "0"}, "", 1),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 90)}, "API rate limit exceeded", 91),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH - 5)}, "", 1),
        (403, {"x-ratelimit-remaining": "0"}, "", 60),
        (403, {}, "You have exceeded a secondary rate limit. Please wait", 60),
        (429, {}, "", 60),
        (403, {"retry-after": "99999999"}, "", 3701),
        (429, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, "", 60),
    ],
)
def test_limits(status: int, headers: dict[str, str], message: str, seconds: int) -> None:
    """A limit says until when it holds, whichever way GitHub tells it."""
    error = _from(status, headers, message)
    assert isinstance(error, RateLimited)
    assert error.until - NOW == dt.timedelta(seconds=seconds)


def test_a_wrong_clock() -> None:
    """The time to wait is counted by GitHub's clock when ours goes wrong."""
    headers = {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(EPOCH + 3600 + 90),
        "date": "Tue, 24 Nov 2026 13:00:00 GMT",
    }
    error = _from(403, headers)
    assert isinstance(error, RateLimited)
    assert error.until - NOW == dt.timedelta(seconds=91)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"message": "Unprocessable Entity", "errors": ["Path could not be resolved"]}', "Path could not be resolved"),
        ('{"message": "Validation Failed", "errors": [{"field": "line", "code": "invalid"}]}', "line invalid"),
        ('{"message": "Validation Failed", "errors": "as text"}', "as text"),
        ("<html>\n<h1>Bad gateway</h1>", "<html> <h1>Bad gateway</h1>"),
        ("[1]", "no reason given"),
        ("", "no reason given"),
    ],
)
def test_words(body: str, words: str) -> None:
    """The message has GitHub's own words, whatever was answered."""
    assert words in str(errors.from_answer("POST /x", 422, {}, body, NOW))


def test_they_travel() -> None:
    """An error survives being stored and read again, with its time."""
    error = _from(429)
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(error, RateLimited)
    assert isinstance(again, RateLimited)
    assert again.until == error.until
    assert str(again) == str(error) == "GitHub answered 429 to GET /x: no reason given (until 12:01:00 UTC)"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"type": "NOT_FOUND", "message": "Could not resolve to a node"}, NotFound),
        ({"type": "FORBIDDEN", "message": "Resource not accessible by integration"}, Forbidden),
        ({"type": "RATE_LIMITED", "message": "API rate limit exceeded"}, RateLimited),
        ({"message": "Field 'x' doesn't exist on type 'Query'"}, Refused),
    ],
)
def test_graphql(said: dict[str, str], kind: type[GitHubError]) -> None:
    """GraphQL's errors come with a 200 and mean the same."""
    assert type(errors.from_graphql("query X", [said], NOW)) is kind

"""
Reviews: comments on lines of the diff, posted together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from bot.github.client import Client, repository_path
from bot.github.errors import Refused

Side: TypeAlias = Literal["LEFT", "RIGHT"]


class LineComment(msgspec.Struct, frozen=True):
    """A comment on lines of one hunk."""

    path: str
    body: str
    line: int
    """1-based, in the file of that side; the last line of the range."""
    side: Side = "RIGHT"
    start_line: int | None = None
    """The first line of the range; None when it has one line."""
    start_side: Side | None = None
    """The side of the first line; None: the same."""


class Posted(msgspec.Struct, frozen=True):
    """What became of a review."""

    reviews: tuple[int, ...]
    """GitHub's ids; one, unless GitHub refused comments."""
    refused: tuple[LineComment, ...]
    """Those that GitHub does not take at their lines; they are to go elsewhere."""


def post(
    client: Client, repository: str, number: int, commit: str, body: str, comments: Sequence[LineComment]
) -> Posted:
    """
    Post a review that comments and decides nothing.

    GitHub takes all comments of a call or none and does not say which one it minds: a refused batch is halved until the
    comments that are at fault stand alone. The body goes with the first batch that is taken; without any, there is no
    review.

    Raises:
        GitHubError: On anything but a refusal of comments; what was posted until then stays posted.
        Refused: The commit is none of the pull request's any more.
    """
    path = f"{repository_path(repository)}/pulls/{number}/reviews"
    reviews: list[int] = []
    refused: list[LineComment] = []
    waiting = [list(comments)] if comments else []
    while waiting:
        batch = waiting.pop()
        content = {
            "commit_id": commit,
            "event": "COMMENT",
            "body": "" if reviews else body,
            "comments": [_wire(comment) for comment in batch],
        }
        try:
            reviews.append(client.post(path, content, _Review).id)
        except Refused as exc:
            if "commit_id" in str(exc):
                raise
            if len(batch) == 1:
                refused += batch
            else:
                middle = len(batch) // 2
                waiting += [batch[middle:], batch[:middle]]
    return Posted(tuple(reviews), tuple(refused))


class _Review(msgspec.Struct):
    id: int


def _wire(comment: LineComment) -> dict[str, Any]:
    content: dict[str, Any] = {
        "path": comment.path,
        "body": comment.body,
        "line": comment.line,
        "side": comment.side,
    }
    if comment.start_line is not None and comment.start_line != comment.line:
        content["start_line"] = comment.start_line
        content["start_side"] = comment.start_side or comment.side
    return content

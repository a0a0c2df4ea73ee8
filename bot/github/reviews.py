"""
Reviews: comments on lines of the diff, posted together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def post(
    client: Client, repository: str, number: int, commit: str, body: str, comments: Sequence[LineComment]
) -> tuple[LineComment, ...]:
    """
    Post one review that comments and decides nothing, with all comments that GitHub takes at their lines.

    GitHub takes all comments of a call or none and does not say which one it minds. Those at fault are found by
    halving: each half is tried as a pending review, which nobody but the App sees and which is deleted again. One that
    a crash left behind would keep every other review out, and is deleted first.

    Returns:
        The comments that GitHub does not take; they are to go elsewhere. Of all, there is no review.

    Raises:
        GitHubError: On anything but a refusal of comments; nothing was posted.
        Refused: The commit is none of the pull request's any more.
    """
    if not comments:
        return ()
    there = _Reviews(client, f"{repository_path(repository)}/pulls/{number}/reviews", commit)
    if there.post(body, comments):
        return ()
    there.tidy()
    halves = _halves(comments) if len(comments) > 1 else [comments]
    refused = {comment for half in halves for comment in there.refused(half)}
    good = [comment for comment in comments if comment not in refused]
    return tuple(comments) if not good or not there.post(body, good) else tuple(refused)


class _Reviews:
    """The reviews of a pull request, made at one of its commits."""

    def __init__(self, client: Client, path: str, commit: str) -> None:
        self._client = client
        self._path = path
        self._commit = commit

    def post(self, body: str, comments: Sequence[LineComment]) -> bool:
        """Make a review public; whether GitHub took it."""
        return self._make(comments, event="COMMENT", body=body) is not None

    def refused(self, comments: Sequence[LineComment]) -> Iterator[LineComment]:
        """Those of some comments that GitHub does not take."""
        pending = self._make(comments)
        if pending is not None:
            self._delete(pending)
        elif len(comments) == 1:
            yield from comments
        else:
            for half in _halves(comments):
                yield from self.refused(half)

    def tidy(self) -> None:
        """Delete what is pending."""
        for review in self._client.pages(self._path, _Review):
            if review.state == "PENDING":  # nobody is shown that of another
                self._delete(review)

    def _make(self, comments: Sequence[LineComment], **said: str) -> _Review | None:
        content = {"commit_id": self._commit, "comments": [_wire(comment) for comment in comments], **said}
        try:
            return self._client.post(self._path, content, _Review)
        except Refused as exc:
            if "commit_id" in str(exc):
                raise
            return None

    def _delete(self, review: _Review) -> None:
        self._client.delete(f"{self._path}/{review.id}")


def _halves(comments: Sequence[LineComment]) -> tuple[Sequence[LineComment], Sequence[LineComment]]:
    middle = len(comments) // 2
    return comments[:middle], comments[middle:]


class _Review(msgspec.Struct):
    id: int
    state: str


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

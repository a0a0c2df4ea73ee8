"""
Comments on a pull request: those on it as a whole, and those on its files and lines.

Ours are found by the App's name *and* by a marker: anybody can write a marker.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec

from bot.github.client import Client, repository_path
from bot.github.payloads import GHOST, User

Reaction: TypeAlias = Literal["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]


class Comment(msgspec.Struct, frozen=True):
    """A comment."""

    id: int
    body: str
    author: str
    is_bot: bool = False
    in_reply_to: int | None = None
    """In a review thread, the comment that it starts with; None for that one."""


class Given(msgspec.Struct, frozen=True):
    """A reaction that somebody gave."""

    who: str
    content: str


def on_pull_request(client: Client, repository: str, number: int) -> Iterator[Comment]:
    """The comments on a pull request as a whole, oldest first."""
    return _listed(client, f"{repository_path(repository)}/issues/{number}/comments")


def on_files(client: Client, repository: str, number: int) -> Iterator[Comment]:
    """The comments on lines and files, and the replies to them, oldest first."""
    return _listed(client, f"{repository_path(repository)}/pulls/{number}/comments")


def ours(client: Client, comments: Iterator[Comment]) -> Iterator[Comment]:
    """Those that the App wrote."""
    login = client.github.identity.login
    return (comment for comment in comments if comment.author == login)


def write(client: Client, repository: str, number: int, body: str) -> Comment:
    """Write on a pull request as a whole."""
    path = f"{repository_path(repository)}/issues/{number}/comments"
    return _comment(client.post(path, {"body": body}, _Written))


def rewrite(client: Client, repository: str, comment: int, body: str) -> Comment:
    """
    Edit one of our comments on a pull request as a whole.

    Raises:
        NotFound: Somebody deleted it.
    """
    path = f"{repository_path(repository)}/issues/comments/{comment}"
    return _comment(client.patch(path, {"body": body}, _Written))


def rewrite_on_file(client: Client, repository: str, comment: int, body: str) -> Comment:
    """
    Edit one of our comments on a line or a file.

    Raises:
        NotFound: Somebody deleted it.
    """
    path = f"{repository_path(repository)}/pulls/comments/{comment}"
    return _comment(client.patch(path, {"body": body}, _Written))


def write_on_file(client: Client, repository: str, number: int, commit: str, path: str, body: str) -> Comment:
    """
    Comment on a file of the diff, not on a line.

    Raises:
        Refused: The file is not in the diff of that commit.
    """
    content = {"body": body, "commit_id": commit, "path": path, "subject_type": "file"}
    return _comment(client.post(f"{repository_path(repository)}/pulls/{number}/comments", content, _Written))


def reply(client: Client, repository: str, number: int, comment: int, body: str) -> Comment:
    """Answer in the review thread that starts with a comment."""
    path = f"{repository_path(repository)}/pulls/{number}/comments/{comment}/replies"
    return _comment(client.post(path, {"body": body}, _Written))


def react(client: Client, repository: str, comment: int, content: Reaction, *, on_file: bool) -> None:
    """Give a reaction; giving it again changes nothing."""
    client.post(_reactions(repository, comment, on_file), {"content": content}, msgspec.Raw)


def reactions(client: Client, repository: str, comment: int, *, on_file: bool) -> Iterator[Given]:
    """The reactions of people to a comment."""
    for reaction in client.pages(_reactions(repository, comment, on_file), _Reaction):
        user = reaction.user or GHOST
        if not user.is_bot:
            yield Given(user.login, reaction.content)


class _Written(msgspec.Struct):
    id: int
    body: str | None = None
    user: User | None = None
    in_reply_to_id: int | None = None


class _Reaction(msgspec.Struct):
    content: str
    user: User | None = None


def _listed(client: Client, path: str) -> Iterator[Comment]:
    return map(_comment, client.pages(path, _Written))


def _comment(written: _Written) -> Comment:
    user = written.user or GHOST
    return Comment(written.id, written.body or "", user.login, user.is_bot, written.in_reply_to_id)


def _reactions(repository: str, comment: int, on_file: bool) -> str:
    kind = "pulls" if on_file else "issues"
    return f"{repository_path(repository)}/{kind}/comments/{comment}/reactions"

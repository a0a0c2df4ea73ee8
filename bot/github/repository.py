"""
What a repository and its pull requests hold, read at a commit.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

import msgspec

from bot.github.client import Client, quoted, repository_path
from bot.github.errors import NotFound
from bot.github.payloads import GHOST, PullPayload, User
from bot.review.drafts import PullRequest


class File(msgspec.Struct, frozen=True):
    """A regular file at a commit."""

    path: str
    blob: str
    """git's object id."""
    content: bytes | None
    """None where GitHub does not send it: over 1 MB."""


class Commit(msgspec.Struct, frozen=True):
    """One commit of a pull request."""

    id: str
    message: str
    author: str
    """Name and address, as git has them: `Ada <ada@example.com>`."""
    login: str | None
    """The account that GitHub knows the author by."""


def pull_request(client: Client, installation: int, repository: str, number: int) -> PullRequest:
    """A pull request as it stands now; not numbered by the store."""
    path = f"{repository_path(repository)}/pulls/{number}"
    return _pull_of(client.get(path, PullPayload), installation)


def open_pull_requests(client: Client, installation: int, repository: str) -> Iterator[PullRequest]:
    """All that are open, those that changed last first."""
    path = f"{repository_path(repository)}/pulls"
    for pull in client.pages(path, PullPayload, state="open", sort="updated", direction="desc"):
        yield _pull_of(pull, installation)


def pull_requests_of_commit(client: Client, installation: int, repository: str, commit: str) -> Iterator[PullRequest]:
    """
    The open pull requests whose head is this commit.

    A fork's is among them, which check events do not name.
    """
    for pull in open_pull_requests(client, installation, repository):
        if pull.head == commit:
            yield pull


def commits(client: Client, repository: str, number: int) -> Iterator[Commit]:
    """The commits of a pull request, oldest first; GitHub lists 250 of them at most."""
    for commit in client.pages(f"{repository_path(repository)}/pulls/{number}/commits", _Commit):
        by = commit.commit.author
        login = commit.author.login if commit.author else None
        yield Commit(commit.sha, commit.commit.message, f"{by.name} <{by.email}>", login)


def merge_base(client: Client, repository: str, base: str, head: str) -> str | None:
    """
    The commit from which the head went its own way; None when the two have nothing in common.

    Args:
        client: The installation's.
        repository: `owner/name`.
        base: A commit.
        head: A commit, also one of a fork's pull request.
    """
    path = f"{repository_path(repository)}/compare/{quoted(base)}...{quoted(head)}"
    try:
        return client.get(path, _Comparison, per_page=1).merge_base_commit.sha
    except NotFound as exc:
        if "No common ancestor" in str(exc):
            return None
        raise


def file(client: Client, repository: str, path: str, commit: str) -> File | None:
    """A file at a commit; None when there is none, or when it is a folder, a link or a submodule."""
    try:
        said = client.get(f"{repository_path(repository)}/contents/{_quoted_path(path)}", object, ref=commit)
    except NotFound:
        return None
    if not isinstance(said, dict):
        return None  # a folder's list
    content = msgspec.convert(said, _Content)
    if content.type != "file" or content.path != path:
        return None  # GitHub follows a link and answers with its target, under the target's path
    return File(path, content.sha, _bytes_of(content))


def may_write(client: Client, repository: str, login: str) -> bool:
    """Whether somebody may write to a repository, now; unknown people may not."""
    try:
        path = f"{repository_path(repository)}/collaborators/{quoted(login)}/permission"
        return client.get(path, _Permission).permission in {"admin", "write"}
    except NotFound:
        return False


def _pull_of(pull: PullPayload, installation: int) -> PullRequest:
    if pull.base.repo is None:
        raise NotFound(f"The repository of pull request {pull.number} is gone.")
    return pull.of(pull.base.repo, installation)


class _Person(msgspec.Struct):
    name: str = ""
    email: str = ""


class _CommitFacts(msgspec.Struct):
    message: str
    author: _Person = msgspec.field(default_factory=_Person)


class _Commit(msgspec.Struct):
    sha: str
    commit: _CommitFacts
    author: User | None = GHOST


class _Sha(msgspec.Struct):
    sha: str


class _Comparison(msgspec.Struct):
    merge_base_commit: _Sha


class _Content(msgspec.Struct):
    type: str
    sha: str
    path: str
    encoding: str = "none"
    content: str = ""


class _Permission(msgspec.Struct):
    permission: str


def _quoted_path(path: str) -> str:
    return "/".join(quoted(part) for part in path.split("/"))


def _bytes_of(content: _Content) -> bytes | None:
    if content.encoding != "base64":
        return None
    try:
        return base64.b64decode(content.content)
    except binascii.Error:
        return None

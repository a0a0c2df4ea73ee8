"""
What a webhook says, as a typed event; without I/O.

First the event and its action decide whether we care; only then is the payload read. What we don't care about is an
`Ignored` with the reason, for the log and the counters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, get_args

import msgspec

from bot.errors import CountersignError
from bot.github.payloads import GHOST, PullPayload, Repository, User
from bot.review.drafts import PullRequest
from bot.review.redaction import redacted

PullAction = Literal["opened", "synchronize", "reopened", "ready_for_review", "converted_to_draft", "edited", "closed"]


class BadDelivery(CountersignError):
    """What came is no webhook of GitHub's."""


class Delivery(msgspec.Struct, frozen=True):
    """A webhook, unread."""

    id: str
    """The same when GitHub sends it again."""
    event: str
    body: bytes


class PullRequestChanged(msgspec.Struct, frozen=True, tag=True):
    """A pull request was opened, closed, got a new head or another base."""

    action: PullAction
    pull_request: PullRequest
    """Not numbered yet (`payloads.UNSAVED`)."""


class CommentWritten(msgspec.Struct, frozen=True, tag=True):
    """A person wrote on a pull request."""

    installation: int
    repository: str
    number: int
    comment: int
    author: str
    body: str
    in_review: bool = False
    """Whether it stands in a review thread, on a line or a file."""
    in_reply_to: int | None = None
    """The comment that its thread starts with."""


class CheckRequested(msgspec.Struct, frozen=True, tag=True):
    """A person asked for a check again, or pressed one of its buttons."""

    installation: int
    repository: str
    head: str
    numbers: tuple[int, ...]
    """The pull requests that GitHub names; none for a fork's."""
    who: str
    check_run: int | None = None
    """None: all checks of the commit."""
    action: str | None = None
    """The button's identifier; None: run again."""


class MergeQueued(msgspec.Struct, frozen=True, tag=True):
    """A merge queue made a commit, and does not merge it while a required check is missing there."""

    installation: int
    repository: str
    head: str


class InstallationChanged(msgspec.Struct, frozen=True, tag=True):
    """The App was installed, removed, suspended, or given other repositories."""

    installation: int
    account: str
    action: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    """Repositories, `owner/name`."""


class Ping(msgspec.Struct, frozen=True, tag=True):
    """GitHub tries the address."""


class Ignored(msgspec.Struct, frozen=True, tag=True):
    """Nothing for us."""

    reason: str


Event: TypeAlias = (
    PullRequestChanged | CommentWritten | CheckRequested | MergeQueued | InstallationChanged | Ping | Ignored
)


def delivery(headers: Mapping[str, str], body: bytes) -> Delivery:
    """
    Name a webhook.

    Args:
        headers: In any case.
        body: The bytes whose signature was checked.

    Raises:
        BadDelivery: It has no id or no event.
    """
    # https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
    named = {name.lower(): value for name, value in headers.items()}
    identity, event = named.get("x-github-delivery", ""), named.get("x-github-event", "")
    if not identity or not event:
        raise BadDelivery("The headers X-GitHub-Delivery and X-GitHub-Event are missing.")
    return Delivery(identity, event, body)


def parse(delivery: Delivery) -> Event:
    """
    Read a webhook.

    Raises:
        BadDelivery: It is not what GitHub sends for that event.
    """
    known = _READERS.get(delivery.event)
    if known is None:
        return Ignored(f"event {delivery.event}")
    actions, reader = known
    try:
        header = msgspec.json.decode(delivery.body, type=_Header)
        if header.action not in actions:
            return Ignored(f"{delivery.event} {header.action}".rstrip())
        if header.installation is None and delivery.event != "ping":
            return Ignored("sent by a webhook that is not an App's")
        return reader(header, delivery.body)
    except msgspec.DecodeError as exc:
        raise BadDelivery(f"The payload of {delivery.event} is not what GitHub sends: {exc}") from exc


def keepable(delivery: Delivery) -> Delivery:
    """
    The delivery as it may be stored: what is read of it stays, secrets that somebody wrote into a title or a
    description do not. `parse` tells the same of both, but for these.

    Raises:
        BadDelivery: It is no JSON object.
    """
    try:
        payload = msgspec.json.decode(delivery.body, type=dict[str, Any])
    except msgspec.DecodeError as exc:
        raise BadDelivery(f"The payload of {delivery.event} is no JSON object: {exc}") from exc
    for name in ("pull_request", "issue"):
        described = payload.get(name)
        if isinstance(described, dict):
            described["body"] = None
            described["title"] = redacted(str(described.get("title", "")), is_code=False)
    changes = payload.get("changes")
    if isinstance(changes, dict):
        payload["changes"] = {name: change for name, change in changes.items() if name not in ("title", "body")}
    return msgspec.structs.replace(delivery, body=msgspec.json.encode(payload))


def installation_of(body: bytes) -> int:
    """
    The installation that a webhook is for.

    Raises:
        BadDelivery: It is not what GitHub sends.
    """
    try:
        return msgspec.json.decode(body, type=_Header).number
    except msgspec.DecodeError as exc:
        raise BadDelivery(f"The payload is not what GitHub sends: {exc}") from exc


class _Installation(msgspec.Struct, frozen=True):
    id: int = 0
    account: User = GHOST


class _Header(msgspec.Struct, frozen=True):
    """What is read of every payload."""

    action: str = ""
    installation: _Installation | None = None
    repository: Repository = Repository("")
    sender: User = GHOST

    @property
    def number(self) -> int:
        """The installation's."""
        return self.installation.id if self.installation else 0


class _Changes(msgspec.Struct, frozen=True):
    base: dict[str, Any] | None = None


class _PullRequest(msgspec.Struct):
    action: PullAction
    pull_request: PullPayload
    changes: _Changes = _Changes()


def _pull_request(header: _Header, body: bytes) -> Event:
    payload = msgspec.json.decode(body, type=_PullRequest)
    if payload.action == "edited" and payload.changes.base is None:
        return Ignored("pull_request edited, but not its base")
    return PullRequestChanged(payload.action, payload.pull_request.of(header.repository, header.number))


class _Comment(msgspec.Struct):
    id: int
    body: str | None = None
    user: User | None = None
    in_reply_to_id: int | None = None


class _Numbered(msgspec.Struct):
    number: int
    pull_request: dict[str, Any] | None = None
    """Of an issue: there when it is a pull request."""


class _IssueComment(msgspec.Struct):
    issue: _Numbered
    comment: _Comment


def _issue_comment(header: _Header, body: bytes) -> Event:
    payload = msgspec.json.decode(body, type=_IssueComment)
    if payload.issue.pull_request is None:
        return Ignored("a comment on an issue")
    return _written(header, payload.issue.number, payload.comment, in_review=False)


class _ReviewComment(msgspec.Struct):
    pull_request: _Numbered
    comment: _Comment


def _review_comment(header: _Header, body: bytes) -> Event:
    payload = msgspec.json.decode(body, type=_ReviewComment)
    return _written(header, payload.pull_request.number, payload.comment, in_review=True)


def _written(header: _Header, number: int, comment: _Comment, *, in_review: bool) -> Event:
    author = comment.user or GHOST
    if author.is_bot or header.sender.is_bot:
        return Ignored("a comment of a bot")
    return CommentWritten(
        header.number,
        header.repository.full_name,
        number,
        comment.id,
        author.login,
        comment.body or "",
        in_review,
        comment.in_reply_to_id,
    )


class _Suite(msgspec.Struct):
    head_sha: str
    pull_requests: list[_Numbered] = []


class _Run(msgspec.Struct):
    id: int
    head_sha: str
    pull_requests: list[_Numbered] = []


class _Button(msgspec.Struct):
    identifier: str


class _CheckRun(msgspec.Struct):
    check_run: _Run
    requested_action: _Button | None = None


class _CheckSuite(msgspec.Struct):
    check_suite: _Suite


def _check_run(header: _Header, body: bytes) -> Event:
    payload = msgspec.json.decode(body, type=_CheckRun)
    run, button = payload.check_run, payload.requested_action
    return _requested(header, run, run.id, button.identifier if button else None)


def _check_suite(header: _Header, body: bytes) -> Event:
    return _requested(header, msgspec.json.decode(body, type=_CheckSuite).check_suite, None, None)


def _requested(header: _Header, check: _Run | _Suite, run: int | None, action: str | None) -> Event:
    if header.sender.is_bot:
        return Ignored("a check asked for by a bot")
    numbers = tuple(pull.number for pull in check.pull_requests)
    repository = header.repository.full_name
    return CheckRequested(header.number, repository, check.head_sha, numbers, header.sender.login, run, action)


class _MergeGroup(msgspec.Struct):
    merge_group: _Suite


def _merge_group(header: _Header, body: bytes) -> Event:
    queued = msgspec.json.decode(body, type=_MergeGroup).merge_group
    return MergeQueued(header.number, header.repository.full_name, queued.head_sha)


class _Repositories(msgspec.Struct):
    action: str
    repositories: list[Repository] = []
    repositories_added: list[Repository] = []
    repositories_removed: list[Repository] = []


def _installation(header: _Header, body: bytes) -> Event:
    payload = msgspec.json.decode(body, type=_Repositories)
    listed = _names(payload.repositories)
    added, removed = _names(payload.repositories_added), _names(payload.repositories_removed)
    if payload.action == "created":
        added += listed
    elif payload.action == "deleted":
        removed += listed
    assert header.installation is not None
    return InstallationChanged(header.number, header.installation.account.login, payload.action, added, removed)


def _names(repositories: list[Repository]) -> tuple[str, ...]:
    return tuple(repository.full_name for repository in repositories)


_READERS: dict[str, tuple[frozenset[str], Callable[[_Header, bytes], Event]]] = {
    "check_run": (frozenset({"rerequested", "requested_action"}), _check_run),
    "check_suite": (frozenset({"rerequested"}), _check_suite),
    "installation": (
        frozenset({"created", "deleted", "new_permissions_accepted", "suspend", "unsuspend"}),
        _installation,
    ),
    "installation_repositories": (frozenset({"added", "removed"}), _installation),
    "issue_comment": (frozenset({"created"}), _issue_comment),
    "merge_group": (frozenset({"checks_requested"}), _merge_group),
    "ping": (frozenset({""}), lambda header, body: Ping()),
    "pull_request": (frozenset(get_args(PullAction)), _pull_request),
    "pull_request_review_comment": (frozenset({"created"}), _review_comment),
}
"""By event: the actions that concern us, and who reads them."""

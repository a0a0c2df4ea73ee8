"""
What GitHub knows: accounts, repositories, pull requests and all that hangs on them.
"""

from __future__ import annotations

import base64
import datetime as dt
import itertools
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from tests.doubles.diff import FileDiff, Side
from tests.doubles.git import GitRepository

Permission = Literal["admin", "maintain", "write", "triage", "read", "none"]
T = TypeVar("T")
WRITERS: tuple[Permission, ...] = ("admin", "maintain", "write")


def now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(eq=False)
class Account:
    """A person, an organization, or an App's bot."""

    id: int
    login: str
    type: Literal["User", "Organization", "Bot"] = "User"

    @property
    def node_id(self) -> str:
        return node_id(self.type, self.id)


@dataclass(eq=False)
class Reaction:
    """One person's reaction."""

    id: int
    user: Account
    content: str
    created_at: str = field(default_factory=now)


@dataclass(eq=False, kw_only=True)
class Comment:
    """What both kinds of comments have."""

    id: int
    user: Account
    body: str
    by_app: bool = False
    reactions: list[Reaction] = field(default_factory=list)
    minimized: str | None = None
    """Why it is hidden; None: it is shown."""
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)


@dataclass(eq=False, kw_only=True)
class IssueComment(Comment):
    """A comment on a pull request as a whole."""

    pull: PullRequest

    @property
    def node_id(self) -> str:
        return node_id("IssueComment", self.id)


@dataclass(eq=False, kw_only=True)
class ReviewComment(Comment):
    """A comment on lines of a diff, or on a file of it."""

    pull: PullRequest
    review: Review
    thread: Thread
    path: str
    commit: str
    """The head it was written for; its lines are that commit's."""
    base: str
    """Where the base branch stood then."""
    subject: Literal["line", "file"] = "line"
    side: Side = "RIGHT"
    line: int | None = None
    start_side: Side | None = None
    start_line: int | None = None

    @property
    def node_id(self) -> str:
        return node_id("PullRequestReviewComment", self.id)

    def file(self) -> FileDiff:
        """The file's diff as it was when it was written, whatever the base is now."""
        git = self.pull.repository.git
        diff = git.diff(git.merge_base(self.base, self.commit), self.commit)
        return next(file for file in diff if file.path == self.path)

    def line_at_head(self, line: int | None, side: Side | None) -> int | None:
        """Where a line stands at the pull request's head; None if it changed, or is no longer shown in the diff."""
        if line is None:
            return None
        if side == "RIGHT" and self.commit != self.pull.head_sha:
            for changed in self.pull.repository.git.diff(self.commit, self.pull.head_sha):
                if self.path in {changed.path, changed.previous_path}:
                    moved = changed.moved(line) if changed.path == self.path else None
                    if moved is None:
                        return None
                    line = moved
        shown = next((file for file in self.pull.diff() if file.path == self.path), None)
        return line if shown and shown.place(side or "RIGHT", line) else None

    @property
    def outdated(self) -> bool:
        return self.subject == "line" and self.line_at_head(self.line, self.side) is None


@dataclass(eq=False)
class Thread:
    """A comment and the replies to it."""

    id: int
    pull: PullRequest
    comments: list[ReviewComment] = field(default_factory=list)
    resolved_by: Account | None = None

    @property
    def node_id(self) -> str:
        return node_id("PullRequestReviewThread", self.id)

    @property
    def root(self) -> ReviewComment:
        return self.comments[0]


@dataclass(eq=False)
class Review:
    """A review and its verdict."""

    id: int
    pull: PullRequest
    user: Account
    body: str
    state: Literal["PENDING", "COMMENTED", "APPROVED", "CHANGES_REQUESTED", "DISMISSED"]
    commit: str
    comments: list[ReviewComment] = field(default_factory=list)
    submitted_at: str | None = None

    @property
    def node_id(self) -> str:
        return node_id("PullRequestReview", self.id)


@dataclass(eq=False)
class CheckRun:
    """One run of a check for a commit."""

    id: int
    repository: Repository
    name: str
    head_sha: str
    status: str = "queued"
    conclusion: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    details_url: str | None = None
    external_id: str | None = None
    output: dict[str, Any] = field(default_factory=dict)
    """Title, summary and text."""
    annotations: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def node_id(self) -> str:
        return node_id("CheckRun", self.id)

    @property
    def suite_id(self) -> int:
        """One suite for each commit and App."""
        return int(self.head_sha[:8], 16)


@dataclass(eq=False)
class PullRequest:
    """A pull request; its head may live in a fork."""

    id: int
    number: int
    repository: Repository
    user: Account
    title: str
    body: str | None
    base: str
    """The branch it goes to."""
    head: str
    """The branch it comes from."""
    head_repository: Repository | None
    """None: the fork was deleted."""
    base_sha: str
    head_sha: str
    draft: bool = False
    state: Literal["open", "closed"] = "open"
    merged_at: str | None = None
    closed_at: str | None = None
    labels: list[str] = field(default_factory=list)
    requested_reviewers: list[Account] = field(default_factory=list)
    comments: list[IssueComment] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    @property
    def node_id(self) -> str:
        return node_id("PullRequest", self.id)

    @property
    def review_comments(self) -> list[ReviewComment]:
        """All submitted ones, oldest first."""
        found = (comment for thread in self.threads for comment in thread.comments)
        return sorted(
            (comment for comment in found if comment.review.state != "PENDING"), key=lambda comment: comment.id
        )

    def diff(self, head: str | None = None) -> tuple[FileDiff, ...]:
        """Three dots: what the head changed since it left the base."""
        git, head = self.repository.git, head or self.head_sha
        return git.diff(git.merge_base(self.base_sha, head), head)


@dataclass(eq=False)
class Repository:
    """A repository, its people, and its pull requests."""

    id: int
    owner: Account
    name: str
    git: GitRepository
    parent: Repository | None = None
    private: bool = False
    default_branch: str = "main"
    permissions: dict[str, Permission] = field(default_factory=dict)
    """By login; who is not named may read if it is public."""
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    checks: dict[int, CheckRun] = field(default_factory=dict)
    created_at: str = field(default_factory=now)

    @property
    def node_id(self) -> str:
        return node_id("Repository", self.id)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def permission(self, account: Account) -> Permission:
        if account is self.owner:
            return "admin"
        return self.permissions.get(account.login, "none" if self.private else "read")

    def association(self, account: Account) -> str:
        """What GitHub writes beside a name."""
        if account is self.owner:
            return "OWNER"
        if self.permissions.get(account.login, "none") != "none":
            return "MEMBER" if self.owner.type == "Organization" else "COLLABORATOR"
        if any(pull.merged_at and pull.user is account for pull in self.pulls.values()):
            return "CONTRIBUTOR"
        return "FIRST_TIME_CONTRIBUTOR" if any(pull.user is account for pull in self.pulls.values()) else "NONE"


@dataclass(eq=False)
class Installation:
    """The App, installed for an account, for some of its repositories."""

    id: int
    account: Account
    repositories: list[Repository]
    permissions: dict[str, str]
    """Level by permission: what the account granted, which may be less than the App asks for."""
    suspended_at: str | None = None
    created_at: str = field(default_factory=now)


@dataclass(eq=False)
class App:
    """The GitHub App."""

    id: int
    slug: str
    owner: Account
    bot: Account
    permissions: dict[str, str]
    events: list[str]
    created_at: str = field(default_factory=now)

    @property
    def client_id(self) -> str:
        return f"Iv1.{self.id:016x}"


class World:
    """All state. Whoever reads or changes it holds `lock`."""

    def __init__(self, directory: Path, url: str) -> None:
        """
        Args:
            directory: where the repositories are kept.
            url: where the double answers.
        """
        self.directory = directory
        self.url = url
        self.api = f"{url}/api/v3"
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.repositories: dict[str, Repository] = {}
        self.former_names: dict[str, Repository] = {}
        """Of repositories that were renamed or transferred; requests for them are redirected."""
        self.installations: dict[int, Installation] = {}
        self._ids = itertools.count(1001)
        owner = self.account("countersign-owner")
        self.app = App(
            id=self.next_id(),
            slug="countersign",
            owner=owner,
            bot=self.account("countersign[bot]", "Bot"),
            permissions={
                "checks": "write",
                "contents": "read",
                "issues": "write",
                "merge_queues": "read",
                "metadata": "read",
                "pull_requests": "write",
            },
            events=[
                *("check_run", "check_suite", "issue_comment", "merge_group", "pull_request", "pull_request_review"),
                *("pull_request_review_comment", "pull_request_review_thread"),
            ],
        )

    def next_id(self) -> int:
        return next(self._ids)

    def account(self, login: str, type_: Literal["User", "Organization", "Bot"] = "User") -> Account:
        """The account of a name; it is made where there is none."""
        key = login.lower()
        if key not in self.accounts:
            self.accounts[key] = Account(self.next_id(), login, type_)
        return self.accounts[key]

    def repository(self, full_name: str) -> Repository | None:
        return self.repositories.get(full_name.lower())

    def move(self, repository: Repository, owner: Account, name: str) -> None:
        """Rename or transfer a repository."""
        self.former_names[repository.full_name.lower()] = self.repositories.pop(repository.full_name.lower())
        repository.owner, repository.name = owner, name
        self.repositories[repository.full_name.lower()] = repository

    def add_repository(
        self, owner: Account, name: str, *, parent: Repository | None = None, private: bool = False
    ) -> Repository:
        identity = self.next_id()
        git = GitRepository.create(self.directory / f"{identity}.git")
        repository = Repository(identity, owner, name, git, parent, private)
        self.repositories[repository.full_name.lower()] = repository
        return repository

    def installation_of(self, repository: Repository) -> Installation | None:
        return next((found for found in self.installations.values() if repository in found.repositories), None)

    def pulls(self) -> Iterator[PullRequest]:
        for repository in self.repositories.values():
            yield from repository.pulls.values()

    def nodes(self) -> Iterator[Any]:
        """Everything that GraphQL can be asked for by id."""
        yield from self.accounts.values()
        yield from self.repositories.values()
        for pull in self.pulls():
            yield pull
            yield from pull.comments
            for thread in pull.threads:
                yield thread
                yield from thread.comments

    def find_check(self, repository: Repository, head: str, name: str | None = None) -> list[CheckRun]:
        return [run for run in repository.checks.values() if run.head_sha == head and name in {None, run.name}]


def node_id(kind: str, identity: int) -> str:
    """GitHub's are opaque; these can at least be read when a test fails."""
    return base64.b64encode(f"0:{kind}{identity}".encode()).decode()


def by_id(items: Iterable[T], identity: int) -> T | None:
    """The item with this id."""
    return next((item for item in items if item.id == identity), None)  # type: ignore[attr-defined]

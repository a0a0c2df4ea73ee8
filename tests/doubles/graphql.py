"""
The GraphQL interface: review threads and hidden comments, on a cut of GitHub's own schema.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import graphql

from tests.doubles.access import Caller
from tests.doubles.hooks import Event
from tests.doubles.limits import Limits
from tests.doubles.shapes import Shapes
from tests.doubles.world import Account, Comment, IssueComment, PullRequest, Repository, ReviewComment, Thread, World

MOST_PER_PAGE = 100

_SCHEMA = graphql.build_schema((Path(__file__).parent / "data/schema.graphql").read_text())


class Refused(graphql.GraphQLError):
    """An error with GitHub's `type` beside its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message, extensions={"type": kind})


def mutation_name(query: str) -> str | None:
    """The first mutation of a document; None where it only asks, or can't be read."""
    try:
        document = graphql.parse(query)
    except graphql.GraphQLError:
        return None
    for definition in document.definitions:
        operation = getattr(definition, "operation", None)
        if operation is graphql.OperationType.MUTATION:
            return str(definition.selection_set.selections[0].name.value)  # type: ignore[attr-defined]
    return None


def execute(root: Root, body: Any) -> dict[str, Any]:
    """Answer a request that came with good credentials; errors stand in the answer, as GraphQL has it."""
    answered = graphql.graphql_sync(
        _SCHEMA,
        body["query"],
        root_value=root,
        variable_values=body.get("variables"),
        operation_name=body.get("operationName"),
        type_resolver=lambda value, *_: value.typename,
    )
    errors = {"errors": [_error(error) for error in answered.errors]} if answered.errors else {}
    return {"data": answered.data, **errors}


def _error(error: graphql.GraphQLError) -> dict[str, Any]:
    formatted: dict[str, Any] = dict(error.formatted)
    extensions = formatted.pop("extensions", None) or {}
    return {**extensions, **formatted}


class _View:
    """Something as a type of the schema shows it: each field is an attribute or a method with the field's name."""

    typename = ""

    def __init__(self, root: Root, thing: Any) -> None:
        self._root = root
        self._thing = thing

    @property
    def id(self) -> str:
        return str(self._thing.node_id)

    @property
    def databaseId(self) -> int:
        return int(self._thing.id)


class _Actor(_View):
    """An account; a bot's name comes without its suffix here."""

    def __init__(self, root: Root, thing: Account, typename: str | None = None) -> None:
        super().__init__(root, thing)
        self.typename = typename or ("Bot" if thing.type == "Bot" else "User")
        self.login = thing.login.removesuffix("[bot]")
        self.url = f"{root.world.url}/{self.login}"
        self.resourcePath = f"/{self.login}"

    def avatarUrl(self, info: Any, size: int | None = None) -> str:
        return f"{self._root.world.url}/avatars/{self._thing.id}"


class _Repository(_View):
    typename = "Repository"

    def __init__(self, root: Root, thing: Repository) -> None:
        super().__init__(root, thing)
        self.name, self.nameWithOwner = thing.name, thing.full_name
        self.owner = _Actor(root, thing.owner, "User")

    def pullRequest(self, info: Any, number: int) -> _PullRequest:
        pull = self._thing.pulls.get(number)
        if pull is None:
            raise Refused("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
        return _PullRequest(self._root, pull)


class _PullRequest(_View):
    typename = "PullRequest"

    def __init__(self, root: Root, thing: PullRequest) -> None:
        super().__init__(root, thing)
        self.author = _Actor(root, thing.user)
        self.number, self.title, self.body, self.isDraft = thing.number, thing.title, thing.body or "", thing.draft
        self.baseRefOid, self.headRefOid = thing.base_sha, thing.head_sha
        self.state = "MERGED" if thing.merged_at else thing.state.upper()
        self.url = f"{root.world.url}/{thing.repository.full_name}/pull/{thing.number}"

    def reviewThreads(self, info: Any, **page: Any) -> _Connection:
        threads = [thread for thread in self._thing.threads if thread.root.review.state != "PENDING"]
        return _Connection([_Thread(self._root, thread) for thread in threads], page)


class _Thread(_View):
    typename = "PullRequestReviewThread"

    def __init__(self, root: Root, thing: Thread) -> None:
        super().__init__(root, thing)
        first = thing.root
        self.path, self.diffSide, self.startDiffSide = first.path, first.side, first.start_side
        self.isOutdated, self.originalLine = first.outdated, first.line
        self.line = first.line_at_head(first.line, first.side)
        self.startLine = first.line_at_head(first.start_line, first.start_side)
        self.subjectType = first.subject.upper()
        self.isResolved = self.isCollapsed = thing.resolved_by is not None
        self.resolvedBy = _Actor(root, thing.resolved_by, "User") if thing.resolved_by else None
        may = root.may_write(thing.pull)
        self.viewerCanReply, self.viewerCanResolve = may, may and not self.isResolved
        self.viewerCanUnresolve = may and self.isResolved

    def pullRequest(self, info: Any) -> _PullRequest:
        return _PullRequest(self._root, self._thing.pull)

    def comments(self, info: Any, **page: Any) -> _Connection:
        return _Connection([_comment(self._root, comment) for comment in self._thing.comments], page)


class _Comment(_View):
    """Either kind of comment."""

    def __init__(self, root: Root, thing: Comment) -> None:
        super().__init__(root, thing)
        self.author, self.body = _Actor(root, thing.user), thing.body
        self.isMinimized, self.minimizedReason = thing.minimized is not None, thing.minimized
        self.viewerDidAuthor = thing.user is root.caller.account


class _IssueComment(_Comment):
    typename = "IssueComment"

    @property
    def url(self) -> str:
        return str(self._root.shapes.issue_comment(self._thing)["html_url"])


class _ReviewComment(_Comment):
    typename = "PullRequestReviewComment"

    def __init__(self, root: Root, thing: ReviewComment) -> None:
        super().__init__(root, thing)
        self.path, self.outdated, self.originalLine = thing.path, thing.outdated, thing.line
        self.line = thing.line_at_head(thing.line, thing.side)
        self.startLine = thing.line_at_head(thing.start_line, thing.start_side)
        self.subjectType = thing.subject.upper()
        self.fullDatabaseId = str(thing.id)

    @property
    def url(self) -> str:
        return str(self._root.shapes.review_comment(self._thing)["html_url"])

    def replyTo(self, info: Any) -> _ReviewComment | None:
        first = self._thing.thread.root
        return None if first is self._thing else _ReviewComment(self._root, first)


def _comment(root: Root, comment: Comment) -> _Comment:
    return _ReviewComment(root, comment) if isinstance(comment, ReviewComment) else _IssueComment(root, comment)


class _Connection:
    """One page of nodes; a cursor is the number of the node, encoded."""

    def __init__(self, nodes: Sequence[Any], page: dict[str, Any]) -> None:
        size = page.get("first") or page.get("last")
        if size is None:
            raise Refused("MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value.")
        if not 1 <= size <= MOST_PER_PAGE:
            raise Refused("EXCESSIVE_PAGINATION", f"Requesting {size} records exceeds the limit of 100 records.")
        start = _number(page["after"]) if page.get("after") else 0
        end = _number(page["before"]) - 1 if page.get("before") else len(nodes)
        if page.get("first"):
            end = min(end, start + size)
        else:
            start = max(start, end - size)
        self.nodes = nodes[start:end]
        self.totalCount = len(nodes)
        self.pageInfo = {
            "hasNextPage": end < len(nodes),
            "hasPreviousPage": start > 0,
            "startCursor": _cursor(start + 1) if self.nodes else None,
            "endCursor": _cursor(end) if self.nodes else None,
        }


def _cursor(number: int) -> str:
    return base64.b64encode(f"cursor:{number}".encode()).decode()


def _number(cursor: str) -> int:
    return int(base64.b64decode(cursor).decode().removeprefix("cursor:"))


class Root:
    """Queries and mutations, for one caller."""

    def __init__(self, world: World, shapes: Shapes, limits: Limits, caller: Caller) -> None:
        self.world, self.shapes, self.limits, self.caller = world, shapes, limits, caller
        self.events: list[Event] = []
        """What Apps are told once it is done."""

    def may_write(self, pull: PullRequest) -> bool:
        if self.caller.permissions is not None:
            return self.caller.permissions.get("pull_requests") == "write" and self.caller.sees(pull.repository)
        return pull.repository.permission(self.caller.account) in {"admin", "maintain", "write"} or (
            pull.user is self.caller.account
        )

    def viewer(self, info: Any) -> _Actor:
        return _Actor(self, self.caller.account, "User")

    def rateLimit(self, info: Any, dryRun: bool = False) -> dict[str, Any]:
        standing = self.limits.standing(self.caller)
        reset = dt.datetime.fromtimestamp(standing.pop("reset"), dt.UTC)
        return {**standing, "cost": 1, "nodeCount": 1, "resetAt": f"{reset:%Y-%m-%dT%H:%M:%SZ}"}

    def repository(self, info: Any, owner: str, name: str, followRenames: bool = True) -> _Repository:
        found = self.world.repository(f"{owner}/{name}")
        if found is None or not self.caller.sees(found):
            raise Refused("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return _Repository(self, found)

    def node(self, info: Any, **given: str) -> _View:
        views: dict[type[Any], Callable[[Root, Any], _View]] = {
            Account: _Actor,
            IssueComment: _IssueComment,
            PullRequest: _PullRequest,
            Repository: _Repository,
            ReviewComment: _ReviewComment,
            Thread: _Thread,
        }
        thing = self._find(given["id"])
        return views[type(thing)](self, thing)

    def resolveReviewThread(self, info: Any, **given: Any) -> dict[str, Any]:
        return self._resolution(given["input"], self.caller.account, "resolved")

    def unresolveReviewThread(self, info: Any, **given: Any) -> dict[str, Any]:
        return self._resolution(given["input"], None, "unresolved")

    def minimizeComment(self, info: Any, **given: Any) -> dict[str, Any]:
        wanted = given["input"]
        comment = self._minimize(wanted, wanted["classifier"].lower().replace("_", "-"))
        return {"clientMutationId": wanted.get("clientMutationId"), "minimizedComment": comment}

    def unminimizeComment(self, info: Any, **given: Any) -> dict[str, Any]:
        wanted = given["input"]
        return {"clientMutationId": wanted.get("clientMutationId"), "unminimizedComment": self._minimize(wanted, None)}

    def _minimize(self, input_: dict[str, Any], reason: str | None) -> _Comment:
        comment = self._find(input_["subjectId"], Comment)
        self._check(comment.pull)
        comment.minimized = reason
        return _comment(self, comment)

    def _resolution(self, input_: dict[str, Any], by: Account | None, action: str) -> dict[str, Any]:
        thread = self._find(input_["threadId"], Thread)
        self._check(thread.pull)
        if (thread.resolved_by is None) != (by is None):
            thread.resolved_by = by
            pull = thread.pull
            parts = {"thread": self.shapes.thread(thread), "pull_request": self.shapes.pull(pull, full=False)}
            event = Event("pull_request_review_thread", action, pull.repository, self.caller.account, parts)
            self.events.append(event)
        return {"clientMutationId": input_.get("clientMutationId"), "thread": _Thread(self, thread)}

    def _check(self, pull: PullRequest) -> None:
        if not self.may_write(pull):
            raise Refused("FORBIDDEN", "Resource not accessible by integration")

    def _find(self, identity: str, kind: type[Any] = object) -> Any:
        for thing in self.world.nodes():
            if thing.node_id == identity and isinstance(thing, kind):
                return thing
        raise Refused("NOT_FOUND", f"Could not resolve to a node with the global id of '{identity}'")

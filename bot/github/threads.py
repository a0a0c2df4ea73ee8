"""
Review threads: only GraphQL knows whether they are resolved.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bot.github.client import Client
from bot.github.errors import NotFound


class Thread(msgspec.Struct, frozen=True):
    """A review thread."""

    id: str
    """GraphQL's."""
    is_resolved: bool
    comment: int | None
    """The REST id of its first comment."""
    body: str
    """Of its first comment."""
    is_ours: bool
    """Whether the App began it."""
    has_others: bool
    """Whether anybody but the App wrote in it."""


_THREADS = """
query Threads($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 50, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id
          isResolved
          comments(first: 50) {
            totalCount
            nodes { fullDatabaseId body author { __typename login } }
          }
        }
      }
    }
  }
}
"""
_CHANGE = """
mutation Change($id: ID!) {
  %s(input: {threadId: $id}) { thread { isResolved } }
}
"""


def of_pull_request(client: Client, repository: str, number: int) -> Iterator[Thread]:
    """
    All threads of a pull request.

    Raises:
        NotFound: There is no such pull request.
    """
    owner, _, name = repository.partition("/")
    slug = client.github.identity.slug
    after: str | None = None
    while True:
        variables = {"owner": owner, "name": name, "number": number, "after": after}
        found = client.graphql(_THREADS, variables, _Answer).repository
        if found is None or found.pullRequest is None:
            raise NotFound(f"There is no pull request {repository}#{number}.")
        page = found.pullRequest.reviewThreads
        for node in page.nodes:
            if node is not None:
                yield _thread(node, slug)
        if not page.pageInfo.hasNextPage:
            return
        after = page.pageInfo.endCursor


def resolve(client: Client, thread: str) -> None:
    """Resolve a thread; one that is resolved stays so."""
    client.graphql(_CHANGE % "resolveReviewThread", {"id": thread}, msgspec.Raw)


def unresolve(client: Client, thread: str) -> None:
    """Open a thread again; one that is open stays so."""
    client.graphql(_CHANGE % "unresolveReviewThread", {"id": thread}, msgspec.Raw)


def _thread(node: _Node, slug: str) -> Thread:
    comments = [comment for comment in node.comments.nodes if comment is not None]
    # A bot's login comes without `[bot]` here; a person may have the same name, but not the same type.
    by_us = [comment.author == _Author("Bot", slug) for comment in comments]
    first = comments[0] if comments else _Comment()
    return Thread(
        id=node.id,
        is_resolved=node.isResolved,
        comment=int(first.fullDatabaseId) if first.fullDatabaseId else None,
        body=first.body,
        is_ours=bool(by_us) and by_us[0],
        has_others=not all(by_us) or node.comments.totalCount > len(comments),
    )


class _Author(msgspec.Struct, frozen=True):
    typename: str = msgspec.field(name="__typename")
    login: str


class _Comment(msgspec.Struct):
    fullDatabaseId: str | int | None = None  # noqa: N815  (GraphQL's name)
    body: str = ""
    author: _Author | None = None


class _Comments(msgspec.Struct):
    totalCount: int  # noqa: N815
    nodes: list[_Comment | None]


class _Node(msgspec.Struct):
    id: str
    isResolved: bool  # noqa: N815
    comments: _Comments


class _PageInfo(msgspec.Struct):
    hasNextPage: bool  # noqa: N815
    endCursor: str | None = None  # noqa: N815


class _Threads(msgspec.Struct):
    pageInfo: _PageInfo  # noqa: N815
    nodes: list[_Node | None]


class _PullRequest(msgspec.Struct):
    reviewThreads: _Threads  # noqa: N815


class _Repository(msgspec.Struct):
    pullRequest: _PullRequest | None  # noqa: N815


class _Answer(msgspec.Struct):
    repository: _Repository | None

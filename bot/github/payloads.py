"""
Pieces of GitHub's JSON that webhooks and answers have in common, and what we make of them.

Only what we read is named; whatever else GitHub says is passed over.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from bot.review.drafts import PullRequest

UNSAVED = 0
"""The id of a pull request that the store has not numbered yet."""


class User(msgspec.Struct, frozen=True):
    """Somebody."""

    login: str
    type: str = "User"

    @property
    def is_bot(self) -> bool:
        """Whether it is an App or another machine."""
        return self.type == "Bot"


GHOST = User("ghost")
"""Who stands for accounts that are gone."""


class Repository(msgspec.Struct, frozen=True):
    """A repository."""

    full_name: str
    clone_url: str = ""
    id: int | None = None


class _Side(msgspec.Struct, frozen=True):
    sha: str
    ref: str
    repo: Repository | None
    """None when the fork is gone."""


class PullPayload(msgspec.Struct, frozen=True):
    """A pull request, as a webhook or an answer describes it."""

    number: int
    state: str
    title: str
    head: _Side
    base: _Side
    user: User | None = None
    draft: bool = False
    body: str | None = None
    updated_at: dt.datetime | None = None

    def of(self, repository: Repository, installation: int) -> PullRequest:
        """The same in our words, not yet numbered by the store."""
        return PullRequest(
            id=UNSAVED,
            installation=installation,
            repository=repository.full_name,
            number=self.number,
            clone_url=repository.clone_url,
            title=self.title,
            author=(self.user or GHOST).login,
            head=self.head.sha,
            head_repository=self.head.repo.full_name if self.head.repo else "",
            base_ref=self.base.ref,
            base=self.base.sha,
            is_draft=self.draft,
            is_open=self.state == "open",
            repository_id=repository.id,
            as_of=self.updated_at,
            description=self.body or "",
        )

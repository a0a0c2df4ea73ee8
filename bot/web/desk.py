"""
What the desk shows, and what it needs from outside.
"""

from __future__ import annotations

import datetime as dt
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

import msgspec

from analyzers.findings import Consequence
from bot.review.drafts import Decision, Draft, PullRequest
from bot.review.explain import RiskSummary
from bot.review.insights import Became
from bot.review.records import Dismissed, Found, HeadReview, Pending, Suppressed
from bot.review.spending import Spent
from bot.review.verdict import Verdict


def review_path(repository: str, number: int) -> str:
    """Where a pull request's review page is on the desk, from its root."""
    return f"/reviews/{urllib.parse.quote(repository)}/{number}"


Side: TypeAlias = Literal["base", "head"]
Texts: TypeAlias = Mapping[tuple[Side, str], str]
"""The files of a change by side and path; one that is not there, is not text or is too large is missing."""


class Shown(msgspec.Struct, frozen=True):
    """A pull request as its review page shows it."""

    pull: PullRequest
    review: HeadReview
    found: Found
    drafts: tuple[Draft, ...]
    """All of the pull request, by number."""
    comments: Mapping[int, str]
    """By a draft's number: the Markdown that would be posted, without its marker."""
    decisions: tuple[Decision, ...]
    """In the order they were made."""
    verdict: Verdict
    texts: Texts
    """Whatever the page quotes: the files of the diff, of the traces and of the fixes."""
    summary: str
    """The summary comment on the pull request as it stands now, in Markdown: what is public."""
    before: Found | None = None
    """What was found at the head before this one."""
    before_head: str = ""
    risk: RiskSummary = RiskSummary()
    asked: tuple[str, ...] = ()
    """Who is asked to decide, as CODEOWNERS names them."""


class Preview(msgspec.Struct, frozen=True):
    """What the queue says of a review besides its drafts."""

    risk: RiskSummary
    consequences: tuple[Consequence, ...]
    """Those that the change makes a difference to."""


class Desk(Protocol):
    """What the pages are made of, and where decisions go."""

    def queue(self) -> Sequence[Pending]:
        """Everything that waits for a person, in no particular order."""

    def previews(self, reviews: Iterable[int]) -> Mapping[int, Preview]:
        """What is said of some reviews, by their ids; one that found nothing out is left out."""

    def find(self, repository: str, number: int) -> PullRequest | None:
        """A pull request; None when it is not known."""

    def drafts(self, pull: PullRequest) -> Sequence[Draft]:
        """All drafts of a pull request, by number; nothing but the store is asked."""

    def shown(self, pull: PullRequest) -> Shown | None:
        """Everything of a pull request's review page; None when its head was not reviewed yet."""

    def decide(self, pull: PullRequest, made: Sequence[Decision], key: str) -> None:
        """
        Keep decisions and have them published.

        Args:
            pull: Whose drafts they are about.
            made: In their order.
            key: Names the act: the same act counts once.
        """

    def again(self, pull: PullRequest, key: str) -> None:
        """
        Have the head of a pull request reviewed again.

        Args:
            pull: Whose.
            key: Names the act: the same act counts once.
        """

    def became(self, since: dt.datetime) -> Sequence[Became]:
        """The drafts that were made since a time, and what became of them."""

    def dismissed(self) -> Sequence[Dismissed]:
        """The dismissals in force, newest first."""

    def suppressed(self) -> Sequence[Suppressed]:
        """What the files of each repository suppress, by the repository's name."""

    def costs(self, since: dt.datetime) -> Mapping[str, Spent]:
        """What a language model cost since a time, by repository."""

    def now(self) -> dt.datetime:
        """The time in UTC."""

"""
Who may see and decide what.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from bot.review.drafts import PullRequest
from bot.web.sessions import Session

Sees: TypeAlias = Callable[[str], bool]
"""Whether somebody may see a repository, by `owner/name`."""


class NotSignedIn(Exception):
    """Who asks has to sign in again."""


class Unknown(Exception):
    """It cannot be told now what somebody may do; says why."""


class Access(Protocol):
    """
    Asked for each page and each decision.

    Both raise `NotSignedIn` for a session that is worth nothing any more, and `Unknown` when there is no answer.
    """

    def sees(self, person: Session) -> Sees:
        """What a person may see; may be some minutes old."""

    def may_decide(self, person: Session, pull: PullRequest) -> bool:
        """Whether a person may decide on a pull request, now."""


class Everything:
    """One's own machine: who is there may see and decide."""

    def sees(self, person: Session) -> Sees:
        return lambda repository: True

    def may_decide(self, person: Session, pull: PullRequest) -> bool:
        return True

"""
What the service keeps of its work, besides the vocabulary of drafts: deliveries, reviews of heads, batches of
decisions.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from bot.review.drafts import Decision

ReviewStatus = Literal["queued", "running", "drafted", "superseded", "partial", "dead"]
"""
`queued`, then `running`, then `drafted`: everything was looked at and the drafts are there; `partial`: the drafts are
there, but something did not run; `dead`: it failed, and why is said; `superseded`: a newer head took its place before
or after its end.
"""
UNFINISHED: tuple[ReviewStatus, ...] = ("queued", "running")


class Delivery(msgspec.Struct, frozen=True):
    """One webhook delivery, as it came in; nothing of it is trusted but that GitHub signed it."""

    id: str
    """`X-GitHub-Delivery`; the same when it is sent again."""
    event: str
    """`X-GitHub-Event`."""
    payload: bytes
    """The raw body; empty once it was handled."""
    received_at: dt.datetime
    """UTC."""


class HeadReview(msgspec.Struct, frozen=True):
    """The review of one pull request at one head; there is one for each such pair, however often it runs."""

    id: int
    pull_request: int
    head: str
    attempt: int = 1
    """Raised when it is run again; each attempt is a workflow of its own."""
    status: ReviewStatus = "queued"
    reason: str = ""
    """Why it is partial or dead, for a person."""
    check_run: int | None = None
    """GitHub's id of the check run of this head."""
    merge_base: str = ""
    """The commit that the head was compared with; empty until it is known."""
    changed_at: dt.datetime | None = None
    """When the status last changed; UTC."""


class Batch(msgspec.Struct, frozen=True):
    """Decisions that were made in one act, such as one command; they are published together."""

    id: int
    pull_request: int
    decisions: tuple[Decision, ...]
    published: bool = False
    """Whether GitHub shows what was decided."""


class Dismissal(msgspec.Struct, frozen=True):
    """That a finding is not to be said again in a repository; holds for later pull requests, until it is undone."""

    fingerprint: str
    decision: Decision


class Worker(msgspec.Struct, frozen=True):
    """A process of the service, by its last sign of life."""

    id: str
    """Its executor id."""
    beat_at: dt.datetime
    """UTC."""

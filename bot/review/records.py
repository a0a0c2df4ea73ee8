"""
What the service keeps of its work, besides the vocabulary of drafts: deliveries, reviews of heads, batches of
decisions.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import msgspec

from analyzers.change import ChangedFile
from analyzers.findings import Allow, Finding, Review
from bot.review.baseline import Baseline
from bot.review.configuration import LlmCode
from bot.review.drafts import Decision, Draft, Mode, PullRequest
from bot.review.outcome import Outcome

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


class Pending(msgspec.Struct, frozen=True):
    """A pull request that waits for a person: with drafts, or with a review that did not come to its end."""

    pull_request: PullRequest
    review: HeadReview
    """Of its head."""
    waiting: tuple[Draft, ...] = ()
    """The drafts without a decision, by number."""

    @property
    def asked(self) -> tuple[str, ...]:
        """Who is asked to decide, as CODEOWNERS names them."""
        return tuple(dict.fromkeys(owner for draft in self.waiting for owner in draft.asked))

    @property
    def since(self) -> dt.datetime | None:
        """Since when the oldest of them waits; without any, since when the review is as it is."""
        made = (draft.made_at for draft in self.waiting if draft.made_at is not None)
        return min(made, default=self.review.changed_at)


class Dismissal(msgspec.Struct, frozen=True):
    """That a finding is not to be said again in a repository; holds for later pull requests, until it is undone."""

    fingerprint: str
    decision: Decision


class Dismissed(msgspec.Struct, frozen=True):
    """A dismissal in force, with what it is about."""

    pull_request: PullRequest
    """Where it was decided."""
    draft: Draft
    decision: Decision


class Suppressions(msgspec.Struct, frozen=True):
    """What the files of a repository say is not to be told."""

    allows: tuple[Allow, ...] = ()
    """Comments in the code, by place."""
    baselines: tuple[Baseline, ...] = ()


class Suppressed(msgspec.Struct, frozen=True):
    """What the files of a repository said when it was last reviewed."""

    pull_request: PullRequest
    """In whose review it was seen."""
    commit: str
    """Whose files they are: that pull request's base."""
    at: dt.datetime
    """UTC."""
    suppressions: Suppressions


class Worker(msgspec.Struct, frozen=True):
    """A process of the service, by its last sign of life."""

    id: str
    """Its executor id."""
    beat_at: dt.datetime
    """UTC."""


REVIEW = "review:"
"""How the key of a message about a pull request begins; its id follows."""


class SlackMessage(msgspec.Struct, frozen=True):
    """A message that stands once in a channel and is kept up to date."""

    channel: str
    key: str
    """What it is about, such as `review:12`."""
    begun_at: dt.datetime
    """When it was first about to be posted; UTC."""
    ts: str | None = None
    """Slack's id of it; None while it is not known whether it was posted."""
    blocks: tuple[dict[str, Any], ...] = ()
    """What it says, as Slack's Block Kit."""
    told: int = 0
    """How many decisions were told in its thread."""


class Mistake(msgspec.Struct, frozen=True):
    """What is wrong with the configuration at the base."""

    path: str
    line: int
    """1-based."""
    problem: str


class Found(msgspec.Struct, frozen=True):
    """What the engine found at a head, as the configuration at the base judges it."""

    review: Review = Review()
    files: tuple[ChangedFile, ...] = ()
    """The diff from the merge base."""
    posted: tuple[str, ...] = ()
    """Fingerprints of the findings that are to be told, worst first."""
    failing: tuple[str, ...] = ()
    """Of these, those that fail the check once they are signed."""
    modes: dict[str, Mode] = {}
    """How each of them is published."""
    fails_on_gaps: bool = False
    """Whether the check fails when something was not analysed."""
    max_inline: int = 5
    """How many of them become inline comments; the others stand in the summary."""
    mode: Mode = "sign-first"
    """The repository's; nothing was reviewed where it is `off`."""
    owners: dict[str, tuple[str, ...]] = {}
    """Who owns the files of what was found and of what was fixed, by path, as CODEOWNERS at the base says."""
    blobs: dict[str, str] = {}
    """Blob ids of the files that these findings stand in, as they were analysed, by path."""
    llm_code: LlmCode = "off"
    """What a language model may be told of it, as the configuration says."""
    mistake: Mistake | None = None
    """What is wrong with the configuration; nothing was reviewed where there is one."""

    @property
    def is_reviewed(self) -> bool:
        """Whether the change was looked at, so that what was not found is not there."""
        return self.mode != "off" and self.mistake is None

    @property
    def told(self) -> tuple[Finding, ...]:
        """The findings that are to be told, worst first."""
        by_fingerprint = {finding.fingerprint: finding for finding in self.review.introduced}
        return tuple(by_fingerprint[fingerprint] for fingerprint in self.posted)

    @property
    def outcome(self) -> Outcome:
        """The same, sorted as every surface shows it."""
        told, fingerprints = self.told, frozenset(self.posted)
        rest = [finding for finding in self.review.introduced if finding.fingerprint not in fingerprints]
        return Outcome(
            review=self.review,
            is_scan=False,
            posted=told,
            fixed=self.review.fixed,
            standing=self.review.standing,
            uncertain=tuple(finding for finding in rest if finding.suppressed is None),
            suppressed=tuple(finding for finding in rest if finding.suppressed is not None),
            failing=tuple(finding for finding in told if finding.fingerprint in self.failing),
            max_inline=self.max_inline,
        )

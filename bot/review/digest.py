"""
What a team is told from time to time: what waits for a signature, and what happened lately.

Facts come from the store; here they are sorted by whom they concern and counted.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from analyzers.findings import Severity
from bot.review.drafts import Action, Draft, PullRequest
from bot.review.spending import Spent
from bot.settings import SlackChannel

MOST_HOT_SPOTS = 3
"""Files that are named."""
HOT = 2
"""A file with fewer findings is no hot spot."""


class Fixed(msgspec.Struct, frozen=True):
    """A finding of a base that is gone at a reviewed head."""

    fingerprint: str
    path: str
    severity: Severity
    asked: tuple[str, ...]
    """Who owns the file."""


class Reviewed(msgspec.Struct, frozen=True):
    """A pull request that was reviewed in the period, and what it fixes."""

    pull_request: PullRequest
    fixed: tuple[Fixed, ...]


class History(msgspec.Struct, frozen=True):
    """What happened since a time."""

    reviewed: tuple[Reviewed, ...]
    """Each pull request once."""
    made: tuple[tuple[PullRequest, Draft], ...]
    """Drafts that were made in the period."""
    decided: tuple[tuple[PullRequest, Draft, Action], ...]
    """What was last said of each draft that was signed or dismissed."""
    spent: Mapping[str, Spent] = {}
    """On language models, by repository."""


class Waiting(msgspec.Struct, frozen=True):
    """A pull request with drafts that wait for a signature."""

    pull_request: PullRequest
    drafts: tuple[Draft, ...]
    """At least one; worst first."""

    @property
    def since(self) -> dt.datetime:
        """When the oldest of them was made; UTC."""
        return min(draft.made_at for draft in self.drafts if draft.made_at is not None)

    @property
    def worst(self) -> Severity:
        """The highest severity among them."""
        return self.drafts[0].finding.severity

    @property
    def asked(self) -> tuple[str, ...]:
        """Who owns their files, as CODEOWNERS names them."""
        return tuple(dict.fromkeys(owner for draft in self.drafts for owner in draft.asked))


class Tally(msgspec.Struct, frozen=True):
    """The period in numbers."""

    reviewed: int = 0
    """Pull requests."""
    reviewed_ai: int = 0
    """Of these, those in which an AI assistant had a hand."""
    introduced: int = 0
    introduced_ai: int = 0
    fixed: int = 0
    signed: int = 0
    dismissed: int = 0
    spent: Spent = Spent()
    """On language models."""
    hot_spots: tuple[tuple[str, str, int], ...] = ()
    """(repository, path, findings) of the files in which most was introduced."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened."""
        return not (self.reviewed or self.introduced or self.fixed or self.signed or self.dismissed)


class Digest(msgspec.Struct, frozen=True):
    """What one channel is told."""

    since: dt.datetime
    until: dt.datetime
    waiting: tuple[Waiting, ...]
    """Worst first, of these the oldest first."""
    tally: Tally

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to say."""
        return not self.waiting and self.tally.is_empty


def facts(told: Digest) -> dict[str, Any]:
    """What a language model is told of a digest: its numbers, and the files that are named in it."""
    tally = told.tally
    return {
        "days": (told.until - told.since).days,
        "drafts_that_wait": sum(len(each.drafts) for each in told.waiting),
        "pull_requests_that_wait": len(told.waiting),
        "pull_requests_reviewed": tally.reviewed,
        "of_these_with_an_ai_assistant": tally.reviewed_ai,
        "findings_introduced": tally.introduced,
        "findings_fixed": tally.fixed,
        "drafts_signed": tally.signed,
        "files_with_most": [
            {"repository": name, "file": path, "findings": count} for name, path, count in tally.hot_spots
        ],
    }


def concerns(channel: SlackChannel, repository: str, severity: Severity, asked: Iterable[str]) -> bool:
    """
    Whether a channel is told of a finding.

    Args:
        channel: By its settings.
        repository: `owner/name`.
        severity: The finding's.
        asked: Who owns its file.
    """
    if severity < Severity[channel.severity.upper()] or not _hears_of(channel, repository):
        return False
    return not channel.teams or not {team.lower().lstrip("@") for team in channel.teams}.isdisjoint(
        owner.lower().lstrip("@") for owner in asked
    )


def _hears_of(channel: SlackChannel, repository: str) -> bool:
    """Whether a channel is told of anything in a repository."""
    names = (wanted.lower() for wanted in channel.repositories)
    return not channel.repositories or any(fnmatch.fnmatchcase(repository.lower(), name) for name in names)


def concerning(channel: SlackChannel, pull: PullRequest, drafts: Iterable[Draft]) -> tuple[Draft, ...]:
    """The drafts of a pull request that a channel is told of, worst first."""
    chosen = [each for each in drafts if concerns(channel, pull.repository, each.finding.severity, each.asked)]
    return tuple(sorted(chosen, key=lambda draft: (-draft.finding.severity, draft.number)))


def digest(
    channel: SlackChannel,
    waiting: Iterable[tuple[PullRequest, Sequence[Draft]]],
    history: History,
    since: dt.datetime,
    until: dt.datetime,
) -> Digest:
    """
    What a channel is told.

    Args:
        channel: By its settings.
        waiting: All drafts that wait, by pull request.
        history: What happened since `since`.
        since: The period's start.
        until: Now.
    """
    chosen = ((pull, concerning(channel, pull, drafts)) for pull, drafts in waiting)
    told = [Waiting(pull, drafts) for pull, drafts in chosen if drafts]
    told.sort(key=lambda each: (-each.worst, each.since, each.pull_request.repository, each.pull_request.number))
    return Digest(since, until, tuple(told), tally(channel, history))


def tally(channel: SlackChannel, history: History) -> Tally:
    """What concerns a channel, in numbers."""

    def is_told(pull: PullRequest, draft: Draft) -> bool:
        return concerns(channel, pull.repository, draft.finding.severity, draft.asked)

    made = [(pull, draft) for pull, draft in history.made if is_told(pull, draft)]
    said = Counter(action for pull, draft, action in history.decided if is_told(pull, draft))
    reviewed = [each for each in history.reviewed if _hears_of(channel, each.pull_request.repository)]
    spent = [each for repository, each in history.spent.items() if _hears_of(channel, repository)]
    fixed = {
        (each.pull_request.repository, gone.fingerprint)
        for each in reviewed
        for gone in each.fixed
        if concerns(channel, each.pull_request.repository, gone.severity, gone.asked)
    }
    spots = Counter((pull.repository, draft.finding.place.path) for pull, draft in made)
    hottest = sorted(spots.items(), key=lambda item: (-item[1], item[0]))[:MOST_HOT_SPOTS]
    return Tally(
        reviewed=len(reviewed),
        reviewed_ai=sum(bool(each.pull_request.ai) for each in reviewed),
        introduced=len(made),
        introduced_ai=sum(bool(pull.ai) for pull, _ in made),
        fixed=len(fixed),
        signed=said["sign"],
        dismissed=said["dismiss"],
        spent=Spent(sum(each.money for each in spent), sum(each.calls for each in spent)),
        hot_spots=tuple((*spot, count) for spot, count in hottest if count >= HOT),
    )

"""
What became of what was told: by rule, by repository, by week; and rules that people mostly dismiss.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Iterable, Sequence

import msgspec

from analyzers.findings import Severity
from bot.review.drafts import Category, DraftState

FEWEST = 5
"""Decisions below which a rule's share of dismissals says nothing."""
MANY = 0.5
"""The share of dismissals from which a rule is worth a word."""


class Became(msgspec.Struct, frozen=True):
    """One draft, and what became of it."""

    repository: str
    number: int
    """Of the pull request."""
    rule: str
    severity: Severity
    made_at: dt.datetime
    """UTC."""
    state: DraftState
    is_posted: bool
    with_ai: bool
    """Whether an AI assistant had a hand in the pull request."""
    decided: DraftState | None = None
    """What was last decided, whatever happened to the finding since: `signed`, `dismissed`, or nothing."""
    decided_at: dt.datetime | None = None
    who: str = ""
    category: Category | None = None
    """Of a dismissal."""

    @property
    def is_fixed(self) -> bool:
        """Whether it was public, and its finding is gone."""
        return self.is_posted and self.state == "gone"


class Tally(msgspec.Struct, frozen=True):
    """Some drafts, counted."""

    name: str
    told: int
    signed: int
    dismissed: int
    false_positives: int
    """Of the dismissed."""
    fixed: int
    """Public, and gone at a later head."""
    posted: int
    patience: dt.timedelta | None
    """The median from the draft to the decision; None without a decision."""

    @property
    def undecided(self) -> int:
        """Neither signed nor dismissed."""
        return self.told - self.signed - self.dismissed

    @property
    def share_dismissed(self) -> float:
        """Of what was decided."""
        decided = self.signed + self.dismissed
        return self.dismissed / decided if decided else 0.0


class Advice(msgspec.Struct, frozen=True):
    """A rule that people mostly dismiss, and what the configuration can do about it."""

    tally: Tally
    setting: str
    """Lines of `.countersign.toml`."""
    why: str


class Insights(msgspec.Struct, frozen=True):
    """A period."""

    whole: Tally
    by_rule: tuple[Tally, ...]
    """Most told first."""
    by_repository: tuple[Tally, ...]
    by_week: tuple[Tally, ...]
    """By the Monday on which the week began, `2026-01-05`; without gaps, oldest first."""
    by_origin: tuple[Tally, ...]
    """With an AI assistant, and without."""
    advice: tuple[Advice, ...]


def insights(drafts: Sequence[Became], since: dt.date, until: dt.date) -> Insights:
    """
    Count what became of drafts.

    Args:
        drafts: Those of the period.
        since: The first day.
        until: The last day.
    """
    by_rule = _by(drafts, lambda draft: draft.rule)
    return Insights(
        whole=_tally("all", drafts),
        by_rule=by_rule,
        by_repository=_by(drafts, lambda draft: draft.repository),
        by_week=tuple(_weeks(drafts, since, until)),
        by_origin=tuple(
            _tally(name, [draft for draft in drafts if draft.with_ai == with_ai])
            for name, with_ai in (("with an AI assistant", True), ("without", False))
        ),
        advice=tuple(_advice(tally) for tally in by_rule if _is_unloved(tally)),
    )


def _by(drafts: Iterable[Became], key: Callable[[Became], str]) -> tuple[Tally, ...]:
    groups: dict[str, list[Became]] = {}
    for draft in drafts:
        groups.setdefault(key(draft), []).append(draft)
    tallies = (_tally(name, group) for name, group in groups.items())
    return tuple(sorted(tallies, key=lambda tally: (-tally.told, tally.name)))


def _weeks(drafts: Sequence[Became], since: dt.date, until: dt.date) -> Iterable[Tally]:
    monday = _monday(since)
    while monday <= until:
        yield _tally(monday.isoformat(), [draft for draft in drafts if _monday(draft.made_at.date()) == monday])
        monday += dt.timedelta(weeks=1)


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def _tally(name: str, drafts: Sequence[Became]) -> Tally:
    waits = [(draft.decided_at - draft.made_at).total_seconds() for draft in drafts if draft.decided_at is not None]
    return Tally(
        name=name,
        told=len(drafts),
        signed=sum(draft.decided == "signed" for draft in drafts),
        dismissed=sum(draft.decided == "dismissed" for draft in drafts),
        false_positives=sum(draft.category == "false-positive" for draft in drafts if draft.decided == "dismissed"),
        fixed=sum(draft.is_fixed for draft in drafts),
        posted=sum(draft.is_posted for draft in drafts),
        patience=dt.timedelta(seconds=statistics.median(waits)) if waits else None,
    )


def _is_unloved(tally: Tally) -> bool:
    return tally.signed + tally.dismissed >= FEWEST and tally.share_dismissed >= MANY


def _advice(tally: Tally) -> Advice:
    """What to set for a rule: off where it is wrong, harmless where it is true and accepted."""
    if tally.false_positives * 2 >= tally.dismissed:
        why = "most dismissals say that it is not true"
        return Advice(tally, f'[rules]\n{tally.name} = "off"', why)
    why = "most dismissals say that it is true, and accepted or for later"
    return Advice(tally, f'[rules]\n{tally.name} = "info"', why)

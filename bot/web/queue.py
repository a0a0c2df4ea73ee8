"""
The queue, filtered and sorted: the worst first, then what waits for longest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from analyzers.findings import Severity
from bot.review.records import Pending
from bot.web import pages

PER_PAGE = 50
AGES: Mapping[str, dt.timedelta] = {"1d": dt.timedelta(days=1), "3d": dt.timedelta(days=3), "7d": dt.timedelta(days=7)}
_STUCK = ("partial", "dead")


class Entry(msgspec.Struct, frozen=True):
    """A line of the queue."""

    pending: Pending
    worst: Severity | None
    """Of what waits; None when nothing does."""
    rules: tuple[str, ...]
    age: dt.timedelta

    @property
    def is_stuck(self) -> bool:
        """Whether its review did not come to its end."""
        return self.pending.review.status in _STUCK


class QueuePage(msgspec.Struct, frozen=True):
    """One page of the queue."""

    entries: tuple[Entry, ...]
    chosen: Mapping[str, str]
    """The filters in force, by their names."""
    choices: Mapping[str, Sequence[str]]
    """What can be chosen."""
    total: int
    """Lines that pass the filters."""
    waiting: int
    """Drafts that wait in them."""
    number: int
    """From 1."""
    now: dt.datetime

    @property
    def pages(self) -> int:
        """How many there are."""
        return max(-(-self.total // PER_PAGE), 1)

    def at(self, number: int) -> str:
        """The query of another page with the same filters."""
        return pages.query({**self.chosen, "page": str(number)})


def page(queued: Iterable[Pending], asked: Mapping[str, str], now: dt.datetime) -> QueuePage:
    """
    Make a page of the queue.

    Args:
        queued: All that the person may see.
        asked: The filters, as the address says them; what is not understood filters nothing.
        now: UTC.
    """
    entries = [_entry(each, now) for each in queued]
    choices: dict[str, Sequence[str]] = {
        "repository": sorted({entry.pending.pull_request.repository for entry in entries}),
        "severity": [severity.name.lower() for severity in reversed(Severity)],
        "rule": sorted({rule for entry in entries for rule in entry.rules}),
        "age": list(AGES),
        "asked": sorted({who for entry in entries for who in entry.pending.asked}),
        "ai": ["yes", "no"],
        "state": ["waiting", "stuck"],
    }
    chosen = {name: asked[name] for name, values in choices.items() if asked.get(name) in values}
    left = sorted((entry for entry in entries if _passes(entry, chosen)), key=_rank)
    number = int(asked.get("page", "1")) if asked.get("page", "1").isdecimal() else 1
    number = min(max(number, 1), max(-(-len(left) // PER_PAGE), 1))
    return QueuePage(
        entries=tuple(left[(number - 1) * PER_PAGE : number * PER_PAGE]),
        chosen=chosen,
        choices=choices,
        total=len(left),
        waiting=sum(len(entry.pending.waiting) for entry in left),
        number=number,
        now=now,
    )


def _entry(pending: Pending, now: dt.datetime) -> Entry:
    findings = [draft.finding for draft in pending.waiting]
    since = pending.since
    return Entry(
        pending=pending,
        worst=max((finding.severity for finding in findings), default=None),
        rules=tuple(sorted({finding.rule for finding in findings})),
        age=now - since if since is not None else dt.timedelta(),
    )


def _passes(entry: Entry, chosen: Mapping[str, str]) -> bool:
    pending = entry.pending
    least = Severity[chosen["severity"].upper()] if "severity" in chosen else Severity.INFO
    return (
        chosen.get("repository", pending.pull_request.repository) == pending.pull_request.repository
        and ("severity" not in chosen or (entry.worst is not None and entry.worst >= least))
        and ("rule" not in chosen or chosen["rule"] in entry.rules)
        and entry.age >= AGES.get(chosen.get("age", ""), dt.timedelta.min)
        and ("asked" not in chosen or chosen["asked"] in pending.asked)
        and chosen.get("ai", "yes" if pending.pull_request.ai else "no") == ("yes" if pending.pull_request.ai else "no")
        and ("state" not in chosen or (entry.is_stuck if chosen["state"] == "stuck" else bool(pending.waiting)))
    )


def _rank(entry: Entry) -> tuple[int, dt.timedelta, str, int]:
    worst = -1 if entry.worst is None else int(entry.worst)
    return -worst, -entry.age, entry.pending.pull_request.repository, entry.pending.pull_request.number

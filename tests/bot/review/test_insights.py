"""
What became of drafts, counted.
"""

from __future__ import annotations

import datetime as dt

from analyzers.findings import Severity
from bot.review.drafts import Category, DraftState
from bot.review.insights import Became, Tally, insights

MONDAY = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)


def became(
    rule: str = "query-in-loop",
    decided: DraftState | None = None,
    *,
    days: int = 0,
    hours: int = 1,
    category: Category | None = None,
    state: DraftState = "waiting",
    with_ai: bool = False,
) -> Became:
    made = MONDAY + dt.timedelta(days=days)
    return Became(
        repository="acme/shop",
        number=1,
        rule=rule,
        severity=Severity.HIGH,
        made_at=made,
        state=state,
        is_posted=decided == "signed",
        with_ai=with_ai,
        decided=decided,
        decided_at=made + dt.timedelta(hours=hours) if decided else None,
        category=category,
    )


def test_drafts_are_counted() -> None:
    """What was decided counts, also of a finding that is gone; a public one that is gone is fixed."""
    counted = insights(
        [
            became(decided="signed", hours=1, state="gone"),
            became(decided="signed", hours=3, state="signed", with_ai=True),
            became(decided="dismissed", hours=9, category="accepted", state="dismissed"),
            became("send-in-loop"),
        ],
        MONDAY.date(),
        MONDAY.date(),
    )
    assert counted.whole == Tally(
        "all",
        told=4,
        signed=2,
        dismissed=1,
        false_positives=0,
        fixed=1,
        posted=2,
        patience=dt.timedelta(hours=3),
    )
    assert counted.whole.undecided == 1
    assert [(tally.name, tally.told) for tally in counted.by_rule] == [("query-in-loop", 3), ("send-in-loop", 1)]
    assert [tally.told for tally in counted.by_origin] == [1, 3]


def test_weeks_have_no_gaps() -> None:
    """A week in which nothing was told is there too; a week begins on Monday."""
    counted = insights([became(days=6), became(days=14)], MONDAY.date(), (MONDAY + dt.timedelta(days=15)).date())
    assert [(tally.name, tally.told) for tally in counted.by_week] == [
        ("2026-01-05", 1),
        ("2026-01-12", 0),
        ("2026-01-19", 1),
    ]


def test_a_rule_that_is_mostly_dismissed_is_named() -> None:
    """Off where it is not true, of no weight where it is true and accepted; nothing is said on a few decisions."""
    wrong = [became("write-in-loop", "dismissed", category="false-positive") for _ in range(5)]
    accepted = [became("send-in-loop", "dismissed", category="later") for _ in range(3)]
    accepted += [became("send-in-loop", "signed") for _ in range(2)]
    few = [became("query-in-loop", "dismissed", category="false-positive") for _ in range(4)]
    counted = insights([*wrong, *accepted, *few], MONDAY.date(), MONDAY.date())
    assert [advice.setting for advice in counted.advice] == [
        '[rules]\nsend-in-loop = "info"',
        '[rules]\nwrite-in-loop = "off"',
    ]

"""
The risk summary as the analysis itself writes it.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from analyzers.findings import Consequence, Cost, Finding, Severity, Step
from bot.report import markdown
from bot.review import unaided
from bot.review.explain import RiskSummary
from tests.bot.report import sample
from tests.conftest import Golden

FINDINGS = sample.report().outcome.posted
ONE = Cost(1, (("order", 1),))


def row(entry: str, before: Cost | None, after: Cost | None, kind: str = "route") -> Consequence:
    return Consequence(entry, kind, sample.place("a.py", 1), before, after)


def finding(number: int, *, loops: int = 1, **changes: object) -> Finding:
    trace = tuple(Step(sample.place("a.py", each), "once per `order`", "loop") for each in range(loops))
    made = msgspec.structs.replace(FINDINGS[0], fingerprint=f"{number:016x}", fix=None, trace=trace, entry="")
    return msgspec.structs.replace(made, place=sample.place("a.py", number), **changes)


def lead(*consequences: Consequence) -> str:
    return unaided.summary((finding(1),), consequences).lead


def test_golden(golden: Golden) -> None:
    """The sample's summary, as it stands on a pull request."""
    ours = unaided.summary(FINDINGS, sample.REVIEW.consequences)
    golden(markdown.risk(ours, FINDINGS) + "\n", Path(__file__).parent / "risk.md")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (Cost(1), Cost(3), ""),
        (ONE, Cost(1), ""),
        (ONE, None, ""),
        (
            Cost(1),
            ONE,
            "now runs 1 more query per `order`. Each row is one more round trip: at 1 ms each, 10,000 rows wait 10 s.",
        ),
        (
            None,
            Cost(1, (("order", 2),)),
            (
                "is new and runs 2 queries per `order`. With 10, 100 and 10,000 rows that is 20, 200 and 20,000 round "
                "trips; at 1 ms each, 10,000 rows wait 20 s."
            ),
        ),
        (
            ONE,
            Cost(1, (("order", 2), ("order × line", 3))),
            (
                "now runs 1 more query per `order` and 3 per `order × line`. With 10, 100 and 10,000 rows, with 10 in "
                "each inner loop, that is 310, 3,100 and 310,000 more round trips; at 1 ms each, 10,000 rows wait "
                "5 min."
            ),
        ),
    ],
)
def test_what_grows(before: Cost | None, after: Cost | None, says: str) -> None:
    """The summary begins with what grows with the data, and what that comes to for few rows and for many."""
    assert lead(row("GET /a", before, after)) == (f"`GET /a` {says}" if says else "")


def test_many_entry_points_grow() -> None:
    """Those that grow alike are told as one; what a request waits for first; what is not named is counted."""
    alike = [row(f"GET /{name}", Cost(1), ONE) for name in "abcde"]
    command = row("command all", None, Cost(1, (("order × line", 9),)), "command")
    others = [row(f"task {name}", Cost(1), Cost(1, ((name, 1),)), "task") for name in "xy"]
    assert lead(command, *others, *alike) == (
        "`GET /a`, `GET /b`, `GET /c` and 2 more now run 1 more query per `order`. "
        "Each row is one more round trip: at 1 ms each, 10,000 rows wait 10 s. "
        "`command all` is new and runs 9 queries per `order × line`. "
        "2 more entry points grow with the data."
    )


HIGH = {"severity": Severity.HIGH}


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (finding(2, loops=2, **HIGH), "`a.py:2`: it runs for every row of every row"),
        (finding(2, entry="GET /a", **HIGH), "`a.py:2`: a request waits for it"),
        (finding(2, fix=FINDINGS[0].fix, **HIGH), "`a.py:2`: its fix is verified and one click away"),
        (finding(2, severity=Severity.LOW), "`a.py:1`: it alone is of high severity"),
    ],
)
def test_where_to_look_first(second: Finding, says: str) -> None:
    """One of the worst, and why this one."""
    both = (finding(1, **HIGH), second)
    assert unaided.summary(both, (row("GET /a", Cost(1), Cost(1)),)).lead == f"Of the 2 findings, look first at {says}."


def test_no_finding_is_put_first_without_a_reason() -> None:
    """Where all are alike, their order says enough; a single one is first anyway."""
    assert unaided.summary((finding(1), finding(2)), ()).lead == ""
    assert unaided.summary((finding(1, loops=2),), ()).lead == ""


@pytest.mark.parametrize(
    ("about", "asks"),
    [
        (finding(1, subject="Order.customer", entry="GET /a"), "How many `Order` rows can `GET /a` go"),
        (finding(1, subject="Order.customer", loops=2, entry="GET /a"), "How many `line` rows can `GET /a` go"),
        (finding(1, subject="Order.objects.get(…)", entry="GET /a"), "How many `line` rows can `GET /a` go"),
        (finding(1, subject="Order.objects.get(…)", entry="totals"), "How many rows can `totals` go"),
        (finding(1), "How many rows can this go"),
        (finding(1, category="auth"), "Who is meant to reach this?"),
    ],
)
def test_what_is_asked(about: Finding, asks: str) -> None:
    """Of rows: whose, and where, as far as that is known."""
    grows = row("GET /a", Cost(1), Cost(1, (("line", 1),)))
    (told,) = unaided.summary((about,), (grows,)).told
    assert told.question == (asks if asks.endswith("?") else f"{asks} through at once in production?")


def test_nothing_is_asked_twice() -> None:
    """The same question stands at the first finding that raises it."""
    first, second = unaided.summary((finding(1), finding(2)), ()).told
    assert first.question
    assert second.question == ""


def test_nothing_found() -> None:
    """Without findings there is nothing to say."""
    assert unaided.summary((), sample.REVIEW.consequences) == RiskSummary()
    assert markdown.risk(RiskSummary(), ()) == ""


def test_many_findings_stay_on_one_screen() -> None:
    """Five are told, the others counted."""
    many = unaided.summary(tuple(finding(number) for number in range(40)), ())
    assert (len(many.told), many.left_out) == (5, 35)
    assert "- …and 35 more findings." in markdown.risk(many, tuple(finding(number) for number in range(40)))

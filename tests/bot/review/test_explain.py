"""
The risk summary as the analysis writes it, and what of it may be shown.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from analyzers.findings import Consequence, Cost, Finding
from bot.report import markdown
from bot.review import explain
from bot.review.explain import RiskSummary, Told
from tests.bot.report import sample
from tests.conftest import Golden

HERE = Path(__file__).parent
FINDINGS = sample.report().outcome.posted
OURS = explain.without_model(FINDINGS, sample.REVIEW.consequences)


def test_golden(golden: Golden) -> None:
    """The sample's summary without a model, as it stands on a pull request."""
    golden(markdown.risk(OURS, FINDINGS) + "\n", HERE / "risk.md")


def row(entry: str, before: Cost | None, after: Cost | None) -> Consequence:
    return Consequence(entry, "route", sample.place("a.py", 1), before, after)


def finding(number: int, **changes: object) -> Finding:
    made = msgspec.structs.replace(FINDINGS[0], fingerprint=f"cs1:query-in-loop:{number:016x}", fix=None)
    return msgspec.structs.replace(made, **changes)


@pytest.mark.parametrize(
    ("consequences", "lead"),
    [
        ((), ""),
        ((row("GET /a", Cost(1), Cost(3)),), ""),
        (
            (row("GET /a", Cost(1), Cost(1, (("order", 2),))),),
            "`GET /a` runs 2 queries more for each `order`: 100 rows are 200 round trips more.",
        ),
        (
            (row("GET /a", None, Cost(1, (("order", 1),))),),
            "`GET /a` is new and runs one query for each `order`: 100 rows are 100 round trips.",
        ),
        (
            tuple(row(f"GET /{name}", Cost(1), Cost(1, (("order", 1),))) for name in "abcde"),
            (
                "`GET /a`, `GET /b`, `GET /c` and 2 more run one query more for each `order`: "
                "100 rows are 100 round trips more."
            ),
        ),
        ((row("GET /a", Cost(1, (("order", 1),)), Cost(1)),), ""),
        ((row("GET /a", Cost(1, (("order", 1),)), None),), ""),
    ],
)
def test_what_grows(consequences: tuple[Consequence, ...], lead: str) -> None:
    """The summary begins with what grows with the data, and by how much."""
    assert explain.without_model((finding(1),), consequences).lead == lead


def test_nothing_found() -> None:
    """Without findings there is nothing to say."""
    assert explain.without_model((), sample.REVIEW.consequences) == RiskSummary()
    assert markdown.risk(RiskSummary(), ()) == ""


def test_many_findings_stay_on_one_screen() -> None:
    """Five are told, the others counted."""
    many = explain.without_model(tuple(finding(number) for number in range(40)), ())
    assert (len(many.told), many.left_out) == (5, 35)
    assert "- …and 35 more findings." in markdown.risk(many, tuple(finding(number) for number in range(40)))


def worded() -> RiskSummary:
    """The same, with a model's words for everything."""
    told = tuple(Told(one.fingerprint, f"Words on {number}.", is_model=True) for number, one in enumerate(OURS.told))
    return msgspec.structs.replace(OURS, lead="Words on all.", told=told, model="m")


def test_only_what_may_be_shown() -> None:
    """Of a model's words those on the shown findings stay; what it says of all goes unless all are shown."""
    assert explain.only(worded(), OURS) == worded()
    two = explain.without_model(FINDINGS[1:], sample.REVIEW.consequences)
    shown = explain.only(worded(), two)
    assert [told.text for told in shown.told] == ["Words on 1.", "Words on 2."]
    assert shown.lead == two.lead
    none = explain.only(worded(), explain.without_model((), ()))
    assert (none.told, none.lead, none.model) == ((), "", "")


def test_what_it_says_of_others_is_not_rendered() -> None:
    """A finding that is not among those to be shown leaves no word."""
    assert "Words on 0." not in markdown.risk(worded(), FINDINGS[1:])


def test_the_words_are_only_text() -> None:
    """Whatever is in them is shown, never markup."""
    told = (Told(FINDINGS[0].fingerprint, "a <b> @c `x` [l](u)"),)
    shown = markdown.risk(RiskSummary(lead="![i](u)", told=told), FINDINGS)
    assert "a &lt;b&gt; @\N{WORD JOINER}c `x` \\[l\\](u)" in shown
    assert "\\!\\[i\\](u)" in shown

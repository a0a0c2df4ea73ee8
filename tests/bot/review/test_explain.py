"""
The risk summary as the analysis writes it, and what of it may be shown.
"""

from __future__ import annotations

import msgspec

from analyzers.findings import Finding
from bot.report import markdown
from bot.review import explain, unaided
from bot.review.explain import RiskSummary, Told
from tests.bot.report import sample

FINDINGS = sample.report().outcome.posted
OURS = unaided.summary(FINDINGS, sample.REVIEW.consequences)


def finding(number: int) -> Finding:
    return msgspec.structs.replace(FINDINGS[0], fingerprint=f"cs1:query-in-loop:{number:016x}", fix=None)


def worded() -> RiskSummary:
    """The same, with a model's words for everything."""
    told = tuple(Told(one.fingerprint, f"Words on {number}.", is_model=True) for number, one in enumerate(OURS.told))
    return msgspec.structs.replace(OURS, lead="Words on all.", told=told, model="m")


def test_only_what_may_be_shown() -> None:
    """Of a model's words those on the shown findings stay; what it says of all goes unless all are shown."""
    assert explain.only(worded(), OURS) == worded()
    two = unaided.summary(FINDINGS[1:], sample.REVIEW.consequences)
    shown = explain.only(worded(), two)
    assert [told.text for told in shown.told] == ["Words on 1.", "Words on 2."]
    assert shown.lead == two.lead
    none = explain.only(worded(), unaided.summary((), ()))
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

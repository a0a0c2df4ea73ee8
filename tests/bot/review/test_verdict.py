"""The check is green only when nothing is left to say."""

from __future__ import annotations

import pytest

from bot.review.records import Found
from bot.review.verdict import Verdict, judge
from tests.bot.review.test_reconcile import draft


@pytest.mark.parametrize(
    ("states", "complete", "problem", "expected"),
    [
        ((), True, "", Verdict("success", "Nothing to report")),
        (("dismissed", "gone"), True, "", Verdict("success", "Nothing to report")),
        ((), False, "", Verdict("neutral", "not everything was analysed")),
        ((), True, "GitHub refused the comment", Verdict("neutral", "GitHub refused the comment")),
        (("waiting",), True, "", Verdict("neutral", "1 draft waits for a signature")),
        (("waiting", "waiting"), False, "",
         Verdict("neutral", "2 drafts wait for a signature, not everything was analysed")),
        (("signed",), True, "", Verdict("failure", "1 signed finding, 1 of them is not posted yet")),
    ],
)  # fmt: skip
def test_conclusions(states: tuple[str, ...], complete: bool, problem: str, expected: Verdict) -> None:
    drafts = [draft(number, str(number), state) for number, state in enumerate(states, 1)]
    found = Found(failing=tuple(each.fingerprint for each in drafts))
    assert judge(found, drafts, is_complete=complete, problem=problem) == expected


def test_a_gap_fails_where_the_repository_wants_that() -> None:
    assert judge(Found(fails_on_gaps=True), [], is_complete=False).conclusion == "failure"


def test_a_signed_finding_below_the_bar_does_not_fail() -> None:
    assert judge(Found(), [draft(1, "a", "signed")], is_complete=True).conclusion == "neutral"

"""The check is green only when nothing is left to say."""

from __future__ import annotations

import pytest

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
    assert judge(drafts, is_complete=complete, fails=lambda finding: True, problem=problem) == expected


def test_a_gap_fails_where_the_repository_wants_that() -> None:
    assert judge([], is_complete=False, fails=lambda f: True, fails_on_gaps=True).conclusion == "failure"


def test_a_signed_finding_below_the_bar_does_not_fail() -> None:
    assert judge([draft(1, "a", "signed")], is_complete=True, fails=lambda f: False).conclusion == "neutral"

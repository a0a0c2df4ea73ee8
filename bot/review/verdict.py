"""
What the check run of a review concludes.

`success` is a promise: every selected file was analysed, every enabled check ran, and nothing waits or stands. Whatever
falls short of it is `neutral`, or `failure` where the repository wants that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from bot.review.drafts import Draft
from bot.review.records import Found

Conclusion = Literal["success", "neutral", "failure", "cancelled"]


class Verdict(msgspec.Struct, frozen=True):
    """A conclusion with its reasons."""

    conclusion: Conclusion
    title: str
    """One line: what a person sees in the list of checks."""


def judge(found: Found, drafts: Sequence[Draft], *, is_complete: bool, problem: str = "") -> Verdict:
    """
    Conclude a review.

    Args:
        found: Says which signed findings, and whether gaps, fail the check.
        drafts: All drafts of the pull request.
        is_complete: Whether everything that the review should have covered was analysed.
        problem: What kept the review from being made or published; empty for nothing.
    """
    short: Conclusion = "failure" if found.fails_on_gaps else "neutral"
    if problem:
        return Verdict(short, problem)
    waiting = [draft for draft in drafts if draft.state == "waiting"]
    signed = [draft for draft in drafts if draft.state == "signed"]
    unposted = [draft for draft in signed if not draft.is_posted]
    counts = [
        (len(signed), "signed finding", "signed findings"),
        (len(unposted), "of them is not posted yet", "of them are not posted yet"),
        (len(waiting), "draft waits for a signature", "drafts wait for a signature"),
    ]
    said = [f"{count} {one if count == 1 else many}" for count, one, many in counts if count]
    if not is_complete:
        said.append("not everything was analysed")
    if not said:
        return Verdict("success", "Nothing to report")
    title = ", ".join(said)
    if any(draft.fingerprint in found.failing for draft in signed):
        return Verdict("failure", title)
    return Verdict(short if not is_complete else "neutral", title)

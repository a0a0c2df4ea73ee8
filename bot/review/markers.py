"""
Hidden markers: how our own comments are known again, also when the database was lost.

A marker is an HTML comment that GitHub does not show. Only comments that our own account wrote are searched for it.
"""

from __future__ import annotations

import re

SUMMARY = "<!-- countersign:summary -->"
"""In the one comment of a pull request that is edited in place."""

_UNSIGNED = "<!-- countersign:unsigned -->"
_UNSIGNED_PART = re.compile(rf"\A{re.escape(_UNSIGNED)}\n.*?\n\n", re.DOTALL)
_FINDING = re.compile(r"<!-- countersign:finding ([\w.:-]+) -->")
_ANSWER = re.compile(r"<!-- countersign:answer (\d+) -->")


def of_finding(fingerprint: str) -> str:
    """The marker of the comment for one finding."""
    return f"<!-- countersign:finding {fingerprint} -->"


def of_answer(comment: int) -> str:
    """The marker of the answer to the command in a comment."""
    return f"<!-- countersign:answer {comment} -->"


def of_note(kind: str, head: str) -> str:
    """The marker of what we add to a thread of ours at a head; `kind` is a word."""
    return f"<!-- countersign:{kind} {head} -->"


def finding_in(text: str) -> str | None:
    """The fingerprint that a comment is for, or None."""
    match = _FINDING.search(text)
    return match[1] if match else None


def answer_in(text: str) -> int | None:
    """The id of the comment that a comment answers, or None."""
    match = _ANSWER.search(text)
    return int(match[1]) if match else None


def is_summary(text: str) -> bool:
    """Whether a comment is the summary."""
    return SUMMARY in text


def is_unsigned(text: str) -> bool:
    """Whether a comment says of itself that no person signed it."""
    return text.startswith(_UNSIGNED)


def unsigned(text: str, said: str) -> str:
    """A comment that says of itself, first of all, that no person signed it; `said` is one paragraph."""
    return f"{_UNSIGNED}\n{said}\n\n{text}"


def signed(text: str) -> str:
    """A comment without what `unsigned` said; any other as it is."""
    return _UNSIGNED_PART.sub("", text)

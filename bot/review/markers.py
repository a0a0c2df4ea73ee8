"""
Hidden markers: how our own comments are known again, also when the database was lost.

A marker is an HTML comment that GitHub does not show. Only comments that our own account wrote are searched for it.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

SUMMARY = "<!-- countersign:summary -->"
"""In the one comment of a pull request that is edited in place."""

_UNSIGNED = "<!-- countersign:unsigned -->"
_UNSIGNED_PART = re.compile(rf"\A{re.escape(_UNSIGNED)}\n.*?\n\n", re.DOTALL)
_FINDING = re.compile(r"<!-- countersign:finding ([\w.:-]+) -->")
_ANSWER = re.compile(r"<!-- countersign:answer (\d+) -->")
_NOTE = re.compile(
    r"<!-- countersign:(?P<kind>gone|back|dismissed) (?P<head>\w+)(?: (?P<who>[\w-]+) (?P<category>[a-z-]+))? -->"
)


class Note(msgspec.Struct, frozen=True):
    """What became of the finding that a thread is about, as of a head."""

    kind: Literal["gone", "back", "dismissed"]
    head: str
    who: str = ""
    """Who dismissed it; a login."""
    category: str = ""
    """And why."""

    @property
    def resolves(self) -> bool:
        """Whether the thread was resolved with it."""
        return self.kind != "back"


def of_finding(fingerprint: str) -> str:
    """The marker of the comment for one finding."""
    return f"<!-- countersign:finding {fingerprint} -->"


def of_answer(comment: int) -> str:
    """The marker of the answer to the command in a comment."""
    return f"<!-- countersign:answer {comment} -->"


def of_note(note: Note) -> str:
    """The marker of what we add to a thread of ours."""
    by = f" {note.who} {note.category}" if note.who else ""
    return f"<!-- countersign:{note.kind} {note.head}{by} -->"


def finding_in(text: str) -> str | None:
    """The fingerprint that a comment is for, or None."""
    match = _FINDING.search(text)
    return match[1] if match else None


def note_in(text: str) -> Note | None:
    """What a reply in a thread of ours notes, or None."""
    match = _NOTE.search(text)
    return msgspec.convert(match.groupdict(""), Note) if match else None


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

"""
Where on a pull request a comment on a finding can stand.

GitHub takes comments on lines that its diff shows: the changed lines with three lines around them, on the right side
for the head, on the left side for what was deleted; a range must lie within one hunk. A file of the diff can be
commented on as a whole. Everything else is told in the summary.
https://docs.github.com/en/rest/pulls/comments#create-a-review-comment-for-a-pull-request
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from analyzers.change import ChangedFile, Hunk
from analyzers.span import Place

CONTEXT = 3
"""Unchanged lines that GitHub shows around a change."""
LONGEST = 20
"""Lines of a range; of a longer one the first line is commented on."""


class Inline(msgspec.Struct, frozen=True):
    """On lines of a hunk."""

    path: str
    side: Literal["LEFT", "RIGHT"]
    line: int
    """The last line, 1-based; on the left side a line of the base."""
    start_line: int | None = None
    """The first line, where there are several."""


class OnFile(msgspec.Struct, frozen=True):
    """On a file of the diff."""

    path: str


class InSummary(msgspec.Struct, frozen=True):
    """In the summary, with a link to the line at the head."""

    path: str
    line: int


Placement: TypeAlias = Inline | OnFile | InSummary


def place(where: Place, files: Iterable[ChangedFile], line_count: int) -> Placement:
    """
    Where a comment on a place of the head can stand.

    Args:
        where: A place in a file of the head.
        files: The diff from the merge base to the head.
        line_count: Lines of that file at the head.
    """
    file = next((file for file in files if file.path == where.path), None)
    if file is None:
        return InSummary(where.path, where.span.line)
    first, last = where.span.line, min(where.span.end_line, line_count)
    changed = [hunk for hunk in file.hunks if hunk.new_count and _meets(first, last, *_new_lines(hunk))]
    deleted = [hunk for hunk in file.hunks if not hunk.new_count and _meets(first, last, *_around(hunk))]
    if deleted and not changed:
        return _on_deleted(file, deleted[0])
    for start, end in shown(file.hunks, line_count):
        if start <= first <= end:
            last = min(last, end)
            if last == first or last - first >= LONGEST:
                return Inline(file.path, "RIGHT", first)
            return Inline(file.path, "RIGHT", last, first)
    return OnFile(file.path)


def shown(hunks: Sequence[Hunk], line_count: int) -> list[tuple[int, int]]:
    """The lines of the head that GitHub's diff shows, one (first, last) for each of its hunks."""
    ranges: list[tuple[int, int]] = []
    for hunk in sorted(hunks, key=lambda hunk: hunk.new_start):
        first, last = _new_lines(hunk) if hunk.new_count else (hunk.new_start + 1, hunk.new_start)
        start, end = max(first - CONTEXT, 1), min(last + CONTEXT, line_count)
        if ranges and start <= ranges[-1][1] + 1:
            ranges[-1] = ranges[-1][0], max(end, ranges[-1][1])
        elif start <= end:
            ranges.append((start, end))
    return ranges


def _on_deleted(file: ChangedFile, hunk: Hunk) -> Inline:
    last = hunk.old_start + hunk.old_count - 1
    return Inline(file.path, "LEFT", last, hunk.old_start if 1 < hunk.old_count <= LONGEST else None)


def _new_lines(hunk: Hunk) -> tuple[int, int]:
    return hunk.new_start, hunk.new_start + hunk.new_count - 1


def _around(hunk: Hunk) -> tuple[int, int]:
    """The lines of the head between which lines were deleted."""
    return hunk.new_start, hunk.new_start + 1


def _meets(first: int, last: int, start: int, end: int) -> bool:
    return first <= end and start <= last

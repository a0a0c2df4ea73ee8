"""
A file's diff as rows: changed lines, some lines around them, and gaps, which can be opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from analyzers.change import Hunk
from bot.review.placement import CONTEXT


class Row(msgspec.Struct, frozen=True):
    """One row of a diff."""

    kind: Literal["kept", "removed", "added", "gap"]
    old: int | None
    """Line in the base, 1-based; of a gap its first."""
    new: int | None
    """Line in the head, 1-based; of a gap its first."""
    hidden: int = 0
    """How many lines a gap leaves out."""


def rows(hunks: Iterable[Hunk], line_count: int, shown: Iterable[tuple[int, int]] = ()) -> Iterator[Row]:
    """
    The rows of a file's diff.

    Args:
        hunks: What differs.
        line_count: Lines of the file in the head.
        shown: Further lines of the head to show, (first, last), both inclusive; with lines around them too.
    """
    ordered = sorted(hunks, key=lambda hunk: (_new_start(hunk), _old_start(hunk)))
    wanted = [(_new_start(hunk), _new_start(hunk) + hunk.new_count - 1) for hunk in ordered]
    visible = {
        line
        for first, last in (*wanted, *shown)
        for line in range(max(first - CONTEXT, 1), min(last + CONTEXT, line_count) + 1)
    }
    old = new = 1
    for hunk in ordered:
        start = _new_start(hunk)
        yield from _kept(old, range(new, start), visible)
        old += start - new
        yield from (Row("removed", old + index, None) for index in range(hunk.old_count))
        yield from (Row("added", None, start + index) for index in range(hunk.new_count))
        old, new = old + hunk.old_count, start + hunk.new_count
    yield from _kept(old, range(new, line_count + 1), visible)


def opened(gap: Row, shown: Iterable[tuple[int, int]]) -> Iterator[Row]:
    """
    What a gap is when some of its lines are shown.

    Args:
        gap: One of `rows`.
        shown: Lines of the head, (first, last), both inclusive; what lies outside the gap is passed over.
    """
    assert gap.old is not None
    assert gap.new is not None
    lines = range(gap.new, gap.new + gap.hidden)
    visible = {line for first, last in shown for line in range(max(first, lines.start), min(last + 1, lines.stop))}
    yield from _kept(gap.old, lines, visible)


def excerpt(first: int, last: int, line_count: int) -> range:
    """Lines to quote around a place, 1-based."""
    return range(max(first - CONTEXT, 1), min(last + CONTEXT, line_count) + 1)


def deleted(lines: Sequence[str]) -> tuple[Row, ...]:
    """The rows of a file that is gone."""
    return tuple(Row("removed", number, None) for number in range(1, len(lines) + 1))


def _kept(old: int, lines: range, visible: set[int]) -> Iterator[Row]:
    """Unchanged lines, those that are not visible as gaps."""
    shift = old - lines.start
    hidden = 0
    for line in lines:
        if line not in visible:
            hidden += 1
            continue
        if hidden:
            yield Row("gap", line - hidden + shift, line - hidden, hidden)
            hidden = 0
        yield Row("kept", line + shift, line)
    if hidden:
        yield Row("gap", lines.stop - hidden + shift, lines.stop - hidden, hidden)


def _new_start(hunk: Hunk) -> int:
    """The first line of the head that a hunk concerns; where it has none there, the line after it."""
    return hunk.new_start if hunk.new_count else hunk.new_start + 1


def _old_start(hunk: Hunk) -> int:
    return hunk.old_start if hunk.old_count else hunk.old_start + 1

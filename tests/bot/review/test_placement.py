"""Where a comment can stand, held against what git itself shows with three lines of context."""

from __future__ import annotations

import difflib

from hypothesis import given
from hypothesis import strategies as st

from analyzers.change import ChangedFile, Hunk
from analyzers.span import Place, Span
from bot.review.placement import Inline, InSummary, OnFile, place, shown

lines = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=40)


def hunks_of(before: list[str], after: list[str]) -> tuple[Hunk, ...]:
    """Hunks without context, as git counts them: a side without lines names the line before."""
    return tuple(
        Hunk(a if a == b else a + 1, b - a, c if c == d else c + 1, d - c)
        for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if tag != "equal"
    )


@given(lines, lines)
def test_what_is_shown_is_what_a_unified_diff_shows(before: list[str], after: list[str]) -> None:
    expected: set[int] = set()
    for group in difflib.SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(3):
        expected.update(range(group[0][3] + 1, group[-1][4] + 1))
    found = {line for first, last in shown(hunks_of(before, after), len(after)) for line in range(first, last + 1)}
    assert found == expected


@given(lines, lines, st.integers(1, 40), st.integers(0, 5))
def test_a_comment_stands_where_the_diff_shows_it(before: list[str], after: list[str], line: int, more: int) -> None:
    file = ChangedFile("a.py", "modified", "a.py", hunks_of(before, after))
    line = min(line, len(after))
    where = place(Place("a.py", Span(line, 0, line + more, 0)), [file], len(after))
    ranges = shown(file.hunks, len(after))
    match where:
        case Inline(side="RIGHT"):
            first = where.start_line or where.line
            assert any(start <= first <= where.line <= end for start, end in ranges)
            assert first == line
            assert where.start_line is None or where.start_line < where.line
        case Inline(side="LEFT"):
            assert any(h.old_start <= where.line < h.old_start + h.old_count and not h.new_count for h in file.hunks)
        case OnFile():
            assert not any(start <= line <= end for start, end in ranges)
        case InSummary():
            raise AssertionError("the file is part of the diff")


def test_a_file_outside_the_diff_is_told_in_the_summary() -> None:
    assert place(Place("b.py", Span(4, 0, 4, 9)), [], 10) == InSummary("b.py", 4)


def test_what_was_deleted_is_commented_on_the_left_side() -> None:
    file = ChangedFile("a.py", "modified", "a.py", (Hunk(5, 2, 4, 0),))
    assert place(Place("a.py", Span(4, 0, 4, 9)), [file], 30) == Inline("a.py", "LEFT", 6, 5)

"""
Positions in text, defined once.

A position is a line and a column. Lines count from 1, columns count from 0 in characters of the decoded line. A span
runs from its start to its end, the end exclusive:

    1: total = order.total
       ^     ^
       0     5            Span(1, 0, 1, 5) covers `total`
"""

from __future__ import annotations

import msgspec


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """A stretch of one file's text, from a start to an exclusive end."""

    line: int
    """First line, 1-based."""
    column: int
    """First column, 0-based."""
    end_line: int
    """Line of the exclusive end, 1-based."""
    end_column: int
    """Column of the exclusive end, 0-based."""

    def touches(self, first: int, last: int) -> bool:
        """Whether any line of the span lies within the lines first to last, both inclusive."""
        return self.line <= last and self.end_line >= first


NOWHERE = Span(1, 0, 1, 0)
"""The start of a file: the place of what has no better one."""


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """A span in a file, named by its path from the repository's root with forward slashes."""

    path: str
    span: Span

    def holds(self, other: Place) -> bool:
        """Whether another place is a part of this one: the `Order.objects` of `Order.objects.first()`."""
        mine, its = self.span, other.span
        starts = (mine.line, mine.column) <= (its.line, its.column)
        ends = (its.end_line, its.end_column) <= (mine.end_line, mine.end_column)
        return self.path == other.path and starts and ends

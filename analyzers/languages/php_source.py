"""
The text of a PHP or Blade file: parsed whole or in stretches, with positions that are exact in the file.

    text = Source(b"<li>{{ $order->total }}</li>")
    text.fragment(7, 21)      the syntax tree of `$order->total`, whose first node starts in column 7
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import cached_property

import tree_sitter_php
from tree_sitter import Language, Node, Parser, Point, Range

from analyzers.span import Span

_FILE = Language(tree_sitter_php.language_php())
_CODE = Language(tree_sitter_php.language_php_only())
_SEMICOLON = b"\n;"
"""After a line break, for a fragment may end in a comment."""


class Source:
    """UTF-8 text; bytes that are none are read as replacement characters."""

    def __init__(self, data: bytes) -> None:
        self.data = data if data.isascii() else data.decode("utf-8", "replace").encode()
        self._end: tuple[int, int] | None = None
        self._wide: dict[int, list[int]] | None = None if self.data.isascii() else {}

    def file(self) -> Node:
        """The syntax tree of a PHP file."""
        self._end = None
        return Parser(_FILE).parse(self.data).root_node

    def fragment(self, start: int, end: int) -> Node:
        """The syntax tree of PHP code without its tag, between two byte offsets; its last statement needs no `;`."""
        self._end = self._point(end)
        size = len(self.data)
        places = [
            Range(self._point(start), self._end, start, end),
            Range(self._point(size), Point(len(self._starts), 1), size, size + len(_SEMICOLON)),
        ]
        return Parser(_CODE, included_ranges=places).parse(self._ended).root_node

    def text(self, start: int, end: int) -> str:
        """What stands between two byte offsets."""
        return self.data[start:end].decode("utf-8", "replace")

    def of(self, node: Node) -> str:
        """The text of a node."""
        return self.text(node.start_byte, node.end_byte)

    def span(self, first: Node, last: Node | None = None) -> Span:
        """The span of a node, or from the start of one to the end of another."""
        return self._span(first.start_point, (last or first).end_point)

    def stretch(self, start: int, end: int) -> Span:
        """The span between two byte offsets."""
        self._end = None
        return self._span(self._point(start), self._point(end))

    def _span(self, start: tuple[int, int], end: tuple[int, int]) -> Span:
        if self._end is not None:
            start, end = min(start, self._end), min(end, self._end)
        if self._wide is None:
            return Span(start[0] + 1, start[1], end[0] + 1, end[1])
        return Span(start[0] + 1, self._column(*start), end[0] + 1, self._column(*end))

    def _column(self, row: int, byte: int) -> int:
        """The character at a byte of a row: the bytes before it, less those that only continue a character."""
        assert self._wide is not None, "only asked for where characters are wide"
        continuing = self._wide.get(row)
        if continuing is None:
            last = self._starts[row + 1] if row + 1 < len(self._starts) else len(self.data)
            line = self.data[self._starts[row] : last]
            continuing = [] if line.isascii() else [place for place, byte in enumerate(line) if byte & 0xC0 == 0x80]
            self._wide[row] = continuing
        return byte - bisect_left(continuing, byte)

    def _point(self, offset: int) -> Point:
        row = bisect_right(self._starts, offset) - 1
        return Point(row, offset - self._starts[row])

    @cached_property
    def _ended(self) -> bytes:
        """The text and, after it, what ends the statements of fragments."""
        return self.data + _SEMICOLON

    @cached_property
    def _starts(self) -> list[int]:
        """The byte offset of every line."""
        return [0, *(found.end() for found in re.finditer(rb"\n", self.data))]

"""
Where directives, echoes and components stand in the text of a Blade template.

Nothing is read inside of them: `@foreach ($orders as $order)` is a mark with the name "foreach" and the stretch
`$orders as $order`. Comments, and the body of `@verbatim`, leave no mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

PATIENCE = 20
"""Parentheses that nothing closes, after which no more are looked for: a broken template is read in linear time."""


class Mark(NamedTuple):
    """Something that is not plain text, as byte offsets."""

    kind: str
    """"echo", "php" (statements), "directive", "component", or "error" (an opening that nothing closes)."""
    name: str
    start: int
    end: int
    inner_start: int
    """Where the code or the arguments start; a directive without parentheses has no stretch inside."""
    inner_end: int


_MARK = re.compile(
    rb"""@(?:\{\{|\{!!|@\w+)                                   # escaped: text
      | (?P<comment>\{\{--) | (?P<echo>\{\{\{|\{\{|\{!!)
      | (?P<php><\?(?:php\b|=))
      | (?<![\w@])@(?P<directive>\w+(?:::\w+)?)[ \t]*(?P<open>\()?
      | <(?P<tag>x-[\w:.\-]+|livewire:[\w:.\-]+)(?=[\s/>])""",
    re.VERBOSE,
)
_CLOSINGS = {b"{{{": b"}}}", b"{{": b"}}", b"{!!": b"!!}"}
_TOKEN = re.compile(
    rb"""'(?:[^'\\]|\\.)*+' | "(?:[^"\\]|\\.)*+" | /\*.*?\*/ | //[^\n]*
      | (?P<sign>=>|[()\[\]{},;]) | (?<![\w$>])(?P<as>as)(?!\w)""",
    re.VERBOSE | re.DOTALL,
)
_OPENING = frozenset({b"(", b"[", b"{"})
_CLOSING = frozenset({b")", b"]", b"}"})


def scan(data: bytes) -> Iterator[Mark]:
    """Find the marks of a template from left to right; comments and `@verbatim` leave none."""
    place = 0
    unclosed = 0
    absent: set[bytes] = set()
    while (found := _MARK.search(data, place)) is not None:
        place = start = found.end()
        kind = found.lastgroup
        if kind == "comment":
            place = _after(data, b"--}}", start)
        elif kind == "echo":
            closing = _CLOSINGS[found[0]]
            end = -1 if closing in absent else data.find(closing, start)
            if end < 0:
                absent.add(closing)
                yield Mark("error", found[0].decode(), found.start(), start, start, start)
                continue
            place = end + len(closing)
            yield Mark("echo", "", found.start(), place, start, end)
        elif kind == "php":
            end = data.find(b"?>", start)
            end = len(data) if end < 0 else end
            place = min(end + 2, len(data))
            yield Mark("echo" if found["php"] == b"<?=" else "php", "", found.start(), place, start, end)
        elif kind == "tag":
            yield Mark("component", found["tag"].decode(), found.start(), start, start, start)
        elif kind in ("directive", "open"):
            name = found["directive"].decode()
            end = -1
            if kind == "open" and unclosed < PATIENCE:
                end = closing_parenthesis(data, start)
                unclosed += end < 0
            if name == "verbatim":
                place = _after(data, b"@endverbatim", start)
            elif name == "php" and end < 0:
                end = data.find(b"@endphp", start)
                place = len(data) if end < 0 else end + len(b"@endphp")
                yield Mark("php", name, found.start(), place, found.end("directive"), len(data) if end < 0 else end)
            elif end < 0:
                yield Mark("directive", name, found.start(), found.end("directive"), start, start)
            else:
                place = end + 1
                yield Mark("directive", name, found.start(), place, start, end)


def _after(data: bytes, ending: bytes, start: int) -> int:
    end = data.find(ending, start)
    return len(data) if end < 0 else end + len(ending)


def closing_parenthesis(data: bytes, start: int) -> int:
    """The offset of the parenthesis that closes the one before `start`; -1 if there is none."""
    depth = 1
    for token in _TOKEN.finditer(data, start):
        sign = token["sign"]
        depth += (sign == b"(") - (sign == b")")
        if depth == 0:
            return token.start()
    return -1


def split(data: bytes, start: int, end: int, separator: bytes) -> list[tuple[int, int]]:
    """The stretches between separators (`,`, `;`, `=>` or `as`) that stand outside of brackets and texts."""
    parts: list[tuple[int, int]] = []
    depth = 0
    place = start
    for token in _TOKEN.finditer(data, start, end):
        sign = token["sign"] or token["as"]
        if sign is None:
            continue
        if depth == 0 and sign == separator:
            parts.append((place, token.start()))
            place = token.end()
        depth += (sign in _OPENING) - (sign in _CLOSING)
    parts.append((place, end))
    return parts

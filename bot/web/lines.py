"""
Rows of a diff with their code: the lines of a page, and what opens its gaps.

A link opens a part of a gap: the page's query names further lines, `more=3:41-60` for lines of its third file. So a gap
opens without JavaScript too, and an address shows what it showed to whoever passes it on.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import msgspec
from markupsafe import Markup

from bot.review.wording import plural
from bot.web import diffs

AT_ONCE = 20
"""Lines of a long gap that one link opens."""
MOST_OPENED = 100
"""Parts of gaps that one address opens."""
More: TypeAlias = Mapping[int, Sequence[tuple[int, int]]]
"""Further lines to show, by a file's number: (first, last) of the head, both inclusive."""
NO_MORE: More = MappingProxyType({})
_MORE = re.compile(r"(\d{1,5}):(\d{1,7})-(\d{1,7})", re.ASCII)


class Opener(msgspec.Struct, frozen=True):
    """A link that opens a part of a gap."""

    words: str
    query: str
    """The page's query with these lines, and those that are shown already."""


class Line(msgspec.Struct, frozen=True):
    """One line of code on the page, or a gap."""

    kind: str
    """As `diffs.Row` names it, or `marked`: what a step is about."""
    old: int | None
    new: int | None
    code: Markup = Markup()
    hidden: int = 0
    """Lines that a gap leaves out."""
    openers: tuple[Opener, ...] = ()
    """What opens a gap."""
    inside: tuple[Line, ...] = ()
    """What a gap of the diff consists of: lines that were opened, and what is left of it."""


def more_of(asked: Iterable[str]) -> More:
    """
    Further lines to show, as the page's query asks for them.

    What is not understood asks for nothing.
    """
    more: dict[int, list[tuple[int, int]]] = {}
    for match in filter(None, map(_MORE.fullmatch, itertools.islice(asked, MOST_OPENED))):
        file, first, last = map(int, match.groups())
        more.setdefault(file, []).append((first, last))
    return more


def lines(
    rows: Iterable[diffs.Row], old: Sequence[Markup], new: Sequence[Markup], number: int, more: More
) -> tuple[Line, ...]:
    """
    The rows of a file with their code.

    Args:
        rows: As `diffs` gives them.
        old: The lines of the base.
        new: The lines of the head.
        number: The file's.
        more: Further lines to show.
    """
    return tuple(_gap(row, new, number, more) if row.kind == "gap" else _line(row, old, new) for row in rows)


def _line(row: diffs.Row, old: Sequence[Markup], new: Sequence[Markup]) -> Line:
    side, number = (old, row.old) if row.kind == "removed" else (new, row.new)
    code = side[number - 1] if number is not None and number <= len(side) else Markup()
    return Line(row.kind, row.old, row.new, code)


def _gap(gap: diffs.Row, new: Sequence[Markup], number: int, more: More) -> Line:
    """A gap with what was opened of it."""
    inside = []
    for row in diffs.opened(gap, more.get(number, ())):
        if row.kind == "gap" and row.new is not None:
            openers = tuple(_openers(row.new, row.new + row.hidden - 1, len(new), number, more))
            inside.append(Line("gap", row.old, row.new, hidden=row.hidden, openers=openers))
        else:
            inside.append(_line(row, (), new))
    return Line("gap", gap.old, gap.new, inside=tuple(inside))


def _openers(first: int, last: int, line_count: int, number: int, more: More) -> Iterator[Opener]:
    """What opens a gap: its ends next to the code that is shown, where it is long, and all of it."""
    known = [(file, *shown) for file, opened in more.items() for shown in opened]

    def opener(words: str, start: int, end: int) -> Opener:
        asked = [*known, (number, start, end)]
        return Opener(words, "&".join(f"more={file}:{one}-{other}" for file, one, other in asked))

    hidden = last - first + 1
    if hidden > 2 * AT_ONCE:
        if first > 1:
            yield opener(f"Show {AT_ONCE} lines below", first, first + AT_ONCE - 1)
        if last < line_count:
            yield opener(f"Show {AT_ONCE} lines above", last - AT_ONCE + 1, last)
    yield opener(f"Show {'all ' if hidden > 1 else ''}{plural(hidden, 'line')}", first, last)

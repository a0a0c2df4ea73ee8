"""
Code and places as words and lines that are safe to show, on whatever surface.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from analyzers.findings import Edit
from analyzers.span import Place

_CONTROLS = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"}
_REORDERING = (*range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_HALVES = range(0xD800, 0xE000)  # of surrogate pairs: no encoding takes one alone
_UNSEEN = _CONTROLS | dict.fromkeys((*_REORDERING, *_HALVES), "\N{REPLACEMENT CHARACTER}")


def lines_of_text(text: str) -> list[str]:
    r"""
    The lines of a text, as places count them: a form feed or a Unicode separator ends none.

        "a\fb\r\nc\n"  →  ["a\fb", "c"]
    """
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def diff(edit: Edit, lines: Sequence[str]) -> tuple[tuple[Literal[" ", "-", "+"], str], ...]:
    """
    What an edit does, line by line: kept, removed, added.

    Args:
        edit: What is replaced.
        lines: The file before.
    """
    old, new = list(lines[edit.first - 1 : edit.last]), lines_of_text(edit.replacement)
    kept = len(old) if new[: len(old)] == old else 0  # lines that are only followed by more
    return (
        *((" ", line) for line in old[:kept]),
        *(("-", line) for line in old[kept:]),
        *(("+", line) for line in new[kept:]),
    )


def library_of(place: Place) -> str | None:
    """
    The library that a place lies in, or None for a place in the repository.

    What a library does between two steps of a trace is told by its framework model, whose paths are like
    `<rest_framework.generics>`.
    """
    path = place.path
    return path[1:-1] if path.startswith("<") and path.endswith(">") else None


def where(place: Place) -> str:
    """A place in a few characters: `shop/views.py:14`, or the name of a library."""
    return named(library_of(place) or f"{place.path}:{place.span.line}")


def named(path: str) -> str:
    """A path on one line, whatever is in it."""
    return visible(path).replace("\n", "\N{SYMBOL FOR LINE FEED}")


def visible(text: str) -> str:
    """
    The text with what would steer a terminal, reorder a line, or not be text at all, made visible instead.

    Reviewed code is not ours: an escape sequence in a string literal must not reach the terminal.
    """
    return text.translate(_UNSEEN)


def plural(count: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`, `2 queries`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def pieces(message: str) -> tuple[tuple[str, bool], ...]:
    """
    A message as (text, whether it is code), split at its backticks.

    An odd backtick belongs to the text: ``"a `b"`` is prose only.
    """
    parts = re.split(r"(`[^`\n]+`)", message)
    return tuple((part[1:-1], True) if re.fullmatch(r"`[^`\n]+`", part) else (part, False) for part in parts if part)

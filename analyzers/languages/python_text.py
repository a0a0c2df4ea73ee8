"""
What lies below Python's grammar: the text of a file as offsets, and the values of its literals.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from analyzers.span import Span


class Text:
    """
    A file as characters, and as bytes of which each stands for one character.

    The parser reads the bytes, so that its byte offsets are offsets of characters, whatever the file holds:

        text    café = "ü"
        plain   cafZ = "?"
    """

    def __init__(self, content: bytes) -> None:
        if content.isascii():
            self.text = content.decode("ascii")
            self.plain = content
        else:
            self.text = content.decode("utf-8", "replace").removeprefix("\ufeff")
            self.plain = _BEYOND_ASCII.sub(_stand_in, self.text).encode("ascii")
        self.lines: list[int] = []
        """The line of each offset, 1-based; the end of the text has one too."""
        self.starts: list[int] = [0]
        """The offset of each line's start, by the line's number (there is no line 0)."""
        start = 0
        for number, line in enumerate(self.plain.split(b"\n"), start=1):
            size = len(line) + 1
            self.lines += [number] * size
            self.starts.append(start)
            start += size

    def span(self, start: int, end: int) -> Span:
        """The span from one offset to another, the end exclusive."""
        line = self.lines[start]
        end_line = self.lines[end]
        return Span(line, start - self.starts[line], end_line, end - self.starts[end_line])

    def offset(self, line: int, column: int) -> int:
        """The offset of a position."""
        return self.starts[line] + column


_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def _stand_in(found: re.Match[str]) -> str:
    """A letter for what may stand in a name (no keyword has a capital Z), else a sign that Python does not know."""
    return "Z" if f"a{found[0]}".isidentifier() else "?"


# --- strings ----------------------------------------------------------------------------------------------------------


class Quotes(NamedTuple):
    """What surrounds the content of a string literal."""

    prefix: str
    """Lower case: "", "r", "rb", "f"..."""
    opening: int
    """Characters before the content."""
    closing: int
    """Characters after it; 0 where the literal has no end."""

    @property
    def is_raw(self) -> bool:
        """Whether a backslash is a backslash."""
        return "r" in self.prefix

    @property
    def has_holes(self) -> bool:
        """Whether braces hold expressions: `f"..."`, and `t"..."` (PEP 750)."""
        return "f" in self.prefix or "t" in self.prefix


_OPENING = re.compile(r"([A-Za-z]*)(\"\"\"|'''|[\"'`])")


def quotes(literal: str) -> Quotes:
    """The quotes of a literal; of what is none, no quotes."""
    found = _OPENING.match(literal)
    if found is None:
        return Quotes("", 0, 0)
    quote = found[2]
    closed = literal.endswith(quote, found.end())
    return Quotes(found[1].lower(), found.end(), len(quote) if closed else 0)


_ESCAPE = re.compile(
    r"\\(?:(\n)|([\\'\"abfnrtv])|([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|N\{([^}]*)\})"
)
_LETTERS = {
    "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"
}  # fmt: skip


def unescaped(content: str) -> str:
    r"""The text that the content of a literal stands for: `\x41\n` is an A and a newline."""
    return _ESCAPE.sub(_escaped, content) if "\\" in content else content


def _escaped(escape: re.Match[str]) -> str:
    newline, letter, octal, two, four, eight, name = escape.groups()
    if newline:
        return ""
    if letter:
        return _LETTERS[letter]
    if name is not None:
        try:
            return unicodedata.lookup(name)
        except KeyError:
            return escape[0]
    return _character(int(octal, 8) if octal else int(two or four or eight, 16))


def _character(code: int) -> str:
    """A character, or U+FFFD for a code that is none, half a surrogate pair included: UTF-8 cannot hold it."""
    return "\ufffd" if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else chr(code)


# --- numbers ----------------------------------------------------------------------------------------------------------

_BASES = {"x": 16, "o": 8, "b": 2}
_LONGEST = 18
"""Digits of an integer that a machine word holds."""


def number(literal: str) -> int | float | None:
    """
    The value of a number; None where Python knows none.

    Of a complex number it is the imaginary part. An integer that no machine word holds is a float.
    """
    digits = literal.replace("_", "").lower().rstrip("jl")
    try:
        if digits.isdecimal() and len(digits) <= _LONGEST:
            return int(digits, 8 if digits[0] == "0" else 10)  # Python 2 wrote 0o17 as 017.
        base = _BASES.get(digits[1:2])
        if base is None:
            return float(digits)
        value = int(digits[2:], base)
        return value if value.bit_length() < 64 else float(value)
    except (ValueError, OverflowError):
        return None

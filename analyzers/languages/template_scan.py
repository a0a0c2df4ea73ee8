"""
Where the tags and variables of a Django or Jinja template stand in its text, and which of the two dialects it is.

Nothing is read inside a tag but its name: `{% for x in y %}` is a mark with the name "for" and the stretch `x in y`.
Comments, and the bodies of `{% comment %}`, `{% verbatim %}` and `{% raw %}`, leave no mark.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from analyzers.span import Span

Dialect: TypeAlias = Literal["django", "jinja"]


class Lines:
    """Offsets of one text as lines and columns."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def span(self, start: int, end: int) -> Span:
        """The span from one offset to another, the end exclusive."""
        starts = self._starts
        first = bisect_right(starts, start)
        last = bisect_right(starts, end)
        return Span(first, start - starts[first - 1], last, end - starts[last - 1])


class Mark(NamedTuple):
    """A tag or a variable, as offsets in the text."""

    name: str | None
    """The tag's name, empty where it has none; None for a variable."""
    start: int
    end: int
    """Exclusive, braces included."""
    name_start: int
    inner_start: int
    """Where a tag's arguments or a variable's expression may start."""
    inner_end: int


class Scan(NamedTuple):
    """What `scan` found, in the order of the text."""

    marks: list[Mark]
    unclosed: list[int]
    """Offsets of opening braces that nothing closes."""
    jinja_only: bool
    """Whether it holds for Jinja alone, because something runs over several lines."""


_OPENING = re.compile(r"\{[{%#]")
_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
_TAG_NAME = re.compile(r"\s*([^\W\d][\w.:-]*)?")
_OPAQUE_ENDS = {
    name: re.compile(r"\{%[-+]?\s*end" + name + r"\b\s*([^%]*?)\s*[-+]?%\}") for name in ("comment", "raw", "verbatim")
}


class _Search:
    """`text.find` for starts that only grow: the last answer is kept, so that all searches together are one pass."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: dict[str, int] = {}

    def __call__(self, needle: str, start: int) -> int:
        """The first offset of the needle from `start` on; the text's length where there is none."""
        found = self._found.get(needle, -1)
        if found < start:
            found = self._text.find(needle, start)
            found = self._found[needle] = len(self._text) if found < 0 else found
        return found


def scan(text: str, *, multiline: bool) -> Scan:
    """
    Find the marks of a template in one pass.

    A Jinja tag may run over several lines. A Django tag may not: there, `{{` without `}}` in its line is text.
    """
    marks: list[Mark] = []
    unclosed: list[int] = []
    jinja_only = False
    first = _Search(text)
    endless: set[str] = set()
    position = 0
    while (opening := _OPENING.search(text, position)) is not None:
        start = opening.start()
        position = start + 1
        closing = _CLOSING[opening[0]]
        close = first(closing, start + 2)
        if close > first("\n", start):
            jinja_only = multiline
            close = close if multiline else len(text)
        if close == len(text) or (closing != "#}" and first("{%", start + 2) < close):
            unclosed.append(start)
            continue
        if closing == "#}":
            position = close + 2
            continue
        if closing == "}}" and multiline:
            close = _after_mappings(text, start + 2, close)
        mark = _mark(text, start, close)
        position = mark.end
        if mark.name in _OPAQUE_ENDS and mark.name not in endless:
            after = _after_opaque(text, mark)
            if after is not None:
                position = after
                continue
            endless.add(mark.name)
        marks.append(mark)
    return Scan(marks, unclosed, jinja_only)


def _mark(text: str, start: int, close: int) -> Mark:
    """The mark whose braces open at `start` and close at `close`, without its whitespace control (`{%-`)."""
    inner_start, inner_end = start + 2, close
    if inner_start < inner_end and text[inner_start] in "-+":
        inner_start += 1
    if inner_start < inner_end and text[inner_end - 1] in "-+":
        inner_end -= 1
    if text[start + 1] == "{":
        return Mark(None, start, close + 2, inner_start, inner_start, inner_end)
    name = _TAG_NAME.match(text, inner_start, inner_end)
    assert name is not None, "the pattern matches the empty text"
    name_start = name.start(1) if name[1] else name.end()
    return Mark(name[1] or "", start, close + 2, name_start, name.end(), inner_end)


def _after_mappings(text: str, start: int, close: int) -> int:
    """
    The place of the `}}` that ends a variable, where the first one ends mappings inside it.

    `{{ f({"a": {"b": 1}}) }}` has its end at the second `}}`.
    """
    first = close
    depth = text.count("{", start, close) - text.count("}", start, close)
    while depth > 0:
        following = text.find("}}", close + 1)
        if following < 0 or "{%" in text[close:following] or "{{" in text[close:following]:
            return first
        depth += text.count("{", close, following) - text.count("}", close, following)
        close = following
    return close


def _after_opaque(text: str, mark: Mark) -> int | None:
    """Where the text goes on after a `{% comment %}`, `{% raw %}` or `{% verbatim label %}`; None if it has no end."""
    assert mark.name is not None
    label = text[mark.inner_start : mark.inner_end].strip() if mark.name == "verbatim" else None
    for end in _OPAQUE_ENDS[mark.name].finditer(text, mark.end):
        if label is None or end[1] == label:
            return end.end()
    return None


# --- dialects ---------------------------------------------------------------------------------------------------------

_JINJA_TAGS = frozenset(
    {"set", "macro", "import", "from", "call", "do", "raw", "endtrans", "pluralize", "break", "continue"}
)
_DJANGO_TAGS = frozenset(
    {
        "load", "url", "csrf_token", "empty", "static", "cycle", "firstof", "ifchanged", "ifequal", "ifnotequal", "now",
        "regroup", "spaceless", "templatetag", "widthratio", "blocktrans", "blocktranslate", "translate", "partialdef",
    }
)  # fmt: skip
_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'")
_JINJA_EXPRESSION = re.compile(
    r"""(?<!\b_)[(\[]                           # a call, a group or a subscript; `_("text")` is Django's too
      | ~ | \s[-+*/]\s | \bloop\.
      | \bis\s+(?:not\s+)?(?:defined|undefined|none|string|mapping|number|sameas|iterable)\b
      | \sif\s.*\selse\s""",
    re.VERBOSE,
)
_DJANGO_EXPRESSION = re.compile(r"\|\s*\w+:|\bforloop\.|\bblock\.super\b")


def dialect_of(text: str, marks: Iterable[Mark]) -> Dialect:
    """The dialect that more of the marks speak for; Django's where they say nothing."""
    balance = 0
    for mark in marks:
        if mark.name in _JINJA_TAGS or text[mark.start + 2] in "-+" or text[mark.end - 3] in "-+":
            balance += 1
        elif mark.name in _DJANGO_TAGS:
            balance -= 1
        else:
            expression = _TEXT.sub("''", text[mark.inner_start : mark.inner_end])
            balance += _JINJA_EXPRESSION.search(expression) is not None
            balance += mark.name is not None and "\n" in expression
            balance -= _DJANGO_EXPRESSION.search(expression) is not None
    return "jinja" if balance > 0 else "django"

"""
The surfaces of a review: one file each, all of them pure renderers of one `Report`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias, get_args

import msgspec

from analyzers import paths
from analyzers.catalogue import Rule
from analyzers.change import Tree
from analyzers.findings import Consequence, Edit, Finding, Skipped, State
from analyzers.span import Place
from bot.review.outcome import Outcome

LinesOf: TypeAlias = Callable[[str, State], Sequence[str]]
"""From a path and a finding's state to the lines of that file, on the side of the change where the finding stands."""

_NO_PROGRAM = frozenset(get_args(paths.Reason))
_CONTROLS = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"}
_REORDERING = (*range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_UNSEEN = _CONTROLS | dict.fromkeys(_REORDERING, "\N{REPLACEMENT CHARACTER}")


class Report(msgspec.Struct, frozen=True):
    """What every surface renders."""

    outcome: Outcome
    rules: Mapping[str, Rule]
    """Rules by id, sorted."""
    lines_of: LinesOf
    everything: bool = False
    """Whether what is usually only counted is listed too: standing and uncertain findings."""

    def title(self, finding: Finding) -> str:
        """The title of a finding's rule, or its id where it has no page."""
        rule = self.rules.get(finding.rule)
        return rule.title if rule is not None else finding.rule

    @property
    def changed_consequences(self) -> tuple[Consequence, ...]:
        """The entry points for which the change makes a difference."""
        return tuple(row for row in self.outcome.review.consequences if row.changed)

    @property
    def gaps(self) -> tuple[Skipped, ...]:
        """What was not analysed although the review should have covered it."""
        return tuple(item for item in self._skipped if item.reason not in _NO_PROGRAM)

    @property
    def left_out(self) -> str:
        """What is no part of the program, counted by reason: `1 generated, 2 test`; empty when there is none."""
        counts = Counter(item.reason for item in self._skipped if item.reason in _NO_PROGRAM)
        return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))

    @property
    def _skipped(self) -> tuple[Skipped, ...]:
        skipped = self.outcome.review.skipped
        return skipped if self.outcome.is_scan else tuple(item for item in skipped if item.changed)

    @property
    def is_complete(self) -> bool:
        """Whether everything that the review should have covered was analysed; without that, silence proves nothing."""
        return not self.outcome.review.failures and not self.gaps


def lines_in(head: Tree, base: Tree | None = None) -> LinesOf:
    """The lines of a change's files: of the base for what was fixed, of the head for the rest."""
    read: dict[tuple[str, bool], Sequence[str]] = {}

    def lines_of(path: str, state: State) -> Sequence[str]:
        from_base = state == "fixed" and base is not None
        key = (path, from_base)
        if key not in read:
            tree = base if from_base and base is not None else head
            blob = tree.entries.get(path)
            content = tree.read(blob) if blob is not None else None
            read[key] = () if content is None else lines_of_text(content.decode("utf-8", "replace"))
        return read[key]

    return lines_of


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
    The text with what would steer a terminal, or reorder a line, made visible instead.

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

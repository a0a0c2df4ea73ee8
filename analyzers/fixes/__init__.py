"""
Fix-makers: each writes the text that a finding's advice means. Whether it serves is not theirs to say.

There is one module for each library whose eager load can be written: `django`, `sqlalchemy`, `eloquent`. Each is a
function `load` from a file's bytes and the place of a query to the file's bytes with the load (`Load`); what is not
known to take one gives None. A new one gets a line in `_writer`.
"""

from __future__ import annotations

import difflib
import io
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import takewhile
from typing import Protocol, TypeAlias

import msgspec

from analyzers.findings import Edit
from analyzers.relation import Path
from analyzers.span import Span

ClassNamed: TypeAlias = Callable[[str], str]
"""From a dotted name at the top level of the file to the class that it means, as `path::qualname`; empty if none."""


class Load(msgspec.Struct, frozen=True):
    """A file with one eager load more."""

    content: bytes
    call: str
    """What was added: `.select_related("customer__city")`."""
    imports: frozenset[tuple[str, str]] = frozenset()
    """What has to be imported for it: (module as an import statement has it, name)."""


class Writer(Protocol):
    """Writes one library's eager loads."""

    def __call__(self, content: bytes, span: Span, paths: frozenset[Path], class_named: ClassNamed) -> Load | None:
        """
        Write an eager load into the expression at a place.

        Returns:
            None where there is no such expression, or where it is not known to take the load.
        """


class Written(msgspec.Struct, frozen=True):
    """A file with the eager loads that its queries lack."""

    content: bytes
    edits: tuple[Edit, ...]
    """From top to bottom. Each lies within the lines of a query, or adds to the imports above them all."""
    calls: tuple[str, ...]
    """What was added, from top to bottom."""


def write(
    content: bytes, path: str, library: str, lacks: Mapping[Span, Collection[Path]], class_named: ClassNamed
) -> Written | None:
    """
    Write into one file all that its queries lack.

    Args:
        content: The file.
        path: Its path.
        library: Whose queries they are.
        lacks: The relations that the rows of each query come without.
        class_named: What a name in this file means.

    Returns:
        None unless every query takes its load.
    """
    writer = _writer(library)
    if writer is None:
        return None
    calls: list[str] = []
    imports: set[tuple[str, str]] = set()
    fixed = content
    for span in sorted(lacks, reverse=True):  # from the bottom up, so that no load moves another query
        load = writer(fixed, span, frozenset(lacks[span]), class_named)
        if load is None:
            return None
        fixed = load.content
        calls.append(load.call)
        imports |= load.imports
    for module, name in sorted(imports):
        from analyzers.fixes import python

        imported = python.with_import(fixed, path, module, name)
        if imported is None:
            return None
        fixed = imported
    edits = _edits(path, content, fixed)
    if edits is None or not all(_is_anchored(edit, lacks, has_imports=bool(imports)) for edit in edits):
        return None
    return Written(fixed, edits, tuple(reversed(calls)))


def _is_anchored(edit: Edit, spans: Collection[Span], *, has_imports: bool) -> bool:
    """Whether an edit is within the lines of a query, or stands where the imports are."""
    if any(span.line <= edit.first and edit.last <= span.end_line for span in spans):
        return True
    return has_imports and edit.last < min(span.line for span in spans)


def _edits(path: str, before: bytes, after: bytes) -> tuple[Edit, ...] | None:
    """
    The lines that differ, or None for a file that is not UTF-8.

    An edit replaces lines, so that new ones are told with the line that they follow; at the start, with the next one.
    """
    old, new = io.BytesIO(before).readlines(), io.BytesIO(after).readlines()
    start = _alike(old, new)
    end = _alike(reversed(old[start:]), reversed(new[start:]))
    matcher = difflib.SequenceMatcher(None, old[start : len(old) - end], new[start : len(new) - end], autojunk=False)
    edits = []
    for kind, first, last, new_first, new_last in matcher.get_opcodes():
        if kind != "equal":
            ahead = 1 if first == last and start + first > 0 else 0
            behind = 1 if first == last and not ahead else 0
            lines = new[start + new_first - ahead : start + new_last + behind]
            try:
                edits.append(Edit(path, start + first + 1 - ahead, start + last + behind, b"".join(lines).decode()))
            except UnicodeDecodeError:
                return None
    return tuple(edits)


def _alike(one: Iterable[bytes], other: Iterable[bytes]) -> int:
    """How many lines agree before the first that do not."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _writer(library: str) -> Writer | None:
    """Imported on first use: libcst takes a while."""
    if library == "django":
        from analyzers.fixes import django

        return django.load
    if library == "sqlalchemy":
        from analyzers.fixes import sqlalchemy

        return sqlalchemy.load
    if library == "laravel":
        from analyzers.fixes import eloquent

        return eloquent.load
    return None

"""
A reader of `git diff`, made for this double: which lines GitHub takes a comment on, and where they go later.

It shares no code with the product, so that each checks the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Side = Literal["LEFT", "RIGHT"]

_HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True)
class Row:
    """One row of a hunk as it is shown."""

    text: str
    """With its mark: blank, plus, minus, or a backslash."""
    old: int | None
    """Its 1-based line before the change, None where it has none."""
    new: int | None


@dataclass(frozen=True)
class Hunk:
    """A header and its rows."""

    header: str
    rows: tuple[Row, ...]

    def row(self, side: Side, line: int) -> int | None:
        """The index of the row that shows a line of a side."""
        return next((at for at, row in enumerate(self.rows) if (row.old if side == "LEFT" else row.new) == line), None)


@dataclass(frozen=True)
class FileDiff:
    """What changed in one file."""

    path: str
    """Its path at the head; for a removed file, at the base."""
    status: Literal["added", "removed", "modified", "renamed", "copied", "changed"]
    previous_path: str | None
    blob: str
    """The blob at the head; of a removed file, at the base."""
    patch: str | None
    """The hunks as text, as GitHub gives them; None where there are none (binary, mode only)."""

    @cached_property
    def hunks(self) -> tuple[Hunk, ...]:
        return tuple(_hunks(self.patch or ""))

    @property
    def additions(self) -> int:
        return sum(row.text.startswith("+") for hunk in self.hunks for row in hunk.rows)

    @property
    def deletions(self) -> int:
        return sum(row.text.startswith("-") for hunk in self.hunks for row in hunk.rows)

    def place(self, side: Side, line: int) -> tuple[int, int] | None:
        """The indices of the hunk and the row that show a line of a side."""
        for at, hunk in enumerate(self.hunks):
            row = hunk.row(side, line)
            if row is not None:
                return at, row
        return None

    def position(self, side: Side, line: int) -> int | None:
        """How many rows below the first header; later headers count as rows."""
        place = self.place(side, line)
        if place is None:
            return None
        at, row = place
        return sum(len(hunk.rows) + 1 for hunk in self.hunks[:at]) + row + 1

    def at_position(self, position: int) -> tuple[Side, int] | None:
        """The side and line at a position; None for headers, notes and what lies beyond."""
        below = 0
        for hunk in self.hunks:
            index = position - below - 1
            if 0 <= index < len(hunk.rows):
                row = hunk.rows[index]
                if row.new is not None:
                    return "RIGHT", row.new
                return ("LEFT", row.old) if row.old is not None else None
            below += len(hunk.rows) + 1
        return None

    def excerpt(self, side: Side, line: int) -> str:
        """The hunk down to a line: what GitHub calls a comment's `diff_hunk`."""
        place = self.place(side, line)
        if place is None:
            return ""
        hunk = self.hunks[place[0]]
        return "\n".join([hunk.header, *(row.text for row in hunk.rows[: place[1] + 1])])

    def moved(self, line: int) -> int | None:
        """Where a line of the old text stands in the new one; None if it was changed or removed."""
        shift = 0
        for hunk in self.hunks:
            at = hunk.row("LEFT", line)
            if at is not None:
                return hunk.rows[at].new
            if hunk.rows and all(row.old is None or row.old < line for row in hunk.rows):
                shift = (
                    sum(row.new is not None for row in hunk.rows)
                    - sum(row.old is not None for row in hunk.rows)
                    + shift
                )
        return line + shift


def _hunks(patch: str) -> Iterator[Hunk]:
    rows: list[Row] = []
    header, old, new = "", 0, 0
    for text in patch.split("\n"):
        found = _HEADER.match(text)
        if found:
            if header:
                yield Hunk(header, tuple(rows))
            header, rows, old, new = text, [], int(found[1]), int(found[3])
        elif text.startswith("+"):
            rows.append(Row(text, None, new))
            new += 1
        elif text.startswith("-"):
            rows.append(Row(text, old, None))
            old += 1
        elif text.startswith("\\"):
            rows.append(Row(text, None, None))
        else:
            rows.append(Row(text, old, new))
            old, new = old + 1, new + 1
    if header:
        yield Hunk(header, tuple(rows))


_STATUSES = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}


def read(output: bytes) -> tuple[FileDiff, ...]:
    """
    The files of `git diff --raw --patch -z --abbrev=40`: NUL-ended records first, then the patches in their order.
    """
    records, _, patches = output.partition(b"\0\0")
    fields = records.decode("utf-8", "surrogateescape").split("\0") if records else []
    blocks = re.split(r"^(?=diff --git )", patches.decode("utf-8", "replace"), flags=re.MULTILINE)[1:]
    files, at, block = [], 0, 0
    while at < len(fields):
        _, _, old_blob, new_blob, code = fields[at].split(" ")
        renamed = code[0] in "RC"
        previous, path = (fields[at + 1], fields[at + 2]) if renamed else (None, fields[at + 1])
        at += 3 if renamed else 2
        # A file that becomes a link is shown as removed and added: two blocks for one record.
        count = 2 if code[0] == "T" else 1
        patch = "\n".join(text for text in map(_patch, blocks[block : block + count]) if text) or None
        block += count
        files.append(
            FileDiff(path, _STATUSES[code[0]], previous, old_blob if code[0] == "D" else new_blob, patch)  # type: ignore[arg-type]
        )
    return tuple(files)


def _patch(block: str) -> str:
    """A block from its first hunk on."""
    start = re.search(r"^@@ ", block, flags=re.MULTILINE)
    return block[start.start() :].removesuffix("\n") if start else ""

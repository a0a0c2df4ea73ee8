"""
What `git diff-tree` prints, as changed files with their hunks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from analyzers.change import ChangedFile, Hunk
from analyzers.git.command import REGULAR, shown

_STATUS: Mapping[bytes, Literal["added", "modified", "deleted", "renamed"]] = {
    b"A": "added",
    b"M": "modified",
    b"D": "deleted",
    b"R": "renamed",
}
_Pair = tuple[bytes, bytes]
"""The old and the new blob id; zeros where a side has no file."""

# The lines of a patch that matter. No line of a file's text is mistaken for one: in a hunk each starts with `-`, `+` or
# a backslash; names are quoted when they hold a newline, because the patch is made without `-z`.
_PATCH_LINE = re.compile(
    rb"^(?:index (?P<old>[0-9a-f]+)\.\.(?P<new>[0-9a-f]+)"
    rb"|@@ -(?P<old_start>\d+)(?:,(?P<old_count>\d+))? \+(?P<new_start>\d+)(?:,(?P<new_count>\d+))? @@"
    rb"|(?P<binary>Binary files ))",
    re.MULTILINE,
)


class _Difference(msgspec.Struct):
    """What a patch says of two blobs."""

    hunks: dict[Hunk, None] = {}
    """In order; a dict because a patch repeats itself for files with equal contents."""
    binary: bool = False


def _differences(patch: bytes) -> dict[_Pair, _Difference]:
    found: dict[_Pair, _Difference] = {}
    current = _Difference()
    for line in _PATCH_LINE.finditer(patch):
        if line["old"]:
            current = found.setdefault((line["old"], line["new"]), _Difference())
        elif line["binary"]:
            current.binary = True
        else:
            counts = (int(line[name] or 1) for name in ("old_start", "old_count", "new_start", "new_count"))
            current.hunks[Hunk(*counts)] = None
    return found


def changed_files(listing: bytes, patch: bytes) -> tuple[ChangedFile, ...]:
    """
    The files of a raw listing (`--raw -z`), with the hunks of the patch that was made with the same options.

    Only regular files take part; a change of mode alone is none.
    """
    differences = _differences(patch)
    # `:<old mode> <new mode> <old id> <new id> <status>\0<path>\0`, for a rename `...R<score>\0<old path>\0<path>\0`.
    # https://git-scm.com/docs/diff-format
    files = []
    fields = iter(listing.split(b"\0"))
    for head in fields:
        if not head:
            continue
        old_mode, new_mode, old, new, letter = head[1:].split(b" ")
        old_path = path = shown(next(fields))
        if letter[:1] == b"R":
            path = shown(next(fields))
        if old_mode not in REGULAR:
            old, letter = bytes(len(old)).replace(b"\0", b"0"), b"A"
        if new_mode not in REGULAR:
            new, letter = bytes(len(new)).replace(b"\0", b"0"), b"D"
        if (old_mode not in REGULAR and new_mode not in REGULAR) or (old == new and letter[:1] != b"R"):
            continue
        difference = differences.get((old, new), _Difference())
        files.append(ChangedFile(path, _STATUS[letter[:1]], old_path, tuple(difference.hunks), difference.binary))
    return tuple(sorted(files, key=lambda file: (file.path, file.status)))

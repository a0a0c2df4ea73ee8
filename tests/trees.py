"""
Trees and changes in memory, for tests that need no repository.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from analyzers.change import BlobId, Change, ChangedFile, Hunk


@dataclass(frozen=True)
class MemoryTree:
    """A tree of given texts."""

    name: str
    files: Mapping[str, str]
    """Text by path."""
    entries: Mapping[str, BlobId] = field(init=False)
    _blobs: Mapping[BlobId, bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        contents = {path: text.encode() for path, text in sorted(self.files.items())}
        object.__setattr__(self, "entries", {path: blob_id(content) for path, content in contents.items()})
        object.__setattr__(self, "_blobs", {blob_id(content): content for content in contents.values()})

    def read(self, blob: BlobId) -> bytes | None:
        return self._blobs.get(blob)

    def read_many(self, blobs: Iterable[BlobId]) -> Iterator[tuple[BlobId, bytes | None]]:
        return ((blob, self.read(blob)) for blob in blobs)


def blob_id(content: bytes) -> BlobId:
    """git's object id of a blob."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def change(base: Mapping[str, str], head: Mapping[str, str]) -> Change:
    """The change between two sets of files; a file that moved is one deleted and one added."""
    paths = sorted(path for path in base.keys() | head.keys() if base.get(path) != head.get(path))
    return Change(
        MemoryTree("base", base),
        MemoryTree("head", head),
        tuple(_changed_file(path, base.get(path), head.get(path)) for path in paths),
    )


def _changed_file(path: str, before: str | None, after: str | None) -> ChangedFile:
    status = "added" if before is None else "deleted" if after is None else "modified"
    return ChangedFile(path, status, path, tuple(_hunks(before or "", after or "")))


def _hunks(before: str, after: str) -> Iterator[Hunk]:
    """As `git diff --unified=0` has them: where a side has no lines, its start is the line before."""
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    for tag, old, old_end, new, new_end in matcher.get_opcodes():
        if tag != "equal":
            old_count, new_count = old_end - old, new_end - new
            yield Hunk(old + bool(old_count), old_count, new + bool(new_count), new_count)

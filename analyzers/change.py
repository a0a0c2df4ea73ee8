"""
A change: a base tree, a head tree and the hunks between them.

A tree lists paths and reads blobs. It has two sources: commits of a git directory, and the working directory or its
index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, Protocol

import msgspec

BlobId = str
"""git's object id of a file's content, in hexadecimal."""


class Tree(Protocol):
    """The files of one commit, of the index or of a working directory."""

    @property
    def name(self) -> str:
        """What a person calls it: a commit id, "index", "working tree"."""

    @property
    def entries(self) -> Mapping[str, BlobId]:
        """Path from the root, with forward slashes, to blob id; regular files only, sorted by path."""

    def read(self, blob: BlobId) -> bytes | None:
        """The content of a blob, or None when the object is absent (a partial clone)."""

    def read_many(self, blobs: Iterable[BlobId]) -> Iterator[tuple[BlobId, bytes | None]]:
        """Read several blobs in one go, each as `read` would."""


class Hunk(msgspec.Struct, frozen=True, array_like=True):
    """A changed region without context lines. A count of 0 means that the side has no lines there."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int


class ChangedFile(msgspec.Struct, frozen=True):
    """One file that differs between base and head."""

    path: str
    """In head; for a deleted file its path in base."""
    status: Literal["added", "modified", "deleted", "renamed"]
    old_path: str
    hunks: tuple[Hunk, ...] = ()
    binary: bool = False


class Change(msgspec.Struct, frozen=True):
    """What a review looks at."""

    base: Tree
    head: Tree
    files: tuple[ChangedFile, ...]
    """Sorted by path."""

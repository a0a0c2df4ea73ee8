"""
The states of a repository: a commit, the index, the working tree.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from analyzers.change import BlobId
from analyzers.errors import UnreadableObject
from analyzers.git.command import MAX_BLOB, REGULAR, shown
from analyzers.git.scratch import Scratch


class GitTree:
    """The regular files of a repository in one state; listed when first asked."""

    def __init__(self, scratch: Callable[[], Scratch], name: str) -> None:
        self._scratch = scratch
        """Opens the scratch directory, which the repository makes when it is first needed."""
        self.name = name

    @cached_property
    def records(self) -> Mapping[bytes, BlobId]:
        """Path as git has it to blob id."""
        raise NotImplementedError

    @property
    def loose(self) -> Iterable[BlobId]:
        """Blobs whose content is on disk only."""
        return ()

    @cached_property
    def entries(self) -> Mapping[str, BlobId]:
        """Path to blob id, sorted by path; bytes of a path that are no UTF-8 are shown as `\\xe9`."""
        return MappingProxyType(dict(sorted((shown(path), blob) for path, blob in self.records.items())))

    def read(self, blob: BlobId) -> bytes | None:
        """The content of a blob, or None when it is absent or over MAX_BLOB."""
        return next(self.read_many((blob,)))[1]

    def read_many(self, blobs: Iterable[BlobId]) -> Iterator[tuple[BlobId, bytes | None]]:
        """Read several blobs in one go, each as `read` would, in the order asked."""
        return self._scratch().blobs.read(blobs)


class CommitTree(GitTree):
    """The files of a commit."""

    def __init__(self, scratch: Callable[[], Scratch], commit: str) -> None:
        super().__init__(scratch, commit)
        self.commit = commit

    @cached_property
    def records(self) -> Mapping[bytes, BlobId]:
        records: dict[bytes, BlobId] = {}
        for record in self._scratch().list_commit(self.commit).split(b"\0"):
            if record[:6] in REGULAR:
                head, _, path = record.partition(b"\t")
                records[path] = head[12:].decode()
        return records


class EmptyTree(GitTree):
    """No files: what stood before the first commit."""

    @cached_property
    def records(self) -> Mapping[bytes, BlobId]:
        return {}


class IndexTree(GitTree):
    """The files of the index; of a file in conflict "our" side."""

    def __init__(self, scratch: Callable[[], Scratch]) -> None:
        super().__init__(scratch, "index")

    @cached_property
    def records(self) -> Mapping[bytes, BlobId]:
        records: dict[bytes, BlobId] = {}
        for record in self._scratch().list_index().split(b"\0"):
            head, _, path = record.partition(b"\t")
            if record[:6] in REGULAR and head[-1:] in b"02":
                records[path] = head[7:-2].decode()
        return records


class WorkingTree(GitTree):
    """
    The files on disk, as they were when first listed: tracked ones, and untracked ones that are not ignored.

    A file over MAX_BLOB is as it stands in the index. A file that changes afterwards reads as absent.
    """

    def __init__(self, scratch: Callable[[], Scratch], root: Path) -> None:
        super().__init__(scratch, "working tree")
        self._root = root
        self._paths: dict[BlobId, bytes] = {}
        """Blobs that are only on disk, and where."""

    @cached_property
    def records(self) -> Mapping[bytes, BlobId]:
        records = dict(IndexTree(self._scratch).records)
        for path in self._scratch().list_touched(self._root):
            try:
                content = _read_inside(self._root, path)
            except _TooLarge:
                continue
            if content is None:
                records.pop(path, None)
                continue
            blob = self._scratch().blob_id(content)
            if records.get(path) != blob:
                records[path] = blob
                self._paths[blob] = path
        return records

    @property
    def loose(self) -> Iterable[BlobId]:
        self.records  # noqa: B018  (listing finds them)
        return tuple(self._paths)

    def read_many(self, blobs: Iterable[BlobId]) -> Iterator[tuple[BlobId, bytes | None]]:
        """Read several blobs in one go, in the order asked, from disk or from the repository."""
        wanted = list(blobs)
        stored = iter(super().read_many(blob for blob in wanted if blob not in self._paths))
        for blob in wanted:
            yield (blob, self._read_file(blob)) if blob in self._paths else next(stored)

    def _read_file(self, blob: BlobId) -> bytes | None:
        try:
            content = _read_inside(self._root, self._paths[blob])
        except _TooLarge:
            return None
        return content if content is not None and self._scratch().blob_id(content) == blob else None


class _TooLarge(Exception):
    """A file on disk is over MAX_BLOB."""


def _read_inside(root: Path, path: bytes) -> bytes | None:
    """Read a regular file below a root; None for anything else, and for whatever leads out of the root."""
    target = root / os.fsdecode(path)
    if ".." in target.parts or target.parent.resolve() != target.parent:
        return None
    try:
        handle = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except PermissionError as exc:
        raise UnreadableObject(f"{target} cannot be read: {exc.strerror}.") from exc
    except OSError:  # It is gone, a link, a socket: no file that git would keep as one.
        return None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return None
        if status.st_size > MAX_BLOB:
            raise _TooLarge(path)
        return file.read()

"""
A tree in which some files have another content: what a fix is tried on, without writing anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from analyzers.change import BlobId, Tree


class Overlay:
    """A tree with some of its files replaced; satisfies `Tree`."""

    def __init__(self, tree: Tree, contents: Mapping[str, bytes]) -> None:
        ids = {path: _blob_id(content, like=tree.entries[path]) for path, content in contents.items()}
        self._tree = tree
        self._blobs = {ids[path]: content for path, content in contents.items()}
        self.name = tree.name
        self.entries: Mapping[str, BlobId] = {**tree.entries, **ids}

    def read(self, blob: BlobId) -> bytes | None:
        return self._blobs[blob] if blob in self._blobs else self._tree.read(blob)

    def read_many(self, blobs: Iterable[BlobId]) -> Iterator[tuple[BlobId, bytes | None]]:
        wanted = list(blobs)
        yield from ((blob, self._blobs[blob]) for blob in wanted if blob in self._blobs)
        if below := [blob for blob in wanted if blob not in self._blobs]:
            yield from self._tree.read_many(below)


def _blob_id(content: bytes, *, like: BlobId) -> BlobId:
    """The object id that git gives a content, in the hash that another id is written in."""
    algorithm = "sha256" if len(like) == 64 else "sha1"
    return hashlib.new(algorithm, b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()

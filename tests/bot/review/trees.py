"""
A tree in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from analyzers.change import BlobId


class MemoryTree:
    """Files by path; a file whose content is None is listed but absent, as in a partial clone."""

    name = "memory"

    def __init__(self, files: Mapping[str, str | bytes | None]) -> None:
        self._blobs: dict[BlobId, bytes | None] = {}
        self.entries: dict[str, BlobId] = {}
        for path, content in sorted(files.items()):
            text = content.encode() if isinstance(content, str) else content
            blob = hashlib.sha1(path.encode() + b"\0" + (text or b"")).hexdigest()
            self._blobs[blob] = text
            self.entries[path] = blob

    def read(self, blob: BlobId) -> bytes | None:
        return self._blobs[blob]

    def read_many(self, blobs: Iterable[BlobId]) -> Iterator[tuple[BlobId, bytes | None]]:
        for blob in blobs:
            yield blob, self.read(blob)

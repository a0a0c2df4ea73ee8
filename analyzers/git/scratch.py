"""
The scratch git directory that a repository's objects are read through.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import weakref
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from analyzers.change import BlobId
from analyzers.errors import GitFailed, UnreadableObject
from analyzers.git.command import BlobReader, Git


class Location(msgspec.Struct, frozen=True):
    """Where a repository keeps what."""

    git_dir: Path
    """HEAD and the index; of a linked worktree its own."""
    common_dir: Path
    """Objects and branches."""
    work_tree: Path | None


class Scratch:
    """An empty git directory that borrows a repository's objects; what we write goes here and is removed with it."""

    def __init__(self, location: Location, object_format: str) -> None:
        self._location = location
        self._directory = tempfile.mkdtemp(prefix="countersign-git-")
        self._remove = weakref.finalize(self, _remove_tree, self._directory)
        self.hash_name = object_format
        path = Path(self._directory)
        (path / "objects" / "info").mkdir(parents=True)
        (path / "refs").mkdir()
        (path / "HEAD").write_text("ref: refs/heads/none\n")
        (path / "config").write_text(
            "[core]\n\trepositoryFormatVersion = 1\n\tbare = true\n[extensions]\n\tobjectFormat = "
            + object_format
            + "\n"
        )
        (path / "objects" / "info" / "alternates").write_bytes(os.fsencode(location.common_dir / "objects") + b"\n")
        self.path = path
        self.git = Git(path)
        self.blobs = BlobReader(self.git)

    def close(self) -> None:
        """End the reading process and remove the directory."""
        self.blobs.close()
        self._remove()

    def blob_id(self, content: bytes) -> BlobId:
        """The id that git gives to a content."""
        return hashlib.new(self.hash_name, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()

    def list_commit(self, commit: str) -> bytes:
        """All entries below a commit: `<mode> <type> <id>\\t<path>\\0`."""
        try:
            return self.git.run("ls-tree", "-r", "-z", "--full-tree", commit)
        except GitFailed as exc:
            raise UnreadableObject(f"The tree of commit {commit} cannot be read: {exc}") from exc

    def list_index(self) -> bytes:
        """All entries of the index: `<mode> <id> <stage>\\t<path>\\0`."""
        return self._ls_files("-s")

    def list_touched(self, work_tree: Path) -> set[bytes]:
        """Paths that are untracked and not ignored, gone, or differ from the index by size or times."""
        exclude = self._location.common_dir / "info" / "exclude"
        own = [f"--exclude-from={exclude}"] if exclude.is_file() else []
        listing = self._ls_files("-m", "-d", "-o", "--exclude-standard", *own, work_tree=work_tree)
        return set(listing.split(b"\0")) - {b""}

    def _ls_files(self, *options: str, work_tree: Path | None = None) -> bytes:
        for shared in self._location.git_dir.glob("sharedindex.*"):  # A split index names it beside itself.
            if not (self.path / shared.name).is_symlink():
                (self.path / shared.name).symlink_to(shared)
        extra = {"GIT_INDEX_FILE": str(self._location.git_dir / "index")}
        if work_tree is not None:
            extra["GIT_WORK_TREE"] = str(work_tree)
        return self.git.run("ls-files", "-z", *options, extra=extra, cwd=work_tree)

    def write_blob(self, blob: BlobId, content: bytes) -> None:
        """Write a content under its id."""
        # https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_object_storage
        target = self.path / "objects" / blob[:2] / blob[2:]
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(zlib.compress(b"blob %d\0" % len(content) + content, 1))

    def write_tree(self, records: Mapping[bytes, BlobId]) -> str:
        """Write a tree of regular files, and return its id; what blobs hold is not looked at."""
        index = str(self.path / "index")
        lines = b"".join(b"100644 %s\t%s\0" % (blob.encode(), path) for path, blob in records.items())
        extra = {"GIT_INDEX_FILE": index}
        Path(index).unlink(missing_ok=True)
        self.git.run("update-index", "-z", "--index-info", text=lines, extra=extra)
        return self.git.run("write-tree", "--missing-ok", extra=extra).decode().strip()

    def compare(self, sides: tuple[str, str], without: Collection[bytes] = ()) -> tuple[bytes, bytes]:
        """The raw listing and the patch between two trees, without some paths."""
        options = ("diff-tree", "-r", "-M", "-l1000", "--no-color", "--no-ext-diff", "--no-textconv", "--full-index")
        # https://git-scm.com/docs/gitglossary#def_pathspec
        limits = ("--", ".", *(f":(exclude,literal){os.fsdecode(path)}" for path in without)) if without else ()
        listing = self.git.run(*options, "--raw", "-z", *sides, *limits)
        patch = self.git.run(*options, "-p", "-U0", "--inter-hunk-context=0", "--diff-algorithm=myers", *sides, *limits)
        return listing, patch

    def absent(self, sides: tuple[str, str]) -> dict[bytes, bytes]:
        """The paths that differ between two trees and whose content is not at hand, each with its record."""
        fields = self.git.run("diff-tree", "-r", "--no-renames", "--full-index", "--raw", "-z", *sides).split(b"\0")
        records = dict(zip(fields[1::2], fields[::2], strict=False))
        ids = {path: set(record.split(b" ")[2:4]) - {b"0" * len(sides[0])} for path, record in records.items()}
        wanted = b"".join(blob + b"\n" for blob in sorted(set[bytes]().union(*ids.values())))
        checked = self.git.run("cat-file", "--batch-check", text=wanted)
        lost = {line.partition(b" ")[0] for line in checked.splitlines() if line.endswith(b" missing")}
        return {path: b"%s\0%s\0" % (records[path], path) for path in records if ids[path] & lost}


def _remove_tree(directory: str) -> None:
    shutil.rmtree(directory, ignore_errors=True)

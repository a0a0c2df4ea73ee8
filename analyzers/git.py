"""
Trees and changes of a git repository, read with the `git` command.

Nothing that the repository says is trusted. Names (branches, commits) are resolved in its git directory with hooks,
monitors and network protocols switched off. Everything else (trees, blobs, diffs, the index) is read through a scratch
git directory of our own that only borrows the repository's objects. No configuration of the repository, the user or the
machine is read there: none of their filters or diff drivers can run, what a partial clone lacks is absent instead
of fetched, and every machine sees the same diff.

    repository/.git ── objects ──┐ (borrowed)      scratch/ ── objects, configuration: empty
                    ── refs      │ (rev-parse)             ── used by ls-tree, cat-file, diff-tree, ls-files
                    ── index ────┘ (ls-files)
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
import threading
import weakref
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import IO, Literal, Self

import msgspec

from analyzers.change import BlobId, Change, ChangedFile, Hunk
from analyzers.errors import (
    GitFailed,
    GitMissing,
    GitTimeout,
    NotARepository,
    UnknownRevision,
    UnreadableObject,
)

MAX_BLOB = 32 * 1024 * 1024
"""Bytes; a larger blob reads as absent. No source text is that large, and several are held in memory at a time."""
TIMEOUT = 120.0
"""Seconds for one command, or for one batch of blobs."""
BATCH = 64
"""Blobs asked for at a time. Their ids fit into a pipe (64 kB), so git never waits for us while we wait for it."""

_REGULAR = (b"100644", b"100755")
_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=true",
    "core.untrackedCache=false",
    "protocol.allow=never",
)
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    # git before 2.45 does not know GIT_NO_LAZY_FETCH; without an allowed protocol its fetch ends before it connects.
    "GIT_ALLOW_PROTOCOL": "none",
}


# --- commands ---------------------------------------------------------------------------------------------------------


class _Git:
    """The `git` command bound to one git directory and a fixed environment."""

    def __init__(self, git_dir: Path) -> None:
        self.git_dir = git_dir
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self._environment = {**inherited, **_ENVIRONMENT, "GIT_DIR": str(git_dir)}

    def popen(self, arguments: Iterable[str], extra: Mapping[str, str], cwd: Path | None) -> subprocess.Popen[bytes]:
        """Start a command with pipes to all its streams."""
        try:
            return subprocess.Popen(
                ["git", *(word for setting in _SETTINGS for word in ("-c", setting)), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**self._environment, **extra},
                cwd=cwd or self.git_dir,
            )
        except FileNotFoundError as exc:
            raise GitMissing("The `git` command was not found: install git, or put it on the PATH.") from exc

    def run(
        self,
        *arguments: str,
        text: bytes = b"",
        extra: Mapping[str, str] = MappingProxyType({}),
        cwd: Path | None = None,
        allowed: tuple[int, ...] = (0,),
    ) -> bytes:
        """
        Run a command to its end and return what it printed.

        Args:
            arguments: Subcommand and arguments.
            text: What the command reads.
            extra: More of the environment.
            cwd: Where it runs; the git directory by default.
            allowed: Exit codes that are answers.

        Raises:
            GitFailed: On any other exit code, with git's own words.
        """
        with self.popen(arguments, extra, cwd) as process:
            try:
                output, errors = process.communicate(text, timeout=TIMEOUT)
            except subprocess.TimeoutExpired as exc:
                process.kill()
                raise GitTimeout(f"`git {arguments[0]}` took over {TIMEOUT:.0f} s in {self.git_dir}.") from exc
        if process.returncode not in allowed:
            words = errors.decode(errors="replace").strip() or f"exit code {process.returncode}"
            raise GitFailed(f"`git {arguments[0]}` failed in {self.git_dir}: {words}")
        return output


class _BlobReader:
    """One long-lived `cat-file --batch`; may be used by several threads."""

    def __init__(self, git: _Git) -> None:
        self._git = git
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, blobs: Iterable[BlobId]) -> Iterator[tuple[BlobId, bytes | None]]:
        """Yield every blob with its content, in the order asked; None for one that is absent or over MAX_BLOB."""
        wanted = list(blobs)
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            with self._lock:
                contents = self._exchange(batch)
            yield from zip(batch, contents, strict=True)

    def close(self) -> None:
        """End the process; a later read starts another."""
        with self._lock:
            self._end()

    def _exchange(self, batch: list[BlobId]) -> list[bytes | None]:
        if self._process is None:
            self._process = self._git.popen(("cat-file", "--batch"), {}, None)
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def end_late() -> None:
            late.set()
            process.kill()

        watchdog = threading.Timer(TIMEOUT, end_late)
        watchdog.start()
        try:
            process.stdin.write("".join(f"{blob}\n" for blob in batch).encode())
            process.stdin.flush()
            return [self._answer(process.stdout, blob) for blob in batch]
        except BaseException as exc:
            # Whatever is left in the pipe belongs to no later question.
            words = self._end()
            if late.is_set():
                raise GitTimeout(f"Reading blobs took over {TIMEOUT:.0f} s in {self._git.git_dir}.") from exc
            if isinstance(exc, (OSError, _Ended)):
                raise UnreadableObject(f"`git cat-file` stopped at {exc}: {words or 'no reason given'}") from exc
            raise
        finally:
            watchdog.cancel()

    def _answer(self, stream: IO[bytes], blob: BlobId) -> bytes | None:
        # `<id> blob <size>\n<content>\n`, or `<id> missing\n`.
        head = stream.readline()
        if head.endswith(b" missing\n"):
            return None
        fields = head.split()
        if len(fields) != 3:
            raise _Ended(blob)
        size = int(fields[2])
        if size > MAX_BLOB:
            for step in range(0, size + 1, MAX_BLOB):
                stream.read(min(MAX_BLOB, size + 1 - step))
            return None
        content = stream.read(size + 1)
        if len(content) != size + 1:
            raise _Ended(blob)
        return content[:-1] if fields[1] == b"blob" else None

    def _end(self) -> str:
        process, self._process = self._process, None
        if process is None:
            return ""
        process.kill()
        _, errors = process.communicate()
        return errors.decode(errors="replace").strip()


class _Ended(Exception):
    """The process ended in the middle of an answer."""


# --- repositories -----------------------------------------------------------------------------------------------------


class _Location(msgspec.Struct, frozen=True):
    """Where a repository keeps what."""

    git_dir: Path
    """HEAD and the index; of a linked worktree its own."""
    common_dir: Path
    """Objects and branches."""
    work_tree: Path | None


class Repository:
    """
    A git repository: a checkout, a linked worktree, a bare or a partial clone.

    Use it as a context manager, or close it, to end its process and remove its scratch directory.
    """

    def __init__(self, path: Path | str) -> None:
        """
        Find the repository that holds a path.

        Args:
            path: A git directory, or any directory or file inside a working tree.

        Raises:
            NotARepository: When there is none.
        """
        self._location = _locate(Path(path))
        self._names = _Git(self._location.git_dir)
        self._scratch: _Scratch | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def git_dir(self) -> Path:
        """The git directory; of a linked worktree its own."""
        return self._location.git_dir

    @property
    def work_tree(self) -> Path | None:
        """The root of the working tree, or None for a bare repository."""
        return self._location.work_tree

    def close(self) -> None:
        """End the reading process and remove the scratch directory; using the repository again makes new ones."""
        scratch, self._scratch = self._scratch, None
        if scratch is not None:
            scratch.close()

    @property
    def is_shallow(self) -> bool:
        """Whether only the newest part of the history is at hand."""
        return (self._location.common_dir / "shallow").is_file()

    @property
    def is_unborn(self) -> bool:
        """Whether the current branch is still without a commit."""
        on_branch = self._names.run("symbolic-ref", "--quiet", "HEAD", allowed=(0, 1, 128))
        return bool(on_branch) and not self._names.run("rev-parse", "--verify", "--quiet", "HEAD", allowed=(0, 1, 128))

    def resolve(self, revision: str) -> str:
        """
        Return the id of the commit that a name stands for.

        Raises:
            UnknownRevision: When it stands for none.
        """
        unknown = f"`{revision}` is no commit, branch or tag in {self.git_dir}"
        if revision == "HEAD" and self.is_unborn:
            raise UnknownRevision(f"There is no commit yet in {self.git_dir}.")
        if not revision or revision.startswith("-") or "\0" in revision:
            raise UnknownRevision(f"{unknown}.")
        try:
            # It stays silent on a name that is unknown, and speaks when a name is unclear or leads to something else.
            answer = self._names.run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", allowed=(0, 1))
        except GitFailed as exc:
            raise UnknownRevision(f"{unknown}: {exc}") from exc
        if not answer:
            shallow = "; it is a shallow clone: `git fetch --unshallow` brings the rest" if self.is_shallow else ""
            raise UnknownRevision(f"{unknown}{shallow}.")
        return answer.decode().strip()

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the commit where two revisions parted, or None when their histories at hand do not meet."""
        answer = self._names.run("merge-base", self.resolve(one), self.resolve(other), allowed=(0, 1))
        return answer.decode().strip() or None

    def messages(self, since: str, until: str, most: int) -> tuple[str, ...]:
        """Return the messages of the newest commits that one revision has and an older one has not, oldest first."""
        ends = f"{self.resolve(since)}..{self.resolve(until)}"
        # `git log` may be configured to run a program that checks signatures.
        answer = self._names.run("rev-list", "--reverse", f"--max-count={most}", "--format=%B%x00", ends)
        told = (part.strip().partition("\n") for part in answer.decode("utf-8", "replace").split("\0"))
        return tuple(message.strip() for _, _, message in told if message.strip())

    def current_branch(self) -> str | None:
        """Return the name of the branch that is checked out, or None for a commit without one."""
        name = self._names.run("symbolic-ref", "--quiet", "--short", "HEAD", allowed=(0, 1)).decode("utf-8", "replace")
        return name.strip() or None

    def default_branch(self) -> str:
        """
        Return the name of the branch that changes are made against.

        It is what the remote says (`origin/HEAD`), else `main`, else `master`, here or at the remote.

        Raises:
            UnknownRevision: When there is none of these.
        """
        said = (
            self._names.run("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD", allowed=(0, 1, 128)).decode().strip()
        )
        for name in filter(
            None, (said.removeprefix("refs/remotes/"), "main", "master", "origin/main", "origin/master")
        ):
            kind = "remotes" if name.startswith("origin/") else "heads"
            try:
                self.resolve(f"refs/{kind}/{name}")
            except UnknownRevision:
                continue
            return name
        raise UnknownRevision(
            f"No default branch in {self.git_dir}: neither origin/HEAD nor main nor master leads to a commit."
        )

    def commit_tree(self, revision: str) -> CommitTree:
        """
        Return the files of a commit.

        Raises:
            UnknownRevision: When the revision stands for no commit.
        """
        return CommitTree(self, self.resolve(revision))

    def current_tree(self) -> GitTree:
        """Return the files of the current commit: none before the first one."""
        return EmptyTree(self, "nothing") if self.is_unborn else self.commit_tree("HEAD")

    def index_tree(self) -> IndexTree:
        """
        Return the files that the next commit would hold.

        Raises:
            NotARepository: When the repository is bare.
        """
        if self.work_tree is None:
            raise NotARepository(f"{self.git_dir} is a bare repository: nothing is staged there.")
        return IndexTree(self)

    def working_tree(self) -> WorkingTree:
        """
        Return the files on disk, untracked ones included unless they are ignored.

        Raises:
            NotARepository: When the repository is bare.
        """
        if self.work_tree is None:
            raise NotARepository(f"{self.git_dir} is a bare repository: it has no working tree.")
        return WorkingTree(self, self.work_tree)

    def change(self, base: GitTree, head: GitTree) -> Change:
        """
        Return what differs between two trees of this repository, with renames found and hunks without context.

        Only regular files take part; a change of mode alone is none. A file whose content is absent (a partial clone)
        has no hunks and no rename.

        Raises:
            UnreadableObject: When the trees cannot be compared.
        """
        scratch = self.scratch
        sides = (scratch.tree_id(base), scratch.tree_id(head))
        try:
            try:
                listing, patch = scratch.compare(sides)
            except GitFailed:
                absent = scratch.absent(sides)
                if not absent:
                    raise
                listing, patch = scratch.compare(sides, without=absent)
                listing += b"".join(absent.values())
        except GitFailed as exc:
            raise UnreadableObject(f"{base.name} and {head.name} cannot be compared: {exc}") from exc
        return Change(base, head, _changed_files(listing, _differences(patch)))

    @property
    def scratch(self) -> _Scratch:
        """The scratch directory that objects are read through; made when first needed."""
        if self._scratch is None:
            object_format = self._names.run("rev-parse", "--show-object-format").decode().strip()
            self._scratch = _Scratch(self._location, object_format)
        return self._scratch


def _locate(path: Path) -> _Location:
    try:
        return _nearest(path)
    except OSError as exc:
        raise NotARepository(f"{exc.filename} cannot be read: {exc.strerror}.") from exc


def _nearest(path: Path) -> _Location:
    """The repository of a path: that of the first directory upwards which has one."""
    start = path.resolve()
    if not start.exists():
        raise NotARepository(f"{path}: there is no such file or directory.")
    for directory in (start, *start.parents):
        dot = directory / ".git"
        if dot.is_file():
            target = dot.read_text(encoding="utf-8", errors="surrogateescape").strip()
            linked = (directory / target.removeprefix("gitdir:").strip()).resolve()
            if target.startswith("gitdir:") and _is_git_dir(linked):
                return _Location(linked, _common_dir(linked), directory)
            raise NotARepository(f"{dot} leads to {linked}, where there is no git directory.")
        if _is_git_dir(dot):
            return _Location(dot, _common_dir(dot), directory)
        if _is_git_dir(directory):
            return _Location(directory, _common_dir(directory), _work_tree_of(directory))
    raise NotARepository(f"{path} is not inside a git repository.")


def _is_git_dir(path: Path) -> bool:
    if not (path / "HEAD").is_file():
        return False
    return (path / "commondir").is_file() or ((path / "objects").is_dir() and (path / "refs").is_dir())


def _common_dir(git_dir: Path) -> Path:
    # https://git-scm.com/docs/gitrepository-layout#Documentation/gitrepository-layout.txt-commondir
    pointer = git_dir / "commondir"
    return (git_dir / pointer.read_text(encoding="utf-8").strip()).resolve() if pointer.is_file() else git_dir


def _work_tree_of(git_dir: Path) -> Path | None:
    pointer = git_dir / "gitdir"
    if pointer.is_file():
        return Path(pointer.read_text(encoding="utf-8").strip()).parent.resolve()
    return git_dir.parent if git_dir.name == ".git" else None


class _Scratch:
    """An empty git directory that borrows a repository's objects; what we write goes here and is removed with it."""

    def __init__(self, location: _Location, object_format: str) -> None:
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
        self.git = _Git(path)
        self.blobs = _BlobReader(self.git)

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

    def tree_id(self, tree: GitTree) -> str:
        """What `diff-tree` knows a tree by; a tree that is no commit is written here, with what is only on disk."""
        if isinstance(tree, CommitTree):
            return tree.commit
        for blob in tree.loose:
            content = tree.read(blob)
            if content is None:
                raise UnreadableObject(f"A file of the {tree.name} changed while it was read: run again.")
            self._write(blob, content)
        index = str(self.path / "index")
        lines = b"".join(b"100644 %s\t%s\0" % (blob.encode(), path) for path, blob in tree.records.items())
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

    def _write(self, blob: BlobId, content: bytes) -> None:
        # https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_object_storage
        target = self.path / "objects" / blob[:2] / blob[2:]
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(zlib.compress(b"blob %d\0" % len(content) + content, 1))


def _remove_tree(directory: str) -> None:
    shutil.rmtree(directory, ignore_errors=True)


# --- trees ------------------------------------------------------------------------------------------------------------


class GitTree:
    """The regular files of a repository in one state; listed when first asked."""

    def __init__(self, repository: Repository, name: str) -> None:
        self._repository = repository
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
        return MappingProxyType(dict(sorted((_shown(path), blob) for path, blob in self.records.items())))

    def read(self, blob: BlobId) -> bytes | None:
        """The content of a blob, or None when it is absent or over MAX_BLOB."""
        return next(self.read_many((blob,)))[1]

    def read_many(self, blobs: Iterable[BlobId]) -> Iterator[tuple[BlobId, bytes | None]]:
        """Read several blobs in one go, each as `read` would, in the order asked."""
        return self._repository.scratch.blobs.read(blobs)


class CommitTree(GitTree):
    """The files of a commit."""

    def __init__(self, repository: Repository, commit: str) -> None:
        super().__init__(repository, commit)
        self.commit = commit

    @cached_property
    def records(self) -> Mapping[bytes, BlobId]:
        records: dict[bytes, BlobId] = {}
        for record in self._repository.scratch.list_commit(self.commit).split(b"\0"):
            if record[:6] in _REGULAR:
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

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository, "index")

    @cached_property
    def records(self) -> Mapping[bytes, BlobId]:
        records: dict[bytes, BlobId] = {}
        for record in self._repository.scratch.list_index().split(b"\0"):
            head, _, path = record.partition(b"\t")
            if record[:6] in _REGULAR and head[-1:] in b"02":
                records[path] = head[7:-2].decode()
        return records


class WorkingTree(GitTree):
    """
    The files on disk, as they were when first listed: tracked ones, and untracked ones that are not ignored.

    A file over MAX_BLOB is as it stands in the index. A file that changes afterwards reads as absent.
    """

    def __init__(self, repository: Repository, root: Path) -> None:
        super().__init__(repository, "working tree")
        self._root = root
        self._paths: dict[BlobId, bytes] = {}
        """Blobs that are only on disk, and where."""

    @cached_property
    def records(self) -> Mapping[bytes, BlobId]:
        records = dict(IndexTree(self._repository).records)
        for path in self._repository.scratch.list_touched(self._root):
            try:
                content = _read_inside(self._root, path)
            except _TooLarge:
                continue
            if content is None:
                records.pop(path, None)
                continue
            blob = self._repository.scratch.blob_id(content)
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
        return content if content is not None and self._repository.scratch.blob_id(content) == blob else None


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


def _shown(path: bytes) -> str:
    return path.decode(errors="backslashreplace")


# --- diffs ------------------------------------------------------------------------------------------------------------

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


def _changed_files(listing: bytes, differences: Mapping[_Pair, _Difference]) -> tuple[ChangedFile, ...]:
    # `:<old mode> <new mode> <old id> <new id> <status>\0<path>\0`, for a rename `...R<score>\0<old path>\0<path>\0`.
    # https://git-scm.com/docs/diff-format
    files = []
    fields = iter(listing.split(b"\0"))
    for head in fields:
        if not head:
            continue
        old_mode, new_mode, old, new, letter = head[1:].split(b" ")
        old_path = path = _shown(next(fields))
        if letter[:1] == b"R":
            path = _shown(next(fields))
        if old_mode not in _REGULAR:
            old, letter = bytes(len(old)).replace(b"\0", b"0"), b"A"
        if new_mode not in _REGULAR:
            new, letter = bytes(len(new)).replace(b"\0", b"0"), b"D"
        if (old_mode not in _REGULAR and new_mode not in _REGULAR) or (old == new and letter[:1] != b"R"):
            continue
        difference = differences.get((old, new), _Difference())
        files.append(ChangedFile(path, _STATUS[letter[:1]], old_path, tuple(difference.hunks), difference.binary))
    return tuple(sorted(files, key=lambda file: (file.path, file.status)))

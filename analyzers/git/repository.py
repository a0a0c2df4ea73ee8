"""
A repository: its names, its trees, and what differs between two of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

from analyzers.change import Change
from analyzers.errors import GitFailed, NotARepository, UnknownRevision, UnreadableObject
from analyzers.git.command import Git
from analyzers.git.diff import changed_files
from analyzers.git.scratch import Location, Scratch
from analyzers.git.trees import CommitTree, EmptyTree, GitTree, IndexTree, WorkingTree


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
        self._names = Git(self._location.git_dir)
        self._scratch: Scratch | None = None

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
        return CommitTree(self.scratch, self.resolve(revision))

    def current_tree(self) -> GitTree:
        """Return the files of the current commit: none before the first one."""
        return EmptyTree(self.scratch, "nothing") if self.is_unborn else self.commit_tree("HEAD")

    def index_tree(self) -> IndexTree:
        """
        Return the files that the next commit would hold.

        Raises:
            NotARepository: When the repository is bare.
        """
        if self.work_tree is None:
            raise NotARepository(f"{self.git_dir} is a bare repository: nothing is staged there.")
        return IndexTree(self.scratch)

    def working_tree(self) -> WorkingTree:
        """
        Return the files on disk, untracked ones included unless they are ignored.

        Raises:
            NotARepository: When the repository is bare.
        """
        if self.work_tree is None:
            raise NotARepository(f"{self.git_dir} is a bare repository: it has no working tree.")
        return WorkingTree(self.scratch, self.work_tree)

    def change(self, base: GitTree, head: GitTree) -> Change:
        """
        Return what differs between two trees of this repository, with renames found and hunks without context.

        Only regular files take part; a change of mode alone is none. A file whose content is absent (a partial clone)
        has no hunks and no rename.

        Raises:
            UnreadableObject: When the trees cannot be compared.
        """
        scratch = self.scratch()
        sides = (_tree_id(scratch, base), _tree_id(scratch, head))
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
        return Change(base, head, changed_files(listing, patch))

    def scratch(self) -> Scratch:
        """The scratch directory that objects are read through; made when first needed."""
        if self._scratch is None:
            object_format = self._names.run("rev-parse", "--show-object-format").decode().strip()
            self._scratch = Scratch(self._location, object_format)
        return self._scratch


def _tree_id(scratch: Scratch, tree: GitTree) -> str:
    """What `diff-tree` knows a tree by; a tree that is no commit is written, with what is only on disk."""
    if isinstance(tree, CommitTree):
        return tree.commit
    for blob in tree.loose:
        content = tree.read(blob)
        if content is None:
            raise UnreadableObject(f"A file of the {tree.name} changed while it was read: run again.")
        scratch.write_blob(blob, content)
    return scratch.write_tree(tree.records)


def _locate(path: Path) -> Location:
    try:
        return _nearest(path)
    except OSError as exc:
        raise NotARepository(f"{exc.filename} cannot be read: {exc.strerror}.") from exc


def _nearest(path: Path) -> Location:
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
                return Location(linked, _common_dir(linked), directory)
            raise NotARepository(f"{dot} leads to {linked}, where there is no git directory.")
        if _is_git_dir(dot):
            return Location(dot, _common_dir(dot), directory)
        if _is_git_dir(directory):
            return Location(directory, _common_dir(directory), _work_tree_of(directory))
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

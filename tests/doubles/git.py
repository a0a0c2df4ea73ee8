"""
Real bare git repositories, written from dictionaries of files.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.doubles import diff

T = TypeVar("T")

FIRST_COMMIT = 1_790_000_000
"""Seconds since 1970; each commit of a repository is a minute later, so that ids do not change between runs."""


@dataclass(frozen=True)
class Link:
    """A symbolic link, as a file's content."""

    target: str


Content = str | bytes | Link | None
"""What a path holds; None: it is removed."""


@dataclass(frozen=True)
class Commit:
    """One commit's own facts."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: str
    email: str
    date: str
    message: str


@dataclass
class GitRepository:
    """A bare repository."""

    directory: Path
    _known: dict[tuple[str, str, str], Any] = field(default_factory=dict, repr=False)
    """What was asked of two commits before: it stays true."""
    _commits: int = 0

    @classmethod
    def create(cls, directory: Path) -> GitRepository:
        repository = cls(directory)
        subprocess.run(("git", "init", "-q", "--bare", "--template=", "-b", "main", str(directory)), check=True)
        # What a partial clone of single commits needs, and GitHub allows.
        for key in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
            repository.run("config", key, "true")
        repository.run("config", "gc.auto", "0")
        return repository

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """
        Returns:
            What the command wrote.

        Raises:
            subprocess.CalledProcessError: git refused.
        """
        command = ("git", "-C", str(self.directory), *arguments)
        return subprocess.run(command, input=given, check=True, capture_output=True).stdout

    def commit(
        self,
        branch: str,
        files: Mapping[str, Content],
        message: str,
        *,
        parent: str | None = None,
        author: str = "Ada Lovelace <ada@example.com>",
    ) -> str:
        """
        Move a branch to a new commit that changes these files.

        Args:
            parent: where it starts, by default at the branch; another one makes it a forced push.

        Returns:
            The commit's id.
        """
        start = parent or self.find(f"refs/heads/{branch}")
        self._commits += 1
        stamp = f"{author} {FIRST_COMMIT + 60 * self._commits} +0000"
        parts = [
            f"commit refs/heads/{branch}\nauthor {stamp}\ncommitter {stamp}\n".encode(),
            _data(message.encode()),
            f"from {start}\n".encode() if start else b"",
        ]
        for path, content in files.items():
            quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
            if content is None:
                parts.append(f"D {quoted}\n".encode())
                continue
            mode = "120000" if isinstance(content, Link) else "100644"
            text = content.target if isinstance(content, Link) else content
            parts.append(f"M {mode} inline {quoted}\n".encode())
            parts.append(_data(text.encode() if isinstance(text, str) else text))
        self.run("fast-import", "--quiet", "--force", given=b"".join(parts))
        return self.resolve(f"refs/heads/{branch}")

    def find(self, name: str) -> str | None:
        """The id of the commit a name stands for; None where it stands for none."""
        command = (
            "git",
            "-C",
            str(self.directory),
            "rev-parse",
            "-q",
            "--verify",
            "--end-of-options",
            f"{name}^{{commit}}",
        )
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        return done.stdout.strip() or None

    def resolve(self, name: str) -> str:
        found = self.find(name)
        if found is None:
            raise LookupError(name)
        return found

    def fetch(self, other: GitRepository, commit: str) -> None:
        """Bring a commit of another repository here, as GitHub shares objects between forks."""
        self.run("fetch", "-q", "--no-tags", str(other.directory), commit)

    def point(self, ref: str, commit: str) -> None:
        self.run("update-ref", ref, commit)

    def merge_base(self, one: str, other: str) -> str:
        """
        Args:
            one: a commit's id, as everywhere where two commits are compared.
        """
        return self._once("merge-base", one, other, lambda: self.run("merge-base", one, other).decode().strip())

    def commits(self, base: str, head: str) -> tuple[Commit, ...]:
        """What the head has and the base has not, oldest first."""
        return self._once("log", base, head, lambda: self._log("--reverse", "--topo-order", f"{base}..{head}"))

    def _once(self, question: str, one: str, other: str, answer: Callable[[], T]) -> T:
        if (question, one, other) not in self._known:
            self._known[question, one, other] = answer()
        found: T = self._known[question, one, other]
        return found

    def read_commit(self, sha: str) -> Commit:
        return self._log("-1", sha)[0]

    def _log(self, *arguments: str) -> tuple[Commit, ...]:
        output = self.run("log", "-z", "--format=%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%cI%x1f%B", *arguments, "--").decode()
        return tuple(
            Commit(sha, tree, tuple(parents.split()), author, email, date, message.rstrip("\n"))
            for sha, tree, parents, author, email, date, message in (
                record.split("\x1f") for record in output.split("\0") if record
            )
        )

    def diff(self, base: str, head: str) -> tuple[diff.FileDiff, ...]:
        """What changed between two commits, with three lines around, as GitHub shows it."""
        options = ("--raw", "--patch", "-z", "--abbrev=40", "--no-color", "--no-ext-diff", "--no-textconv", "-M", "-U3")
        return self._once("diff", base, head, lambda: diff.read(self.run("diff", *options, base, head)))

    def entry(self, commit: str, path: str) -> tuple[str, str, str] | None:
        """Mode, type and id of a path; None where there is nothing."""
        found = self.entries(commit, path.rstrip("/")) if path else ()
        return found[0][:3] if found else None

    def entries(self, commit: str, *paths: str) -> tuple[tuple[str, str, str, str], ...]:
        """Mode, type, id and path of entries; without paths, those of the root; with a slash at the end, a folder's."""
        output = self.run("ls-tree", "-z", commit, "--", *paths).decode("utf-8", "surrogateescape")
        records = (record.partition("\t") for record in output.split("\0") if record)
        return tuple((*facts.split(), path) for facts, _, path in records)  # type: ignore[misc]

    def blob(self, sha: str) -> bytes | None:
        """A blob's content; None where there is no such blob."""
        command = ("git", "-C", str(self.directory), "cat-file", "blob", sha)
        done = subprocess.run(command, check=False, capture_output=True)
        return done.stdout if done.returncode == 0 else None


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)

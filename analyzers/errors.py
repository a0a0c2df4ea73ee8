"""
What can go wrong in `analyzers`, each with one sentence for a person.

    AnalyzerError
    ├── GitError
    │   ├── GitMissing          no `git` command on this machine
    │   ├── NotARepository      no git directory there, or no working tree where one is needed
    │   ├── UnknownRevision     a name that leads to no commit here
    │   ├── UnreadableObject    an object that is absent or damaged, or a file that changed while it was read
    │   ├── GitTimeout          the command took too long and was ended
    │   └── GitFailed           anything else that `git` refused
    └── IndexUnavailable        the index's file cannot be opened or written, or it lost what a review needs
"""

from __future__ import annotations


class AnalyzerError(Exception):
    """The root: whatever `analyzers` raises on purpose."""


class GitError(AnalyzerError):
    """Something about the repository or the `git` command."""


class GitMissing(GitError):
    """No `git` command on this machine."""


class NotARepository(GitError):
    """No git directory at a path or above it, or no working tree where one is needed."""


class UnknownRevision(GitError):
    """A name that leads to no commit in this repository."""


class UnreadableObject(GitError):
    """An object that is absent or damaged, or a file that changed while it was read."""


class GitTimeout(GitError):
    """A command took longer than allowed and was ended."""


class GitFailed(GitError):
    """`git` refused, for a reason that it gave."""


class IndexUnavailable(AnalyzerError):
    """The index's file cannot be opened or written, or it lost what a review needs."""

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

from analyzers.git.repository import Repository
from analyzers.git.trees import CommitTree, GitTree, IndexTree, WorkingTree

__all__ = ["CommitTree", "GitTree", "IndexTree", "Repository", "WorkingTree"]

"""
CODEOWNERS: who is asked to sign a draft.

The last pattern that matches a path decides; a pattern without owners means that nobody owns it.
https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

from __future__ import annotations

import functools
import re

import msgspec
import pathspec

from analyzers.change import Tree

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in this order; the first that exists holds."""
LINES = 20_000
"""Lines that are read; GitHub itself ignores a file of more than 3 MB."""


class Owners(msgspec.Struct, frozen=True):
    """The rules of one CODEOWNERS file."""

    rules: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(pattern, owners: `@login`, `@org/team` or an address), in the order of the file."""

    def of(self, path: str) -> tuple[str, ...]:
        """The owners of a path."""
        for pattern, owners in reversed(self.rules):
            if _spec(pattern).match_file(path):
                return owners
        return ()


@functools.lru_cache(LINES)
def _spec(pattern: str) -> pathspec.GitIgnoreSpec:
    return pathspec.GitIgnoreSpec.from_lines([pattern])


def read(tree: Tree) -> Owners:
    """The rules that hold in a tree; none where it has no such file, or one that can't be read."""
    for place in PLACES:
        blob = tree.entries.get(place)
        if blob is not None:
            return parse((tree.read(blob) or b"").decode("utf-8", "replace"))
    return Owners()


def parse(text: str) -> Owners:
    """
    Read a CODEOWNERS file. Lines that GitHub would skip are skipped: `!` and `[` have no meaning there.
    """
    rules = []
    for line in text.splitlines()[:LINES]:
        pattern, *owners = re.split(r"(?<!\\)\s+", line.partition(" #")[0].strip())
        if pattern and not pattern.startswith(("#", "!")) and "[" not in pattern:
            rules.append((pattern, tuple(owner for owner in owners if "@" in owner)))
    return Owners(tuple(rules))

"""
Which files of a partial clone are fetched: those that the engine reads.
"""

from __future__ import annotations

import posixpath
import tomllib
from collections.abc import Iterator

from analyzers import paths
from analyzers.git import Repository
from analyzers.languages import front_end_for
from bot.github.checkout import Checkout
from bot.review import owners
from bot.review.configuration import FILE_NAME


def fetch_what_is_read(checkout: Checkout, base: str) -> None:
    """Get the files that the engine reads: configuration, what it names, owners, and code."""
    checkout.fetch_files(lambda path: posixpath.basename(path) == FILE_NAME or path in owners.PLACES)
    named = set(_named_files(checkout, base))
    checkout.fetch_files(lambda path: path in named or (front_end_for(path) is not None and not paths.classify(path)))


def _named_files(checkout: Checkout, base: str) -> Iterator[str]:
    """The files that configuration files name. One that can't be read names none: the engine says what is wrong."""
    with Repository(checkout.git_dir) as git:
        tree = git.commit_tree(base)
        for path, blob in tree.entries.items():
            if posixpath.basename(path) == FILE_NAME:
                try:
                    document = tomllib.loads((tree.read(blob) or b"").decode())
                except (UnicodeDecodeError, tomllib.TOMLDecodeError):
                    continue
                tables = [document.get("baseline"), *_tables(document.get("models"))]
                names = [table.get("file") for table in tables if isinstance(table, dict)]
                yield from (
                    posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
                    for name in names
                    if isinstance(name, str)
                )


def _tables(value: object) -> list[object]:
    return value if isinstance(value, list) else []

"""
Reviews one large change and prints it as JSON and as SARIF: `python -m tests.contracts.reviewer INDEX ORDER [REPO]`.

The change is every program of `tests/cases/`, each in a folder of its own. Most of their names (`shop.models`, `Order`)
are therefore there many times, so that whatever is chosen by the order of a dictionary or a set shows.

    INDEX    the index's file
    ORDER    the seed of the order in which the trees list their files; 0 for the sorted one
    REPO     a git repository whose newest commits are the change instead
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from analyzers import catalogue, engine
from analyzers.change import BlobId, Change, Tree
from analyzers.git import Repository
from analyzers.index import Index
from bot.report import Report, json, lines_in, sarif
from bot.review import configuration, outcome
from tests.cases.runner import pages, read
from tests.trees import change

COMMITS = 12
"""How many of a repository are the change."""


class Shuffled:
    """A tree that lists its files in an order of its own."""

    def __init__(self, tree: Tree, order: int) -> None:
        paths = list(tree.entries)
        random.Random(order).shuffle(paths)
        self.name = tree.name
        self.entries: Mapping[str, BlobId] = {path: tree.entries[path] for path in paths}
        self._tree = tree

    def read(self, blob: BlobId) -> bytes | None:
        return self._tree.read(blob)

    def read_many(self, blobs: Iterable[BlobId]) -> Iterator[tuple[BlobId, bytes | None]]:
        return self._tree.read_many(blobs)


def everything() -> Change:
    """The programs of all pages side by side, before and after; a program without a change is added by it."""
    base: dict[str, str] = {}
    head: dict[str, str] = {}
    for page in pages():
        for number, case in enumerate(read(page)):
            folder = f"{page.stem}/program{number}"
            base |= {f"{folder}/{path}": text for path, text in (case.base or {}).items()}
            head |= {f"{folder}/{path}": text for path, text in case.head.items()}
    return change(base, head)


@contextlib.contextmanager
def newest(directory: Path) -> Iterator[Change]:
    """The newest commits of a repository as one change."""
    with Repository(directory) as repository:
        yield repository.change(repository.commit_tree(f"HEAD~{COMMITS}"), repository.commit_tree("HEAD"))


def main(index_file: str, order: int, directory: str = "") -> None:
    """Review and print."""
    with newest(Path(directory)) if directory else contextlib.nullcontext(everything()) as reviewed:
        if order:
            base, head = Shuffled(reviewed.base, order), Shuffled(reviewed.head, order)
            reviewed = msgspec.structs.replace(reviewed, base=base, head=head)
        rules = {rule.id: rule for rule in catalogue.load()}
        configurations = configuration.read(reviewed.base, rules)
        with Index.open(Path(index_file)) as index:
            found = engine.review(reviewed, index, configurations.options_for)
        sorted_out = outcome.judge(found, configurations.for_path)
        report = Report(sorted_out, rules, lines_in(reviewed.head, reviewed.base), everything=True)
        sys.stdout.write(json.render(report))
        sys.stdout.write(sarif.render(report))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:4])

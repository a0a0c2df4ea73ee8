"""
Reviews one large change and prints it as JSON and as SARIF: `python -m tests.contracts.reviewer INDEX ORDER`.

The change is every program of `tests/cases/`, each in a folder of its own. Most of their names (`shop.models`, `Order`)
are therefore there many times, so that whatever is chosen by the order of a dictionary or a set shows.

    INDEX    the index's file
    ORDER    the seed of the order in which the trees list their files; 0 for the sorted one
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from analyzers import catalogue, engine
from analyzers.change import BlobId, Change
from analyzers.index import Index
from bot.report import Report, json, lines_in, sarif
from bot.review import configuration, outcome
from tests.cases.runner import pages, read
from tests.trees import MemoryTree, change


class Shuffled(MemoryTree):
    """A tree that lists its files in an order of its own."""

    def __init__(self, tree: MemoryTree, order: int) -> None:
        super().__init__(tree.name, tree.files)
        paths = list(self.entries)
        random.Random(order).shuffle(paths)
        entries: Mapping[str, BlobId] = {path: self.entries[path] for path in paths}
        object.__setattr__(self, "entries", entries)


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


def main(index_file: str, order: int) -> None:
    """Review and print."""
    reviewed = everything()
    if order:
        trees = (Shuffled(tree, order) for tree in (reviewed.base, reviewed.head) if isinstance(tree, MemoryTree))
        base, head = trees
        reviewed = msgspec.structs.replace(reviewed, base=base, head=head)
    rules = {rule.id: rule for rule in catalogue.load()}
    configurations = configuration.read(reviewed.base, rules)
    with Index.open(Path(index_file)) as index:
        found = engine.review(reviewed, index, configurations.options_for)
    report = Report(
        outcome.judge(found, configurations.for_path), rules, lines_in(reviewed.head, reviewed.base), everything=True
    )
    sys.stdout.write(json.render(report))
    sys.stdout.write(sarif.render(report))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

"""
One small order service, written with Django and with Laravel, does the same: only places and texts differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from analyzers.effects.tree import Branch, Call, Count, Deferred, Effect, Leave, Loop, Query, Transaction
from analyzers.engine import effects
from analyzers.index import Index
from analyzers.languages import front_end_for
from analyzers.options import Options
from tests.trees import MemoryTree

FOLDER = Path(__file__).parent
ACTIONS = ("overview", "listing", "described", "totals", "close", "silent")

Told: TypeAlias = tuple[object, ...]


def told(sequence: tuple[Effect, ...]) -> Iterator[Told]:
    """What effects do, without where; a call is what its callee does."""
    for effect in sequence:
        match effect:
            case Query():
                yield ("write" if effect.write else "read", effect.how.value, effect.model, effect.relation)
            case Leave():
                yield ("leave", effect.kind)
            case Loop():
                yield ("loop", Count(effect.count).name, effect.reader, tuple(told(effect.body)))
            case Branch():
                yield ("either", *(tuple(told(way)) for way in effect.ways))
            case Transaction():
                yield ("transaction", tuple(told(effect.body)))
            case Deferred():
                yield ("deferred", tuple(told(effect.body)))
            case Call():
                yield from told(effect.body)


def actions(language: str) -> dict[str, tuple[Told, ...]]:
    """What each action of the service does, as it is written in one language."""
    root = FOLDER / language
    files = {
        path.relative_to(root).as_posix(): path.read_text("utf-8")
        for path in sorted(root.rglob("*.*"))
        if front_end_for(path.as_posix()) is not None
    }
    with Index.open(None) as index:
        entries = effects(MemoryTree(language, files), index, lambda path: Options())
        return {entry.root.function.name: tuple(told(entry.effects)) for entry in entries}


@pytest.fixture(scope="module")
def python() -> dict[str, tuple[Told, ...]]:
    return actions("python")


@pytest.fixture(scope="module")
def php() -> dict[str, tuple[Told, ...]]:
    return actions("php")


@pytest.mark.parametrize("action", ACTIONS)
def test_the_same_program_does_the_same(
    action: str, python: dict[str, tuple[Told, ...]], php: dict[str, tuple[Told, ...]]
) -> None:
    """The kinds, models, relations, loops and readers are the same in both languages, in the same order."""
    assert php[action] == python[action]
    assert php[action]

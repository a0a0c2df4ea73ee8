"""
No file found anywhere stops the engine: real ones of the standard library and of installed packages, and damaged ones.

The samples are drawn with a fixed seed, by path and within a budget of bytes, so that a failure comes again on the same
installation.
"""

from __future__ import annotations

import functools
import random
import re
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from analyzers import engine, ir
from analyzers.change import BlobId
from analyzers.effects.roots import EntryEffects
from analyzers.engine import review, scan
from analyzers.findings import Finding
from analyzers.index import Index
from analyzers.languages import front_end_for
from analyzers.languages.lowering import Job, Lowered, lower, outline
from analyzers.options import Options
from tests.cases.runner import FOLDER, pages, read
from tests.trees import MemoryTree, blob_id, change

SHARDS = 4
PER_SHARD = 40
"""Files; each is read once as it is and once damaged."""
BUDGET = 100_000
"""Bytes of a shard's files as they are."""
LARGEST = 20_000
"""Bytes; what is larger takes long and shows nothing that smaller files do not."""


@dataclass(frozen=True)
class BytesTree:
    """A tree of any bytes."""

    files: dict[str, bytes]
    name: str = "bytes"
    entries: dict[str, BlobId] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", {path: blob_id(text) for path, text in sorted(self.files.items())})

    def read(self, blob: BlobId) -> bytes | None:
        return next((text for text in self.files.values() if blob_id(text) == blob), None)

    def read_many(self, blobs: Iterable[BlobId]) -> Iterator[tuple[BlobId, bytes | None]]:
        texts = {blob_id(text): text for text in self.files.values()}
        return ((blob, texts.get(blob)) for blob in blobs)


@functools.cache
def installed() -> tuple[Path, ...]:
    """Every file of the standard library and of the installed packages that a front end reads, sorted."""
    folders = {sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")}
    found = {path for folder in folders for path in Path(folder).rglob("*.*") if front_end_for(path.as_posix())}
    return tuple(sorted(path for path in found if path.is_file() and path.stat().st_size <= LARGEST))


def sample(shard: int) -> dict[str, bytes]:
    """
    Some installed files by a path of a program; half of them are the rarer kinds.

    Their folders are named anew, `a/b/tests/c.py` becomes `p17/c.py`: what they hold is wanted, not what they are for.
    """
    chosen = random.Random(shard)
    files: dict[str, bytes] = {}
    left = BUDGET
    python = [path for path in installed() if path.suffix == ".py"]
    others = [path for path in installed() if path.suffix != ".py"]
    for kind in (python, others):
        for path in chosen.sample(kind, min(PER_SHARD // 2, len(kind))):
            text = path.read_bytes()
            if len(text) <= left:
                left -= len(text)
                files[f"p{len(files)}/templates/f{path.suffix}"] = text
    return files


def damaged(text: bytes, chance: random.Random) -> bytes:
    """The text with up to four ranges of bytes deleted, doubled, swapped with another, or overwritten."""
    for _ in range(chance.randint(1, 4)):
        first, second, third = sorted(chance.randrange(len(text) + 1) for _ in range(3))
        second = min(second, first + 400)
        third = max(second, min(third, second + 400))
        before, one, other, after = text[:first], text[first:second], text[second:third], text[third:]
        text = chance.choice(
            (
                before + other + after,
                before + one + one + other + after,
                before + other + one + after,
                before + chance.randbytes(len(one)) + other + after,
            )
        )
    return text


@pytest.mark.parametrize("damage", [False, True], ids=["as they are", "damaged"])
@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_file_stops_the_engine(shard: int, damage: bool) -> None:
    """Every file is lowered, comes back from what the index keeps as it was, and takes part in a scan."""
    files = sample(shard)
    assert len(files) >= PER_SHARD // 4
    if damage:
        chance = random.Random(f"damage {shard}")
        files = {path: damaged(text, chance) for path, text in files.items()}
    for path, text in files.items():
        kept_as_read(path, text)
    with Index.open(None) as index:
        outcome = scan(BytesTree(files), index, lambda path: Options())
    assert outcome.analysed_files + len(outcome.skipped) == len(files)
    assert all(item.reason == "it is binary" for item in outcome.skipped), outcome.skipped
    assert [sentence for sentence in outcome.failures if "steps" not in sentence] == []


def rewritten(text: bytes, chance: random.Random) -> bytes:
    """
    The text with up to five of its words and signs replaced by others, dropped or doubled: much of it still parses.
    """
    for _ in range(chance.randint(1, 5)):
        words = list(re.finditer(rb"\w+|[^\s\w]|\n *", text))
        if len(words) < 2:
            break
        one, other = chance.choice(words), chance.choice(words)
        written = chance.choice((other[0], b"", one[0] + chance.choice((b"", b" ")) + other[0]))
        text = text[: one.start()] + written + text[one.end() :]
    return text


@pytest.mark.parametrize("damage", [damaged, rewritten])
@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_no_damaged_program_stops_a_review(page: Path, damage: Callable[[bytes, random.Random], bytes]) -> None:
    """Each program of the cases, in all languages, is reviewed with a change that damages one of its files."""
    for case in read(page):
        chance = random.Random(f"{damage.__name__} {case.id}")
        path = chance.choice([path for path in sorted(case.head) if case.head[path]])
        text = damage(case.head[path].encode(), chance).decode(errors="replace")
        with Index.open(None) as index:
            outcome = review(change(case.head, {**case.head, path: text}), index, lambda path: Options())
        assert outcome.failures == (), case.id


def kept_as_read(path: str, text: bytes) -> None:
    """Lowering a file keeps a module and an outline that read back as they were written."""
    front_end = front_end_for(path)
    assert front_end is not None
    lowered = lower(Job(blob_id(text), front_end, text))
    assert isinstance(lowered, Lowered), (path, lowered)
    module = front_end.lower(text)
    assert msgspec.msgpack.decode(lowered.module, type=ir.Module) == module, path
    assert msgspec.msgpack.decode(lowered.outline, type=ir.Module) == outline(module), path


def test_the_sample_is_a_sample() -> None:
    """The samples hold several languages, and damage damages."""
    suffixes = {Path(path).suffix for shard in range(SHARDS) for path in sample(shard)}
    assert {".py", ".html"} <= suffixes
    texts = list(sample(0).values())
    assert sum(damaged(text, random.Random(1)) != text for text in texts) > len(texts) * 0.75


def test_values_that_hold_themselves_do_not_stop_the_engine() -> None:
    """A parent that holds its child, which holds its parent, and a list in itself are values like any other."""
    text = b"""
class Node:
    def __init__(self, other=None):
        self.other = other


def f(flag):
    parent = Node()
    child = Node(parent)
    parent.other = child
    if flag:
        child = Node(child)
        child.other.other = child
    pairs = []
    pairs.append((1, pairs))
    names = {}
    names["all"] = names
    if flag:
        pairs, names = [pairs], {"all": names}
    return child, pairs, names
"""
    with Index.open(None) as index:
        assert scan(BytesTree({"a.py": text}), index, lambda path: Options()).failures == ()


@pytest.mark.parametrize(
    "text", [b"db = db()", b"db = other\nother = db", b"db = other()\nother = db()", b"db = db[0]"]
)
def test_a_name_that_names_itself_does_not_stop_the_engine(text: bytes) -> None:
    """A variable that leads back to itself is no class."""
    program = text + b"\n\n\nclass Order(db.Model, db):\n    pass\n"
    with Index.open(None) as index:
        assert scan(BytesTree({"a.py": program}), index, lambda path: Options()).failures == ()


def test_a_check_that_fails_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a check could not look at is told, and all other checks report."""

    def check(entry: EntryEffects) -> Iterator[Finding]:
        raise ValueError("no reason")

    monkeypatch.setattr(engine, "CHECKS", (check, *engine.CHECKS))
    case = next(case for case in read(FOLDER / "django-query-in-loop.md") if case.announcements and case.base is None)
    with Index.open(None) as index:
        outcome = scan(MemoryTree("head", case.head), index, lambda path: Options())
    assert {finding.rule for finding in outcome.standing} == {found.rule for found in case.announcements}
    assert all(sentence.startswith("`test-robustness` was not checked in `") for sentence in outcome.failures)
    assert all(sentence.endswith(": ValueError: no reason") for sentence in outcome.failures)
    assert outcome.failures


def test_a_local_class_does_not_stop_the_engine() -> None:
    """A class that is defined and made inside a function is evaluated; the standard library has many."""
    text = b"def f():\n    class Key:\n        def __init__(self, x):\n            self.x = x\n    return Key(1)\n"
    with Index.open(None) as index:
        assert scan(BytesTree({"a.py": text}), index, lambda path: Options()).failures == ()

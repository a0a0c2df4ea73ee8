"""
What is kept, what is refused, and what becomes of a damaged file; with a front end of one line per statement.
"""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha1
from pathlib import Path

import pytest

from analyzers.change import BlobId
from analyzers.errors import IndexUnavailable
from analyzers.findings import Skipped
from analyzers.index import FEW, Index
from analyzers.languages import lowering, processes
from tests.analyzers.line_front_end import LINES, front_end_for, lower

CLEAN = 'def total: amount\nclass Order: "customer__name größe"\n'


class MemoryTree:
    """A tree in memory that counts what is read from it."""

    def __init__(self, files: Mapping[str, str | bytes], absent: tuple[str, ...] = ()) -> None:
        contents = {path: text.encode() if isinstance(text, str) else text for path, text in sorted(files.items())}
        self.name = "memory"
        self.entries = {path: sha1(text).hexdigest() for path, text in contents.items()}
        self._contents = {self.entries[path]: text for path, text in contents.items() if path not in absent}
        self.reads: list[BlobId] = []

    def read(self, blob: BlobId) -> bytes | None:
        """One blob."""
        self.reads.append(blob)
        return self._contents.get(blob)

    def read_many(self, blobs: Iterable[BlobId]) -> Iterator[tuple[BlobId, bytes | None]]:
        """Several blobs."""
        for blob in blobs:
            yield blob, self.read(blob)


def open_index(path: Path | None, limit: int = 1 << 30) -> Index:
    """An index of files in the language of lines."""
    return Index(path, front_end_for, limit)


def many(count: int) -> dict[str, str | bytes]:
    """Different files, none of them broken."""
    return {f"{number:04}.lines": f"def function_{number}: word_{number % 7}\n" for number in range(count)}


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_a_snapshot_holds_what_was_lowered(tmp_path: Path) -> None:
    """Modules are whole, outlines have no bodies, files without a front end are no part of it."""
    tree = MemoryTree({"b.lines": CLEAN, "a.lines": "def f: x\n???\n", "c.txt": "text"})
    with open_index(tmp_path / "ir.sqlite") as index:
        assert index.prepare(tree, tree.entries) == []
        snapshot = index.snapshot(tree.entries)
        assert snapshot.paths == ("a.lines", "b.lines")
        assert snapshot.module("b.lines") == lower(CLEAN.encode())
        outline = snapshot.outline("b.lines")
        assert outline == lowering.outline(lower(CLEAN.encode()))
        assert [function.body for function in (*outline.functions, *outline.classes[0].methods)] == [(), ()]
        assert outline.classes[0].fields == snapshot.module("b.lines").classes[0].fields
        assert [snapshot.diagnostics(path) for path in snapshot.paths] == [1, 0]


def test_a_blob_is_lowered_once(tmp_path: Path) -> None:
    """Neither a second review, nor a second path, nor a second index on the same file reads it again."""
    tree = MemoryTree({"a.lines": CLEAN, "copy.lines": CLEAN})
    with open_index(tmp_path / "ir.sqlite") as index:
        index.prepare(tree, tree.entries)
        index.prepare(tree, tree.entries)
        assert index.snapshot(tree.entries).module("a.lines") is index.snapshot(tree.entries).module("copy.lines")
    with open_index(tmp_path / "ir.sqlite") as index:
        index.prepare(tree, tree.entries)
        assert index.snapshot(tree.entries).paths == ("a.lines", "copy.lines")
    assert tree.reads == [tree.entries["a.lines"]]


def test_a_new_version_of_a_front_end_lowers_again(tmp_path: Path) -> None:
    """The older IR is not taken for the newer."""
    newer = type(LINES)("lines", 2, LINES.module)
    tree = MemoryTree({"a.lines": CLEAN})
    with open_index(tmp_path / "ir.sqlite") as index:
        index.prepare(tree, tree.entries)
    with Index(tmp_path / "ir.sqlite", lambda _: newer) as index:
        assert index.snapshot(tree.entries).paths == ()
        index.prepare(tree, tree.entries)
        assert index.snapshot(tree.entries).paths == ("a.lines",)
    assert len(tree.reads) == 2


def test_files_are_found_by_all_the_words_they_mention(tmp_path: Path) -> None:
    """Whole words, parts of look-ups, and words that are not ASCII."""
    tree = MemoryTree({"a.lines": CLEAN, "b.lines": "def total: amounts\n", "c.lines": "def size: größte\n"})
    with open_index(None) as index:
        index.prepare(tree, tree.entries)
        snapshot = index.snapshot(tree.entries)
        answers = {
            ("total",): ["a.lines", "b.lines"],
            ("amount",): ["a.lines"],
            ("total", "amounts"): ["b.lines"],
            ("total", "größe"): ["a.lines"],
            ("customer__name",): ["a.lines"],
            ("customer", "name"): ["a.lines"],
            ("tota",): [],
            (): ["a.lines", "b.lines", "c.lines"],
        }
        assert {words: snapshot.mentioning(words) for words in answers} == answers


def test_files_with_a_header_are_told_apart() -> None:
    """They are lowered all the same: whoever asks decides."""
    tree = MemoryTree({"a.lines": "# @generated\ndef f: x\n", "b.lines": "def f: x\n"})
    with open_index(None) as index:
        index.prepare(tree, tree.entries)
        assert index.snapshot(tree.entries).paths == ("a.lines", "b.lines")
        assert index.snapshot(tree.entries).generated == ("a.lines",)


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("others", [0, FEW])
def test_files_that_cannot_be_lowered_are_named(tmp_path: Path, others: int) -> None:
    """With their reasons, in this process or in others, in this review and in the next; the rest is lowered."""
    broken: dict[str, str | bytes] = {
        "absent.lines": "def f: absent\n",
        "binary.lines": b"def f: x\0",
        "huge.lines": b"#" * 1_000_001,
        "raises.lines": "raise\n",
        "undecodable.lines": b"\xff",
    }
    tree = MemoryTree({**broken, **many(others)}, absent=("absent.lines",))
    decoding = "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
    expected = [
        Skipped("absent.lines", "its content is not at hand (a partial clone, a file that changed, or over 32 MB)"),
        Skipped("binary.lines", "it is binary"),
        Skipped("huge.lines", "it is larger than 1 MB"),
        Skipped("raises.lines", "its lowering failed: ValueError: this line raises"),
        Skipped("undecodable.lines", f"its lowering failed: UnicodeDecodeError: {decoding}"),
    ]
    for _ in range(2):
        with open_index(tmp_path / "ir.sqlite") as index:
            assert index.prepare(tree, tree.entries) == expected
            assert index.snapshot(tree.entries).paths == tuple(sorted(many(others)))
    assert tree.reads.count(tree.entries["huge.lines"]) == 1
    assert tree.reads.count(tree.entries["absent.lines"]) == 2


def test_a_file_that_crashes_its_process_is_named_and_never_tried_again(tmp_path: Path) -> None:
    """Above all not in this process, where few files are lowered."""
    tree = MemoryTree({**many(FEW), "crash.lines": "crash\n", "other.lines": "def f: x\ncrash\n"})
    for _ in range(2):
        with open_index(tmp_path / "ir.sqlite") as index:
            assert index.prepare(tree, tree.entries) == [
                Skipped("crash.lines", "the process that read it crashed"),
                Skipped("other.lines", "the process that read it crashed"),
            ]
            assert index.snapshot(tree.entries).paths == tuple(many(FEW))
    assert tree.reads.count(tree.entries["crash.lines"]) == 1


def test_processes_and_this_process_keep_the_same(tmp_path: Path) -> None:
    """Whatever the order in which the processes answer."""
    tree = MemoryTree(many(3 * FEW))
    told: list[tuple[str, int, int]] = []
    with open_index(tmp_path / "a.sqlite") as one, open_index(tmp_path / "b.sqlite") as other:
        one.prepare(tree, tree.entries, lambda *progress: told.append(progress))
        for path in reversed(tree.entries):
            other.prepare(tree, [path])
        assert rows(tmp_path / "a.sqlite") == rows(tmp_path / "b.sqlite")
    assert told == [("indexing", done, 3 * FEW) for done in range(1, 3 * FEW + 1)]


def rows(path: Path) -> list[tuple[object, ...]]:
    """What a file keeps, without ids and ages."""
    query = "SELECT blob, front_end, refused, diagnostics, words, outline, module FROM entry JOIN content USING (id)"
    connection = sqlite3.connect(path)
    try:
        return sorted(connection.execute(query))
    finally:
        connection.close()


def test_without_processes_everything_is_lowered_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some platforms have none."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no semaphores")

    monkeypatch.setattr(processes, "ProcessPoolExecutor", refuse)
    tree = MemoryTree(many(2 * FEW))
    with open_index(None) as index:
        assert index.prepare(tree, tree.entries) == []
        assert index.snapshot(tree.entries).paths == tuple(tree.entries)


# --- the file ---------------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_index_is_set_aside(tmp_path: Path) -> None:
    """Text, a cut file and another program's database; what was there is kept beside it."""
    path = tmp_path / "ir.sqlite"
    tree = MemoryTree({"a.lines": CLEAN})
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE entry (id)")
    other.close()
    for damage in (b"no database" * 1000, (tmp_path / "other.sqlite").read_bytes()):
        path.write_bytes(damage)
        with open_index(path) as index:
            assert index.prepare(tree, tree.entries) == []
            assert index.snapshot(tree.entries).paths == ("a.lines",)
        assert (tmp_path / "ir.sqlite.damaged").read_bytes() == damage


def test_damage_inside_the_file_is_repaired_by_the_next_review(tmp_path: Path) -> None:
    """Pages of zeros anywhere behind the first: at worst one review asks to be run again."""
    path = tmp_path / "ir.sqlite"
    tree = MemoryTree(many(FEW - 1))
    with open_index(path) as index:
        index.prepare(tree, tree.entries)
    sound = path.read_bytes()
    for page in range(1, len(sound) // 4096):
        path.write_bytes(sound[: page * 4096] + b"\xa5" * 4096 + sound[(page + 1) * 4096 :])
        review_until_sound(path, tree)


def review_until_sound(path: Path, tree: MemoryTree) -> None:
    """Review, and once more when told to; the second time must succeed, and whatever is read must be right."""
    try:
        review(path, tree)
    except IndexUnavailable as exc:
        told = str(exc)
    else:
        return
    assert "run again" in told
    review(path, tree)


def review(path: Path, tree: MemoryTree) -> None:
    """Read all that is kept."""
    with open_index(path) as index:
        assert index.prepare(tree, tree.entries) == []
        snapshot = index.snapshot(tree.entries)
        assert snapshot.paths == tuple(tree.entries)
        assert snapshot.mentioning(["def"]) == list(tree.entries)
        for file in snapshot.paths:
            assert snapshot.module(file) == lower(tree.read(tree.entries[file]) or b"")
            assert snapshot.outline(file) == lowering.outline(snapshot.module(file))


def test_a_place_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    """It is the operator's to choose another."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(IndexUnavailable, match=r"ir\.sqlite cannot be used"):
        open_index(tmp_path / "file" / "ir.sqlite")


def test_what_was_used_least_recently_goes_first(tmp_path: Path) -> None:
    """A closed index is within its limit, and keeps what the latest reviews needed."""
    path = tmp_path / "ir.sqlite"
    old, new = MemoryTree({"old.lines": "def old: x\n"}), MemoryTree({"new.lines": "def new: x\n"})
    with open_index(path) as index:
        index.prepare(old, old.entries)
    (size,) = sqlite_value(path, "SELECT size FROM entry")
    with open_index(path) as index:
        index.prepare(new, new.entries)
        for _ in range(20):
            index.prepare(old, old.entries)
    with open_index(path, limit=size + 1) as index:
        index.prune()
        assert index.snapshot({**old.entries, **new.entries}).paths == ("old.lines",)
    assert sqlite_value(path, "SELECT count(*) FROM content") == (1,)


def sqlite_value(path: Path, query: str) -> tuple[int, ...]:
    """The first row of an answer."""
    connection = sqlite3.connect(path)
    try:
        row: tuple[int, ...] = connection.execute(query).fetchone()
        return row
    finally:
        connection.close()


def test_an_entry_that_another_process_removed_asks_to_run_again(tmp_path: Path) -> None:
    """Instead of an empty module."""
    tree = MemoryTree({"a.lines": CLEAN})
    with open_index(tmp_path / "ir.sqlite") as index:
        index.prepare(tree, tree.entries)
        snapshot = index.snapshot(tree.entries)
        with open_index(tmp_path / "ir.sqlite", limit=0) as other:
            other.prune()
        for ask in (snapshot.module, snapshot.outline):
            with pytest.raises(IndexUnavailable, match="run again"):
                ask("a.lines")
        with pytest.raises(IndexUnavailable, match="run again"):
            snapshot.mentioning(["total"])
        assert index.prepare(tree, tree.entries) == []
        assert index.snapshot(tree.entries).module("a.lines") == lower(CLEAN.encode())


def prepare_in_a_process(path: Path, first: int) -> None:
    """Fill an index with files of which others fill some too."""
    tree = MemoryTree(dict(list(many(60).items())[first : first + 30]))
    for file in tree.entries:
        with open_index(path) as index:
            assert index.prepare(tree, [file]) == []


def test_several_processes_share_one_file(tmp_path: Path) -> None:
    """Opened, made and filled at the same time."""
    path = tmp_path / "ir.sqlite"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=prepare_in_a_process, args=(path, first)) for first in (0, 15, 30)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert sqlite_value(path, "SELECT count(*) FROM content") == (60,)
    assert not path.with_name("ir.sqlite.damaged").exists()

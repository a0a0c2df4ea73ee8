"""
What is kept of blobs, and the view of it that one tree has.
"""

from __future__ import annotations

import functools
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from analyzers import ir, languages, paths
from analyzers.change import BlobId, Tree
from analyzers.errors import IndexUnavailable
from analyzers.findings import Skipped
from analyzers.index.database import LISTED, is_damaged, open_file, set_aside, transaction
from analyzers.languages import FrontEnd, lowering
from analyzers.options import Progress

LIMIT = 1 << 30
"""Bytes of kept IR. Beyond it, what was used least recently goes."""
MAX_TEXT = 1_000_000
"""Bytes; a larger file is data or generated, and a single one could cost more than the rest of the review."""
FEW = 40
"""Files; fewer than this are lowered here, in less time than processes take to start."""

COARSE = 16
"""Reviews; an entry's `used` is renewed when it is this old, so that a review seldom writes."""
_ROWS = 256
"""Rows written or removed in one transaction."""
_COMPRESSION = 1
"""Of modules only: a third of the bytes for a quarter more time to read one. Outlines are read by the thousand."""

_Key = tuple[BlobId, str]
"""A blob and the key of the front end that reads it."""


class _Entry(msgspec.Struct, frozen=True, gc=False):
    """What is known of a blob without reading its content."""

    id: int
    used: int
    refused: str | None
    diagnostics: int
    generated: bool


@functools.cache
def _decoder() -> msgspec.msgpack.Decoder[ir.Module]:
    return msgspec.msgpack.Decoder(ir.Module)


class Index:
    """The kept IR. One thread at a time may use it; it is a context manager."""

    def __init__(
        self,
        path: Path | None,
        front_end_for: Callable[[str], FrontEnd | None] = languages.front_end_for,
        limit: int = LIMIT,
    ) -> None:
        self._path = path
        self._front_end_for = front_end_for
        self._limit = limit
        self._known: dict[_Key, _Entry] = {}
        self._sayers: dict[bytes, list[int]] = {}
        self._indexed: set[int] = set()
        self._outlines: dict[int, ir.Module] = {}
        self._modules: dict[int, ir.Module] = {}
        self._grown = False
        with self._speaking():
            self._connection = open_file(path)

    @classmethod
    def open(cls, path: Path | None, *, limit: int = LIMIT) -> Index:
        """
        Open an index.

        Args:
            path: Its file, made when missing; None for one that lives as long as the object.
            limit: Bytes of kept IR that a closed index may hold.

        Raises:
            IndexUnavailable: When the file cannot be made or opened.
        """
        return cls(path, limit=limit)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Bring a grown index back to its limit and close the file."""
        try:
            if self._grown and self._path is not None:
                self.prune()
        finally:
            self._connection.close()

    def prepare(self, tree: Tree, wanted: Iterable[str], progress: Progress | None = None) -> list[Skipped]:
        """
        Lower what is missing, so that a snapshot of these files is complete.

        Args:
            tree: Where the files are.
            wanted: Their paths; those that no front end reads are passed over.
            progress: Told "indexing", how many files are done and how many were missing.

        Returns:
            The files that have no IR, and why, sorted by path.
        """
        files = self._keys({path: tree.entries[path] for path in wanted})
        with self._speaking():
            try:
                failed = self._lower_missing(tree, files, progress)
            except sqlite3.DatabaseError as exc:
                if not is_damaged(exc):
                    raise
                self._make_anew()
                failed = self._lower_missing(tree, files, progress)
        skipped = []
        for path, (key, _) in files.items():
            entry = self._known.get(key)
            reason = entry.refused if entry is not None else failed[key]
            if reason is not None:
                skipped.append(Skipped(path, reason))
        return sorted(skipped, key=lambda one: one.path)

    def snapshot(self, entries: Mapping[str, BlobId]) -> Snapshot:
        """Return the kept IR of files by path. Snapshots of one index share what they have read."""
        keys = {path: key for path, (key, _) in self._keys(entries).items()}
        with self._speaking():
            self._look_up(keys.values())
        kept = {path: self._known[key] for path, key in sorted(keys.items()) if key in self._known}
        return Snapshot(self, {path: entry for path, entry in kept.items() if entry.refused is None})

    def prune(self) -> None:
        """Remove what was used least recently, until the rest is within the limit."""
        with self._speaking():
            (total,) = self._connection.execute("SELECT coalesce(sum(size), 0) FROM entry").fetchone()
            while total > self._limit:
                with transaction(self._connection):
                    oldest = self._connection.execute(
                        "SELECT id, size FROM entry ORDER BY used, id LIMIT ?", (_ROWS,)
                    ).fetchall()
                    gone: list[int] = []
                    for number, size in oldest:
                        if total <= self._limit:
                            break
                        gone.append(number)
                        total -= size
                    for table in ("content", "entry"):
                        self._connection.execute(f"DELETE FROM {table} WHERE id IN {LISTED}", (json.dumps(gone),))
            self._connection.execute("PRAGMA incremental_vacuum").fetchall()
        self._known.clear()

    # --- lowering -----------------------------------------------------------------------------------------------------

    def _keys(self, entries: Mapping[str, BlobId]) -> dict[str, tuple[_Key, FrontEnd]]:
        found = {}
        for path, blob in entries.items():
            front_end = self._front_end_for(path)
            if front_end is not None:
                found[path] = ((blob, front_end.key), front_end)
        return found

    def _lower_missing(
        self, tree: Tree, files: Mapping[str, tuple[_Key, FrontEnd]], progress: Progress | None
    ) -> dict[_Key, str]:
        """Lower and keep what is missing; return why some of it could not be, unless that is kept as well."""
        self._look_up(key for key, _ in files.values())
        now = self._touch(self._known[key].id for key, _ in files.values() if key in self._known)
        missing = {key: front_end for key, front_end in files.values() if key not in self._known}
        failed: dict[_Key, str] = {}
        if not missing:
            return failed
        self._grown = True
        rows: list[_Row] = []
        for done, outcome in enumerate(self._outcomes(tree, missing), start=1):
            if isinstance(outcome, _Row):
                rows.append(outcome)
            else:
                failed[outcome.blob, outcome.key] = outcome.reason
            if len(rows) == _ROWS or done == len(missing):
                self._insert(rows, now)
                rows.clear()
            if progress is not None:
                progress("indexing", done, len(missing))
        self._look_up(missing)
        return failed

    def _outcomes(self, tree: Tree, missing: Mapping[_Key, FrontEnd]) -> Iterator[_Row | lowering.Failed]:
        """Read and lower; yield one outcome for each missing key, in any order."""
        front_ends: dict[BlobId, list[FrontEnd]] = {}
        for (blob, _), front_end in missing.items():
            front_ends.setdefault(blob, []).append(front_end)
        without_ir: list[_Row | lowering.Failed] = []
        generated: set[BlobId] = set()

        def jobs() -> Iterator[lowering.Job]:
            for blob, text in tree.read_many(front_ends):
                if text is not None and paths.generated(text[: paths.HEAD]):
                    generated.add(blob)
                for front_end in front_ends[blob]:
                    if text is None:
                        reason = "its content is not at hand (a partial clone, a file that changed, or over 32 MB)"
                        without_ir.append(lowering.Failed(blob, front_end.key, reason))
                    elif len(text) > MAX_TEXT:
                        without_ir.append(_Row(blob, front_end.key, refused="it is larger than 1 MB"))
                    elif b"\0" in text[:8192]:
                        without_ir.append(_Row(blob, front_end.key, refused="it is binary"))
                    else:
                        yield lowering.Job(blob, front_end, text)

        if len(missing) < FEW:
            lower = lowering.lower_here
        else:
            # A warm review does without these 20 ms of import.
            from analyzers.languages.processes import lower_on_all_cores as lower
        for outcomes in lower(jobs()):
            for outcome in outcomes:
                if isinstance(outcome, lowering.Lowered):
                    yield _Row(outcome.blob, outcome.key, lowered=outcome, generated=outcome.blob in generated)
                elif outcome.crashed:
                    yield _Row(outcome.blob, outcome.key, refused=outcome.reason)
                else:
                    yield outcome
        yield from without_ir

    # --- tables -------------------------------------------------------------------------------------------------------

    def _look_up(self, keys: Iterable[_Key]) -> None:
        """Learn which of these keys are kept."""
        unknown = sorted({blob for blob, front_end in keys if (blob, front_end) not in self._known})
        if unknown:
            columns = "blob, front_end, id, used, refused, diagnostics, generated"
            rows = self._connection.execute(
                f"SELECT {columns} FROM entry WHERE blob IN {LISTED}", (json.dumps(unknown),)
            )
            for blob, front_end, number, used, refused, diagnostics, generated in rows:
                self._known[blob, front_end] = _Entry(number, used, refused, diagnostics, bool(generated))

    def _touch(self, ids: Iterable[int]) -> int:
        """Count a review, renew the age of what it needs, and return the count."""
        with transaction(self._connection):
            (now,) = self._connection.execute("UPDATE clock SET reviews = reviews + 1 RETURNING reviews").fetchone()
            self._connection.execute(
                f"UPDATE entry SET used = ? WHERE used <= ? AND id IN {LISTED}",
                (now, now - COARSE, json.dumps(list(ids))),
            )
        return int(now)

    def _insert(self, rows: list[_Row], now: int) -> None:
        with transaction(self._connection):
            for row in rows:
                content = (b"", b"", b"")
                if row.lowered is not None:
                    content = (row.lowered.words, row.lowered.outline, zlib.compress(row.lowered.module, _COMPRESSION))
                size = sum(map(len, content))
                diagnostics = row.lowered.diagnostics if row.lowered is not None else 0
                # Another process may have kept the same in the meantime; its row is as good.
                added = self._connection.execute(
                    "INSERT INTO entry (blob, front_end, used, size, refused, diagnostics, generated) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
                    (row.blob, row.key, now, size, row.refused, diagnostics, row.generated),
                ).fetchone()
                if added is not None and row.lowered is not None:
                    self._connection.execute("INSERT INTO content VALUES (?, ?, ?, ?)", (*added, *content))

    def _make_anew(self) -> None:
        """Set a damaged file aside and begin with an empty one."""
        self._connection.close()
        self._known.clear()
        self._sayers.clear()
        self._indexed.clear()
        self._outlines.clear()
        self._modules.clear()
        if self._path is not None:
            set_aside(self._path)
        self._connection = open_file(self._path)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn an error of the database into a sentence."""
        try:
            yield
        except (sqlite3.Error, OSError) as exc:
            place = self._path or "a temporary place"
            raise IndexUnavailable(f"The index at {place} cannot be used: {exc}.") from exc

    # --- for snapshots ------------------------------------------------------------------------------------------------

    def load_words(self, ids: Iterable[int]) -> Mapping[bytes, Sequence[int]]:
        """The entries that say a word, by word; of these entries and of others that were asked for before."""
        unknown = set(ids) - self._indexed
        if unknown:
            with self._reading():
                query = f"SELECT id, words FROM content WHERE id IN {LISTED}"
                rows = self._connection.execute(query, (json.dumps(sorted(unknown)),)).fetchall()
                if len(rows) < len(unknown):
                    raise self._lost()
            for number, words in rows:
                for word in words.split():
                    self._sayers.setdefault(word, []).append(number)
            self._indexed |= unknown
        return self._sayers

    def load_outline(self, number: int) -> ir.Module:
        """The outline of an entry."""
        if number not in self._outlines:
            with self._reading():
                self._outlines[number] = _decoder().decode(self._column("outline", number))
        return self._outlines[number]

    def load_module(self, number: int) -> ir.Module:
        """The module of an entry."""
        if number not in self._modules:
            with self._reading():
                self._modules[number] = _decoder().decode(zlib.decompress(self._column("module", number)))
        return self._modules[number]

    def _column(self, name: str, number: int) -> bytes:
        row = self._connection.execute(f"SELECT {name} FROM content WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise self._lost()
        content: bytes = row[0]
        return content

    def _lost(self) -> IndexUnavailable:
        self._known.clear()
        return IndexUnavailable("Another process removed from the index what this review needs: run again.")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """On damage set the file aside, so that the next review finds a sound one."""
        try:
            with self._speaking():
                yield
        except (IndexUnavailable, msgspec.DecodeError, zlib.error) as exc:
            if isinstance(exc, IndexUnavailable) and not is_damaged(exc.__cause__):
                raise
            self._make_anew()
            raise IndexUnavailable(f"The index at {self._path} was damaged and has been set aside: run again.") from exc


class _Row(msgspec.Struct, frozen=True):
    """What is to be kept of a blob: its IR, or the reason why it has none."""

    blob: BlobId
    key: str
    lowered: lowering.Lowered | None = None
    refused: str | None = None
    generated: bool = False


class Snapshot:
    """The kept IR of one tree's files. It reads on demand and remembers."""

    def __init__(self, index: Index, entries: Mapping[str, _Entry]) -> None:
        self._index = index
        self._entries = entries
        self._mentions: dict[frozenset[bytes], list[str]] = {}
        self._sayers: Mapping[bytes, Sequence[int]] | None = None
        self._paths_of: dict[int, list[str]] = {}
        self.paths: tuple[str, ...] = tuple(entries)
        """The files that have IR, sorted."""

    @property
    def generated(self) -> tuple[str, ...]:
        """Files whose header says that a program wrote them, sorted."""
        return tuple(path for path, entry in self._entries.items() if entry.generated)

    def diagnostics(self, path: str) -> int:
        """How many parts of a file could not be parsed."""
        return self._entries[path].diagnostics

    def outline(self, path: str) -> ir.Module:
        """A file's module without the bodies of its functions."""
        return self._index.load_outline(self._entries[path].id)

    def module(self, path: str) -> ir.Module:
        """A file's whole module."""
        return self._index.load_module(self._entries[path].id)

    def mentioning(self, words: Iterable[str]) -> list[str]:
        """The files whose text says all of the words, sorted; for words that are not ASCII, those that may say them."""
        wanted = frozenset(part for word in words for part in lowering.parts(word))
        if wanted not in self._mentions:
            self._mentions[wanted] = self._find(wanted)
        return list(self._mentions[wanted])

    def _find(self, wanted: frozenset[bytes]) -> list[str]:
        if not wanted:
            return list(self.paths)
        if self._sayers is None:
            self._sayers = self._index.load_words(entry.id for entry in self._entries.values())
            for path, entry in self._entries.items():
                self._paths_of.setdefault(entry.id, []).append(path)
        rarest, *others = sorted((self._sayers.get(word, ()) for word in wanted), key=len)
        found = set(rarest).intersection(*others)
        return sorted(path for number in found for path in self._paths_of.get(number, ()))

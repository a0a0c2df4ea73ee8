"""
The SQLite file of the index: made when missing, set aside when damaged or of another version.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_APPLICATION = 0x43533031
"""Marks our files, "CS01": the digits are the version of the tables."""
_TABLES = """
CREATE TABLE clock (reviews INTEGER NOT NULL);
INSERT INTO clock VALUES (0);
CREATE TABLE entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: another process may still know it
    blob TEXT NOT NULL,
    front_end TEXT NOT NULL,
    used INTEGER NOT NULL,        -- clock.reviews when it was last needed, give or take COARSE
    size INTEGER NOT NULL,        -- bytes in `content`
    refused TEXT,                 -- why there is no content
    diagnostics INTEGER NOT NULL, -- how many parts could not be parsed
    generated INTEGER NOT NULL,   -- whether its header says that a program wrote it
    UNIQUE (blob, front_end)
);
CREATE INDEX entry_used ON entry (used, id);
CREATE TABLE content (id INTEGER PRIMARY KEY, words BLOB NOT NULL, outline BLOB NOT NULL, module BLOB NOT NULL);
"""

LISTED = "(SELECT value FROM json_each(?))"
"""The values of a list that is given as JSON."""


class _Foreign(sqlite3.DatabaseError):
    """A database, but none of ours or of another version."""


def open_file(path: Path | None) -> sqlite3.Connection:
    """Open a file, or a private one that SQLite removes; what is there and unusable is set aside."""
    if path is None:
        return _connect("")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _connect(path)
    except sqlite3.DatabaseError as exc:
        if not is_damaged(exc):
            raise
        set_aside(path)
        return _connect(path)


def _connect(path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        if _is_new(connection):
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            with transaction(connection):
                if _is_new(connection):  # Another process may have made it since.
                    _make_tables(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _is_new(connection: sqlite3.Connection) -> bool:
    """Whether a file has no tables yet; one with the tables of another program or version is refused."""
    if _pragma(connection, "schema_version") == 0:
        return True
    if _pragma(connection, "application_id") != _APPLICATION:
        raise _Foreign("it is of another program or version")
    return False


def _make_tables(connection: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";\n"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")


def _pragma(connection: sqlite3.Connection, name: str) -> Any:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """What happens inside is kept as a whole, or not at all; no other process writes meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.execute("COMMIT")


def is_damaged(exc: BaseException | None) -> bool:
    """Whether an error says that the file is unusable, rather than busy, full or out of reach."""
    if isinstance(exc, _Foreign):
        return True
    # https://www.sqlite.org/rescode.html: the low byte is the primary code.
    code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def set_aside(path: Path) -> None:
    """Rename a file to `<name>.damaged`, over an older one, and remove what belongs to it."""
    path.replace(path.with_name(f"{path.name}.damaged"))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)

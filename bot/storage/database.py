"""
One database behind its URL: connections, transactions that are tried again, and the tables brought up to date.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

import sqlalchemy
from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
    TimeoutError,  # noqa: A004  # no connection of the pool is free
)

from bot.errors import StorageAway, StorageError

ATTEMPTS = 8
"""How often a transaction is tried that the database asks to try again."""
PATIENCE = dt.timedelta(seconds=30)
"""How long a writer waits for the others of an SQLite file."""
T = TypeVar("T")
Insert: TypeAlias = postgresql.Insert | sqlite.Insert

_AGAIN = frozenset({"40001", "40P01", "55P03", "23505"})
"""PostgreSQL's codes for: serialization failure, deadlock, lock not available, and a row that another added first."""


def utc_now() -> dt.datetime:
    """The clock of this host."""
    return dt.datetime.now(dt.UTC)


class Database:
    """Connections to one database, and the clock that its rows are dated by."""

    def __init__(self, url: str, clock: Callable[[], dt.datetime] = utc_now) -> None:
        """
        Args:
            url: `sqlite:///FILE` or `postgresql://…`.
            clock: Tells the time in UTC.

        Raises:
            StorageError: When the URL names no database of these two kinds.
        """
        self.engine = _engine(url)
        self.now = clock
        # SQLite lets writers poll for their turn, with pauses of up to 100 ms; in one process they take turns instead.
        self._turn = threading.Lock() if self.engine.dialect.name == "sqlite" else contextlib.nullcontext()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """
        One transaction that only reads.

        Raises:
            StorageError: When the database cannot be used.
        """
        try:
            with self.engine.connect() as connection, connection.begin():
                yield connection
        except SQLAlchemyError as exc:
            raise _failure(exc) from exc

    def write(self, work: Callable[[Connection], T]) -> T:
        """
        Run `work` in one transaction; all of it happened, or nothing.

        Args:
            work: May run more than once, so it does nothing but use its connection.

        Raises:
            StorageError: When the database cannot be used.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._turn, self.engine.connect() as connection:
                    connection = connection.execution_options(countersign_writes=True)
                    with connection.begin():
                        return work(connection)
            except SQLAlchemyError as exc:
                if attempt == ATTEMPTS or not _try_again(exc):
                    raise _failure(exc) from exc
                time.sleep(random.uniform(0, 0.02 * 2**attempt))  # spreads writers out, guards nothing
        raise AssertionError("the last attempt returns or raises")

    def its_time(self) -> dt.datetime:
        """The clock of the database's host, UTC."""
        with self.reading() as connection:
            if connection.dialect.name == "sqlite":
                return self.now()  # it is this host
            told: dt.datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
            return told

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def engine_of_workflows(url: str) -> Engine | None:
    """
    An engine for DBOS, which keeps its tables in the same database; None where its own will do.

    In an SQLite file its commits do not wait for the disk, and ours do. Both stand in one log, so that a power cut
    takes the end of the history: what was worked on after the last delivery or decision, and is worked on again.
    """
    parsed = _parsed(url)
    if parsed.drivername != "sqlite":
        return None
    engine = sqlalchemy.create_engine(
        parsed, connect_args={"timeout": PATIENCE.total_seconds(), "isolation_level": "IMMEDIATE"}, pool_size=20
    )
    event.listen(engine, "connect", _prepare_for_workflows)
    return engine


class Room:
    """A part of the store: the tables of one thing."""

    def __init__(self, database: Database) -> None:
        self.database = database


P = ParamSpec("P")
R = TypeVar("R", bound=Room)


def writes(method: Callable[Concatenate[R, Connection, P], T]) -> Callable[Concatenate[R, P], T]:
    """Make a method run in a transaction of its own, which is handed to it and tried again when the database asks."""

    def run(self: R, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.database.write(lambda connection: method(self, connection, *args, **kwargs))

    functools.update_wrapper(run, method)
    return run


def reads(method: Callable[Concatenate[R, Connection, P], T]) -> Callable[Concatenate[R, P], T]:
    """Make a method run in a transaction of its own, which is handed to it and only reads."""

    def run(self: R, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.database.reading() as connection:
            return method(self, connection, *args, **kwargs)

    functools.update_wrapper(run, method)
    return run


def insert(connection: Connection, table: Table) -> Insert:
    """An INSERT of the connection's own dialect, which knows ON CONFLICT."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def insert_new(connection: Connection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert a row unless there is one with its key; whether it was new."""
    statement = insert(connection, table).values(values).on_conflict_do_nothing().returning(sqlalchemy.literal(1))
    return connection.execute(statement).one_or_none() is not None


def _engine(url: str) -> Engine:
    parsed = _parsed(url)
    if parsed.drivername != "sqlite":
        engine = sqlalchemy.create_engine(parsed, pool_pre_ping=True)
        event.listen(engine, "connect", _check_postgresql, insert=True)  # before SQLAlchemy reads any text from it
        return engine
    _make_private(Path(parsed.database or ""))
    engine = sqlalchemy.create_engine(parsed, connect_args={"timeout": PATIENCE.total_seconds()})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(file: Path) -> None:
    """Make a file, unless it is there, that its owner alone reads: it keeps what waits for a signature."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError as exc:
        raise StorageError(f"the database cannot be used: {file}: {exc.strerror or exc}") from exc


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise StorageError("the database's URL is not understood; it is sqlite:///FILE or postgresql://…") from exc
    kind = parsed.drivername.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite")
    raise StorageError(f"no database of this kind is known: {kind}; it is sqlite:///FILE or postgresql://…")


def _check_postgresql(connection: Any, record: object) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":  # no other holds every title and name; text in SQL_ASCII comes back as bytes
        raise StorageError(f"the database cannot be used: its encoding is {encoding}; create it with ENCODING 'UTF8'")


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says so, not where the driver thinks
    connection.execute("PRAGMA journal_mode = WAL")  # readers and one writer side by side
    connection.execute("PRAGMA synchronous = FULL")  # what was answered with 2xx survives a power cut
    connection.execute("PRAGMA foreign_keys = ON")


def _prepare_for_workflows(connection: Any, record: object) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    if sqlite3.sqlite_version_info < (3, 42):
        # From Python 3.12 on DBOS dates its rows by `unixepoch('subsec')`, which is NULL in an older SQLite;
        # Debian 12 has 3.40. https://www.sqlite.org/lang_datefunc.html
        connection.create_function("unixepoch", 1, lambda subsec: round(time.time(), 3))


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads and then writes fails at once when another wrote in between, whatever the timeout:
    # https://www.sqlite.org/rescode.html#busy_snapshot. Writers therefore queue up at the beginning.
    writes = connection.get_execution_options().get("countersign_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _try_again(exc: SQLAlchemyError) -> bool:
    """Whether the database undid the transaction and says that it may well succeed the next time."""
    if not isinstance(exc, DBAPIError):
        return False
    return getattr(exc.orig, "sqlstate", None) in _AGAIN or "database is locked" in str(exc.orig)


def _failure(exc: SQLAlchemyError) -> StorageError:
    cause = exc.orig if isinstance(exc, DBAPIError) else exc
    kind = StorageAway if isinstance(exc, (OperationalError, InterfaceError, TimeoutError)) else StorageError
    return kind(f"the database cannot be used: {' '.join(str(cause).split())}")

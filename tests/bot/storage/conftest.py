"""
Stores on both databases.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy

from bot.storage.store import Store
from tests import postgres

KINDS = ("sqlite", "postgresql")
_names = itertools.count(1)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.time = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.time

    def pass_(self, **time: float) -> dt.datetime:
        self.time += dt.timedelta(**time)
        return self.time


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server's first database."""
    if postgres.programs() is None:
        pytest.skip(postgres.ABSENT)
    with postgres.server() as url:
        yield url


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/countersign.sqlite3"
    server: str = request.getfixturevalue("server")
    name = f"test{next(_names)}"
    engine = sqlalchemy.create_engine(
        server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(url: str, clock: Callable[[], dt.datetime]) -> Iterator[Store]:
    with Store.open(url, clock) as opened:
        yield opened

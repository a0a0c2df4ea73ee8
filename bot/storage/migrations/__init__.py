"""
The tables' history: one module in `versions/` for each change, applied in order when a store is opened.

A new one is a module with the next number; the test of migrations fails until tables and history agree.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from bot.errors import StorageError
from bot.storage.database import Database

_LOCK = 0x636F756E74657273
"""PostgreSQL's advisory lock for the time of an upgrade: "counters", as a number."""

State = Literal["current", "behind", "newer"]
"""`behind` what is known here (an empty database too), or `newer` than it."""


def upgrade(database: Database) -> None:
    """
    Bring the tables up to date in one transaction; processes that start at the same time wait for the first.

    Raises:
        StorageError: When the database cannot be used, or was written by a newer version.
    """
    database.write(_upgrade)


def state(database: Database) -> State:
    """
    How the tables are, without touching them.

    Raises:
        StorageError: When the database cannot be used.
    """
    history = ScriptDirectory.from_config(_config())
    with database.reading() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision == history.get_current_head():
        return "current"
    known = {script.revision for script in history.walk_revisions()}
    return "behind" if revision is None or revision in known else "newer"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as exc:
        raise StorageError(f"the database was written by another version of countersign: {exc}") from exc

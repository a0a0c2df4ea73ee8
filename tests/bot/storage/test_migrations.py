"""
The history of the tables leads to the tables.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.errors import StorageError
from bot.storage.database import Database, engine_of_workflows
from bot.storage.store import Store
from bot.storage.tables import metadata
from tests.bot.storage.samples import PULL_REQUEST


def test_history_and_tables_agree(url: str) -> None:
    """After all migrations, nothing is left to change: no table, column, type, index or constraint."""
    Store.open(url).close()
    database = Database(url)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    database.close()


def test_opening_again_changes_nothing(url: str) -> None:
    """What was kept is there the next time."""
    with Store.open(url) as store:
        kept = store.pull_requests.save(PULL_REQUEST)
    with Store.open(url) as store:
        assert store.pull_requests.get(kept.id) == kept


def test_a_newer_database_is_refused(url: str) -> None:
    """Tables of a version that is not known here are left alone."""
    Store.open(url).close()
    database = Database(url)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(StorageError, match="another version"):
        Store.open(url)


def test_a_failed_migration_leaves_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it happens, or nothing: an upgrade that breaks half-way can be repeated."""
    from alembic.operations import Operations

    create = Operations.create_table

    def fail(self: Operations, name: str, *columns: object, **options: object) -> object:
        if name == "drafts":
            raise RuntimeError("the power is gone")
        return create(self, name, *columns, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(Operations, "create_table", fail)
        with pytest.raises(RuntimeError, match="the power is gone"):
            Store.open(url)
    with Store.open(url) as store:
        assert store.pull_requests.open() == ()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "not understood"),
        ("mysql://root:hush@host/db", "no database of this kind"),
        ("sqlite://", "no database of this kind"),
        ("sqlite:////proc/none/db", "cannot be used"),
        ("postgresql://me:hush@127.0.0.1:9/none", "cannot be used"),
    ],
)
def test_what_cannot_be_opened_is_said(url: str, says: str) -> None:
    """An error in one sentence, without the password."""
    with pytest.raises(StorageError, match=says) as raised:
        Store.open(url)
    assert "hush" not in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_a_database_in_another_encoding_is_refused(server: str) -> None:
    """Text in SQL_ASCII would come back as bytes; in LATIN1, not every title could be kept."""
    engine = sqlalchemy.create_engine(
        server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    engine.dispose()
    with pytest.raises(StorageError, match="its encoding is SQL_ASCII"):
        Store.open(server.replace("/postgres?", "/ascii?"))


def test_the_file_is_private(tmp_path: Path) -> None:
    """Nobody else on the host reads what waits for a signature."""
    file = tmp_path / "new" / "countersign.sqlite3"
    Store.open(f"sqlite:///{file}").close()
    assert file.stat().st_mode & 0o077 == 0


def test_workflows_are_dated_to_the_millisecond_by_any_sqlite(tmp_path: Path) -> None:
    """As DBOS dates its rows: an SQLite before 3.42 by itself says NULL, and no workflow could be kept."""
    engine = engine_of_workflows(f"sqlite:///{tmp_path}/countersign.sqlite3")
    assert engine is not None
    before = time.time()
    with engine.connect() as connection:
        told = connection.exec_driver_sql("SELECT unixepoch('subsec')").scalar_one()
    engine.dispose()
    assert before - 0.001 <= told <= time.time() + 0.001

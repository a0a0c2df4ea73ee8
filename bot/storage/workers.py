"""
Which processes of the service are alive.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.review.records import Worker
from bot.storage.database import Room, insert, reads, writes
from bot.storage.tables import workers as table


class Workers(Room):
    """Signs of life."""

    @writes
    def beat(self, connection: Connection, id_: str) -> None:
        """Note that a worker is alive now."""
        now = self.database.now()
        connection.execute(
            insert(connection, table)
            .values(id=id_, beat_at=now)
            .on_conflict_do_update(index_elements=[table.c.id], set_={"beat_at": now})
        )

    @reads
    def all(self, connection: Connection) -> tuple[Worker, ...]:
        """All workers that were not removed, by id."""
        return tuple(
            Worker(id=row.id, beat_at=row.beat_at) for row in connection.execute(sa.select(table).order_by(table.c.id))
        )

    @writes
    def remove(self, connection: Connection, id_: str, silent_since: dt.datetime | None = None) -> bool:
        """
        Remove a worker: one that stops, or one whose work another takes over.

        Args:
            id_: The worker's.
            silent_since: Only if there was no sign of life since.

        Returns:
            Whether it was this call that removed it; of several that want to take over, one gets True.
        """
        condition = table.c.id == id_
        if silent_since is not None:
            condition &= table.c.beat_at < silent_since
        return connection.execute(table.delete().where(condition)).rowcount == 1

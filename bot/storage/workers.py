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
    def claim(self, connection: Connection, id_: str, silent_since: dt.datetime) -> bool:
        """
        Take charge of a dead worker's work, and beat for it meanwhile: whoever dies over it leaves it to the next.

        Args:
            id_: The worker's.
            silent_since: It is dead if it gave no sign of life since.

        Returns:
            Whether it was dead; of several that want to take over, one gets True.
        """
        dead = (table.c.id == id_) & (table.c.beat_at < silent_since)
        return connection.execute(table.update().where(dead).values(beat_at=self.database.now())).rowcount == 1

    @writes
    def remove(self, connection: Connection, id_: str) -> None:
        """Remove a worker: one that stops, or one whose work another has taken over."""
        connection.execute(table.delete().where(table.c.id == id_))

"""
Webhook deliveries: each once, however often it is sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Row

from bot.review.records import Delivery
from bot.storage.database import Room, insert, reads, writes
from bot.storage.tables import deliveries as table


class Deliveries(Room):
    """What came in over the webhook."""

    @writes
    def record(self, connection: Connection, deliveries: Sequence[Delivery]) -> frozenset[str]:
        """
        Keep deliveries.

        Returns:
            The ids of those that were not there before. One that was may not have been handled yet.
        """
        new = insert(connection, table).values([{**msgspec.structs.asdict(each), "outcome": ""} for each in deliveries])
        return frozenset(connection.scalars(new.on_conflict_do_nothing().returning(table.c.id)))

    @reads
    def get(self, connection: Connection, id_: str) -> Delivery | None:
        """A delivery; without its payload once it was handled."""
        row = connection.execute(sa.select(table).where(table.c.id == id_)).one_or_none()
        return None if row is None else _delivery(row)

    @writes
    def finish(self, connection: Connection, id_: str, outcome: str) -> None:
        """
        Note that a delivery was handled, and forget its payload.

        Args:
            id_: The delivery's.
            outcome: What became of it, in a few words.
        """
        connection.execute(
            table.update().where(table.c.id == id_).values(payload=b"", handled_at=self.database.now(), outcome=outcome)
        )

    @reads
    def unfinished(self, connection: Connection, before: dt.datetime) -> tuple[str, ...]:
        """Ids of deliveries that came in before a time and were not handled, oldest first."""
        query = (
            sa.select(table.c.id)
            .where(table.c.handled_at.is_(None), table.c.received_at < before)
            .order_by(table.c.received_at, table.c.id)
        )
        return tuple(connection.scalars(query))

    @writes
    def forget(self, connection: Connection, before: dt.datetime) -> int:
        """Drop the deliveries that were handled before a time; how many."""
        return connection.execute(table.delete().where(table.c.handled_at < before)).rowcount


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(id=row.id, event=row.event, payload=row.payload, received_at=row.received_at)

"""
Commands that were answered, so that none is answered twice.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.storage.database import Room, insert_new, reads, writes
from bot.storage.tables import commands


class Commands(Room):
    """Which comments and actions were handled."""

    @writes
    def mark_handled(self, connection: Connection, key: str) -> bool:
        """
        Note that a command was carried out and answered.

        Args:
            key: Names the act, such as `comment:123`.

        Returns:
            Whether it was not known before.
        """
        return insert_new(connection, commands, {"key": key, "at": self.database.now()})

    @reads
    def is_handled(self, connection: Connection, key: str) -> bool:
        """Whether a command was carried out and answered."""
        return connection.scalar(sa.select(commands.c.key).where(commands.c.key == key)) is not None

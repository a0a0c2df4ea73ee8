"""
Commands that were answered, so that none is answered twice.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.storage.database import Room, insert_new, reads, writes
from bot.storage.tables import commands


class Commands(Room):
    """Which comments and actions were handled."""

    @writes
    def mark_handled(self, connection: Connection, key: str, who: str = "") -> bool:
        """
        Note that a command was carried out and answered.

        Args:
            key: Names the act, such as `comment:123`.
            who: Gave it; a GitHub login.

        Returns:
            Whether it was not known before.
        """
        return insert_new(connection, commands, {"key": key, "who": who, "at": self.database.now()})

    @reads
    def is_handled(self, connection: Connection, key: str) -> bool:
        """Whether a command was carried out and answered."""
        return connection.scalar(sa.select(commands.c.key).where(commands.c.key == key)) is not None

    @reads
    def count(self, connection: Connection, who: str, since: dt.datetime) -> int:
        """How many commands of somebody were carried out since a time."""
        condition = (commands.c.who == who) & (commands.c.at >= since)
        return connection.scalar(sa.select(sa.func.count()).select_from(commands).where(condition)) or 0

    @writes
    def forget(self, connection: Connection, before: dt.datetime) -> int:
        """Drop what was handled before a time; how many."""
        return connection.execute(commands.delete().where(commands.c.at < before)).rowcount

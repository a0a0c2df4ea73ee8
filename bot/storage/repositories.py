"""
Repositories that the App is installed on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.storage.database import Room, reads, writes
from bot.storage.tables import repositories as table


class Repositories(Room):
    """Which repositories are looked after."""

    @writes
    def save(
        self, connection: Connection, installation: int, name: str, clone_url: str = "", github: int | None = None
    ) -> None:
        """
        Keep a repository that the App is installed on.

        Args:
            installation: GitHub's id of the installation.
            name: `owner/name`.
            clone_url: Where to clone from; what was known before stays when it is empty.
            github: GitHub's id of the repository, by which it is recognised under a new name.
        """
        keep(connection, installation, name, clone_url, github)

    @writes
    def remove(self, connection: Connection, installation: int, names: Iterable[str] | None = None) -> None:
        """
        Look after these repositories no more; all of the installation without names. What was decided is kept.
        """
        condition = table.c.installation == installation
        if names is not None:
            condition &= table.c.name.in_(list(names))
        connection.execute(table.update().where(condition).values(is_active=False))

    @reads
    def all(self, connection: Connection) -> tuple[tuple[int, str], ...]:
        """(installation, `owner/name`) of all that are looked after, sorted."""
        query = sa.select(table.c.installation, table.c.name).where(table.c.is_active)
        return tuple(sorted((row.installation, row.name) for row in connection.execute(query)))


def keep(connection: Connection, installation: int, name: str, clone_url: str, github: int | None) -> int:
    """Make or change the row of a repository; its id here."""
    known = _known(connection, name, github)
    _free_the_name(connection, name, known)
    values: dict[str, object] = {"installation": installation, "name": name, "is_active": True}
    if clone_url:
        values["clone_url"] = clone_url
    if github is not None:
        values["github"] = github
    if known is not None:
        connection.execute(table.update().where(table.c.id == known).values(values))
        return known
    added = connection.execute(table.insert().values({"clone_url": "", **values}).returning(table.c.id))
    return cast("int", added.scalar_one())


def _known(connection: Connection, name: str, github: int | None) -> int | None:
    """The row of this very repository: by GitHub's id, else by the name where no other id is known for it."""
    query = sa.select(table.c.id).with_for_update()
    if github is None:
        return connection.scalar(query.where(table.c.name == name))
    known = connection.scalar(query.where(table.c.github == github))
    return known or connection.scalar(query.where(table.c.name == name, table.c.github.is_(None)))


def _free_the_name(connection: Connection, name: str, keeper: int | None) -> None:
    """Set aside another repository that had this name before: it was deleted, or its new name is not known yet."""
    connection.execute(
        table.update()
        .where(table.c.name == name, table.c.id != (keeper or 0))
        .values(name=table.c.name + sa.literal("@") + sa.cast(table.c.id, sa.Text), is_active=False)
    )

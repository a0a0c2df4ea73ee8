"""
What the files of each repository suppress, as its last review saw them.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.review.records import Suppressed, Suppressions
from bot.storage.database import Room, insert, reads, writes
from bot.storage.pull_requests import QUERY, pull_request_of
from bot.storage.tables import pull_requests, repositories, suppressions


class FileSuppressions(Room):
    """One entry for each repository."""

    @writes
    def keep(self, connection: Connection, pull_request: int, commit: str, seen: Suppressions) -> None:
        """
        Keep what a repository's files suppress, in the place of what was kept before.

        Args:
            pull_request: In whose review it was seen.
            commit: Whose files they are.
            seen: What they say.
        """
        repository = connection.scalar(sa.select(pull_requests.c.repository).where(pull_requests.c.id == pull_request))
        values = {
            "pull_request": pull_request,
            "commit": commit,
            "at": self.database.now(),
            "suppressions": seen,
        }
        connection.execute(
            insert(connection, suppressions)
            .values(repository=repository, **values)
            .on_conflict_do_update(index_elements=[suppressions.c.repository], set_=values)
        )

    @reads
    def all(self, connection: Connection) -> tuple[Suppressed, ...]:
        """What the files of the repositories that are looked after suppress, by the repository's name."""
        rows = connection.execute(
            sa.select(suppressions).join(repositories).where(repositories.c.is_active).order_by(repositories.c.name)
        ).all()
        of_pulls = QUERY.where(pull_requests.c.id.in_({row.pull_request for row in rows}))
        pulls = {row.id: pull_request_of(row) for row in connection.execute(of_pulls)}
        return tuple(Suppressed(pulls[row.pull_request], row.commit, row.at, row.suppressions) for row in rows)

"""
Pull requests as GitHub last told of them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Row

from bot.review.drafts import PullRequest
from bot.review.redaction import redacted
from bot.storage import repositories
from bot.storage.database import Room, insert, reads, writes
from bot.storage.tables import pull_requests as table
from bot.storage.tables import repositories as repository_table

QUERY = sa.select(
    table,
    repository_table.c.name,
    repository_table.c.installation,
    repository_table.c.clone_url,
    repository_table.c.github,
).join_from(table, repository_table)


class PullRequests(Room):
    """What is known of each pull request."""

    @writes
    def save(self, connection: Connection, pull_request: PullRequest) -> PullRequest:
        """
        Keep what GitHub says of a pull request, without secrets. Its `id` is ours to give, and a summary comment that
        is known stays.

        Args:
            pull_request: As told; what is older than what is known changes nothing.

        Returns:
            The pull request as it is known now.
        """
        repository = repositories.keep(
            connection,
            pull_request.installation,
            pull_request.repository,
            pull_request.clone_url,
            pull_request.repository_id,
        )
        values = {
            "title": redacted(pull_request.title, is_code=False),
            "author": pull_request.author,
            "head": pull_request.head,
            "head_repository": pull_request.head_repository,
            "base_ref": pull_request.base_ref,
            "base": pull_request.base,
            "is_draft": pull_request.is_draft,
            "is_open": pull_request.is_open,
            "ai": pull_request.ai,
            "as_of": pull_request.as_of,
        }
        upsert = insert(connection, table).values(
            repository=repository,
            number=pull_request.number,
            summary_comment=pull_request.summary_comment,
            **values,
        )
        told = upsert.excluded
        is_news = sa.or_(told.as_of.is_(None), table.c.as_of.is_(None), told.as_of >= table.c.as_of)
        connection.execute(
            upsert.on_conflict_do_update(
                index_elements=[table.c.repository, table.c.number],
                set_={
                    **{name: told[name] for name in values},
                    "as_of": sa.func.coalesce(told.as_of, table.c.as_of),
                    "summary_comment": sa.func.coalesce(told.summary_comment, table.c.summary_comment),
                },
                where=is_news,
            )
        )
        row = connection.execute(
            QUERY.where(table.c.repository == repository, table.c.number == pull_request.number)
        ).one()
        return pull_request_of(row)

    @reads
    def get(self, connection: Connection, id_: int) -> PullRequest:
        """
        The pull request with our id.

        Raises:
            LookupError: When there is none.
        """
        row = connection.execute(QUERY.where(table.c.id == id_)).one_or_none()
        if row is None:
            raise LookupError(f"no pull request {id_}")
        return pull_request_of(row)

    @reads
    def find(self, connection: Connection, repository: str, number: int) -> PullRequest | None:
        """The pull request `owner/name#number`, however the name is capitalised; None when it is not known."""
        named = sa.func.lower(repository_table.c.name) == repository.lower()
        row = connection.execute(QUERY.where(named, table.c.number == number)).one_or_none()
        return None if row is None else pull_request_of(row)

    @reads
    def open(self, connection: Connection, repository: str | None = None) -> tuple[PullRequest, ...]:
        """The open pull requests of a repository, or of all that are looked after, by name and number."""
        condition = table.c.is_open & repository_table.c.is_active
        if repository is not None:
            condition &= sa.func.lower(repository_table.c.name) == repository.lower()
        return chosen(connection, condition)

    @writes
    def set_summary_comment(self, connection: Connection, id_: int, comment: int | None) -> None:
        """Note which comment is the summary, or that it is gone."""
        connection.execute(table.update().where(table.c.id == id_).values(summary_comment=comment))


def chosen(connection: Connection, condition: ColumnElement[bool]) -> tuple[PullRequest, ...]:
    """The pull requests for which a condition on their table and that of repositories holds, by name and number."""
    rows = connection.execute(QUERY.where(condition).order_by(repository_table.c.name, table.c.number))
    return tuple(pull_request_of(row) for row in rows)


def held(connection: Connection, id_: int) -> Row[Any]:
    """
    The row of a pull request, held until the transaction ends: whoever changes its reviews, drafts or decisions waits.

    Raises:
        LookupError: When there is none.
    """
    row = connection.execute(sa.select(table).where(table.c.id == id_).with_for_update()).one_or_none()
    if row is None:
        raise LookupError(f"no pull request {id_}")
    return row


def pull_request_of(row: Row[Any]) -> PullRequest:
    """A row of `QUERY` as a value."""
    return PullRequest(
        id=row.id,
        installation=row.installation,
        repository=row.name,
        number=row.number,
        clone_url=row.clone_url,
        title=row.title,
        author=row.author,
        head=row.head,
        head_repository=row.head_repository,
        base_ref=row.base_ref,
        base=row.base,
        is_draft=row.is_draft,
        is_open=row.is_open,
        ai=row.ai,
        summary_comment=row.summary_comment,
        repository_id=row.github,
        as_of=row.as_of,
    )

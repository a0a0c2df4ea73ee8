"""
Reviews: one for each pull request and head.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from bot.review.records import Found, HeadReview, ReviewStatus
from bot.storage.database import Room, reads, writes
from bot.storage.pull_requests import held
from bot.storage.tables import reviews as table

QUERY = sa.select(*(column for column in table.c if column is not table.c.found))


class Reviews(Room):
    """How far the review of each head is, and what it found."""

    @writes
    def queue(self, connection: Connection, pull_request: int, again: str = "") -> HeadReview:
        """
        The review of a pull request's present head, made if there was none; those of its other heads are superseded.

        It is queued as another attempt when it had been superseded (the head came back), or when asked.

        Args:
            pull_request: Ours.
            again: What asks for another attempt, such as a delivery's id; the same asks once only.
        """
        head = held(connection, pull_request).head
        now = self.database.now()
        connection.execute(
            table.update()
            .where(table.c.pull_request == pull_request, table.c.head != head, table.c.status != "superseded")
            .values(status="superseded", reason="", changed_at=now)
        )
        of_head = (table.c.pull_request == pull_request) & (table.c.head == head)
        known = connection.execute(
            sa.select(table.c.status, table.c.cause, table.c.attempt).where(of_head)
        ).one_or_none()
        if known is None:
            connection.execute(
                table.insert().values(
                    pull_request=pull_request,
                    head=head,
                    attempt=1,
                    cause=again,
                    status="queued",
                    reason="",
                    merge_base="",
                    changed_at=now,
                )
            )
        elif known.status == "superseded" or (again and again != known.cause):
            connection.execute(
                table.update()
                .where(of_head)
                .values(attempt=known.attempt + 1, cause=again, status="queued", reason="", changed_at=now)
            )
        return review_of(connection.execute(QUERY.where(of_head)).one())

    @reads
    def get(self, connection: Connection, id_: int) -> HeadReview:
        """
        The review with this id.

        Raises:
            LookupError: When there is none.
        """
        row = connection.execute(QUERY.where(table.c.id == id_)).one_or_none()
        if row is None:
            raise LookupError(f"no review {id_}")
        return review_of(row)

    @reads
    def find(self, connection: Connection, pull_request: int, head: str) -> HeadReview | None:
        """The review of a head; None when there is none."""
        row = connection.execute(QUERY.where(table.c.pull_request == pull_request, table.c.head == head)).one_or_none()
        return None if row is None else review_of(row)

    @reads
    def of(self, connection: Connection, pull_request: int) -> tuple[HeadReview, ...]:
        """All reviews of a pull request, in the order of their heads."""
        rows = connection.execute(QUERY.where(table.c.pull_request == pull_request).order_by(table.c.id))
        return tuple(review_of(row) for row in rows)

    @reads
    def counts(self, connection: Connection) -> dict[str, int]:
        """How many reviews are in each status."""
        rows = connection.execute(sa.select(table.c.status, sa.func.count().label("reviews")).group_by(table.c.status))
        return {row.status: row.reviews for row in rows}

    @writes
    def set_status(
        self, connection: Connection, id_: int, status: ReviewStatus, reason: str = "", attempt: int | None = None
    ) -> bool:
        """
        Note how far a review is.

        Args:
            id_: The review's.
            status: The new one.
            reason: For a person.
            attempt: Which attempt says so.

        Returns:
            Whether it was noted: a superseded review stays so, and an earlier attempt has no say.
        """
        condition = (table.c.id == id_) & (table.c.status != "superseded")
        if attempt is not None:
            condition &= table.c.attempt == attempt
        update = table.update().where(condition)
        changed = connection.execute(update.values(status=status, reason=reason, changed_at=self.database.now()))
        return changed.rowcount == 1

    @writes
    def set_check_run(self, connection: Connection, id_: int, check_run: int) -> None:
        """Note the check run of a review's head."""
        connection.execute(table.update().where(table.c.id == id_).values(check_run=check_run))

    @writes
    def set_merge_base(self, connection: Connection, id_: int, merge_base: str) -> None:
        """Note the commit that a review compares its head with."""
        connection.execute(table.update().where(table.c.id == id_).values(merge_base=merge_base))

    @writes
    def set_found(self, connection: Connection, id_: int, found: Found) -> None:
        """Keep what the engine found."""
        connection.execute(table.update().where(table.c.id == id_).values(found=found))

    @reads
    def found(self, connection: Connection, id_: int) -> Found | None:
        """What the engine found; None when it has not, or there is no such review."""
        found: Found | None = connection.scalar(sa.select(table.c.found).where(table.c.id == id_))
        return found

    @reads
    def found_at(self, connection: Connection, pull_request: int, head: str) -> Found | None:
        """What the engine found at a head; None when it has not."""
        of_head = (table.c.pull_request == pull_request) & (table.c.head == head)
        found: Found | None = connection.scalar(sa.select(table.c.found).where(of_head))
        return found


def found_of(connection: Connection, ids: Iterable[int]) -> dict[int, Found]:
    """What was found, by review."""
    query = sa.select(table.c.id, table.c.found).where(table.c.id.in_(list(ids)), table.c.found.is_not(None))
    return {row.id: row.found for row in connection.execute(query)}


def review_of(row: Row[Any]) -> HeadReview:
    """A row of `QUERY` as a value."""
    return HeadReview(
        id=row.id,
        pull_request=row.pull_request,
        head=row.head,
        attempt=row.attempt,
        status=row.status,
        reason=row.reason,
        check_run=row.check_run,
        merge_base=row.merge_base,
        changed_at=row.changed_at,
    )

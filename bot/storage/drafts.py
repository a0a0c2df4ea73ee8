"""
Drafts: one for each fingerprint of a pull request, numbered for the life of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Row

from bot.review.drafts import Draft, DraftState
from bot.review.records import Dismissal
from bot.storage import decisions
from bot.storage.database import Room, reads, writes
from bot.storage.pull_requests import held
from bot.storage.tables import drafts as table

Reconcile: TypeAlias = Callable[[tuple[Draft, ...], Mapping[str, Dismissal]], Iterable[Draft]]
"""
From the drafts that there are and the dismissals in force, by fingerprint, to the drafts as they are at a new head. New
ones have id 0 and get their numbers in the order they are in; what it leaves out stays as it is. It may be called more
than once.
"""


class Drafts(Room):
    """What waits for a person, and what became of it."""

    @writes
    def reconcile(
        self, connection: Connection, pull_request: int, head: str, change: Reconcile
    ) -> tuple[Draft, ...] | None:
        """
        Bring the drafts of a pull request to a new head, with nobody deciding on them meanwhile.

        Of a draft that there was, the place of its finding, its mode, its owners and whether it is gone change; what
        was decided and what was posted stay.

        Returns:
            All drafts of the pull request by number; None, and nothing changed, when it has yet another head.
        """
        row = held(connection, pull_request)
        if row.head != head:
            return None
        known = _of(connection, pull_request)
        number = max((draft.number for draft in known), default=0)
        for draft in change(known, decisions.in_force(connection, row.repository)):
            values = {
                "finding": draft.finding,
                "head": draft.head,
                "is_gone": draft.state == "gone",
                "mode": draft.mode,
                "asked": draft.asked,
            }
            if draft.id:
                connection.execute(
                    table.update().where(table.c.id == draft.id, table.c.pull_request == pull_request).values(values)
                )
                continue
            number += 1
            connection.execute(
                table.insert().values(
                    pull_request=pull_request,
                    number=number,
                    fingerprint=draft.fingerprint,
                    is_signed=draft.state == "signed",
                    text=draft.text,
                    comment=draft.comment,
                    placement=draft.placement,
                    is_resolved=draft.is_resolved,
                    made_at=self.database.now(),
                    **values,
                )
            )
        return _of(connection, pull_request)

    @reads
    def of(self, connection: Connection, pull_request: int) -> tuple[Draft, ...]:
        """All drafts of a pull request, by number."""
        return _of(connection, pull_request)

    @reads
    def signed(self, connection: Connection) -> tuple[Draft, ...]:
        """The drafts of all pull requests that people signed, by pull request and number."""
        return tuple(draft for draft in chosen(connection, table.c.is_signed) if draft.state == "signed")

    @writes
    def set_posted(
        self,
        connection: Connection,
        id_: int,
        placement: Literal["inline", "file", "summary"],
        comment: int | None = None,
    ) -> None:
        """
        Note that a draft is public, and where; a comment that is known stays when none is given.
        """
        connection.execute(
            table.update()
            .where(table.c.id == id_)
            .values(
                placement=placement,
                comment=sa.func.coalesce(comment, table.c.comment),
            )
        )

    @writes
    def set_resolved(self, connection: Connection, id_: int, is_resolved: bool) -> None:
        """Note that we resolved a draft's thread, or opened it again."""
        connection.execute(table.update().where(table.c.id == id_).values(is_resolved=is_resolved))


def _of(connection: Connection, pull_request: int) -> tuple[Draft, ...]:
    return chosen(connection, table.c.pull_request == pull_request)


def chosen(connection: Connection, condition: ColumnElement[bool]) -> tuple[Draft, ...]:
    """The drafts for which a condition on their table holds, by pull request and number."""
    dismissed = decisions.is_dismissed(table.c.pull_request, table.c.fingerprint).label("is_dismissed")
    rows = connection.execute(
        sa.select(table, dismissed).where(condition).order_by(table.c.pull_request, table.c.number)
    )
    return tuple(draft_of(row) for row in rows)


def draft_of(row: Row[Any]) -> Draft:
    """A row of the table, with `is_dismissed`, as a value."""
    return Draft(
        id=row.id,
        pull_request=row.pull_request,
        number=row.number,
        fingerprint=row.fingerprint,
        finding=row.finding,
        head=row.head,
        state=state_of(row),
        mode=row.mode,
        text=row.text,
        comment=row.comment,
        placement=row.placement,
        is_resolved=row.is_resolved,
        asked=row.asked,
        made_at=row.made_at,
    )


def state_of(row: Row[Any]) -> DraftState:
    """What follows from a row of the table, with `is_dismissed`."""
    if row.is_gone:
        return "gone"
    if row.is_signed:
        return "signed"
    return "dismissed" if row.is_dismissed else "waiting"

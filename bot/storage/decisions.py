"""
Decisions: what a person said of drafts, never forgotten, and what follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Row

from bot.review.drafts import Decision
from bot.review.records import Batch, Dismissal
from bot.storage.database import Room, insert, reads, writes
from bot.storage.pull_requests import held
from bot.storage.tables import batches, decisions, dismissals, drafts, pull_requests

_BATCHES = sa.select(batches)
_DECISIONS = sa.select(decisions)


class Decisions(Room):
    """Who decided what, when and why; and whether GitHub shows it."""

    @writes
    def record(
        self, connection: Connection, pull_request: int, made: Sequence[Decision], key: str | None = None
    ) -> Batch:
        """
        Keep decisions that were made in one act, and let them take effect on the drafts.

        A draft that is signed is no longer dismissed, and the other way round: the last word counts. A dismissal holds
        for the fingerprint in the whole repository. An edit's `reason` is the new text. `undo` takes back whatever was
        decided.

        Args:
            pull_request: Ours.
            made: About drafts of this pull request.
            key: What made them, such as `comment:123`; the same act is kept once, and its batch returned again.

        Raises:
            LookupError: When a draft is not one of the pull request.
        """
        repository = held(connection, pull_request).repository
        if key is not None:
            known = connection.execute(_BATCHES.where(batches.c.key == key)).one_or_none()
            if known is not None:
                return _batch(connection, known)
        added = connection.execute(
            batches.insert().values(pull_request=pull_request, key=key, published=False).returning(batches.c.id)
        )
        batch: int = added.scalar_one()
        fingerprints = {
            row.id: row.fingerprint
            for row in connection.execute(
                sa.select(drafts.c.id, drafts.c.fingerprint).where(drafts.c.pull_request == pull_request)
            )
        }
        for decision in made:
            if decision.draft not in fingerprints:
                raise LookupError(f"draft {decision.draft} is not one of pull request {pull_request}")
            _take_effect(connection, repository, fingerprints[decision.draft], batch, decision)
        return _batch(connection, connection.execute(_BATCHES.where(batches.c.id == batch)).one())

    @reads
    def get(self, connection: Connection, batch: int) -> Batch:
        """
        The batch with this id.

        Raises:
            LookupError: When there is none.
        """
        row = connection.execute(_BATCHES.where(batches.c.id == batch)).one_or_none()
        if row is None:
            raise LookupError(f"no batch {batch}")
        return _batch(connection, row)

    @reads
    def find(self, connection: Connection, key: str) -> Batch | None:
        """The batch that an act made; None when it made none."""
        row = connection.execute(_BATCHES.where(batches.c.key == key)).one_or_none()
        return None if row is None else _batch(connection, row)

    @reads
    def of(self, connection: Connection, pull_request: int) -> tuple[Decision, ...]:
        """All decisions on a pull request, in the order they were made."""
        query = _DECISIONS.join_from(decisions, drafts).where(drafts.c.pull_request == pull_request)
        return tuple(decision_of(row) for row in connection.execute(query.order_by(decisions.c.id)))

    @reads
    def unpublished(self, connection: Connection, pull_request: int | None = None) -> tuple[Batch, ...]:
        """Batches that GitHub does not show yet, of one pull request or of all; oldest first."""
        query = _BATCHES.where(~batches.c.published)
        if pull_request is not None:
            query = query.where(batches.c.pull_request == pull_request)
        rows = connection.execute(query.order_by(batches.c.id)).all()
        return tuple(_batch(connection, row) for row in rows)

    @reads
    def elsewhere(self, connection: Connection, made: Iterable[int]) -> tuple[int, ...]:
        """
        The other open pull requests with drafts of the findings that batches decided on, by id.

        A dismissal holds in the whole repository, and so does its end.
        """
        there, its = drafts.alias(), pull_requests.alias()
        query = (
            sa.select(its.c.id)
            .distinct()
            .select_from(decisions.join(drafts).join(pull_requests))
            .join(there, there.c.fingerprint == drafts.c.fingerprint)
            .join(its, (its.c.id == there.c.pull_request) & (its.c.repository == pull_requests.c.repository))
            .where(decisions.c.batch.in_(list(made)), its.c.id != pull_requests.c.id, its.c.is_open, ~there.c.is_gone)
            .order_by(its.c.id)
        )
        return tuple(connection.scalars(query))

    @writes
    def mark_published(self, connection: Connection, batch: int) -> None:
        """Note that GitHub shows what was decided."""
        connection.execute(batches.update().where(batches.c.id == batch).values(published=True))

    @reads
    def dismissals(self, connection: Connection, pull_request: int) -> dict[str, Dismissal]:
        """The dismissals in force in a pull request's repository, by fingerprint."""
        repository = connection.scalar(sa.select(pull_requests.c.repository).where(pull_requests.c.id == pull_request))
        return in_force(connection, cast("int", repository))


def in_force(connection: Connection, repository: int) -> dict[str, Dismissal]:
    """The dismissals in force in a repository, by fingerprint."""
    query = (
        sa.select(decisions, dismissals.c.fingerprint)
        .join_from(dismissals, decisions, dismissals.c.decision == decisions.c.id)
        .where(dismissals.c.repository == repository, dismissals.c.undone_by.is_(None))
    )
    return {row.fingerprint: Dismissal(row.fingerprint, decision_of(row)) for row in connection.execute(query)}


def is_dismissed(pull_request: ColumnElement[int], fingerprint: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a fingerprint is dismissed in the repository of a pull request, as SQL."""
    return (
        sa.select(dismissals.c.id)
        .join_from(dismissals, pull_requests, pull_requests.c.repository == dismissals.c.repository)
        .where(
            pull_requests.c.id == pull_request,
            dismissals.c.fingerprint == fingerprint,
            dismissals.c.undone_by.is_(None),
        )
        .exists()
    )


def _take_effect(connection: Connection, repository: int, fingerprint: str, batch: int, decision: Decision) -> None:
    """Keep one decision and change what follows from it."""
    added = connection.execute(
        decisions.insert()
        .values(
            batch=batch,
            draft=decision.draft,
            action=decision.action,
            who=decision.who,
            surface=decision.surface,
            head=decision.head,
            at=decision.at,
            category=decision.category,
            reason=decision.reason,
        )
        .returning(decisions.c.id)
    )
    id_ = added.scalar_one()
    draft = drafts.update().where(drafts.c.id == decision.draft)
    if decision.action == "edit":
        connection.execute(draft.values(text=decision.reason))
        return
    connection.execute(draft.values(is_signed=decision.action == "sign"))
    connection.execute(
        dismissals.update()
        .where(
            dismissals.c.repository == repository,
            dismissals.c.fingerprint == fingerprint,
            dismissals.c.undone_by.is_(None),
        )
        .values(undone_by=id_)
    )
    if decision.action == "dismiss":
        added_dismissal = insert(connection, dismissals).values(
            repository=repository, fingerprint=fingerprint, decision=id_
        )
        connection.execute(
            added_dismissal.on_conflict_do_update(  # made at the same moment in another pull request
                index_elements=[dismissals.c.repository, dismissals.c.fingerprint],
                index_where=dismissals.c.undone_by.is_(None),
                set_={"decision": id_},
            )
        )


def _batch(connection: Connection, row: Row[Any]) -> Batch:
    made = connection.execute(_DECISIONS.where(decisions.c.batch == row.id).order_by(decisions.c.id))
    return Batch(
        id=row.id,
        pull_request=row.pull_request,
        decisions=tuple(decision_of(each) for each in made),
        published=row.published,
    )


def decision_of(row: Row[Any]) -> Decision:
    """A row of the table as a value."""
    return Decision(
        draft=row.draft,
        action=row.action,
        who=row.who,
        surface=row.surface,
        head=row.head,
        at=row.at,
        category=row.category,
        reason=row.reason,
    )

"""
What waits for a person, over all pull requests at once.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.review.drafts import Draft
from bot.review.explain import RiskSummary
from bot.review.records import Found, Pending
from bot.storage import pull_requests, reviews
from bot.storage.database import Room, reads
from bot.storage.decisions import is_dismissed
from bot.storage.drafts import draft_of
from bot.storage.tables import drafts, risk_summaries
from bot.storage.tables import pull_requests as pull_request_table
from bot.storage.tables import repositories as repository_table
from bot.storage.tables import reviews as review_table

STUCK = ("partial", "dead")
"""Statuses of reviews that did not come to their end."""


class PendingPullRequests(Room):
    """The queue."""

    @reads
    def found(self, connection: Connection, reviews_: Iterable[int]) -> dict[int, tuple[Found, RiskSummary | None]]:
        """What these reviews found, each with its risk summary; those that have not found anything out are left out."""
        ids = list(reviews_)
        risks = {
            row.review: row.summary
            for row in connection.execute(sa.select(risk_summaries).where(risk_summaries.c.review.in_(ids)))
        }
        return {id_: (found, risks.get(id_)) for id_, found in reviews.found_of(connection, ids).items()}

    @reads
    def all(self, connection: Connection) -> tuple[Pending, ...]:
        """The open pull requests with drafts that wait or with a review that is stuck, by name and number."""
        waiting: dict[int, list[Draft]] = {}
        query = (
            sa.select(drafts, sa.false().label("is_dismissed"))
            .join_from(drafts, pull_request_table)
            .where(
                pull_request_table.c.is_open,
                ~drafts.c.is_gone,
                ~drafts.c.is_signed,
                ~is_dismissed(drafts.c.pull_request, drafts.c.fingerprint),
            )
            .order_by(drafts.c.number)
        )
        for row in connection.execute(query):
            waiting.setdefault(row.pull_request, []).append(draft_of(row))
        pulls = {
            row.id: pull_requests.pull_request_of(row)
            for row in connection.execute(
                pull_requests.QUERY.where(pull_request_table.c.is_open, repository_table.c.is_active).order_by(
                    repository_table.c.name, pull_request_table.c.number
                )
            )
        }
        of_heads = reviews.QUERY.join_from(review_table, pull_request_table).where(
            pull_request_table.c.is_open, review_table.c.head == pull_request_table.c.head
        )
        of_pull = {row.pull_request: reviews.review_of(row) for row in connection.execute(of_heads)}
        return tuple(
            Pending(pull, of_pull[id_], tuple(waiting.get(id_, ())))
            for id_, pull in pulls.items()
            if id_ in of_pull and (id_ in waiting or of_pull[id_].status in STUCK)
        )

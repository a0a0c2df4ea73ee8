"""
A language model's words: what was said before, what it cost, and the summaries made of it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from bot.review.explain import RiskSummary
from bot.review.spending import Budget, Call, Purpose, Spending, Spent, month_of, refusal
from bot.storage.database import Room, insert_new, reads, writes
from bot.storage.tables import llm_answers, llm_calls, risk_summaries

_LOCK = 0x6D6F6E6579
"""PostgreSQL's advisory lock for entering a call: "money", as a number."""


class Answers(Room):
    """What models said, by the hash of what they were asked."""

    @reads
    def find(self, connection: Connection, key: str) -> str | None:
        """What was said; None when it was never asked."""
        text: str | None = connection.scalar(sa.select(llm_answers.c.text).where(llm_answers.c.key == key))
        return text

    @writes
    def keep(self, connection: Connection, key: str, text: str) -> None:
        """Remember what was said; what was said first stays."""
        insert_new(connection, llm_answers, {"key": key, "text": text, "at": self.database.now()})

    @writes
    def forget(self, connection: Connection, before: dt.datetime) -> int:
        """Forget what was said before; how much that was."""
        return connection.execute(llm_answers.delete().where(llm_answers.c.at < before)).rowcount


class Ledger(Room):
    """What calls of models cost."""

    @writes
    def reserve(self, connection: Connection, call: Call, budget: Budget) -> int | str:
        """
        Enter a call with what it may cost at most, if the budget allows it; no two calls look at the same rest of it.

        Returns:
            The entry's number, or why the call may not be made.
        """
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        now = self.database.now()
        refused = refusal(budget, _spending(connection, call.purpose, now), call.money)
        if refused:
            return refused
        entered = connection.execute(llm_calls.insert().values(**_values(call), at=now, is_settled=False))
        key = entered.inserted_primary_key
        assert key is not None  # the table counts its rows
        return int(key[0])

    @writes
    def settle(self, connection: Connection, number: int, call: Call) -> None:
        """Put what a call did cost in the place of what it might have."""
        connection.execute(llm_calls.update().where(llm_calls.c.id == number).values(**_values(call), is_settled=True))

    @reads
    def spending(self, connection: Connection, purpose: Purpose) -> Spending:
        """What was spent on a review; and this month on its repository, and in all."""
        return _spending(connection, purpose, self.database.now())

    @reads
    def by_repository(self, connection: Connection, since: dt.datetime) -> dict[str, Spent]:
        """What was spent on each repository, by name."""
        return spent_by_repository(connection, since)


class Summaries(Room):
    """Risk summaries by review."""

    @writes
    def keep(self, connection: Connection, review: int, summary: RiskSummary) -> None:
        """Keep a review's summary in the place of an older one."""
        connection.execute(risk_summaries.delete().where(risk_summaries.c.review == review))
        connection.execute(risk_summaries.insert().values(review=review, summary=summary))

    @reads
    def find(self, connection: Connection, review: int) -> RiskSummary | None:
        """A review's summary; None when there is none."""
        found: RiskSummary | None = connection.scalar(
            sa.select(risk_summaries.c.summary).where(risk_summaries.c.review == review)
        )
        return found


_SUMS = (
    sa.func.coalesce(sa.func.sum(llm_calls.c.money), 0.0).label("money"),
    sa.func.count().label("calls"),
    sa.func.coalesce(sa.func.sum(llm_calls.c.input_tokens), 0).label("input_tokens"),
    sa.func.coalesce(sa.func.sum(llm_calls.c.output_tokens), 0).label("output_tokens"),
)


def spent_by_repository(connection: Connection, since: dt.datetime) -> dict[str, Spent]:
    """What was spent on each repository since a time, by name."""
    rows = connection.execute(
        sa.select(llm_calls.c.repository, *_SUMS)
        .where(llm_calls.c.at >= since)
        .group_by(llm_calls.c.repository)
        .order_by(llm_calls.c.repository)
    )
    return {row.repository: _spent(row) for row in rows}


def _spending(connection: Connection, purpose: Purpose, now: dt.datetime) -> Spending:
    of_review = (llm_calls.c.repository == purpose.repository) & (llm_calls.c.review == purpose.review)
    this_month = llm_calls.c.at >= month_of(now)
    return Spending(
        review=_sum(connection, of_review),
        repository=_sum(connection, this_month & (llm_calls.c.repository == purpose.repository)),
        month=_sum(connection, this_month),
    )


def _sum(connection: Connection, condition: ColumnElement[bool]) -> Spent:
    return _spent(connection.execute(sa.select(*_SUMS).where(condition)).one())


def _spent(row: sa.Row[Any]) -> Spent:
    return Spent(float(row.money), int(row.calls), int(row.input_tokens), int(row.output_tokens))


def _values(call: Call) -> dict[str, object]:
    return {
        "repository": call.purpose.repository,
        "review": call.purpose.review,
        "prompt": call.purpose.prompt,
        "model": call.model,
        "input_tokens": call.input_tokens,
        "output_tokens": call.output_tokens,
        "money": call.money,
    }

"""
What became of drafts: facts to be counted, over all pull requests.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Row

from analyzers.findings import Severity
from bot.review.drafts import DraftState
from bot.review.insights import Became
from bot.review.records import Dismissed
from bot.storage.database import Room, reads
from bot.storage.decisions import decision_of, is_dismissed
from bot.storage.drafts import draft_of, state_of
from bot.storage.pull_requests import QUERY, pull_request_of
from bot.storage.tables import decisions, dismissals, drafts, pull_requests, repositories
from bot.storage.types import Struct

_DECIDED: dict[str, DraftState] = {"sign": "signed", "dismiss": "dismissed"}


class _Brief(msgspec.Struct):
    """What is read of a finding to count it."""

    rule: str
    severity: Severity


class Outcomes(Room):
    """What was told and decided."""

    @reads
    def since(self, connection: Connection, at: dt.datetime) -> tuple[Became, ...]:
        """All drafts that were made since a time, oldest first."""
        said = (
            sa.select(decisions.c.draft, decisions.c.action, decisions.c.at, decisions.c.who, decisions.c.category)
            .join_from(decisions, drafts)
            .where(drafts.c.made_at >= at, decisions.c.action != "edit")
            .order_by(decisions.c.id)
        )
        last: dict[int, Any] = {row.draft: row for row in connection.execute(said)}
        query = (
            sa.select(
                drafts.c.id,
                sa.type_coerce(drafts.c.finding, Struct(_Brief)).label("brief"),
                drafts.c.made_at,
                drafts.c.is_gone,
                drafts.c.is_signed,
                drafts.c.placement,
                is_dismissed(drafts.c.pull_request, drafts.c.fingerprint).label("is_dismissed"),
                pull_requests.c.number,
                pull_requests.c.ai,
                repositories.c.name,
            )
            .select_from(drafts.join(pull_requests).join(repositories))
            .where(drafts.c.made_at >= at)
            .order_by(drafts.c.id)
        )
        return tuple(_became(row, last.get(row.id)) for row in connection.execute(query))

    @reads
    def dismissed(self, connection: Connection) -> tuple[Dismissed, ...]:
        """The dismissals in force in all repositories, newest first."""
        query = (
            sa.select(decisions, drafts.c.pull_request)
            .select_from(dismissals.join(decisions, dismissals.c.decision == decisions.c.id).join(drafts))
            .where(dismissals.c.undone_by.is_(None))
            .order_by(decisions.c.id.desc())
        )
        rows = connection.execute(query).all()
        about = {row.draft for row in rows}
        of_drafts = sa.select(drafts, sa.true().label("is_dismissed")).where(drafts.c.id.in_(about))
        known = {row.id: draft_of(row) for row in connection.execute(of_drafts)}
        of_pulls = QUERY.where(pull_requests.c.id.in_({row.pull_request for row in rows}))
        pulls = {row.id: pull_request_of(row) for row in connection.execute(of_pulls)}
        return tuple(Dismissed(pulls[row.pull_request], known[row.draft], decision_of(row)) for row in rows)


def _became(row: Row[Any], decision: Any) -> Became:
    decided = _DECIDED.get(decision.action) if decision is not None else None
    return Became(
        repository=row.name,
        number=row.number,
        rule=row.brief.rule,
        severity=row.brief.severity,
        made_at=row.made_at,
        state=state_of(row),
        is_posted=row.placement is not None,
        with_ai=bool(row.ai),
        decided=decided,
        decided_at=decision.at if decision is not None and decided is not None else None,
        who=decision.who if decision is not None and decided is not None else "",
        category=decision.category if decision is not None else None,
    )

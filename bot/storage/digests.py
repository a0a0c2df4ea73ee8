"""
What happened lately, for a digest: read in a few queries however many reviews there are.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from analyzers.findings import Finding
from bot.review.digest import Fixed, History, Reviewed
from bot.storage import drafts, pull_requests
from bot.storage.database import Room, reads
from bot.storage.prose import spent_by_repository
from bot.storage.tables import decisions
from bot.storage.tables import drafts as draft_table
from bot.storage.tables import pull_requests as pull_request_table
from bot.storage.tables import reviews as review_table
from bot.storage.types import Struct


class _Review(msgspec.Struct):
    fixed: tuple[Finding, ...] = ()


class _Found(msgspec.Struct):
    """The part of `Found` that is told here: the rest, which is long, is passed over."""

    review: _Review
    owners: dict[str, tuple[str, ...]] = {}


class Digests(Room):
    """What happened."""

    @reads
    def history(self, connection: Connection, since: dt.datetime) -> History:
        """What happened since a time."""
        made = drafts.chosen(connection, draft_table.c.made_at >= since)
        last: dict[int, Any] = {
            row.draft: row.action
            for row in connection.execute(
                sa.select(decisions.c.draft, decisions.c.action)
                .where(decisions.c.at >= since, decisions.c.action != "edit")
                .order_by(decisions.c.id)
            )
        }
        decided_drafts = drafts.chosen(
            connection,
            draft_table.c.id.in_(sa.select(decisions.c.draft).where(decisions.c.at >= since)),
        )
        recent = (review_table.c.changed_at >= since) & review_table.c.found.is_not(None)
        fixed: dict[int, dict[str, Fixed]] = {}
        for row in connection.execute(
            sa.select(review_table.c.pull_request, sa.type_coerce(review_table.c.found, Struct(_Found)).label("found"))
            .where(recent)
            .order_by(review_table.c.id)
        ):
            fixed[row.pull_request] = {each.fingerprint: each for each in _fixed(row.found)}  # the last head counts
        pulls = {pull.id: pull for pull in pull_requests.chosen(connection, _touched(since))}
        return History(
            reviewed=tuple(Reviewed(pulls[id_], tuple(each.values())) for id_, each in fixed.items()),
            made=tuple((pulls[draft.pull_request], draft) for draft in made),
            decided=tuple(
                (pulls[draft.pull_request], draft, last[draft.id])
                for draft in decided_drafts
                if last.get(draft.id) in ("sign", "dismiss")
            ),
            spent=spent_by_repository(connection, since),
        )


def _fixed(found: _Found) -> list[Fixed]:
    return [
        Fixed(each.fingerprint, each.place.path, each.severity, found.owners.get(each.place.path, ()))
        for each in found.review.fixed
        if each.suppressed is None
    ]


def _touched(since: dt.datetime) -> ColumnElement[bool]:
    """Whether something happened on a pull request since a time, as SQL."""
    decided = sa.select(decisions.c.draft).where(decisions.c.at >= since)
    of_drafts = sa.select(draft_table.c.pull_request).where(
        (draft_table.c.made_at >= since) | draft_table.c.id.in_(decided)
    )
    of_reviews = sa.select(review_table.c.pull_request).where(review_table.c.changed_at >= since)
    return pull_request_table.c.id.in_(of_drafts.union(of_reviews))

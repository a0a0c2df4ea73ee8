"""
What became of what was told, as a page and as CSV.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request, Response

from bot.review.insights import Became, insights
from bot.web.requests import At, Signed
from bot.web.sessions import Session
from bot.web.site import Site

WEEKS: Mapping[str, int] = {"4": 4, "12": 12, "52": 52}
"""Periods that can be chosen, in weeks."""
_DEFAULT = "12"
_COLUMNS = (
    "repository",
    "pull request",
    "rule",
    "severity",
    "made at",
    "state",
    "decided",
    "decided at",
    "who",
    "category",
    "posted",
    "fixed",
    "with AI",
)

router = APIRouter()


@router.get("/insights")
def show_insights(request: Request, site: At, person: Signed) -> Response:
    """A period, counted."""
    weeks, since, until = _period(request, site)
    drafts = _drafts(site, person, since)
    sees = site.access.sees(person)
    costs = {name: spent for name, spent in site.desk.costs(since).items() if sees(name)}
    return site.page(
        "insights.html",
        person,
        weeks=weeks,
        choices=list(WEEKS),
        insights=insights(drafts, since.date(), until.date()),
        costs=costs,
    )


@router.get("/insights.csv")
def export(request: Request, site: At, person: Signed) -> Response:
    """One line for each draft of a period."""
    _, since, _ = _period(request, site)
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(_COLUMNS)
    lines.writerows(_row(draft) for draft in _drafts(site, person, since))
    headers = {"Content-Disposition": 'attachment; filename="countersign.csv"'}
    return Response(written.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _period(request: Request, site: Site) -> tuple[str, dt.datetime, dt.datetime]:
    """The chosen number of weeks, as its word, and their start and end."""
    asked = request.query_params.get("weeks", _DEFAULT)
    weeks = asked if asked in WEEKS else _DEFAULT
    until = site.desk.now()
    return weeks, until - dt.timedelta(weeks=WEEKS[weeks]), until


def _drafts(site: Site, person: Session, since: dt.datetime) -> Sequence[Became]:
    sees = site.access.sees(person)
    return [draft for draft in site.desk.became(since) if sees(draft.repository)]


def _row(draft: Became) -> tuple[object, ...]:
    return (
        _cell(draft.repository),
        draft.number,
        draft.rule,
        draft.severity.name.lower(),
        draft.made_at.isoformat(),
        draft.state,
        draft.decided or "",
        draft.decided_at.isoformat() if draft.decided_at is not None else "",
        _cell(draft.who),
        draft.category or "",
        int(draft.is_posted),
        int(draft.is_fixed),
        int(draft.with_ai),
    )


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text

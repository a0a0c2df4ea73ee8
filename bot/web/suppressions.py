"""
What is not told, and why: dismissals, to be taken back, and what the repositories' own files suppress.
"""

from __future__ import annotations

from fastapi import APIRouter, Response

from bot.web.requests import At, Signed

router = APIRouter()

MOST_ACCEPTED = 200
"""Findings of one baseline that are listed; the file itself has them all."""


@router.get("/suppressions")
def show_suppressions(site: At, person: Signed, repository: str = "") -> Response:
    """Everything that is suppressed in the repositories that a person may see, or in one of them."""
    sees = site.access.sees(person)
    dismissed = [each for each in site.desk.dismissed() if sees(each.pull_request.repository)]
    suppressed = [each for each in site.desk.suppressed() if sees(each.pull_request.repository)]
    pulls = [*(each.pull_request for each in dismissed), *(each.pull_request for each in suppressed)]
    names = sorted({pull.repository for pull in pulls})
    chosen = [repository] if repository in names else names
    dismissed = [each for each in dismissed if each.pull_request.repository in chosen]
    suppressed = [each for each in suppressed if each.pull_request.repository in chosen]
    return site.page(
        "suppressions.html",
        person,
        dismissed=dismissed,
        allowing=[each for each in suppressed if each.suppressions.allows],
        allows=sum(len(each.suppressions.allows) for each in suppressed),
        accepting=[each for each in suppressed if each.suppressions.baselines],
        repository=repository if repository in names else "",
        repositories=names,
        most=MOST_ACCEPTED,
        now=site.desk.now(),
    )

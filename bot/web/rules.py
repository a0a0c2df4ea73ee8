"""
The pages of the rules.
"""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Response

from analyzers import catalogue
from bot.web import comments
from bot.web.requests import At, Signed

router = APIRouter()


@router.get("/rules")
def show_rules(site: At, person: Signed) -> Response:
    """All rules."""
    return site.page("rules.html", person, rules=catalogue.load())


@router.get("/rules/{rule_id}")
def show_rule(rule_id: str, site: At, person: Signed) -> Response:
    """A rule's page."""
    rule = catalogue.find(rule_id)
    if rule is None:
        raise HTTPException(404, "There is no such rule.")
    sections = [(heading, comments.render(body)) for heading, body in rule.sections]
    return site.page("rule.html", person, rule=rule, sections=sections)

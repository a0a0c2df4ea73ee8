"""
The queue and the review page, and what is decided on it.
"""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from analyzers import catalogue
from bot.review.drafts import CATEGORIES, PullRequest
from bot.web import forms, lines, queue, reviewed
from bot.web.desk import Shown, review_path
from bot.web.forms import BadForm
from bot.web.requests import At, Sent, Signed
from bot.web.sessions import Session
from bot.web.site import Site

router = APIRouter()


@router.get("/")
def show_queue(request: Request, site: At, person: Signed) -> Response:
    """What waits for a signature."""
    sees = site.access.sees(person)
    desk = site.desk
    pending = [each for each in desk.queue() if sees(each.pull_request.repository)]
    listed = queue.page(pending, request.query_params, desk.now())
    previews = desk.previews(entry.pending.review.id for entry in listed.entries)
    return site.page("queue.html", person, queue=listed, previews=previews)


@router.get("/reviews/{owner}/{name}/{number}")
def show_review(request: Request, owner: str, name: str, number: int, site: At, person: Signed) -> Response:
    """One pull request."""
    pull = _pull(site, person, f"{owner}/{name}", number)
    view = reviewed.page(_shown(site, pull), lines.more_of(request.query_params.getlist("more")))
    return page("review.html", site, person, view, may_decide=site.access.may_decide(person, pull))


@router.post("/reviews/{owner}/{name}/{number}/decisions")
def decide(request: Request, owner: str, name: str, number: int, site: At, person: Signed, form: Sent) -> Response:
    """Sign, edit, dismiss, or take it back."""
    pull = _pull(site, person, f"{owner}/{name}", number)
    if not site.access.may_decide(person, pull):
        raise HTTPException(403, f"You have no write access to {pull.repository}.")
    if form["head"] != pull.head:
        raise HTTPException(409, "There is a newer head than the one you looked at; load the page again.")
    if not form["act"]:
        raise HTTPException(422, "This form lacks its number; load the page again.")
    desk = site.desk
    try:
        made = forms.decisions(form, pull, desk.drafts(pull), person.login, desk.now())
    except BadForm as exc:
        raise HTTPException(422, str(exc)) from exc
    if made:
        desk.decide(pull, made, f"web:{person.login}:{form['act']}")
    if "hx-request" not in request.headers:
        anchor = "drafts" if form["draft"] == "all" else f"draft-{form['draft']}"
        return RedirectResponse(f"{review_path(pull.repository, pull.number)}#{anchor}", 303)
    view = reviewed.page(_shown(site, pull))
    decided = {decision.draft for decision in made}
    cards = [card for card in view.cards if card.draft.id in decided]
    return page("decided.html", site, person, view, may_decide=True, cards=cards)


@router.post("/reviews/{owner}/{name}/{number}/again")
def review_again(owner: str, name: str, number: int, site: At, person: Signed, form: Sent) -> Response:
    """Have the head reviewed again."""
    pull = _pull(site, person, f"{owner}/{name}", number)
    if not site.access.may_decide(person, pull):
        raise HTTPException(403, f"You have no write access to {pull.repository}.")
    if not form["act"]:
        raise HTTPException(422, "This form lacks its number; load the page again.")
    site.desk.again(pull, f"web:{person.login}:{form['act']}")
    return RedirectResponse(review_path(pull.repository, pull.number), 303)


def _pull(site: Site, person: Session, repository: str, number: int) -> PullRequest:
    pull = site.desk.find(repository, number)
    if pull is None or not site.access.sees(person)(pull.repository):
        raise HTTPException(404, "There is no such review, or none that you may see.")
    return pull


def _shown(site: Site, pull: PullRequest) -> Shown:
    shown = site.desk.shown(pull)
    if shown is None:
        raise HTTPException(404, "This head was not reviewed yet; come back in a minute.")
    return shown


def page(
    template: str, site: Site, person: Session, view: reviewed.ReviewPage, *, may_decide: bool, **more: object
) -> HTMLResponse:
    """A review, or a part of its page."""
    return site.page(
        template,
        person,
        page=view,
        shown=view.shown,
        pull=view.shown.pull,
        rules={rule.id: rule for rule in catalogue.load()},
        may_decide=may_decide,
        categories=CATEGORIES,
        **more,
    )

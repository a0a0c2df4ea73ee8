"""
The desk as an application of its own: its addresses, who may call them, and what every answer carries.
"""

from __future__ import annotations

import importlib.resources
import secrets
import urllib.parse
from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

from analyzers import catalogue
from bot.review.drafts import PullRequest
from bot.web import comments, forms, pages, queue, reviewed
from bot.web.access import Access
from bot.web.desk import Desk, Shown
from bot.web.forms import BadForm, Form
from bot.web.sessions import Session, Sessions, is_same

LARGEST_FORM = 256 * 1024
"""Bytes: an edited comment, encoded."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer."""
_ACTING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Site(msgspec.Struct, frozen=True):
    """What the desk is made of."""

    desk: Callable[[], Desk]
    access: Access
    sessions: Sessions
    hosts: frozenset[str]
    """Under which names it may be called, `host:port`; another name is another site's way in (DNS rebinding)."""
    is_local: bool = False
    """Whether it runs on one's own machine, for its user alone."""


def create(site: Site) -> FastAPI:
    """The desk; how a person signs in is added to it (`local.sign_in`, `github.sign_in`)."""
    app = FastAPI(title="Countersign", docs_url=None, redoc_url=None, openapi_url=None)
    desk = site.desk

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if (refused := _refusal(site, request)) is not None:
            answer: Response = _error(site, request, *refused)
        else:
            answer = await call_next(request)
        is_static = request.url.path.startswith("/static/") and answer.status_code == 200
        for name, value in HEADERS.items():
            answer.headers[name] = (
                "public, max-age=31536000, immutable" if is_static and name == "Cache-Control" else value
            )
        return answer

    @app.exception_handler(HTTPException)
    async def refuse(request: Request, exc: HTTPException) -> Response:
        return _error(site, request, exc.status_code, str(exc.detail))

    @app.exception_handler(404)
    async def missing(request: Request, exc: Exception) -> Response:
        return _error(site, request, 404, "There is nothing here, or nothing that you may see.")

    def signed_in(request: Request) -> Session:
        person = site.sessions.read(request.cookies.get(site.sessions.cookie))
        if person is None:
            raise HTTPException(401, "You are not signed in.")
        return person

    Signed = Annotated[Session, Depends(signed_in)]  # noqa: N806  (a type)

    async def form_of(request: Request, person: Signed) -> Form:
        if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
            raise HTTPException(415, "A form is expected.")
        form = Form(urllib.parse.parse_qs((await _body(request)).decode("utf-8", "replace"), max_num_fields=50))
        if not is_same(form["form"], person.form):
            raise HTTPException(403, "This form is not from this session; load the page again.")
        return form

    Sent = Annotated[Form, Depends(form_of)]  # noqa: N806  (a type)

    def pull_of(repository: str, number: int, person: Session) -> PullRequest:
        pull = desk().find(repository, number)
        if pull is None or not site.access.sees(person)(pull.repository):
            raise HTTPException(404, "There is no such review, or none that you may see.")
        return pull

    def shown_of(pull: PullRequest) -> Shown:
        shown = desk().shown(pull)
        if shown is None:
            raise HTTPException(404, "This head was not reviewed yet; come back in a minute.")
        return shown

    def page(template: str, person: Session, **values: object) -> HTMLResponse:
        return HTMLResponse(pages.filled(template, person=person, is_local=site.is_local, **values))

    @app.get("/")
    def show_queue(request: Request, person: Signed) -> Response:
        """What waits for a signature."""
        sees = site.access.sees(person)
        queued = [each for each in desk().queue() if sees(each.pull_request.repository)]
        if site.is_local and len(queued) == 1 and not request.query_params:
            only = queued[0].pull_request
            return RedirectResponse(pages.address(only.repository, only.number), 303)
        return page("queue.html", person, queue=queue.page(queued, request.query_params, desk().now()))

    @app.get("/reviews/{owner}/{name}/{number}")
    def show_review(owner: str, name: str, number: int, person: Signed) -> Response:
        """One pull request."""
        pull = pull_of(f"{owner}/{name}", number, person)
        view = reviewed.page(shown_of(pull))
        return page("review.html", person, **_of_review(view, site.access.may_decide(person, pull)))

    @app.post("/reviews/{owner}/{name}/{number}/decisions")
    def decide(request: Request, owner: str, name: str, number: int, person: Signed, form: Sent) -> Response:
        """Sign, edit, dismiss, or take it back."""
        pull = pull_of(f"{owner}/{name}", number, person)
        if not site.access.may_decide(person, pull):
            raise HTTPException(403, f"You have no write access to {pull.repository}.")
        if form["head"] != pull.head:
            raise HTTPException(409, "There is a newer head than the one you looked at; load the page again.")
        drafts = shown_of(pull).drafts
        try:
            made = forms.decisions(form, pull, drafts, person.login, desk().now())
        except BadForm as exc:
            raise HTTPException(422, str(exc)) from exc
        if made and form["act"]:
            desk().decide(pull, made, f"web:{person.login}:{form['act']}")
        elif made:
            raise HTTPException(422, "This form lacks its number; load the page again.")
        anchor = "" if form["draft"] == "all" else f"draft-{form['draft']}"
        if "hx-request" not in request.headers:
            return RedirectResponse(f"{pages.address(pull.repository, pull.number)}#{anchor or 'drafts'}", 303)
        view = reviewed.page(shown_of(pull))
        decided = {decision.draft for decision in made}
        cards = [card for card in view.cards if card.draft.id in decided]
        return page("decided.html", person, cards=cards, **_of_review(view, may_decide=True))

    @app.get("/rules")
    def show_rules(person: Signed) -> Response:
        """All rules."""
        return page("rules.html", person, rules=catalogue.load())

    @app.get("/rules/{rule_id}")
    def show_rule(rule_id: str, person: Signed) -> Response:
        """A rule's page."""
        rule = catalogue.find(rule_id)
        if rule is None:
            raise HTTPException(404, "There is no such rule.")
        sections = [(heading, comments.render(body)) for heading, body in rule.sections]
        return page("rule.html", person, rule=rule, sections=sections)

    static = importlib.resources.files("bot.web") / "static"
    app.mount("/static", StaticFiles(directory=str(static)), name="static")
    return app


def _of_review(view: reviewed.ReviewPage, may_decide: bool) -> dict[str, object]:
    """What the templates of a review need."""
    return {
        "page": view,
        "shown": view.shown,
        "pull": view.shown.pull,
        "rules": {rule.id: rule for rule in catalogue.load()},
        "may_decide": may_decide,
        "categories": forms.CATEGORIES,
        "new_act": lambda: secrets.token_urlsafe(12),
    }


def _refusal(site: Site, request: Request) -> tuple[int, str] | None:
    """Why a request is not heard at all; None when it is."""
    host = request.headers.get("host", "")
    if host not in site.hosts:
        return 421, "This is not a name of this service."
    if request.method in _ACTING:
        origin = request.headers.get("origin")
        fetched_from = request.headers.get("sec-fetch-site", "same-origin")
        scheme = "https" if site.sessions.is_secure else "http"
        if (origin is not None and origin != f"{scheme}://{host}") or fetched_from != "same-origin":
            return 403, "This form was sent by another site."
    return None


def _error(site: Site, request: Request, status: int, words: str) -> Response:
    """A page that says what is wrong; who is not signed in and looks for a page is led to the sign-in."""
    if "hx-request" in request.headers:
        return HTMLResponse(pages.filled("said.html", words=words), status)
    return HTMLResponse(
        pages.filled("error.html", person=None, is_local=site.is_local, status=status, words=words), status
    )


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_FORM:
            raise HTTPException(413, "This form is too large.")
        parts.append(part)
    return b"".join(parts)

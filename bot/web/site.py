"""
The desk as an application of its own: what it is made of, and what holds for every request and every answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from bot.web import pages
from bot.web.access import Access, NotSignedIn, Unknown
from bot.web.desk import Desk
from bot.web.sessions import Session, Sessions

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

    desk: Desk
    access: Access
    sessions: Sessions
    hosts: frozenset[str]
    """Under which names it may be called, `host:port`; another name is another site's way in (DNS rebinding)."""
    is_local: bool = False
    """Whether it runs on one's own machine, for its user alone."""

    def page(self, template: str, person: Session | None, **values: object) -> HTMLResponse:
        """A page for somebody who is signed in, or who is not."""
        return HTMLResponse(pages.filled(template, person=person, is_local=self.is_local, **values))


def create(site: Site) -> FastAPI:
    """An application without pages; routers and a way to sign in are added to it."""
    app = FastAPI(title="Countersign", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = site

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        refused = _refusal(site, request)
        answer = _error(site, request, *refused) if refused is not None else await call_next(request)
        for name, value in HEADERS.items():
            answer.headers[name] = value
        if request.url.path.startswith("/static/") and answer.status_code == 200:
            answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer

    @app.exception_handler(HTTPException)
    async def refuse(request: Request, exc: HTTPException) -> Response:
        return _error(site, request, exc.status_code, str(exc.detail))

    @app.exception_handler(NotSignedIn)
    async def sign_in_again(request: Request, exc: Exception) -> Response:
        return _error(site, request, 401, "You have to sign in again.")

    @app.exception_handler(Unknown)
    async def not_now(request: Request, exc: Exception) -> Response:
        return _error(site, request, 503, str(exc))

    @app.exception_handler(404)
    async def missing(request: Request, exc: Exception) -> Response:
        return _error(site, request, 404, "There is nothing here, or nothing that you may see.")

    app.mount("/static", StaticFiles(packages=[("bot.web", "static")]), name="static")
    return app


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
    wanted = request.url.path if request.method == "GET" else "/"
    person = site.sessions.read(request.cookies.get(site.sessions.cookie)) if status != 401 else None
    answer = site.page("error.html", person, status=status, words=words, wanted=wanted)
    answer.status_code = status
    return answer

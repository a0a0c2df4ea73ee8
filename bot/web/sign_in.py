"""
Signing in at GitHub, and out.

The way there and back is bound to one browser: a sealed cookie holds the state that GitHub must send back, and the
verifier without which its code is worth nothing.
"""

from __future__ import annotations

import secrets
from typing import Protocol

import msgspec
import structlog
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from bot.web.access import NotSignedIn, Unknown
from bot.web.requests import At, Sent, Signed
from bot.web.sessions import Sealed, is_same

PATIENCE = 600
"""Seconds that somebody may take at GitHub."""
CALLBACK = "/sign-in/callback"

_log = structlog.get_logger()


class SignIn(Protocol):
    """Who somebody is, as GitHub knows them."""

    def address(self, state: str, verifier: str, back: str) -> str:
        """Where they say so; `verifier` is known to us alone, `back` is where they are sent afterwards."""

    def person(self, code: str, verifier: str, back: str) -> tuple[str, str]:
        """
        (login, token) of who came back with a code.

        Raises:
            NotSignedIn: GitHub does not take the code.
            Unknown: GitHub does not answer.
        """


class _Trip(msgspec.Struct, frozen=True):
    """Somebody's way to GitHub and back."""

    state: str
    verifier: str
    start: str
    """Where they wanted to go."""


def add(app: FastAPI, sign_in: SignIn, secret: str, url: str) -> None:
    """
    Have people sign in.

    Args:
        app: The desk.
        sign_in: Asks GitHub.
        secret: Shared by all processes of the service.
        url: Where the desk is reached, without a slash at its end.
    """
    trips = Sealed(secret, "sign-in", PATIENCE)
    back = url + CALLBACK

    @app.get("/sign-in")
    def begin(site: At, to: str = "/") -> Response:
        trip = _Trip(secrets.token_urlsafe(24), secrets.token_urlsafe(48), _inside(to))
        answer = RedirectResponse(sign_in.address(trip.state, trip.verifier, back), 303)
        answer.set_cookie(
            _cookie(site.sessions.cookie),
            trips.seal(trip),
            max_age=PATIENCE,
            httponly=True,
            secure=site.sessions.is_secure,
            samesite="lax",
        )
        return answer

    @app.get(CALLBACK)
    def end(request: Request, site: At, code: str = "", state: str = "") -> Response:
        opened = trips.open(request.cookies.get(_cookie(site.sessions.cookie), ""))
        trip = msgspec.json.decode(opened, type=_Trip) if opened is not None else None
        if trip is None or not is_same(trip.state, state):
            raise HTTPException(403, "This sign-in was not begun in this browser, or too long ago.")
        try:
            login, token = sign_in.person(code, trip.verifier, back)
        except NotSignedIn as exc:
            raise HTTPException(403, "GitHub did not sign you in.") from exc
        except Unknown as exc:
            raise HTTPException(503, str(exc)) from exc
        _log.info("signed in", login=login)
        answer = RedirectResponse(trip.start, 303)
        answer.set_cookie(
            site.sessions.cookie,
            site.sessions.begin(login, token),
            max_age=site.sessions.lifetime,
            httponly=True,
            secure=site.sessions.is_secure,
            samesite="lax",
        )
        answer.delete_cookie(_cookie(site.sessions.cookie), secure=site.sessions.is_secure, httponly=True)
        return answer

    @app.post("/sign-out")
    def sign_out(site: At, person: Signed, form: Sent) -> Response:
        _log.info("signed out", login=person.login)
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(site.sessions.cookie, secure=site.sessions.is_secure, httponly=True)
        return answer


def _cookie(session: str) -> str:
    return f"{session}-sign-in"


def _inside(path: str) -> str:
    """A path of ours; any other address becomes the first page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"

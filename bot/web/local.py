"""
The desk on one's own machine: no accounts, and still nobody else's.

Other users of the machine and the sites that a browser visits can reach a loopback address too. So a person comes in by
the link that the command prints: its key, used once, begins the session.
"""

from __future__ import annotations

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import RedirectResponse

from bot.web.sessions import Sessions, is_same


def sign_in(app: FastAPI, sessions: Sessions, key: str, login: str, start: str) -> None:
    """
    Let in who has the key.

    Args:
        app: The desk.
        sessions: Its sessions.
        key: Part of the link that is printed.
        login: Who that is.
        start: Where that leads.
    """

    @app.get("/enter/{given}")
    def enter(given: str) -> Response:
        if not is_same(given, key):
            raise HTTPException(403, "This link is not the one that the command printed.")
        answer = RedirectResponse(start, 303)
        answer.set_cookie(sessions.cookie, sessions.begin(login), httponly=True, samesite="lax", path="/")
        return answer

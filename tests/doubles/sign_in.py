"""
Signing in with the App: the page on which a person agrees, and the exchange of its code for a token.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from tests.doubles.access import Access
from tests.doubles.world import World

CLIENT_SECRET = "the secret of the App's client"


@dataclass(frozen=True)
class _Code:
    login: str
    back: str
    challenge: str


class SignIn:
    """Who uses the browser agrees at once."""

    def __init__(self, world: Callable[[], World], access: Callable[[], Access]) -> None:
        self.login: str | None = None
        """Who is signed in at GitHub in the browser; None: they refuse."""
        self._world = world
        self._access = access
        self._codes: dict[str, _Code] = {}

    async def authorize(self, request: Request) -> Response:
        query = request.query_params
        back = query.get("redirect_uri", "")
        if query.get("client_id") != self._world().app.client_id:
            return Response("Not Found", 404)
        if self.login is None:
            answer = {"error": "access_denied"}
        else:
            code = secrets.token_hex(10)
            self._codes[code] = _Code(self.login, back, query.get("code_challenge", ""))
            answer = {"code": code}
        answer["state"] = query.get("state", "")
        return RedirectResponse(f"{back}?{urllib.parse.urlencode(answer)}", 302)

    async def exchange(self, request: Request) -> Response:
        """A code is good once, for the same address, with the verifier of its challenge."""
        sent = dict(urllib.parse.parse_qsl((await request.body()).decode()))
        code = self._codes.pop(sent.get("code", ""), None)
        if (sent.get("client_id"), sent.get("client_secret")) != (self._world().app.client_id, CLIENT_SECRET):
            return JSONResponse({"error": "incorrect_client_credentials"})
        verifier = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        if code is None or code.back != sent.get("redirect_uri") or code.challenge != challenge:
            return JSONResponse({"error": "bad_verification_code"})
        account = self._world().accounts[code.login]
        return JSONResponse({"access_token": self._access().sign_in(account), "token_type": "bearer", "scope": ""})

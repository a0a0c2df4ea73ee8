"""
People's accounts: signing in with the App, and what somebody may see.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

from __future__ import annotations

import base64
import hashlib
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import msgspec
import requests

from bot.github.client import DEFAULT_API_URL, TIMEOUT, GitHub
from bot.github.errors import Forbidden, NotFound, Unauthorized, Unavailable


class Accounts:
    """Signing in at one server."""

    def __init__(
        self,
        github: GitHub,
        client_id: str,
        client_secret: str,
        *,
        api_url: str = DEFAULT_API_URL,
        ca_file: Path | None = None,
    ) -> None:
        """
        Args:
            github: The App there.
            client_id: The App's, as its settings page shows it.
            client_secret: One of the App's.
            api_url: As `github` has it.
            ca_file: Certificates to trust instead of the system's, PEM.
        """
        self._github = github
        self._client_id = client_id
        self._client_secret = client_secret
        self._pages = pages_url(api_url)
        self._verify = str(ca_file) if ca_file else True

    def address(self, state: str, verifier: str, back: str) -> str:
        """
        Where somebody says at GitHub that they want to sign in here.

        Args:
            state: Comes back with them.
            verifier: What only we know; its hash is sent, so that nobody else can use the code (RFC 7636).
            back: Where GitHub sends them afterwards.
        """
        digest = hashlib.sha256(verifier.encode()).digest()
        fields = {
            "client_id": self._client_id,
            "redirect_uri": back,
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return f"{self._pages}/login/oauth/authorize?{urllib.parse.urlencode(fields)}"

    def token(self, code: str, verifier: str, back: str) -> str:
        """
        The token of who came back with a code.

        Raises:
            Unauthorized: The code is worth nothing.
            Unavailable: No answer that can be used.
        """
        fields = {
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        try:
            answer = requests.post(
                f"{self._pages}/login/oauth/access_token",
                data=fields,
                headers={"Accept": "application/json"},
                timeout=TIMEOUT,
                verify=self._verify,
                allow_redirects=False,
            )
            said = msgspec.json.decode(answer.content, type=_Answer)
        except (requests.RequestException, msgspec.DecodeError) as exc:
            raise Unavailable(f"GitHub gives no token: {type(exc).__name__}") from exc
        if not said.access_token:
            raise Unauthorized(f"GitHub gives no token: {said.error or answer.status_code}")
        return said.access_token

    def login(self, token: str) -> str:
        """Whose token it is."""
        return self._github.person(token).get("/user", _Login).login

    def repositories(self, token: str) -> Iterator[str]:
        """
        The repositories, `owner/name`, that a token's owner may see and that have the App.

        Raises:
            Unauthorized: The token is worth nothing any more.
        """
        client = self._github.person(token)
        for installation in client.pages("/user/installations", _Id, key="installations"):
            path = f"/user/installations/{installation.id}/repositories"
            try:
                for repository in client.pages(path, _Repository, key="repositories"):
                    yield repository.full_name
            except (NotFound, Forbidden):
                continue  # uninstalled meanwhile, or suspended: nothing of it is seen


def pages_url(api_url: str) -> str:
    """
    The address of GitHub's pages beside its API.

        "https://api.github.com" → "https://github.com", "https://host/api/v3" → "https://host"
    """
    if api_url.rstrip("/") == DEFAULT_API_URL:
        return "https://github.com"
    return api_url.rstrip("/").removesuffix("/api/v3")


class _Answer(msgspec.Struct):
    access_token: str = ""
    error: str = ""


class _Login(msgspec.Struct):
    login: str


class _Id(msgspec.Struct):
    id: int


class _Repository(msgspec.Struct):
    full_name: str

"""
Who is asking, and whether they may: App tokens (JWT), installation tokens, people's tokens.
"""

from __future__ import annotations

import datetime as dt
import functools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.doubles import refusals
from tests.doubles.refusals import Refusal
from tests.doubles.world import Account, App, Installation, Repository, World

CLOCK_DRIFT = 60
"""Seconds by which a client's clock may be ahead."""
LONGEST_JWT = 600
"""Seconds from now to the latest expiry that GitHub takes."""
# https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app

_EXPIRED = (
    "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion "
    "expires"
)

_CONTENTS, _PULLS, _CHECKS = ("contents",), ("pull_requests",), ("checks",)
_EITHER = ("issues", "pull_requests")
_NEEDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("checks/", _CHECKS),
    ("git/", _CONTENTS),
    ("graphql", _PULLS),
    ("issues/", _EITHER),
    ("pulls/", _PULLS),
    ("reactions/create-for-issue", _EITHER),
    ("reactions/delete-for-issue", _EITHER),
    ("reactions/list-for-issue", _EITHER),
    ("reactions/", _PULLS),
    ("repos/list-pull-requests", _PULLS),
    ("repos/get-collaborator", ("metadata",)),
    ("repos/", _CONTENTS),
)
"""By the start of an operation's id: the permissions of which one is needed. Reading needs `read`, the rest `write`."""
# https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
_METADATA_ONLY = {"repos/get"}
_FOR_PEOPLE = {"apps/list-installation-repos-for-authenticated-user", "apps/list-installations-for-authenticated-user"}
"""Only with the token of somebody who signed in with the App."""


@dataclass(frozen=True)
class Caller:
    """Somebody whose credentials are good."""

    account: Account
    app: App | None = None
    """With an App's JWT."""
    installation: Installation | None = None
    """With an installation's token."""
    permissions: Mapping[str, str] | None = None
    """What that token may do."""
    repositories: tuple[Repository, ...] = ()
    """What that token reaches."""

    signed_in: bool = False
    """With the token of somebody who signed in with the App."""

    def sees(self, repository: Repository) -> bool:
        if self.installation:
            return repository in self.repositories
        return self.app is None and repository.permission(self.account) != "none"

    def check(self, operation: str, *, writes: bool) -> None:
        """
        Raises:
            Refusal: the operation is for another kind of credentials, or the permission was not granted.
        """
        if operation in _FOR_PEOPLE:
            if not self.signed_in:
                raise Refusal(403, "You must authenticate with an access token authorized to a GitHub App")
            return
        for_app = operation.startswith("apps/") and operation != "apps/list-repos-accessible-to-installation"
        if for_app != (self.app is not None):
            raise Refusal(401, "A JSON web token could not be decoded" if for_app else "Bad credentials")
        if self.permissions is None or operation in _METADATA_ONLY:
            return
        needed = next((names for start, names in _NEEDS if operation.startswith(start)), ())
        levels = {self.permissions.get(name) for name in needed}
        if needed and not levels & ({"write"} if writes else {"read", "write"}):
            raise refusals.forbidden()


@functools.cache
def _app_key() -> rsa.RSAPrivateKey:
    """One key for all Apps of a test run: making one takes longer than many a test."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class _Token:
    installation: Installation
    permissions: Mapping[str, str]
    repositories: tuple[Repository, ...]
    expires_at: dt.datetime


class Access:
    """Gives credentials and recognises them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._key = _app_key()
        self._tokens: dict[str, _Token] = {}
        self._people: dict[str, Account] = {}
        self._signed_in: dict[str, Account] = {}
        self.token_lifetime = dt.timedelta(hours=1)

    @property
    def private_key(self) -> str:
        """The App's key as GitHub hands it out, PEM."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        ).decode()

    def token_for(self, account: Account) -> str:
        """A person's own token."""
        token = f"ghp_{secrets.token_hex(18)}"
        self._people[token] = account
        return token

    def sign_in(self, account: Account) -> str:
        """The token of somebody who signed in with the App."""
        token = f"ghu_{secrets.token_hex(18)}"
        self._signed_in[token] = account
        return token

    def issue(
        self, installation: Installation, permissions: Mapping[str, str], repositories: tuple[Repository, ...]
    ) -> tuple[str, dt.datetime]:
        """A new installation token and when it expires."""
        token = f"ghs_{secrets.token_hex(18)}"
        expires_at = dt.datetime.now(dt.UTC) + self.token_lifetime
        self._tokens[token] = _Token(installation, permissions, repositories, expires_at)
        return token, expires_at

    def expire_tokens(self) -> None:
        """All installation tokens are worth nothing from now on."""
        self._tokens.clear()

    def caller(self, authorization: str | None) -> Caller:
        """
        Args:
            authorization: the header's value, `token …` or `Bearer …`.

        Raises:
            Refusal: 401.
        """
        kind, _, credentials = (authorization or "").partition(" ")
        if kind.lower() not in {"token", "bearer"} or not credentials:
            raise Refusal(401, "Requires authentication")
        return self._app(credentials) if credentials.count(".") == 2 else self.holder(credentials)

    def holder(self, token: str) -> Caller:
        """
        Raises:
            Refusal: 401, the token is unknown or expired.
        """
        if token in self._people:
            return Caller(self._people[token])
        if token in self._signed_in:
            return Caller(self._signed_in[token], signed_in=True)
        known = self._tokens.get(token)
        if known is None or known.expires_at <= dt.datetime.now(dt.UTC):
            raise refusals.bad_credentials()
        if known.installation.suspended_at:
            raise Refusal(403, "This installation has been suspended")
        reached = tuple(found for found in known.repositories if found in known.installation.repositories)
        return Caller(self._world.app.bot, None, known.installation, known.permissions, reached)

    def _app(self, credentials: str) -> Caller:
        app = self._world.app
        try:
            claims = jwt.decode(
                credentials,
                self._key.public_key(),
                algorithms=["RS256"],
                leeway=CLOCK_DRIFT,
                options={"require": ["exp", "iat", "iss"], "verify_iss": False, "verify_aud": False},
            )
        except jwt.ExpiredSignatureError as error:
            raise Refusal(401, _EXPIRED) from error
        except jwt.ImmatureSignatureError as error:
            message = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
            raise Refusal(401, message) from error
        except jwt.InvalidTokenError as error:
            raise Refusal(401, "A JSON web token could not be decoded") from error
        if claims["exp"] > dt.datetime.now(dt.UTC).timestamp() + LONGEST_JWT + CLOCK_DRIFT:
            raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
        if str(claims["iss"]) not in {str(app.id), app.client_id}:
            raise Refusal(404, "Integration not found")
        return Caller(app.bot, app)

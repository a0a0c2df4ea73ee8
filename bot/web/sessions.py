"""
Who is signed in: sealed cookies, and proof that a form is ours.

A session is encrypted and authenticated, so that it can be kept by the browser: nothing of it is kept here, and every
process that has the same secret reads it.
"""

from __future__ import annotations

import base64
import secrets

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LIFETIME = 8 * 60 * 60
"""Seconds that a session lasts: a working day; GitHub's tokens for people last as long."""
# https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens


class Session(msgspec.Struct, frozen=True):
    """A person who is signed in."""

    login: str
    """As GitHub names them; in local mode, as git does."""
    form: str
    """What a form must carry to be taken for ours."""
    token: str = ""
    """Their token at GitHub, with which it is asked what they may see."""

    def __repr__(self) -> str:
        return f"<session of {self.login}>"


class Sealed:
    """Values that only we can read and that only we can have written, for a while."""

    def __init__(self, secret: str, purpose: str, lifetime: int = LIFETIME) -> None:
        """
        Args:
            secret: Shared by all processes of the service.
            purpose: What was sealed for one purpose does not open for another.
            lifetime: Seconds.
        """
        # https://cryptography.io/en/latest/fernet/
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"countersign {purpose}".encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key.derive(secret.encode())))
        self.lifetime = lifetime

    def seal(self, value: object) -> str:
        """A value as a text that goes into a cookie or an address."""
        return self._fernet.encrypt(msgspec.json.encode(value)).decode()

    def open(self, text: str) -> bytes | None:
        """The JSON of what was sealed; None when it was not sealed by us, or too long ago."""
        try:
            return self._fernet.decrypt(text.encode(), ttl=self.lifetime)
        except InvalidToken:
            return None


class Sessions:
    """Sessions in cookies."""

    def __init__(self, secret: str, *, cookie: str, is_secure: bool) -> None:
        """
        Args:
            secret: Shared by all processes of the service.
            cookie: The cookie's name.
            is_secure: Whether the cookie goes over HTTPS only.
        """
        self.cookie = f"__Host-{cookie}" if is_secure else cookie
        self.is_secure = is_secure
        self.lifetime = LIFETIME
        self._sealed = Sealed(secret, "session")

    def begin(self, login: str, token: str = "") -> str:
        """A new session, as the cookie's value."""
        return self._sealed.seal(Session(login, secrets.token_urlsafe(24), token))

    def read(self, cookie: str | None) -> Session | None:
        """The session of a cookie; None where there is none, or where it is not ours or too old."""
        opened = self._sealed.open(cookie) if cookie else None
        return None if opened is None else msgspec.json.decode(opened, type=Session)


def is_same(one: str, other: str) -> bool:
    """Whether two secrets are the same, told in a time that says nothing of them."""
    return secrets.compare_digest(one.encode(), other.encode())

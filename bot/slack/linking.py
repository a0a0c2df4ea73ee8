"""
The link by which a person tells which GitHub account is theirs.

It is shown in Slack to nobody else, names the Slack user, is signed and holds for a short time. Whoever opens it signs
in at GitHub; only then are the two known to be one.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac

import msgspec

HOLDS = dt.timedelta(minutes=15)


class SlackUser(msgspec.Struct, frozen=True, array_like=True):
    """A person in Slack; ids are unique within a workspace only."""

    team: str
    user: str
    name: str = ""
    """As they call themselves, for a person to recognise."""


class _Claim(msgspec.Struct, frozen=True, array_like=True):
    user: SlackUser
    until: float
    """Seconds since 1970."""


def token(secret: str, user: SlackUser, now: dt.datetime) -> str:
    """
    What proves that whoever has it is this Slack user.

    Args:
        secret: Slack's signing secret; what is signed here can't be taken for a request of Slack's.
        user: Who pressed a button.
        now: UTC.
    """
    claim = msgspec.json.encode(_Claim(user, (now + HOLDS).timestamp()))
    return base64.urlsafe_b64encode(_seal(secret, claim) + claim).decode().rstrip("=")


def user_of(secret: str, said: str, now: dt.datetime) -> SlackUser | None:
    """The Slack user whom a token names; None when it is forged or too old."""
    try:
        raw = base64.urlsafe_b64decode(said.encode("ascii") + b"=" * (-len(said) % 4))
        seal, claim = raw[: hashlib.sha256().digest_size], raw[hashlib.sha256().digest_size :]
        if not hmac.compare_digest(seal, _seal(secret, claim)):
            return None
        read = msgspec.json.decode(claim, type=_Claim)
    except ValueError:  # not ASCII, not base64, not JSON
        return None
    return read.user if now.timestamp() < read.until else None


def _seal(secret: str, claim: bytes) -> bytes:
    # The requests that Slack signs with this secret begin with "v0:".
    return hmac.new(secret.encode(), b"countersign link:" + claim, hashlib.sha256).digest()

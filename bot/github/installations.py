"""
Where the App is installed.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bot.github.client import Client, GitHub
from bot.github.payloads import GHOST, User


class Installation(msgspec.Struct, frozen=True):
    """The App at one account."""

    id: int
    account: User | None = GHOST
    permissions: dict[str, str] = {}
    """As granted, which may be less than what the App asks for now."""
    events: list[str] = []
    suspended_at: str | None = None


class InstalledRepository(msgspec.Struct, frozen=True):
    """A repository that an installation reaches."""

    full_name: str
    clone_url: str
    archived: bool = False


def installations(github: GitHub) -> Iterator[Installation]:
    """All installations of the App."""
    yield from github.app.pages("/app/installations", Installation)


def repositories(client: Client) -> Iterator[InstalledRepository]:
    """What an installation reaches."""
    yield from client.pages("/installation/repositories", InstalledRepository, key="repositories")

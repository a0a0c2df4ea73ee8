"""
Signing in with the App, and what somebody may see.
"""

from __future__ import annotations

import contextlib
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bot.github.accounts import Accounts, pages_url
from bot.github.client import GitHub as Client
from bot.github.errors import Unauthorized, Unavailable
from tests.doubles import scenario
from tests.doubles.github import GitHub
from tests.doubles.scenario import AUTHOR, STRANGER
from tests.doubles.sign_in import CLIENT_SECRET

BACK = "https://desk.example/sign-in/callback"
VERIFIER = "v" * 64


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path / "github") as double:
        yield double


@pytest.fixture
def accounts(github: GitHub) -> Iterator[Accounts]:
    client = Client(github.world.app.id, github.access.private_key, api_url=github.api_url)
    with contextlib.closing(client):
        yield Accounts(client, github.world.app.client_id, CLIENT_SECRET, api_url=github.api_url)


def code(accounts: Accounts) -> str:
    """What GitHub sends back with somebody who agreed."""
    answer = requests.get(accounts.address("a state", VERIFIER, BACK), allow_redirects=False)
    came = urllib.parse.urlsplit(answer.headers["location"])
    said = dict(urllib.parse.parse_qsl(came.query))
    assert (came.netloc, came.path, said["state"]) == ("desk.example", "/sign-in/callback", "a state")
    return said["code"]


def test_somebody_signs_in(github: GitHub, accounts: Accounts) -> None:
    """A code becomes a token, once, and tells who it is and what they may see: not what has the App elsewhere."""
    open_, secret = scenario.repository(github), scenario.repository(github, name="secret", private=True)
    github.people.set_permission(secret, AUTHOR, "none")
    for repository in (open_, secret):
        github.people.install(repository)
    scenario.repository(github, name="without-the-app")
    github.sign_in.login = AUTHOR
    given = code(accounts)
    token = accounts.token(given, VERIFIER, BACK)
    assert accounts.login(token) == AUTHOR
    assert list(accounts.repositories(token)) == [open_.full_name]
    with pytest.raises(Unauthorized):
        accounts.token(given, VERIFIER, BACK)


@pytest.mark.parametrize(
    ("verifier", "back"), [("another", BACK), (VERIFIER, "https://desk.example/other"), ("", BACK)]
)
def test_a_code_is_bound(github: GitHub, accounts: Accounts, verifier: str, back: str) -> None:
    """A code that somebody took on its way is worth nothing without the verifier and its own address."""
    scenario.repository(github)
    github.sign_in.login = STRANGER
    with pytest.raises(Unauthorized):
        accounts.token(code(accounts), verifier, back)


def test_what_is_not_a_token(github: GitHub, accounts: Accounts) -> None:
    """A spent token is told from a GitHub that does not answer."""
    with pytest.raises(Unauthorized):
        accounts.login("ghu_spent")
    with pytest.raises(Unauthorized):
        list(accounts.repositories("ghu_spent"))
    api_url = "http://127.0.0.1:9/api/v3"
    nowhere = Accounts(Client(1, github.access.private_key, api_url=api_url), "x", "y", api_url=api_url)
    with pytest.raises(Unavailable):
        nowhere.token("code", VERIFIER, BACK)


@pytest.mark.parametrize(
    ("api", "pages"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://host/api/v3", "https://host"),
        ("https://host/api/v3/", "https://host"),
    ],
)
def test_where_the_pages_are(api: str, pages: str) -> None:
    assert pages_url(api) == pages

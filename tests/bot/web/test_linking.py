"""
Who somebody in Slack is: said once on the desk, by a person who is signed in, and by nobody for another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import requests

from bot.web import application, linking
from bot.web.site import Site
from tests.bot.web.running import READER, WRITER, Person, Running
from tests.doubles.server import Server

GOOD = "a-token"


class Links:
    """Keeps them in memory."""

    def __init__(self) -> None:
        self.linked: list[tuple[str, str]] = []

    def name(self, token: str) -> str | None:
        return "@grace <b>" if token == GOOD else None

    def link(self, token: str, login: str) -> bool:
        self.linked.append((token, login))
        return token == GOOD

    def unlink(self, login: str) -> int:
        count = len(self.linked)
        self.linked.clear()
        return count


@pytest.fixture
def links() -> Links:
    return Links()


@pytest.fixture
def person(running: Running, links: Links) -> Iterator[Callable[[str | None], Person]]:
    """Somebody at a desk where accounts are linked."""
    hosts: set[str] = set()
    site = Site(running.desk, running.site.access, running.sessions, hosts)  # type: ignore[arg-type]
    app = application.create(site)
    linking.add(app, links)
    with Server(app) as server:
        hosts.add(server.url.removeprefix("http://"))

        def enter(login: str | None) -> Person:
            made = Person(server.url, linking.link_path(GOOD))
            if login is not None:
                made.cookies["countersign"] = running.sessions.begin(login)
            return made

        yield enter


def send(person: Person, path: str, form: str) -> requests.Response:
    return person.post(person.url + path, data={"form": form})


def form_in(page: str) -> str:
    found = re.search(r'name="form" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_a_person_says_that_an_account_is_theirs(person: Callable[..., Person], links: Links) -> None:
    """The page says whose account it is and links nothing; its form does; and it can be taken back."""
    grace = person(WRITER)
    page = grace.read()
    assert "Is @grace &lt;b&gt; in Slack you?" in page
    assert links.linked == []
    answer = send(grace, grace.page, form_in(page))
    assert f"decides as {WRITER} from now on" in answer.text
    assert links.linked == [(GOOD, WRITER)]
    assert "any more; 1 account did." in send(grace, "/slack/unlink", form_in(answer.text)).text
    assert links.linked == []


def test_nobody_links_for_another(person: Callable[..., Person], links: Links) -> None:
    """Not without being signed in, with another's form, from another site, or with a link that does not hold."""
    grace = person(WRITER)
    form = form_in(grace.read())
    tries = {
        "not signed in, the page": person(None).get(grace.url + grace.page),
        "not signed in": send(person(None), grace.page, form),
        "another's form": send(person(READER), grace.page, form),
        "an empty form": send(grace, grace.page, ""),
        "another site": grace.post(grace.url + grace.page, data={"form": form}, headers={"Origin": "https://evil"}),
        "a forged link": send(grace, linking.link_path("forged"), form),
        "a forged link, the page": grace.get(grace.url + linking.link_path("forged")),
        "unlinking with another's form": send(person(READER), "/slack/unlink", form),
    }
    statuses = {name: answer.status_code for name, answer in tries.items()}
    assert statuses == dict.fromkeys(tries, 403) | {"not signed in, the page": 401, "not signed in": 401}
    assert links.linked == []

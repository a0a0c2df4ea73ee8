"""
What the desk refuses, as a table of tries; nothing is decided by any of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

import pytest
import requests

from bot.web.sessions import Sealed, Sessions
from bot.web.site import HEADERS
from tests.bot.web.running import GONE, READER, STRANGER, UNLUCKY, WRITER, Person, Running

Try: TypeAlias = Callable[[Running], requests.Response]


def sign(person: Person, **changed: str) -> requests.Response:
    """Sign draft 1 with a form that is as it should be, but for what is changed."""
    headers = {name: changed.pop(name) for name in ("Origin", "Sec-Fetch-Site", "Content-Type") if name in changed}
    return person.decide({**person.fields(), "draft": "1", "action": "sign", **changed}, **headers)


def as_if(running: Running, login: str | None, page: Person) -> requests.Response:
    """Send a form that another person was shown."""
    return running.person(login).decide({**page.fields(), "draft": "1", "action": "sign"})


def with_cookie(running: Running, cookie: str) -> requests.Response:
    person = running.person(None)
    person.cookies["countersign"] = cookie
    return person.get(running.url + running.page)


def rebound(running: Running) -> requests.Response:
    """By a name that leads here and is not ours."""
    return running.person(WRITER).get(running.url + "/", headers={"Host": "evil.example"})


def from_outside(running: Running) -> requests.Response:
    """With a form of their own, which another page gave them."""
    mallory = running.person(STRANGER)
    found = re.search(r'name="form" value="([^"]*)"', mallory.read("/rules"))
    assert found is not None
    fields = {**running.person(WRITER).fields(), "form": found[1], "draft": "1", "action": "sign"}
    return mallory.decide(fields)


def replaced(text: str) -> str:
    return text[:-8] + ("AAAAAAA=" if not text.endswith("AAAAAAA=") else "BBBBBBB=")


TRIES: dict[str, tuple[int, Try]] = {
    "the queue, not signed in": (401, lambda r: r.person(None).get(r.url + "/")),
    "a review, not signed in": (401, lambda r: r.person(None).get(r.url + r.page)),
    "a rule's page, not signed in": (401, lambda r: r.person(None).get(r.url + "/rules")),
    "a decision, not signed in": (401, lambda r: as_if(r, None, r.person(WRITER))),
    "a session that was changed": (401, lambda r: with_cookie(r, replaced(r.sessions.begin(WRITER)))),
    "a session sealed by somebody else": (
        401,
        lambda r: with_cookie(r, Sessions("guessed", cookie="countersign", is_secure=False).begin(WRITER)),
    ),
    "what was sealed for another purpose": (
        401,
        lambda r: with_cookie(r, Sealed("a secret of the tests", "sign-in").seal({"login": WRITER, "form": ""})),
    ),
    "no session at all": (401, lambda r: with_cookie(r, "x")),
    "a token that is spent": (401, lambda r: r.person(GONE).get(r.url + "/")),
    "GitHub silent": (503, lambda r: r.person(UNLUCKY).get(r.url + r.page)),
    "a foreign repository": (404, lambda r: r.person(STRANGER).get(r.url + r.page)),
    "a pull request that is not there": (404, lambda r: r.person(WRITER).get(r.url + "/reviews/acme/shop/7")),
    "a decision in a foreign repository": (404, from_outside),
    "a decision without write access": (403, lambda r: sign(r.person(READER))),
    "a form of another session": (403, lambda r: as_if(r, WRITER, r.person(WRITER))),
    "a form without its token": (403, lambda r: sign(r.person(WRITER), form="")),
    "from another site": (403, lambda r: sign(r.person(WRITER), Origin="https://evil.example")),
    "from a sandbox": (403, lambda r: sign(r.person(WRITER), Origin="null")),
    "from a sibling site": (403, lambda r: sign(r.person(WRITER), **{"Sec-Fetch-Site": "same-site"})),
    "another kind of body": (415, lambda r: sign(r.person(WRITER), **{"Content-Type": "text/plain"})),
    "another name of the host": (421, rebound),
    "an older head": (409, lambda r: sign(r.person(WRITER), head="0" * 40)),
    "a form without its number": (422, lambda r: sign(r.person(WRITER), act="")),
    "an action that is none": (422, lambda r: sign(r.person(WRITER), action="merge")),
    "a draft that is none": (422, lambda r: sign(r.person(WRITER), draft="99")),
    "a dismissal without a reason": (422, lambda r: sign(r.person(WRITER), action="dismiss", category="other")),
    "a reason of no kind": (422, lambda r: sign(r.person(WRITER), action="dismiss", category="x", reason="y")),
    "an empty comment": (422, lambda r: sign(r.person(WRITER), action="edit", text=" ")),
    "a comment that is too long": (422, lambda r: sign(r.person(WRITER), action="edit", text="x" * 60_001)),
    "a form that is too large": (413, lambda r: sign(r.person(WRITER), action="edit", text="x" * 300_000)),
    "a method that is none": (405, lambda r: r.person(WRITER).put(r.url + "/")),
    "what is not there": (404, lambda r: r.person(WRITER).get(r.url + "/static/../site.py")),
}


@pytest.mark.parametrize("name", TRIES)
def test_refused(running: Running, name: str) -> None:
    """Each try gets its status and changes nothing; also what is refused carries the headers of every answer."""
    status, attempt = TRIES[name]
    answer = attempt(running)
    assert answer.status_code == status
    assert running.states() == ["waiting", "waiting"]
    assert {header: answer.headers[header] for header in HEADERS} == HEADERS


def test_an_act_counts_once(running: Running) -> None:
    """A form that is sent again, by a double click or by who recorded it, does nothing more."""
    grace = running.person(WRITER)
    fields = {**grace.fields(), "draft": "1", "action": "sign"}
    assert grace.decide(fields).status_code == 303
    undone = {**grace.fields(), "draft": "1", "action": "undo"}
    assert grace.decide(undone).status_code == 303
    assert grace.decide(fields).status_code == 303
    assert running.states() == ["waiting", "waiting"]

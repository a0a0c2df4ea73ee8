"""
A desk on a port of its own, and people with browsers that are only HTTP.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import requests

from analyzers import catalogue, engine
from analyzers.change import Change
from analyzers.git import Repository
from analyzers.index import Index
from bot import demo
from bot.review import configuration
from bot.review.drafts import Draft, PullRequest
from bot.review.outcome import judge
from bot.review.records import Found, Suppressions
from bot.storage.database import utc_now
from bot.storage.store import Store
from bot.web import application, reviewed, reviews
from bot.web.access import NotSignedIn, Sees, Unknown
from bot.web.sessions import Session, Sessions
from bot.web.site import Site
from bot.workflow import engine as steps
from bot.workflow import local
from tests.doubles.server import Server

WRITER, READER, STRANGER, GONE, UNLUCKY = "grace", "ada", "mallory", "gone", "unlucky"
"""Who may write, who may read, who sees nothing; whose token is spent; for whom GitHub does not answer."""


class Shop(msgspec.Struct):
    """A change and what was found in it."""

    change: Change
    found: Found
    suppressions: Suppressions = Suppressions()

    @classmethod
    @contextlib.contextmanager
    def made(cls, folder: Path) -> Iterator[Shop]:
        demo.make(folder / "shop")
        with Repository(folder / "shop") as repository, Index.open(folder / "index.sqlite3") as index:
            change = repository.change(repository.commit_tree("main"), repository.commit_tree(demo.BRANCH))
            configurations = configuration.read(change.base, (rule.id for rule in catalogue.load()))
            outcome = judge(engine.review(change, index, configurations.options_for), configurations.for_path)
            yield cls(change, steps.found(change, outcome, configurations.root))


class Rules:
    """Who may what, as these tests want it."""

    def sees(self, person: Session) -> Sees:
        if person.login == GONE:
            raise NotSignedIn
        if person.login == UNLUCKY:
            raise Unknown("GitHub does not say now what you may see.")
        return lambda repository: person.login != STRANGER

    def may_decide(self, person: Session, pull: PullRequest) -> bool:
        return person.login == WRITER


class Person(requests.Session):
    """Somebody's browser."""

    def __init__(self, url: str, page: str) -> None:
        super().__init__()
        self.url = url
        self.page = page
        """The review page's path."""

    def read(self, path: str | None = None) -> str:
        answer = self.get(self.url + (path or self.page))
        assert answer.status_code == 200, answer.text
        return answer.text

    def fields(self) -> dict[str, str]:
        """The hidden fields of a form on the review page, new for each call."""
        return dict(re.findall(r'<input type="hidden" name="(form|head|act)" value="([^"]*)">', self.read()))

    def decide(self, fields: Mapping[str, str], **headers: str) -> requests.Response:
        return self.post(f"{self.url}{self.page}/decisions", data=fields, headers=headers, allow_redirects=False)


class Running:
    """The desk of a shop."""

    def __init__(self, shop: Shop, store: Store, now: Callable[[], dt.datetime] = utc_now) -> None:
        self.store = store
        self.desk = local.desk(store, shop.change, shop.found, shop.suppressions, "acme/shop", demo.TITLE, "ada")
        self.desk.now = now  # type: ignore[method-assign]
        self.hosts: set[str] = set()
        self.sessions = Sessions("a secret of the tests", cookie="countersign", is_secure=False)
        self.site = Site(self.desk, Rules(), self.sessions, self.hosts)  # type: ignore[arg-type]
        self._server = Server(application.create(self.site))
        self.url = self._server.url
        self.page = "/reviews/acme/shop/1"
        self.hosts.add(self.url.removeprefix("http://"))

    def person(self, login: str | None) -> Person:
        """Somebody who is signed in, or who is not."""
        person = Person(self.url, self.page)
        if login is not None:
            person.cookies["countersign"] = self.sessions.begin(login)
        return person

    def render(self, view: reviewed.ReviewPage) -> str:
        """A review page, as somebody who may decide gets it."""
        person = Session(WRITER, "token")
        return bytes(reviews.page("review.html", self.site, person, view, may_decide=True).body).decode()

    def drafts(self) -> tuple[Draft, ...]:
        pull = self.store.pull_requests.find("acme/shop", 1)
        assert pull is not None
        return self.store.drafts.of(pull.id)

    def states(self) -> list[str]:
        return [draft.state for draft in self.drafts()]

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

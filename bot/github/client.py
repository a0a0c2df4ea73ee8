"""
Calls to GitHub as an App: credentials, pace, pages, errors.

`GitHub` is the App at one server; `GitHub.installation(…)` gives the client of one installation, and that one's methods
make a call each and return a typed value. PyGithub sends the requests. What it would wait or retry by itself is
switched off: a caller that must wait does so durably, after a `RateLimited` or an `Unavailable`.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import logging
import re
import threading
import time
import urllib.parse
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import jwt
import msgspec
import requests
import urllib3
from github import Auth
from github.Requester import Requester

from bot import __version__
from bot.github import errors
from bot.github.errors import NotFound, RateLimited, Unauthorized, Unavailable
from bot.github.pace import Pace

T = TypeVar("T")
Method = Literal["GET", "POST", "PATCH", "DELETE"]

DEFAULT_API_URL = "https://api.github.com"
API_VERSION = "2022-11-28"
PER_PAGE = 100
MOST_PAGES = 300
"""A listing of more pages is broken: GitHub itself ends the longest, the files of a pull request, after 3,000."""
PATIENCE = 5.0
"""Seconds that a thread sleeps to keep the pace; who would have to wait longer is told to come again."""
TIMEOUT = 20
"""Seconds for one answer."""
REFRESH = dt.timedelta(minutes=10)
"""A token is asked for anew when it is worth less: what starts now, a fetch with git too, can end with it."""
_NEXT_PAGE = re.compile(r'<[^>]*[?&]page=(\d+)[^>]*>\s*;\s*rel="next"')

# The answer to a token request is a token, and PyGithub logs answers when it is asked to log everything.
logging.getLogger("github.Requester").addFilter(lambda record: record.levelno > logging.DEBUG)


class Identity(msgspec.Struct, frozen=True):
    """The App as GitHub knows it."""

    id: int
    slug: str
    permissions: dict[str, str] = {}
    """What it asks for, by name: `read` or `write`."""
    events: list[str] = []

    @property
    def login(self) -> str:
        """The name under which it writes."""
        return f"{self.slug}[bot]"


class _Token(msgspec.Struct, frozen=True):
    token: str
    expires_at: dt.datetime

    def __repr__(self) -> str:
        return f"<token until {self.expires_at:%H:%M}>"


class GitHub:
    """The App at one server. Threads may share it."""

    def __init__(
        self,
        app_id: int | str,
        private_key: str,
        *,
        api_url: str = DEFAULT_API_URL,
        ca_file: Path | None = None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        Proxies are taken from the environment (`HTTPS_PROXY`, `NO_PROXY`), as every program does.

        Args:
            app_id: The App's number, or its client id.
            private_key: PEM.
            api_url: Of GitHub Enterprise Server `https://host/api/v3`.
            ca_file: Certificates to trust instead of the system's, PEM.
            now: The time, UTC.
            sleep: How the pace of writes is kept; never longer than `PATIENCE`.
        """
        self._auth = Auth.AppAuth(app_id, private_key)
        self.now = now
        self.sleep = sleep
        self._api_url = api_url.rstrip("/")
        self._verify = str(ca_file) if ca_file else True
        self._lock = threading.Lock()
        self._requesters = weakref.WeakSet[Requester]()
        self._of_thread = threading.local()
        self._installations: dict[int, Client] = {}
        self._identity: Identity | None = None

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for requester in self._requesters:
                requester.close()

    @property
    def app(self) -> Client:
        """The client of the App itself: who it is, where it is installed."""
        return Client(self, self._app_header, lambda: None)

    def installation(self, number: int) -> Client:
        """The client of one installation; the same for the same number."""
        with self._lock:
            if number not in self._installations:
                tokens = _Tokens(self, number)
                self._installations[number] = Client(self, lambda: f"token {tokens.current()}", tokens.forget)
            return self._installations[number]

    def person(self, token: str) -> Client:
        """The client of somebody who signed in."""
        return Client(self, lambda: f"token {token}", lambda: None)

    @property
    def identity(self) -> Identity:
        """The App; asked of GitHub once."""
        if self._identity is None:
            self._identity = self.app.get("/app", Identity)
        return self._identity

    def its_time(self) -> dt.datetime:
        """
        GitHub's clock, to the second. It is asked without credentials: those of a host with a wrong clock are refused.

        Raises:
            Unavailable: No answer.
        """
        try:
            answer = requests.head(self._api_url, timeout=TIMEOUT, verify=self._verify, allow_redirects=False)
            return email.utils.parsedate_to_datetime(answer.headers["date"])
        except (requests.RequestException, KeyError, ValueError) as exc:
            raise Unavailable(f"GitHub does not tell its time: {type(exc).__name__}") from exc

    def _app_header(self) -> str:
        try:
            return f"Bearer {self._auth.token}"
        except (jwt.PyJWTError, ValueError, TypeError) as exc:
            raise Unauthorized("The App's private key can't sign: it must be the PEM file that GitHub gave.") from exc

    def send(
        self, method: Method, path: str, authorization: str, parameters: Mapping[str, Any], body: Any
    ) -> tuple[dict[str, str], str]:
        """
        One request: the headers, with small letters, and the text of a 2xx answer.

        Raises:
            GitHubError: Anything else.
        """
        call = f"{method} {urllib.parse.urlsplit(path).path}"
        try:
            status, headers, text = self._requester.requestJson(
                method, path, dict(parameters), {"Authorization": authorization}, body
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as exc:
            raise Unavailable(f"GitHub gave no answer to {call}: {type(exc).__name__}") from exc
        except RuntimeError as exc:  # PyGithub's word for an answer that leads to another server
            raise Unavailable(f"GitHub's answer to {call} leads elsewhere: {exc}") from exc
        if not 200 <= status < 300:
            raise errors.from_answer(call, status, headers, text, self.now())
        return headers, text

    @property
    def graphql_url(self) -> str:
        """Beside the REST interface: `https://host/api/graphql` on GitHub Enterprise Server."""
        return str(self._requester.graphql_url)

    @property
    def _requester(self) -> Requester:
        # One for each thread: PyGithub keeps the request under way in an attribute of its connection. None of them has
        # credentials: each call brings its own, so that all installations share the connections.
        known: Requester | None = getattr(self._of_thread, "requester", None)
        if known is None:
            known = self._of_thread.requester = Requester(
                auth=None,
                base_url=self._api_url,
                timeout=TIMEOUT,
                user_agent=f"countersign/{__version__}",
                per_page=PER_PAGE,
                verify=self._verify,
                retry=_RETRY,
                pool_size=1,
                seconds_between_requests=None,
                seconds_between_writes=None,
                api_version=API_VERSION,
            )
            with self._lock:
                self._requesters.add(known)
        return known


_RETRY = urllib3.Retry(
    connect=2,
    read=2,
    other=0,
    redirect=0,
    status=2,
    status_forcelist=(500, 502, 503, 504),
    allowed_methods={"GET"},
    backoff_factor=0.2,
    respect_retry_after_header=False,
    raise_on_status=False,
)
"""Reads, and whatever was never sent, are tried again at once; a write whose answer is lost may have taken effect."""


class _Tokens:
    """The tokens of one installation, one at a time."""

    def __init__(self, github: GitHub, installation: int) -> None:
        self._github = github
        self._path = f"/app/installations/{installation}/access_tokens"
        self._lock = threading.Lock()
        self._token: _Token | None = None

    def current(self) -> str:
        """A token that is good for a while."""
        with self._lock:
            if self._token is None or self._token.expires_at - self._github.now() < REFRESH:
                self._token = self._github.app.post(self._path, None, _Token)
            return self._token.token

    def forget(self) -> None:
        """The next one is asked for anew."""
        with self._lock:
            self._token = None


class Client:
    """Calls with the credentials of one installation, or of the App itself."""

    def __init__(self, github: GitHub, authorization: Callable[[], str], forget: Callable[[], None]) -> None:
        """
        Args:
            github: The server.
            authorization: The value of the header.
            forget: Called when the server did not take it.
        """
        self.github = github
        self._authorization = authorization
        self._forget = forget
        self._pace = Pace()

    @property
    def token(self) -> str:
        """The installation's token, for git: `x-access-token` is its user."""
        return self._authorization().partition(" ")[2]

    def get(self, path: str, answer: type[T], **parameters: str | int) -> T:
        """
        Read one thing.

        Args:
            path: From the API's root; names in it are quoted (see `quoted`, `repository_path`).
            answer: What to read the JSON as.
            parameters: The query.

        Raises:
            GitHubError: It can't be had; of every method here.
        """
        return _decoded(self._call("GET", path, parameters)[1], answer, path)

    def pages(self, path: str, item: type[T], key: str | None = None, **parameters: str | int) -> Iterator[T]:
        """
        Read a listing to its end.

        Args:
            path: As for `get`.
            item: What to read each item as.
            key: Where in each page the list is; by default the page is the list.
            parameters: The query.
        """
        page = 1
        while True:
            headers, text = self._call("GET", path, {**parameters, "per_page": PER_PAGE, "page": page})
            listed = text if key is None else _decoded(text, dict[str, msgspec.Raw], path).get(key, "[]")
            yield from _decoded(listed, list[item], path)  # type: ignore[valid-type]
            # Only the number is taken from the link: behind a proxy it may name another host.
            following = _NEXT_PAGE.search(headers.get("link", ""))
            if following is None:
                return
            # PyGithub follows a moved repository without the query, and so to the first page again.
            if int(following[1]) <= page or page >= MOST_PAGES:
                raise Unavailable(f"GitHub's listing {path} does not end.")
            page = int(following[1])

    def post(self, path: str, body: Any, answer: type[T]) -> T:
        """Make something."""
        return _decoded(self._call("POST", path, {}, body)[1], answer, path)

    def patch(self, path: str, body: Any, answer: type[T]) -> T:
        """Change something."""
        return _decoded(self._call("PATCH", path, {}, body)[1], answer, path)

    def delete(self, path: str) -> None:
        """Remove something."""
        self._call("DELETE", path, {})

    def graphql(self, query: str, variables: Mapping[str, Any], answer: type[T]) -> T:
        """
        Ask in GraphQL.

        Args:
            query: One operation; a mutation counts as a write.
            variables: Its variables.
            answer: What to read `data` as.
        """
        writes = query.lstrip().startswith("mutation")
        call = " ".join(query.split(maxsplit=2)[:2])
        body = {"query": query, "variables": dict(variables)}
        _, text = self._call("POST", self.github.graphql_url, {}, body, writes=writes)
        said = _decoded(text, _GraphQL, call)
        if said.errors:
            self._note(error := errors.from_graphql(call, said.errors, self.github.now()))
            raise error
        return _decoded(said.data, answer, call)

    def _call(
        self, method: Method, path: str, parameters: Mapping[str, Any], body: Any = None, *, writes: bool | None = None
    ) -> tuple[dict[str, str], str]:
        """Send one request, at its pace; a token that is worth nothing is replaced once."""
        self._keep_pace(method != "GET" if writes is None else writes)
        try:
            try:
                headers, text = self.github.send(method, path, self._authorization(), parameters, body)
            except Unauthorized:
                self._forget()
                headers, text = self.github.send(method, path, self._authorization(), parameters, body)
        except RateLimited as limited:
            self._note(limited)
            raise
        spent = errors.until_reset(headers, self.github.now())
        if spent is not None:
            self._pace.block(spent, self._seconds())
        return headers, text

    def _keep_pace(self, writes: bool) -> None:
        wait = self._pace.blocked(self._seconds())
        if wait > 0:
            raise RateLimited("GitHub's limit for this installation still holds", self._in(wait))
        if writes and (wait := self._pace.take(self._seconds(), PATIENCE)) > 0:
            if wait > PATIENCE:
                raise RateLimited("This installation has many comments waiting to be written", self._in(wait))
            self.github.sleep(wait)

    def _in(self, seconds: float) -> dt.datetime:
        return self.github.now() + dt.timedelta(seconds=seconds)

    def _note(self, error: errors.GitHubError) -> None:
        if isinstance(error, RateLimited):
            self._pace.block((error.until - self.github.now()).total_seconds(), self._seconds())

    def _seconds(self) -> float:
        return self.github.now().timestamp()


class _GraphQL(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: list[dict[str, Any]] = []


def quoted(text: str) -> str:
    """A name as one segment of a path."""
    return urllib.parse.quote(text, safe="")


def repository_path(repository: str) -> str:
    """
    The path of `owner/name`.

    Raises:
        NotFound: No repository can have that name.
    """
    owner, slash, name = repository.partition("/")
    if not slash or {owner, name} & {"", ".", ".."} or "/" in name:
        raise NotFound(f"{repository!r} is no repository's name: it must be `owner/name`.")
    return f"/repos/{quoted(owner)}/{quoted(name)}"


def _decoded(text: str | bytes | msgspec.Raw, kind: type[T], call: str) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as exc:
        raise Unavailable(f"GitHub's answer to {call} was not understood: {exc}") from exc

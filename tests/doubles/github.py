"""
GitHub, for tests: one server with state, held to GitHub's own description of itself.

`GitHub(directory)` is a context manager. Clients use `api_url` (REST; GraphQL beside it, as on GitHub Enterprise
Server) and clone over HTTP from the same address. Tests make repositories in `world`, act through `people`, order
failures with `faults`, and read `log` and the world's state.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
import traceback
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from tests.doubles import graphql, refusals
from tests.doubles.access import Access, Caller
from tests.doubles.description import Description, Invalid, Operation
from tests.doubles.faults import Fault, Faults
from tests.doubles.git_http import serve_git
from tests.doubles.hooks import Event, Hooks
from tests.doubles.limits import Limits
from tests.doubles.log import Log, Request
from tests.doubles.people import People
from tests.doubles.refusals import Refusal
from tests.doubles.rest import HANDLERS
from tests.doubles.rest.call import Call, Listing
from tests.doubles.server import Server
from tests.doubles.shapes import Shapes
from tests.doubles.sign_in import SignIn
from tests.doubles.world import World

WEBHOOK_SECRET = "a secret that both sides know"
API = "/api/v3"
PAGE_SIZE, MOST_PER_PAGE = 30, 100


@dataclass
class _Reply:
    """What goes out over the wire."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class DoubleError(AssertionError):
    """The double itself answered what GitHub never would; found by its own description."""


class GitHub:
    """The whole double."""

    def __init__(self, directory: Path) -> None:
        """
        Args:
            directory: an empty folder for its repositories.
        """
        self.sign_in = SignIn(lambda: self.world, lambda: self.access)
        self._server = Server(
            Starlette(
                routes=[
                    Route("/api/graphql", self._graphql, methods=["POST"]),
                    Route(API + "/{path:path}", self._rest, methods=["GET", "POST", "PATCH", "PUT", "DELETE"]),
                    Route("/login/oauth/authorize", self.sign_in.authorize),
                    Route("/login/oauth/access_token", self.sign_in.exchange, methods=["POST"]),
                    Route("/{owner}/{name}.git/{rest:path}", self._git, methods=["GET", "POST"]),
                ]
            )
        )
        self.api_url = self._server.url + API
        self.world = World(directory, self._server.url)
        self.shapes = Shapes(self.world)
        self.access = Access(self.world)
        self.faults = Faults()
        self.limits = Limits()
        self.log = Log()
        self.hooks = Hooks(self.shapes, WEBHOOK_SECRET)
        self.people = People(self.world, self.shapes, self.access, self.limits, self.hooks)
        self.mistakes: list[str] = []
        """What the double did wrong: answers that its description refuses, operations it does not know, crashes."""
        self._description = Description.load()

    def __enter__(self) -> Self:
        self._server.start()
        self.hooks.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hooks.stop()
        self._server.stop()
        if error is None and self.mistakes:
            raise DoubleError("\n".join(self.mistakes))

    def deliver_to(self, url: str) -> None:
        """Send webhooks to this address from now on."""
        self.hooks.url = url

    # REST

    async def _rest(self, request: HttpRequest) -> Response:
        # Clients may percent-encode what parameters hold, a branch's slash too: match the path as it was sent.
        path = "/" + request.scope["raw_path"].decode().partition("?")[0].removeprefix(API).lstrip("/")
        path = self._named(path)
        found = self._description.find(request.method, path)
        query = dict(request.query_params)
        logged = Request(found[0].id if found else "unknown", request.method, urllib.parse.unquote(path), query, None)
        return await self._serve(
            request, logged, lambda body: self._answer(found, request.headers, logged, query, body, str(request.url))
        )

    def _named(self, path: str) -> str:
        """The path by a repository's name, where it was asked for by its id."""
        _, kind, identity, *rest = [*path.split("/", 3), ""][:4]
        repositories = self.world.repositories.values()
        found = [each for each in repositories if kind == "repositories" and str(each.id) == identity]
        return f"/repos/{found[0].full_name}/{rest[0]}" if found else path

    async def _serve(self, request: HttpRequest, logged: Request, answer: Callable[[Any], _Reply]) -> Response:
        """Log, fail as ordered, answer."""
        raw = await request.body()
        self.log.add(logged)
        fault = self.faults.next(logged.operation) or Fault()
        if fault.seconds:
            await asyncio.sleep(fault.seconds)
        if fault.late or not (fault.breaks or fault.refusal):
            reply = await run_in_threadpool(self._guarded, logged, raw, answer)
        else:
            reply = _Reply(500)
        if fault.breaks:
            self._server.break_connection(tuple(request.scope["client"]))
            return Response("")
        if fault.refusal:
            reply = _refusal(fault.refusal)
        logged.status = reply.status
        return _http(reply, request.headers)

    def _guarded(self, logged: Request, raw: bytes, answer: Callable[[Any], _Reply]) -> _Reply:
        """The answer; a refusal is one too. What breaks the double itself is its mistake, and a 500."""
        try:
            try:
                logged.body = json.loads(raw) if raw else None
            except ValueError as error:
                raise Refusal(400, "Problems parsing JSON") from error
            return answer(logged.body)
        except Refusal as refusal:
            return _refusal(refusal)
        except Exception:
            self.mistakes.append(traceback.format_exc())
            raise

    def _answer(
        self,
        found: tuple[Operation, dict[str, str]] | None,
        headers: Mapping[str, str],
        logged: Request,
        query: dict[str, str],
        body: Any,
        url: str,
    ) -> _Reply:
        if found is None:
            self.mistakes.append(f"the double does not know {logged.method} {logged.path}")
            raise refusals.not_found()
        operation, given = found
        with self.world.lock:
            caller = self.access.caller(headers.get("authorization"))
            logged.login = caller.account.login
            free = operation.id == "rate-limit/get"
            limits = {} if free else self.limits.count(caller, writes=operation.method != "GET")
            try:
                path = operation.check_parameters(given, "path")
                parameters = operation.check_parameters(query, "query")
                operation.check_body(body)
            except Invalid as invalid:
                raise Refusal(422, f"Invalid request.\n\n{invalid}") from invalid
            call = Call(self.world, self.shapes, self.access, self.limits, caller, path, parameters, body)
            if "owner" in path:
                self._redirect_moved(logged, path)
                _ = call.repository  # what the caller can't see is not found, whatever else is wrong
            caller.check(operation.id, writes=operation.method != "GET")
            answer = HANDLERS[operation.id](call)
            reply = _page(answer, query, url) if isinstance(answer, Listing) else _Reply(answer.status, answer.body)
            logged.took_effect = True
            try:
                operation.check_answer(reply.status, reply.body)
            except Invalid as invalid:
                self.mistakes.append(f"{operation.id}: {invalid}")
        self._tell(call.events)
        reply.headers |= limits
        return reply

    def _redirect_moved(self, logged: Request, path: Mapping[str, Any]) -> None:
        """
        Raises:
            Refusal: the repository has another name.
        """
        # https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
        moved = self.world.former_names.get(f"{path['owner']}/{path['repo']}".lower())
        if moved is not None:
            rest = logged.path.removeprefix(f"/repos/{path['owner']}/{path['repo']}")
            headers = {"location": f"{self.api_url}/repositories/{moved.id}{rest}"}
            status, message = (307, "Temporary Redirect") if logged.writes else (301, "Moved Permanently")
            raise Refusal(status, message, headers=headers)

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            self.hooks.send(event)

    # GraphQL

    async def _graphql(self, request: HttpRequest) -> Response:
        body = await request.body()
        try:
            name = graphql.mutation_name(json.loads(body)["query"])
        except (ValueError, KeyError, TypeError):
            name = None
        logged = Request(f"graphql:{name}" if name else "graphql", "POST", "/graphql", {}, None)
        return await self._serve(request, logged, lambda body: self._answer_graphql(request.headers, logged, body))

    def _answer_graphql(self, headers: Mapping[str, str], logged: Request, body: Any) -> _Reply:
        if not isinstance(body, dict) or not isinstance(body.get("query"), str):
            raise Refusal(400, "A query attribute must be specified and must be a string.")
        with self.world.lock:
            caller = self.access.caller(headers.get("authorization"))
            logged.login = caller.account.login
            limits = self.limits.count(caller, writes=":" in logged.operation)
            caller.check("graphql", writes=False)
            root = graphql.Root(self.world, self.shapes, self.limits, caller)
            answer = graphql.execute(root, body)
            logged.took_effect = "errors" not in answer
        self._tell(root.events)
        return _Reply(200, answer, limits)

    # Git

    async def _git(self, request: HttpRequest) -> Response:
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        logged = Request(
            "git", request.method, f"/{name}/{request.path_params['rest']}", dict(request.query_params), None
        )
        self.log.add(logged)
        fault = self.faults.next("git") or Fault()
        await asyncio.sleep(fault.seconds)
        if fault.breaks:
            self._server.break_connection(tuple(request.scope["client"]))
            return Response("")
        if fault.refusal:
            logged.status = fault.refusal.status
            return Response("", fault.refusal.status, dict(fault.refusal.headers))
        response = await serve_git(request, lambda token: self._directory(name, token, logged))
        logged.status = response.status_code
        logged.took_effect = response.status_code == 200
        return response

    def _directory(self, name: str, token: str, logged: Request) -> Path:
        """
        Where a repository is kept.

        Raises:
            Refusal: it is not for this token.
        """
        with self.world.lock:
            caller = self.access.holder(token)
            logged.login = caller.account.login
            repository = self.world.repository(name)
            if repository is None or not caller.sees(repository) or not _may_read(caller):
                raise refusals.not_found()
            return repository.git.directory


def _may_read(caller: Caller) -> bool:
    return caller.permissions is None or caller.permissions.get("contents") in {"read", "write"}


def _refusal(refusal: Refusal) -> _Reply:
    return _Reply(refusal.status, refusal.body, dict(refusal.headers))


def _page(listing: Listing, query: Mapping[str, str], url: str) -> _Reply:
    """One page of a list, with links to the others."""
    size = min(max(int(query.get("per_page", PAGE_SIZE)), 1), MOST_PER_PAGE)
    page, total = max(int(query.get("page", 1)), 1), len(listing.items)
    last = max(-(-total // size), 1)
    shown = [listing.shape(item) for item in listing.items[(page - 1) * size : page * size]]
    body = {"total_count": total, listing.key: shown} if listing.key else shown
    if listing.key == "repositories":
        body = {**body, "repository_selection": "selected"}  # type: ignore[dict-item]
    targets: dict[str, int] = {}
    if page > 1:
        targets |= {"first": 1, "prev": page - 1}
    if page < last:
        targets |= {"next": page + 1, "last": last}
    parts = urllib.parse.urlsplit(url)
    links = ", ".join(
        f'<{parts._replace(query=urllib.parse.urlencode({**query, "page": to})).geturl()}>; rel="{name}"'
        for name, to in targets.items()
    )
    return _Reply(200, body, {"link": links} if links else {})


def _http(reply: _Reply, asked: Mapping[str, str]) -> Response:
    """The answer with GitHub's headers; 304 where the client has it already."""
    headers = {"x-github-request-id": f"{time.time_ns():x}", "x-github-media-type": "github.v3; format=json"}
    headers |= reply.headers
    if reply.status == 204:
        return Response(status_code=204, headers=headers)
    content = json.dumps(reply.body, ensure_ascii=False).encode()
    if reply.status == 200:
        headers["etag"] = f'W/"{hashlib.sha256(content).hexdigest()}"'
        if asked.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
    return Response(content, reply.status, headers, "application/json; charset=utf-8")

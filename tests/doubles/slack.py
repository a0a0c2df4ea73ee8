"""
Slack, for tests: one workspace with channels, Slack's limits and Slack's signature.

`Slack()` is a context manager. Clients use `api_url`, or `webhook_url` for an incoming webhook. Tests read `messages`,
`whispers` and `views`, order failures with `fail`, and make what Slack sends with `press` and `send_form`.

The limits are written down here once more, from Slack's reference, so that a mistake in ours is seen.
https://docs.slack.dev/reference/block-kit
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.doubles.server import Server

TOKEN = "xoxb-a-token-that-both-sides-know"
SIGNING_SECRET = "a signing secret that both sides know"
TEAM, CHANNEL, USER = "T0TEAM", "C0BACKEND", "U0GRACE"
MOST_BLOCKS, MOST_BLOCKS_OF_A_VIEW = 50, 100

_PLAIN, _MRKDWN = ("plain_text",), ("plain_text", "mrkdwn")


@dataclass
class Message:
    """A message as people see it."""

    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    thread_ts: str | None = None
    metadata: dict[str, Any] | None = None
    edits: int = 0

    def button(self, action: str, nth: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
        """The nth button that does something, with its block."""
        found = [
            (block, element)
            for block in self.blocks
            if block["type"] == "actions"
            for element in block["elements"]
            if element["action_id"] == action
        ]
        return found[nth]

    @property
    def words(self) -> str:
        """Everything that it says."""
        return json.dumps(self.blocks, ensure_ascii=False)


@dataclass
class _Failure:
    method: str
    status: int
    headers: dict[str, str]
    error: str
    late: bool
    times: int


@dataclass
class Slack:
    """The workspace."""

    messages: list[Message] = field(default_factory=list)
    whispers: list[tuple[str, str, str]] = field(default_factory=list)
    """(channel, user, text)."""
    views: list[dict[str, Any]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    scopes: set[str] = field(default_factory=lambda: {"chat:write", "channels:history"})

    def __post_init__(self) -> None:
        self._failures: list[_Failure] = []
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        app = Starlette(
            routes=[
                Route("/api/{method}", self._answer, methods=["POST"]),
                Route("/services/{secret:path}", self._webhook, methods=["POST"]),
            ]
        )
        self._server = Server(app)

    # --- for tests ----------------------------------------------------------------------------------------------------

    @property
    def api_url(self) -> str:
        return f"{self._server.url}/api/"

    @property
    def webhook_url(self) -> str:
        return f"{self._server.url}/services/T0/B0/hush"

    def fail(
        self,
        method: str,
        error: str = "",
        *,
        status: int = 200,
        retry_after: int | None = None,
        late: bool = False,
        times: int = 1,
    ) -> None:
        """
        Have the next calls of a method, or of `*`, fail.

        Args:
            error: Slack's code; without one, only the status says it.
            retry_after: Seconds; with status 429.
            late: It takes effect all the same.
        """
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self._failures.append(_Failure(method, status, headers, error, late, times))

    def in_channel(self, channel: str = CHANNEL) -> list[Message]:
        """The messages of a channel that are no answers."""
        return [message for message in self.messages if message.channel == channel and message.thread_ts is None]

    def thread(self, message: Message) -> list[Message]:
        return [answer for answer in self.messages if answer.thread_ts == message.ts]

    def press(self, message: Message, action: str, nth: int = 0, *, user: str = USER, team: str = TEAM) -> bytes:
        """The body that Slack sends when somebody presses a button."""
        block, element = message.button(action, nth)
        return form(
            {
                "type": "block_actions",
                "team": {"id": team, "domain": "acme"},
                "user": {"id": user, "username": "x", "team_id": team},
                "api_app_id": "A0",
                "container": {"type": "message", "message_ts": message.ts, "channel_id": message.channel},
                "trigger_id": f"trigger.{next(self._ids)}",
                "channel": {"id": message.channel, "name": "backend"},
                "message": {"ts": message.ts, "blocks": message.blocks},
                "response_url": f"{self._server.url}/services/respond",
                "actions": [{**element, "block_id": block["block_id"], "action_ts": f"{time.time():.6f}"}],
            }
        )

    def send_form(self, category: str, reason: str, *, user: str = USER, team: str = TEAM) -> bytes:
        """The body that Slack sends when somebody sends the form that opened last."""
        view = self.views[-1]
        answers = {
            "category": {"category": {"type": "static_select", "selected_option": {"value": category}}},
            "reason": {"reason": {"type": "plain_text_input", "value": reason}},
        }
        return form(
            {
                "type": "view_submission",
                "team": {"id": team},
                "user": {"id": user, "team_id": team},
                "view": {**view, "state": {"values": answers}},
            }
        )

    # --- the server ---------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    async def _answer(self, request: Request) -> Response:
        method = request.path_params["method"]
        body = await request.body()
        if request.headers.get("content-type", "").startswith("application/json"):
            arguments = json.loads(body)
        else:
            arguments = dict(urllib.parse.parse_qsl(body.decode()))
        with self._lock:
            self.calls[method] += 1
            failure = self._failing(method)
            if failure is not None and not failure.late:
                return _failed(failure)
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                return JSONResponse({"ok": False, "error": "invalid_auth"})
            answer = self._do(method, arguments)
        headers = {"X-OAuth-Scopes": ",".join(sorted(self.scopes))}
        return _failed(failure) if failure is not None else JSONResponse(answer, headers=headers)

    async def _webhook(self, request: Request) -> Response:
        with self._lock:
            self.calls["webhook"] += 1
            failure = self._failing("webhook")
            if failure is not None:
                return _failed(failure)
        if request.path_params["secret"] != "T0/B0/hush":
            return PlainTextResponse("no_service", 404)
        arguments = await request.json()
        problems = list(_wrong_in(arguments["blocks"], MOST_BLOCKS))
        if problems:
            return PlainTextResponse("invalid_blocks", 400)
        with self._lock:
            self._post("webhook", arguments)
        return PlainTextResponse("ok")

    def _failing(self, method: str) -> _Failure | None:
        for failure in self._failures:
            if failure.times and failure.method in (method, "*"):
                failure.times -= 1
                return failure
        return None

    def _do(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        match method:
            case "auth.test":
                return {"ok": True, "team": "Acme", "user": "countersign", "team_id": TEAM, "bot_id": "B0"}
            case "chat.postMessage":
                return self._written(arguments) or {"ok": True, "ts": self._post(arguments["channel"], arguments)}
            case "chat.update":
                message = self._find(arguments["channel"], arguments["ts"])
                if message is None:
                    return _error("message_not_found")
                wrong = self._written(arguments)
                if wrong is not None:
                    return wrong
                message.text, message.blocks = arguments["text"], arguments["blocks"]
                message.edits += 1
                return {"ok": True, "ts": message.ts}
            case "chat.postEphemeral":
                self.whispers.append((arguments["channel"], arguments["user"], arguments["text"]))
                return {"ok": True}
            case "views.open":
                return self._open(arguments)
            case "conversations.history":
                return self._history(arguments)
        return _error("unknown_method")

    def _written(self, arguments: dict[str, Any]) -> dict[str, Any] | None:
        """Why Slack would not take a message; None when it would."""
        if not arguments["channel"].startswith(("C", "G", "D")):
            return _error("channel_not_found")
        if not arguments.get("text"):
            return _error("no_text")
        problems = list(_wrong_in(arguments["blocks"], MOST_BLOCKS))
        return _error("invalid_blocks", *problems) if problems else None

    def _post(self, channel: str, arguments: dict[str, Any]) -> str:
        ts = f"{int(time.time())}.{next(self._ids):06d}"
        thread, metadata = arguments.get("thread_ts"), arguments.get("metadata")
        self.messages.append(Message(channel, ts, arguments["text"], arguments["blocks"], thread, metadata))
        return ts

    def _find(self, channel: str, ts: str) -> Message | None:
        return next((each for each in self.messages if (each.channel, each.ts) == (channel, ts)), None)

    def _open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if not arguments["trigger_id"].startswith("trigger."):
            return _error("invalid_trigger")
        view = arguments["view"]
        problems = list(_wrong_in(view["blocks"], MOST_BLOCKS_OF_A_VIEW))
        for part in ("title", "submit"):
            problems += _wrong_text(view[part], _PLAIN, 24)
        if len(view.get("private_metadata", "")) > 3000:
            problems.append("private_metadata")
        if problems:
            return _error("invalid_arguments", *problems)
        self.views.append({**view, "id": f"V{next(self._ids)}"})
        return {"ok": True, "view": self.views[-1]}

    def _history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if "channels:history" not in self.scopes:
            return _error("missing_scope")
        if not arguments["channel"].startswith(("C", "G", "D")):
            return _error("channel_not_found")
        with_metadata = arguments.get("include_all_metadata") == "true"
        found = [
            {"ts": message.ts, "text": message.text, **({"metadata": message.metadata} if with_metadata else {})}
            for message in reversed(self.in_channel(arguments["channel"]))
            if float(message.ts) >= float(arguments.get("oldest", 0))
        ]
        return {"ok": True, "messages": found[: int(arguments.get("limit", 100))]}


def form(payload: dict[str, Any]) -> bytes:
    """A payload as Slack sends it."""
    return urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()


def signed(body: bytes, at: float | None = None, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """The headers of a request that Slack sends."""
    timestamp = str(int(time.time() if at is None else at))
    seal = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={seal}",
    }


def send(url: str, body: bytes, headers: dict[str, str] | None = None) -> int:
    """Send what Slack sends; the status of the answer."""
    request = urllib.request.Request(url, body, headers or signed(body))
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as exc:
        exc.close()
        return exc.code


def _failed(failure: _Failure) -> Response:
    if failure.error:
        return JSONResponse({"ok": False, "error": failure.error}, failure.status, failure.headers)
    return PlainTextResponse("", failure.status, failure.headers)


def _error(code: str, *messages: str) -> dict[str, Any]:
    return {"ok": False, "error": code, "response_metadata": {"messages": [f"[ERROR] {each}" for each in messages]}}


def _wrong_in(blocks: list[dict[str, Any]], most: int) -> Iterator[str]:
    """What Slack would not take."""
    if not 0 < len(blocks) <= most:
        yield f"no more than {most} items allowed"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)) or any(not 0 < len(id_) <= 255 for id_ in ids):
        yield "block_id"
    for block in blocks:
        match block:
            case {"type": "header", "text": text}:
                yield from _wrong_text(text, _PLAIN, 150)
            case {"type": "section", "text": text}:
                yield from _wrong_text(text, _MRKDWN, 3000)
            case {"type": "section", "fields": fields}:
                if not 0 < len(fields) <= 10:
                    yield "fields"
                for text in fields:
                    yield from _wrong_text(text, _MRKDWN, 2000)
            case {"type": "context", "elements": elements}:
                if not 0 < len(elements) <= 10:
                    yield "elements"
                for text in elements:
                    yield from _wrong_text(text, _MRKDWN, 2000)
            case {"type": "divider"}:
                pass
            case {"type": "actions", "elements": elements}:
                if not 0 < len(elements) <= 25:
                    yield "elements"
                if len({element["action_id"] for element in elements}) < len(elements):
                    yield "action_id"
                for element in elements:
                    yield from _wrong_button(element)
            case {"type": "input", "label": label, "element": element}:
                yield from _wrong_text(label, _PLAIN, 2000)
                if element["type"] not in ("static_select", "plain_text_input"):
                    yield f"unsupported type: {element['type']}"
                if not 0 < len(element.get("options", [0])) <= 100 or element.get("max_length", 1) > 3000:
                    yield "element"
                for option in element.get("options", ()):
                    yield from _wrong_text(option["text"], _PLAIN, 75)
            case _:
                yield f"unsupported type: {block.get('type')}"


def _wrong_button(element: dict[str, Any]) -> Iterator[str]:
    if element["type"] != "button":
        yield f"unsupported type: {element['type']}"
        return
    yield from _wrong_text(element["text"], _PLAIN, 75)
    if not 0 < len(element["action_id"]) <= 255 or element.get("style", "primary") not in ("primary", "danger"):
        yield "button"
    for name, most in (("value", 2000), ("url", 3000)):
        if name in element and not 0 < len(element[name]) <= most:
            yield name
    if "url" in element and not element["url"].startswith(("http://", "https://")):
        yield "url"


def _wrong_text(text: dict[str, Any], kinds: tuple[str, ...], most: int) -> Iterator[str]:
    if text["type"] not in kinds:
        yield f"unsupported type: {text['type']}"
    if not 0 < len(text["text"]) <= most:
        yield f"must be more than 0 and at most {most} characters"
    if ("verbatim" in text and text["type"] != "mrkdwn") or ("emoji" in text and text["type"] != "plain_text"):
        yield "additional properties"

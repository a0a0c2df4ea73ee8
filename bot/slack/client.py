"""
Slack's methods, and incoming webhooks: what is posted, changed and asked.

Nothing is tried again here, for what was not answered may have been done: a caller that must be sure looks first, with
`find`.
"""

from __future__ import annotations

import datetime as dt
import ssl
import urllib.error
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any

import msgspec
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse, WebClient
from slack_sdk.webhook import WebhookClient

from bot.settings import SlackChannel
from bot.slack.blocks import Block, Message
from bot.slack.errors import Limited, Refused, Unavailable

DEFAULT_API_URL = "https://slack.com/api/"
TIMEOUT = 10
"""Seconds for one answer."""
_MOST_WAIT = 3600
"""Seconds: a longer `Retry-After` is not believed."""
_MARK = "countersign"
"""The type of the metadata that our messages carry; its payload has their key."""


class App(msgspec.Struct, frozen=True):
    """The app as Slack knows it."""

    name: str
    team: str
    """The workspace's name."""
    scopes: frozenset[str]
    """What it may do."""


class Slack:
    """One workspace, as the app. Threads may share it."""

    def __init__(
        self,
        token: str = "",
        *,
        api_url: str = DEFAULT_API_URL,
        ca_file: Path | None = None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        """
        Proxies are taken from the environment (`HTTPS_PROXY`, `NO_PROXY`).

        Args:
            token: The app's; empty where there are only webhooks.
            api_url: Where the methods are.
            ca_file: Certificates to trust instead of the system's, PEM.
            now: The time, UTC.
        """
        self._ssl = ssl.create_default_context(cafile=str(ca_file)) if ca_file else None
        self._web = WebClient(
            token or None, base_url=f"{api_url.rstrip('/')}/", timeout=TIMEOUT, ssl=self._ssl, retry_handlers=[]
        )
        self._now = now

    def post(self, channel: SlackChannel, message: Message, key: str, thread: str | None = None) -> str:
        """
        Post a message.

        Args:
            channel: Where.
            message: What.
            key: Marks it, so that `find` does.
            thread: The message that it answers.

        Returns:
            Slack's id of the message; empty where a webhook was posted to, which does not tell.

        Raises:
            SlackError: It was not posted, or that is not known; of every method here.
        """
        if channel.webhook is not None:
            self._send(channel.webhook.reveal(), message)
            return ""
        arguments: dict[str, Any] = {
            **_said(message),
            "channel": channel.id,
            "metadata": {"event_type": _MARK, "event_payload": {"key": key}},
        }
        if thread is not None:
            arguments["thread_ts"] = thread
        return str(self._call("chat.postMessage", arguments)["ts"])

    def update(self, channel: str, ts: str, message: Message) -> None:
        """Have a message say something else."""
        self._call("chat.update", {"channel": channel, "ts": ts, **_said(message)})

    def whisper(self, channel: str, user: str, text: str) -> None:
        """Say something in a channel that one person sees; mrkdwn."""
        self._call("chat.postEphemeral", {"channel": channel, "user": user, "text": text})

    def open(self, trigger: str, view: Block) -> None:
        """Open a form for whoever pressed a button within the last three seconds."""
        self._call("views.open", {"trigger_id": trigger, "view": view})

    def app(self) -> App:
        """Who the token belongs to."""
        told = self._call("auth.test", {}, is_form=True)
        scopes = next((value for name, value in told.headers.items() if name.lower() == "x-oauth-scopes"), "")
        return App(str(told["user"]), str(told["team"]), frozenset(filter(None, map(str.strip, scopes.split(",")))))

    def look_into(self, channel: str) -> None:
        """See that the app is in a channel and may read it."""
        self._call("conversations.history", {"channel": channel, "limit": "1"}, is_form=True)

    def find(self, channel: str, key: str, since: dt.datetime) -> str | None:
        """The id of our message with a key among the last hundred that were posted in a channel since a time."""
        arguments = {"channel": channel, "oldest": f"{since.timestamp():.6f}", "include_all_metadata": "true"}
        history = self._call("conversations.history", {**arguments, "limit": "100"}, is_form=True)
        for message in history.get("messages") or ():
            mark = message.get("metadata") or {}
            if mark.get("event_type") == _MARK and mark.get("event_payload", {}).get("key") == key:
                return str(message["ts"])
        return None

    def _call(self, method: str, arguments: Mapping[str, Any], *, is_form: bool = False) -> SlackResponse:
        given: Any = {"data" if is_form else "json": dict(arguments)}
        try:
            return self._web.api_call(method, **given)
        except SlackApiError as exc:
            said = exc.response
            raise self._refusal(method, said.status_code, said.headers, said.data) from None
        except (urllib.error.URLError, OSError, HTTPException, SlackClientError, ValueError) as exc:
            raise Unavailable(f"Slack gave no answer to {method}: {type(exc).__name__}") from exc

    def _send(self, url: str, message: Message) -> None:
        client = WebhookClient(url, timeout=TIMEOUT, ssl=self._ssl, retry_handlers=[])
        try:
            answer = client.send(text=message.text, blocks=[dict(block) for block in message.blocks])
        except (urllib.error.URLError, OSError, HTTPException, SlackClientError, ValueError) as exc:
            # The cause is left out: it names the address, which is the secret.
            raise Unavailable(f"Slack gave no answer to a webhook: {type(exc).__name__}") from None
        if answer.status_code != 200:
            raise self._refusal("a webhook", answer.status_code, answer.headers, {"error": answer.body[:100]})

    def _refusal(
        self, method: str, status: int, headers: Mapping[str, str], told: object
    ) -> Limited | Unavailable | Refused:
        """What an answer means that is no success."""
        said: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
        code = str(said.get("error") or f"HTTP {status}")
        if status == 429 or code in ("ratelimited", "rate_limited"):
            wait = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
            seconds = min(int(wait), _MOST_WAIT) if wait.isdecimal() else 30
            return Limited(method, self._now() + dt.timedelta(seconds=max(seconds, 1)))
        if status >= 500 or code in ("internal_error", "fatal_error", "service_unavailable", "request_timeout"):
            return Unavailable(f"Slack could not do {method}: {code}")
        details = said.get("response_metadata") or {}
        return Refused(method, code, "; ".join(map(str, details.get("messages") or ()))[:300])


def _said(message: Message) -> dict[str, Any]:
    blocks = msgspec.to_builtins(message.blocks)
    return {"text": message.text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}

"""
Webhooks: built on recorded payloads, signed, and delivered in order.
"""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import queue
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.doubles.shapes import Shapes
from tests.doubles.world import Account, Repository

TIMEOUT = 10
"""Seconds after which GitHub gives a delivery up."""

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Event:
    """Something that GitHub tells Apps about."""

    name: str
    action: str | None
    repository: Repository | None
    sender: Account
    parts: Mapping[str, Any]
    """What this event is about, as JSON, by its key in the payload."""


@dataclass
class Delivery:
    """One webhook; sent again it keeps its id and its bytes."""

    id: str
    event: str
    action: str | None
    payload: dict[str, Any]
    body: bytes
    headers: dict[str, str]
    attempts: list[int | str] = field(default_factory=list)
    """Of each attempt the status, or what kept it from being answered."""
    _done: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def accepted(self) -> bool:
        """GitHub got a 2xx."""
        return any(isinstance(attempt, int) and 200 <= attempt < 300 for attempt in self.attempts)

    def wait(self, seconds: float = TIMEOUT + 5) -> Delivery:
        """Return once it was attempted."""
        if not self._done.wait(seconds):
            raise TimeoutError(f"{self.event} was not delivered")
        return self


class Hooks:
    """Delivers events to one address, one after the other; without an address it only keeps them."""

    def __init__(self, shapes: Shapes, secret: str) -> None:
        self._shapes = shapes
        self._secret = secret
        recorded = json.loads((Path(__file__).parent / "data/webhooks.json").read_text())
        self._shared, self._payloads = recorded["shared"], recorded["payloads"]
        self._queue: queue.Queue[Delivery | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.url: str | None = None
        self.deliveries: list[Delivery] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join(TIMEOUT)

    def send(self, event: Event) -> Delivery | None:
        """
        Queue an event.

        Returns:
            Its delivery; None where the App is not told: it did not subscribe, or is not installed there.
        """
        installed = event.repository is None or self._shapes.world.installation_of(event.repository)
        always = event.name in {"installation", "installation_repositories", "ping"}
        if not always and (event.name not in self._shapes.world.app.events or not installed):
            return None
        delivery = self.build(event)
        self.deliveries.append(delivery)
        self._queue.put(delivery)
        return delivery

    def build(self, event: Event) -> Delivery:
        """A delivery that is not sent."""
        payload = self._payload(event)
        body = json.dumps(payload, ensure_ascii=False).encode()
        identity = str(uuid.uuid4())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/double",
            "X-GitHub-Delivery": identity,
            "X-GitHub-Event": event.name,
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-GitHub-Hook-Installation-Target-ID": str(self._shapes.world.app.id),
            "X-Hub-Signature-256": sign(self._secret, body),
        }
        return Delivery(identity, event.name, event.action, payload, body, headers)

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Send the same bytes under the same id."""
        delivery._done.clear()
        self._queue.put(delivery)
        return delivery

    def redeliver_failed(self) -> list[Delivery]:
        """Send again what got no 2xx, as an operator, or a script of his, asks GitHub to."""
        return [self.redeliver(delivery) for delivery in self.deliveries if delivery.attempts and not delivery.accepted]

    def of(self, event: str, action: str | None = None) -> list[Delivery]:
        return [found for found in self.deliveries if found.event == event and action in {None, found.action}]

    def drain(self) -> None:
        """Return once all queued deliveries were attempted."""
        for delivery in list(self.deliveries):
            delivery.wait()

    def _payload(self, event: Event) -> dict[str, Any]:
        """The recorded payload with what is true here written over it."""
        shapes = self._shapes
        # Not every action was recorded: another one of its event has the same parts. Of merge queues, none was.
        actions = self._payloads.get(event.name, {"": {}})
        recorded = copy.deepcopy(actions.get(event.action or "") or next(iter(actions.values())))
        for key, value in recorded.items():
            if isinstance(value, dict) and "shared" in value:
                recorded[key] = copy.deepcopy(self._shared[key])
        for key in ("organization", "installation", "repository"):
            recorded.pop(key, None)
        ours: dict[str, Any] = {**event.parts, "sender": shapes.user(event.sender)}
        if event.action:
            ours["action"] = event.action
        if event.repository is not None:
            ours["repository"] = shapes.repository(event.repository)
            installation = shapes.world.installation_of(event.repository)
            if installation is not None:
                identity = f"MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9u{installation.id}"
                ours["installation"] = {"id": installation.id, "node_id": identity}
            if event.repository.owner.type == "Organization":
                ours["organization"] = shapes.organization(event.repository.owner)
        payload: dict[str, Any] = _over(recorded, ours)
        return payload

    def _work(self) -> None:
        while (delivery := self._queue.get()) is not None:
            if self.url is not None:
                delivery.attempts.append(post(self.url, delivery))
            delivery._done.set()


def sign(secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def post(url: str, delivery: Delivery) -> int | str:
    """Send a delivery from the caller's own thread: the status, or what kept it from being answered."""
    request = urllib.request.Request(url, delivery.body, delivery.headers, method="POST")
    try:
        with _DIRECT.open(request, timeout=TIMEOUT) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError as error:
        return str(error)


def _over(recorded: Any, ours: Any) -> Any:
    """What was recorded, with ours in its place wherever we have something to say."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        return {**recorded, **{key: _over(recorded.get(key), value) for key, value in ours.items()}}
    return ours

"""
The web service: webhooks come in, everything else is work for later.

A delivery is answered with 202 once its work is durable, and never before: what GitHub got a 2xx for is never lost.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import functools
import os
import socket
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO, Any

import prometheus_client as prometheus
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.concurrency import run_in_threadpool

from bot import __version__
from bot.errors import SettingsError
from bot.github import events, signature
from bot.github.accounts import Accounts
from bot.github.checkout import Checkouts
from bot.github.client import GitHub
from bot.llm import installed
from bot.review.records import Delivery
from bot.review.spending import month_of
from bot.settings import Settings, variable
from bot.slack import endpoint
from bot.slack.buttons import AskReason, Dismiss, Sign
from bot.storage.store import Store
from bot.web import application, linking, sign_in
from bot.web.sessions import Sessions
from bot.web.site import Site
from bot.workflow import delivering, signing, slacking
from bot.workflow.durable import Durable
from bot.workflow.engine import Engine
from bot.workflow.intake import Intake
from bot.workflow.service import Service, Team

_TEXT = {"text/plain": {"schema": {"type": "string"}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"description": "Its work is durable, or there is none", "content": _TEXT},
    400: {"description": "No delivery of GitHub's", "content": _TEXT},
    401: {"description": "Not signed by GitHub", "content": _TEXT},
    413: {"description": "Larger than a delivery can be", "content": _TEXT},
}
_NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"description": "Not now; the answer says why", "content": _TEXT},
}
_DELIVERY: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
        for name in ("X-GitHub-Delivery", "X-GitHub-Event", "X-Hub-Signature-256")
    ],
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
}

UNTRACED = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked for all the time, and of no interest."""
SWITCH_INTERVAL = 0.0005
"""Seconds after which a thread that computes lets another run: deliveries are answered while reviews are written."""

_log = structlog.get_logger()


def create(settings: Settings) -> FastAPI:
    """
    The service for these settings; its clients are made when it starts.

    Raises:
        SettingsError: Something that it cannot do without is not set, or traces are wanted and can't be had.
    """
    missing = settings.missing()
    if missing:
        raise SettingsError(f"the service needs {', '.join(missing)}")
    running = _Running(settings)
    app = FastAPI(
        title="Countersign",
        version=__version__,
        lifespan=running.lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry={"exclude": lambda scope: scope["path"] in UNTRACED, "operation_spans": False},
    )
    metrics = _Metrics(running)
    most = settings.payload_megabytes * 1024 * 1024

    @app.post(
        "/webhooks/github",
        status_code=202,
        response_class=PlainTextResponse,
        responses=_ANSWERS,
        openapi_extra=_DELIVERY,
    )
    async def webhook(request: Request) -> Response:
        """Take a delivery from GitHub."""
        body = await _read(request, most)
        if body is None:
            metrics.deliveries.labels("", "too large").inc()
            return PlainTextResponse("The payload is larger than a delivery can be.\n", 413)
        secret = settings.github_webhook_secret
        assert secret is not None  # not missing
        if not signature.is_valid(secret.reveal(), body, request.headers.get("x-hub-signature-256", "")):
            metrics.deliveries.labels("", "forged").inc()
            return PlainTextResponse("The signature is not that of this App's webhook secret.\n", 401)
        try:
            delivery = events.delivery(request.headers, body)
            if not delivering.concerns(events.parse(delivery)):
                metrics.deliveries.labels(delivery.event, "ignored").inc()
                return PlainTextResponse("", 202)
            delivery = await run_in_threadpool(events.keepable, delivery)
        except events.BadDelivery as exc:
            metrics.deliveries.labels("", "bad").inc()
            return PlainTextResponse(f"{exc}\n", 400)
        await running.take(delivery)
        metrics.deliveries.labels(delivery.event, "taken").inc()
        _log.info("delivery taken", delivery=delivery.id, event_name=delivery.event)
        return PlainTextResponse("", 202)

    if settings.slack_signing_secret is not None:
        app.include_router(endpoint.router(settings.slack_signing_secret.reveal(), running.obey, running.ask))

    @app.get("/healthz", response_class=PlainTextResponse)
    async def healthz() -> Response:
        """Whether the process lives."""
        return PlainTextResponse("ok\n")

    @app.get("/readyz", response_class=PlainTextResponse, responses=_NOT_READY)
    async def readyz() -> Response:
        """Whether it can take deliveries: the database answers."""
        problem = await run_in_threadpool(running.problem)
        return PlainTextResponse(f"{problem or 'ok'}\n", 503 if problem else 200)

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics_page() -> Response:
        """What Prometheus reads."""
        text = await run_in_threadpool(metrics.text)
        return PlainTextResponse(text, media_type=prometheus.CONTENT_TYPE_LATEST)

    return app


async def _read(request: Request, most: int) -> bytes | None:
    """The body, or None when it is larger than it may be."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)


def prepare(settings: Settings) -> None:
    """
    Make what the service starts from: a folder that it can write to, and a database whose tables are up to date.

    Raises:
        SettingsError: The folder cannot be made, or not be written to.
        StorageError: The database cannot be used.
    """
    folder = settings.cache_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as exc:
        raise SettingsError(f"{variable('data_dir')}: {folder} cannot be written to: {exc.strerror}") from exc
    Store.open(settings.database).close()


class _Running:
    """What lives as long as the service runs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._durable: Durable | None = None
        self._intake: Intake | None = None
        self._seat: IO[str] | None = None
        self._start_traces: Callable[[str], Callable[[], None]] = lambda executor: lambda: None
        self._stop_traces: Callable[[], None] = lambda: None
        if settings.otlp_endpoint is not None:
            from bot import traces  # needs an extra, and says so

            self._start_traces = functools.partial(traces.start, settings.otlp_endpoint, settings.ca_file)

    @property
    def store(self) -> Store | None:
        """The store, once the service runs."""
        return self._durable.service.store if self._durable is not None else None

    @contextlib.asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """Start, and stop when the server does."""
        await run_in_threadpool(self._start, app)
        try:
            yield
        finally:
            await run_in_threadpool(self._stop)

    async def take(self, delivery: events.Delivery) -> None:
        """Make a delivery's work durable."""
        assert self._intake is not None  # requests come in after the start
        await self._intake.take(Delivery(delivery.id, delivery.event, delivery.body, dt.datetime.now(dt.UTC)))

    def obey(self, act: Sign | Dismiss) -> None:
        """Make what was pressed in Slack durable."""
        assert self._durable is not None
        self._durable.obey(act)

    def ask(self, act: AskReason) -> None:
        """Ask somebody in Slack why."""
        assert self._durable is not None
        service = self._durable.service
        if service.slack is not None:
            slacking.ask_reason(service, service.slack, act)

    def problem(self) -> str:
        """Why no deliveries can be taken; empty when they can."""
        if self.store is None:
            return "starting"
        try:
            self.store.workers.all()
        except Exception as exc:  # noqa: BLE001  # whatever it is, the answer is that we are not ready
            return f"the database does not answer: {type(exc).__name__}"
        return ""

    def _start(self, app: FastAPI) -> None:
        settings = self._settings
        folder = settings.cache_dir
        key = settings.private_key
        assert settings.github_app_id is not None  # not missing
        assert key is not None
        executor, self._seat = _seat(folder)
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._stop_traces = self._start_traces(executor)
        github = GitHub(settings.github_app_id, key.reveal(), api_url=settings.github_api_url, ca_file=settings.ca_file)
        store = Store.open(settings.database)
        service = Service(
            store=store,
            github=github,
            checkouts=Checkouts(
                folder / "checkouts", limit=settings.checkout_gigabytes * 1024**3, ca_file=settings.ca_file
            ),
            engine=Engine(
                settings.index_file,
                memory=settings.review_megabytes * 1024**2,
                timeout=settings.review_minutes * 60.0,
                at_once=settings.reviews_at_once,
            ),
            commands_per_hour=settings.commands_per_hour,
            desk_url=settings.desk_url,
            slack=Team.of(settings) if settings.channels else None,
            writer=installed.writer(settings, store.answers, store.ledger),
            is_private=settings.llm_private,
        )
        self._durable = Durable(
            service,
            settings.database,
            executor,
            per_installation=settings.reviews_per_installation,
            questions_at_once=settings.llm_at_once,
            questions_per_minute=settings.llm_per_minute,
            impatience=settings.retry_seconds,
            sweep_every=dt.timedelta(seconds=settings.sweep_seconds),
            silent_after=dt.timedelta(seconds=settings.silence_seconds),
            is_traced=settings.otlp_endpoint is not None,
        )
        self._durable.launch()
        self._intake = Intake(store.deliveries.record, self._durable.deliver)
        if settings.has_desk:
            app.mount("/", _desk(settings, self._durable))
        _log.info("ready", executor=executor, threads=threading.active_count())

    def _stop(self) -> None:
        if self._intake is not None:
            self._intake.stop()
        if self._durable is not None:
            self._durable.stop()
            self._durable.service.github.close()
            self._durable.service.store.close()
        if self._seat is not None:
            self._seat.close()
        self._stop_traces()


def _desk(settings: Settings, durable: Durable) -> FastAPI:
    """The signing desk of a running service."""
    secret = settings.github_client_secret
    assert settings.github_client_id is not None  # the settings have a desk
    assert secret is not None
    url = settings.desk_url
    accounts = Accounts(
        durable.service.github,
        settings.github_client_id,
        secret.reveal(),
        api_url=settings.github_api_url,
        ca_file=settings.ca_file,
    )
    people = signing.AtGitHub(durable.service, accounts)
    scheme, _, host = url.partition("://")
    sessions = Sessions(secret.reveal(), cookie="countersign", is_secure=scheme == "https")
    desk = application.create(Site(signing.desk(durable), people, sessions, frozenset({host})))
    sign_in.add(desk, people, secret.reveal(), url)
    if settings.slack_signing_secret is not None:
        linking.add(desk, slacking.Links(durable.service, settings.slack_signing_secret.reveal()))
    return desk


def _seat(folder: Path) -> tuple[str, IO[str]]:
    """
    A name for this process that no other running one has, and that it gets again when it is started again.

    Returns:
        The name, and the file whose lock holds it.
    """
    for number in range(1000):
        file = (folder / f"executor-{number}.lock").open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            continue
        machine = os.environ.get("HOSTNAME") or socket.gethostname()
        return f"{machine}:{number}", file
    raise SettingsError(f"a thousand processes use {folder}")


class _Metrics:
    """What the service counts."""

    def __init__(self, running: _Running) -> None:
        self._running = running
        self._registry = prometheus.CollectorRegistry()
        self.deliveries = prometheus.Counter(
            "countersign_deliveries",
            "Webhook deliveries by event and fate.",
            ("event", "fate"),
            registry=self._registry,
        )
        self._reviews = prometheus.Gauge(
            "countersign_reviews", "Reviews by status.", ("status",), registry=self._registry
        )
        self._unpublished = prometheus.Gauge(
            "countersign_unpublished_batches", "Decisions that GitHub does not show yet.", registry=self._registry
        )

        self._money = prometheus.Gauge(
            "countersign_llm_money",
            "What the language model cost this month, by repository.",
            ("repository",),
            registry=self._registry,
        )
        self._calls = prometheus.Gauge(
            "countersign_llm_calls", "Calls of the language model this month.", ("repository",), registry=self._registry
        )

    def text(self) -> bytes:
        """All of it in Prometheus' format."""
        store = self._running.store
        if store is not None:
            for status, count in store.reviews.counts().items():
                self._reviews.labels(status).set(count)
            self._unpublished.set(len(store.decisions.unpublished()))
            for repository, spent in store.ledger.by_repository(month_of(dt.datetime.now(dt.UTC))).items():
                self._money.labels(repository).set(spent.money)
                self._calls.labels(repository).set(spent.calls)
        return prometheus.generate_latest(self._registry)

"""
The workflows: the order of the steps, their retries, their queues.

DBOS keeps which steps of a workflow are done, and a crash goes on from there. Reviews run side by side, so many at once
for each installation; what is written on one pull request is written by one workflow after the other, whichever host
it runs on. Workflows have the names of what they do, `review:12.1`, so that asking for the same thing twice does it
once.

    deliver ─► review: begin, analyse ─► publish: settle, post, follow, show
            └────────────────────────► publish
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, TypedDict, cast

import msgspec
import structlog
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions, PropagateOtelContext
from structlog.contextvars import bound_contextvars

from bot.errors import StorageAway
from bot.github.errors import GitHubError, RateLimited, Unauthorized, Unavailable
from bot.github.events import installation_of
from bot.review.records import Delivery
from bot.slack.buttons import Dismiss, Sign
from bot.slack.errors import Limited, Refused, SlackError
from bot.storage.database import engine_of_workflows
from bot.workflow import commanding, delivering, explaining, publishing, reviewing, showing, slacking, sweeping
from bot.workflow.commanding import Question
from bot.workflow.delivering import Work
from bot.workflow.service import Service

VERSION = "1"
"""Raised when the order of steps changes: workflows of another version are not taken up."""
DELIVERIES, REVIEWS, PUBLICATIONS, SLACK, PROSE = "deliveries", "reviews", "publications", "slack", "prose"
"""The queues; the first two take turns by installation, publications and what is told in Slack by pull request."""
POLLED = 0.25
"""Seconds between two looks into a queue; each costs two milliseconds."""
HANDLED = 2
"""Deliveries that one process handles at once: those that come in are answered meanwhile."""
AT_ONCE = 16
"""Workflows of a queue that one process runs; most of them wait for GitHub. The engine has a limit of its own."""
PATIENCE = 40
"""Tries of a step that GitHub does not answer: about three hours."""
INSISTENCE = 3
"""Tries of a step that GitHub refuses: what it just made is sometimes not found yet."""
LONGEST = 300.0
"""Seconds between two tries."""
DIGESTS = dt.timedelta(seconds=30)
"""Between two looks for digests that are due."""
PROMPTNESS = dt.timedelta(seconds=2)
"""Between two looks for decisions that were made in another process, on the command line."""
SEEN = 12
"""Of so many sweeps, one asks GitHub for all open pull requests."""
KEPT = dt.timedelta(days=7)
"""How long it is remembered which steps of a finished workflow were done."""

_log = structlog.get_logger()


class Outcome(TypedDict):
    """What a step came to; JSON, because it is kept."""

    result: Any
    problem: str
    wait: float
    """Seconds until a limit ends; 0 where it is none."""
    is_refusal: bool
    """Whether another try is likely to come to the same."""


class GaveUp(Exception):
    """A step can't be done; says why, for a person."""


class Durable:
    """The workflows of one process."""

    def __init__(
        self,
        service: Service,
        database_url: str,
        executor: str,
        *,
        per_installation: int = 8,
        questions_at_once: int = 2,
        questions_per_minute: int = 30,
        impatience: float = 1.0,
        sweep_every: dt.timedelta = dt.timedelta(minutes=5),
        silent_after: dt.timedelta = dt.timedelta(seconds=30),
        is_traced: bool = False,
    ) -> None:
        """
        Args:
            service: What the steps work with.
            database_url: Where DBOS keeps its tables.
            executor: Unique among running processes; the same when this one starts again.
            per_installation: Reviews of one installation that are under way at once, on all hosts together.
            questions_at_once: What this process asks a language model side by side.
            questions_per_minute: What all of them ask it in a minute.
            impatience: Seconds until the first retry; each further one waits twice as long.
            sweep_every: Between two looks for what was missed.
            silent_after: A worker without a sign of life for this long is dead.
            is_traced: Whether workflows and steps are spans, in the trace of whatever began them.
        """
        self.service = service
        self.executor = executor
        self._per_installation = per_installation
        self._questions_at_once = questions_at_once
        self._questions_per_minute = questions_per_minute
        self._impatience = impatience
        self._sweep_every = sweep_every
        self._silent_after = silent_after
        self._trace: Callable[[], AbstractContextManager[object]] = PropagateOtelContext if is_traced else nullcontext
        self._sweeps = itertools.count()
        self._handling = threading.BoundedSemaphore(HANDLED)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        config: DBOSConfig = {
            "name": "countersign",
            "system_database_url": database_url,
            "system_database_engine": engine_of_workflows(database_url),
            "application_version": VERSION,
            "executor_id": executor,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "enable_otlp": is_traced,
            "notification_listener_polling_interval_sec": 1.0,  # no workflow sends another a message
        }
        DBOS(config=config)
        for name, body in (
            ("deliver", self._deliver),
            ("review", self._review),
            ("publish", self._publish),
            ("tell", self._tell),
            ("tell_digest", self._tell_digest),
            ("obey", self._obey),
            ("explain", self._explain),
            ("elaborate", self._elaborate),
        ):
            _register(name, body)

    # --- from outside -------------------------------------------------------------------------------------------------

    def launch(self) -> None:
        """Take up what was left, and begin to work."""
        self.service.store.workers.beat(self.executor)
        DBOS.launch()
        DBOS.register_queue(
            DELIVERIES, worker_concurrency=AT_ONCE, partition_concurrency=2, polling_interval_sec=POLLED
        )
        DBOS.register_queue(
            REVIEWS,
            worker_concurrency=AT_ONCE,
            partition_concurrency=self._per_installation,
            polling_interval_sec=POLLED,
        )
        DBOS.register_queue(
            PUBLICATIONS, worker_concurrency=AT_ONCE, partition_concurrency=1, polling_interval_sec=POLLED
        )
        DBOS.register_queue(SLACK, worker_concurrency=AT_ONCE, partition_concurrency=1, polling_interval_sec=POLLED)
        DBOS.register_queue(
            PROSE,
            worker_concurrency=self._questions_at_once,
            limiter={"limit": self._questions_per_minute, "period": 60},
            polling_interval_sec=POLLED,
        )
        for body, every in (
            (self._beat, self._silent_after / 3),
            (self._publish_decisions, PROMPTNESS),
            (self._begin_digests, DIGESTS),
            (self._sweep, self._sweep_every),
        ):
            thread = threading.Thread(target=self._repeat, args=(body, every), name=body.__name__, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Stop working; what is not finished goes on with the next start."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=10)
        DBOS.destroy()
        self.service.store.workers.remove(self.executor)

    def deliver(self, delivery: Delivery) -> None:
        """Have a delivery handled that is in the store, with its payload."""
        installation = installation_of(delivery.payload)
        self._enqueue("deliver", f"deliver:{delivery.id}", DELIVERIES, installation, delivery.id)

    def begin(self, work: Work, again: str = "") -> None:
        """
        Have work done.

        Args:
            work: What.
            again: Names another try of what was tried before.
        """
        pull = work.pull_request
        if work.review is not None:
            id_ = f"review:{work.review}.{work.attempt}"
            installation = self.service.store.pull_requests.get(pull).installation
            self._enqueue("review", id_, REVIEWS, installation, pull, work.review, work.attempt, work.cause)
        elif work.question is not None:
            id_ = f"elaborate:{work.question.comment}.{work.question.draft}"
            self._enqueue("elaborate", id_, PROSE, None, pull, msgspec.to_builtins(work.question), work.cause)
        elif work.batch is not None:
            id_ = f"publish:{work.batch}" + (f"~{again}" if again else "")
            self._enqueue("publish", id_, PUBLICATIONS, pull, pull, None, 0, work.cause)
        elif self.service.slack is not None:
            self._enqueue("tell", f"tell:{pull}:{work.cause}", SLACK, pull, pull)

    def obey(self, act: Sign | Dismiss) -> None:
        """Have an act in Slack carried out; when this returns, it will be, once however often Slack sends it."""
        pull = act.pressed.choice.pull_request
        self._enqueue("obey", f"slack:{act.pressed.key}", SLACK, pull, msgspec.to_builtins(act))

    def handle(self, service: Service, delivery: str) -> list[Work]:
        """As `delivering.handle`, when it is its turn."""
        with self._handling:
            return delivering.handle(service, delivery)

    # --- workflows ----------------------------------------------------------------------------------------------------

    def _deliver(self, delivery: str) -> None:
        with bound_contextvars(delivery=delivery):
            try:
                for work in self._do(self.handle, delivery):
                    self.begin(msgspec.convert(work, Work))
                outcome = "handled"
            except GaveUp as problem:
                _log.error("a delivery could not be handled", problem=str(problem))
                outcome = str(problem)
            self._do(delivering.finish, delivery, outcome)

    def _review(self, pull_request: int, review: int, attempt: int, cause: str) -> None:
        with bound_contextvars(delivery=cause, pull_request=pull_request, review=review):
            try:
                begun = msgspec.convert(self._do(reviewing.begin, review, attempt, cause), Work | None)
                if begun is None:
                    return
                if begun.review != review:
                    self.begin(begun)
                    return
                self._do(reviewing.analyse, review, attempt)
            except GaveUp as problem:
                _log.error("a review could not be made", problem=str(problem))
                self._do(reviewing.bury, review, attempt, str(problem))
            id_ = f"publish:{review}.{attempt}"
            self._enqueue("publish", id_, PUBLICATIONS, pull_request, pull_request, review, attempt, cause)

    def _publish(self, pull_request: int, review: int | None, attempt: int, cause: str) -> None:
        with bound_contextvars(delivery=cause, pull_request=pull_request):
            self._bring_up_to_date(pull_request, review, attempt, cause)
            if self.service.slack is not None:  # in a workflow of its own: GitHub does not wait for Slack
                self._enqueue("tell", f"tell:{DBOS.workflow_id}", SLACK, pull_request, pull_request)
            if review is not None and self.service.writer is not None:  # and neither waits for a language model
                id_ = f"explain:{review}.{attempt}"
                self._enqueue("explain", id_, PROSE, None, pull_request, review, attempt, cause)

    def _tell(self, pull_request: int) -> None:
        try:
            self._do(slacking.tell, pull_request)
        except GaveUp as problem:
            _log.error("Slack could not be told", pull_request=pull_request, problem=str(problem))

    def _tell_digest(self, channel: str, due: str) -> None:
        try:
            self._do(slacking.tell_digest, channel, due)
        except GaveUp as problem:
            _log.error("a digest could not be posted", channel=channel, due=due, problem=str(problem))

    def _obey(self, told: Any) -> None:
        act = msgspec.convert(told, Sign | Dismiss)
        try:
            work = msgspec.convert(self._do(slacking.obey, act), Work | None)
        except GaveUp as problem:
            _log.error("an act in Slack could not be carried out", act=act.pressed.key, problem=str(problem))
            work = None
            with suppress(GaveUp):  # it was logged; nobody is left to tell
                self._do(slacking.apologise, act)
        if work is not None:
            self.begin(work)
            self._tell(work.pull_request)

    def _bring_up_to_date(self, pull_request: int, review: int | None, attempt: int, cause: str) -> None:
        problem = ""
        try:
            if review is not None and not self._do(reviewing.settle, review, attempt):
                return
            batches = self._do(publishing.unpublished, pull_request)
            if self._do(publishing.post, pull_request):
                self._do(publishing.follow, pull_request)
                self._do(showing.show, pull_request)
                for other in self._do(publishing.concerned, batches):
                    id_ = f"publish:{max(batches)}@{other}"
                    self._enqueue("publish", id_, PUBLICATIONS, other, other, None, 0, cause)
                self._do(publishing.mark_published, batches)
                return
        except GaveUp as gave_up:
            _log.error("a pull request could not be brought up to date", problem=str(gave_up))
            problem = str(gave_up)
        try:
            self._do(showing.show, pull_request, problem)
        except GaveUp as gave_up:
            _log.error("a check could not be concluded", problem=str(gave_up))

    def _explain(self, pull_request: int, review: int, attempt: int, cause: str) -> None:
        """Comes after all that counts; where it fails, the summary stays as the analysis wrote it."""
        with bound_contextvars(delivery=cause, pull_request=pull_request, review=review):
            try:
                if self._do(explaining.summarise, review, attempt):
                    id_ = f"publish:{review}.{attempt}~explained"
                    self._enqueue("publish", id_, PUBLICATIONS, pull_request, pull_request, None, 0, cause)
            except GaveUp as gave_up:
                _log.error("a review could not be explained", problem=str(gave_up))

    def _elaborate(self, pull_request: int, told: Any, cause: str) -> None:
        """Comes after the answer that was given at once."""
        with bound_contextvars(delivery=cause, pull_request=pull_request):
            try:
                self._do(commanding.elaborate, pull_request, msgspec.convert(told, Question))
            except GaveUp as gave_up:
                _log.error("a draft could not be explained", problem=str(gave_up))

    # --- steps --------------------------------------------------------------------------------------------------------

    def _do(self, step: Callable[..., Any], *arguments: Any) -> Any:
        """
        Run a step until it is done. Between two tries the workflow sleeps, which a crash does not make longer.

        Raises:
            GaveUp: It can't be done.
        """
        pause, tries, refusals, problem = self._impatience, 0, 0, ""
        while tries < PATIENCE:
            outcome: Outcome = DBOS.run_step({"name": step.__name__}, self._try, step, arguments)
            problem = outcome["problem"]
            if not problem:
                return outcome["result"]
            _log.warning("a step is to be tried again", step=step.__name__, problem=problem)
            refusals += outcome["is_refusal"]
            if refusals >= INSISTENCE:
                break
            DBOS.sleep(outcome["wait"] or pause)
            if not outcome["wait"]:  # a limit ends when it ends, however many wait for it
                tries, pause = tries + 1, min(pause * 2, LONGEST)
        raise GaveUp(problem)

    def _try(self, step: Callable[..., Any], arguments: tuple[Any, ...]) -> Outcome:
        try:
            result = msgspec.to_builtins(step(self.service, *arguments))
            return {"result": result, "problem": "", "wait": 0, "is_refusal": False}
        except (RateLimited, Limited) as exc:
            wait = max((exc.until - self.service.now()).total_seconds(), 0.05)
            wait *= random.uniform(1, 2)  # not all who wait come back at the same moment
            return {"result": None, "problem": str(exc), "wait": wait, "is_refusal": False}
        except SlackError as exc:
            return {"result": None, "problem": str(exc), "wait": 0, "is_refusal": isinstance(exc, Refused)}
        except GitHubError as exc:
            is_refusal = not isinstance(exc, (Unauthorized, Unavailable))
            return {"result": None, "problem": str(exc), "wait": 0, "is_refusal": is_refusal}
        except StorageAway as exc:
            return {"result": None, "problem": str(exc), "wait": 0, "is_refusal": False}
        except Exception as exc:  # noqa: BLE001  # the one around a step: it is recorded, and the review says so
            _log.exception("a step failed", step=step.__name__, arguments=arguments)
            problem = f"{type(exc).__name__} in `{step.__name__}`"
            return {"result": None, "problem": problem, "wait": 0, "is_refusal": True}

    def _enqueue(self, name: str, id_: str, queue: str, partition: int | str | None, *arguments: Any) -> None:
        """Have a workflow run, unless there was one with this id."""
        options: dict[str, Any] = {"workflow_name": name, "queue_name": queue, "workflow_id": id_}
        if partition is not None:
            options["queue_partition_key"] = str(partition)
        with self._trace():
            DBOS.enqueue_workflow_with_options(cast("EnqueueOptions", options), *arguments)

    # --- looking after the work ---------------------------------------------------------------------------------------

    def _repeat(self, body: Callable[[], None], every: dt.timedelta) -> None:
        while True:
            try:
                body()
            except Exception:  # noqa: BLE001  # it is tried again, and the log says so
                _log.exception("looking after the work failed", body=body.__name__)
            if self._stop.wait(every.total_seconds()):
                return

    def _beat(self) -> None:
        """Give a sign of life, and take over from workers that gave none."""
        workers = self.service.store.workers
        workers.beat(self.executor)
        silent_since = self.service.now() - self._silent_after
        for worker in workers.all():
            if worker.beat_at < silent_since and workers.claim(worker.id, silent_since):
                _log.warning("taking over", worker=worker.id)
                for left in DBOS.list_workflows(executor_id=worker.id, status="PENDING"):
                    DBOS.resume_workflow(left.workflow_id)
                workers.remove(worker.id)

    def _publish_decisions(self) -> None:
        """Begin to publish what was decided in another process."""
        for work in sweeping.unpublished(self.service):
            self.begin(work)

    def _begin_digests(self) -> None:
        """Begin to post the digests that are due; each once, on whichever host."""
        if self.service.slack is not None:
            for channel, due in slacking.due_digests(self.service.slack, self.service.now()):
                self._enqueue("tell_digest", f"digest:{channel}:{due}", SLACK, channel, channel, due)

    def _sweep(self) -> None:
        """
        Begin what was missed. The first time nobody else can be about to begin what came in; then, and now and then,
        GitHub is asked too.
        """
        sweep = next(self._sweeps)
        for delivery in sweeping.late_deliveries(self.service, sweeping.LATE if sweep else dt.timedelta()):
            self.deliver(delivery)
        hour = self.service.now().strftime("%Y%m%d%H")
        for work in sweeping.stuck(self.service):
            self.begin(work, again=hour)
        for work in sweeping.reactions(self.service):
            self.begin(work)
        if sweep % SEEN == 0:
            for work in sweeping.missed_pull_requests(self.service):
                self.begin(work)
        sweeping.forget(self.service)
        self._forget()

    def _forget(self) -> None:
        """Forget the steps of workflows that ended long ago."""
        before = (self.service.now() - KEPT).isoformat()
        ended = ["SUCCESS", "ERROR", "CANCELLED"]
        old = DBOS.list_workflows(status=ended, end_time=before, limit=1000, load_input=False, load_output=False)
        if old:
            DBOS.delete_workflows([each.workflow_id for each in old])


def _register(name: str, body: Callable[..., None]) -> None:
    @DBOS.workflow(name=name)
    def workflow(*arguments: Any) -> None:  # DBOS marks what it is given, and a bound method can't be marked
        body(*arguments)

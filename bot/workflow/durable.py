"""
The workflows: the order of the steps, their retries, their queues.

DBOS keeps which steps of a workflow are done, and a crash goes on from there. What belongs to one pull request runs one
after the other, whichever host it runs on; everything else runs side by side. Workflows have the names of what they do,
`review:12.1`, so that asking for the same thing twice does it once.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any, TypedDict

import msgspec
import structlog
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

from bot.github.errors import GitHubError, RateLimited, Unauthorized, Unavailable
from bot.workflow import delivering, publishing, reviewing, showing, sweeping
from bot.workflow.delivering import Work
from bot.workflow.service import Service

VERSION = "1"
"""Raised when the order of steps changes: workflows of another version are not taken up."""
DELIVERIES, WORK = "deliveries", "work"
"""The queues."""
PATIENCE = 40
"""Tries of a step that GitHub does not answer: about three hours."""
LONGEST = 300.0
"""Seconds between two of them."""

_log = structlog.get_logger()


class Outcome(TypedDict):
    """What a step came to; JSON, because it is kept."""

    result: Any
    wait: float | None
    """Seconds after which it is worth another try."""
    problem: str


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
        concurrency: int = 2,
        impatience: float = 1.0,
        sweep_every: dt.timedelta = dt.timedelta(minutes=5),
        silent_after: dt.timedelta = dt.timedelta(seconds=30),
    ) -> None:
        """
        Args:
            service: What the steps work with.
            database_url: Where DBOS keeps its tables.
            executor: Unique among running processes; the same when this one starts again.
            concurrency: Pull requests that are worked on at once.
            impatience: Seconds until the first retry; each further one waits twice as long.
            sweep_every: Between two looks for what was missed.
            silent_after: A worker without a sign of life for this long is dead.
        """
        self.service = service
        self.executor = executor
        self._concurrency = concurrency
        self._impatience = impatience
        self._sweep_every = sweep_every
        self._silent_after = silent_after
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        config: DBOSConfig = {
            "name": "countersign",
            "system_database_url": database_url,
            "application_version": VERSION,
            "executor_id": executor,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "notification_listener_polling_interval_sec": 0.1,
        }
        DBOS(config=config)
        for name, body in (("deliver", self._deliver), ("review", self._review), ("publish", self._publish)):
            _register(name, body)

    # --- from outside -------------------------------------------------------------------------------------------------

    def launch(self) -> None:
        """Take up what was left, and begin to work."""
        self.service.store.workers.beat(self.executor)
        DBOS.launch()
        DBOS.register_queue(DELIVERIES, worker_concurrency=8, polling_interval_sec=0.1)
        DBOS.register_queue(
            WORK, worker_concurrency=self._concurrency, partition_concurrency=1, polling_interval_sec=0.1
        )
        for body, every in ((self._beat, self._silent_after / 3), (self._sweep, self._sweep_every)):
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

    def deliver(self, delivery: str) -> None:
        """Have a delivery handled that is in the store; when this returns, it will be."""
        DBOS.enqueue_workflow_with_options(
            {"workflow_name": "deliver", "queue_name": DELIVERIES, "workflow_id": f"deliver:{delivery}"}, delivery
        )

    def begin(self, work: Work, again: str = "") -> None:
        """
        Have work done.

        Args:
            work: What.
            again: Names another try of what was tried before.
        """
        arguments: tuple[int | None, ...]
        if work.review is not None:
            name, arguments = "review", (work.pull_request, work.review, work.attempt)
            workflow = f"review:{work.review}.{work.attempt}"
        else:
            name, arguments = "publish", (work.pull_request, work.batch)
            workflow = f"publish:{work.batch}"
        DBOS.enqueue_workflow_with_options(
            {
                "workflow_name": name,
                "queue_name": WORK,
                "workflow_id": f"{workflow}~{again}" if again else workflow,
                "queue_partition_key": str(work.pull_request),
            },
            *arguments,
        )

    # --- workflows ----------------------------------------------------------------------------------------------------

    def _deliver(self, delivery: str) -> None:
        try:
            for work in self._do(delivering.handle, delivery):
                self.begin(msgspec.convert(work, Work))
            outcome = "handled"
        except GaveUp as problem:
            _log.error("a delivery could not be handled", delivery=delivery, problem=str(problem))
            outcome = str(problem)
        self._do(delivering.finish, delivery, outcome)

    def _review(self, pull_request: int, review: int, attempt: int) -> None:
        try:
            if not self._do(reviewing.begin, review, attempt):
                return
            if self._do(reviewing.analyse, review) and self._do(reviewing.settle, review, attempt):
                self._do(publishing.post, pull_request)
                self._do(publishing.follow, pull_request)
            self._do(showing.show, pull_request)
        except GaveUp as problem:
            self._bury(pull_request, review, attempt, str(problem))

    def _publish(self, pull_request: int, batch: int) -> None:
        try:
            is_done = self._do(publishing.post, pull_request)
            self._do(publishing.follow, pull_request)
            self._do(showing.show, pull_request)
            if is_done:
                self._do(_mark_published, batch)
        except GaveUp as problem:
            _log.error("decisions could not be published", pull_request=pull_request, problem=str(problem))
            self._tell(pull_request, str(problem))

    def _bury(self, pull_request: int, review: int, attempt: int, problem: str) -> None:
        _log.error("a review could not be made", review=review, problem=problem)
        self._do(reviewing.bury, review, attempt, problem)
        try:
            self._do(showing.show, pull_request)
        except GaveUp as another:
            _log.error("a check could not be concluded", pull_request=pull_request, problem=str(another))

    def _tell(self, pull_request: int, problem: str) -> None:
        """Have the check of a pull request say that something could not be published."""
        try:
            self._do(_show_problem, pull_request, problem)
        except GaveUp as another:
            _log.error("a check could not be concluded", pull_request=pull_request, problem=str(another))

    # --- steps --------------------------------------------------------------------------------------------------------

    def _do(self, step: Callable[..., Any], *arguments: Any) -> Any:
        """
        Run a step until it is done. Between two tries the workflow sleeps, which a crash does not make longer.

        Raises:
            GaveUp: It can't be done.
        """
        pause = self._impatience
        for _ in range(PATIENCE):
            outcome: Outcome = DBOS.run_step({"name": step.__name__}, self._try, step, arguments, pause)
            if outcome["problem"] and outcome["wait"] is None:
                break
            if not outcome["problem"]:
                return outcome["result"]
            DBOS.sleep(outcome["wait"] or pause)
            pause = min(pause * 2, LONGEST)
        raise GaveUp(outcome["problem"])

    def _try(self, step: Callable[..., Any], arguments: tuple[Any, ...], pause: float) -> Outcome:
        try:
            return {"result": msgspec.to_builtins(step(self.service, *arguments)), "wait": None, "problem": ""}
        except RateLimited as exc:
            seconds = (exc.until - self.service.now()).total_seconds()
            return {"result": None, "wait": max(seconds, self._impatience), "problem": str(exc)}
        except (Unauthorized, Unavailable) as exc:
            return {"result": None, "wait": pause, "problem": str(exc)}
        except GitHubError as exc:
            return {"result": None, "wait": None, "problem": str(exc)}
        except Exception as exc:  # noqa: BLE001  # the one around a step: it is recorded, and the review says so
            _log.exception("a step failed", step=step.__name__, arguments=arguments)
            return {"result": None, "wait": None, "problem": f"{type(exc).__name__} in `{step.__name__}`"}

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
        self.service.store.workers.beat(self.executor)
        silent_since = self.service.now() - self._silent_after
        for worker in self.service.store.workers.all():
            if worker.beat_at < silent_since and self.service.store.workers.remove(worker.id, silent_since):
                _log.warning("taking over", worker=worker.id)
                for left in DBOS.list_workflows(executor_id=worker.id, status="PENDING"):
                    DBOS.resume_workflow(left.workflow_id)

    def _sweep(self) -> None:
        """Begin what was missed."""
        for delivery in sweeping.late_deliveries(self.service):
            self.deliver(delivery)
        hour = self.service.now().strftime("%Y%m%d%H")
        for work in sweeping.unpublished(self.service):
            self.begin(work)
            self.begin(work, again=hour)
        for work in sweeping.missed_pull_requests(self.service):
            self.begin(work)


def _register(name: str, body: Callable[..., None]) -> None:
    @DBOS.workflow(name=name)
    def workflow(*arguments: Any) -> None:  # DBOS marks what it is given, and a bound method can't be marked
        body(*arguments)


def _mark_published(service: Service, batch: int) -> None:
    service.store.decisions.mark_published(batch)


def _show_problem(service: Service, pull_request: int, problem: str) -> None:
    pull = service.store.pull_requests.get(pull_request)
    review = service.store.reviews.find(pull.id, pull.head)
    if review is not None:
        service.store.reviews.set_status(review.id, "partial", problem)
    showing.show(service, pull_request)

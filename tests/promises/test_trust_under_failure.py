"""
Promises 16 and 17: whatever fails, and whenever, everything is said once, and nothing is green meanwhile.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy

from bot.review.records import Delivery
from bot.storage.store import Store
from tests import postgres
from tests.doubles import hooks, refusals
from tests.doubles.faults import BROKEN, LOST, Fault
from tests.doubles.github import GitHub
from tests.doubles.refusals import Refusal
from tests.doubles.rest import HANDLERS
from tests.doubles.rest.call import Answer, Call, Listing
from tests.doubles.scenario import AUTHOR, REVIEWER, SHIFTED, Scene, scene
from tests.promises import programs, seen
from tests.promises.conftest import QUICK, Open
from tests.promises.running import Service, eventually


def told_once(github: GitHub, at: Scene) -> None:
    """Exactly one of everything: comment, review, summary, check, annotation; and no check was ever green."""
    assert len(seen.found(at)) == 1
    assert len(at.pull.reviews) == 1
    assert len(seen.summaries(at)) == 1
    assert not seen.answers(at)
    run = seen.check(at)
    assert (run.conclusion, run.output["title"]) == ("failure", "1 signed finding")
    assert len(run.annotations) == 1
    for request in github.log.of("checks/*"):
        if request.writes and f"/{at.repository.full_name}/" in request.path:
            assert request.body is None or request.body.get("conclusion") != "success"


# --- 16: lost and double work -----------------------------------------------------------------------------------------


def test_16_twenty_redeliveries(github: GitHub, service: Service, open_: Open) -> None:
    """The same deliveries again, twenty times: nothing happens twice."""
    at = open_()
    github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    service.rest()
    mine = [d for d in github.hooks.deliveries if d.payload.get("repository", {}).get("name") == at.repository.name]
    writes = len(github.log.writes())
    for _ in range(20):
        for delivery in mine:
            github.hooks.redeliver(delivery)
    github.hooks.drain()
    service.rest()
    assert all(delivery.accepted for delivery in mine)
    assert len(github.log.writes()) == writes
    told_once(github, at)


def test_16_a_newer_head_supersedes(github: GitHub, service: Service, open_: Open) -> None:
    """Three pushes at once: the last head has the drafts; the checks of the others say that they were superseded."""
    at = open_()
    first = at.pull.head_sha
    for text in ("# one\n", "# two\n"):
        github.people.push(at.repository, "feature", {"orders/labels.py": text + programs.CHANGE}, by=AUTHOR)
    service.rest()
    by_head = {run.head_sha: run for run in at.repository.checks.values()}
    assert len(by_head) == len(at.repository.checks)
    assert by_head[at.pull.head_sha].output["title"] == "1 draft waits for a signature"
    others = [run.conclusion for head, run in by_head.items() if head not in (first, at.pull.head_sha)]
    assert set(others) <= {"cancelled", "neutral"}
    assert len(seen.summaries(at)) == 1


def test_16_deliveries_out_of_order(github: GitHub, service: Service, open_: Open) -> None:
    """An older push that is told last does not bring back its head."""
    at = open_()
    older = github.hooks.of("pull_request", "opened")[-1]
    time.sleep(1)  # GitHub's times are in seconds
    github.people.push(at.repository, "feature", SHIFTED, by=AUTHOR)
    service.rest()
    late = dataclasses.replace(older, id="late", headers={**older.headers, "X-GitHub-Delivery": "late"}, attempts=[])
    assert hooks.post(f"{service.url}/webhooks/github", late) == 202
    service.rest()
    assert seen.check(at).output["title"] == "1 draft waits for a signature"
    assert service.reviews("queued") == service.reviews("running") == 0


class Killer:
    """Kills the service when it asks GitHub for something that it never asked for before."""

    def __init__(self, github: GitHub, service: Service) -> None:
        self._service = service
        self._next = github.faults.next
        self._lock = threading.Lock()
        self.killed_at: list[str] = []

    def __call__(self, operation: str) -> Fault | None:
        with self._lock:
            process = self._service.process
            assert process is not None
            if operation in self.killed_at or process.poll() is not None:
                return self._next(operation)
            self.killed_at.append(operation)
            process.kill()
            return LOST


def test_16_killed_at_every_request(bare: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`kill -9` at each kind of request, which takes effect while its answer reaches nobody: it goes on from there."""
    with Service(bare, tmp_path / "data", **QUICK) as service:
        killer = Killer(bare, service)
        monkeypatch.setattr(bare.faults, "next", killer)
        bare.people.wait = False

        def until(done: Callable[[], bool]) -> None:
            while not service.is_ready or not service.is_idle or not done():
                if service.is_dead:
                    service.launch()
                    eventually(lambda: service.is_ready or service.is_dead, service.log.read_text)
                    bare.hooks.redeliver_failed()
                time.sleep(0.1)

        at = scene(bare)
        until(lambda: any(run.status == "completed" for run in seen.checks(at)))
        bare.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
        until(lambda: any(run.annotations for run in seen.checks(at)))
        told_once(bare, at)
        assert {"checks/create", "git", "pulls/create-review", "issues/create-comment"} <= set(killer.killed_at)


def test_16_what_was_kept_is_begun(bare: GitHub, tmp_path: Path) -> None:
    """A process that died between keeping a delivery and beginning its work leaves that to the next one, at once."""
    service = Service(bare, tmp_path / "data", **{**QUICK, "sweep_seconds": 3600})
    with service:
        pass
    bare.hooks.url = None
    at = scene(bare)
    with Store.open(f"sqlite:///{service.data}/countersign.sqlite3") as store:
        now = dt.datetime.now(dt.UTC)
        kept = [Delivery(each.id, each.event, each.body, now) for each in bare.hooks.deliveries]
        store.deliveries.record(kept)
    with service:
        service.rest()
        assert service.handled({each.id for each in kept}) == len(kept)
        assert seen.check(at).output["title"] == "1 draft waits for a signature"


def test_16_trouble_of_one_account_is_not_that_of_another(
    github: GitHub, service: Service, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many commands wait for GitHub's answers about one account, those of another are carried out."""
    at, other = open_(), open_()
    operation, is_back = "repos/get-collaborator-permission-level", threading.Event()
    answer = HANDLERS[operation]

    def answer_others(call: Call) -> Answer | Listing:
        if call.path["repo"] == at.repository.name and not is_back.is_set():
            raise refusals.server_error()
        return answer(call)

    monkeypatch.setitem(HANDLERS, operation, answer_others)
    for _ in range(4):
        github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    eventually(lambda: len(service.working_on("deliver:")) > 0, service.log.read_text)
    github.people.comment(other.pull, "/countersign sign 1", by=REVIEWER)
    eventually(lambda: seen.check(other).output["title"] == "1 signed finding", service.log.read_text)
    assert not seen.found(at)
    is_back.set()
    service.rest()
    assert len(seen.found(at)) == 1


def test_16_downtime_is_made_up_for(bare: GitHub, tmp_path: Path) -> None:
    """
    What was opened, pushed and closed while the service was down is found when it starts; nothing has to be sent again.
    """
    service = Service(bare, tmp_path / "data", **QUICK)
    with service:
        at, closed = scene(bare), scene(bare, name="closed")
        service.rest()
    bare.hooks.url = None
    bare.people.close(closed.pull, by=AUTHOR)
    bare.people.push(at.repository, "feature", SHIFTED, by=AUTHOR)
    other = scene(bare, name="others")
    with service:
        for each in (at, other):
            eventually(lambda at=each: [r for r in seen.checks(at) if r.status == "completed"], service.log.read_text)
            assert seen.check(each).output["title"] == "1 draft waits for a signature"
        service.rest()
    assert len(seen.summaries(at)) == 1
    with Store.open(f"sqlite:///{tmp_path}/data/countersign.sqlite3") as store:
        names = [each.pull_request.repository for each in store.pending.all()]
    assert names == sorted(each.repository.full_name for each in (at, other))


# --- 16: several workers ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if postgres.programs() is None:
        pytest.skip(postgres.ABSENT)
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def three(request: pytest.FixtureRequest, bare: GitHub, tmp_path: Path) -> Iterator[list[Service]]:
    """Three processes of the service with one database: of one host on SQLite, of several on PostgreSQL."""
    if request.param == "sqlite":
        running = [Service(bare, tmp_path / "data", **QUICK) for _ in range(3)]
    else:
        server: str = request.getfixturevalue("server")
        engine = sqlalchemy.create_engine(
            server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {request.node.originalname}")
        engine.dispose()
        url = server.replace("/postgres?", f"/{request.node.originalname}?")
        running = [Service(bare, tmp_path / f"data{n}", f"host{n}", database_url=url, **QUICK) for n in range(3)]
    for service in running:
        service.start()
    yield running
    for service in running:
        service.__exit__(None, None, None)


def test_16_three_workers_one_review(bare: GitHub, three: list[Service]) -> None:
    """All deliveries to all of three processes, at the same time: one of everything, from whichever of them."""

    def everywhere() -> None:
        bare.hooks.drain()
        senders = [
            threading.Thread(target=hooks.post, args=(f"{service.url}/webhooks/github", delivery))
            for delivery in list(bare.hooks.deliveries)
            for service in three
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        three[0].rest()

    at = scene(bare)
    everywhere()
    bare.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    everywhere()
    told_once(bare, at)


def test_16_a_dead_worker_is_taken_over_from(bare: GitHub, three: list[Service]) -> None:
    """The process that works on a review is killed and does not come back: another one ends it."""
    held = threading.Event()
    asked = bare.faults.next

    def hold(operation: str) -> Fault | None:
        if operation == "repos/compare-commits-with-basehead" and not held.is_set():
            held.set()
            return Fault(seconds=3, breaks=True)
        return asked(operation)

    bare.faults.next = hold  # type: ignore[method-assign]
    at = scene(bare)
    assert held.wait(30)
    busy = three[0].working_on("review:")
    victim = next(service for service in three if service.executor in busy)
    victim.kill()
    others = [service for service in three if service is not victim]
    bare.deliver_to(f"{others[0].url}/webhooks/github")
    others[0].rest()
    bare.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    others[0].rest()
    told_once(bare, at)


# --- 17: limits and errors --------------------------------------------------------------------------------------------


OPERATIONS = (
    "apps/create-installation-access-token",
    "pulls/get",
    "pulls/list-commits",
    "checks/list-for-ref",
    "checks/create",
    "repos/compare-commits-with-basehead",
    "pulls/list-review-comments",
    "repos/get-content",
    "issues/list-comments",
    "issues/create-comment",
    "checks/update",
    "repos/get-collaborator-permission-level",
    "reactions/create-for-issue-comment",
    "pulls/create-review",
    "issues/update-comment",
    "checks/list-annotations",
)
"""What a pull request's way asks of GitHub."""
TRANSIENT = {
    "401": refusals.bad_credentials(),
    "403-limit": refusals.secondary_limit(0),
    "429-limit": refusals.secondary_limit(0, 429),
    "403-budget": refusals.primary_limit(0),
    "502": refusals.server_error(),
    "503": refusals.server_error(503),
    "broken": BROKEN,
    "lost": LOST,
}
LASTING = {
    "403": refusals.forbidden(),
    "404": refusals.not_found(),
    "422": refusals.unprocessable("No."),
}


def test_17_these_are_the_operations(github: GitHub, service: Service, open_: Open) -> None:
    """The list that the next tests go through is complete."""
    github.log.clear()
    at = open_()
    github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    service.rest()
    asked = {request.operation for request in github.log if at.repository.name in request.path}
    assert asked - {"git", "pulls/list"} <= set(OPERATIONS)
    told_once(github, at)


@pytest.mark.parametrize("fault", TRANSIENT.values(), ids=TRANSIENT)
def test_17_every_operation_fails_once(github: GitHub, service: Service, open_: Open, fault: Fault | Refusal) -> None:
    """Each operation answers with an error the first time: it recovers by itself."""
    github.access.expire_tokens()
    for operation in OPERATIONS:
        github.faults.order(operation, fault)
    at = open_()
    github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    service.rest()
    github.faults.clear()
    told_once(github, at)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        (each, kind)
        for each in (*OPERATIONS, "git")
        for kind in LASTING
        if kind == "404" or re.search("create|update", each)
    ],
)
def test_17_an_operation_is_refused_once(
    github: GitHub, service: Service, open_: Open, operation: str, kind: str
) -> None:
    """Refused once, a write in each way: it recovers by itself, or when a person says again what was not heard."""
    fault = LASTING[kind]
    github.access.expire_tokens()
    github.faults.order(operation, fault)
    at = open_()
    assert seen.check(at).output["title"] == "1 draft waits for a signature"
    while not seen.found(at):
        github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
        service.rest()
    github.faults.clear()
    assert len(at.pull.comments) <= 3, "once is heard, or twice"
    told_once(github, at)


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
@pytest.mark.parametrize(
    "operation", ["checks/create", "repos/compare-commits-with-basehead", "pulls/list-review-comments", "checks/update"]
)
def test_17_a_lasting_refusal_is_told_and_tried_again_by_a_person(
    github: GitHub, service: Service, open_: Open, operation: str, fault: Refusal
) -> None:
    """As long as GitHub refuses, nothing is green; when it does not any more, a person has the review made again."""
    github.faults.order(operation, fault, times=100)
    at = open_()
    assert {run.conclusion for run in seen.checks(at)} <= {None, "neutral"}
    github.faults.clear()
    github.people.comment(at.pull, "/countersign rerun", by=REVIEWER)
    service.rest()
    assert seen.check(at).output["title"] == "1 draft waits for a signature"
    github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    service.rest()
    told_once(github, at)


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
def test_17_what_cannot_be_posted_is_told(github: GitHub, service: Service, open_: Open, fault: Refusal) -> None:
    """A signed comment that GitHub does not take is no secret: the check says so until it is there."""
    at = open_()
    for operation in ("pulls/create-review", "pulls/create-review-comment"):
        github.faults.order(operation, fault, times=100)
    github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    service.quiet()
    run = seen.check(at)
    assert run.conclusion in ("neutral", "failure")
    if fault.status == 422:  # refused as a comment on lines and on the file: it is in the summary now
        assert run.output["title"] == "1 signed finding"
        return
    assert f"GitHub answered {fault.status}" in run.output["title"]
    github.faults.clear()
    github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    service.rest()
    assert len(seen.found(at)) == 1
    assert run.output["title"] == "1 signed finding"


def test_17_a_refused_permission_is_not_asked_for_again_and_again(
    github: GitHub, service: Service, open_: Open
) -> None:
    """A step that GitHub refuses is tried three times, not for hours."""
    github.log.clear()
    github.faults.order("pulls/list-commits", refusals.forbidden(), times=100)
    open_()
    github.faults.clear()
    assert len(github.log.of("pulls/list-commits")) == 3

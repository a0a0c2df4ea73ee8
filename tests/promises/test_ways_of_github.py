"""
What GitHub does besides, and must not be a review's end: repositories get other names, forks go, installations are
suspended, heads are replaced while comments are posted, pull requests wait in a merge queue.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator

import pytest

from bot.review.drafts import Decision
from bot.storage.store import Store
from tests.doubles import scenario
from tests.doubles.faults import Fault
from tests.doubles.github import GitHub
from tests.doubles.scenario import AUTHOR, REVIEWER, SHIFTED, STRANGER, WITH_N_PLUS_ONE, Scene
from tests.promises import seen
from tests.promises.conftest import Open
from tests.promises.running import Service, eventually


def is_told_once(at: Scene) -> bool:
    """Whether there is one comment, one summary, and one check that says so."""
    counts = len(seen.found(at)), len(seen.summaries(at)), len(seen.checks(at))
    return counts == (1, 1, 1) and seen.check(at).output["title"] == "1 signed finding"


def test_a_repository_is_renamed(github: GitHub, service: Service, open_: Open) -> None:
    """Under its new name it is the same one, with the same drafts."""
    at = open_()
    github.people.rename(at.repository, f"{at.repository.name}-2")
    github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    service.rest()
    assert is_told_once(at)
    github.people.push(at.repository, "feature", SHIFTED, by=AUTHOR)
    service.rest()
    assert is_told_once(at)


def test_a_repository_is_renamed_and_nobody_says_so(github: GitHub, service: Service, open_: Open) -> None:
    """What was decided elsewhere is posted under the name that GitHub redirects to."""
    at = open_()
    name = at.repository.full_name
    github.people.rename(at.repository, f"{at.repository.name}-3")
    with Store.open(f"sqlite:///{service.data}/countersign.sqlite3") as store:
        pull = store.pull_requests.find(name, at.pull.number)
        assert pull is not None
        (draft,) = store.drafts.of(pull.id)
        now = dt.datetime.now(dt.UTC)
        store.decisions.record(pull.id, [Decision(draft.id, "sign", REVIEWER, "command line", pull.head, now)], "cli")
    service.rest()
    assert is_told_once(at)


def test_a_fork_is_deleted(github: GitHub, service: Service, open_: Open) -> None:
    """Its pull request can be signed, and commented on, as before."""
    made = open_().repository
    copy = scenario.fork(github, made)
    copy.git.commit("patch", WITH_N_PLUS_ONE, "Say whose it is", parent=made.git.resolve("refs/heads/main"))
    pull = github.people.open_pull(made, "patch", by=STRANGER, head_repository=copy)
    service.rest()
    with github.world.lock:
        del github.world.repositories[copy.full_name.lower()]
        pull.head_repository = None
    github.people.comment(pull, "/countersign sign all", by=REVIEWER)
    service.rest()
    at = Scene(made, next(iter(github.world.installations.values())), pull)
    assert is_told_once(at)


def test_a_head_is_replaced_while_comments_are_posted(
    github: GitHub, service: Service, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is posted at the commit that is gone; the comment goes out once, where the code is now."""
    at = open_()
    asked = github.faults.next
    pushed = threading.Event()

    def push(operation: str) -> Fault | None:
        if operation == "pulls/create-review" and not pushed.is_set():
            pushed.set()
            start = at.repository.git.resolve("refs/heads/main")
            github.people.push(at.repository, "feature", SHIFTED, by=AUTHOR, parent=start)
        return asked(operation)

    monkeypatch.setattr(github.faults, "next", push)
    monkeypatch.setattr(github.people, "wait", False)
    github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    assert pushed.wait(30)
    eventually(lambda: is_told_once(at) and service.is_idle, service.log.read_text)
    (comment,) = seen.found(at)
    assert (comment.commit, comment.line) == (at.pull.head_sha, 5)


def test_a_pull_request_is_closed_while_it_is_reviewed(github: GitHub, service: Service, names: Iterator[str]) -> None:
    """Its check comes to an end, and when it is opened again it is reviewed."""
    github.faults.order("repos/compare-commits-with-basehead", Fault(seconds=1))
    at = scenario.scene(github, name=next(names))
    eventually(lambda: bool(seen.checks(at)), service.log.read_text)
    github.people.close(at.pull, by=AUTHOR)
    service.rest()
    assert seen.check(at).status == "completed"
    github.people.reopen(at.pull, by=AUTHOR)
    service.rest()
    assert seen.check(at).output["title"] == "1 draft waits for a signature"


def test_an_installation_is_suspended(github: GitHub, service: Service, open_: Open) -> None:
    """Meanwhile nothing can be done, and others are served; afterwards it goes on, without anybody's doing."""
    at = open_()
    github.people.suspend(at.installation)
    github.people.push(at.repository, "feature", SHIFTED, by=AUTHOR)
    other = open_()
    assert seen.check(other).output["title"] == "1 draft waits for a signature"
    github.people.unsuspend(at.installation)
    eventually(lambda: bool(seen.checks(at)) and service.is_idle, service.log.read_text)
    assert seen.check(at).output["title"] == "1 draft waits for a signature"


def test_a_merge_queue_does_not_wait_for_us(github: GitHub, service: Service, open_: Open) -> None:
    """Its commit has the check, in case it is required: not green, for nothing was analysed there."""
    at = open_()
    head = github.people.queue_merge(at.pull)
    service.rest()
    (run,) = [run for run in at.repository.checks.values() if run.head_sha == head]
    assert (run.status, run.conclusion) == ("completed", "neutral")

"""
A webhook becomes work.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from bot.github import checks, events, installations, repository
from bot.github.events import (
    CheckRequested,
    CommentWritten,
    Event,
    Ignored,
    InstallationChanged,
    MergeQueued,
    Ping,
    PullRequestChanged,
)
from bot.review import commands
from bot.review.records import UNFINISHED
from bot.workflow import commanding
from bot.workflow.commanding import Done, Question
from bot.workflow.service import CHECK, Service

RECENT = dt.timedelta(days=7)
"""
How long ago a pull request may have changed to be looked at although nobody told us: longer than an outage, and short
enough for a new installation not to begin with the whole past.
"""
QUEUE = "merge queue"
"""What the check at a merge queue's commit is known by."""
QUEUED = checks.Output(
    "Reviewed on the pull request",
    "What a merge queue makes of several pull requests is not analysed again; each has its own review.",
)


class Work(msgspec.Struct, frozen=True):
    """
    What is to be done for one pull request: a review, the publishing of decisions, a longer answer, or else word of how
    it stands.
    """

    pull_request: int
    review: int | None = None
    attempt: int = 1
    batch: int | None = None
    question: Question | None = None
    cause: str = ""
    """What asked for it, such as a delivery's id; for the log."""


def concerns(event: Event) -> bool:
    """Whether there may be something to do. Most comments are people talking to each other."""
    if isinstance(event, CommentWritten):
        return bool(commands.parse(event.body))
    return not isinstance(event, (Ignored, Ping))


def handle(service: Service, delivery_id: str) -> list[Work]:
    """Take note of a delivery, and say what is to be done."""
    kept = service.store.deliveries.get(delivery_id)
    if kept is None or not kept.payload:
        return []
    event = events.parse(events.Delivery(kept.id, kept.event, kept.payload))
    match event:
        case PullRequestChanged():
            return _changed(service, event, delivery_id)
        case CommentWritten():
            done = commanding.obey(service, event)
            return work_of(service, done, delivery_id) if done is not None else []
        case CheckRequested():
            dones = commanding.press(service, event, delivery_id)
            return [work for done in dones for work in work_of(service, done, delivery_id)]
        case MergeQueued():
            client = service.github.installation(event.installation)
            run = checks.start(client, event.repository, event.head, CHECK, QUEUE, QUEUED)
            checks.update(client, event.repository, run.id, QUEUED, conclusion="neutral")
        case InstallationChanged():
            if event.action in ("deleted", "suspend"):
                service.store.repositories.remove(event.installation)
            elif event.action in ("new_permissions_accepted", "unsuspend"):
                return list(missed(service, event.installation, delivery_id, is_dead_missed=True))
            elif event.removed:
                service.store.repositories.remove(event.installation, event.removed)
    return []


def finish(service: Service, delivery_id: str, outcome: str) -> None:
    """Note that a delivery was handled."""
    service.store.deliveries.finish(delivery_id, outcome)


def review_of(service: Service, pull_request: int, cause: str, *, again: bool) -> Work:
    """The review of a pull request's present head as work; `again`: also when it was reviewed before."""
    review = service.store.reviews.queue(pull_request, again=cause if again else "")
    return Work(pull_request, review=review.id, attempt=review.attempt, cause=cause)


def missed(service: Service, installation: int, cause: str, *, is_dead_missed: bool = False) -> Iterator[Work]:
    """
    What nobody told us of an installation: pull requests whose head was not reviewed, and those that were closed.

    Args:
        service: What to work with.
        installation: Which.
        cause: What asks.
        is_dead_missed: Whether a review that could not be made is made again.

    Raises:
        GitHubError: It can't be asked for them all.
    """
    missing = (*UNFINISHED, "superseded", *(("dead",) if is_dead_missed else ()))
    client = service.github.installation(installation)
    since = service.now() - RECENT
    for listed in installations.repositories(client):
        if listed.archived:
            continue
        unseen = {pull.number: pull for pull in service.store.pull_requests.open(listed.full_name)}
        for told in repository.open_pull_requests(client, installation, listed.full_name):
            unseen.pop(told.number, None)
            if told.as_of is not None and told.as_of < since:
                if unseen:
                    continue
                break  # they come in the order of their changes, the last one first
            pull = service.store.pull_requests.save(told)
            review = service.store.reviews.find(pull.id, pull.head)
            if review is None or review.status in missing:
                is_dead = review is not None and review.status == "dead"
                yield review_of(service, pull.id, cause, again=is_dead)
        for pull in unseen.values():
            told = repository.pull_request(client, installation, listed.full_name, pull.number)
            if not service.store.pull_requests.save(told).is_open:
                yield Work(pull.id, cause=f"{cause}: closed {told.as_of}")


def work_of(service: Service, done: Done, cause: str) -> list[Work]:
    """What a person's words lead to."""
    work = [review_of(service, done.pull_request, cause, again=True)] if done.rerun else []
    if done.batch is not None:
        work.append(Work(done.pull_request, batch=done.batch, cause=cause))
    work += (Work(done.pull_request, question=question, cause=cause) for question in done.questions)
    return work


def _changed(service: Service, event: PullRequestChanged, cause: str) -> list[Work]:
    pull = service.store.pull_requests.save(event.pull_request)
    if not pull.is_open:
        return [Work(pull.id, cause=cause)]
    if event.action == "converted_to_draft":
        return []
    return [review_of(service, pull.id, cause, again=event.action not in ("opened", "synchronize"))]

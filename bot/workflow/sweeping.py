"""
What was missed is found: deliveries that nobody handled, pull requests that changed while the service was down,
decisions that were made on the command line, reactions, for which GitHub sends nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import structlog

from bot.github import installations, repository
from bot.github.errors import GitHubError
from bot.review.records import UNFINISHED
from bot.workflow import commanding
from bot.workflow.delivering import Work, review_of, work_of
from bot.workflow.service import Service

LATE = dt.timedelta(minutes=1)
"""After this time a delivery that was not handled was forgotten by whoever took it."""
KEPT = dt.timedelta(days=30)
"""How long it is remembered what was handled; GitHub sends a delivery again for 3 days."""
RECENT = dt.timedelta(days=7)
"""
How long ago a pull request may have changed to be looked at although nobody told us: longer than an outage, and short
enough for a new installation not to begin with the whole past.
"""
CAUSE = "sweep"

_log = structlog.get_logger()


def late_deliveries(service: Service) -> list[str]:
    """Deliveries that came in and were not handled."""
    return list(service.store.deliveries.unfinished(service.now() - LATE))


def forget(service: Service) -> None:
    """Forget what was handled long ago."""
    before = service.now() - KEPT
    service.store.deliveries.forget(before)
    service.store.commands.forget(before)
    service.store.slack.forget_ended(before)


def unpublished(service: Service) -> list[Work]:
    """Decisions that GitHub does not show."""
    return [Work(batch.pull_request, batch=batch.id, cause=CAUSE) for batch in service.store.decisions.unpublished()]


def stuck(service: Service) -> list[Work]:
    """Decisions that GitHub does not show although there was time to."""
    before = service.now() - LATE
    late = (
        batch for batch in service.store.decisions.unpublished() if all(made.at < before for made in batch.decisions)
    )
    return [Work(batch.pull_request, batch=batch.id, cause=CAUSE) for batch in late]


def reactions(service: Service) -> Iterator[Work]:
    """Decisions that people made by reacting. A pull request that can't be asked for is left for the next time."""
    for pull in service.store.pull_requests.open():
        try:
            for done in commanding.heed_reactions(service, pull):
                yield from work_of(service, done, CAUSE)
        except GitHubError as problem:
            _log.warning("reactions were not looked at", repository=pull.repository, problem=str(problem))


def missed_pull_requests(service: Service) -> Iterator[Work]:
    """
    Open pull requests whose head was not reviewed. An installation that can't be asked is left for the next time.
    """
    for installation in installations.installations(service.github):
        if installation.suspended_at is None:
            try:
                yield from _missed_in(service, installation.id)
            except GitHubError as problem:
                _log.warning("an installation was not swept", installation=installation.id, problem=str(problem))


def _missed_in(service: Service, installation: int) -> Iterator[Work]:
    client = service.github.installation(installation)
    since = service.now() - RECENT
    for listed in installations.repositories(client):
        if listed.archived:
            continue
        for told in repository.open_pull_requests(client, installation, listed.full_name):
            if told.as_of is not None and told.as_of < since:
                break  # they come in the order of their changes, the last one first
            pull = service.store.pull_requests.save(told)
            review = service.store.reviews.find(pull.id, pull.head)
            if review is None or review.status in (*UNFINISHED, "superseded"):
                yield review_of(service, pull.id, CAUSE, again=False)

"""
What was missed is found: deliveries that nobody handled, pull requests that changed while the service was down,
decisions that were made on the command line, reactions, for which GitHub sends nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import structlog

from bot.github import installations
from bot.github.errors import GitHubError
from bot.review.records import Delivery
from bot.workflow import commanding, delivering
from bot.workflow.delivering import Work, work_of
from bot.workflow.service import Service

LATE = dt.timedelta(minutes=1)
"""After this time a delivery that was not handled was forgotten by whoever took it."""
KEPT = dt.timedelta(days=30)
"""How long it is remembered what was handled; GitHub sends a delivery again for 3 days."""
CAUSE = "sweep"

_log = structlog.get_logger()


def late_deliveries(service: Service, late: dt.timedelta = LATE) -> Iterator[Delivery]:
    """Deliveries that came in so long ago and were not handled."""
    for id_ in service.store.deliveries.unfinished(service.now() - late):
        delivery = service.store.deliveries.get(id_)
        if delivery is not None and delivery.payload:  # else another handled it just now
            yield delivery


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
                yield from delivering.missed(service, installation.id, CAUSE)
            except GitHubError as problem:
                _log.warning("an installation was not swept", installation=installation.id, problem=str(problem))

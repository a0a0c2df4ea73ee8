"""
What was missed is found: deliveries that nobody handled, pull requests that changed while the service was down,
decisions that were made on the command line.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import structlog

from bot.github import installations, repository
from bot.github.errors import GitHubError
from bot.review.records import UNFINISHED
from bot.workflow.delivering import Work
from bot.workflow.service import Service

LATE = dt.timedelta(minutes=1)
"""After this time a delivery that was not handled was forgotten by whoever took it."""
KEPT = dt.timedelta(days=30)
"""How long handled deliveries are remembered; GitHub sends one again for 3 days."""

_log = structlog.get_logger()


def late_deliveries(service: Service) -> list[str]:
    """Deliveries that came in and were not handled; old ones that were are forgotten."""
    service.store.deliveries.forget(service.now() - KEPT)
    return list(service.store.deliveries.unfinished(service.now() - LATE))


def unpublished(service: Service) -> list[Work]:
    """Decisions that GitHub does not show."""
    return [Work(batch.pull_request, batch=batch.id) for batch in service.store.decisions.unpublished()]


def missed_pull_requests(service: Service) -> Iterator[Work]:
    """
    Open pull requests whose head was never reviewed. An installation that can't be asked is left for the next time.
    """
    for installation in installations.installations(service.github):
        if installation.suspended_at is None:
            try:
                yield from _missed_in(service, installation.id)
            except GitHubError as problem:
                _log.warning("an installation was not swept", installation=installation.id, problem=str(problem))


def _missed_in(service: Service, installation: int) -> Iterator[Work]:
    client = service.github.installation(installation)
    for listed in installations.repositories(client):
        if listed.archived:
            continue
        for told in repository.open_pull_requests(client, installation, listed.full_name):
            pull = service.store.pull_requests.save(told)
            review = service.store.reviews.find(pull.id, pull.head)
            if review is None or review.status == "superseded":
                review = service.store.reviews.queue(pull.id)
            if review.status in UNFINISHED:
                yield Work(pull.id, review=review.id, attempt=review.attempt)

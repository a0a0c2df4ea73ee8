"""
A store that has seen much: many pull requests, decided and not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import msgspec
import sqlalchemy as sa

from analyzers.findings import Finding, Severity
from bot.review.drafts import Decision, Draft, PullRequest
from bot.review.records import Dismissal, Found
from bot.storage import tables
from bot.storage.store import Store

RULES = ("query-in-loop", "lazy-load-in-loop", "write-in-loop", "send-in-loop")
START = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
PER_PULL = 3
"""Drafts of a pull request."""


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> dt.datetime:
        return self.time


def _pull(number: int) -> PullRequest:
    repository = f"acme/service-{number % 10}"
    return PullRequest(
        id=0,
        installation=1,
        repository=repository,
        number=number,
        clone_url=f"https://github.example/{repository}.git",
        title=f"Change number {number}",
        author="ada",
        head=f"{number:040x}",
        head_repository=repository,
        base_ref="main",
        base="0" * 40,
        ai=("Claude (trailer)",) if number % 4 == 0 else (),
    )


def _findings(found: Found, number: int) -> list[Finding]:
    return [
        msgspec.structs.replace(
            found.told[0],
            rule=RULES[(number + offset) % len(RULES)],
            severity=Severity((number + offset) % 4),
            fingerprint=f"cs1:{number}:{offset}",
        )
        for offset in range(PER_PULL)
    ]


def fill(store: Store, clock: Clock, found: Found, pulls: int) -> None:
    """
    Open pull requests half an hour apart, and decide two of their three drafts: a write is dismissed, the rest signed.
    """
    for number in range(1, pulls + 1):
        clock.time += dt.timedelta(minutes=30)
        pull = store.pull_requests.save(_pull(number))
        review = store.reviews.queue(pull.id)
        new = [Draft(0, pull.id, 0, each.fingerprint, each, pull.head) for each in _findings(found, number)]

        def change(
            known: tuple[Draft, ...], dismissed: Mapping[str, Dismissal], new: list[Draft] = new
        ) -> Iterable[Draft]:
            return new

        drafts = store.drafts.reconcile(pull.id, pull.head, change)
        assert drafts is not None
        store.reviews.set_status(review.id, "drafted")
        clock.time += dt.timedelta(minutes=20 * (number % 7))
        store.decisions.record(pull.id, [_decided(draft, pull, clock) for draft in drafts[:2]])


def _decided(draft: Draft, pull: PullRequest, clock: Clock) -> Decision:
    if draft.finding.rule == "write-in-loop":
        return Decision(draft.id, "dismiss", "grace", "web", pull.head, clock.time, "false-positive", "ten rows")
    return Decision(draft.id, "sign", "grace", "web", pull.head, clock.time)


def crowd(store: Store, clock: Clock, found: Found, pulls: int) -> None:
    """Have very many pull requests whose drafts all wait, a minute apart; written at once."""
    told = {number: _pull(number) for number in range(1, pulls + 1)}
    names = sorted({pull.repository for pull in told.values()})
    ids = {name: number for number, name in enumerate(names, start=1)}
    repositories = [
        {"id": ids[name], "installation": 1, "name": name, "clone_url": "", "is_active": True} for name in names
    ]
    pull_requests, reviews, drafts = [], [], []
    for number, pull in told.items():
        at = clock.time = clock.time + dt.timedelta(minutes=1)
        values = msgspec.structs.asdict(pull)
        known = {column.name: values[column.name] for column in tables.pull_requests.c if column.name in values}
        pull_requests.append(known | {"id": number, "repository": ids[pull.repository]})
        review = {"pull_request": number, "head": pull.head, "attempt": 1, "cause": "", "status": "drafted"}
        reviews.append(review | {"reason": "", "merge_base": "", "changed_at": at})
        for index, finding in enumerate(_findings(found, number), start=1):
            draft = Draft(0, number, index, finding.fingerprint, finding, pull.head, asked=("@acme/payments",))
            values = msgspec.structs.asdict(draft) | {"made_at": at, "is_gone": False, "is_signed": False}
            drafts.append({column.name: values[column.name] for column in tables.drafts.c if column.name != "id"})

    def write(connection: sa.Connection) -> None:
        connection.execute(tables.repositories.insert(), repositories)
        connection.execute(tables.pull_requests.insert(), pull_requests)
        connection.execute(tables.reviews.insert(), reviews)
        connection.execute(tables.drafts.insert(), drafts)

    store.pending.database.write(write)

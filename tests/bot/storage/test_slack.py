"""
What is kept of Slack, and what a digest is made of, on both databases.
"""

from __future__ import annotations

import datetime as dt
import time

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from analyzers.findings import Review
from bot.review.digest import digest
from bot.review.records import Found
from bot.review.spending import Budget, Call, Purpose
from bot.settings import SlackChannel
from bot.storage import tables
from bot.storage.store import Store
from tests.bot.storage.conftest import Clock
from tests.bot.storage.samples import PULL_REQUEST, decision, drafted, finding

WEEK = dt.timedelta(days=7)


def test_an_account_is_linked_until_it_is_not(store: Store) -> None:
    """By workspace and person; who links again is linked anew; a person at GitHub may have several in Slack."""
    assert store.slack.login("T1", "U1") is None
    store.slack.link("T1", "U1", "ada")
    store.slack.link("T2", "U1", "eve")
    store.slack.link("T1", "U1", "Grace")
    store.slack.link("T1", "U2", "grace")
    assert [store.slack.login(*who) for who in (("T1", "U1"), ("T2", "U1"), ("T1", "U2"))] == ["Grace", "eve", "grace"]
    assert store.slack.unlink("GRACE") == 2
    assert [store.slack.login(*who) for who in (("T1", "U1"), ("T2", "U1"))] == [None, "eve"]


def test_a_message_is_begun_once(store: Store, clock: Clock) -> None:
    """It is known before it is posted; begun again it is the same; by Slack's id it is found."""
    begun = store.slack.begin("C1", "review:1", told=2)
    clock.pass_(minutes=5)
    assert store.slack.begin("C1", "review:1") == begun
    said = msgspec.structs.replace(begun, ts="1.2", blocks=({"type": "divider"},), told=3)
    store.slack.set_said(said)
    other = store.slack.begin("C0", "review:1")
    assert store.slack.find("review:1") == (other, said)
    assert (store.slack.at("C1", "1.2"), store.slack.at("C0", "1.2")) == (said, None)


def test_messages_end_with_what_they_follow(store: Store, clock: Clock) -> None:
    """Old ones are forgotten, but not while their pull request is open."""
    pulls = [
        store.pull_requests.save(msgspec.structs.replace(PULL_REQUEST, number=number, is_open=number != 2))
        for number in (1, 2)
    ]
    keys = [*(f"review:{pull.id}" for pull in pulls), "digest:2025-03-01"]
    for key in keys:
        store.slack.begin("C1", key)
    assert store.slack.forget_ended(clock()) == 0
    clock.pass_(days=1)
    store.slack.begin("C1", "digest:2025-03-02")
    assert store.slack.forget_ended(clock()) == 2
    assert [len(store.slack.find(key)) for key in (*keys, "digest:2025-03-02")] == [1, 0, 0, 1]


def test_what_happened_since(store: Store, clock: Clock) -> None:
    """Drafts by when they were made, decisions by their last word, what the last head fixed, what models cost."""
    first = drafted(store, "customer", "stock", "tax")
    clock.pass_(days=3)
    since = clock()
    pull = first[0].pull_request
    review = store.reviews.queue(pull)
    gone, quiet = finding("gone"), msgspec.structs.replace(finding("quiet"), suppressed="a reason")
    found = Found(Review(fixed=(gone, quiet)), owners={gone.place.path: ("@acme/shop",)})
    store.reviews.set_found(review.id, found)
    late = [
        msgspec.structs.replace(decision(each, action), at=since)
        for each, action in zip(first, ("sign", "sign", "edit"), strict=True)
    ]
    store.decisions.record(pull, late)
    store.decisions.record(pull, [msgspec.structs.replace(decision(first[0], "undo"), at=since)])
    drafted(store, "customer", "stock", "tax", "new")
    entered = store.ledger.reserve(Call(Purpose("acme/shop", "1", "risk_summary"), "small", 10, 20, 0.5), Budget())
    assert isinstance(entered, int)

    history = store.digests.history(since)
    assert [draft.number for _, draft in history.made] == [4]
    assert [(draft.number, action) for _, draft, action in history.decided] == [(2, "sign")]
    ((reviewed, fixed),) = [(each.pull_request, each.fixed) for each in history.reviewed]
    assert (reviewed.id, [(each.fingerprint, each.asked) for each in fixed]) == (
        pull,
        [(gone.fingerprint, ("@acme/shop",))],
    )
    assert (history.spent["acme/shop"].money, history.spent["acme/shop"].calls) == (0.5, 1)
    clock.pass_(days=1)
    later = store.digests.history(clock())
    assert (later.made, later.decided, later.reviewed, later.spent) == ((), (), (), {})


def test_two_thousand_reviews_stay_quick(store: Store, clock: Clock) -> None:
    """A digest of 2,000 reviews, each with a draft and a long answer of the engine, takes a few seconds."""
    (first,) = drafted(store, "customer")
    review = store.reviews.queue(first.pull_request)
    old = tuple(finding(f"old{number}") for number in range(40))
    store.reviews.set_found(review.id, Found(Review(standing=old, fixed=(finding("gone"),))))
    store.slack.database.write(lambda connection: _multiply(connection, 2000))
    start = time.perf_counter()
    waiting = [(each.pull_request, each.waiting) for each in store.pending.all()]
    history = store.digests.history(clock() - WEEK)
    told = digest(SlackChannel(id="C1"), waiting, history, clock() - WEEK, clock())
    took = time.perf_counter() - start
    assert (len(told.waiting), told.tally.reviewed, told.tally.introduced) == (2000, 2000, 2000)
    assert took < 5, f"{took:.2f} s"


def _multiply(connection: Connection, times: int) -> None:
    """Make as many pull requests, with a review and a draft each, of the one that there is."""
    for table in (tables.pull_requests, tables.reviews, tables.drafts):
        row = dict(connection.execute(sa.select(table)).one()._mapping)
        known = row.pop("id")
        for id_ in range(known + 1, known + times):
            changes = {"number": 100 + id_} if table is tables.pull_requests else {"pull_request": id_}
            connection.execute(table.insert().values(row | changes))

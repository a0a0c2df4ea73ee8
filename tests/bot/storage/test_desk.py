"""
What the signing desk asks of all repositories at once, on both databases.
"""

from __future__ import annotations

import msgspec

from analyzers.findings import Allow
from analyzers.span import Place, Span
from bot.review.baseline import Accepted, Baseline
from bot.review.explain import RiskSummary
from bot.review.records import Found, Suppressions
from bot.storage.store import Store
from tests.bot.storage.conftest import Clock
from tests.bot.storage.samples import AT, PULL_REQUEST, decision, drafted, finding

OTHER = msgspec.structs.replace(PULL_REQUEST, repository="acme/till", number=3, ai=())


def test_what_waits(store: Store) -> None:
    """Drafts without a decision and reviews that are stuck, of open pull requests that are looked after."""
    first = drafted(store, "customer", "stock", "tax")
    review = store.reviews.queue(first[0].pull_request)
    store.decisions.record(review.pull_request, [decision(first[0], "sign"), decision(first[1], "dismiss")])
    (pending,) = store.pending.all()
    assert pending.pull_request.repository == "acme/shop"
    assert (pending.review, [draft.number for draft in pending.waiting]) == (review, [3])
    other = store.pull_requests.save(OTHER)
    dead = store.reviews.queue(other.id)
    store.reviews.set_status(dead.id, "dead", "no common history")
    assert [(each.pull_request.id, len(each.waiting)) for each in store.pending.all()] == [
        (review.pull_request, 1),
        (other.id, 0),
    ]
    store.pull_requests.save(msgspec.structs.replace(PULL_REQUEST, is_open=False))
    store.repositories.remove(7, ["acme/till"])
    assert store.pending.all() == ()


def test_what_reviews_found(store: Store) -> None:
    """Of those that found something out, each with its risk summary where there is one."""
    (draft,) = drafted(store, "customer")
    review = store.reviews.queue(draft.pull_request)
    assert store.pending.found([review.id]) == {}
    found, risk = Found(posted=(draft.fingerprint,)), RiskSummary(lead="One query per order.")
    store.reviews.set_found(review.id, found)
    assert store.pending.found([review.id, 99]) == {review.id: (found, None)}
    store.summaries.keep(review.id, risk)
    assert store.pending.found([review.id]) == {review.id: (found, risk)}
    assert store.pending.found([]) == {}


def test_what_became_of_drafts(store: Store, clock: Clock) -> None:
    """By the last word on each, whatever happened to its finding since."""
    begun = clock()
    drafts = drafted(store, "customer", "stock", "tax", "rate")
    pull = drafts[0].pull_request
    store.drafts.set_posted(drafts[0].id, "inline")
    store.decisions.record(pull, [decision(drafts[0], "sign"), decision(drafts[1], "dismiss", "eve", "later", "soon")])
    store.decisions.record(pull, [decision(drafts[2], "sign"), decision(drafts[2], "undo")])
    drafted(store, "stock", "tax", "rate")
    became = store.outcomes.since(begun)
    assert [(each.state, each.decided, each.who) for each in became] == [
        ("gone", "signed", "bob"),
        ("dismissed", "dismissed", "eve"),
        ("waiting", None, ""),
        ("waiting", None, ""),
    ]
    assert [each.is_fixed for each in became] == [True, False, False, False]
    assert (became[1].category, became[1].decided_at, became[1].with_ai) == ("later", AT, True)
    clock.pass_(days=1)
    assert store.outcomes.since(clock()) == ()


def test_what_is_dismissed(store: Store) -> None:
    """The dismissals in force in all repositories, newest first; one that is undone is none."""
    drafts = drafted(store, "customer", "stock")
    (other,) = drafted(store, "tax", pull_request=OTHER)
    store.decisions.record(drafts[0].pull_request, [decision(each, "dismiss") for each in drafts])
    store.decisions.record(other.pull_request, [decision(other, "dismiss", "eve", "accepted", "few")])
    store.decisions.record(drafts[0].pull_request, [decision(drafts[0], "undo")])
    dismissed = store.outcomes.dismissed()
    assert [(each.pull_request.repository, each.draft.number, each.decision.who) for each in dismissed] == [
        ("acme/till", 1, "eve"),
        ("acme/shop", 2, "bob"),
    ]
    assert [each.draft.state for each in dismissed] == ["dismissed", "dismissed"]


def test_what_files_suppress(store: Store, clock: Clock) -> None:
    """What was seen last in each repository that is looked after, with where and when."""
    allow = Allow(Place("shop/views.py", Span(3, 0, 3, 9)), ("query-in-loop",), "three orders at most", False)
    key = finding("customer").fingerprint
    seen = Suppressions((allow,), (Baseline("accepted.json", (Accepted(key, "shop/views.py", "once per `order`"),)),))
    first, other = store.pull_requests.save(PULL_REQUEST), store.pull_requests.save(OTHER)
    store.suppressions.keep(other.id, "1" * 40, seen)
    store.suppressions.keep(first.id, "1" * 40, Suppressions())
    clock.pass_(days=1)
    store.suppressions.keep(first.id, "2" * 40, seen)
    told = store.suppressions.all()
    assert [(each.pull_request.repository, each.commit) for each in told] == [
        ("acme/shop", "2" * 40),
        ("acme/till", "1" * 40),
    ]
    assert (told[0].suppressions, told[0].at) == (seen, clock())
    store.repositories.remove(7, ["acme/till"])
    assert [each.pull_request.repository for each in store.suppressions.all()] == ["acme/shop"]

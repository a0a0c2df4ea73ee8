"""
What a model said and what it cost is kept, and budgets hold whoever asks at once.
"""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from bot.review.explain import RiskSummary, Told
from bot.review.spending import Budget, Call, Purpose, Spending, Spent
from bot.storage.store import Store
from tests.bot.storage.conftest import Clock
from tests.bot.storage.samples import PULL_REQUEST

CALL = Call(Purpose("acme/shop", "acme/shop#1", "risk_summary"), "small", 1000, 100, 0.25)
OTHER = msgspec.structs.replace(CALL, purpose=Purpose("acme/api", "acme/api#1", "risk_summary"))


def test_answers(store: Store) -> None:
    """What was said first stays, until it is forgotten."""
    assert store.answers.find("key") is None
    store.answers.keep("key", "words")
    store.answers.keep("key", "other words")
    assert store.answers.find("key") == "words"
    assert store.answers.forget(dt.datetime(2100, 1, 1, tzinfo=dt.UTC)) == 1
    assert store.answers.find("key") is None


def test_a_call_counts_before_and_after_its_answer(store: Store) -> None:
    """First with what it may cost, then with what it did."""
    number = store.ledger.reserve(CALL, Budget())
    assert isinstance(number, int)
    assert store.ledger.spending(CALL.purpose).review == Spent(0.25, 1, 1000, 100)
    store.ledger.settle(number, msgspec.structs.replace(CALL, output_tokens=10, money=0.125))
    assert store.ledger.spending(CALL.purpose).review == Spent(0.125, 1, 1000, 10)


@pytest.mark.parametrize(
    ("budget", "says"),
    [
        (Budget(review=0.3), "the budget for this review does not allow another call"),
        (Budget(repository=0.3), "the budget for this repository and month does not allow another call"),
        (Budget(month=0.3), "the budget for this month does not allow another call"),
    ],
)
def test_budgets(store: Store, budget: Budget, says: str) -> None:
    """A call is entered if it fits, and refused with the reason if not; what is refused costs nothing."""
    assert isinstance(store.ledger.reserve(CALL, budget), int)
    assert store.ledger.reserve(CALL, budget) == says
    refused_too = isinstance(store.ledger.reserve(OTHER, budget), str)
    assert refused_too == (budget.month is not None)
    assert store.ledger.spending(CALL.purpose).review.calls == 1


def test_months_begin_anew(store: Store, clock: Clock) -> None:
    """Repositories and the whole are counted by calendar month, a review for ever."""
    store.ledger.reserve(CALL, Budget())
    clock.pass_(days=31)
    one = Spent(0.25, 1, 1000, 100)
    assert store.ledger.spending(CALL.purpose) == Spending(review=one)
    assert isinstance(store.ledger.reserve(CALL, Budget(repository=0.3)), int)
    assert store.ledger.by_repository(clock.time - dt.timedelta(days=1)) == {"acme/shop": one}


def test_no_two_calls_take_the_same_rest(store: Store) -> None:
    """However many ask at once, the budget is not exceeded."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: store.ledger.reserve(CALL, Budget(month=1.0)), range(24)))
    assert sum(isinstance(answer, int) for answer in answers) == 4


def test_summaries(store: Store) -> None:
    """One for each review; a newer one takes its place."""
    review = store.reviews.queue(store.pull_requests.save(PULL_REQUEST).id).id
    assert store.summaries.find(review) is None
    summary = RiskSummary(
        "Lead.", (Told("cs1:x:1", "Words.", "Load it.", "Why?", True),), model="small", kept=2, cost=0.5
    )
    store.summaries.keep(review, RiskSummary("Older."))
    store.summaries.keep(review, summary)
    assert store.summaries.find(review) == summary

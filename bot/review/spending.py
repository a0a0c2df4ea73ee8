"""
What words of a language model may cost: prices, budgets, and what was spent.

Money is in whatever currency the prices are in.
"""

from __future__ import annotations

import datetime as dt

import msgspec


class Prices(msgspec.Struct, frozen=True):
    """Of a million tokens."""

    input: float = 0.0
    output: float = 0.0

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """What so many tokens cost."""
        return (input_tokens * self.input + output_tokens * self.output) / 1_000_000


class Budget(msgspec.Struct, frozen=True):
    """The most that may be spent; None for no bound."""

    review: float | None = None
    repository: float | None = None
    """In a calendar month, UTC."""
    month: float | None = None
    """In a calendar month, UTC, by the whole installation."""


class Purpose(msgspec.Struct, frozen=True):
    """What a call is made for."""

    repository: str
    review: str
    """Names the review among all: what counts as one for the budget."""
    prompt: str = ""


class Spent(msgspec.Struct, frozen=True):
    """Money, and calls and tokens with it."""

    money: float = 0.0
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class Spending(msgspec.Struct, frozen=True):
    """What was spent so far, where a call would add to it."""

    review: Spent = Spent()
    repository: Spent = Spent()
    """This month."""
    month: Spent = Spent()


class Call(msgspec.Struct, frozen=True):
    """One call of a model as the ledger keeps it; before its answer is there, with what it may cost at most."""

    purpose: Purpose
    model: str
    input_tokens: int
    output_tokens: int
    money: float


def refusal(budget: Budget, spending: Spending, money: float) -> str:
    """Why a call that may cost so much is not made; empty when it may be."""
    for name, limit, spent in (
        ("this review", budget.review, spending.review),
        ("this repository and month", budget.repository, spending.repository),
        ("this month", budget.month, spending.month),
    ):
        if limit is not None and spent.money + money > limit:
            return f"the budget for {name} does not allow another call"
    return ""


def month_of(moment: dt.datetime) -> dt.datetime:
    """The first instant of a moment's calendar month, UTC."""
    return moment.astimezone(dt.UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)

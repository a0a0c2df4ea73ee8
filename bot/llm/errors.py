"""
Why there is no answer of a language model; each says it in a few words, for a person.

    NoAnswer
    ├── Unreachable     the endpoint does not answer, or not in time, or only with errors
    ├── Refused         the model declines, or its filter does
    ├── CutOff          the answer was longer than it may be
    ├── Garbled         the answer is not what the schema says
    └── OverBudget      the call was not made, because of what it could cost
"""

from __future__ import annotations

from bot.errors import CountersignError


class NoAnswer(CountersignError):
    """A model's words are missing. Nothing but prose hangs on them."""


class Unreachable(NoAnswer):
    """The endpoint does not answer, or not in time, or only with errors."""


class Refused(NoAnswer):
    """The model declines to answer, or a filter does."""


class CutOff(NoAnswer):
    """The answer was longer than it may be."""


class Garbled(NoAnswer):
    """The answer is not what was asked for."""


class OverBudget(NoAnswer):
    """The call was not made, because of what it could cost."""

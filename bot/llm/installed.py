"""
The writer of this installation, as its settings have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import SettingsError
from bot.llm.writer import Answers, Asked, Ledger, Options, Writer
from bot.review.spending import Budget, Prices
from bot.settings import Settings, variable

if TYPE_CHECKING:
    from bot.llm.client import Model

ABSENT = f"no language model is set up ({variable('llm_model')})"


def writer(settings: Settings, answers: Answers, ledger: Ledger) -> Writer | None:
    """
    A writer; None where no model is set up.

    Raises:
        SettingsError: When a budget is set and no price: it would never be reached.
    """
    asked: Asked | None = model(settings)
    if asked is None:
        return None
    if settings.otlp_endpoint is not None:
        from bot.llm.traced import Traced  # needs an extra

        asked = Traced(asked)
    return Writer(asked, answers, ledger, options(settings))


def model(settings: Settings) -> Model | None:
    """The model of this installation; None where none is set up."""
    if settings.llm_model is None:
        return None
    from bot.llm.client import Model  # with `openai`, which takes 0.4 s

    return Model(
        settings.llm_model,
        base_url=settings.llm_base_url,
        api_key=settings.llm_api_key.reveal() if settings.llm_api_key is not None else "",
        api_version=settings.llm_api_version,
        ca_file=settings.ca_file,
        seconds=float(settings.llm_seconds),
    )


def options(settings: Settings) -> Options:
    """
    Prices, budgets and the model's settings.

    Raises:
        SettingsError: See `writer`.
    """
    prices = Prices(settings.llm_input_price, settings.llm_output_price)
    budget = Budget(settings.llm_review_budget, settings.llm_repository_budget, settings.llm_month_budget)
    if budget != Budget() and prices == Prices():
        raise SettingsError(f"a budget needs {variable('llm_input_price')} and {variable('llm_output_price')}")
    return Options(prices, budget, settings.llm_temperature, settings.llm_answer_tokens, settings.llm_evidence_tokens)

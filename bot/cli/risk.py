"""
The risk summary on the command line: the one place of it from which something leaves the machine, and only if asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzers.change import Change
    from bot.review.configuration import Configurations
    from bot.review.explain import RiskSummary
    from bot.review.outcome import Outcome


def risk_summary(outcome: Outcome, change: Change, configurations: Configurations, repository: str) -> RiskSummary:
    """
    What a change means, in the words of the language model that is set up; in ours where there is none, or it fails.

    Args:
        outcome: What was found.
        change: What was reviewed.
        configurations: Of the repository.
        repository: Its name, for the ledger.
    """
    from analyzers import catalogue
    from bot.cli import output
    from bot.llm import installed
    from bot.llm.writer import Subject
    from bot.report import lines_in
    from bot.review import explain
    from bot.storage.store import Store

    settings = output.settings()
    code = configurations.root.llm_code
    if not outcome.posted:
        return explain.without_model((), ())
    if settings.llm_model is None or code == "off":
        note = installed.ABSENT if code != "off" else "the repository's configuration wants no language model"
        return explain.without_model(outcome.posted, outcome.review.consequences, note)
    lines_of = lines_in(change.head)
    with Store.open(settings.database) as store:
        writer = installed.writer(settings, store.answers, store.ledger)
        assert writer is not None  # a model is set
        return writer.risk_summary(
            Subject(
                repository=repository,
                review=f"{change.base.name}..{change.head.name}",
                findings=outcome.posted,
                consequences=outcome.review.consequences,
                rules={rule.id: rule for rule in catalogue.load()},
                lines_of=lambda path: lines_of(path, "introduced"),
                code="private" if settings.llm_private else code,
                denied=configurations.withheld,
            )
        )

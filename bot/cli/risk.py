"""
The risk summary on the command line: the one place of it from which something leaves the machine, and only if asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzers.change import Change
    from bot.llm.writer import Subject
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
    from bot.cli import output
    from bot.llm import installed
    from bot.review import explain
    from bot.storage.store import Store

    settings = output.settings()
    if not outcome.posted:
        return explain.without_model((), ())
    note = installed.ABSENT if settings.llm_model is None else ""
    if configurations.root.llm_code == "off":
        note = "the repository's configuration wants no language model"
    if note:
        return explain.without_model(outcome.posted, outcome.review.consequences, note)
    with Store.open(settings.database) as store:
        writer = installed.writer(settings, store.answers, store.ledger)
        assert writer is not None  # a model is set
        return writer.risk_summary(_subject(outcome, change, configurations, repository))


def subject_of(repo: Path, base: str | None, head: str | None) -> Subject:
    """What would be told of a change."""
    import msgspec

    from analyzers.git import Repository
    from bot.cli import commands
    from bot.cli.output import Wanted

    with Repository(repo) as repository:
        change, configured_in = commands.change_of(repository, base, head, staged=False)
        configurations = commands.configurations_in(configured_in)
        outcome = commands.judged(change, configured_in, configurations, Wanted())
        found = _subject(outcome, change, configurations, repo.resolve().name)
        lines = {step.place.path: found.lines_of(step.place.path) for one in found.findings for step in one.trace}
        return msgspec.structs.replace(found, lines_of=lambda path: lines.get(path, ()))


def _subject(outcome: Outcome, change: Change, configurations: Configurations, repository: str) -> Subject:
    from analyzers import catalogue
    from bot.cli import output
    from bot.llm.writer import Subject
    from bot.report import lines_in

    lines_of = lines_in(change.head)
    is_private = output.settings().llm_private or configurations.root.llm_code != "send"
    return Subject(
        repository=repository,
        review=f"{change.base.name}..{change.head.name}",
        findings=outcome.posted,
        consequences=outcome.review.consequences,
        definitions=outcome.review.definitions,
        rules={rule.id: rule for rule in catalogue.load()},
        lines_of=lambda path: lines_of(path, "introduced"),
        code="private" if is_private else "send",
        denied=configurations.withheld,
    )

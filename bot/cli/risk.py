"""
The risk summary on the command line: the one place of it from which something leaves the machine, and only if asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from analyzers.change import Change
    from analyzers.git import Repository
    from bot.llm.writer import Subject
    from bot.review.configuration import Configurations
    from bot.review.explain import RiskSummary
    from bot.review.outcome import Outcome


_MOST_COMMITS = 30
"""Whose messages are told."""


class About(msgspec.Struct, frozen=True):
    """What a change says of itself, as a pull request would."""

    repository: str
    """Its name, for the ledger."""
    title: str = ""
    description: str = ""


def about(repository: Repository, change: Change, head: str | None) -> About:
    """
    The words of the change's commits: of a single one its subject and the rest; of several the branch, and all of them.

    https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/proposing-changes-to-your-work-with-pull-requests/creating-a-pull-request

    Args:
        repository: It holds the change.
        change: Its base is a commit; where its head is none, nothing was said of it yet.
        head: What the head was called, if it was named.
    """
    from analyzers.git import CommitTree

    name = (repository.work_tree or repository.git_dir).resolve().name
    branch = head or repository.current_branch() or ""
    said: tuple[str, ...] = ()
    if isinstance(change.base, CommitTree) and isinstance(change.head, CommitTree):
        said = repository.messages(change.base.name, change.head.name, _MOST_COMMITS)
    if len(said) == 1:
        subject, _, rest = said[0].partition("\n")
        return About(name, subject, rest.strip())
    return About(name, branch, "\n\n".join(said))


def risk_summary(outcome: Outcome, change: Change, configurations: Configurations, told: About) -> RiskSummary:
    """
    What a change means, in the words of the language model that is set up; in ours where there is none, or it fails.

    Args:
        outcome: What was found.
        change: What was reviewed.
        configurations: Of the repository.
        told: What the change says of itself.
    """
    from bot.cli import output
    from bot.llm import installed
    from bot.review import unaided
    from bot.storage.store import Store

    settings = output.settings()
    if not outcome.posted:
        return unaided.summary((), ())
    note = installed.ABSENT if settings.llm_model is None else ""
    if configurations.root.llm_code == "off":
        note = "the repository's configuration wants no language model"
    if note:
        return unaided.summary(outcome.posted, outcome.review.consequences, note)
    with Store.open(settings.database) as store:
        writer = installed.writer(settings, store.answers, store.ledger)
        assert writer is not None  # a model is set
        return writer.risk_summary(_subject(outcome, change, configurations, told))


def subject_of(repo: Path, base: str | None, head: str | None) -> Subject:
    """What would be told of a change."""
    from analyzers.git import Repository
    from bot.cli import commands
    from bot.cli.output import Wanted
    from bot.review import evidence

    with Repository(repo) as repository:
        change, configured_in = commands.change_of(repository, base, head, staged=False)
        configurations = commands.configurations_in(configured_in)
        outcome = commands.judged(change, configured_in, configurations, Wanted())
        found = _subject(outcome, change, configurations, about(repository, change, head))
        paths = evidence.paths(found.findings, found.definitions)
        lines = {path: found.lines_of(path) for path in paths}  # the repository is closed when they are asked for
        return msgspec.structs.replace(found, lines_of=lambda path: lines.get(path, ()))


def _subject(outcome: Outcome, change: Change, configurations: Configurations, told: About) -> Subject:
    from analyzers import catalogue
    from bot.cli import output
    from bot.llm.writer import Subject
    from bot.report import lines_in

    lines_of = lines_in(change.head)
    is_private = output.settings().llm_private or configurations.root.llm_code != "send"
    return Subject(
        repository=told.repository,
        review=f"{change.base.name}..{change.head.name}",
        findings=outcome.posted,
        consequences=outcome.review.consequences,
        definitions=outcome.review.definitions,
        rules={rule.id: rule for rule in catalogue.load()},
        lines_of=lambda path: lines_of(path, "introduced"),
        title=told.title,
        description=told.description,
        code="private" if is_private else "send",
        denied=configurations.withheld,
    )

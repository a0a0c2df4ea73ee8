"""
How the command line shows what was found, and how far it is.
"""

from __future__ import annotations

import contextlib
import enum
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console

    from analyzers.change import Tree
    from analyzers.findings import Review
    from analyzers.options import Progress
    from bot.report import Report
    from bot.review.configuration import Configurations
    from bot.review.explain import RiskSummary
    from bot.review.outcome import Outcome
    from bot.settings import Settings

PLAIN_WIDTH = 100
"""Columns where there is no terminal to ask, and at most for a page to read."""


class Surface(enum.StrEnum):
    """The surfaces that the command line can write."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    MARKDOWN = "markdown"


class SeverityName(enum.StrEnum):
    """Severities as they are typed."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class ConfidenceName(enum.StrEnum):
    """Confidences as they are typed."""

    POSSIBLE = "possible"
    LIKELY = "likely"
    CERTAIN = "certain"


class Wanted(NamedTuple):
    """What was asked for on the command line, of a report."""

    surface: Surface = Surface.TEXT
    output: Path | None = None
    """Where to write; standard output without it."""
    everything: bool = False
    fail_on: SeverityName | None = None
    """Instead of the configured one."""
    min_confidence: ConfidenceName | None = None
    """Instead of the configured one."""


def settings() -> Settings:
    """The settings of this process."""
    from bot.settings import read

    return read(os.environ)


def judge(found: Review, configurations: Configurations, wanted: Wanted, *, is_scan: bool = False) -> Outcome:
    """Sort what was found by the configuration and by what was asked for."""
    from analyzers.findings import Confidence, Severity
    from bot.review import outcome

    return outcome.judge(
        found,
        configurations.for_path,
        is_scan=is_scan,
        fail_on=None if wanted.fail_on is None else Severity[wanted.fail_on.name],
        min_confidence=None if wanted.min_confidence is None else Confidence[wanted.min_confidence.name],
    )


def write(outcome: Outcome, head: Tree, base: Tree | None, wanted: Wanted, risk: RiskSummary | None = None) -> None:
    """
    Write a report, to a file or to standard output.

    Raises:
        UsageError: When the file cannot be written.
    """
    from analyzers import catalogue
    from bot.report import Report, lines_in

    rules = {rule.id: rule for rule in catalogue.load()}
    report = Report(outcome, rules, lines_in(head, base), wanted.everything, risk)
    if wanted.output is not None:
        write_file(wanted.output, _rendered(report, wanted.surface))
    elif wanted.surface is Surface.TEXT:
        from bot.report import text

        text.render(report, console())
    else:
        sys.stdout.write(_rendered(report, wanted.surface))


def _rendered(report: Report, surface: Surface) -> str:
    if surface is Surface.JSON:
        from bot.report import json

        return json.render(report)
    if surface is Surface.SARIF:
        from bot.report import sarif

        return sarif.render(report)
    if surface is Surface.MARKDOWN:
        from bot.report import markdown

        return markdown.render(report)
    from bot.report import text

    plain = io.StringIO()
    text.render(report, console(plain))
    return plain.getvalue()


def write_file(path: Path, content: str) -> None:
    """
    Write a text file in UTF-8.

    Raises:
        UsageError: When it cannot be written.
    """
    from bot.errors import UsageError

    try:
        path.write_text(content, "utf-8")
    except OSError as exc:
        raise UsageError(f"{path} cannot be written: {exc.strerror or exc}") from exc


def console(file: IO[str] | None = None) -> Console:
    """
    A console that is plain wherever it is not a terminal, and without colours where they are not wanted.

    Args:
        file: Where to print, always plainly; standard output without it.
    """
    from rich.console import Console

    shown = Console(
        file=file,
        force_terminal=None if file is None else False,
        no_color=settings().plain or None,
        highlight=False,
        emoji=False,
        markup=False,
    )
    if not shown.is_terminal:
        shown.width = PLAIN_WIDTH
    return shown


@contextlib.contextmanager
def progress() -> Iterator[Progress | None]:
    """Progress bars on standard error, where that is a terminal; else nothing is told."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield tell

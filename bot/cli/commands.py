"""
The commands of the command line, each a thin line from its options to the rooms below.

Start-up counts here: a command imports what it needs when it runs.
"""

from __future__ import annotations

import contextlib
import enum
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import __version__

if TYPE_CHECKING:
    from rich.console import Console

    from analyzers.change import Change, Tree
    from analyzers.findings import Confidence, Severity
    from analyzers.git import Repository
    from analyzers.options import Progress
    from bot.report import Report
    from bot.review.configuration import Configurations
    from bot.review.outcome import Outcome
    from bot.settings import Settings

FOUND = 1
"""Exit status when findings reach the threshold."""
_PLAIN_WIDTH = 100
"""Columns of tables where there is no terminal to ask."""


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


app = typer.Typer(
    name="countersign",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="The reviewed repository's configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")

RepoOption = Annotated[Path, typer.Option("--repo", help="The repository, or a directory in it; bare ones too.")]
FormatOption = Annotated[Surface, typer.Option("--format", help="What to write.")]
FailOnOption = Annotated[
    SeverityName | None, typer.Option("--fail-on", help="The least severity that makes the exit status 1.")
]
MinConfidenceOption = Annotated[
    ConfidenceName | None, typer.Option("--min-confidence", help="The least confidence that is reported.")
]
AllOption = Annotated[bool, typer.Option("--all", help="List what is usually only counted: standing, uncertain.")]
OutputOption = Annotated[Path | None, typer.Option("--output", help="Write to this file instead.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"countersign {__version__}")
        raise typer.Exit


@app.callback()
def countersign(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Reviews changes to backend code by what they do: the queries they add, where, and what they cost."""


@app.command()
def review(
    repo: RepoOption = Path(),
    base: Annotated[str | None, typer.Option(help="Compare with this revision.")] = None,
    head: Annotated[str | None, typer.Option(help="Review this revision; by default the current commit.")] = None,
    staged: Annotated[
        bool, typer.Option("--staged", help="Review what is staged, against the current commit.")
    ] = False,
    surface: FormatOption = Surface.TEXT,
    fail_on: FailOnOption = None,
    min_confidence: MinConfidenceOption = None,
    everything: AllOption = False,
    output: OutputOption = None,
) -> None:
    """
    Review a change: what it adds, what it fixes, and what it does to each entry point it reaches.

    With --base and --head both are compared as they are. With one of them, or none, the change is what happened since
    the merge base: of --base (by default the default branch) and --head (by default the current commit). When nothing
    was committed since, the working tree is reviewed against the current commit.
    """
    from analyzers.git import Repository

    with Repository(repo) as repository:
        change, configured_in = _change(repository, base, head, staged)
        outcome = _review(change, configured_in, _settings(), everything, surface, output, fail_on, min_confidence)
    raise typer.Exit(FOUND if outcome.failing else 0)


@app.command()
def scan(
    path: Annotated[
        Path, typer.Argument(help="A directory or file; by default the whole repository around here.")
    ] = Path(),
    surface: FormatOption = Surface.TEXT,
    fail_on: FailOnOption = None,
    min_confidence: MinConfidenceOption = None,
    everything: AllOption = False,
    output: OutputOption = None,
    write_baseline: Annotated[
        Path | None, typer.Option("--write-baseline", help="Accept all findings: write them to this file.")
    ] = None,
) -> None:
    """
    Report everything that stands in the working tree, or in the current commit of a bare repository.
    """
    from analyzers import engine
    from analyzers.git import Repository
    from analyzers.index import Index
    from bot.review import baseline
    from bot.review.outcome import judge

    with Repository(path) as repository:
        tree: Tree = repository.working_tree() if repository.work_tree else repository.commit_tree("HEAD")
        configurations = _configurations(tree)
        with Index.open(_settings().index_file) as index, _progress() as progress:
            found = engine.scan(tree, index, configurations.options_for, _scanned(path, repository), progress)
        outcome = judge(
            found,
            configurations.for_path,
            is_scan=True,
            fail_on=_severity(fail_on),
            min_confidence=_confidence(min_confidence),
        )
        if write_baseline is not None:
            _write_file(write_baseline, baseline.render(outcome.posted))
            typer.echo(f"countersign: {len(outcome.posted)} accepted in {write_baseline}", err=True)
            raise typer.Exit
        _write(_report(outcome, tree, None, everything), surface, output)
    raise typer.Exit(FOUND if outcome.failing else 0)


@app.command()
def explain(rule: Annotated[str, typer.Argument(help="The rule's id, as a finding shows it.")]) -> None:
    """Print a rule's page: what happens, why it hurts, an example, what to do instead, when it stays silent."""
    import difflib

    from analyzers import catalogue
    from bot.errors import UsageError

    found = catalogue.find(rule)
    if found is None:
        ids = [known.id for known in catalogue.load()]
        near = difflib.get_close_matches(rule, ids, n=1)
        hint = f'did you mean "{near[0]}"?' if near else "`countersign rules` lists them."
        raise UsageError(f'There is no rule "{rule}"; {hint}')
    if not sys.stdout.isatty():
        typer.echo(found.page, nl=False)
        return
    from rich.markdown import Markdown

    console = _console(_settings())
    console.print(Markdown(found.page), width=min(console.width, _PLAIN_WIDTH))


@app.command()
def rules() -> None:
    """List all rules."""
    from analyzers import catalogue

    rows = [
        (rule.id, rule.category, rule.severity.name.lower(), ", ".join(rule.languages), rule.title)
        for rule in catalogue.load()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


@config_app.command("show")
def config_show(
    path: Annotated[str, typer.Argument(help="A file of the repository, from its root.")] = "",
    repo: RepoOption = Path(),
    base: Annotated[str | None, typer.Option(help="Read this revision instead of the working tree.")] = None,
) -> None:
    """Print each value that holds for a path, and where it comes from."""
    from analyzers import catalogue
    from analyzers.git import Repository

    with Repository(repo) as repository:
        tree: Tree
        if base is None and repository.work_tree is not None:
            tree = repository.working_tree()
        else:
            tree = repository.commit_tree(base or "HEAD")
        rows = _configurations(tree).for_path(path).shown(rule.id for rule in catalogue.load())
    width = max(len(f"{name} = {value}") for name, value, _ in rows)
    for name, value, origin in rows:
        typer.echo(f"{f'{name} = {value}':<{width}}  # {origin}")


@app.command("index")
def build_index(
    repo: RepoOption = Path(),
    head: Annotated[str | None, typer.Option(help="Index this revision; by default the working tree.")] = None,
) -> None:
    """Read the whole tree into the index, so that the first review is as fast as the next."""
    from analyzers.git import Repository
    from analyzers.index import Index

    settings = _settings()
    with Repository(repo) as repository:
        tree: Tree
        if head is None and repository.work_tree is not None:
            tree = repository.working_tree()
        else:
            tree = repository.commit_tree(head or "HEAD")
        with Index.open(settings.index_file) as index, _progress() as progress:
            skipped = index.prepare(tree, tree.entries, progress)
    for item in skipped:
        typer.echo(f"countersign: {item.path} was left out: {item.reason}", err=True)
    typer.echo(f"countersign: {tree.name} is in {settings.index_file}", err=True)


@app.command()
def demo(
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Make the repository in this new directory and leave it there.")
    ] = None,
    surface: FormatOption = Surface.TEXT,
) -> None:
    """Make a small repository with a change that looks right, and review it. Needs git, no account and no network."""
    import tempfile

    from analyzers.git import Repository
    from bot import demo as shop

    with contextlib.ExitStack() as stack:
        if keep is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="countersign-demo-"))) / "shop"
        else:
            directory = keep
        shop.make(directory)
        typer.echo(f"countersign: an order service in {directory}, its change on branch `{shop.BRANCH}`", err=True)
        repository = stack.enter_context(Repository(directory))
        change, configured_in = _change(repository, None, None, staged=False)
        _review(change, configured_in, _settings(), False, surface, None, None, None)


def _change(repository: Repository, base: str | None, head: str | None, staged: bool) -> tuple[Change, Tree]:
    """
    The change that the options mean, and the tree to read its configuration from.

    A review of commits is configured by its base, so that a change cannot switch its own review off. What is not yet
    committed is its author's own, and so is its configuration.
    """
    from bot.errors import UsageError

    if staged:
        if base is not None or head is not None:
            raise UsageError("--staged compares what is staged with the current commit: leave --base and --head out.")
        index = repository.index_tree()
        return repository.change(repository.commit_tree("HEAD"), index), index
    current = repository.resolve(head or "HEAD")
    if base is not None and head is not None:
        since = repository.resolve(base)
    else:
        with_branch = base or repository.default_branch()
        found = repository.merge_base(with_branch, current)
        if found is None:
            raise UsageError(
                f"`{with_branch}` and `{head or 'HEAD'}` have no common history: name both --base and --head."
            )
        since = found
    base_tree = repository.commit_tree(since)
    if since == current and head is None and repository.work_tree is not None:
        working_tree = repository.working_tree()
        return repository.change(base_tree, working_tree), working_tree
    return repository.change(base_tree, repository.commit_tree(current)), base_tree


def _review(
    change: Change,
    configured_in: Tree,
    settings: Settings,
    everything: bool,
    surface: Surface,
    output: Path | None,
    fail_on: SeverityName | None,
    min_confidence: ConfidenceName | None,
) -> Outcome:
    """Review a change and write the report."""
    from analyzers import engine
    from analyzers.index import Index
    from bot.review.outcome import judge

    configurations = _configurations(configured_in)
    with Index.open(settings.index_file) as index, _progress() as progress:
        found = engine.review(change, index, configurations.options_for, progress)
    outcome = judge(
        found,
        configurations.for_path,
        fail_on=_severity(fail_on),
        min_confidence=_confidence(min_confidence),
    )
    _write(_report(outcome, change.head, change.base, everything), surface, output)
    return outcome


def _report(outcome: Outcome, head: Tree, base: Tree | None, everything: bool) -> Report:
    from analyzers import catalogue
    from bot.report import Report, lines_in

    return Report(outcome, {rule.id: rule for rule in catalogue.load()}, lines_in(head, base), everything)


def _write(report: Report, surface: Surface, output: Path | None) -> None:
    """Write a report in a format, to a file or to standard output."""
    if surface is Surface.TEXT:
        from bot.report import text

        if output is None:
            text.render(report, _console(_settings()))
            return
        import io

        plain = io.StringIO()
        text.render(report, _console(_settings(), plain))
        rendered = plain.getvalue()
    elif surface is Surface.JSON:
        from bot.report import json

        rendered = json.render(report)
    elif surface is Surface.SARIF:
        from bot.report import sarif

        rendered = sarif.render(report)
    else:
        from bot.report import markdown

        rendered = markdown.render(report)
    if output is None:
        sys.stdout.write(rendered)
    else:
        _write_file(output, rendered)


def _write_file(path: Path, text: str) -> None:
    from bot.errors import UsageError

    try:
        path.write_text(text, "utf-8")
    except OSError as exc:
        raise UsageError(f"{path} cannot be written: {exc.strerror or exc}") from exc


def _configurations(tree: Tree) -> Configurations:
    from analyzers import catalogue
    from bot.review import configuration

    return configuration.read(tree, (rule.id for rule in catalogue.load()))


def _scanned(path: Path, repository: Repository) -> tuple[str, ...]:
    """The part of the tree that was asked for, from its root; nothing for the whole."""
    if repository.work_tree is None:
        return ()
    inside = path.resolve().relative_to(repository.work_tree.resolve()).as_posix()
    return () if inside == "." else (inside,)


def _settings() -> Settings:
    from bot import settings

    return settings.read(os.environ)


def _console(settings: Settings, file: object = None) -> Console:
    """A console that is plain wherever it is not a terminal, and without colours where they are not wanted."""
    from rich.console import Console

    console = Console(file=file, no_color=settings.plain or None, highlight=False, emoji=False, markup=False)  # type: ignore[arg-type]
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    return console


@contextlib.contextmanager
def _progress() -> Iterator[Progress | None]:
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


def _severity(name: SeverityName | None) -> Severity | None:
    from analyzers.findings import Severity

    return None if name is None else Severity[name.name]


def _confidence(name: ConfidenceName | None) -> Confidence | None:
    from analyzers.findings import Confidence

    return None if name is None else Confidence[name.name]

"""
The commands of the command line, each a thin line from its options to the rooms below.

Start-up counts here: a command imports what it needs when it runs.
"""

from __future__ import annotations

import contextlib
import posixpath
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import __version__
from bot.cli import deciding, desk, output, prompting, risk, serving, setting_up, telling
from bot.cli.desk import PortOption, WebOption
from bot.cli.output import ConfidenceName, SeverityName, Surface, Wanted

if TYPE_CHECKING:
    from analyzers.change import Change, Tree
    from analyzers.git import Repository
    from bot.cli.risk import About
    from bot.review.configuration import Configurations
    from bot.review.outcome import Outcome

FOUND = 1
"""Exit status when findings reach the threshold."""

app = typer.Typer(
    name="countersign",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="The reviewed repository's configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")
app.add_typer(prompting.app, name="prompts")
for _of_the_service in (
    setting_up.init,
    setting_up.doctor,
    serving.serve,
    deciding.drafts,
    deciding.sign,
    deciding.dismiss,
    telling.digest,
):
    app.command()(_of_the_service)

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
    output_file: OutputOption = None,
    llm: Annotated[
        bool, typer.Option("--llm", help="Add a risk summary, in the words of the language model that is set up.")
    ] = False,
    web: WebOption = False,
    port: PortOption = 0,
) -> None:
    """
    Review a change: what it adds, what it fixes, and what it does to each entry point it reaches.

    With --base and --head both are compared as they are. With one of them, or none, the change is what happened since
    the merge base: of --base (by default the default branch) and --head (by default the current commit). When nothing
    was committed since, the working tree is reviewed against the current commit; before the first one, against nothing.
    """
    from analyzers.git import Repository

    with Repository(repo) as repository:
        change, configured_in = change_of(repository, base, head, staged)
        wanted = Wanted(surface, output_file, everything, fail_on, min_confidence)
        if web:
            _show(
                change, configured_in, wanted, repository, f"{_short(change.head)} against {_short(change.base)}", port
            )
            return
        outcome = _review(change, configured_in, wanted, risk.about(repository, change, head) if llm else None)
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
    output_file: OutputOption = None,
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

    wanted = Wanted(surface, output_file, everything, fail_on, min_confidence)
    with Repository(path) as repository:
        tree: Tree = repository.working_tree() if repository.work_tree else repository.commit_tree("HEAD")
        configurations = configurations_in(tree)
        with Index.open(output.settings().index_file) as index, output.progress() as progress:
            found = engine.scan(tree, index, configurations.options_for, _scanned(path, repository), progress)
        outcome = output.judge(found, configurations, wanted, is_scan=True)
        if write_baseline is not None:
            output.write_file(write_baseline, baseline.render(outcome.posted))
            typer.echo(f"countersign: {len(outcome.posted)} accepted in {write_baseline}", err=True)
            raise typer.Exit
        output.write(outcome, tree, None, wanted)
    raise typer.Exit(FOUND if outcome.failing else 0)


@app.command()
def effects(path: Annotated[Path, typer.Argument(help="A file or directory.")]) -> None:
    """
    Print what each function and entry point of a file does, as the checks see it: why something is or is not reported.
    """
    from analyzers import engine
    from analyzers.effects.dump import dump
    from analyzers.git import Repository
    from analyzers.index import Index

    with Repository(path) as repository, Index.open(output.settings().index_file) as index:
        tree: Tree = repository.working_tree() if repository.work_tree else repository.commit_tree("HEAD")
        options_for = configurations_in(tree).options_for
        for entry in engine.effects(tree, index, options_for, _scanned(path, repository)):
            typer.echo(dump(entry))


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

    console = output.console()
    console.print(Markdown(found.page), width=min(console.width, output.PLAIN_WIDTH))


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
    from bot.errors import UsageError

    path = posixpath.normpath(path) if path else ""
    if path.startswith(("/", "../")) or path == "..":
        raise UsageError(f"{path} is not a path from the repository's root.")

    with Repository(repo) as repository:
        tree: Tree
        if base is None and repository.work_tree is not None:
            tree = repository.working_tree()
        else:
            tree = repository.commit_tree("HEAD" if base is None else base)
        rows = configurations_in(tree).for_path(path).shown(rule.id for rule in catalogue.load())
    width = max(len(f"{name} = {value}") for name, value, _ in rows)
    for name, value, origin in rows:
        typer.echo(f"{f'{name} = {value}':<{width}}  # {origin}")


@app.command("index")
def build_index(
    repo: RepoOption = Path(),
    head: Annotated[str | None, typer.Option(help="Index this revision; by default the working tree.")] = None,
) -> None:
    """Read the whole tree into the index, so that the first review is as fast as the next."""
    from analyzers import paths
    from analyzers.git import Repository
    from analyzers.index import Index

    index_file = output.settings().index_file
    with Repository(repo) as repository:
        tree: Tree
        if head is None and repository.work_tree is not None:
            tree = repository.working_tree()
        else:
            tree = repository.commit_tree("HEAD" if head is None else head)
        wanted = [path for path in tree.entries if paths.classify(path) is None]
        with Index.open(index_file) as index, output.progress() as progress:
            skipped = index.prepare(tree, wanted, progress)
    for item in skipped:
        typer.echo(f"countersign: {item.path} was left out: {item.reason}", err=True)
    typer.echo(f"countersign: {tree.name} is in {index_file}", err=True)


@app.command()
def demo(
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Make the repository in this new directory and leave it there.")
    ] = None,
    surface: FormatOption = Surface.TEXT,
    web: WebOption = False,
    port: PortOption = 0,
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
        change, configured_in = change_of(repository, None, None, staged=False)
        if web:
            _show(change, configured_in, Wanted(surface), repository, shop.TITLE, port)
        else:
            _review(change, configured_in, Wanted(surface))


def change_of(repository: Repository, base: str | None, head: str | None, staged: bool) -> tuple[Change, Tree]:
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
        return repository.change(repository.current_tree(), index), index
    if base is None and head is None and repository.is_unborn and repository.work_tree is not None:
        first = repository.working_tree()
        return repository.change(repository.current_tree(), first), first
    current = repository.resolve("HEAD" if head is None else head)
    if base is not None and head is not None:
        since = repository.resolve(base)
    else:
        with_branch = repository.default_branch() if base is None else base
        found = repository.merge_base(with_branch, current)
        if found is None:
            raise UsageError(
                f"`{with_branch}` and `{head or 'HEAD'}` have no common history"
                f"{' at hand: this is a shallow clone' if repository.is_shallow else ''}: name both --base and --head."
            )
        since = found
    base_tree = repository.commit_tree(since)
    if since == current and head is None and repository.work_tree is not None:
        working_tree = repository.working_tree()
        return repository.change(base_tree, working_tree), working_tree
    return repository.change(base_tree, repository.commit_tree(current)), base_tree


def _review(change: Change, configured_in: Tree, wanted: Wanted, about: About | None = None) -> Outcome:
    """
    Review a change and write the report.

    Args:
        change: What to review.
        configured_in: Where its configuration stands.
        wanted: What to write.
        about: What the change says of itself, if a risk summary is wanted.
    """
    configurations = configurations_in(configured_in)
    outcome = judged(change, configured_in, configurations, wanted)
    summary = None if about is None else risk.risk_summary(outcome, change, configurations, about)
    output.write(outcome, change.head, change.base, wanted, summary)
    return outcome


def _show(change: Change, configured_in: Tree, wanted: Wanted, repository: Repository, title: str, port: int) -> None:
    """Review a change and show it as web pages."""
    from bot.review.records import Suppressions
    from bot.workflow import engine

    configurations = configurations_in(configured_in)
    outcome = judged(change, configured_in, configurations, wanted)
    found = engine.found(change, outcome, configurations.root)
    suppressions = Suppressions(outcome.review.allows, configurations.baselines)
    name = (repository.work_tree or repository.git_dir).resolve().name
    desk.serve(change, found, suppressions, name, title, port)


def judged(change: Change, configured_in: Tree, configurations: Configurations, wanted: Wanted) -> Outcome:
    """Review a change, as it is configured."""
    from analyzers import engine
    from analyzers.index import Index

    with Index.open(output.settings().index_file) as index, output.progress() as progress:
        own = configured_in is change.head
        found = engine.review(change, index, configurations.options_for, progress, own=own)
    return output.judge(found, configurations, wanted)


def _short(tree: Tree) -> str:
    """What a person calls a tree, in a few letters."""
    return tree.name[:7] if len(tree.name) >= 40 else tree.name


def configurations_in(tree: Tree) -> Configurations:
    """All configuration of a tree."""
    from analyzers import catalogue
    from bot.review import configuration

    return configuration.read(tree, (rule.id for rule in catalogue.load()))


def _scanned(path: Path, repository: Repository) -> tuple[str, ...]:
    """The part of the tree that was asked for, from its root; nothing for the whole."""
    if repository.work_tree is None:
        return ()
    inside = path.resolve().relative_to(repository.work_tree.resolve()).as_posix()
    return () if inside == "." else (inside,)

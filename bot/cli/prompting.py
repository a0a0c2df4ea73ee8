"""
`countersign prompts`: what is said to a language model, and how well it does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.cli import output

app = typer.Typer(help="What is said to a language model, and how well it does.", no_args_is_help=True)

FolderOption = Annotated[
    Path | None, typer.Option("--prompts", help="A folder of prompts, instead of those that come with Countersign.")
]
NameArgument = Annotated[str, typer.Argument(help="The prompt.")]


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="A prompt; by default, list all.")] = "", folder: FolderOption = None
) -> None:
    """Print a prompt as it stands in its files, or list all."""
    from bot.llm import prompts

    if not name:
        for each in prompts.names(folder):
            prompt = prompts.load(each, folder)
            typer.echo(f"{each}  version {prompt.version}  {prompt.purpose}")
        return
    prompt = prompts.load(name, folder)
    typer.echo(f"# {prompt.name}, version {prompt.version}\n\n{prompt.purpose}\n")
    for variable, meaning in prompt.variables.items():
        typer.echo(f"- {variable}: {meaning}")
    wanted = prompt.model
    typer.echo(
        f"- temperature {wanted.temperature:g}, an answer of at most {wanted.answer_tokens} tokens, "
        f"evidence of at most {wanted.evidence_tokens}\n\n## System\n\n{prompt.system}\n\n## User\n\n{prompt.user}"
    )


@app.command("render")
def render(
    name: NameArgument,
    repo: Annotated[Path, typer.Option("--repo", help="The repository, or a directory in it.")] = Path(),
    base: Annotated[str | None, typer.Option(help="As of `review`.")] = None,
    head: Annotated[str | None, typer.Option(help="As of `review`.")] = None,
    folder: FolderOption = None,
) -> None:
    """Print exactly what would be sent for a change, word for word; nothing is sent."""
    from bot.cli import risk
    from bot.errors import UsageError
    from bot.llm import prompts
    from bot.llm.installed import options
    from bot.llm.writer import gather

    prompt = prompts.load(name, folder)
    if prompt.variables.keys() != {"evidence"}:
        raise UsageError(f"{name} is not asked about a change")
    subject = risk.subject_of(repo, base, head)
    messages = prompt.render(evidence=gather(subject, prompt, options(output.settings())).payload)
    typer.echo(f"## System\n\n{messages.system}\n\n## User\n\n{messages.user}")


@app.command("eval")
def evaluate(
    most: Annotated[int, typer.Option("--cases", min=1, help="How many cases at most.")] = 10,
    signed: Annotated[
        bool, typer.Option("--signed", help="Drafts that people signed, instead of the examples of the rules' pages.")
    ] = False,
    dismissed: Annotated[bool, typer.Option("--dismissed", help="Drafts that people dismissed instead.")] = False,
    folder: FolderOption = None,
    other: Annotated[
        Path | None, typer.Option("--against-prompts", help="Another folder of prompts, side by side.")
    ] = None,
    model: Annotated[str, typer.Option("--against-model", help="Another model there, side by side.")] = "",
    only_cost: Annotated[
        bool, typer.Option("--cost", help="Only say what it may cost at most; nothing is sent.")
    ] = False,
) -> None:
    """
    Ask the model that is set up about cases, and print what of its words is kept, what they cover, and what they cost.

    Each case is asked anew. What all of it may cost at most is said before, and refused where the budget of a
    repository or of the month does not allow it.
    """
    import itertools

    import msgspec

    from bot.cli import cases
    from bot.errors import UsageError
    from bot.llm import installed, trial
    from bot.review.spending import Budget, Purpose, refusal
    from bot.review.wording import plural
    from bot.storage.store import Store

    settings = output.settings()
    asked = installed.model(settings)
    if asked is None:
        raise UsageError(installed.ABSENT)
    options = installed.options(settings)
    candidates = [trial.Candidate(asked.name, asked, options, folder)]
    if other is not None:
        candidates.append(trial.Candidate(f"{asked.name} with {other.name}", asked, options, other))
    if model:
        another = installed.model(msgspec.structs.replace(settings, llm_model=model))
        assert another is not None  # it has a name
        candidates.append(trial.Candidate(model, another, options, folder))
    decided: Literal["signed", "dismissed"] = "dismissed" if dismissed else "signed"
    found = cases.decided(settings, decided) if signed or dismissed else cases.examples()
    chosen = list(itertools.islice(found, most))
    if not chosen:
        raise UsageError(f"there is no case: nothing was {decided} yet of which a model may be told")
    cost = trial.most(chosen, candidates)
    typer.echo(
        f"{plural(cost.calls, 'question')}, at most {cost.input_tokens} tokens sent and {cost.output_tokens} answered, "
        f"at most {cost.money:.4f} to pay"
    )
    if only_cost:
        return
    with Store.open(settings.database) as store:
        of_all = Budget(repository=options.budget.repository, month=options.budget.month)
        refused = refusal(of_all, store.ledger.spending(Purpose(trial.NAME, "")), cost.money)
        if refused:
            raise UsageError(f"{refused}: this trial may cost {cost.money:.4f}")
        trial.table(chosen, candidates, typer.echo, store.ledger)

"""
What the README says can be done can be done.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import msgspec
import pytest
from typer.main import get_command

from analyzers import catalogue, frameworks
from bot import settings
from bot.cli.commands import app
from bot.review import baseline, configuration
from bot.settings import Settings
from tests.trees import MemoryTree

README = Path(__file__).parents[2].joinpath("README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def commands() -> list[list[str]]:
    """The words of each line that calls `countersign`, without comments."""
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("countersign ")]
    # `shlex` takes any `#` for a comment; a shell only one that begins a word.
    return [shlex.split(re.sub(r"\s#\s.*", "", line))[1:] for line in lines]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_are_understood(words: list[str]) -> None:
    """Every command is known, and so is each of its options."""
    command = get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words[0]]
        words = words[1:]
    assert not hasattr(command, "commands"), words
    command.make_context("countersign", list(words))


def test_configuration_is_accepted() -> None:
    """The example of a configuration file and the example of a framework model are read without complaint."""
    written, model, _ = blocks("toml")
    tree = MemoryTree(
        "example",
        {
            configuration.FILE_NAME: written,
            "tools/billing.toml": model,
            "countersign-baseline.json": baseline.render(()),
        },
    )
    root = configuration.read(tree, (rule.id for rule in catalogue.load())).root
    assert root.max_inline == 3
    ((_, text),) = root.models
    assert frameworks.decode(text, "README.md").name == "billing"


def test_a_channel_is_accepted(tmp_path: Path) -> None:
    """The example of a channel in Slack says all that there is to say, and is read as it stands."""
    *_, table = blocks("toml")
    file = tmp_path / "countersign.toml"
    file.write_text(table)
    (channel,) = settings.read({}, file).channels
    silent = settings.SlackChannel(id="C")
    names = set(channel.__struct_fields__)
    assert {name for name in names if getattr(channel, name) != getattr(silent, name)} == names - {"webhook"}


def test_every_rule_is_listed() -> None:
    """The table of rules and the catalogue agree."""
    listed = re.findall(r"^\| `([a-z]+(?:-[a-z]+)+)` \|", README, re.MULTILINE)
    assert sorted(listed) == [rule.id for rule in catalogue.load()]


@pytest.mark.parametrize("name", ["review", "scan"])
def test_every_option_is_documented(name: str) -> None:
    """Each option of the commands that report is in the README, in code or in an example."""
    written = " ".join((*re.findall(r"`[^`\n]+`", README), *blocks("sh")))
    parameters = get_command(app).commands[name].params  # type: ignore[attr-defined]
    options = {option for parameter in parameters for option in parameter.opts if option.startswith("--")}
    assert {"--format", "--fail-on"} <= options
    assert {option for option in options if not re.search(rf"{option}(?![\w-])", written)} == set()


def test_every_setting_is_documented() -> None:
    """Each key of the configuration file is in the README."""
    example, *_ = blocks("toml")
    known = configuration.read(MemoryTree("empty", {}), ()).for_path("").shown(())
    keys = {name.rpartition(".")[2] for name, _, _ in known}
    assert {"mode", "exclude", "fail-on"} <= keys
    assert {key for key in keys if not re.search(rf"^(?:\[\[?)?{key}\b", example, re.MULTILINE)} == set()


def test_the_table_of_settings_is_true() -> None:
    """The table lists every variable that is read, in the order of the code, with its default."""
    table = README.partition("<!-- settings -->\n")[2].partition("\n\n")[0].splitlines()[2:]
    listed = [[cell.strip().strip("`") for cell in row.split("|")[1:4]] for row in table]
    fields = {field.name: field.default for field in msgspec.structs.fields(Settings)}
    expected = [[settings.variable(name), str(fields[name] or "")] for name in settings.NAMES]
    assert [row[:2] for row in listed] == expected
    assert all(row[2] for row in listed), "each says what it is"
    assert f"`{settings.FILE_VARIABLE}`" in README

"""
Every rule is listed, well named, documented, printed, and has a reported and a silent case.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzers import catalogue, checks
from bot.cli.commands import app
from tests.cases.runner import pages, read

RULES = catalogue.load()
CASES = [case for page in pages() for case in read(page)]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


def test_rules_pages_and_checks_agree() -> None:
    """A rule is a page of the catalogue and a check in a file of its name, which the tuple of checks lists in order."""
    files = {path.stem for path in Path(checks.__file__).parent.glob("*.py")} - {"__init__", "repeated"}
    assert files == {rule.id.replace("-", "_") for rule in RULES}
    listed = [check.__module__.rpartition(".")[2] for check in checks.CHECKS]
    assert listed == sorted(files)


def test_every_announcement_names_a_rule() -> None:
    """No case expects a finding of a rule that does not exist."""
    assert {found.rule for case in CASES for found in case.announcements} <= {rule.id for rule in RULES}


@each_rule
def test_well_named(rule: catalogue.Rule) -> None:
    """An id is two to four words that name the pattern, not the cure: it reads well after the word "allow"."""
    assert re.fullmatch(r"[a-z]+(?:-[a-z]+){1,3}", rule.id)
    assert not {"no", "avoid", "use", "missing", "bad", "invalid", "check", "rule"} & set(rule.id.split("-"))
    assert not rule.title.endswith(".")
    assert rule.title[0].isupper()


@each_rule
def test_reported_and_silent(rule: catalogue.Rule) -> None:
    """A rule has programs that it reports and, on the same pages, programs where it is silent."""
    reported = [case for case in CASES if any(found.rule == rule.id for found in case.announcements)]
    theirs = {case.page for case in reported}
    silent = [case for case in CASES if case.page in theirs and not case.announcements]
    assert reported
    assert silent


@each_rule
def test_explained(rule: catalogue.Rule) -> None:
    """`explain` prints the whole page, `rules` its line."""
    explained = CliRunner().invoke(app, ["explain", rule.id])
    assert (explained.exit_code, explained.stdout) == (0, rule.page)
    listed = CliRunner().invoke(app, ["rules"])
    (line,) = [line for line in listed.stdout.splitlines() if line.split()[0] == rule.id]
    assert line.endswith(rule.title)

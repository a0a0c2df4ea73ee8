"""
Prompts are files that declare what they need.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.catalogue import HEADINGS, Rule
from analyzers.findings import Severity
from bot.errors import UsageError
from bot.llm import prompts
from bot.llm.prompts import PromptError
from bot.review import evidence
from tests.bot.report import sample
from tests.conftest import Golden

HERE = Path(__file__).parent
FILES = {
    "system.md": "Be brief.",
    "user.md": "{{ evidence }} for {{ reader }}",
    "prompt.toml": (
        'version = 3\npurpose = "A test."\n[variables]\nevidence = "JSON"\nreader = "who reads"\n'
        "[model]\ntemperature = 0.5\nanswer-tokens = 10\nevidence-tokens = 20\n"
    ),
}
RULE = Rule(
    "query-in-loop",
    "A query runs once per row",
    "nplusone",
    Severity.MEDIUM,
    ("python",),
    "0.1",
    tuple((heading, f"Of {heading.lower()}.\n\n```python\ncode()\n```") for heading in HEADINGS),
)


@pytest.mark.parametrize("name", prompts.names())
def test_golden_renders(name: str, golden: Golden) -> None:
    """Each prompt, filled in with the sample review, is what is kept beside this test."""
    outcome = sample.report().outcome
    shown = evidence.gather(
        outcome.posted[:1],
        outcome.review.consequences,
        {RULE.id: RULE},
        lambda path: sample.lines_of(path, "introduced"),
        tokens=prompts.load(name).model.evidence_tokens,
        definitions=outcome.review.definitions,
        title="Show who ordered",
        description="The list of orders shows the customer.\npassword: hunter2!",
    )
    prompt = prompts.load(name)
    values = {"evidence": shown.payload, "facts": '{"drafts_that_wait": 2}'}
    messages = prompt.render(**{variable: values[variable] for variable in prompt.variables})
    golden(f"{messages.system}\n\n---\n\n{messages.user}\n", HERE / f"{name}.rendered.md")


def folder(tmp_path: Path, **files: str) -> Path:
    (tmp_path / "one").mkdir()
    for name, text in {**FILES, **{key.replace("_", "."): value for key, value in files.items()}}.items():
        (tmp_path / "one" / name).write_text(text, "utf-8")
    return tmp_path


def test_a_prompt_is_filled_in_once(tmp_path: Path) -> None:
    """What is filled in is never read again: it brings no variables of its own."""
    prompt = prompts.load("one", folder(tmp_path))
    assert (prompt.version, prompt.model.answer_tokens) == (3, 10)
    assert prompt.render(evidence="{{ reader }} {{ x }} \\1", reader="Ada").user == "{{ reader }} {{ x }} \\1 for Ada"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"evidence": "x"}, "one needs reader"),
        ({"evidence": "x", "reader": "y", "code": "z"}, "one declares no variable code"),
    ],
)
def test_variables_are_exact(tmp_path: Path, values: dict[str, str], says: str) -> None:
    """A missing or undeclared variable is an error."""
    prompt = prompts.load("one", folder(tmp_path))
    with pytest.raises(PromptError, match=says):
        prompt.render(**values)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"system_md": "{{ other }}"}, "one: other is not declared in prompt.toml"),
        ({"user_md": "{{ evidence }}"}, "one: reader is declared and not used"),
        ({"prompt_toml": "version = 1"}, "one: Object missing required field `purpose`"),
        ({"prompt_toml": FILES["prompt.toml"] + "top-p = 1\n"}, "one: Object contains unknown field `top-p`"),
        ({"prompt_toml": "version ="}, "one: "),
    ],
)
def test_files_are_read_strictly(tmp_path: Path, files: dict[str, str], says: str) -> None:
    """What strays is named."""
    with pytest.raises(PromptError, match=says):
        prompts.load("one", folder(tmp_path, **files))


def test_an_unknown_prompt() -> None:
    """It is refused with those that there are."""
    with pytest.raises(UsageError, match="there is no prompt nothing; there are digest, explain_finding, risk_summary"):
        prompts.load("nothing")

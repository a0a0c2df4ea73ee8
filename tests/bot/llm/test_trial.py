"""
Prompts are tried on cases.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzers import catalogue
from bot.cli import cases
from bot.demo import TITLE
from bot.llm.trial import Score
from bot.review.configuration import LlmCode
from bot.review.records import Found
from bot.review.spending import Purpose
from bot.storage.store import Store
from tests.bot.storage import samples
from tests.doubles import llm
from tests.doubles.llm import Answer, Endpoint

ROOT = Path(__file__).parents[3]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with llm.endpoint() as running:
        yield running


def countersign(endpoint: Endpoint, data: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "COUNTERSIGN_DATA_DIR": str(data),
        "COUNTERSIGN_LLM_BASE_URL": endpoint.url,
        "COUNTERSIGN_LLM_MODEL": "good",
        **settings,
    }
    return subprocess.run(
        (sys.executable, "-m", "bot", *arguments), env=environment, capture_output=True, text=True, check=False
    )


def test_the_examples_of_the_rules_are_cases() -> None:
    """Each has findings of its rule, and its code."""
    found = list(cases.examples())
    assert {case.name for case in found} <= {rule.id for rule in catalogue.load()}
    assert len(found) > 3
    for case in found:
        assert case.name in {finding.rule for finding in case.subject.findings}
        assert case.subject.lines_of(case.subject.findings[0].place.path)


def test_two_models_side_by_side(endpoint: Endpoint, tmp_path: Path) -> None:
    """For each case, and in all: sentences kept and dropped, findings covered, words, cost, seconds."""

    def script(asked: dict[str, Any]) -> Answer:
        text = "Each row is read on its own." if asked["model"] == "good" else "Kafka 3 is slow."
        return llm.said(json.dumps(llm.filled(llm.schema_of(asked), text)))

    endpoint.script = script
    ran = countersign(endpoint, tmp_path, "prompts", "eval", "--cases", "2", "--against-model", "worse")
    assert ran.returncode == 0, ran.stderr
    whole = ran.stdout.partition("\nall\n")[2]
    assert "good   sentences kept 4, dropped 2 (67% grounded)  findings 2/2  words 14  cost 0.0000" in whole
    assert "worse  sentences kept 0, dropped 6 (0% grounded)  findings 0/2  words 0" in whole
    assert "the model said nothing that the evidence bears" in whole
    assert len(endpoint.requests) == 4


PRICES = {"COUNTERSIGN_LLM_INPUT_PRICE": "2", "COUNTERSIGN_LLM_OUTPUT_PRICE": "10"}


def test_what_it_may_cost_is_said_before(endpoint: Endpoint, tmp_path: Path) -> None:
    """With `--cost` nothing is sent; what it does cost is counted for the month."""
    endpoint.script = llm.everywhere("Each row is read on its own.")
    told = countersign(endpoint, tmp_path, "prompts", "eval", "--cases", "2", "--cost", **PRICES)
    assert (told.returncode, endpoint.requests) == (0, [])
    (line,) = told.stdout.splitlines()
    found = re.fullmatch(r"2 questions, at most (\d+) tokens sent and 3200 answered, at most (0\.\d{4}) to pay", line)
    assert found is not None
    assert float(found[2]) == pytest.approx(int(found[1]) * 2e-6 + 3200 * 1e-5, abs=1e-4)
    ran = countersign(endpoint, tmp_path, "prompts", "eval", "--cases", "2", **PRICES)
    assert ran.stdout.startswith(line)
    assert "words 14  cost 0.0080" in ran.stdout  # 1000 tokens sent and 200 answered, twice
    with Store.open(f"sqlite:///{tmp_path}/countersign.sqlite3") as store:
        spent = store.ledger.spending(Purpose("prompts eval", "")).month
    assert (spent.calls, round(spent.money, 6)) == (2, 0.008)


@pytest.mark.parametrize(
    ("budget", "says"),
    [
        ("MONTH", "countersign: the budget for this month does not allow another call: this trial may cost 0."),
        ("REPOSITORY", "countersign: the budget for this repository and month does not allow another call: this"),
    ],
)
def test_a_trial_that_is_too_dear_is_not_begun(endpoint: Endpoint, tmp_path: Path, budget: str, says: str) -> None:
    """Nothing is sent where the whole could exceed the budget."""
    prices = {**PRICES, f"COUNTERSIGN_LLM_{budget}_BUDGET": "0.03"}
    ran = countersign(endpoint, tmp_path, "prompts", "eval", "--cases", "2", **prices)
    assert (ran.returncode, endpoint.requests) == (2, [])
    assert ran.stderr.startswith(says)


def test_a_case_that_is_too_dear_is_left_out(endpoint: Endpoint, tmp_path: Path) -> None:
    """The budget of a review is that of a case."""
    prices = {**PRICES, "COUNTERSIGN_LLM_REVIEW_BUDGET": "0.001"}
    ran = countersign(endpoint, tmp_path, "prompts", "eval", "--cases", "1", **prices)
    assert (ran.returncode, endpoint.requests) == (0, [])
    assert "the budget for this review does not allow another call" in ran.stdout


def test_without_a_model_or_a_case(endpoint: Endpoint, tmp_path: Path) -> None:
    """It says what is missing."""
    ran = countersign(endpoint, tmp_path, "prompts", "eval", COUNTERSIGN_LLM_MODEL="")
    assert (ran.returncode, ran.stderr) == (2, "countersign: no language model is set up (COUNTERSIGN_LLM_MODEL)\n")
    ran = countersign(endpoint, tmp_path, "prompts", "eval", "--signed")
    assert (ran.returncode, ran.stderr) == (
        2,
        "countersign: there is no case: nothing was signed yet of which a model may be told\n",
    )


def test_a_review_says_nothing_without_the_flag(endpoint: Endpoint, tmp_path: Path) -> None:
    """A model that is set up is asked only where `--llm` is said."""
    endpoint.script = llm.everywhere("Each row is read on its own.")
    countersign(endpoint, tmp_path, "demo", "--keep", str(tmp_path / "shop"))
    plain = countersign(endpoint, tmp_path, "review", "--repo", str(tmp_path / "shop"))
    assert endpoint.requests == []
    worded = countersign(endpoint, tmp_path, "review", "--llm", "--repo", str(tmp_path / "shop"))
    assert len(endpoint.requests) == 1
    assert "Each row is read on its own." in worded.stdout
    assert f'"title": "{TITLE}"' in endpoint.requests[0]["messages"][1]["content"]  # its only commit's
    assert worded.stdout.endswith(plain.stdout.partition("\n\n")[2])  # the findings are the same
    again = countersign(endpoint, tmp_path, "review", "--llm", "--repo", str(tmp_path / "shop"))
    assert again.stdout == worded.stdout
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("llm_code", ["send", "private", "off"])
def test_what_people_decided_is_a_case(endpoint: Endpoint, tmp_path: Path, llm_code: LlmCode) -> None:
    """Each signed draft, or each dismissed one, without code; none of a repository that wants no model."""
    with Store.open(f"sqlite:///{tmp_path}/countersign.sqlite3") as store:
        customer, stock = samples.drafted(store, "customer", "stock")
        review = store.reviews.queue(customer.pull_request)
        store.reviews.set_found(review.id, Found(llm_code=llm_code))
        made = (samples.decision(customer, "sign"), samples.decision(stock, "dismiss", reason="few"))
        store.decisions.record(customer.pull_request, made)
    endpoint.script = llm.everywhere("Each row is read on its own.")
    for flag, name in (("--signed", "customer"), ("--dismissed", "stock")):
        ran = countersign(endpoint, tmp_path, "prompts", "eval", flag)
        if llm_code == "off":
            assert (ran.returncode, endpoint.requests) == (2, [])
        else:
            assert "1 question, at most" in ran.stdout
            assert f"`{name}` is queried once per" in endpoint.requests[-1]["messages"][1]["content"]


def test_scores_add_up() -> None:
    """Shares are of the sums."""
    both = Score(2, 1, 3, 1, 10, 0.5, 1.0, ("slow",)) + Score(2, 2, 1, 3)
    assert (both.groundedness, both.coverage, both.failures) == (0.5, 0.75, ("slow",))
    assert (Score().groundedness, Score().coverage) == (1.0, 1.0)

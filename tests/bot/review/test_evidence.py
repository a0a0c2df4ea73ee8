"""
What a language model is told, and what not.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from analyzers import catalogue
from analyzers.findings import Consequence, Cost, Finding, Step
from bot.review import evidence
from bot.review.evidence import Evidence
from tests.bot.report import sample

QUERY, SERIALIZER = sample.QUERY, sample.SERIALIZER


def gathered(*findings: Finding, tokens: int = 5000, **more: Any) -> Evidence:
    return evidence.gather(
        findings,
        sample.REVIEW.consequences,
        {},
        lambda path: sample.lines_of(path, "introduced"),
        tokens=tokens,
        definitions=sample.REVIEW.definitions,
        **more,
    )


def told(*findings: Finding, **more: Any) -> dict[str, Any]:
    """What is told of the first finding."""
    payload: dict[str, Any] = json.loads(gathered(*findings, **more).payload)
    first: dict[str, Any] = payload["findings"]["F1"]
    return first


def test_models() -> None:
    """Of a model what the finding names, and what holds for its table; the rest is not sent."""
    (model,) = told(QUERY)["models"]
    assert model == {
        "model": "Order",
        "at": "orders/models.py:1",
        "relations": ["`customer` leads to one `Customer`"],
        "code": {
            "orders/models.py": [
                "3:     customer = models.ForeignKey(",
                '4:         "customers.Customer", on_delete=models.PROTECT',
                "5:     )",
                "…",
                '8:         indexes = [models.Index(fields=["customer", "placed_at"])]',
            ]
        },
    }
    assert "models" not in told(SERIALIZER)  # of which the sample knows none


@pytest.mark.parametrize("how", [{"code": "private"}, {"denied": lambda path: path == "orders/models.py"}])
def test_models_without_their_code(how: dict[str, Any]) -> None:
    """Where code must not be sent, relations are told in the engine's words."""
    (model,) = told(QUERY, **how)["models"]
    assert model == {"model": "Order", "at": "orders/models.py:1", "relations": ["`customer` leads to one `Customer`"]}


def test_models_give_way_before_the_trace() -> None:
    """What has to be shorter loses lines around the trace, then models, then code; never the trace itself."""
    shown = [gathered(QUERY, tokens=tokens).cases for tokens in range(300, 800, 10)]
    parts = [frozenset({"models", "code", "steps"} & case[0].told.keys()) for case in shown if case]
    assert list(dict.fromkeys(parts)) == [{"steps"}, {"steps", "code"}, {"steps", "code", "models"}]


def in_loop(finding: Finding, number: int, line: int, **changes: Any) -> Finding:
    """The same finding elsewhere, in a loop at a line."""
    return msgspec.structs.replace(
        finding,
        fingerprint=f"{finding.fingerprint}{number}",
        trace=(Step(sample.place("orders/overview.py", line), "once per `order`", "loop"), *finding.trace),
        **changes,
    )


def shared(*findings: Finding) -> list[tuple[list[str], str]]:
    together = json.loads(gathered(*findings).payload)["together"]
    return [(each["findings"], each["share"]) for each in together.values()]


def test_what_findings_share() -> None:
    """A loop, an entry point, what is loaded; the same group is named once, and nothing else connects findings."""
    one, other = in_loop(QUERY, 1, 5, subject="Order.customer"), in_loop(QUERY, 2, 5, subject="Order.lines")
    elsewhere = in_loop(SERIALIZER, 3, 9, subject="Order.customer")
    assert shared(one, other, elsewhere) == [
        (["F1", "F2"], "the loop at orders/overview.py:5 and the entry point `GET /orders/`"),
        (["F1", "F3"], "`Order.customer`"),
    ]
    assert shared(one, in_loop(SERIALIZER, 3, 9)) == []
    assert shared(one) == []


def test_what_is_cut_is_counted_or_marked() -> None:
    """Entry points beyond a dozen are counted; a long title, description or line ends with a mark."""
    rows = [Consequence(f"GET /{n}", "route", sample.place("a.py", n), Cost(1), Cost(2)) for n in range(15)]
    shown = evidence.gather(
        (QUERY,), rows, {}, lambda path: ["x" * 300] * 9, tokens=9000, title="t" * 300, description="word " * 500
    )
    payload = json.loads(shown.payload)
    assert (len(payload["entry_points"]), payload["entry_points_left_out"]) == (12, 3)
    ends = [payload["pull_request"]["title"], payload["pull_request"]["description"]]
    ends += payload["findings"]["F1"]["code"]["orders/overview.py"]
    assert all(text.endswith("…") for text in ends)
    assert [len(text) for text in ends[:2]] == [200, 1500]


def test_a_rules_examples_are_not_told() -> None:
    """Its sentences are, without code in parentheses: a small model takes that for the code of the change."""
    rule = next(rule for rule in catalogue.load() if rule.id == "lazy-load-in-loop")
    shown = evidence.gather(
        (msgspec.structs.replace(QUERY, rule=rule.id),), (), {rule.id: rule}, lambda path: (), tokens=5000
    )
    happens = shown.cases[0].told["rule"]["what_happens"]
    assert "A loop reads a relation of each row that the query of these rows did not load." in happens
    assert "order.customer" not in happens

from __future__ import annotations

import pytest

from bot.errors import BaselineError
from bot.review import baseline
from bot.review.baseline import Accepted, Baseline
from tests.bot.report import sample


def test_round_trip() -> None:
    """What is written is read again; order and repetition of the findings make no difference."""
    findings = [sample.QUERY, sample.STANDING, sample.SERIALIZER]
    text = baseline.render(findings)
    read = baseline.parse(text, "b.json")
    assert set(read.accepted) == {Accepted(each.fingerprint, each.place.path, each.message) for each in findings}
    assert read.file == "b.json"
    assert baseline.render([*reversed(findings), sample.QUERY]) == text
    assert len(text.splitlines()) == 8


def test_empty() -> None:
    """A baseline of nothing accepts nothing."""
    assert baseline.parse(baseline.render([]), "b.json") == Baseline("b.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{\n]", "b.json:2: not JSON: "),
        ("[]", 'b.json:1: not a baseline: it has no "version": 1'),
        ('{"version": 2, "accepted": []}', 'b.json:1: not a baseline: it has no "version": 1'),
        ('{"version": 1}', 'b.json:1: "accepted" is not a list'),
        ('{"version": 1, "accepted": ["x"]}', "b.json:1: not a fingerprint"),
        ('{"version": 1, "accepted": [{"fingerprint": "cs0:a:1"}]}', "b.json:1: not a fingerprint"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    """A file that is no baseline is refused with its name."""
    with pytest.raises(BaselineError) as caught:
        baseline.parse(text, "b.json")
    assert str(caught.value).startswith(message)

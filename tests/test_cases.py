"""
Every finding must be announced and every announcement met, for each program of `tests/cases/`.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from analyzers import catalogue
from analyzers.engine import review, scan
from analyzers.findings import Confidence, Finding
from analyzers.index import Index
from analyzers.options import Options
from tests.cases.runner import Case, files, pages, read
from tests.trees import MemoryTree, change

CASES = [case for page in pages() for case in read(page)]


def findings(head: Mapping[str, str], base: Mapping[str, str] | None = None) -> tuple[Finding, ...]:
    """What a reader gets to see: introduced by the change, or standing when there is none."""
    with Index.open(None) as index:
        if base is None:
            outcome = scan(MemoryTree("head", head), index, lambda path: Options())
            found = outcome.standing
        else:
            outcome = review(change(base, head), index, lambda path: Options())
            found = outcome.introduced
    assert outcome.failures == ()
    return tuple(one for one in found if one.suppressed is None and one.confidence >= Confidence.LIKELY)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_findings_are_the_announced_ones(case: Case) -> None:
    found = findings(case.head, case.base)
    places = {(one.place.path, one.place.span.line, one.rule) for one in found}
    assert places == case.expected("finding", "todo-silent")
    for announcement in case.announcements:
        if announcement.words:
            where = (announcement.path, announcement.line, announcement.rule)
            messages = [one.message for one in found if (one.place.path, one.place.span.line, one.rule) == where]
            assert any(announcement.words in message for message in messages), messages


@pytest.mark.parametrize("rule", catalogue.load(), ids=lambda rule: rule.id)
def test_the_examples_of_the_catalogue_hold(rule: catalogue.Rule) -> None:
    """What a page calls wrong is reported, what it calls right is not."""
    assert {one.rule for one in findings(files(rule.section("Example")))} == {rule.id}
    assert findings(files(rule.section("Instead"))) == ()


@pytest.mark.parametrize("rule", catalogue.load(), ids=lambda rule: rule.id)
def test_every_rule_has_reported_silent_and_differential_cases(rule: catalogue.Rule) -> None:
    own = [case for case in CASES if rule.id in case.page]
    reported = [case for case in CASES if any(found.rule == rule.id for found in case.announcements)]
    assert reported
    assert any(case.base is not None for case in reported)
    assert any(not case.announcements for case in own)

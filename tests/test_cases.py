"""
Every finding must be announced and every announcement met, for each program of `tests/cases/`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest
from rich.console import Console

from analyzers import catalogue
from analyzers.engine import review, scan
from analyzers.findings import Confidence, Finding, Review
from analyzers.index import Index
from analyzers.options import Options
from bot.report import Report, lines_in, text
from bot.review.configuration import Configuration
from bot.review.outcome import judge
from tests.cases.runner import Announcement, Case, files, keep_snapshot, pages, read
from tests.trees import MemoryTree, change

CASES = [case for page in pages() for case in read(page)]


def looked_at(head: Mapping[str, str], base: Mapping[str, str] | None = None) -> Review:
    """The review of a change, or the scan of a program without one."""
    with Index.open(None) as index:
        if base is None:
            outcome = scan(MemoryTree("head", head), index, lambda path: Options())
        else:
            outcome = review(change(base, head), index, lambda path: Options())
    assert outcome.failures == ()
    return outcome


def findings(head: Mapping[str, str], base: Mapping[str, str] | None = None) -> tuple[Finding, ...]:
    """What a reader gets to see: introduced by the change, or standing when there is none."""
    outcome = looked_at(head, base)
    found = outcome.standing if base is None else outcome.introduced
    return tuple(one for one in found if one.suppressed is None and one.confidence >= Confidence.LIKELY)


def printed(case: Case) -> str:
    """What the terminal prints of a program, where it has no colours."""
    outcome = judge(looked_at(case.head, case.base), lambda path: Configuration(), is_scan=case.base is None)
    trees = (MemoryTree("head", case.head), None if case.base is None else MemoryTree("base", case.base))
    file = io.StringIO()
    report = Report(outcome, {rule.id: rule for rule in catalogue.load()}, lines_in(*trees))
    text.render(report, Console(file=file, width=100, highlight=False, markup=False, emoji=False))
    return file.getvalue()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_findings_are_the_announced_ones(case: Case) -> None:
    found = findings(case.head, case.base)
    places = {(one.place.path, one.place.span.line, one.rule) for one in found}
    assert places == case.expected("finding", "todo-silent")
    for announcement in case.announcements:
        if announcement.kind == "finding":
            assert any(is_met(announcement, one) for one in found), (announcement, found)


def is_met(announcement: Announcement, finding: Finding) -> bool:
    """Whether a finding is what was announced, in all that the announcement says."""
    where = (finding.place.path, finding.place.span.line, finding.rule)
    return (
        where == (announcement.path, announcement.line, announcement.rule)
        and announcement.severity in ("", finding.severity.name.lower())
        and announcement.confidence in ("", finding.confidence.name.lower())
        and announcement.words in finding.message
    )


@pytest.mark.parametrize("case", [case for case in CASES if case.snapshot is not None], ids=lambda case: case.id)
def test_snapshot(case: Case, update: bool) -> None:
    """The terminal prints what the page shows."""
    shown = printed(case)
    if update:
        keep_snapshot(case, shown)
    else:
        assert shown == case.snapshot


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
    assert any(case.snapshot is not None for case in reported)

"""What pushes do to drafts."""

from __future__ import annotations

from analyzers.findings import Confidence, Finding, Severity
from analyzers.span import Place, Span
from bot.review.drafts import Draft, Mode
from bot.review.reconcile import NewDraft, Reconciled, reconcile


def finding(fingerprint: str, line: int = 1) -> Finding:
    return Finding(
        "query-in-loop", "nplusone", "`a` runs once per row", "", Severity.HIGH, Confidence.CERTAIN,
        Place("a.py", Span(line, 0, line, 5)), (), fingerprint,
    )  # fmt: skip


def draft(number: int, fingerprint: str, state: str = "waiting") -> Draft:
    return Draft(number, 1, number, fingerprint, finding(fingerprint), "c0ffee", state)  # type: ignore[arg-type]


def run(
    drafts: list[Draft], findings: list[Finding], *, dismissed: set[str] = frozenset(), mode: Mode = "sign-first",
    analysed: bool = True,
) -> Reconciled:  # fmt: skip
    return reconcile(
        drafts,
        findings,
        dismissed=dismissed.__contains__,
        mode=lambda finding: mode,
        was_analysed=lambda finding: analysed,
    )


def test_findings_get_numbers_after_those_that_were_given() -> None:
    known = draft(4, "a", "gone")
    result = run([known], [finding("b"), finding("c")])
    assert [(new.number, new.finding.fingerprint, new.state) for new in result.made] == [
        (5, "b", "waiting"),
        (6, "c", "waiting"),
    ]


def test_a_finding_that_moved_keeps_its_draft_and_what_was_said_of_it() -> None:
    for state in ("waiting", "signed", "dismissed"):
        known, moved = draft(1, "a", state), finding("a", 9)
        assert run([known], [moved]) == Reconciled(stands=((known, moved),))


def test_what_was_dismissed_elsewhere_is_dismissed_here() -> None:
    one = finding("a")
    assert run([], [one], dismissed={"a"}).made == (NewDraft(1, one, "dismissed", "sign-first"),)


def test_what_is_gone_is_gone_only_where_that_is_proven() -> None:
    known = draft(1, "a", "signed")
    assert run([known], []) == Reconciled(gone=(known,))
    assert run([known], [], analysed=False) == Reconciled(unproven=(known,))
    assert run([draft(1, "a", "gone")], []) == Reconciled()


def test_what_returns_is_the_same_draft() -> None:
    known, again = draft(1, "a", "gone"), finding("a")
    assert run([known], [again]) == Reconciled(returned=((known, again),))


def test_what_is_switched_off_is_not_told() -> None:
    assert run([], [finding("a")], mode="off") == Reconciled()


def test_one_fingerprint_is_one_draft() -> None:
    assert len(run([], [finding("a"), finding("a", 3)]).made) == 1

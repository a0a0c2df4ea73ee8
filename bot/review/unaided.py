"""
The risk summary as the analysis itself can write it, without any language model.

It says what a person would want to know first: which entry points get slower and by how much as the data grows, where
to look first and why there, and what only the author can answer. What is shown beside it (places, costs before and
after) it does not repeat.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from analyzers.findings import Category, Consequence, Cost, Finding
from bot.review.explain import RiskSummary, Told
from bot.review.wording import plural

MOST_TOLD = 5
"""Findings that are told one by one; the summary stays on one screen."""
_MOST_NAMED = 3
"""Entry points that one sentence names."""
_MOST_GROUPS = 2
"""Sentences on what grows."""
_ROWS = (10, 100, 10_000)
"""Rows that the growth is told for: of a test, of a page, of a table in production."""
_INNER_ROWS = 10
"""Rows of an inner loop for each of the outer one."""
_ROUND_TRIP = 0.001
"""Seconds: a database in the same data centre."""
_IN_REQUEST = frozenset({"route", "resolver", "admin"})
"""Kinds of entry points for whose end somebody waits."""

_QUESTIONS: Mapping[Category, str] = {
    "nplusone": "How many rows can this go through at once in production?",
    "transactions": "May one of these be seen, or fail, without the other?",
    "sql": "How many rows has the table in production, and who else writes to it while this runs?",
    "auth": "Who is meant to reach this?",
    "resilience": "What is meant to happen when the other side is slow, or down?",
}
"""What only the author can know, by category."""


def summary(findings: Sequence[Finding], consequences: Sequence[Consequence], note: str = "") -> RiskSummary:
    """
    The summary of some findings.

    Args:
        findings: Worst first.
        consequences: Of the entry points that the change reaches.
        note: Why there are no words of a model.
    """
    if not findings:
        return RiskSummary(note=note)
    rows = {row.entry: row for row in consequences}
    asked: set[str] = set()
    told = []
    for finding in findings[:MOST_TOLD]:
        question = _question(finding, rows.get(finding.entry))
        advice = [finding.advice, "A verified fix is at hand" if finding.fix is not None else ""]
        told.append(
            Told(
                finding.fingerprint,
                _sentences(finding.message),
                _sentences(*advice),
                "" if question in asked else question,
            )
        )
        asked.add(question)
    return RiskSummary(
        lead=" ".join((*_load(consequences), *_first(findings, rows))),
        told=tuple(told),
        left_out=len(findings[MOST_TOLD:]),
        note=note,
    )


# --- what grows -------------------------------------------------------------------------------------------------------


class _Growth(msgspec.Struct, frozen=True):
    """What is done once per row more than before."""

    terms: tuple[tuple[str, int], ...]
    """What is looped over, and the queries for each."""
    in_request: bool
    """Whether somebody waits for it."""
    is_new: bool

    @property
    def rank(self) -> tuple[bool, int, tuple[tuple[str, int], ...]]:
        """The worst first: what somebody waits for, then what makes most round trips."""
        return not self.in_request, -self.trips(100), self.terms

    def trips(self, rows: int) -> int:
        """Round trips at so many rows of each outermost loop."""
        return sum(count * rows * _INNER_ROWS ** name.count(" × ") for name, count in self.terms)


def _load(consequences: Iterable[Consequence]) -> list[str]:
    """What grows with the data now, the worst first: a sentence for those that grow alike, then what it comes to."""
    groups: dict[_Growth, list[str]] = {}
    for row in consequences:
        terms = _grown(row)
        if terms:
            growth = _Growth(terms, row.kind in _IN_REQUEST, row.before is None)
            groups.setdefault(growth, []).append(f"`{row.entry}`")
    groups = {growth: list(dict.fromkeys(entries)) for growth, entries in groups.items()}
    ranked = sorted(groups, key=lambda growth: growth.rank)
    said = [_grows(growth, groups[growth]) for growth in ranked[:_MOST_GROUPS]]
    said[1:1] = [_comes_to(growth) for growth in ranked[:1]]
    left_out = sum(len(groups[growth]) for growth in ranked[_MOST_GROUPS:])
    if left_out:
        said.append(f"{plural(left_out, 'more entry point grows', 'more entry points grow')} with the data.")
    return said


def _grown(row: Consequence) -> tuple[tuple[str, int], ...]:
    """What an entry point loops over, with the queries for each that the change adds."""
    before = dict((row.before or Cost()).per_row)
    after = (row.after or Cost()).per_row
    return tuple((over, count - before.get(over, 0)) for over, count in after if count > before.get(over, 0))


def _grows(growth: _Growth, entries: Sequence[str]) -> str:
    more = "" if growth.is_new else "more "
    (over, count), *rest = growth.terms
    terms = [f"{plural(count, f'{more}query', f'{more}queries')} per `{over}`"]
    terms += (f"{count} per `{over}`" for over, count in rest)
    is_one = len(entries) == 1
    verb = "runs" if is_one else "run"
    is_new = ("is new and " if is_one else "are new and ") if growth.is_new else "now "
    return f"{_listed(entries)} {is_new}{verb} {_listed(terms)}."


def _comes_to(growth: _Growth) -> str:
    """What so many rows come to, and how long that waits for the database alone."""
    last = _ROWS[-1]
    waits = f"at {_ROUND_TRIP * 1000:.0f} ms each, {last:,} rows wait {_time(growth.trips(last))}"
    more = "" if growth.is_new else " more"
    if growth.trips(last) == last:
        return f"Each row is one{more} round trip: {waits}."
    nested = any(" × " in over for over, _ in growth.terms)
    inner = f", with {_INNER_ROWS} in each inner loop," if nested else ""
    rows, trips = (_listed([f"{number:,}" for number in of]) for of in (_ROWS, map(growth.trips, _ROWS)))
    return f"With {rows} rows{inner} that is {trips}{more} round trips; {waits}."


def _time(trips: int) -> str:
    seconds = trips * _ROUND_TRIP
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


# --- where to look first, what to ask ---------------------------------------------------------------------------------


def _first(findings: Sequence[Finding], rows: Mapping[str, Consequence]) -> list[str]:
    """Which of several findings to look at first, where there is a reason."""
    worst = [finding for finding in findings if finding.severity is findings[0].severity]
    reasons = (
        (worst if len(worst) == 1 else [], f"it alone is of {worst[0].severity.name.lower()} severity"),
        ([f for f in worst if _depth(f) > 1], "it runs for every row of every row"),
        ([f for f in worst if f.entry in rows and rows[f.entry].kind in _IN_REQUEST], "a request waits for it"),
        ([f for f in worst if f.fix is not None], "its fix is verified and one click away"),
    )
    if len(findings) == 1:
        return []
    for chosen, why in reasons:
        if chosen and (len(chosen) < len(worst) or len(worst) == 1):
            place = chosen[0].place
            return [f"Of the {len(findings)} findings, look first at `{place.path}:{place.span.line}`: {why}."]
    return []


def _depth(finding: Finding) -> int:
    """Loops around what is found."""
    return sum(step.role == "loop" for step in finding.trace)


def _sentences(*said: str) -> str:
    return " ".join(f"{sentence.rstrip('.')}." for sentence in said if sentence)


def _question(finding: Finding, row: Consequence | None) -> str:
    """What only the author can know; about rows by the model whose rows they are, where that is known."""
    if finding.category != "nplusone":
        return _QUESTIONS[finding.category]
    owner, _, relation = finding.subject.partition(".")
    grown = _grown(row) if row is not None else ()
    if relation.isidentifier() and _depth(finding) == 1:
        what = f"`{owner}` rows"
    elif grown:
        what = f"`{grown[0][0]}` rows"
    else:
        what = "rows"
    where = f"`{finding.entry}`" if finding.entry else "this"
    return f"How many {what} can {where} go through at once in production?"


def _listed(items: Sequence[str]) -> str:
    shown = [*items[:_MOST_NAMED]]
    if len(items) > _MOST_NAMED:
        shown.append(f"{len(items) - _MOST_NAMED} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"

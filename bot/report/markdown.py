"""
A review exactly as it would be posted on a pull request: the summary comment and each inline comment.

Comments are template files; this module only says what goes into them. What comes from the reviewed code is escaped, so
that it can neither mention people nor bring HTML, links or images of its own.
"""

from __future__ import annotations

import functools
import re
import urllib.parse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from analyzers.findings import Cost, Edit, Finding, Step
from bot.report import Report
from bot.report.risk import footer, rows
from bot.review.explain import RiskSummary
from bot.review.wording import diff, lines_of_text, named, pieces, plural, visible, where

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_WORDS = 120
"""Words of an inline comment, without the code that it suggests."""
_MOST_ROWS = 10
"""Rows of each list of the summary: it stays on one screen."""


def render(report: Report) -> str:
    """The summary and the inline comments, each under a line that says where it would be posted."""
    parts = [_posted_as("Summary comment", summary(report))]
    parts += [
        _posted_as(f"Comment on {where(finding.place)}", inline(report, finding)) for finding in report.outcome.inline
    ]
    return "\n".join(parts)


def summary(report: Report) -> str:
    """The comment that stands once on the pull request and is edited in place."""
    outcome = report.outcome
    consequences = report.changed_consequences
    listed = outcome.overflow
    return filled(
        "summary.md.j2",
        risk=risk(report.risk, outcome.posted),
        posted=outcome.posted,
        is_complete=report.is_complete,
        inline_count=len(outcome.inline),
        consequences=consequences[:_MOST_ROWS],
        more_consequences=len(consequences[_MOST_ROWS:]),
        listed=listed[:_MOST_ROWS],
        more_listed=len(listed[_MOST_ROWS:]),
        fixed=outcome.fixed[:_MOST_ROWS],
        more_fixed=len(outcome.fixed[_MOST_ROWS:]),
        remarks=outcome.review.remarks[:_MOST_ROWS],
        more_remarks=len(outcome.review.remarks[_MOST_ROWS:]),
        failures=outcome.review.failures,
        gaps=report.gaps[:_MOST_ROWS],
        more_gaps=len(report.gaps[_MOST_ROWS:]),
        coverage=_coverage(report),
    )


def risk(summary: RiskSummary | None, findings: Iterable[Finding]) -> str:
    """
    A risk summary; empty where there is nothing to say.

    Args:
        summary: What is said.
        findings: Those that it may speak of.
    """
    if summary is None or not summary.told:
        return ""
    shown = rows(summary, findings)
    return filled("risk.md.j2", risk=summary, rows=shown, footer=footer(summary)).strip()


def inline(report: Report, finding: Finding) -> str:
    """
    The comment of one finding, of at most `MOST_WORDS` words.

    The trace gives way first, from its middle: where it starts and what it ends in are the last to go.
    """
    text = ""
    for steps, hidden in _shorter_and_shorter(finding.trace):
        text = filled(
            "inline.md.j2",
            finding=finding,
            title=report.title(finding),
            steps=steps,
            hidden_steps=hidden,
            suggestion=_suggestion(report, finding),
        )
        if words(text) <= MOST_WORDS:
            break
    return text


def words(comment: str) -> int:
    """Words that a reader sees, without suggested code."""
    without_code = re.sub(r"^(`{3,}).*?^\1$", "", comment, flags=re.DOTALL | re.MULTILINE)
    return len(re.sub(r"<!--.*?-->|</?\w+>", " ", without_code).split())


def _posted_as(place: str, comment: str) -> str:
    rule = "─" * max(3, 100 - len(place))
    return f"── {place} {rule}\n\n{comment}"


def _shorter_and_shorter(trace: tuple[Step, ...]) -> list[tuple[tuple[Step, ...], int]]:
    """The trace, then with one step less each time, with how many are left out."""
    cut = [(trace, 0)]
    steps = trace
    while steps:
        middle = len(steps) // 2
        steps = steps[:middle] + steps[middle + 1 :]
        cut.append((steps, len(trace) - len(steps)))
    return cut


def _suggestion(report: Report, finding: Finding) -> str | None:
    """
    The verified fix as GitHub shows it: one click where it stays within the commented lines, else a diff to read.

    What can't be shown as it is can't be suggested either: it would be committed as it is shown.

    https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/incorporating-feedback-in-your-pull-request
    """
    if finding.fix is None:
        return None
    edits = finding.fix.edits
    path, span = finding.place.path, finding.place.span
    if all(edit.path == path and span.line <= edit.first and edit.last <= span.end_line for edit in edits):
        lines = report.lines_of(path, finding.state)[: span.end_line]
        for edit in reversed(edits):
            lines = [*lines[: edit.first - 1], *lines_of_text(edit.replacement), *lines[edit.last :]]
        text = "".join(f"{line}\n" for line in lines[span.line - 1 :])
        if visible(text) == text:
            return _fenced("suggestion", text)
    return _fenced("diff", "".join(_diff(report, finding, edit) for edit in edits))


def _diff(report: Report, finding: Finding, edit: Edit) -> str:
    rows = diff(edit, report.lines_of(edit.path, finding.state))
    return "\n".join((f"# {named(edit.path)}:{edit.first}", *(f"{mark}{line}" for mark, line in rows))) + "\n"


def _fenced(kind: str, text: str) -> str:
    """A fenced block whose fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{kind}\n{visible(text)}{'' if text.endswith(chr(10)) or not text else chr(10)}{fence}"


def _coverage(report: Report) -> str:
    """What was looked at, and what is only counted."""
    outcome = report.outcome
    review = outcome.review
    changed = "" if outcome.is_scan else f"{plural(review.changed_files, 'changed file')}; "
    counts = [
        (len(outcome.standing), "there before"),
        (len(outcome.uncertain), "too uncertain to report"),
        (len(outcome.suppressed), "suppressed"),
    ]
    tail = "".join(f"; {count} {name}" for count, name in counts if count)
    left_out = f"; left out: {report.left_out}" if report.left_out else ""
    return f"{changed}{plural(review.analysed_files, 'file')} analysed{left_out}{tail}."


@functools.cache
def _environment() -> Environment:
    import jinja2  # only for this surface

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bot.report"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "prose": prose,
        "code": _code,
        "cell": lambda text: re.sub(r"(?<!\\)\|", r"\\|", text),
        "cost": _cost,
        "where": lambda place: _code(where(place)),
        "plural": plural,
        "coverage": _coverage,
        "link": _link,
    }
    return environment


def _link(finding: Finding, base: str) -> str:
    """A link to a finding's line in its file at the head."""
    path = urllib.parse.quote(finding.place.path)
    return f"[{_code(where(finding.place))}]({base}{path}#L{finding.place.span.line})"


def filled(template: str, **values: object) -> str:
    """A template's text for these values; one that is missing raises."""
    return str(_environment().get_template(template).render(values))


def prose(message: str) -> str:
    """
    A message as Markdown: code stays code, and everything else is only text.

        "`a` <b> @c"  →  "`a` &lt;b&gt; @\u2060c"
    """
    return "".join(_code(piece) if is_code else _escaped(piece) for piece, is_code in pieces(visible(message)))


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")
    text = re.sub(r"([\\`*_\[\]!#|~])", r"\\\1", text)
    # A word joiner, which nobody sees, keeps an @ from being a mention.
    return text.replace("@", "@\N{WORD JOINER}")


def _code(text: str) -> str:
    """Inline code; a backtick inside makes its fence longer."""
    text = visible(text).replace("\n", " ")
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _cost(cost: Cost | None, other: Cost | None, absent: str) -> str:
    return absent if cost is None else _escaped(visible(cost.beside(other)))

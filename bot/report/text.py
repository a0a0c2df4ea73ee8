"""
A review for a terminal: each finding with its lines, its trace drawn as a path, and the consequences as a table.

On a terminal it has colours and is wrapped; elsewhere it is plain text, and each message is one line for `grep`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from analyzers.findings import Consequence, Cost, Finding, Severity, Step
from bot.report import Report
from bot.report.risk import footer as risk_footer
from bot.report.risk import rows as risk_rows
from bot.review.wording import diff, named, pieces, plural, visible, where

_COLOURS = {
    Severity.INFO: "bright_black",
    Severity.LOW: "blue",
    Severity.MEDIUM: "yellow",
    Severity.HIGH: "red",
    Severity.CRITICAL: "bold red",
}
_CONTEXT = 2
"""Lines shown before and after the ones a finding is about."""
_LONGEST_SNIPPET = 8
"""Lines of a span that are shown; of a longer one only the first."""
_CODE = "cyan"
_FAINT = "bright_black"
_EDITED = {" ": _FAINT, "-": "red", "+": "green"}


def render(report: Report, console: Console) -> None:
    """Print the review to the console."""
    _Printer(report, console).print()


class _Printer:
    """One report on its way to one console."""

    def __init__(self, report: Report, console: Console) -> None:
        self._report = report
        self._console = console
        self._wraps = console.is_terminal

    def print(self) -> None:
        outcome = self._report.outcome
        self._header()
        self._risk()
        for finding in outcome.posted:
            self._finding(finding)
        self._consequences()
        self._briefly("fixed by this change", outcome.fixed, "green")
        if self._report.everything:
            self._briefly("there before", outcome.standing, _FAINT)
            self._briefly("below the confidence that is reported", outcome.uncertain, _FAINT)
        self._briefly("suppressed", outcome.suppressed, _FAINT)
        self._remarks()
        self._not_analysed()
        self._footer()

    def _line(self, text: Text | str = "", indent: int = 0) -> None:
        """Print one line; a terminal wraps it at its indentation."""
        content = Text(text) if isinstance(text, str) else text
        if not content:
            self._console.print()
        elif self._wraps:
            self._console.print(Padding(content, (0, 0, 0, indent), expand=False))
        else:
            self._console.print(Text(" " * indent) + content, soft_wrap=True)

    def _code_line(self, text: Text) -> None:
        """Print one line of code; a terminal cuts it at its edge."""
        if self._wraps:
            self._console.print(text, no_wrap=True, overflow="ellipsis")
        else:
            text.rstrip()
            self._console.print(text, soft_wrap=True)

    def _header(self) -> None:
        review = self._report.outcome.review
        compared = _short(review.head)
        if not self._report.outcome.is_scan:
            compared = f"{_short(review.base)} → {compared}"
        self._line(Text.assemble(("Countersign", "bold"), (f"  {compared}", _FAINT)))
        self._line()

    def _risk(self) -> None:
        """The risk summary: the whole, then finding by finding."""
        risk = self._report.risk
        if risk is None or not risk.told:
            return
        self._line(Text("what it means", style="bold"))
        self._line(_prose(risk.lead, self._console), indent=2)
        for told, finding in risk_rows(risk, self._report.outcome.posted):
            severity = Text(f"{finding.severity.name.lower()} ", _COLOURS[finding.severity])
            self._line(
                Text.assemble(severity, f"{where(finding.place)}  ", _prose(told.words, self._console)), indent=2
            )
            if told.question:
                self._line(Text.assemble(("? ", "bold"), _prose(told.question, self._console)), indent=4)
        if risk.left_out:
            self._line(Text(f"…and {plural(risk.left_out, 'more finding')}", style=_FAINT), indent=2)
        if footer := risk_footer(risk):
            self._line(Text(visible(footer), style=_FAINT), indent=2)
        self._line()

    def _finding(self, finding: Finding) -> None:
        colour = _COLOURS[finding.severity]
        severity, confidence = finding.severity.name.lower(), finding.confidence.name.lower()
        self._line(Text.assemble((f"● {severity}", colour), (f"  {finding.rule}", "bold"), (f"  {confidence}", _FAINT)))
        self._line(_prose(finding.message, self._console), indent=2)
        if finding.allowed is not None:
            reason = _prose(finding.allowed, self._console)
            self._line(Text.assemble(("the change itself allows it  ", "yellow"), reason), indent=2)
        self._line()
        self._snippet(finding, colour)
        self._trace(finding.trace)
        if finding.advice:
            self._line(Text.assemble(("instead  ", "bold green"), _prose(finding.advice, self._console)), indent=2)
            self._line()
        self._fix(finding)
        self._line(Text(finding.fingerprint, style=_FAINT), indent=2)
        self._line()

    def _snippet(self, finding: Finding, colour: str) -> None:
        """The lines of the finding with a few around them; its span is underlined when it is on one line."""
        span = finding.place.span
        lines = self._report.lines_of(finding.place.path, finding.state)
        self._line(Text(where(finding.place), style="underline" if self._wraps else ""), indent=2)
        last_shown = min(span.end_line, span.line + _LONGEST_SNIPPET - 1)
        first, last = max(1, span.line - _CONTEXT), min(len(lines), last_shown + _CONTEXT)
        width = len(str(last))
        for number in range(first, last + 1):
            text = visible(lines[number - 1]).expandtabs(4)
            marked = span.line <= number <= last_shown
            margin = (f"  {'▸' if marked else ' '} ", colour), (f"{number:>{width}} │ ", _FAINT)
            self._code_line(Text.assemble(*margin, self._highlighted(text, finding.place.path)))
            if marked and span.line == span.end_line:
                # A tab is one column of the span and up to four of what is shown.
                before = len(visible(lines[number - 1][: span.column]).expandtabs(4))
                under = len(visible(lines[number - 1][: span.end_column]).expandtabs(4)) - before
                margin = ("    ", colour), (f"{'':>{width}} │ ", _FAINT)
                self._code_line(Text.assemble(*margin, (" " * before + "^" * max(1, under), colour)))
        self._line()

    def _highlighted(self, text: str, path: str) -> Text:
        """One line of code, in colours where the console has them."""
        if not self._wraps or self._console.no_color or self._console.color_system is None:
            return Text(text)
        from rich.syntax import Syntax  # Pygments, for terminals only

        lexer = Syntax.guess_lexer(path, code=text)
        highlighted = Syntax("", lexer, theme="ansi_dark").highlight(text)
        highlighted.rstrip()
        return highlighted

    def _trace(self, trace: tuple[Step, ...]) -> None:
        """
        The steps as a path from the entry point down to the query:

            ╭─ shop/views.py:9       `GET /orders/` calls `with_customers`
            ├─ shop/overview.py:5    once per `order`
            ╰▸ shop/services.py:12   queries `customer`
        """
        if not trace:
            return
        self._line(Text("how it gets there", style="bold"), indent=2)
        width = max(len(where(step.place)) for step in trace)
        for number, step in enumerate(trace):
            is_last = number == len(trace) - 1
            bend = "╰▸ " if is_last else "╭─ " if number == 0 else "├─ "
            at = f"{where(step.place):<{width}}  "
            self._line(Text.assemble(("  " + bend, _FAINT), at, _prose(step.message, self._console)), indent=2)
        self._line()

    def _fix(self, finding: Finding) -> None:
        """What the verified fix changes, as removed and added lines."""
        if finding.fix is None:
            return
        description = _prose(finding.fix.description, self._console)
        self._line(Text.assemble(("verified fix  ", "bold green"), description), indent=2)
        for edit in finding.fix.edits:
            if edit.path != finding.place.path or len(finding.fix.edits) > 1:
                self._line(Text(named(f"{edit.path}:{edit.first}"), style=_FAINT), indent=4)
            lines = self._report.lines_of(edit.path, finding.state)
            for mark, text in diff(edit, lines):
                self._code_line(Text(f"    {mark} {visible(text)}", style=_EDITED[mark]))
        self._line()

    def _consequences(self) -> None:
        rows = self._report.changed_consequences
        if not rows:
            return
        self._line(Text("what the change does", style="bold"))
        cells = [
            ("entry point", "queries before", "after"),
            *(
                (visible(row.entry), _cost(row.before, row.after, "new"), _cost(row.after, row.before, "gone"))
                for row in rows
            ),
        ]
        widths = [max(len(row[column]) for row in cells) for column in (0, 1)]
        styles = [_FAINT, *("red" if _is_worse(row) else "green" for row in rows)]
        for (entry, before, after), style in zip(cells, styles, strict=True):
            unchanging = f"{entry:<{widths[0]}}   {before:<{widths[1]}}   "
            self._line(Text.assemble((unchanging, _FAINT if style is _FAINT else ""), (after, style)), indent=2)
        unchanged = len(self._report.outcome.review.consequences) - len(rows)
        if unchanged:
            reached = plural(unchanged, "other entry point is", "other entry points are")
            self._line(Text(f"{reached} reached at the same cost as before", style=_FAINT), indent=2)
        self._line()

    def _briefly(self, title: str, findings: tuple[Finding, ...], colour: str) -> None:
        """One line for each finding, under a title."""
        if not findings:
            return
        self._line(Text(title, style="bold"))
        for finding in findings:
            row = Text.assemble(
                ("✔ " if finding.state == "fixed" else "· ", colour),
                f"{finding.rule}  {where(finding.place)}  ",
                _prose(finding.message, self._console),
            )
            if finding.suppressed is not None:
                row.append(f"  ({visible(finding.suppressed)})", _FAINT)
            self._line(row, indent=2)
        self._line()

    def _remarks(self) -> None:
        """What there is to say of the suppressions in the code."""
        remarks = self._report.outcome.review.remarks
        if not remarks:
            return
        self._line(Text("suppressions in the code", style="bold"))
        for remark in remarks:
            row = Text.assemble(("· ", "yellow"), f"{where(remark.place)}  ", _prose(remark.message, self._console))
            self._line(row, indent=2)
        self._line()

    def _not_analysed(self) -> None:
        failures, gaps = self._report.outcome.review.failures, self._report.gaps
        if not failures and not gaps:
            return
        self._line(Text("not analysed", style="bold red" if failures else "bold"))
        for failure in failures:
            self._line(Text(f"! {visible(failure)}", style="red"), indent=2)
        for item in gaps:
            self._line(Text.assemble(f"· {named(item.path)}  ", (visible(item.reason), _FAINT)), indent=2)
        self._line()

    def _footer(self) -> None:
        outcome = self._report.outcome
        review = outcome.review
        verdict = Text()
        if outcome.posted:
            verdict.append(plural(len(outcome.posted), "finding"), "bold red" if outcome.failing else "bold yellow")
            verdict.append(f" ({', '.join(_by_severity(outcome.posted))})")
        elif self._report.is_complete:
            verdict.append("Nothing to report.", "bold green")
        else:
            verdict.append("Nothing found in what was analysed.", "bold yellow")
        counts = [
            (len(outcome.fixed), "fixed"),
            (len(outcome.standing), "there before"),
            (len(outcome.uncertain), "uncertain"),
            (len(outcome.suppressed), "suppressed"),
        ]
        tail = "".join(f" · {count} {name}" for count, name in counts if count)
        left_out = f" · left out: {self._report.left_out}" if self._report.left_out else ""
        changed = "" if outcome.is_scan else f"{plural(review.changed_files, 'changed file')}, "
        self._line(
            verdict.append(f"{tail} · {changed}{plural(review.analysed_files, 'file')} analysed{left_out}", _FAINT)
        )


def _prose(message: str, console: Console) -> Text:
    """A message with its code coloured; where there are no colours the backticks stay."""
    coloured = console.is_terminal and not console.no_color and console.color_system is not None
    text = Text()
    for piece, is_code in pieces(visible(message)):
        if is_code:
            text.append(piece if coloured else f"`{piece}`", _CODE)
        else:
            text.append(piece)
    return text


def _short(name: str) -> str:
    """A commit id by its first ten digits; any other name as it is."""
    is_id = len(name) in (40, 64) and all(digit in "0123456789abcdef" for digit in name)
    return name[:10] if is_id else visible(name)


def _cost(cost: Cost | None, other: Cost | None, absent: str) -> str:
    return absent if cost is None else visible(cost.beside(other))


def _is_worse(row: Consequence) -> bool:
    """Whether an entry point runs more queries per row than before, or as many per row and more in all."""
    if row.before is None or row.after is None:
        return row.after is not None and bool(row.after.per_row)
    return _weight(row.after) > _weight(row.before)


def _weight(cost: Cost) -> tuple[int, int]:
    return sum(count for _, count in cost.per_row), cost.queries


def _by_severity(findings: tuple[Finding, ...]) -> Iterator[str]:
    for severity in sorted(Severity, reverse=True):
        if count := sum(finding.severity is severity for finding in findings):
            yield f"{count} {severity.name.lower()}"

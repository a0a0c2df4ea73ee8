"""
What a change makes of findings: which are introduced, fixed or standing, on which changed line each is told, and which
are told as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from analyzers.change import ChangedFile
from analyzers.findings import Finding
from analyzers.span import Place, Span

Lines: TypeAlias = Mapping[str, Sequence[tuple[int, int]]]
"""Ranges of changed lines by path."""
NAMED = 3
"""Of what one line causes besides the worst, how many are named."""
KINDS = MappingProxyType({"write-in-loop": "writes", "send-in-loop": "messages"})
"""What is done once per row, by the rule that sees it; all others see queries."""


def compare(
    before: Mapping[str, Finding], after: Mapping[str, Finding], lines: Lines, partial: set[str]
) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """
    Tell introduced, fixed and standing apart.

    What disappears in one place and appears in another with the same evidence was moved: it stands, wherever the entry
    points that had it show it now, and for as many others as it disappears from. So does what the change only calls,
    and what it touches nowhere where the base was looked at only in part.
    """
    new = [after[key] for key in sorted(after.keys() - before.keys())]
    gone = [before[key] for key in sorted(before.keys() - after.keys())]
    standing = [after[key] for key in sorted(after.keys() & before.keys())]
    for evidence in (_told, _subject, _model):
        moved: dict[tuple[str, str], list[Finding]] = {}
        for finding in gone:
            moved.setdefault(evidence(finding), []).append(finding)
        had = {(*evidence(finding), finding.entry) for finding in gone}
        kept: list[Finding] = []
        for finding in sorted(new, key=lambda finding: (*evidence(finding), finding.entry) not in had):
            same = moved.get(evidence(finding))
            stands = bool(same) or (*evidence(finding), finding.entry) in had
            if same:
                same.pop()
            (standing if stands else kept).append(finding)
        new, gone = kept, [finding for findings in moved.values() for finding in findings]
    called = [
        finding
        for finding in new
        if _is_only_called(finding, lines)
        or (finding.entry in partial and not any(_touched(step.place, lines) for step in finding.trace))
    ]
    return [finding for finding in new if finding not in called], gone, standing + called


def changed_lines(files: Iterable[ChangedFile]) -> dict[str, list[tuple[int, int]]]:
    """Changed lines of the head by path; where lines were only deleted, the lines around them."""
    lines: dict[str, list[tuple[int, int]]] = {}
    for file in files:
        for hunk in file.hunks:
            last = hunk.new_start + max(hunk.new_count, 1) - 1
            lines.setdefault(file.path, []).append((hunk.new_start, last if hunk.new_count else last + 1))
    return lines


def placed(finding: Finding, lines: Lines, around: Callable[[Place], Sequence[Span]]) -> Finding:
    """
    The finding on the changed line that caused it: where it queries, else where the rows come from, else on the way.

    Where no step is on a changed line, one was taken out beside it, such as an eager load: the nearest changed line in
    the function or class of a step, that of the rows first.

    Args:
        finding: One that the change introduces.
        lines: What the change touches.
        around: The functions and classes that hold a place, innermost first.
    """
    *way, leaf = finding.trace
    source = [step for step in way[:1] if step.role == "rows"]
    others = list(reversed(way[len(source) :]))
    for step in (leaf, *source, *others):
        for first, last in lines.get(step.place.path, ()):
            if step.place.span.touches(first, last):
                start = max(step.place.span.line, first)
                if start == step.place.span.line:
                    return msgspec.structs.replace(finding, place=step.place)
                span = Span(start, 0, max(start, min(step.place.span.end_line, last)), 0)
                return msgspec.structs.replace(finding, place=Place(step.place.path, span))
    near = [
        (step.place, depth, span) for step in (*source, leaf, *others) for depth, span in enumerate(around(step.place))
    ]
    for place, _, span in sorted(near, key=lambda one: one[1]):
        changed = [line for part in lines.get(place.path, ()) for line in part if span.touches(line, line)]
        if changed:
            line = min(changed, key=lambda line: abs(line - place.span.line))
            return msgspec.structs.replace(finding, place=Place(place.path, Span(line, 0, line, 0)))
    return finding


def deduplicated(findings: list[Finding], lines: Lines = MappingProxyType({})) -> list[Finding]:
    """
    One finding for each place that queries and each changed line that causes it.

    Of those that reach it from several entry points the surest is kept, of these the one with the shortest trace.
    """
    best: dict[tuple[str, Place, Place | None], Finding] = {}
    for finding in sorted(findings, key=lambda f: (-f.confidence, -f.severity, len(f.trace), f.fingerprint)):
        cause = finding.place if _touched(finding.place, lines) else None
        best.setdefault((finding.rule, finding.trace[-1].place, cause), finding)
    caused = {(rule, leaf) for rule, leaf, cause in best if cause is not None}
    return [f for (rule, leaf, cause), f in best.items() if cause is not None or (rule, leaf) not in caused]


def gathered(findings: Sequence[Finding], lines: Lines) -> list[Finding]:
    """
    One finding for each changed line that causes several elsewhere, or for the changed loop around it: a reader has to
    decide on that line.

    What is done too often on the line itself is told by itself. The worst speaks for the rest and names some of them.
    """
    groups: dict[tuple[str, str, int, str | None], list[Finding]] = {}
    for finding in findings:
        loops = [step.place for step in finding.trace if step.role == "loop" and _touched(step.place, lines)]
        leaf = finding.trace[-1].place
        by_itself = finding.place == leaf or not _touched(finding.place, lines)
        cause = leaf if by_itself else loops[-1] if loops else finding.place
        rule = finding.rule if by_itself else ""
        groups.setdefault((rule, cause.path, cause.span.line, finding.suppressed), []).append(finding)
    return [_speaking_for(group, lines) for group in groups.values()]


def _told(finding: Finding) -> tuple[str, str]:
    """What stays the same when code moves."""
    return finding.rule, finding.message


def _subject(finding: Finding) -> tuple[str, str]:
    """What stays the same when code moves within its file and what it loops over gets another name."""
    return f"{finding.rule} {finding.trace[-1].place.path} {_depth(finding)}", finding.subject


def _model(finding: Finding) -> tuple[str, str]:
    """What stays the same when a query is written otherwise in its function."""
    return f"{finding.rule} {finding.symbol} {_depth(finding)}", finding.model or finding.subject


def _depth(finding: Finding) -> int:
    """How many loops are within one another: with one more, a query is not the one that it was."""
    return sum(step.role == "loop" for step in finding.trace)


def _is_only_called(finding: Finding, lines: Lines) -> bool:
    """
    Whether a change calls from outside what repeats by itself: the rows, the loops and all in them is code that it
    leaves alone, and that does the same to whoever calls it.
    """
    start = next((place for place, step in enumerate(finding.trace) if step.role == "loop"), len(finding.trace))
    ahead = [step for step in finding.trace[:start] if step.role == "call"]
    proof = [step for step in finding.trace[:start] if step.role == "rows"] + list(finding.trace[start:])
    return any(_touched(s.place, lines) for s in ahead) and not any(_touched(s.place, lines) for s in proof)


def _speaking_for(findings: Sequence[Finding], lines: Lines) -> Finding:
    """The first of some findings, which names the others; of very many, what they come from is told instead."""
    first = findings[0]
    others = sorted({f"`{finding.subject}`" for finding in findings} - {f"`{first.subject}`"})
    if not others:
        return first
    named, more = others[:NAMED], len(others) - NAMED
    if more <= 0:
        return msgspec.structs.replace(first, message=f"{first.message}; likewise {', '.join(named)}")
    calls = {_repeated_call(finding, lines) for finding in findings}
    loops = {loop for loop, _ in calls}
    if len(loops) > 1 or ("", "") in calls:
        return msgspec.structs.replace(first, message=f"{first.message}; likewise {', '.join(named)} and {more} more")
    loop, callee = loops.pop(), f"`{min(calls)[1]}`" if len(calls) == 1 else "what is called here"
    kinds = [word for word in ("queries", *KINDS.values()) if any(_kind(f) == word for f in findings)]
    return msgspec.structs.replace(
        first,
        message=f"Once per `{loop}`, {callee} makes {len(others) + 1} different {' and '.join(kinds)}: "
        f"`{first.subject}`, {', '.join(named)} and {more} more",
        advice=f"Do what is the same for every `{loop}` before the loop, and the rest for all of them at once.",
        fix=None,
    )


def _repeated_call(finding: Finding, lines: Lines) -> tuple[str, str]:
    """
    What the changed loop around a finding goes through and what it calls, or the loop around the changed call; empty
    where nothing is so.
    """
    loop, is_changed, found = "", False, ("", "")
    for step in finding.trace:
        if step.role == "loop":
            loop, is_changed = step.name, _touched(step.place, lines)
            found = ("", "") if is_changed else found
        elif step.role == "call" and loop and not found[1] and (is_changed or _touched(step.place, lines)):
            found = (loop, step.name)
    return found


def _kind(finding: Finding) -> str:
    return KINDS.get(finding.rule, "queries")


def _touched(place: Place, lines: Lines) -> bool:
    return any(place.span.touches(first, last) for first, last in lines.get(place.path, ()))

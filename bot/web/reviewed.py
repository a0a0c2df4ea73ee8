"""
The review page, made ready for its template: files with their rows, drafts with their evidence, what is new.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias, get_args

import msgspec
from markupsafe import Markup

from analyzers import paths
from analyzers.change import ChangedFile
from analyzers.findings import Consequence, Finding, Skipped, Step
from bot.review import placement
from bot.review.drafts import Decision, Draft
from bot.review.wording import diff, library_of, lines_of_text, plural
from bot.web import comments, diffs
from bot.web.colours import coloured
from bot.web.desk import Shown, Side

COSTLY = 400
"""Rows of a diff that opens closed where no draft stands in it."""
MORE = 20
"""Lines of a gap that are opened at once."""
More: TypeAlias = Mapping[int, Sequence[tuple[int, int]]]
"""Further lines to show, by a file's number: (first, last) of the head, both inclusive."""
MOST_OPENED = 100
"""Parts of gaps that one address opens."""
_NO_MORE: More = MappingProxyType({})
_MORE = re.compile(r"(\d{1,5}):(\d{1,7})-(\d{1,7})", re.ASCII)
_NO_PROGRAM = frozenset(get_args(paths.Reason))


class Opener(msgspec.Struct, frozen=True):
    """A link that opens a part of a gap."""

    words: str
    query: str
    """The page's query with these lines, and those that are shown already."""


class Line(msgspec.Struct, frozen=True):
    """One line of code on the page, or a gap."""

    kind: str
    """As `diffs.Row` names it, or `marked`: what a step is about."""
    old: int | None
    new: int | None
    code: Markup
    cards: tuple[Card, ...] = ()
    """Drafts that stand below it."""
    hidden: int = 0
    """Lines that a gap leaves out."""
    openers: tuple[Opener, ...] = ()
    """What opens a gap."""
    inside: tuple[Line, ...] = ()
    """Of a gap that was opened in part: its lines, and what is left of it."""


class Evidence(msgspec.Struct, frozen=True):
    """A step of a trace, with the code around it."""

    step: Step
    library: str | None
    """The library that the step lies in; its code is not quoted."""
    lines: tuple[Line, ...]


class Patch(msgspec.Struct, frozen=True):
    """What a fix changes at one place."""

    path: str
    lines: tuple[Line, ...]


class Card(msgspec.Struct, frozen=True):
    """A draft as it stands in the diff."""

    draft: Draft
    comment: Markup
    markdown: str
    evidence: tuple[Evidence, ...]
    fix: tuple[Patch, ...]
    history: tuple[Decision, ...]
    is_new: bool
    """Whether it was not there at the head before."""


class File(msgspec.Struct, frozen=True):
    """A file of the diff, or one that a draft stands in."""

    number: int
    """From 1, for anchors."""
    path: str
    old_path: str
    status: str
    """As `ChangedFile` says; `untouched` when the change does not touch it."""
    lines: tuple[Line, ...]
    added: int
    removed: int
    note: str
    """Why there are no lines; empty when there are."""
    on_file: tuple[Card, ...]
    """Drafts on the file as a whole."""
    is_open: bool

    @property
    def cards(self) -> tuple[Card, ...]:
        """All its drafts, from top to bottom."""
        return (*self.on_file, *(card for line in self.lines for card in line.cards))


class Since(msgspec.Struct, frozen=True):
    """What is otherwise than at the head before."""

    head: str
    new: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    kept: int


class ReviewPage(msgspec.Struct, frozen=True):
    """All of the review page."""

    shown: Shown
    files: tuple[File, ...]
    gone: tuple[Card, ...]
    """Drafts whose findings are not there any more."""
    since: Since | None
    consequences: tuple[Consequence, ...]
    """Those that the change makes a difference to."""
    summary: Markup
    """The summary comment on the pull request."""
    counts: Mapping[str, int]
    """Drafts by state."""

    @property
    def gaps(self) -> tuple[Skipped, ...]:
        """What was not analysed although the review should have covered it."""
        return tuple(
            item for item in self.shown.found.review.skipped if item.changed and item.reason not in _NO_PROGRAM
        )

    @property
    def numbers(self) -> Mapping[int, int]:
        """The drafts' numbers by their ids."""
        return {draft.id: draft.number for draft in self.shown.drafts}

    @property
    def by_fingerprint(self) -> Mapping[str, int]:
        """The numbers of the drafts at this head."""
        return {draft.fingerprint: draft.number for draft in self.shown.drafts if draft.state != "gone"}

    @property
    def cards(self) -> tuple[Card, ...]:
        """The drafts at this head, in the order they stand on the page."""
        return tuple(card for file in self.files for card in file.cards)


def more_of(asked: Iterable[str]) -> More:
    """
    Further lines to show, as the page's query asks for them: `3:41-60` are lines of the third file.

    What is not understood asks for nothing.
    """
    more: dict[int, list[tuple[int, int]]] = {}
    for match in filter(None, map(_MORE.fullmatch, itertools.islice(asked, MOST_OPENED))):
        file, first, last = map(int, match.groups())
        more.setdefault(file, []).append((first, last))
    return more


def page(shown: Shown, more: More = _NO_MORE) -> ReviewPage:
    """
    Make a review page.

    Args:
        shown: What it shows.
        more: Lines of its files that are shown besides.
    """
    since = _since(shown)
    new = frozenset(finding.fingerprint for finding in since.new) if since is not None else frozenset[str]()
    cards = [_card(shown, draft, draft.fingerprint in new) for draft in shown.drafts]
    counts = {
        state: sum(draft.state == state for draft in shown.drafts) for state in ("waiting", "signed", "dismissed")
    }
    return ReviewPage(
        shown=shown,
        files=tuple(_files(shown, [card for card in cards if card.draft.state != "gone"], more)),
        gone=tuple(card for card in cards if card.draft.state == "gone"),
        since=since,
        consequences=tuple(row for row in shown.found.review.consequences if row.changed),
        summary=comments.render(shown.summary),
        counts=counts,
    )


def card(shown: Shown, number: int) -> Card | None:
    """One draft's card; None when there is no such draft."""
    return next((card for card in page(shown).cards if card.draft.number == number), None)


def _since(shown: Shown) -> Since | None:
    if shown.before is None:
        return None
    now = {finding.fingerprint: finding for finding in shown.found.told}
    then = {finding.fingerprint: finding for finding in shown.before.told}
    return Since(
        head=shown.before_head,
        new=tuple(finding for key, finding in now.items() if key not in then),
        gone=tuple(finding for key, finding in then.items() if key not in now),
        kept=len(now.keys() & then.keys()),
    )


def _card(shown: Shown, draft: Draft, is_new: bool) -> Card:
    finding = draft.finding
    text = shown.comments.get(draft.number, "")
    return Card(
        draft=draft,
        comment=comments.render(text),
        markdown=text,
        evidence=tuple(_evidence(shown, step) for step in finding.trace),
        fix=tuple(_fix(shown, finding)),
        history=tuple(decision for decision in shown.decisions if decision.draft == draft.id),
        is_new=is_new,
    )


def _evidence(shown: Shown, step: Step) -> Evidence:
    path, span = step.place.path, step.place.span
    code = _code(shown, "head", path)
    last = min(max(span.line, span.end_line), span.line + placement.LONGEST)
    lines = (
        Line("marked" if span.line <= number <= last else "kept", None, number, code[number - 1])
        for number in diffs.excerpt(span.line, last, len(code))
    )
    return Evidence(step, library_of(step.place), tuple(lines))


def _fix(shown: Shown, finding: Finding) -> Iterator[Patch]:
    for edit in finding.fix.edits if finding.fix is not None else ():
        lines = lines_of_text(shown.texts.get(("head", edit.path), ""))
        kinds = {" ": "kept", "-": "removed", "+": "added"}
        rows = diff(edit, lines)
        code = iter(coloured(edit.path, "\n".join(text for _, text in rows) + "\n"))
        number = edit.first
        patch = []
        for mark, _ in rows:
            patch.append(Line(kinds[mark], number if mark != "+" else None, None, next(code, Markup())))
            number += mark != "+"
        yield Patch(edit.path, tuple(patch))


def _files(shown: Shown, cards: Sequence[Card], more: More) -> Iterator[File]:
    of_path: dict[str, list[Card]] = {}
    for card in cards:
        of_path.setdefault(card.draft.finding.place.path, []).append(card)
    number = 0
    for changed in shown.found.files:
        number += 1
        yield _file(shown, number, changed, of_path.pop(changed.path, []), more)
    for path, left in of_path.items():
        number += 1
        yield _untouched(shown, number, path, left, more)


def _file(shown: Shown, number: int, changed: ChangedFile, cards: Sequence[Card], more: More) -> File:
    old, new = _code(shown, "base", changed.old_path), _code(shown, "head", changed.path)
    note = _note(shown, changed)
    below: dict[int, list[Card]] = {}
    on_file = []
    for card in cards:
        span = card.draft.finding.place.span
        if note or changed.status == "deleted" or span.line > len(new):
            on_file.append(card)
        else:
            below.setdefault(_anchor(card), []).append(card)
    if note:
        rows: Sequence[diffs.Row] = ()
    elif changed.status == "deleted":
        rows = diffs.deleted(old)
    else:
        rows = tuple(diffs.rows(changed.hunks, len(new), [(line, line) for line in below]))
    return File(
        number=number,
        path=changed.path,
        old_path=changed.old_path,
        status=changed.status,
        lines=_lines(rows, old, new, below, number, more),
        added=sum(hunk.new_count for hunk in changed.hunks),
        removed=sum(hunk.old_count for hunk in changed.hunks),
        note=note,
        on_file=tuple(on_file),
        is_open=bool(cards) or len(rows) <= COSTLY,
    )


def _untouched(shown: Shown, number: int, path: str, cards: Sequence[Card], more: More) -> File:
    """A file that a draft stands in and that the change does not touch."""
    code = _code(shown, "head", path)
    below: dict[int, list[Card]] = {}
    for card in cards:
        below.setdefault(_anchor(card), []).append(card)
    rows = diffs.rows((), len(code), [(line, line) for line in below]) if code else ()
    return File(
        number=number,
        path=path,
        old_path=path,
        status="untouched",
        lines=_lines(rows, (), code, below, number, more),
        added=0,
        removed=0,
        note="" if code else "This file cannot be shown.",
        on_file=() if code else tuple(cards),
        is_open=True,
    )


def _note(shown: Shown, changed: ChangedFile) -> str:
    if changed.binary:
        return "A binary file."
    side: tuple[Side, str] = ("base", changed.old_path) if changed.status == "deleted" else ("head", changed.path)
    if side in shown.texts:
        return "" if changed.hunks else "Its content is the same."
    return "It is too large to be shown here, or is no text."


def _anchor(card: Card) -> int:
    """The line that a draft stands below, where GitHub would show it."""
    span = card.draft.finding.place.span
    return span.end_line if span.line <= span.end_line < span.line + placement.LONGEST else span.line


def _lines(
    rows: Iterable[diffs.Row],
    old: Sequence[Markup],
    new: Sequence[Markup],
    below: Mapping[int, Sequence[Card]],
    number: int,
    more: More,
) -> tuple[Line, ...]:
    """The rows of a file with their code; `number` is the file's."""
    return tuple(_gap(row, new, number, more) if row.kind == "gap" else _line(row, old, new, below) for row in rows)


def _gap(gap: diffs.Row, new: Sequence[Markup], number: int, more: More) -> Line:
    """A gap with what was opened of it."""
    inside = []
    for row in diffs.opened(gap, more.get(number, ())):
        if row.kind == "gap" and row.new is not None:
            last = row.new + row.hidden - 1
            openers = tuple(_openers(row.new, last, len(new), number, more))
            inside.append(Line("gap", row.old, row.new, Markup(), hidden=row.hidden, openers=openers))
        else:
            inside.append(_line(row, (), new, {}))
    return Line("gap", gap.old, gap.new, Markup(), inside=tuple(inside))


def _openers(first: int, last: int, line_count: int, number: int, more: More) -> Iterator[Opener]:
    """What opens a gap: its ends next to the code that is shown, where it is long, and all of it."""
    known = [(file, *lines) for file, opened in more.items() for lines in opened]

    def opener(words: str, start: int, end: int) -> Opener:
        asked = [*known, (number, start, end)]
        return Opener(words, "&".join(f"more={file}:{one}-{other}" for file, one, other in asked))

    hidden = last - first + 1
    if hidden > 2 * MORE:
        if first > 1:
            yield opener(f"Show {MORE} lines below", first, first + MORE - 1)
        if last < line_count:
            yield opener(f"Show {MORE} lines above", last - MORE + 1, last)
    yield opener(f"Show {'all ' if hidden > 1 else ''}{plural(hidden, 'line')}", first, last)


def _line(row: diffs.Row, old: Sequence[Markup], new: Sequence[Markup], below: Mapping[int, Sequence[Card]]) -> Line:
    side, number = (old, row.old) if row.kind == "removed" else (new, row.new)
    code = side[number - 1] if number is not None and number <= len(side) else Markup()
    cards = below.get(row.new, ()) if row.new is not None else ()
    return Line(row.kind, row.old, row.new, code, tuple(cards))


def _code(shown: Shown, side: Side, path: str) -> tuple[Markup, ...]:
    text = shown.texts.get((side, path))
    return () if text is None else coloured(path, text)

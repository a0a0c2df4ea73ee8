"""
The review page, made ready for its template: files with their rows, drafts with their evidence, what is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

import msgspec
from markupsafe import Markup

from analyzers import paths
from analyzers.change import ChangedFile
from analyzers.findings import Consequence, Finding, Skipped, Step
from bot.review import placement
from bot.review.drafts import Decision, Draft
from bot.review.wording import diff, library_of, lines_of_text
from bot.web import comments, diffs
from bot.web.colours import coloured
from bot.web.desk import Shown, Side
from bot.web.lines import NO_MORE, Line, More, lines

COSTLY = 400
"""Rows of a diff from which it is closed at first, where no draft stands in it."""
_NO_PROGRAM = frozenset(get_args(paths.Reason))


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
    below: Mapping[int, Sequence[Card]]
    """Drafts below a line of the head."""
    is_open: bool

    @property
    def cards(self) -> tuple[Card, ...]:
        """All its drafts, from top to bottom."""
        return (*self.on_file, *(card for line in sorted(self.below) for card in self.below[line]))


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


def page(shown: Shown, more: More = NO_MORE) -> ReviewPage:
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
    quoted = (
        Line("marked" if span.line <= number <= last else "kept", None, number, code[number - 1])
        for number in diffs.excerpt(span.line, last, len(code))
    )
    return Evidence(step, library_of(step.place), tuple(quoted))


def _fix(shown: Shown, finding: Finding) -> Iterator[Patch]:
    for edit in finding.fix.edits if finding.fix is not None else ():
        kinds = {" ": "kept", "-": "removed", "+": "added"}
        rows = diff(edit, lines_of_text(shown.texts.get(("head", edit.path), "")))
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
    on_file, below = _placed(cards, 0 if note or changed.status == "deleted" else len(new))
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
        lines=lines(rows, old, new, number, more),
        added=sum(hunk.new_count for hunk in changed.hunks),
        removed=sum(hunk.old_count for hunk in changed.hunks),
        note=note,
        on_file=on_file,
        below=below,
        is_open=bool(cards) or len(rows) <= COSTLY,
    )


def _untouched(shown: Shown, number: int, path: str, cards: Sequence[Card], more: More) -> File:
    """A file that a draft stands in and that the change does not touch."""
    code = _code(shown, "head", path)
    on_file, below = _placed(cards, len(code))
    rows = diffs.rows((), len(code), [(line, line) for line in below])
    return File(
        number=number,
        path=path,
        old_path=path,
        status="untouched",
        lines=lines(rows, (), code, number, more),
        added=0,
        removed=0,
        note="" if code else "This file cannot be shown.",
        on_file=on_file,
        below=below,
        is_open=True,
    )


def _placed(cards: Sequence[Card], line_count: int) -> tuple[tuple[Card, ...], Mapping[int, Sequence[Card]]]:
    """Cards that stand on a file as a whole, and those that stand below one of the lines that it shows."""
    on_file, below = [], dict[int, list[Card]]()
    for card in cards:
        line = _anchor(card)
        if line <= line_count:
            below.setdefault(line, []).append(card)
        else:
            on_file.append(card)
    return tuple(on_file), below


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


def _code(shown: Shown, side: Side, path: str) -> tuple[Markup, ...]:
    text = shown.texts.get((side, path))
    return () if text is None else coloured(path, text)

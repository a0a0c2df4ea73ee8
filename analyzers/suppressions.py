"""
What the code allows: `# countersign: allow[rule, rule] reason`, in a comment of any language.

It holds for what begins or ends on its line; where it stands alone, for what begins on the next line of code. One that
the change itself adds does not hold: the finding counts and says so, until a person has signed.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from analyzers import catalogue
from analyzers.change import Change, ChangedFile, Tree
from analyzers.findings import Allow, Finding, Remark
from analyzers.span import Place, Span

_ALLOW = re.compile(
    r"(?P<before>.*?)(?:#|//|/\*+|\{#|\{\{--|\{%-?\s*comment\s*-?%\}|<!--|^\s*\*)\s*"
    r"countersign:\s*allow\[(?P<rules>[^\]]*)\](?P<reason>.*)"
)
_ENDS = re.compile(r"\s*(?:\*/|#\}|--\}\}|-->|\{%-?\s*endcomment\s*-?%\}).*")
_LONGEST_REASON = 300
"""Characters that are shown."""
_MARK = re.compile(rb"countersign:\s*allow\[")


class Mentions(Protocol):
    """Knows which files say some words."""

    def mentioning(self, words: Iterable[str]) -> list[str]:
        """Their paths, sorted."""


def read(path: str, text: str) -> Iterator[Allow]:
    """
    Yield the comments of a file that allow something.

        x = 1  # countersign: allow[query-in-loop, write-in-loop] ten at most
        {# countersign: allow[lazy-load-in-loop] #}
    """
    for number, line in enumerate(text.split("\n"), start=1):
        match = _ALLOW.match(line)
        if match is not None:
            rules = tuple(name for name in (part.strip() for part in match["rules"].split(",")) if name)
            span = Span(number, len(match["before"]), number, len(line.rstrip()))
            reason = _ENDS.sub("", match["reason"]).strip(" \t-:")[:_LONGEST_REASON]
            yield Allow(Place(path, span), rules, reason, not match["before"].strip())


class Allows:
    """The allowing comments of a tree, and which of them were needed."""

    def __init__(self, tree: Tree, mentions: Mentions, change: Change | None = None) -> None:
        """
        Args:
            tree: Where the comments stand.
            mentions: Knows the files that say something.
            change: The change whose head the tree is, if what it adds is to be told apart.
        """
        self._by_line: dict[tuple[str, int], Allow] = {}
        self._needed: set[tuple[Place, str]] = set()
        files = {file.path: file for file in change.files} if change is not None else {}
        for path in mentions.mentioning(("countersign", "allow")):
            allows = list(read(path, _text(tree, path)))
            if change is not None and path in files:
                allows = list(_with_added(allows, change.base, files[path]))
            self._by_line |= {(path, allow.place.span.line): allow for allow in allows}

    def __iter__(self) -> Iterator[Allow]:
        """By place."""
        return iter(sorted(self._by_line.values(), key=lambda allow: allow.place))

    def of(self, finding: Finding) -> Allow | None:
        """The comment that allows a finding, where it is told or where it happens; from now on it was needed."""
        for place in (finding.place, *(step.place for step in finding.trace[-1:])):
            for allow in self._near(place):
                if finding.rule in allow.rules:
                    self._needed.add((allow.place, finding.rule))
                    return allow
        return None

    def _near(self, place: Place) -> Iterator[Allow]:
        for line in (place.span.line, place.span.end_line):
            if (place.path, line) in self._by_line:
                yield self._by_line[place.path, line]
        line = place.span.line - 1
        while (allow := self._by_line.get((place.path, line))) is not None and allow.alone:
            yield allow
            line -= 1

    def remarks(self, about: Callable[[Allow], bool], *, complete: bool) -> Iterator[Remark]:
        """
        Yield what a person should know of the comments, in the order of their places.

        Args:
            about: Chooses comments.
            complete: Whether all that they could allow was looked for, so that what was not needed is not needed.
        """
        rules = [rule.id for rule in catalogue.load()]
        for allow in self:
            if not about(allow):
                continue
            for rule in allow.rules:
                if rule not in rules:
                    near = difflib.get_close_matches(rule, rules, n=1)
                    hint = f"; did you mean `{near[0]}`?" if near else ""
                    yield Remark(allow.place, "unknown rule", f"allows `{rule}`, which is no rule{hint}")
                elif complete and (allow.place, rule) not in self._needed:
                    yield Remark(allow.place, "unused", f"allows `{rule}`, which is not found here: it can go")
            if allow.added and allow.rules:
                names = ", ".join(f"`{rule}`" for rule in allow.rules)
                yield Remark(allow.place, "added", f"allows {names}, by this change itself: what it allows counts")
            if not allow.rules:
                yield Remark(allow.place, "unknown rule", "names no rule and allows nothing")
            if not allow.reason:
                yield Remark(allow.place, "no reason", "does not say why this is allowed")


def concerned(change: Change, gone: Iterable[Allow | None]) -> Callable[[Allow], bool]:
    """
    Chooses the comments that a change concerns: it touches them or the line below, or what they allowed is gone.

    Args:
        change: What is reviewed.
        gone: Comments of the base that allowed what head does not have.
    """
    kinds = {(allow.place.path, *allow.kind) for allow in gone if allow is not None}
    touched = {(file.path, line) for file in change.files for line in _new_lines(file)}

    def about(allow: Allow) -> bool:
        path, line = allow.place.path, allow.place.span.line
        lines = (line, line + 1) if allow.alone else (line,)
        return (path, *allow.kind) in kinds or any((path, number) in touched for number in lines)

    return about


def _with_added(allows: Sequence[Allow], base: Tree, file: ChangedFile) -> Iterator[Allow]:
    """The comments of a changed file; where it has more of a kind than before, those on new lines are added."""
    before = Counter(allow.kind for allow in read(file.old_path, _text(base, file.old_path)))
    after = Counter(allow.kind for allow in allows)
    new = _new_lines(file)
    for allow in allows:
        added = after[allow.kind] > before[allow.kind] and allow.place.span.line in new
        yield msgspec.structs.replace(allow, added=added)


def _new_lines(file: ChangedFile) -> frozenset[int]:
    return frozenset(line for hunk in file.hunks for line in range(hunk.new_start, hunk.new_start + hunk.new_count))


def _text(tree: Tree, path: str) -> str:
    blob = tree.entries.get(path)
    content = tree.read(blob) if blob is not None else None
    return content.decode("utf-8", "replace") if content is not None and _MARK.search(content) else ""

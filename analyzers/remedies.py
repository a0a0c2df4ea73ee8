"""
Verified fixes: each is applied to a tree in memory, what it can touch is run again, and only what served is offered.

A fix serves when the file parses, before and after, its findings are gone, no finding is new, and all else
that ran before still runs: a query that vanished along with the finding would mean that the fix only hid it.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from analyzers import fixes
from analyzers.change import Tree
from analyzers.checks.repeated import repeated
from analyzers.effects.roots import EntryEffects
from analyzers.effects.tree import How, Leave, Query, leaves
from analyzers.findings import Edit, Finding, Fix
from analyzers.fixes.overlay import Overlay
from analyzers.program.entries import Root
from analyzers.relation import Path
from analyzers.span import Place, Span

MOST = 5
"""Fixes tried in one review: each costs as much as running the roots that reach the edited files once more."""


class Evaluated(Protocol):
    """A tree whose roots were run."""

    @property
    def results(self) -> Mapping[str, EntryEffects]:
        """What each root does, by its id."""

    @property
    def failures(self) -> Sequence[str]:
        """What of it could not be run or checked."""

    def findings(self) -> Mapping[str, Finding]:
        """What the checks say, by fingerprint."""

    def is_whole(self, path: str) -> bool:
        """Whether it has a file, and could parse all of it."""

    def class_named(self, path: str, dotted: str) -> str:
        """The class that a name means at the top level of a file, as `path::qualname`; empty if none."""


Evaluate = Callable[[Tree, Sequence[Root]], Evaluated]
"""Runs roots of a tree."""


def with_fixes(findings: Iterable[Finding], tree: Tree, head: Evaluated, evaluate: Evaluate) -> list[Finding]:
    """
    The findings in their order, with a verified fix where there is one.

    What the rows of the same queries lack is loaded by one fix, so that findings do not ask for rival edits of a line.

    Args:
        findings: Those to be cured, worst first.
        tree: Where they were found.
        head: The same tree, evaluated.
        evaluate: Evaluates the tree with a fix in it.
    """
    findings = list(findings)
    verified: dict[str, Fix] = {}
    for cure in _cures(findings, head)[:MOST]:
        fix = _verified(cure, tree, head, evaluate)
        if fix is not None:
            verified.update(dict.fromkeys(cure.findings, fix))
    return [
        msgspec.structs.replace(finding, fix=verified.get(finding.fingerprint, finding.fix)) for finding in findings
    ]


class _Cure(msgspec.Struct, frozen=True):
    """An eager load in each of some places, and what it is for."""

    leaves: tuple[Query, ...]
    """The queries that it makes needless."""
    findings: frozenset[str]
    """Fingerprints of those that it cures."""

    @property
    def sources(self) -> frozenset[Place]:
        """Where the rows are queried."""
        return frozenset(leaf.source for leaf in self.leaves if leaf.source is not None)

    def spares(self, leaf: Query) -> bool:
        """Whether a query may run no more: the relation comes with the rows now, or is on the way to one that does."""
        return leaf.how is How.LAZY and any(
            leaf.relation == known.relation
            or (leaf.source == known.source and leaf.missing and known.missing[: len(leaf.missing)] == leaf.missing)
            for known in self.leaves
        )


def _cures(findings: Sequence[Finding], head: Evaluated) -> list[_Cure]:
    """What could be tried, in the order of the findings. Those whose rows come from the same queries share one."""
    if not findings:
        return []
    lazy: dict[Place, dict[Query, None]] = {}
    for result in head.results.values():
        for item in repeated(result):
            if isinstance(item.leaf, Query) and item.how is How.LAZY:
                lazy.setdefault(item.leaf.place, {})[item.leaf] = None
    cures: dict[frozenset[Place], _Cure] = {}
    for finding in findings:
        if finding.suppressed is not None:
            continue
        found = tuple(rooted for leaf in lazy.get(finding.trace[-1].place, ()) for rooted in _rooted(leaf, lazy))
        if found and all(leaf.missing and leaf.source is not None for leaf in found):
            cure = _Cure(found, frozenset({finding.fingerprint}))
            known = cures.get(cure.sources)
            if known is not None:
                cure = _Cure(known.leaves + found, known.findings | cure.findings)
            cures[cure.sources] = cure
    return list(cures.values())


def _rooted(leaf: Query, lazy: Mapping[Place, Iterable[Query]], depth: int = 4) -> Iterator[Query]:
    """
    The leaf as lacking at the query that all its rows come from.

    `line.product` lacks `product` at `order.lines.all()`, which itself lacks `lines` at `Order.objects.all()`: there
    `lines.product` would have to be loaded. A load at the inner query would defeat that of the outer one.
    """
    owners = (
        [owner for owner in lazy.get(leaf.source, ()) if owner.missing] if depth and leaf.source is not None else []
    )
    if not owners:
        yield leaf
    for owner in owners:
        path = owner.missing + leaf.missing
        yield from _rooted(msgspec.structs.replace(leaf, source=owner.source, missing=path), lazy, depth - 1)


def _verified(cure: _Cure, tree: Tree, head: Evaluated, evaluate: Evaluate) -> Fix | None:
    """The cure as a fix, if it serves."""
    if not all(head.is_whole(source.path) for source in cure.sources):
        return None
    fix, fixed = _written(cure, tree, head)
    if fix is None:
        return None
    before = {key: result for key, result in head.results.items() if _has_part(cure, result)}
    trial = evaluate(Overlay(tree, fixed), [result.root for result in before.values()])
    if not all(trial.is_whole(path) for path in fixed) or trial.results.keys() != before.keys():
        return None
    found = trial.findings().keys()
    if found & cure.findings or found - head.findings().keys() or trial.failures:
        return None
    if any(_rest(cure, result) != _rest(cure, trial.results[key]) for key, result in before.items()):
        return None
    return fix


def _written(cure: _Cure, tree: Tree, head: Evaluated) -> tuple[Fix | None, Mapping[str, bytes]]:
    """The cure as text: its edits, and the files with them."""
    files: dict[str, bytes] = {}
    edits: list[Edit] = []
    calls: list[str] = []
    for path in sorted({source.path for source in cure.sources}):
        lacks: dict[Span, set[Path]] = {}
        for leaf in cure.leaves:
            if leaf.source is not None and leaf.source.path == path:
                lacks.setdefault(leaf.source.span, set()).add(leaf.missing)
        content = _content(tree, path)
        library = cure.leaves[0].library
        if content is None or any(leaf.library != library for leaf in cure.leaves):
            return None, {}
        written = fixes.write(content, path, library, lacks, functools.partial(head.class_named, path))
        if written is None:
            return None, {}
        files[path] = written.content
        edits += written.edits
        calls += written.calls
    described = " and ".join(f"`{call}`" for call in dict.fromkeys(calls))
    return Fix(f"Load it where the rows are queried: {described}.", tuple(edits)), files


def _content(tree: Tree, path: str) -> bytes | None:
    return tree.read(tree.entries[path]) if path in tree.entries else None


def _has_part(cure: _Cure, result: EntryEffects) -> bool:
    """Whether an edit of the cure's files may change what a root does."""
    sources = cure.sources
    if any(source.path in result.touched for source in sources):
        return True
    return any(isinstance(leaf, Query) and leaf.source in sources for leaf, _ in leaves(result.effects))


def _rest(cure: _Cure, result: EntryEffects) -> tuple[str, Counter[tuple[object, ...]]]:
    """What a root does besides the queries that the cure makes needless."""
    rest: Counter[tuple[object, ...]] = Counter()
    for leaf, _ in leaves(result.effects):
        if isinstance(leaf, Leave):
            rest[leaf.function, leaf.kind, leaf.text] += 1
        elif not cure.spares(leaf):
            rest[leaf.function, leaf.how, leaf.model, leaf.relation, leaf.write] += 1
    return result.failure, rest

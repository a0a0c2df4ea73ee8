"""
What repeats: leaves of the effects that run once per element of a loop, and how they are told as findings.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from analyzers import catalogue
from analyzers.effects.roots import EntryEffects
from analyzers.effects.tree import Call, Count, Effect, How, Leave, Loop, Query, leaves, repeating
from analyzers.findings import Confidence, Finding, Severity, Step
from analyzers.fingerprint import fingerprint

BY_PLACE = {"command": -1, "migration": -1}
"""Steps from a rule's own severity by where it runs: what is run by hand, or once, keeps nobody waiting."""
LACKING = frozenset({How.LAZY, How.DEFEATED, How.DEFERRED})
"""Queries that run for want of something that the rows could have come with."""
IN_REQUEST = frozenset({"route", "resolver", "admin"})
ROWS_OF_ROWS = 1
"""Steps more in a request where rows of rows repeat it: it grows with their product."""


class Repeated(msgspec.Struct, frozen=True):
    """A leaf and the loops that repeat it."""

    leaf: Query | Leave
    path: tuple[Effect, ...]
    """Nodes that lead to the leaf, outermost first."""
    loops: tuple[Loop, ...]
    """Those that repeat it and may be long, outermost first; never empty."""

    @property
    def inner(self) -> Loop:
        return self.loops[-1]

    def read_by(self, reader: str) -> bool:
        """Whether a reader's class reads it, or one of the loops is a reader's."""
        return getattr(self.leaf, "reader", "") == reader or any(loop.reader == reader for loop in self.loops)

    @property
    def how(self) -> How | None:
        return self.leaf.how if isinstance(self.leaf, Query) else None


def repeated(entry: EntryEffects) -> Iterator[Repeated]:
    """
    Yield each leaf that a loop repeats which is not known to be short.
    """
    for leaf, path in leaves(entry.effects):
        loops = tuple(loop for loop in repeating(leaf, path) if loop.count > Count.FEW)
        if loops:
            yield Repeated(leaf, path, loops)


def judged(rule_id: str, entry: EntryEffects, item: Repeated, message: str, advice: str) -> Finding:
    """
    Tell a repeated leaf as a finding.

    Confidence is the weakest of how the leaf was resolved and whether the loop is known to go through rows.
    """
    rule = catalogue.find(rule_id)
    assert rule is not None, rule_id
    leaf = item.leaf
    confidence = leaf.confidence
    if item.inner.count is Count.UNKNOWN:
        confidence = min(confidence, Confidence.LIKELY)
    what = leaf.relation or leaf.text if isinstance(leaf, Query) else leaf.text
    evidence = (what, item.inner.function, item.inner.over, *_queried_in(entry, leaf))
    return Finding(
        rule=rule.id,
        category=rule.category,
        message=message,
        advice=advice,
        severity=_severity(rule, entry, item),
        confidence=confidence,
        place=leaf.place,
        trace=trace(item),
        fingerprint=fingerprint(rule.id, leaf.function, evidence),
        subject=what,
        model=leaf.model if isinstance(leaf, Query) else "",
        symbol=leaf.function,
        entry=entry.root.label,
    )


def _queried_in(entry: EntryEffects, leaf: Query | Leave) -> tuple[str, ...]:
    """
    The function or class where the rows are queried that lack something: each such place needs a load of its own.
    """
    if not isinstance(leaf, Query) or leaf.source is None or leaf.how not in LACKING:
        return ()
    module = entry.root.entries.program.module(leaf.source.path)
    return (f"{leaf.source.path}::{module.holder(leaf.source.span)}",) if module is not None else ()


def _severity(rule: catalogue.Rule, entry: EntryEffects, item: Repeated) -> Severity:
    """The harm: the rule's own, by where it runs and how many rows repeat it; never critical, since data is safe."""
    root = entry.root
    steps = BY_PLACE.get(root.kind, 0)
    rows_of_rows = sum(loop.count is Count.ROWS for loop in item.loops) > 1
    if rows_of_rows and (root.kind in IN_REQUEST or root.url is not None):
        steps += ROWS_OF_ROWS
    return Severity(min(max(Severity.LOW, rule.severity + steps), Severity.HIGH))


def trace(item: Repeated) -> tuple[Step, ...]:
    """The steps that prove it: where the rows come from, the loop, the calls between, the leaf."""
    steps: list[Step] = []
    leaf = item.leaf
    if isinstance(leaf, Query) and leaf.declared is not None:
        steps.append(Step(leaf.declared, f"`{leaf.relation}` is declared here, to be loaded when it is read", "rows"))
    if isinstance(leaf, Query) and leaf.source is not None and not leaf.place.holds(leaf.source):
        lacks = f", without `{leaf.relation.partition('.')[2]}`" if leaf.how is How.LAZY and leaf.relation else ""
        steps.append(Step(leaf.source, f"the rows are queried here{lacks}", "rows"))
    for place in leaf.via if isinstance(leaf, Query) else ():
        if all((step.place.path, step.place.span.line) != (place.path, place.span.line) for step in steps):
            steps.append(Step(place, "the rows come through here", "rows"))
    for node in item.path:
        if isinstance(node, Loop) and node in item.loops:
            steps.append(Step(node.place, _loop_words(node), "loop", node.over))
        elif isinstance(node, Call):
            steps.append(Step(node.place, _call_words(node), "call", node.name))
    steps.append(Step(leaf.place, f"`{leaf.text}` {_leaf_words(leaf)}", "leaf"))
    return tuple(
        step
        for place, step in enumerate(steps)
        if place == 0 or step.place != steps[place - 1].place or place == len(steps) - 1
    )


def _loop_words(loop: Loop) -> str:
    match loop.reader:
        case "serializer":
            return f"the serializer reads each `{loop.over}`"
        case "resolver":
            return f"the resolver runs for each `{loop.over}`"
        case "template":
            return f"the template loops over each `{loop.over}`"
        case "admin":
            return f"the admin list shows each `{loop.over}`"
    return f"loops: once per `{loop.over}`"


def _call_words(call: Call) -> str:
    kind, colon, name = call.name.rpartition(":")
    if colon:
        return f"renders the {kind} `{name}`"
    return f"renders `{name}`" if "." in name else f"calls `{name}`"


def _leaf_words(leaf: Query | Leave) -> str:
    if isinstance(leaf, Leave):
        return f"sends a {leaf.kind}"
    if leaf.write:
        return "writes"
    return {
        How.LAZY: "is not loaded: one query each time",
        How.DEFEATED: "can't use what was loaded: one query each time",
        How.DEFERRED: "was left out of the query: one query each time",
    }.get(leaf.how, "runs a query")


def times(item: Repeated) -> str:
    """`once per order`, for nested loops `once per order × line`."""
    return "once per " + " × ".join(f"`{loop.over}`" for loop in item.loops)

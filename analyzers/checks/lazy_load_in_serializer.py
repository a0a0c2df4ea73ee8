"""
A relation that a serializer or response model reads per row, which the query set does not load.

Silent when the query set of the view loads it on every way.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.checks.repeated import judged, repeated, times
from analyzers.effects.roots import EntryEffects
from analyzers.effects.tree import How, Query
from analyzers.findings import Finding


def check(entry: EntryEffects) -> Iterator[Finding]:
    """
    Yield one finding per leaf of this rule.
    """
    for item in repeated(entry):
        if isinstance(item.leaf, Query) and not item.leaf.write and item.how is How.LAZY and item.read_by("serializer"):
            yield judged(
                "lazy-load-in-serializer",
                entry,
                item,
                f"`{item.leaf.relation}` is read {times(item)} while serializing, and the query set does not load it",
                f"Load `{item.leaf.relation.partition('.')[2]}` eagerly in the query set of `{entry.root.label}`.",
            )

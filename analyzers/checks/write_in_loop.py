"""
A write per element: save, create, update, delete.

Silent for batches and retries, and for writes that take many rows in one statement.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.checks.repeated import judged, repeated, times
from analyzers.effects.roots import EntryEffects
from analyzers.effects.tree import Query
from analyzers.findings import Finding


def check(entry: EntryEffects) -> Iterator[Finding]:
    """
    Yield one finding per leaf of this rule.
    """
    for item in repeated(entry):
        if isinstance(item.leaf, Query) and item.leaf.write:
            table = f" to `{item.leaf.model}`" if item.leaf.model else ""
            yield judged(
                "write-in-loop",
                entry,
                item,
                f"`{item.leaf.text}` writes{table} {times(item)}",
                "Collect the rows and write them with one statement after the loop.",
            )

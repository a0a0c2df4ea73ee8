"""
A GraphQL resolver that queries for each object it is asked for.

Silent behind a data loader, and for the fields of the root types, which run once.
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
        if isinstance(item.leaf, Query) and not item.leaf.write and item.inner.reader == "resolver":
            yield judged(
                "query-in-resolver",
                entry,
                item,
                f"`{item.leaf.text}` runs one query {times(item)} when a list of them is asked for",
                "Batch it with a data loader keyed by the parent's id, or prefetch it where the list is queried.",
            )

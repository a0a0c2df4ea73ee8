"""
A relation that is read per row and was not loaded: in code, a template, an admin list, a property, `__str__`.

Silent when the relation came with the rows on every way to the loop, and for the key column. What a serializer reads is
`lazy-load-in-serializer`; what a resolver reads is `query-in-resolver`.
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
        if not isinstance(item.leaf, Query) or item.leaf.write or item.how is not How.LAZY:
            continue
        if item.read_by("serializer") or item.inner.reader == "resolver":
            continue
        yield judged(
            "lazy-load-in-loop",
            entry,
            item,
            f"`{item.leaf.relation}` is loaded {times(item)}: `{item.leaf.text}` runs one query each time",
            f"Load `{item.leaf.relation.partition('.')[2]}` eagerly where the rows are queried.",
        )

"""
Rows that were loaded with their owner and asked for again in a way that the loaded rows can't answer.

`.filter()`, `.order_by()`, `.count()` on a prefetched manager, and columns that `only()` left out. Silent for `.all()`.
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
        if isinstance(item.leaf, Query) and not item.leaf.write and item.how in (How.DEFEATED, How.DEFERRED):
            if item.how is How.DEFERRED:
                left_out = f"`{item.leaf.relation}` was left out of the query"
                message = f"{left_out}, so `{item.leaf.text}` runs one query {times(item)}"
                advice = "Name the column in the query, or read the row whole."
            else:
                loaded = item.leaf.relation or item.leaf.model
                message = f"`{loaded}` is loaded, but `{item.leaf.text}` asks again {times(item)}"
                advice = "Use `.all()` and filter in memory, or load exactly this with a `Prefetch` of its own."
            yield judged("defeated-eager-load", entry, item, message, advice)

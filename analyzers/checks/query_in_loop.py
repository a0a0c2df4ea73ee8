"""
A read query that is written in a loop, or run by something that the loop calls.

Silent when the loop is known to be short (constants, batches, retries, a search that ends at its first hit), and when
the query is remembered (a memo, `lru_cache`, rows that are already there).
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
        if not isinstance(item.leaf, Query) or item.leaf.write or item.how not in (How.CALL, How.ITERATE):
            continue
        if item.inner.reader == "resolver":
            continue
        table = f" on `{item.leaf.model}`" if item.leaf.model else ""
        yield judged(
            "query-in-loop",
            entry,
            item,
            f"`{item.leaf.text}` runs a query{table} {times(item)}",
            "Fetch what the loop needs with one query before it, and look it up in memory.",
        )

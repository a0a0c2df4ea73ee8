"""
Jobs, mails and signals sent one per row.

Calls to other services by HTTP are another matter and are not reported here.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.checks.repeated import judged, repeated, times
from analyzers.effects.roots import EntryEffects
from analyzers.effects.tree import Leave
from analyzers.findings import Finding

KINDS = frozenset({"job", "mail", "signal"})
"""What costs a round trip to a broker or a chain of receivers each."""


def check(entry: EntryEffects) -> Iterator[Finding]:
    """
    Yield one finding per leaf of this rule.
    """
    for item in repeated(entry):
        if isinstance(item.leaf, Leave) and item.leaf.kind in KINDS:
            yield judged(
                "send-in-loop",
                entry,
                item,
                f"`{item.leaf.text}` sends one {item.leaf.kind} {times(item)}",
                "Send one for all of them: a job that takes the ids, a batch, a bulk mail.",
            )

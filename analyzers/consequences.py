"""
What an entry point costs: round trips that run a fixed number of times, and those that run once per row.
"""

from __future__ import annotations

from collections import Counter

from analyzers.effects.roots import EntryEffects
from analyzers.effects.tree import Branch, Count, Effect, Loop, Query, Sequence
from analyzers.findings import Cost


def cost_of(entry: EntryEffects) -> Cost:
    """The cost of an entry point: of several ways through a branch, the one that costs most."""
    total = _cost(entry.effects, ())
    fixed = total.pop("", 0)
    return Cost(fixed, tuple(sorted(total.items())))


def _cost(effects: Sequence, loops: tuple[Loop, ...]) -> Counter[str]:
    total: Counter[str] = Counter()
    for effect in effects:
        total.update(_of_one(effect, loops))
    return total


def _of_one(effect: Effect, loops: tuple[Loop, ...]) -> Counter[str]:
    if isinstance(effect, Query):
        mine = [loop for loop in loops if effect.repeats is None or loop.id in effect.repeats]
        return Counter({" × ".join(loop.over for loop in mine if loop.count > Count.FEW): 1})
    if isinstance(effect, Branch):
        ways = [_cost(way, loops) for way in effect.ways]
        return max(ways, key=lambda cost: (sum(count for name, count in cost.items() if name), sum(cost.values())))
    if isinstance(effect, Loop):
        return _cost(effect.body, (*loops, effect))
    return _cost(effect.body, loops) if hasattr(effect, "body") else Counter()

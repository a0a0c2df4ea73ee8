"""
What an entry point costs: round trips that run a fixed number of times, and those that run once per row; and what a
change makes of that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from analyzers.effects.roots import EntryEffects
from analyzers.effects.tree import Branch, Count, Effect, Loop, Query, Sequence
from analyzers.findings import Consequence, Cost
from analyzers.program.entries import Root
from analyzers.span import Place


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
        return Counter({" × ".join(loop.over for loop in mine if loop.count > Count.FEW): effect.trips})
    if isinstance(effect, Branch):
        ways = [_cost(way, loops) for way in effect.ways]
        return max(ways, key=lambda cost: (sum(count for name, count in cost.items() if name), sum(cost.values())))
    if isinstance(effect, Loop):
        return _cost(effect.body, (*loops, effect))
    return _cost(effect.body, loops) if hasattr(effect, "body") else Counter()


def consequences_of(base: Mapping[str, EntryEffects], head: Mapping[str, EntryEffects]) -> tuple[Consequence, ...]:
    """
    Entry points whose queries a change makes more or fewer, those that got worse first.

    Callers know an entry point by its label: of the methods behind one (`get` and the `list` that it calls) the
    costliest is told.

    Args:
        base: What roots did before, by their id.
        head: What they do now.
    """
    found: dict[tuple[str, str], Consequence] = {}
    for key in sorted({*base, *head}):
        old, new = base.get(key), head.get(key)
        known = new or old
        assert known is not None
        before = cost_of(old) if old is not None else None
        after = cost_of(new) if new is not None else None
        if before == after or (known.root.kind == "function" and known.root.url is None):
            continue
        kind = "route" if known.root.url is not None else known.root.kind
        told = Consequence(known.root.label, kind, _place_of(known.root), before, after)
        other = found.get((told.entry, told.place.path))
        if other is None or _round_trips(other) < _round_trips(told):
            found[told.entry, told.place.path] = told
    return tuple(sorted(found.values(), key=lambda c: (-(len(c.after.per_row) if c.after else 0), c.entry, c.place)))


def _place_of(root: Root) -> Place:
    """Where a reader finds an entry point: a method that a library has stands where its class does."""
    shown = root.owner if root.owner is not None and root.function.module.is_stub else root.function
    return Place(shown.module.path, shown.node.name_span)


def _round_trips(consequence: Consequence) -> tuple[int, int]:
    """Per row, and at least, on the side where there are more."""
    costs = [cost for cost in (consequence.before, consequence.after) if cost is not None]
    return max((sum(count for _, count in cost.per_row), cost.queries) for cost in costs)

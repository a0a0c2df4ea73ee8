"""
Effects as text that people can read and compare: one line for a node, what runs inside it indented.

    GET /orders  @shop/views.py:6
      loop order: rows  @shop/views.py:7
        call label  @shop/views.py:8
          lazy read of Order.customer: `order.customer`, rows without customer @shop/views.py:7  @shop/labels.py:2
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.effects.roots import EntryEffects
from analyzers.effects.tree import Branch, Call, Deferred, Effect, How, Leave, Loop, Query, Sequence, Transaction
from analyzers.findings import Confidence
from analyzers.relation import dotted
from analyzers.span import Place


def dump(entry: EntryEffects) -> str:
    """The text of what a root does, with a newline at its end."""
    place = Place(entry.root.function.module.path, entry.root.function.node.name_span)
    lines = [f"{entry.root.label}{_at(place)}", *_sequence(entry.effects, ())]
    if entry.failure:
        lines.append(f"  ! {entry.failure}")
    return "".join(f"{line}\n" for line in lines)


def _sequence(effects: Sequence, loops: tuple[Loop, ...]) -> Iterator[str]:
    for effect in effects:
        yield from (f"  {line}" for line in _effect(effect, loops))


def _effect(effect: Effect, loops: tuple[Loop, ...]) -> Iterator[str]:
    match effect:
        case Query():
            yield _query(effect, loops)
        case Leave():
            yield f"{effect.kind}: `{effect.text}`{_sureness(effect.confidence)}{_at(effect.place)}"
        case Branch():
            for number, way in enumerate(effect.ways):
                yield "or" if number else "either"
                yield from _sequence(way, loops)
        case Loop():
            reader = f", by a {effect.reader}" if effect.reader else ""
            yield f"loop {effect.over}: {effect.count.name.lower()}{reader}{_at(effect.place)}"
            yield from _sequence(effect.body, (*loops, effect))
        case Call():
            yield f"call {effect.name}{_at(effect.place)}"
            yield from _sequence(effect.body, loops)
        case Transaction() | Deferred():
            yield f"{type(effect).__name__.lower()}{_at(effect.place)}"
            yield from _sequence(effect.body, loops)


def _query(query: Query, loops: tuple[Loop, ...]) -> str:
    kind = "write" if query.write else "read"
    how = "" if query.how is How.CALL else f"{query.how.value} "
    what = query.relation or query.model or "something"
    reader = f", by a {query.reader}" if query.reader else ""
    lacking = f" {dotted(query.missing)}" if query.missing else ""
    loaded = query.how in (How.CALL, How.ITERATE)
    source = ""
    if query.source is not None and query.source != query.place:
        source = f", {'begun' if loaded else f'rows without{lacking}'} {_at(query.source).strip()}"
    repeated = ""
    if query.repeats is not None and (mine := [loop for loop in loops if loop.id in query.repeats]) != [*loops]:
        repeated = f", once per {' × '.join(loop.over for loop in mine)}" if mine else ", once"
    more = f", {query.trips} round trips" if query.trips > 1 else ""
    sureness = _sureness(query.confidence)
    return f"{how}{kind} of {what}: `{query.text}`{reader}{source}{repeated}{more}{sureness}{_at(query.place)}"


def _sureness(confidence: Confidence) -> str:
    return "" if confidence is Confidence.CERTAIN else f", {confidence.name.lower()}"


def _at(place: Place) -> str:
    return f"  @{place.path}:{place.span.line}"

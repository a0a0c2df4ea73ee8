"""
Effects: what running a function does, as a tree that keeps the structure that matters.

Inner nodes are `Loop`, `Branch`, `Transaction`, `Deferred` and `Call` (a callee, spliced in); leaves are `Query` and
`Leave` (what goes out of the process). A sequence is a tuple.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from analyzers.findings import Confidence
from analyzers.relation import Path
from analyzers.span import Place


class Count(enum.IntEnum):
    """How many times a loop runs."""

    FEW = 1
    """By a constant, a small literal, until the first hit, or by batches."""
    UNKNOWN = 2
    """Over something whose origin is not known."""
    ROWS = 3
    """Once for each row of a query, or each element of what came from one."""


class How(enum.Enum):
    """Why a query runs."""

    CALL = "call"
    """It is asked for: `.get()`, `.count()`, a raw statement."""
    LAZY = "lazy"
    """An attribute is read that was not loaded."""
    ITERATE = "iterate"
    """A query set is gone through."""
    DEFEATED = "defeated"
    """The rows were loaded, and asked for again in a way that can't use them."""
    DEFERRED = "deferred"
    """A column is read that the query left out."""


class Query(msgspec.Struct, frozen=True):
    """Going to the database."""

    place: Place
    function: str
    """`path::qualname` of the function whose text asks for it."""
    text: str
    """What the code says, shortened: `order.customer`, `Customer.objects.get(...)`."""
    how: How
    write: bool
    model: str
    """The model's name; empty when unknown."""
    relation: str
    """`Order.customer` for what goes through a relation, else empty."""
    confidence: Confidence
    repeats: frozenset[int] | None
    """Ids of the loops around it that repeat it; None for all of them. A cached row's relation loads once."""
    source: Place | None = None
    """Where the rows that lack it were queried."""
    missing: Path = ()
    """What an eager load at `source` would have to name; empty where that is no cure."""
    library: str = ""
    """The framework model of the rows at `source`."""
    reader: str = ""
    """Who reads the row: "serializer" for what a declarative class reads, empty for code that is written."""
    via: tuple[Place, ...] = ()
    """Where the query was begun, handed on or gone on with on its way from `source`."""
    declared: Place | None = None
    """Where the relation is declared, if its declaration can say how it is loaded."""
    trips: int = 1
    """Round trips in all: its own, and one for each relation that is loaded with it and not by a join."""


class Leave(msgspec.Struct, frozen=True):
    """Something leaves the process: a job, mail, signal or HTTP call."""

    place: Place
    function: str
    text: str
    kind: str
    confidence: Confidence


class Loop(msgspec.Struct, frozen=True):
    """What runs for each element."""

    id: int
    place: Place
    function: str
    over: str
    """What one element is called: `order`, or the text of what is looped over."""
    count: Count
    reader: str
    """"" for a loop that is written, else who loops: "serializer", "resolver", "template", "admin"."""
    body: tuple[Effect, ...]


class Branch(msgspec.Struct, frozen=True):
    """One of several ways."""

    ways: tuple[tuple[Effect, ...], ...]


class Transaction(msgspec.Struct, frozen=True):
    """What runs inside one transaction."""

    place: Place
    body: tuple[Effect, ...]


class Deferred(msgspec.Struct, frozen=True):
    """What runs later: after the commit, in the background."""

    place: Place
    body: tuple[Effect, ...]


class Call(msgspec.Struct, frozen=True):
    """A callee's effects, spliced in where it is called."""

    place: Place
    function: str
    """`path::qualname` of the callee."""
    name: str
    body: tuple[Effect, ...]


Effect: TypeAlias = Query | Leave | Loop | Branch | Transaction | Deferred | Call
Sequence: TypeAlias = tuple[Effect, ...]


def leaves(effects: Sequence, path: tuple[Effect, ...] = ()) -> Iterator[tuple[Query | Leave, tuple[Effect, ...]]]:
    """Yield every leaf with the nodes that lead to it, outermost first."""
    for effect in effects:
        if isinstance(effect, (Query, Leave)):
            yield effect, path
        elif isinstance(effect, Branch):
            for way in effect.ways:
                yield from leaves(way, (*path, effect))
        else:
            yield from leaves(effect.body, (*path, effect))


def repeating(leaf: Query | Leave, path: tuple[Effect, ...]) -> list[Loop]:
    """The loops on a leaf's path that repeat it, outermost first."""
    loops = [node for node in path if isinstance(node, Loop)]
    if isinstance(leaf, Query) and leaf.repeats is not None:
        loops = [loop for loop in loops if loop.id in leaf.repeats]
    return loops


def once(effect: Effect, loops: frozenset[int] = frozenset()) -> Effect:
    """The same effect, of the loops around it repeated only by these; loops inside it repeat as before."""
    match effect:
        case Query():
            return msgspec.structs.replace(effect, repeats=loops if effect.repeats is None else effect.repeats & loops)
        case Leave():
            return effect
        case Branch():
            return Branch(tuple(tuple(once(inner, loops) for inner in way) for way in effect.ways))
        case Loop():
            loops = loops | {effect.id}
    return msgspec.structs.replace(effect, body=tuple(once(inner, loops) for inner in effect.body))

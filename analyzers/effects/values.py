"""
Abstract values: just enough of what an expression stands for to tell which queries run.

Values of rows and query sets are objects with identity, because what is loaded once stays loaded: two variables that
hold the same row share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from analyzers.effects.loads import NO_LOADS, Loads
from analyzers.effects.tree import Count
from analyzers.findings import Confidence
from analyzers.program.symbols import ClassSymbol, FunctionSymbol, ModuleSymbol

if TYPE_CHECKING:
    from analyzers import ir
    from analyzers.effects.frame import Frame
    from analyzers.program.orm import ModelInfo
    from analyzers.relation import Path
    from analyzers.span import Place


class Value:
    """Something not known. Unknown is quiet."""

    __slots__ = ()

    nested: ClassVar[int] = 0
    """How many values around the one whose key is asked for are being told apart right now."""

    @property
    def key(self) -> object:
        """Equal keys behave alike when given to a function."""
        return None


UNKNOWN = Value()

DEEPEST_KEY = 5
"""Values within values that a key tells apart: a parent and its child may know each other, a list may hold itself."""


def _inner_keys(values: Iterable[Value]) -> tuple[object, ...]:
    """The keys of the values inside another; none below `DEEPEST_KEY`."""
    if Value.nested == DEEPEST_KEY:
        return ()
    Value.nested += 1
    try:
        return tuple(value.key for value in values)
    finally:
        Value.nested -= 1


class Const(Value):
    """A literal."""

    __slots__ = ("sure", "value")

    def __init__(self, value: object, *, sure: bool = True) -> None:
        self.value = value
        self.sure = sure
        """Whether it can be nothing else; when something unknown may stand in its place, no test of it is decided."""

    def guessed(self) -> Const:
        """The same, where it may be something else."""
        return Const(self.value, sure=False)

    @property
    def key(self) -> object:
        return ("const", self.value, self.sure)


class Plain(Value):
    """A number or text that is there, never null; which one is not known."""

    __slots__ = ()

    @property
    def key(self) -> object:
        return "plain"


class QuerySet(Value):
    """A query that was built; `fetched` once it ran and keeps its rows."""

    __slots__ = (
        "assumed", "cls", "columns", "created", "defeated", "fetched", "inner", "joined", "loads", "made", "model",
        "narrowed", "origin", "parent", "relation", "row", "selected", "served", "short", "trail", "tuples", "vague",
        "via", "writes",
    )  # fmt: skip

    def __init__(
        self,
        model: ModelInfo,
        created: tuple[int, ...],
        origin: Place | None,
        *,
        cls: ClassSymbol | None = None,
        loads: Loads = NO_LOADS,
        assumed: Confidence = Confidence.CERTAIN,
        served: bool = False,
        relation: str = "",
        columns: bool = False,
        defeated: bool = False,
        parent: tuple[str, Row] | None = None,
    ) -> None:
        self.model = model
        self.created = created
        """Loops that were running when it was built."""
        self.origin = origin
        self.cls = cls
        """Its query set class in the tree, for methods of its own."""
        self.loads = loads
        self.assumed = assumed
        """How sure it is that nothing more was loaded."""
        self.vague = False
        """A method had a part in it that could not be resolved for certain."""
        self.served = served
        """Its rows came with their owner: going through it is free."""
        self.relation = relation
        """`Order.lines` for a related manager."""
        self.columns = columns
        """Gives values instead of rows."""
        self.defeated = defeated
        """Its owner had loaded these rows, but what was asked since can't be answered from them."""
        self.parent = parent
        """(name of the relation back, owner) for a related manager: the rows know their owner."""
        self.made = origin
        """Where it was written: what its rows lack would be loaded there, unless they came with their owner."""
        self.short = False
        """A slice of a few rows."""
        self.inner = False
        """Loaded with its owner by a query set of its own (`Prefetch(queryset=...)`)."""
        self.trail: Path = ()
        """As a row's: for a related manager, whose rows could come with their owner."""
        self.selected: tuple[ModelInfo | None, ...] = ()
        """What was selected, where it was more than the model itself; None for plain values."""
        self.tuples = False
        """Whether each result holds what was selected, instead of being a row of the model."""
        self.joined: tuple[str, ...] = ()
        """Relation paths that were joined, in order."""
        self.via: tuple[Place, ...] = ()
        """Where it was begun, handed on or gone on with, before it came here."""
        self.narrowed = False
        """Whether some rows of the model were left out."""
        self.writes = False
        """A statement that writes when it is executed."""
        self.fetched = False
        self.row: Value | None = None

    @property
    def key(self) -> object:
        return (
            "set", self.model.symbol.id, self.created, self.origin, self.loads, self.assumed, self.served,
            self.fetched, self.columns, self.defeated, self.tuples, self.narrowed, self.writes,
        )  # fmt: skip

    def copy(self, created: tuple[int, ...], origin: Place | None) -> QuerySet:
        """A query of its own that starts from this one; it has not run."""
        other = QuerySet(
            self.model, created, origin or self.origin, cls=self.cls, loads=self.loads, assumed=self.assumed,
            served=self.served, relation=self.relation, columns=self.columns, defeated=self.defeated,
            parent=self.parent,
        )  # fmt: skip
        other.inner, other.short, other.vague = self.inner, self.short, self.vague
        other.selected, other.tuples, other.joined = self.selected, self.tuples, self.joined
        other.narrowed, other.writes, other.via = self.narrowed, self.writes, self.via
        return other


class Row(Value):
    """A model instance."""

    __slots__ = (
        "assumed",
        "attributes",
        "created",
        "inner",
        "loads",
        "model",
        "origin",
        "related",
        "trail",
        "via",
    )

    def __init__(
        self,
        model: ModelInfo,
        created: tuple[int, ...],
        origin: Place | None,
        *,
        loads: Loads = NO_LOADS,
        assumed: Confidence = Confidence.CERTAIN,
    ) -> None:
        self.model = model
        self.created = created
        """Loops that were running when it came to be: in each of their iterations it is another row."""
        self.origin = origin
        self.loads = loads
        self.assumed = assumed
        self.trail: Path = ()
        """What leads here from the rows that were queried at `origin`."""
        self.via: tuple[Place, ...] = ()
        """As a query set's."""
        self.inner = False
        """Loaded with its owner by a query set of its own."""
        self.related: dict[str, Value] = {}
        """Relations that were read: they are cached."""
        self.attributes: dict[str, Value] = {}
        """Attributes that were assigned."""

    @property
    def key(self) -> object:
        related = tuple(sorted(self.related))
        return ("row", self.model.symbol.id, self.created, self.origin, self.loads, self.assumed, related)


class Items(Value):
    """A collection in memory, all of whose elements look alike."""

    __slots__ = ("count", "element", "mapping")

    def __init__(
        self, element: Value, count: Count, *, mapping: Mapping[str, Value] | Mapping[object, Value] | None = None
    ) -> None:
        self.element = element
        self.count = count
        self.mapping: dict[object, Value] | None = None if mapping is None else dict[object, Value](mapping.items())
        """Values by constant key, where it is a mapping."""

    @property
    def key(self) -> object:
        if self.mapping is None:
            return ("items", self.count, *_inner_keys((self.element,)))
        return ("mapping", self.count, *self.mapping, *_inner_keys((self.element, *self.mapping.values())))


class Group(Value):
    """A tuple or short literal list whose elements are told apart."""

    __slots__ = ("items",)

    def __init__(self, items: tuple[Value, ...]) -> None:
        self.items = items

    @property
    def key(self) -> object:
        return ("group", len(self.items), *_inner_keys(self.items))


class Class(Value):
    """A class itself."""

    __slots__ = ("symbol",)

    def __init__(self, symbol: ClassSymbol) -> None:
        self.symbol = symbol

    @property
    def key(self) -> object:
        return ("class", self.symbol.id)


class Object(Value):
    """An instance of a class that is no model."""

    __slots__ = ("attributes", "created", "symbol")

    def __init__(self, symbol: ClassSymbol, created: tuple[int, ...] = ()) -> None:
        self.symbol = symbol
        self.created = created
        self.attributes: dict[str, Value] = {}

    @property
    def key(self) -> object:
        names = sorted(self.attributes)
        return ("object", self.symbol.id, *names, *_inner_keys(self.attributes[name] for name in names))


class Module(Value):
    """A module of the tree."""

    __slots__ = ("symbol",)

    def __init__(self, symbol: ModuleSymbol) -> None:
        self.symbol = symbol

    @property
    def key(self) -> object:
        return ("module", self.symbol.path)


class Column(Value):
    """An attribute of a model class, as queries name it: `Order.customer`."""

    __slots__ = ("model", "name")

    def __init__(self, model: ModelInfo, name: str) -> None:
        self.model = model
        self.name = name

    @property
    def key(self) -> object:
        return ("column", self.model.symbol.id, self.name)


class Callable(Value):
    """A function, bound to its first argument if there is one; a closure keeps the frame it was made in."""

    __slots__ = ("bound", "closure", "function", "start")

    def __init__(
        self,
        function: FunctionSymbol,
        bound: Value | None = None,
        closure: Frame | None = None,
        start: ClassSymbol | None = None,
    ) -> None:
        self.function = function
        self.bound = bound
        self.closure = closure
        self.start = start

    @property
    def key(self) -> object:
        return (
            "callable",
            self.function.id,
            None if self.bound is None else _inner_keys((self.bound,)),
            id(self.closure) if self.closure else 0,
        )


class Anonymous(Value):
    """A lambda with the frame it was made in."""

    __slots__ = ("closure", "node")

    def __init__(self, node: ir.Lambda, closure: Frame) -> None:
        self.node = node
        self.closure = closure

    @property
    def key(self) -> object:
        return ("lambda", id(self.node), id(self.closure))


class Outside(Value):
    """Something of a library, by its dotted name; of a receiver that is not known, by its last segments."""

    __slots__ = ("dotted", "receiver")

    def __init__(self, dotted: str, receiver: Value | None = None) -> None:
        self.dotted = dotted
        self.receiver = receiver

    @property
    def key(self) -> object:
        return ("outside", self.dotted)


class Loader(Value):
    """What says which relation to load: `Prefetch("lines", queryset=...)`, `joinedload(Order.customer)`."""

    __slots__ = ("inner", "joins", "origin", "path", "to_attr")

    def __init__(
        self,
        path: str,
        inner: Loads,
        to_attr: str = "",
        origin: Place | None = None,
        joins: frozenset[str] = frozenset(),
    ) -> None:
        self.joins = joins
        """Prefixes of the path that come with the query itself, and not with one of their own."""
        self.origin = origin
        self.path = path
        self.inner = inner
        self.to_attr = to_attr

    @property
    def key(self) -> object:
        return ("loader", self.path, self.inner, self.to_attr, self.joins)


class View(Value):
    """
    A template that is about to be rendered, and may get more variables: `view("orders")->with("orders", $orders)`.
    """

    __slots__ = ("context", "name")

    def __init__(self, name: Value, context: Items) -> None:
        self.name = name
        self.context = context

    @property
    def key(self) -> object:
        return ("view", self.name.key, self.context.key)


class Super(Value):
    """`super()`: the methods after a class, for an instance."""

    __slots__ = ("after", "instance")

    def __init__(self, after: ClassSymbol, instance: Value) -> None:
        self.after = after
        self.instance = instance

    @property
    def key(self) -> object:
        return ("super", self.after.id, self.instance.key)


class Choice(Value):
    """One of several values, at most `WAYS`."""

    __slots__ = ("values",)
    WAYS = 4

    def __init__(self, values: tuple[Value, ...]) -> None:
        self.values = values

    @property
    def key(self) -> object:
        return ("choice", tuple(value.key for value in self.values))


def join(one: Value, other: Value) -> Value:
    """What holds when it is either of the two."""
    if one is other or (type(one) is Choice and len(one.values) >= Choice.WAYS):
        return one
    if isinstance(one, Const) and one.key == other.key:
        return one
    if _says_nothing(one):
        return other.guessed() if isinstance(other, Const) else other
    if _says_nothing(other):
        return one.guessed() if isinstance(one, Const) else one
    if isinstance(one, QuerySet) and isinstance(other, QuerySet) and one.model.symbol is other.model.symbol:
        return _either_set(one, other)
    if isinstance(one, Row) and isinstance(other, Row) and one.model.symbol is other.model.symbol:
        row = Row(
            one.model,
            _both(one.created, other.created),
            one.origin,
            loads=one.loads.meet(other.loads),
            assumed=min(one.assumed, other.assumed),
        )
        row.trail, row.via = one.trail, one.via
        row.related = {name: value for name, value in one.related.items() if name in other.related}
        return row
    if isinstance(one, Items) and isinstance(other, Items) and one.mapping is None and other.mapping is None:
        return Items(join(one.element, other.element), max(one.count, other.count))
    by_key: dict[object, Value] = {}
    for part in (*choices(one), *choices(other)):
        by_key.setdefault(part.key, part)
    return Choice(tuple(by_key.values())[: Choice.WAYS]) if len(by_key) > 1 else one


def _says_nothing(value: Value) -> bool:
    return (
        type(value) is Value
        or (isinstance(value, Const) and value.value is None)
        or (isinstance(value, Items) and type(value.element) is Value and value.mapping is None)
    )


def _either_set(one: QuerySet, other: QuerySet) -> QuerySet:
    weaker = one if len(one.loads.paths) <= len(other.loads.paths) else other
    both = QuerySet(
        one.model, _both(one.created, other.created), weaker.origin, cls=one.cls if one.cls is other.cls else None,
        loads=one.loads.meet(other.loads), assumed=min(one.assumed, other.assumed), served=one.served and other.served,
        relation=one.relation, columns=one.columns and other.columns, defeated=one.defeated or other.defeated,
        parent=one.parent,
    )  # fmt: skip
    both.fetched = one.fetched and other.fetched
    both.selected, both.tuples, both.joined, both.via = weaker.selected, weaker.tuples, weaker.joined, weaker.via
    both.narrowed, both.writes = one.narrowed or other.narrowed, one.writes or other.writes
    return both


def _both(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return one if len(one) >= len(other) else other


def choices(value: Value) -> tuple[Value, ...]:
    """The values it may be."""
    return value.values if isinstance(value, Choice) else (value,)


def truth(value: Value) -> bool | None:
    """Whether a test is known to hold or to fail."""
    known = {bool(part.value) if isinstance(part, Const) and part.sure else None for part in choices(value)}
    return known.pop() if len(known) == 1 else None


def text_of(parts: list[Value]) -> Value:
    """Texts put together, when all of them are known."""
    if all(isinstance(part, Const) for part in parts):
        return Const("".join(str(part.value) for part in parts if isinstance(part, Const)))
    return UNKNOWN


def again(row: Row, created: tuple[int, ...]) -> Row:
    """The same row seen from other loops; they share what was loaded."""
    if row.created == created:
        return row
    other = Row(row.model, created, row.origin, loads=row.loads, assumed=row.assumed)
    other.related, other.attributes = row.related, row.attributes
    other.trail, other.inner, other.via = row.trail, row.inner, row.via
    return other


FUNCTIONS = (Callable, Anonymous)
"""What can be called as it is."""

"""
What query sets do: which method calls are round trips, and what their rows come with.

What a method name means is asked of the framework models; here is only how loading, caching and repeating go together:

- a query set runs once and keeps its rows; a query set made in a loop is another one in each iteration;
- rows that came with their owner serve `.all()`, and nothing that needs another query (`.filter()`, `.order_by()`).
"""

from __future__ import annotations

from analyzers import ir
from analyzers.effects import eager_loads
from analyzers.effects.frame import Frame
from analyzers.effects.loads import NO_LOADS
from analyzers.effects.machine import Arguments, Keywords, Machine
from analyzers.effects.tree import Count, How
from analyzers.effects.values import (
    FUNCTIONS,
    UNKNOWN,
    Callable,
    Choice,
    Class,
    Column,
    Const,
    Group,
    Items,
    Outside,
    QuerySet,
    Row,
    Value,
    again,
    choices,
)
from analyzers.findings import Confidence
from analyzers.frameworks import Operation
from analyzers.program.orm import ModelInfo
from analyzers.program.symbols import ClassSymbol, FunctionSymbol
from analyzers.span import Place

WAY = 6
"""Places that are kept of the way of a query through the code."""
SHORT = 10
"""Rows of a slice (`[:3]`) that is taken to be short."""


def start(it: Machine, model: ModelInfo, cls: ClassSymbol | None, frame: Frame, node: ir.Node) -> Value:
    """The query set that a model's manager gives: with what its own `get_queryset` loads, if it has one."""
    plain = QuerySet(model, it.loops, None, cls=cls)
    plain.made = frame.at(node.span)
    method = cls.method("get_queryset") if cls is not None else None
    if method is None or method.id in it.stack:
        return plain
    if not method.module.is_stub:
        frame = type(frame)(method.module, method)  # what it gives comes from there, not from where the model is named
    made = it.call_function(Callable(method, plain), (), {}, frame, method.node)
    result = next((part for part in choices(made) if isinstance(part, QuerySet)), plain)
    result.cls = cls
    return result


def run(it: Machine, value: QuerySet, frame: Frame, node: ir.Node) -> None:
    """Go through a query set: a round trip, unless its rows are there."""
    if value.fetched:
        return
    value.fetched = True
    if value.served:
        return
    remember(it, value)
    _ask(it, value, frame, node, How.DEFEATED if value.defeated else How.LAZY if value.relation else How.ITERATE)


def remember(it: Machine, value: QuerySet) -> None:
    """Note that an identity map holds every row of a model from now on."""
    if value.model.framework.identity_map and not (value.narrowed or value.relation or value.columns or value.writes):
        it.mapped.add(value.model.symbol.id)


def round_trips(value: QuerySet) -> int:
    """How many it takes to get the rows of a query set: one, and one for each relation that is loaded apart."""
    return 1 if value.columns else 1 + len(value.loads.apart | (value.model.loaded - value.loads.paths))


def _ask(
    it: Machine, value: QuerySet, frame: Frame, node: ir.Node, how: How, *, write: bool = False, rows: bool = True
) -> None:
    """Note that a query set runs, for its rows or for less."""
    it.query(
        frame, node, how=how, write=write, model=value.model.symbol.name, relation=value.relation,
        confidence=value.assumed, created=value.created if how in (How.LAZY, How.ITERATE) else None,
        source=value.origin, missing=value.trail if how is How.LAZY else (), library=value.model.framework.name,
        via=value.via, trips=round_trips(value) if rows else 1,
    )  # fmt: skip


def element(it: Machine, value: QuerySet) -> Value:
    """A row of a query set, for the loops that are running."""
    if value.columns:
        return UNKNOWN
    if value.tuples:
        return Group(tuple(_selected_row(it, value, model) for model in value.selected))
    if value.row is None or not isinstance(value.row, Row):
        row = Row(
            value.model,
            it.loops,
            value.origin if value.served else value.made,
            loads=value.loads,
            assumed=value.assumed,
        )
        if value.served:
            row.trail, row.inner = value.trail, value.inner
        if value.parent is not None:
            row.related[value.parent[0]] = value.parent[1]
        row.via = value.via
        value.row = row
        return row
    return again(value.row, it.loops)


def _selected_row(it: Machine, value: QuerySet, model: ModelInfo | None) -> Value:
    return UNKNOWN if model is None else Row(model, it.loops, value.made, loads=value.loads, assumed=value.assumed)


def slice_of(it: Machine, value: QuerySet, frame: Frame, node: ir.Node) -> Value:
    """A part of a query set: in memory when its rows are there, else another query."""
    if value.fetched or value.served:
        return value
    part = value.copy(it.loops, value.origin)
    key = node.key if isinstance(node, ir.Subscript) else None
    stop = key.stop if isinstance(key, ir.Slice) else None
    part.short = isinstance(stop, ir.Constant) and isinstance(stop.value, int) and 0 <= stop.value <= SHORT
    return part


def set_attribute(it: Machine, value: QuerySet, name: str, frame: Frame, node: ir.Node) -> Value:
    """An attribute of a query set: a method of its class in the tree, or one that the library has."""
    cls = value.cls or _default_class(it, value.model)
    method = cls.method(name) if cls is not None else None
    if method is not None and not method.module.is_stub:
        return it.bind_method(method, value, frame, node)
    if name == "model":
        return Class(value.model.symbol)
    return Outside(f"queryset.{name}", value)


def _default_class(it: Machine, model: ModelInfo) -> ClassSymbol | None:
    for name in model.framework.managers:
        starts, cls = it.orm.manager_class(model, name)
        if starts and cls is not None:
            return cls
    return None


def operation(it: Machine, on: str, name: str, language: str, library: str = "") -> Operation | None:
    """What the framework models say of a name, the library of the model first."""
    known = it.frameworks.operations.get((on, name), ())
    for framework, found in known:
        if framework.name == library:
            return found
    if library:
        return None
    return next((found for framework, found in known if framework.language == language), None)


def call_set(
    it: Machine,
    value: QuerySet,
    name: str,
    arguments: tuple[Value, ...],
    keywords: dict[str, Value],
    frame: Frame,
    node: ir.Call,
) -> Value:
    """What calling a method of a query set gives and runs. A method that nothing is known of builds."""
    known = operation(it, "queryset", name, frame.module.host, value.model.framework.name)
    if known is None:
        scope = scope_method(it, value, name, arguments, keywords, frame, node)
        if scope is None:
            scope = _by_unique_name(it, value, name, arguments, keywords, frame, node)
        return scope if scope is not None else _built(it, value, frame, node, None, unknown=True)
    if known.does == "each":
        run(it, value, frame, node)
        with it.loop(frame, node.span, value.model.symbol.name.lower(), Count.FEW if value.short else Count.ROWS):
            for argument in arguments:
                it.call_value(argument, (element(it, value),), {}, frame, node)
        return UNKNOWN
    if known.does == "build" and known.gives == "nothing":
        return Items(UNKNOWN, Count.FEW)  # without rows, it has nothing to load: what else there may be decides
    if known.does == "build":
        built = _built(it, value, frame, node, known)
        for argument in arguments:
            if isinstance(argument, FUNCTIONS):
                it.call_value(argument, (built,), {}, frame, node)
        if known.limits and arguments:
            most = arguments[0].value if isinstance(arguments[0], Const) else None
            built.short = isinstance(most, int) and most <= SHORT
        if known.paths == "models":
            _join(it, built, arguments)
        if known.adds:
            value.loads = built.loads = built.loads.plus(*eager_loads.added(known.adds, arguments))
        return built
    if known.does == "eager":
        return _eager(it, value, known, arguments, keywords, frame, node)
    if known.does == "load":
        eager_loads.load_more(it, value, known, arguments, frame, node)
        return value
    in_memory = known.uses_result and (value.fetched or value.served)
    if known.does in ("read", "write") and not in_memory:
        if known.does == "write" or known.gives != "rows":
            write = known.does == "write" or value.writes
            how = How.DEFEATED if (value.served or value.defeated) and known.does != "write" else How.CALL
            asked = _certain(value)
            if known.by_key and value.model.symbol.id in it.mapped:
                asked.assumed = Confidence.POSSIBLE
            _ask(it, asked, frame, node, how, write=write, rows=not write and known.gives in ("row", "page"))
        else:
            run(it, value, frame, node)
    return given(it, known, value, arguments, frame, node)


def _by_unique_name(
    it: Machine,
    value: QuerySet,
    name: str,
    arguments: tuple[Value, ...],
    keywords: dict[str, Value],
    frame: Frame,
    node: ir.Call,
) -> Value | None:
    """What a method gives that no known class of the query set has, but one query set class of the tree alone."""
    method = it.lookups.unique_method(name)
    if method is None or method.owner is None or it.orm.query_set_framework(method.owner) is None:
        return None
    made = it.call_function(Callable(method, value), arguments, keywords, frame, node)
    for part in choices(made):
        if isinstance(part, QuerySet):
            part.assumed, part.vague = min(part.assumed, Confidence.LIKELY), True
    return made


def _certain(value: QuerySet) -> QuerySet:
    """A query that runs whatever was loaded before."""
    other = value.copy(value.created, value.origin)
    other.assumed = max(value.assumed, Confidence.LIKELY)
    return other


def given(
    it: Machine, known: Operation, value: QuerySet, arguments: tuple[Value, ...], frame: Frame, node: ir.Node
) -> Value:
    """What an operation on a query set gives back."""
    match known.gives:
        case "row" if value.tuples:
            return element(it, value)
        case "row":
            row = element(it, value)
            if known.does == "write" and isinstance(row, Row):
                return Row(row.model, it.loops, None, assumed=Confidence.LIKELY)
            return Row(value.model, it.loops, frame.at(node.span), loads=value.loads, assumed=value.assumed)
        case "rows":
            return Items(element(it, value), Count.FEW if value.short else Count.ROWS)
        case "page":
            found = Items(element(it, value), Count.ROWS)
            return Items(found.element, Count.ROWS, mapping={"items": found})
        case "queryset" | "receiver":
            return value
        case "argument":
            return arguments[0] if arguments else UNKNOWN
    return UNKNOWN


def _built(
    it: Machine, value: QuerySet, frame: Frame, node: ir.Node, known: Operation | None, *, unknown: bool = False
) -> QuerySet:
    place = frame.at(node.span)
    if value.origin is not None and not value.relation and (frame.module.is_stub or _continues(node, frame)):
        place = value.origin
    result = value.copy(it.loops, place)
    if value.origin is not None and not place.holds(value.origin):
        result.via = (*value.via, value.origin)
    result.narrowed = value.narrowed or unknown or (known is not None and known.narrows)
    if known is not None and known.gives == "scalars":
        result.tuples = False
    if known is not None and known.keeps:
        result.fetched, result.row = value.fetched, value.row
        if value.relation:
            result.origin, result.trail = value.origin, value.trail
        return result
    if value.served and not unknown:
        result.served, result.defeated = False, True
    elif value.relation and not value.vague and not unknown:
        result.assumed = Confidence.CERTAIN
    if unknown:
        result.assumed, result.vague = min(value.assumed, Confidence.LIKELY), True
    if known is not None and known.gives == "scalar":
        result.columns = True
    return result


def hand_on(value: Value, place: Place) -> None:
    """Note that a function gave a query or its rows to where it was called."""
    for part in choices(value):
        holder = part.element if isinstance(part, Items) else part
        if isinstance(holder, (QuerySet, Row)) and place not in holder.via and len(holder.via) < WAY:
            holder.via = (*holder.via, place)


def _continues(node: ir.Node, frame: Frame) -> bool:
    """Whether a chain starts from a variable, so that its query was begun elsewhere: `orders.filter(...)`."""
    while isinstance(node, (ir.Call, ir.Attribute)):
        node = node.callee if isinstance(node, ir.Call) else node.value
    return isinstance(node, ir.Name) and isinstance(frame.find(node.id), (QuerySet, Choice))


def _join(it: Machine, value: QuerySet, arguments: tuple[Value, ...]) -> None:
    """
    Note a join, from the model joined last or one before it, along a relation to one.

    Its rows come with the query's when their model was selected: `Order.select(Order, Customer).join(Customer)`.
    """
    to = arguments[0] if arguments else UNKNOWN
    for start in (*reversed(value.joined), ""):
        model = eager_loads.at(it, value.model, start)
        for name, relation in model.relations.items() if model is not None else ():
            if relation.many or relation.target is None:
                continue
            if (isinstance(to, Class) and relation.target is to.symbol) or (isinstance(to, Column) and to.name == name):
                path = f"{start}.{name}" if start else name
                value.joined = (*value.joined, path)
                if any(part is None or part.symbol is relation.target for part in value.selected):
                    value.loads = value.loads.plus(path)
                return


def _eager(
    it: Machine,
    value: QuerySet,
    known: Operation,
    arguments: tuple[Value, ...],
    keywords: dict[str, Value],
    frame: Frame,
    node: ir.Node,
) -> QuerySet:
    result = _built(it, value, frame, node, None)
    if known.replaces:
        names = [str(a.value).split("__")[0] for a in arguments if isinstance(a, Const)]
        result.loads = result.loads.restricted(frozenset(names)) if len(names) == len(arguments) else result.loads
        return result
    if known.leaves_out:
        result.loads = result.loads.without(frozenset([str(a.value) for a in arguments if isinstance(a, Const)]))
        return result
    if len(arguments) == 1 and isinstance(arguments[0], Const) and arguments[0].value is None:
        result.loads = NO_LOADS  # `select_related(None)` takes back what was said before
        return result
    if not arguments and known.paths == "double-underscore":
        result.loads = result.loads.plus(*_all_forward(value.model))
    if len(arguments) == 2 and isinstance(arguments[1], FUNCTIONS):  # `with("lines", fn ($query) => ...)`
        arguments = (Items(UNKNOWN, Count.FEW, mapping={_text(arguments[0]): arguments[1]}),)
    for argument in arguments:
        result.loads = eager_loads.with_loader(it, result.loads, argument, value.model, frame, node, joins=known.joins)
    if value.model.framework.language == "php":
        value.loads = result.loads  # a builder is changed in place, and gives itself
    return result


def _text(value: Value) -> str:
    return str(value.value) if isinstance(value, Const) else ""


def _all_forward(model: ModelInfo) -> list[str]:
    """`select_related()` without arguments follows every relation to one that can't be null; the others are few."""
    return sorted(name for name, relation in model.relations.items() if not relation.many)


def scope_method(
    it: Machine, value: QuerySet, name: str, arguments: Arguments, keywords: Keywords, frame: Frame, node: ir.Call
) -> Value | None:
    """
    Laravel's local scope behind `->active()`: `scopeActive($query)`, or `active($query)` with the attribute `Scope`.

    A scope that runs its query gives what it read.
    """
    symbol = value.model.symbol
    method = symbol.method(f"scope{name[:1].upper()}{name[1:]}") or symbol.method(name)
    if method is None or (method.name == name and not is_scope(method)):
        return None
    instance = Row(value.model, it.loops, None, assumed=Confidence.POSSIBLE)
    made = it.call_function(Callable(method, instance), (value, *arguments), keywords, frame, node)
    return value if type(made) is Value or isinstance(made, (Const, Outside)) else made


def is_scope(method: FunctionSymbol) -> bool:
    """Whether a method has the attribute `Scope`, which makes it one of Laravel's local scopes."""
    return any(name.rpartition(".")[2] == "Scope" for name in method.decorator_names())

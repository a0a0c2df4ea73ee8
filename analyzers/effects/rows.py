"""
What rows and query sets do: which attribute reads and method calls are round trips.

What a method name means is asked of the framework models. Here is how loading, caching and repeating hang together:

- a row's relation is free when it came with the row, or was read before;
- a query set runs once and keeps its rows; a query set made in a loop is another one in each iteration;
- rows that came with their owner serve `.all()`, and nothing that needs another query (`.filter()`, `.order_by()`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from analyzers import ir
from analyzers.effects import calls, readers
from analyzers.effects.tree import Branch, Count, Effect, How, Leave, Loop, Query
from analyzers.effects.values import (
    NO_LOADS,
    UNKNOWN,
    Callable,
    Choice,
    Class,
    Column,
    Const,
    Group,
    Items,
    Loader,
    Loads,
    Object,
    Outside,
    QuerySet,
    Row,
    Value,
    choices,
)
from analyzers.findings import Confidence
from analyzers.frameworks import Operation
from analyzers.program.orm import ModelInfo, RelationInfo
from analyzers.program.symbols import ClassSymbol, External, FunctionSymbol
from analyzers.relation import Hop
from analyzers.span import Place

if TYPE_CHECKING:
    from analyzers.effects.interpreter import Frame, Interpreter


WAY = 6
"""Places that are kept of the way of a query through the code."""
SHORT = 10
"""Rows of a slice (`[:3]`) that is taken to be short."""


# --- query sets -------------------------------------------------------------------------------------------------------


def start(it: Interpreter, model: ModelInfo, cls: ClassSymbol | None, frame: Frame, node: ir.Node) -> Value:
    """The query set that a model's manager gives: with what its own `get_queryset` loads, if it has one."""
    plain = QuerySet(model, it.loops, None, cls=cls)
    plain.made = frame.at(node.span)
    method = cls.method("get_queryset") if cls is not None else None
    if method is None or method.id in it.stack:
        return plain
    if not method.module.is_stub:
        frame = type(frame)(method.module, method)  # what it gives comes from there, not from where the model is named
    made = calls.call_function(it, Callable(method, plain), (), {}, frame, method.node)
    result = next((part for part in choices(made) if isinstance(part, QuerySet)), plain)
    result.cls = cls
    return result


def run(it: Interpreter, value: QuerySet, frame: Frame, node: ir.Node) -> None:
    """Go through a query set: a round trip, unless its rows are there."""
    if value.fetched:
        return
    value.fetched = True
    if value.served:
        return
    remember(it, value)
    _ask(it, value, frame, node, How.DEFEATED if value.defeated else How.LAZY if value.relation else How.ITERATE)


def remember(it: Interpreter, value: QuerySet) -> None:
    """Note that an identity map holds every row of a model from now on."""
    if value.model.framework.identity_map and not (value.narrowed or value.relation or value.columns or value.writes):
        it.mapped.add(value.model.symbol.id)


def _ask(it: Interpreter, value: QuerySet, frame: Frame, node: ir.Node, how: How, *, write: bool = False) -> None:
    it.query(
        frame, node, how=how, write=write, model=value.model.symbol.name, relation=value.relation,
        confidence=value.assumed, created=value.created if how in (How.LAZY, How.ITERATE) else None,
        source=value.origin, missing=value.trail if how is How.LAZY else (), library=value.model.framework.name,
        via=value.via,
    )  # fmt: skip


def element(it: Interpreter, value: QuerySet) -> Value:
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


def _selected_row(it: Interpreter, value: QuerySet, model: ModelInfo | None) -> Value:
    return UNKNOWN if model is None else Row(model, it.loops, value.made, loads=value.loads, assumed=value.assumed)


def again(row: Row, created: tuple[int, ...]) -> Row:
    """The same row seen from other loops; they share what was loaded."""
    if row.created == created:
        return row
    other = Row(row.model, created, row.origin, loads=row.loads, assumed=row.assumed)
    other.related, other.attributes = row.related, row.attributes
    other.trail, other.inner, other.via = row.trail, row.inner, row.via
    return other


def slice_of(it: Interpreter, value: QuerySet, frame: Frame, node: ir.Node) -> Value:
    """A part of a query set: in memory when its rows are there, else another query."""
    if value.fetched or value.served:
        return value
    part = value.copy(it.loops, value.origin)
    key = node.key if isinstance(node, ir.Subscript) else None
    stop = key.stop if isinstance(key, ir.Slice) else None
    part.short = isinstance(stop, ir.Constant) and isinstance(stop.value, int) and 0 <= stop.value <= SHORT
    return part


def set_attribute(it: Interpreter, value: QuerySet, name: str, frame: Frame, node: ir.Node) -> Value:
    """An attribute of a query set: a method of its class in the tree, or one that the library has."""
    cls = value.cls or _default_class(it, value.model)
    method = cls.method(name) if cls is not None else None
    if method is not None and not method.module.is_stub:
        return calls.bind_method(it, method, value, frame, node)
    if name == "model":
        return Class(value.model.symbol)
    return Outside(f"queryset.{name}", value)


def _default_class(it: Interpreter, model: ModelInfo) -> ClassSymbol | None:
    for name in model.framework.managers:
        starts, cls = it.orm.manager_class(model, name)
        if starts and cls is not None:
            return cls
    return None


def operation(it: Interpreter, on: str, name: str, language: str, library: str = "") -> Operation | None:
    """What the framework models say of a name, the library of the model first."""
    known = it.frameworks.operations.get((on, name), ())
    for framework, found in known:
        if framework.name == library:
            return found
    if library:
        return None
    return next((found for framework, found in known if framework.language == language), None)


def call_set(
    it: Interpreter,
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
        scope = calls.scope_method(it, value, name, arguments, keywords, frame, node)
        if scope is None:
            scope = _by_unique_name(it, value, name, arguments, keywords, frame, node)
        return scope if scope is not None else _built(it, value, frame, node, None, unknown=True)
    if known.does == "each":
        run(it, value, frame, node)
        with it.loop(frame, node.span, value.model.symbol.name.lower(), Count.FEW if value.short else Count.ROWS):
            for argument in arguments:
                calls.call_value(it, argument, (element(it, value),), {}, frame, node)
        return UNKNOWN
    if known.does == "build":
        built = _built(it, value, frame, node, known)
        for argument in arguments:
            if isinstance(argument, calls.FUNCTIONS):
                calls.call_value(it, argument, (built,), {}, frame, node)
        if known.limits and arguments:
            most = arguments[0].value if isinstance(arguments[0], Const) else None
            built.short = isinstance(most, int) and most <= SHORT
        if known.paths == "models":
            _join(it, built, arguments)
        return built
    if known.does == "eager":
        return _eager(it, value, known, arguments, keywords, frame, node)
    if known.does == "load":
        _load_more(it, value, known, arguments, frame, node)
        return value
    in_memory = known.uses_result and (value.fetched or value.served)
    if known.does in ("read", "write") and not in_memory:
        if known.does == "write" or known.gives != "rows":
            write = known.does == "write" or value.writes
            how = How.DEFEATED if (value.served or value.defeated) and known.does != "write" else How.CALL
            asked = _certain(value)
            if known.by_key and value.model.symbol.id in it.mapped:
                asked.assumed = Confidence.POSSIBLE
            _ask(it, asked, frame, node, how, write=write)
        else:
            run(it, value, frame, node)
    return given(it, known, value, arguments, frame, node)


def _by_unique_name(
    it: Interpreter,
    value: QuerySet,
    name: str,
    arguments: tuple[Value, ...],
    keywords: dict[str, Value],
    frame: Frame,
    node: ir.Call,
) -> Value | None:
    """What a method gives that no known class of the query set has, but one query set class of the tree alone."""
    method = it.unique_method(name)
    if method is None or method.owner is None or it.orm.query_set_framework(method.owner) is None:
        return None
    made = calls.call_function(it, Callable(method, value), arguments, keywords, frame, node)
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
    it: Interpreter, known: Operation, value: QuerySet, arguments: tuple[Value, ...], frame: Frame, node: ir.Node
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
    it: Interpreter, value: QuerySet, frame: Frame, node: ir.Node, known: Operation | None, *, unknown: bool = False
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


def _join(it: Interpreter, value: QuerySet, arguments: tuple[Value, ...]) -> None:
    """
    Note a join, from the model joined last or one before it, along a relation to one.

    Its rows come with the query's when their model was selected: `Order.select(Order, Customer).join(Customer)`.
    """
    to = arguments[0] if arguments else UNKNOWN
    for start in (*reversed(value.joined), ""):
        model = _at(it, value.model, start)
        for name, relation in model.relations.items() if model is not None else ():
            if relation.many or relation.target is None:
                continue
            if (isinstance(to, Class) and relation.target is to.symbol) or (isinstance(to, Column) and to.name == name):
                path = f"{start}.{name}" if start else name
                value.joined = (*value.joined, path)
                if any(part is None or part.symbol is relation.target for part in value.selected):
                    value.loads = value.loads.plus(path)
                return


def _at(it: Interpreter, model: ModelInfo, path: str) -> ModelInfo | None:
    current: ModelInfo | None = model
    for name in path.split(".") if path else ():
        relation = current.relations.get(name) if current is not None else None
        current = it.orm.model(relation.target) if relation is not None and relation.target is not None else None
    return current


def _eager(
    it: Interpreter,
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
        result.loads = result.loads.without(str(a.value) for a in arguments if isinstance(a, Const))
        return result
    if len(arguments) == 1 and isinstance(arguments[0], Const) and arguments[0].value is None:
        result.loads = NO_LOADS  # `select_related(None)` takes back what was said before
        return result
    if not arguments and known.paths == "double-underscore":
        result.loads = result.loads.plus(*_all_forward(value.model))
    if len(arguments) == 2 and isinstance(arguments[1], calls.FUNCTIONS):  # `with("lines", fn ($query) => ...)`
        arguments = (Items(UNKNOWN, Count.FEW, mapping={_text(arguments[0]): arguments[1]}),)
    for argument in arguments:
        result.loads = with_loader(it, result.loads, argument, value.model, frame, node)
    if value.model.framework.language == "php":
        value.loads = result.loads  # a builder is changed in place, and gives itself
    return result


def _text(value: Value) -> str:
    return str(value.value) if isinstance(value, Const) else ""


def _all_forward(model: ModelInfo) -> list[str]:
    """`select_related()` without arguments follows every relation to one that can't be null; the others are few."""
    return sorted(name for name, relation in model.relations.items() if not relation.many)


def with_loader(it: Interpreter, loads: Loads, argument: Value, model: ModelInfo, frame: Frame, node: ir.Node) -> Loads:
    """
    Loads with what one argument of an eager operation adds; an argument that is not known is taken to add everything.
    """
    for part in choices(argument):
        if isinstance(part, Loader) and not part.path:
            loads = (
                loads.restricted(part.inner.only) if part.inner.only is not None else loads.without(part.inner.left_out)
            )
        elif isinstance(part, Loader):
            path = path_of(it, part.path, model)
            loads = (
                loads.stored(_sibling(path, part.to_attr), path, part.inner)
                if part.to_attr
                else loads.joined(path, part.inner)
            )
            loads = loads.queried(path, part.origin) if part.origin is not None else loads
        elif isinstance(part, Const) and isinstance(part.value, str):
            loads = loads.plus(path_of(it, part.value.split(":")[0], model))
        elif isinstance(part, Column):
            loads = loads.plus(part.name)
        elif isinstance(part, Items) and part.mapping is not None:
            for key, inner in part.mapping.items():
                loads = _with_entry(it, loads, key, inner, model, frame, node)
        elif isinstance(part, (Group, Items)):
            for item in part.items if isinstance(part, Group) else (part.element,):
                loads = with_loader(it, loads, item, model, frame, node)
            if isinstance(part, Items) and type(part.element) is Value:
                loads = loads.plus(*model.relations, *it.orm.reverse(model))
        elif type(part) is Value or isinstance(part, Outside):
            loads = loads.plus(*model.relations, *it.orm.reverse(model))
    return loads


def _with_entry(
    it: Interpreter, loads: Loads, key: object, value: Value, model: ModelInfo, frame: Frame, node: ir.Node
) -> Loads:
    """
    One entry of `with(["customer", "lines" => fn ($query) => $query->with("product"), "shop" => ["owner"]])`.
    """
    if not isinstance(key, str):
        return with_loader(it, loads, value, model, frame, node)
    path = path_of(it, key.split(":")[0], model)
    target = _at(it, model, path)
    if target is None:
        return loads.plus(path)
    query = QuerySet(target, it.loops, frame.at(node.span))
    for part in choices(value):
        if isinstance(part, calls.FUNCTIONS):
            given = calls.call_value(it, part, (query,), {}, frame, node)
            for made in choices(given):
                if isinstance(made, QuerySet) and made.model is target:
                    query.loads = Loads({*query.loads.paths, *made.loads.paths})
        elif not isinstance(part, Const):
            query.loads = with_loader(it, query.loads, part, target, frame, node)
    return loads.joined(path, query.loads)


def _sibling(path: str, name: str) -> str:
    head, dot, _ = path.rpartition(".")
    return f"{head}{dot}{name}"


def path_of(it: Interpreter, text: str, model: ModelInfo) -> str:
    """A relation path with accessor names, dotted: `lines__product` gives "lines.product"."""
    parts = []
    current: ModelInfo | None = model
    for name in text.replace(".", "__").split("__"):
        relation = it.orm.by_query_name(current, name) if current is not None else None
        parts.append(relation.name if relation is not None else name)
        current = it.orm.model(relation.target) if relation is not None and relation.target is not None else None
    return ".".join(parts)


def _load_more(
    it: Interpreter, value: Value, known: Operation, arguments: tuple[Value, ...], frame: Frame, node: ir.Node
) -> None:
    """Relations loaded for rows that are there: one query for each path, whatever the number of rows."""
    rows = [part for part in (value, *(_rows_of(value))) if isinstance(part, (Row, QuerySet))]
    for row in rows:
        for argument in arguments:
            row.loads = with_loader(it, row.loads, argument, row.model, frame, node)
        if isinstance(row, QuerySet) and isinstance(row.row, Row):
            row.row.loads = row.loads
    it.query(frame, node, how=How.CALL, model=rows[0].model.symbol.name if rows else "")


def load_for(
    it: Interpreter, known: Operation, value: Value, arguments: tuple[Value, ...], frame: Frame, node: ir.Node
) -> None:
    """`prefetch_related_objects(rows, "path")`, `$rows->load("path")`."""
    for part in choices(value):
        _load_more(it, part, known, arguments, frame, node)


def _rows_of(value: Value) -> tuple[Value, ...]:
    if isinstance(value, Items):
        return choices(value.element)
    if isinstance(value, Group):
        return value.items
    return ()


# --- rows -------------------------------------------------------------------------------------------------------------


def read(it: Interpreter, row: Row, name: str, frame: Frame, node: ir.Node) -> Value:
    """What reading an attribute of a row gives and runs."""
    if name in row.attributes:
        return row.attributes[name]
    stored = next((relation for path, relation in sorted(row.loads.attributes) if path == name), None)
    if stored is not None:
        relation = it.orm.relation(row.model, stored.rpartition(".")[2])
        if relation is not None and relation.target is not None:
            target = it.orm.model(relation.target)
            if target is not None:
                loads = row.loads.under(name)
                item = Row(target, it.loops, row.origin, loads=loads, assumed=row.assumed)
                return Items(item, Count.ROWS) if relation.many else item
    relation = row.model.relations.get(name)
    is_method = row.model.symbol.method(name)
    if relation is not None and (is_method is None or row.model.framework.language == "php"):
        return read_relation(it, row, relation, frame, node)
    if is_method is not None and _made_accessor(row.model.symbol, name) is not is_method:
        return calls.bind_method(it, is_method, row, frame, node)
    if name in row.model.framework.free:
        return UNKNOWN
    if name in row.model.framework.itself:
        return row
    if row.model.framework.proxies and not row.model.relations.get(name):
        through = _proxied(it, row.model, name)
        if through is not None:
            return _read_proxied(it, row, through, frame, node)
    if name in row.model.columns:
        _deferred(it, row, name, frame, node)
        return UNKNOWN
    if operation(it, "row", name, frame.module.host, row.model.framework.name) is not None:
        return Outside(f"row.{name}", row)
    relation = it.orm.reverse(row.model).get(name)
    if relation is not None:
        return read_relation(it, row, relation, frame, node)
    return _accessor(it, row, name, frame, node)


def _proxied(it: Interpreter, model: ModelInfo, name: str) -> tuple[str, str] | None:
    """The relation and the attribute of its rows that an attribute stands for: `association_proxy("tags", "name")`."""
    field = model.symbol.field(name)
    call = field[1].value if field is not None else None
    if field is None or not isinstance(call, ir.Call):
        return None
    symbol = it.program.class_of(field[0].module, call.callee)
    if not isinstance(symbol, External) or symbol.dotted not in model.framework.proxies:
        return None
    names = [str(argument.value) for argument in call.arguments[:2] if isinstance(argument, ir.Constant)]
    return (names[0], names[1]) if len(names) == 2 else None


def _read_proxied(it: Interpreter, row: Row, through: tuple[str, str], frame: Frame, node: ir.Node) -> Value:
    value = it.attribute_of(row, through[0], frame, node)
    if not isinstance(value, Items):
        return it.attribute_of(value, through[1], frame, node)
    with it.loop(frame, node.span, through[0], value.count):
        inner = it.attribute_of(it.element(value), through[1], frame, node)
    return Items(inner, value.count)


def _accessor(it: Interpreter, row: Row, name: str, frame: Frame, node: ir.Node) -> Value:
    """Laravel's `getFullNameAttribute` and `fullName(): Attribute` for `$row->full_name`."""
    if row.model.framework.language == "php":
        method = named_accessor(row.model.symbol, name, "Attribute")
        if method is not None:
            return calls.call_function(it, Callable(method, row), (), {}, frame, node)
        method = _made_accessor(row.model.symbol, name)
        if method is not None:
            return _read_made(it, row, method, frame, node)
    return Outside(f"row.{name}", row)


def named_accessor(symbol: ClassSymbol, name: str, kind: str) -> FunctionSymbol | None:
    """`getFullNameAttribute` for `full_name`; of a component, `getFullNameProperty`."""
    return symbol.method(f"get{_pascal(name)}{kind}")


def _made_accessor(symbol: ClassSymbol, name: str) -> FunctionSymbol | None:
    """`fullName(): Attribute` for `full_name`."""
    pascal = _pascal(name)
    method = symbol.method(pascal[:1].lower() + pascal[1:])
    returns = ir.dotted(method.node.returns) if method is not None else None
    return method if returns is not None and returns.rpartition(".")[2] == "Attribute" else None


def _read_made(it: Interpreter, row: Row, method: FunctionSymbol, frame: Frame, node: ir.Node) -> Value:
    made = calls.call_function(it, Callable(method, row), (), {}, frame, node)
    getter = made.attributes.get("get") if isinstance(made, Object) else None
    return calls.call_value(it, getter, (UNKNOWN,), {}, frame, node) if getter is not None else UNKNOWN


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _deferred(it: Interpreter, row: Row, name: str, frame: Frame, node: ir.Node) -> None:
    if not row.loads.lacks(name) or not _is_column(row.model, name) or name in row.related:
        return
    row.related[name] = UNKNOWN
    it.query(
        frame, node, how=How.DEFERRED, model=row.model.symbol.name, relation=f"{row.model.symbol.name}.{name}",
        confidence=row.assumed, created=row.created, source=row.origin, via=row.via,
    )  # fmt: skip


def _is_column(model: ModelInfo, name: str) -> bool:
    """Whether an attribute is a column that a query may leave out; a key it always loads."""
    field = model.symbol.field(name)
    if field is None or not isinstance(field[1].value, ir.Call):
        return False
    return all(keyword.name != "primary_key" for keyword in field[1].value.keywords)


def read_relation(it: Interpreter, row: Row, relation: RelationInfo, frame: Frame, node: ir.Node) -> Value:
    """What reading a relation of a row gives and runs."""
    name = relation.name
    owner = row.model.symbol.name
    it.touched.add(relation.place.path)
    target = it.orm.model(relation.target) if relation.target is not None else None
    comes_with = row.loads.plus(*row.model.loaded) if row.model.loaded else row.loads
    loaded = name in comes_with.paths or relation.eager
    loads = comes_with.under(name)
    way = (*row.trail, Hop(row.model.symbol.id, name, target.symbol.id if target is not None else "", relation.many))
    if relation.access in ("manager", "query"):
        if target is None:
            return Outside(f"queryset.{name}", None) if not loaded else UNKNOWN
        related = QuerySet(
            target, it.loops, row.origin, loads=loads, served=loaded, relation=f"{owner}.{name}",
            assumed=min(Confidence.CERTAIN, max(row.assumed, Confidence.LIKELY)),
            parent=(relation.inverse, row) if relation.inverse else None,
        )  # fmt: skip
        related.trail, related.via = way if relation.access == "manager" else (), row.via
        own = row.loads.own_query(name) if loaded else None
        if own is not None:
            related.origin, related.trail, related.inner = own, (), True
        if loaded and f"set:{name}" in row.related:
            known = row.related[f"set:{name}"]
            if isinstance(known, QuerySet):
                related.row = known.row
        elif loaded:
            row.related[f"set:{name}"] = related
        return related
    if name in row.related:
        known = row.related[name]
        return again(known, row.created) if isinstance(known, Row) else known
    if not loaded:
        by_key = not relation.many and not relation.inverse and target is not None and target.symbol.id in it.mapped
        it.query(
            frame, node, how=How.DEFEATED if row.inner else How.LAZY,
            model=target.symbol.name if target is not None else "", relation=f"{owner}.{name}",
            confidence=Confidence.POSSIBLE if by_key else row.assumed,
            created=row.created, source=row.origin, missing=way,
            declared=relation.place if relation.strategy else None, via=row.via, library=row.model.framework.name,
        )  # fmt: skip
    value: Value = UNKNOWN
    if target is not None:
        value = Row(target, row.created, row.origin, loads=loads, assumed=row.assumed)
        value.trail, value.via = way, row.via
        if relation.inverse:
            value.related[relation.inverse] = row
        if relation.many:
            value = Items(value, Count.ROWS)
    row.related[name] = value
    return value


def call_row(
    it: Interpreter,
    row: Row,
    name: str,
    arguments: tuple[Value, ...],
    keywords: dict[str, Value],
    frame: Frame,
    node: ir.Call,
) -> Value:
    """What calling a library's method of a row gives and runs."""
    known = operation(it, "row", name, frame.module.host, row.model.framework.name)
    if known is None and row.model.framework.language == "php":
        return _through_query(it, row, name, arguments, keywords, frame, node)
    if known is None:
        return UNKNOWN
    if known.does == "load":
        _load_more(it, row, known, arguments, frame, node)
        return row
    if known.does == "serialize":
        readers.read_appended(it, row, frame, node)
        return UNKNOWN
    if known.does in ("read", "write"):
        it.query(frame, node, how=How.CALL, write=known.does == "write", model=row.model.symbol.name)
    if known.does == "write":
        for receiver in it.receivers(row.model.symbol, name):
            named: dict[str, Value] = {"sender": UNKNOWN, "instance": row}
            calls.call_function(it, Callable(receiver), (), named, frame, node)
    return row if known.gives in ("receiver", "row") else UNKNOWN


def _through_query(
    it: Interpreter,
    row: Row,
    name: str,
    arguments: tuple[Value, ...],
    keywords: dict[str, Value],
    frame: Frame,
    node: ir.Call,
) -> Value:
    """What an Eloquent model has no method for it asks a query of its own: `$this->model->where("open", true)`."""
    query = QuerySet(row.model, it.loops, frame.at(node.span))
    if operation(it, "queryset", name, "php", row.model.framework.name) is None:
        scope = calls.scope_method(it, query, name, arguments, keywords, frame, node)
        return scope if scope is not None else UNKNOWN
    return call_set(it, query, name, arguments, keywords, frame, node)


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

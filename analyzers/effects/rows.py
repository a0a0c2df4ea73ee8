"""
What rows do: which attribute reads and method calls are round trips.

A row's relation is free when it came with the row, or was read before.
"""

from __future__ import annotations

from analyzers import ir
from analyzers.effects import eager_loads, query_sets
from analyzers.effects.frame import Frame
from analyzers.effects.machine import Arguments, Machine
from analyzers.effects.tree import Count, How
from analyzers.effects.values import (
    UNKNOWN,
    Callable,
    Const,
    Items,
    Object,
    Outside,
    Plain,
    QuerySet,
    Row,
    Value,
    again,
)
from analyzers.findings import Confidence
from analyzers.program.orm import ModelInfo, RelationInfo
from analyzers.program.symbols import ClassSymbol, External, FunctionSymbol
from analyzers.relation import Hop


def read(it: Machine, row: Row, name: str, frame: Frame, node: ir.Node) -> Value:
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
        return it.bind_method(is_method, row, frame, node)
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
    if query_sets.operation(it, "row", name, frame.module.host, row.model.framework.name) is not None:
        return Outside(f"row.{name}", row)
    relation = it.orm.reverse(row.model).get(name)
    if relation is not None:
        return read_relation(it, row, relation, frame, node)
    return _accessor(it, row, name, frame, node)


def _proxied(it: Machine, model: ModelInfo, name: str) -> tuple[str, str] | None:
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


def _read_proxied(it: Machine, row: Row, through: tuple[str, str], frame: Frame, node: ir.Node) -> Value:
    value = it.attribute_of(row, through[0], frame, node)
    if not isinstance(value, Items):
        return it.attribute_of(value, through[1], frame, node)
    with it.loop(frame, node.span, through[0], value.count):
        inner = it.attribute_of(it.element(value), through[1], frame, node)
    return Items(inner, value.count)


def _accessor(it: Machine, row: Row, name: str, frame: Frame, node: ir.Node) -> Value:
    """Laravel's `getFullNameAttribute` and `fullName(): Attribute` for `$row->full_name`."""
    if row.model.framework.language == "php":
        method = named_accessor(row.model.symbol, name, "Attribute")
        if method is not None:
            return it.call_function(Callable(method, row), (), {}, frame, node)
        method = _made_accessor(row.model.symbol, name)
        if method is not None:
            return _read_made(it, row, method, frame, node)
        if name in row.loads.paths:
            return Plain()  # an aggregate that came with it
    return Outside(f"row.{name}", row)


def named_accessor(symbol: ClassSymbol, name: str, kind: str) -> FunctionSymbol | None:
    """`getFullNameAttribute` for `full_name`; of a component, `getFullNameProperty`."""
    return symbol.method(f"get{pascal(name)}{kind}")


def _made_accessor(symbol: ClassSymbol, name: str) -> FunctionSymbol | None:
    """`fullName(): Attribute` for `full_name`."""
    method = symbol.method(name[:1].lower() + pascal(name)[1:])
    returns = ir.dotted(method.node.returns) if method is not None else None
    return method if returns is not None and returns.rpartition(".")[2] == "Attribute" else None


def _read_made(it: Machine, row: Row, method: FunctionSymbol, frame: Frame, node: ir.Node) -> Value:
    made = it.call_function(Callable(method, row), (), {}, frame, node)
    getter = made.attributes.get("get") if isinstance(made, Object) else None
    return it.call_value(getter, (UNKNOWN,), {}, frame, node) if getter is not None else UNKNOWN


def pascal(name: str) -> str:
    """`FullName` for `full_name`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _deferred(it: Machine, row: Row, name: str, frame: Frame, node: ir.Node) -> None:
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


def read_relation(it: Machine, row: Row, relation: RelationInfo, frame: Frame, node: ir.Node) -> Value:
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
    it: Machine,
    row: Row,
    name: str,
    arguments: tuple[Value, ...],
    keywords: dict[str, Value],
    frame: Frame,
    node: ir.Call,
) -> Value:
    """What calling a library's method of a row gives and runs."""
    known = query_sets.operation(it, "row", name, frame.module.host, row.model.framework.name)
    if known is None and row.model.framework.language == "php":
        return _through_query(it, row, name, arguments, keywords, frame, node)
    if known is None:
        return UNKNOWN
    if known.does == "load":
        eager_loads.load_more(it, row, known, arguments, frame, node)
        return row
    if known.does == "loaded":
        return _is_loaded(row, arguments)
    if known.does == "serialize":
        it.read_appended(row, frame, node)
        return UNKNOWN
    if known.does in ("read", "write"):
        it.query(frame, node, how=How.CALL, write=known.does == "write", model=row.model.symbol.name)
    if known.does == "write":
        for receiver in it.lookups.receivers(row.model.symbol, name):
            named: dict[str, Value] = {"sender": UNKNOWN, "instance": row}
            it.call_function(Callable(receiver), (), named, frame, node)
    return row if known.gives in ("receiver", "row") else UNKNOWN


def _is_loaded(row: Row, arguments: Arguments) -> Value:
    match arguments:
        case (Const(value=str() as name),) if name in row.loads.paths | row.model.loaded | row.related.keys():
            return Const(True)
        case (Const(value=str()),) if row.assumed is not Confidence.POSSIBLE:
            return Const(False)
    return UNKNOWN


def _through_query(
    it: Machine,
    row: Row,
    name: str,
    arguments: tuple[Value, ...],
    keywords: dict[str, Value],
    frame: Frame,
    node: ir.Call,
) -> Value:
    """What an Eloquent model has no method for it asks a query of its own: `$this->model->where("open", true)`."""
    query = QuerySet(row.model, it.loops, frame.at(node.span))
    if query_sets.operation(it, "queryset", name, "php", row.model.framework.name) is None:
        scope = query_sets.scope_method(it, query, name, arguments, keywords, frame, node)
        return scope if scope is not None else UNKNOWN
    return query_sets.call_set(it, query, name, arguments, keywords, frame, node)

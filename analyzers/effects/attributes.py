"""
What reading an attribute gives, and what it runs.
"""

from __future__ import annotations

from analyzers import ir
from analyzers.effects import builtin, declarations, functions, query_sets, rows
from analyzers.effects.frame import Frame
from analyzers.effects.machine import Machine
from analyzers.effects.values import (
    UNKNOWN,
    Callable,
    Class,
    Column,
    Const,
    Group,
    Items,
    Module,
    Object,
    Outside,
    QuerySet,
    Row,
    Super,
    Value,
    choices,
    join,
)
from analyzers.program.symbols import ClassSymbol


def attribute_of(it: Machine, value: Value, name: str, frame: Frame, node: ir.Node) -> Value:
    """What reading an attribute gives, with what it runs."""
    result: Value | None = None
    for part in choices(value):
        found = _attribute(it, part, name, frame, node)
        result = found if result is None else join(result, found)
    return result if result is not None else UNKNOWN


def _attribute(it: Machine, value: Value, name: str, frame: Frame, node: ir.Node) -> Value:
    match value:
        case Row():
            return rows.read(it, value, name, frame, node)
        case QuerySet():
            return query_sets.set_attribute(it, value, name, frame, node)
        case Object():
            return _object_attribute(it, value, name, frame, node)
        case Class():
            return _class_attribute(it, value, name, frame, node)
        case Module():
            symbol = it.program.member(value.symbol, name)
            return it.of_symbol(symbol) if symbol is not None else UNKNOWN
        case Super():
            return _super_attribute(it, value, name, frame, node)
        case Outside() if not isinstance(value.receiver, Items):
            return it.of_symbol(it.program.external(f"{value.dotted}.{name}")) if "." not in name else UNKNOWN
        case Items() if value.mapping is not None and name in value.mapping:
            return value.mapping[name]
        case Items() if frame.module.host == "php" and name in builtin.PHP_PER_ELEMENT:
            return Outside(name, value)  # `$orders->each->archive()`, `$orders->map->customer`
        case Outside() if isinstance(value.receiver, Items):
            return builtin.each_attribute(it, value, name, frame, node)
        case Const() if name == "value":  # of a member of an enumeration
            return value
        case Group():  # `result.Order` of `select(Order, Customer)`
            return next(
                (part for part in value.items if isinstance(part, Row) and part.model.symbol.name == name), UNKNOWN
            )
    return UNKNOWN


def _object_attribute(it: Machine, value: Object, name: str, frame: Frame, node: ir.Node) -> Value:
    if name in value.attributes:
        return value.attributes[name]
    if name == "__class__":
        return Class(value.symbol)
    method = value.symbol.method(name)
    if method is not None:
        return functions.bind_method(it, method, value, frame, node)
    field = value.symbol.field(name)
    if (
        field is not None
        and field[1].value is not None
        and not declarations.is_filled_later(field[0].module, field[1].value)
    ):
        return declarations.field_value(it, *field)
    if field is not None and field[1].annotation is not None:
        return it.annotated(field[1].annotation, field[0].module) or UNKNOWN
    computed = rows.named_accessor(value.symbol, name, "Property") if frame.module.host == "php" else None
    if computed is not None:
        return functions.call_function(it, Callable(computed, value), (), {}, frame, node)
    magic = value.symbol.method("__get")
    if magic is not None and f"{magic.id} of {value.symbol.id}" not in it.stack:
        return functions.call_function(it, Callable(magic, value), (Const(name),), {}, frame, node)
    return UNKNOWN


def _class_attribute(it: Machine, value: Class, name: str, frame: Frame, node: ir.Node) -> Value:
    model = it.orm.model(value.symbol)
    if model is not None:
        starts, cls = it.orm.manager_class(model, name)
        if starts:
            return query_sets.start(it, model, cls, frame, node)
    if name == "class":  # PHP's `Order::class`
        return value
    method = value.symbol.method(name)
    if method is not None:
        return functions.of_class(method, value, frame)
    inner = value.symbol.inner(name)
    if inner is not None:
        return Class(inner)
    if model is not None:
        return Column(model, name)
    field = value.symbol.field(name)
    if field is not None and field[1].value is not None:
        declared = declarations.field_value(it, *field)
        return _member(declared) if _is_enumeration(value.symbol) else declared
    return UNKNOWN


def _is_enumeration(symbol: ClassSymbol) -> bool:
    return any(dotted.startswith("enum.") or dotted.endswith("Choices") for dotted in symbol.externals())


def _member(declared: Value) -> Value:
    """A member of an enumeration as its value: of Django's `PAID = "paid", _("Paid")` the first part."""
    return declared.items[0] if isinstance(declared, Group) and declared.items else declared


def _super_attribute(it: Machine, value: Super, name: str, frame: Frame, node: ir.Node) -> Value:
    instance = value.instance
    symbol = instance.symbol if isinstance(instance, (Object, Class)) else None
    if isinstance(instance, Row):
        symbol = instance.model.symbol
    elif isinstance(instance, QuerySet):
        symbol = instance.cls
    if symbol is None:
        return UNKNOWN
    mro = symbol.mro()
    start = mro.index(value.after) + 1 if value.after in mro else 1
    for ancestor in mro[start:]:
        if isinstance(ancestor, ClassSymbol):
            if name in ancestor.methods:
                return functions.bind_method(it, ancestor.methods[name], instance, frame, node)
            if name in ancestor.fields and ancestor.fields[name].value is not None:
                return declarations.field_value(it, ancestor, ancestor.fields[name])
    if isinstance(instance, (Row, QuerySet)):
        return Outside(f"super.{name}", instance)
    return UNKNOWN

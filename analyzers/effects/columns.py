"""
Readers of the columns of a list: admin lists and inlines, tables, exports.

A column is a name, a path, or a method of the declaring class that is given the row; what it shows is printed.
"""

from __future__ import annotations

from analyzers import ir
from analyzers.effects import eager_loads, readers
from analyzers.effects.frame import Frame
from analyzers.effects.machine import Machine
from analyzers.effects.values import (
    UNKNOWN,
    Callable,
    Class,
    Const,
    Group,
    Object,
    QuerySet,
    Row,
    Value,
    choices,
)
from analyzers.program.symbols import ClassSymbol, FunctionSymbol, ModuleSymbol

Arguments = tuple[Value, ...]


# --- admin ------------------------------------------------------------------------------------------------------------


def model_of_admin(it: Machine, arguments: Arguments, frame: Frame, node: ir.Node) -> Value:
    """`__model_of_admin__(self)`: the model that an admin class was registered for."""
    admin = arguments[0] if arguments else UNKNOWN
    if not isinstance(admin, Object):
        return UNKNOWN
    symbol = admin.symbol
    for decorator in symbol.node.decorators:
        if (
            isinstance(decorator, ir.Call)
            and (ir.dotted(decorator.callee) or "").endswith("register")
            and decorator.arguments
        ):
            return _as_class(it, symbol, decorator.arguments[0])
    for statement in symbol.module.outline.body:
        value = statement.value if isinstance(statement, ir.Evaluate) else None
        if (
            isinstance(value, ir.Call)
            and (ir.dotted(value.callee) or "").endswith("register")
            and len(value.arguments) == 2
        ):
            if ir.dotted(value.arguments[1]) == symbol.name:
                return _as_class(it, symbol, value.arguments[0])
    return UNKNOWN


def _as_class(it: Machine, symbol: ClassSymbol, node: ir.Expr) -> Value:
    found = it.program.class_of(symbol.module, node)
    return Class(found) if isinstance(found, ClassSymbol) else UNKNOWN


def admin_rows(it: Machine, arguments: Arguments, frame: Frame, node: ir.Node) -> Value:
    """
    `__admin_rows__(self, queryset)`: the admin list joins relations that it is told to, or that it shows.

    https://docs.djangoproject.com/en/stable/ref/contrib/admin/#django.contrib.admin.ModelAdmin.list_select_related
    """
    if len(arguments) != 2 or not isinstance(arguments[0], Object):
        return UNKNOWN
    admin, value = arguments
    assert isinstance(admin, Object)
    for part in choices(value):
        if isinstance(part, QuerySet):
            told = it.attribute_of(admin, "list_select_related", frame, node)
            shown = [
                name
                for name in _texts(it.attribute_of(admin, "list_display", frame, node))
                if name in part.model.relations
            ]
            if isinstance(told, Const) and told.value is True:
                shown = list(part.model.relations)
            part.loads = part.loads.plus(
                *(eager_loads.path_of(it, text, part.model) for text in (*_texts(told), *shown))
            )
    return value


def _texts(value: Value) -> list[str]:
    items = value.items if isinstance(value, Group) else ()
    return [item.value for item in items if isinstance(item, Const) and isinstance(item.value, str)]


def read_columns(it: Machine, arguments: Arguments, frame: Frame, node: ir.Node) -> Value:
    """
    `__read_columns__(self, row, "list_display")`: what the columns read that a class names in a field.
    """
    match arguments:
        case (Object() as shower, Row() as row, Const(value=str() as name)):
            field = shower.symbol.field(name)
            if field is not None and field[1].value is not None:
                scope = readers.scope_of(it, field[0], name)
                value = it.evaluate(field[1].value, scope)
                for item in value.items if isinstance(value, Group) else ():
                    _show(it, shower, row, item, scope, field[1].value)
    return UNKNOWN


def _show(it: Machine, shower: Object, row: Row, column: Value, scope: Frame, declared: ir.Expr) -> None:
    """Read and print one column: a function of the row, a method of the class that shows it, or an attribute."""
    if isinstance(column, Callable):
        it.call_function(column, (row,), {}, scope, declared)
    if not isinstance(column, Const) or not isinstance(column.value, str):
        return
    name = column.value
    place = _written(declared, name)
    method = shower.symbol.method(name)
    if method is not None:
        it.call_function(Callable(method, shower), (row,), {}, scope, place)
    elif name == "__str__":
        it.print_value(row, scope, place)
    else:
        it.print_value(readers.follow(it, row, name.replace("__", "."), scope, place), scope, place)


def _written(declared: ir.Expr, text: str) -> ir.Node:
    """Where a text stands in an expression."""
    return next((n for n in ir.walk(declared) if isinstance(n, ir.Constant) and n.value == text), declared)


# --- tables and exports -----------------------------------------------------------------------------------------------


def meta_model(it: Machine, arguments: Arguments, frame: Frame, node: ir.Node) -> Value:
    """`__meta_model__(self)`: the model that the `Meta` of a declarative class names."""
    match arguments:
        case (Object(symbol=symbol),):
            meta = symbol.inner("Meta")
            field = meta.field("model") if meta is not None else None
            if field is not None and field[1].value is not None:
                return _as_class(it, field[0], field[1].value)
    return UNKNOWN


def read_cells(it: Machine, arguments: Arguments, frame: Frame, node: ir.Node) -> Value:
    """
    `__read_cells__(self, row, "accessor", "render_", "record")`: what the declared columns of a class read of a row.

    A column reads the path that the keyword gives, else its own name. A method with the prefix and the column's name is
    called with the row, by name when one is given. `Meta.fields` names columns that are not declared.
    """
    match arguments:
        case (Object() as shower, Row() as row, Const() as keyword, Const() as prefix, *by_name):
            pass
        case _:
            return UNKNOWN
    given = str(by_name[0].value) if by_name and isinstance(by_name[0], Const) else ""
    declared = {f.name: (o, f) for o in reversed(shower.symbol.ancestors()) for f in o.fields.values()}
    columns = {name: found for name, found in declared.items() if isinstance(found[1].value, ir.Call)}
    for name, (owner, field) in columns.items():
        assert isinstance(field.value, ir.Call)
        scope = readers.scope_of(it, owner, name)
        path = next((k.value for k in field.value.keywords if k.name == str(keyword.value)), None)
        text = path.value if isinstance(path, ir.Constant) and isinstance(path.value, str) else name
        method = shower.symbol.method(f"{prefix.value}{name}")
        value = readers.follow(it, row, text.replace("__", "."), scope, field)
        if method is not None:
            _call_for(it, method, shower, row, value, given, scope, field)
        else:
            it.print_value(value, scope, field)
    for name, place, module in _undeclared(shower.symbol, str(prefix.value)):
        if name in columns:
            continue
        scope = readers.scope_of(it, shower.symbol, name)
        scope.module = module
        method = shower.symbol.method(f"{prefix.value}{name}")
        if method is not None:
            _call_for(it, method, shower, row, UNKNOWN, given, scope, place)
        else:
            it.print_value(readers.follow(it, row, name.replace("__", "."), scope, place), scope, place)
    return UNKNOWN


def _undeclared(symbol: ClassSymbol, prefix: str) -> list[tuple[str, ir.Node, ModuleSymbol]]:
    """The columns that `Meta.fields` names, or without it those that have a method; where it says so."""
    meta = symbol.inner("Meta")
    fields = meta.field("fields") if meta is not None else None
    if fields is not None and fields[1].value is not None:
        owner, field = fields
        assert field.value is not None
        texts = readers.constant_texts(field.value) or ()
        return [(text, _written(field.value, text), owner.module) for text in texts]
    methods = {name: m for a in reversed(symbol.ancestors()) for name, m in a.methods.items() if not a.module.is_stub}
    return [(n.removeprefix(prefix), m.node, m.module) for n, m in methods.items() if n.startswith(prefix)]


def _call_for(
    it: Machine,
    method: FunctionSymbol,
    shower: Object,
    row: Row,
    value: Value,
    given: str,
    scope: Frame,
    node: ir.Node,
) -> None:
    """Call a column's method, with the row by position or under the name that the library gives it."""
    keywords = {given: row, "value": value} if given else {}
    it.call_function(Callable(method, shower), () if given else (row,), keywords, scope, node)


def follow(it: Machine, arguments: Arguments, frame: Frame, node: ir.Node) -> Value:
    """`__follow__(row, "customer.name")`: read a path."""
    match arguments:
        case (row, Const(value=str() as path)):
            return readers.follow(it, row, path, frame, node)
    return UNKNOWN

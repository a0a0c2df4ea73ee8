"""
What eager loading adds to a query, and to rows that are there.
"""

from __future__ import annotations

import re

from analyzers import ir
from analyzers.effects.frame import Frame
from analyzers.effects.loads import Loads, prefixes
from analyzers.effects.machine import Arguments, Machine
from analyzers.effects.tree import How
from analyzers.effects.values import (
    FUNCTIONS,
    Column,
    Const,
    Group,
    Items,
    Loader,
    Outside,
    QuerySet,
    Row,
    Value,
    choices,
)
from analyzers.frameworks import Operation
from analyzers.program.orm import ModelInfo

_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[.\s]+")
"""Where a name in camel case gets an underscore."""


def with_loader(
    it: Machine,
    loads: Loads,
    argument: Value,
    model: ModelInfo,
    frame: Frame,
    node: ir.Node,
    *,
    joins: bool = False,
) -> Loads:
    """
    Loads with what one argument of an eager operation adds; an argument that is not known is taken to add everything.

    With `joins`, what it names comes with the query itself, and not with one of its own.
    """
    for part in choices(argument):
        if isinstance(part, Loader) and not part.path:
            loads = (
                loads.restricted(part.inner.only) if part.inner.only is not None else loads.without(part.inner.left_out)
            )
        elif isinstance(part, Loader):
            path = path_of(it, part.path, model)
            if part.to_attr:
                loads = loads.stored(_sibling(path, part.to_attr), path, part.inner)
            else:
                for prefix in prefixes(path):
                    loads = loads.plus(prefix, apart=prefix not in part.joins)
                loads = loads.joined(path, part.inner)
            loads = loads.queried(path, part.origin) if part.origin is not None else loads
        elif isinstance(part, Const) and isinstance(part.value, str):
            loads = loads.plus(path_of(it, part.value.split(":")[0], model), apart=not joins)
        elif isinstance(part, Column):
            loads = loads.plus(part.name, apart=not joins)
        elif isinstance(part, Items) and part.mapping is not None:
            for key, inner in part.mapping.items():
                loads = _with_entry(it, loads, key, inner, model, frame, node)
        elif isinstance(part, (Group, Items)):
            for item in part.items if isinstance(part, Group) else (part.element,):
                loads = with_loader(it, loads, item, model, frame, node, joins=joins)
            if isinstance(part, Items) and type(part.element) is Value:
                loads = loads.plus(*model.relations, *it.orm.reverse(model))
        elif type(part) is Value or isinstance(part, Outside):
            loads = loads.plus(*model.relations, *it.orm.reverse(model))
    return loads


def _with_entry(
    it: Machine, loads: Loads, key: object, value: Value, model: ModelInfo, frame: Frame, node: ir.Node
) -> Loads:
    """
    One entry of `with(["customer", "lines" => fn ($query) => $query->with("product"), "shop" => ["owner"]])`.
    """
    if not isinstance(key, str):
        return with_loader(it, loads, value, model, frame, node)
    path = path_of(it, key.split(":")[0], model)
    target = at(it, model, path)
    if target is None:
        return loads.plus(path, apart=True)
    query = QuerySet(target, it.loops, frame.at(node.span))
    for part in choices(value):
        if isinstance(part, FUNCTIONS):
            given = it.call_value(part, (query,), {}, frame, node)
            for made in choices(given):
                if isinstance(made, QuerySet) and made.model is target:
                    query.loads = query.loads.also(made.loads)
        elif not isinstance(part, Const):
            query.loads = with_loader(it, query.loads, part, target, frame, node)
    return loads.plus(path, apart=True).joined(path, query.loads)


def added(pattern: str, arguments: Arguments) -> list[str]:
    """
    The attributes that aggregates of relations are given: `withCount("orderLines")` gives "order_lines_count".

    `withCount(["lines as size"])` gives "size", `withSum("lines", "price")` gives "lines_sum_price".
    """
    rest = _names(arguments[1]) if len(arguments) > 1 and "{1}" in pattern else [""]
    given = arguments[:1] if "{1}" in pattern else arguments
    found = []
    for name in (name for argument in given for name in _names(argument)):
        relation, _, alias = name.partition(" as ")
        found += [alias.strip() or pattern.format(_SNAKE.sub("_", relation).lower(), column) for column in rest]
    return found


def _names(value: Value) -> list[str]:
    """The texts of a text, a list or the keys of a mapping."""
    match value:
        case Const(value=str() as text):
            return [text]
        case Group(items=items):
            return [name for item in items for name in _names(item)]
        case Items(mapping=dict() as mapping):
            return [name for key, item in mapping.items() for name in ([key] if isinstance(key, str) else _names(item))]
    return []


def _sibling(path: str, name: str) -> str:
    head, dot, _ = path.rpartition(".")
    return f"{head}{dot}{name}"


def path_of(it: Machine, text: str, model: ModelInfo) -> str:
    """A relation path with accessor names, dotted: `lines__product` gives "lines.product"."""
    parts = []
    current: ModelInfo | None = model
    for name in text.replace(".", "__").split("__"):
        relation = it.orm.by_query_name(current, name) if current is not None else None
        parts.append(relation.name if relation is not None else name)
        current = it.orm.model(relation.target) if relation is not None and relation.target is not None else None
    return ".".join(parts)


def load_more(
    it: Machine, value: Value, known: Operation, arguments: tuple[Value, ...], frame: Frame, node: ir.Node
) -> None:
    """Relations loaded for rows that are there: one query for each path, whatever the number of rows."""
    rows = [part for part in (value, *(_rows_of(value))) if isinstance(part, (Row, QuerySet))]
    trips = 1
    all_there = bool(rows)
    for row in rows:
        before = row.loads
        for argument in arguments:
            row.loads = with_loader(it, row.loads, argument, row.model, frame, node)
        trips = max(trips, len(row.loads.apart - before.apart))
        all_there = all_there and row.loads.paths <= before.paths | row.model.loaded
        if isinstance(row, QuerySet) and isinstance(row.row, Row):
            row.row.loads = row.loads
    if not (known.uses_result and all_there):
        it.query(frame, node, how=How.CALL, model=rows[0].model.symbol.name if rows else "", trips=trips)


def load_for(
    it: Machine, known: Operation, value: Value, arguments: tuple[Value, ...], frame: Frame, node: ir.Node
) -> None:
    """`prefetch_related_objects(rows, "path")`, `$rows->load("path")`."""
    for part in choices(value):
        load_more(it, part, known, arguments, frame, node)


def _rows_of(value: Value) -> tuple[Value, ...]:
    if isinstance(value, Items):
        return choices(value.element)
    if isinstance(value, Group):
        return value.items
    return ()


def at(it: Machine, model: ModelInfo, path: str) -> ModelInfo | None:
    """The model at the end of a dotted path of relations, or None where it is not known."""
    current: ModelInfo | None = model
    for name in path.split(".") if path else ():
        relation = current.relations.get(name) if current is not None else None
        current = it.orm.model(relation.target) if relation is not None and relation.target is not None else None
    return current

"""
What statements do. A loop's body is run once, for an element that stands for all; branches are run one after the other
and joined.
"""

from __future__ import annotations

from collections.abc import Callable as Function

from analyzers import ir
from analyzers.effects import counts, functions, query_sets
from analyzers.effects.frame import Frame, joined
from analyzers.effects.machine import Machine
from analyzers.effects.quote import describe
from analyzers.effects.tree import Branch, Count, Effect, Transaction, once
from analyzers.effects.values import (
    UNKNOWN,
    Callable,
    Choice,
    Class,
    Const,
    Group,
    Items,
    Object,
    QuerySet,
    Row,
    Value,
    again,
    choices,
    join,
    truth,
)
from analyzers.program.symbols import ClassSymbol, FunctionSymbol
from analyzers.span import Place


def block(it: Machine, body: tuple[ir.Stmt, ...], frame: Frame) -> bool:
    """Run statements; whether they always leave the block (return, raise, break, continue)."""
    for place, statement in enumerate(body):
        if _statement(it, statement, frame):
            return True
        if not it.active or not isinstance(statement, ir.If):  # without a loop all runs once
            continue
        memo = counts.memo_passed(statement, body[place + 1 :])
        if memo is not None:
            with it.collecting() as effects:
                leaves = it.block(body[place + 1 :], frame)
            it.sink.extend(_once(it, memo, effects, frame))
            return leaves
    return False


def _statement(it: Machine, node: ir.Stmt, frame: Frame) -> bool:
    """Run one statement; whether it always leaves."""
    match node:
        case ir.Assign():
            _assign(it, node, frame)
        case ir.Evaluate():
            it.evaluate(node.value, frame)
        case ir.Return():
            frame.returns.append(it.evaluate(node.value, frame) if node.value is not None else Const(None))
            return True
        case ir.Raise():
            if node.value is not None:
                it.evaluate(node.value, frame)
            return True
        case ir.If():
            return _if(it, node, frame)
        case ir.For():
            _for(it, node, frame)
        case ir.While():
            with it.loop(frame, node.test.span, describe(node.test), Count.FEW):
                it.evaluate(node.test, frame)
                it.block(node.body, frame)
        case ir.Try():
            return _try(it, node, frame)
        case ir.With():
            return _with(it, node, frame)
        case ir.Break() | ir.Continue():
            return True
        case ir.Define():
            _define(it, node, frame)
        case ir.Import():
            symbol = it.program.imported(frame.module, node)
            frame.names[node.alias] = it.of_symbol(symbol) if symbol is not None else UNKNOWN
        case ir.Delete():
            pass
    return False


def _assign(it: Machine, node: ir.Assign, frame: Frame) -> None:
    if node.value is None:
        return
    value = it.evaluate(node.value, frame)
    if node.annotation is not None and type(value) is Value:
        value = it.annotated(node.annotation, frame.module) or value
    for target in node.targets:
        if node.operator is not None:
            known = it.evaluate(target, frame) if isinstance(target, ir.Name) else UNKNOWN
            value = join(known, value)
        it.bind(target, value, frame)


def bind(it: Machine, target: ir.Expr, value: Value, frame: Frame) -> None:
    """Give a target a value."""
    match target:
        case ir.Name():
            frame.names[target.id] = value
        case ir.Collection():
            items = value.items if isinstance(value, Group) and len(value.items) == len(target.items) else None
            for place, item in enumerate(target.items):
                part = items[place] if items is not None else it.element(value)
                it.bind(item, part, frame)
        case ir.Spread():
            it.bind(target.value, value, frame)
        case ir.Attribute() | ir.Lookup():
            for owner in choices(it.evaluate(target.value, frame)):
                if isinstance(owner, (Row, Object)):
                    owner.attributes[target.name] = value
        case ir.Subscript():
            owner = it.evaluate(target.value, frame)
            key = it.evaluate(target.key, frame)
            if isinstance(owner, Items):
                it.put(owner, value, key)
        case _:
            it.evaluate(target, frame)


def put(it: Machine, items: Items, value: Value, key: Value | None = None) -> None:
    """Add an element to a collection in memory."""
    if items.mapping is not None and isinstance(key, Const) and isinstance(key.value, (str, int)):
        items.mapping[key.value] = value
    items.element = join(items.element, value)
    for _, count in it.active:
        items.count = max(items.count, count)


def _if(it: Machine, node: ir.If, frame: Frame) -> bool:
    known = truth(it.evaluate(node.test, frame))
    memo = counts.memo_filled(node) if it.active else None
    if known is False or (known and memo is None):
        return it.block(node.then if known else node.other, frame)
    before = dict(frame.names)
    with it.collecting() as then:
        then_leaves = it.block(node.then, frame)
    if memo is not None:
        then = _once(it, memo, then, frame)
    if known:
        it.sink.extend(then)
        return then_leaves
    after_then, frame.names = frame.names, before
    with it.collecting() as other:
        other_leaves = it.block(node.other, frame)
    if then or other:
        it.sink.append(Branch((tuple(then), tuple(other))))
    if then_leaves and other_leaves:
        return True
    if other_leaves:
        frame.names = after_then
    elif not then_leaves:
        frame.names = joined(after_then, frame.names)
    return False


def _once(it: Machine, memo: str, effects: list[Effect], frame: Frame) -> list[Effect]:
    """Effects that run once for each memo: the loops in which there is another one repeat them still."""
    name, dot, _ = memo.partition(".")
    owner = frame.find(name) if dot else None
    if isinstance(owner, Row) or (isinstance(owner, Object) and name not in ("self", "cls")):
        return [once(effect, frozenset(owner.created)) for effect in effects]
    if dot and name not in ("self", "cls"):
        return effects
    return [once(effect) for effect in effects]


def _for(it: Machine, node: ir.For, frame: Frame) -> None:
    it.for_each(
        node.iterable, node.target, frame, lambda: it.block(node.body, frame),
        short=counts.ends_early(node.body), reader="template" if frame.module.is_template else "",
    )  # fmt: skip
    it.block(node.other, frame)


def for_each(
    it: Machine,
    iterable: ir.Expr,
    target: ir.Expr,
    frame: Frame,
    body: Function[[], object],
    *,
    short: bool = False,
    reader: str = "",
) -> None:
    """Run a body for each element of an expression."""
    value = it.evaluate(iterable, frame)
    before, turning = dict(frame.names), frame.turning
    name = describe(target)
    variables = [node.id for node in ir.walk(target) if isinstance(node, ir.Name)]
    for part in choices(value):
        count = Count.FEW if short else min(it.iterate(part, frame, iterable), counts.limit(iterable, target, frame))
        with it.loop(frame, iterable.span, name, count, reader):
            frame.turning = {**turning, **dict.fromkeys(variables, it.loops)}
            for element in _ways(it.element(part), target):
                it.bind(target, element, frame)
                body()
    frame.names, frame.turning = joined(frame.names, before), turning


def _ways(element: Value, target: ir.Expr) -> tuple[Value, ...]:
    """
    The values to run a loop's body for: one that stands for all, but each of some tuples, whose parts belong together.

        for name, model in [("lines", Line), ("notes", Note)]: getattr(order, name).update(...)
    """
    ways = choices(element)
    is_unpacked = isinstance(target, ir.Collection) and all(isinstance(way, Group) for way in ways)
    return ways if is_unpacked else (element,)


def iterate(it: Machine, value: Value, frame: Frame, node: ir.Expr) -> Count:
    """Run what going through a value runs, and say how many elements there are."""
    match value:
        case QuerySet():
            query_sets.run(it, value, frame, node)
            return Count.FEW if value.short else Count.ROWS
        case Items():
            return value.count
        case Group() | Const() | Class():
            return Count.FEW
        case Object():
            method = value.symbol.method("__iter__")
            if method is not None:
                inner = functions.call_function(it, Callable(method, value), (), {}, frame, node)
                value.attributes["__iterated__"] = inner
                return it.iterate(inner, frame, node)
    return Count.UNKNOWN


def element(it: Machine, value: Value) -> Value:
    """One element of a value, made now: in each iteration of the running loops it is another."""
    match value:
        case QuerySet():
            return query_sets.element(it, value)
        case Items():
            return _fresh(it, value.element)
        case Group():
            result: Value = UNKNOWN
            for item in value.items:
                result = join(result, item)
            return result
        case Object() if "__iterated__" in value.attributes:
            return it.element(value.attributes["__iterated__"])
    return UNKNOWN


def _fresh(it: Machine, value: Value) -> Value:
    """The same for the loops that are running now; what was loaded stays loaded."""
    match value:
        case Row():
            return again(value, it.loops)
        case Group():
            return Group(tuple(_fresh(it, item) for item in value.items))
        case Choice():
            return Choice(tuple(_fresh(it, part) for part in value.values))
    return value


def _try(it: Machine, node: ir.Try, frame: Frame) -> bool:
    before = dict(frame.names)
    leaves = it.block(node.body, frame)
    if not leaves:
        leaves = it.block(node.other, frame)
    after = frame.names
    every = leaves
    for handler in node.handlers:
        frame.names = joined(dict(after), before)
        if handler.name is not None:
            frame.names[handler.name] = UNKNOWN
        with it.collecting() as effects:
            handled = it.block(handler.body, frame)
        if effects:
            it.sink.append(Branch((tuple(effects), ())))
        if not handled:
            after = joined(after, frame.names) if not leaves else frame.names
        every = every and handled
    frame.names = after
    return it.block(node.final, frame) or every


def _with(it: Machine, node: ir.With, frame: Frame) -> bool:
    place: Place | None = None
    for item in node.items:
        value = it.evaluate(item.context, frame)
        callee = item.context.callee if isinstance(item.context, ir.Call) else item.context
        dotted = it.dotted(callee, frame)
        if dotted and any(dotted in framework.transactions for framework in it.frameworks.all):
            place = Place(frame.module.path, item.context.span)
        if item.target is not None:
            it.bind(item.target, value, frame)
    if place is None:
        return it.block(node.body, frame)
    with it.collecting() as body:
        leaves = it.block(node.body, frame)
    if body:
        it.sink.append(Transaction(place, tuple(body)))
    return leaves


def _define(it: Machine, node: ir.Define, frame: Frame) -> None:
    if isinstance(node.definition, ir.Function):
        symbol = FunctionSymbol(frame.module, node.definition, frame.owner, full=True)
        frame.names[node.definition.name] = Callable(symbol, closure=frame)
    else:
        frame.names[node.definition.name] = Class(ClassSymbol(frame.module, node.definition, full=True))

"""
Functions and classes of the tree: what a call of them does is spliced in where it is made.
"""

from __future__ import annotations

import re

from analyzers import ir
from analyzers.effects import query_sets
from analyzers.effects.frame import Frame
from analyzers.effects.machine import Arguments, Keywords, Machine
from analyzers.effects.recorder import RESERVE
from analyzers.effects.tree import Call, Count, Transaction, once
from analyzers.effects.values import (
    UNKNOWN,
    Callable,
    Class,
    Group,
    Items,
    Object,
    QuerySet,
    Row,
    Value,
    choices,
    join,
)
from analyzers.findings import Confidence
from analyzers.program.symbols import ClassSymbol, FunctionSymbol
from analyzers.span import Place

DEPTH = 14
"""Calls within calls that are followed. Real traces in the corpus are at most 7 deep."""

_PROPERTY = re.compile(r"\w*property|reify|Computed")
"""Decorators by whose names a method is read as an attribute: Python's, a library's, the program's own."""
_KEPT = re.compile(r"(cached|lazy|memoized?)_?property|reify")
"""Those of them that keep what the method gave: `@lazyproperty`, Pyramid's `@reify`."""


def own_class(frame: Frame) -> Value:
    """The class around: `cls` of a class method, PHP's `static` and `self`."""
    instance = frame.instance
    if isinstance(instance, Class):
        return instance
    if isinstance(instance, Object):
        return Class(instance.symbol)
    if isinstance(instance, Row):
        return Class(instance.model.symbol)
    return Class(frame.owner) if frame.owner is not None else UNKNOWN


def of_class(method: FunctionSymbol, cls: Class, frame: Frame) -> Callable:
    """
    A method read from a class: bound to it when it is a class method, or a static one of PHP, which knows `static`.

    PHP binds a method that is not static to the instance around: `self::label($order)` is `$this->label($order)`.
    """
    names = method.decorator_names()
    if method.module.host == "php":
        around = frame.instance if "staticmethod" not in names else None
        return Callable(method, around if method.owner in _class_and_bases(around) else cls)
    return Callable(method, cls if "classmethod" in names else None)


def _class_and_bases(value: Value | None) -> tuple[ClassSymbol, ...]:
    if isinstance(value, Row):
        return value.model.symbol.ancestors()
    return value.symbol.ancestors() if isinstance(value, (Object, Class)) else ()


def bind_method(it: Machine, method: FunctionSymbol, instance: Value, frame: Frame, node: ir.Node) -> Value:
    """A method of an instance; a property is called at once."""
    names = method.decorator_names()
    if is_property(it, method, names):
        cache = instance.attributes if isinstance(instance, (Row, Object)) else None
        if cache is None or not _memoized(it, method, names):
            return call_function(it, Callable(method, instance), (), {}, frame, node)
        with it.collecting() as effects:
            value = call_function(it, Callable(method, instance), (), {}, frame, node)
        loops = frozenset(instance.created) if isinstance(instance, (Row, Object)) else frozenset()
        it.sink.extend(once(effect, loops) for effect in effects)
        cache[method.name] = value
        return value
    if "staticmethod" in names:
        return Callable(method, Class(instance.symbol) if isinstance(instance, Object) else None)
    if "classmethod" in names and isinstance(instance, Object):
        return Callable(method, Class(instance.symbol))
    return Callable(method, instance)


def is_property(it: Machine, method: FunctionSymbol, names: list[str]) -> bool:
    """Whether reading the attribute calls the method."""
    return any(_PROPERTY.fullmatch(name.rpartition(".")[2]) for name in names)


def _memoized(it: Machine, method: FunctionSymbol, names: list[str]) -> bool:
    for name in names:
        symbol = it.program.resolve(method.module, name)
        dotted = getattr(symbol, "dotted", name)
        if any(dotted in framework.memoizing for framework in it.frameworks.all):
            return True
        if _KEPT.fullmatch(name.rpartition(".")[2]):
            return True
    return False


def call_function(
    it: Machine, target: Callable, arguments: Arguments, keywords: Keywords, frame: Frame, node: ir.Node
) -> Value:
    """
    Run a function of the tree with these arguments and splice in its effects.
    """

    function = target.function
    activation = function.id
    if isinstance(target.bound, (Object, Class)) and target.bound.symbol is not function.owner:
        activation = f"{function.id} of {target.bound.symbol.id}"  # one serializer's method runs inside another's
    if it.steps < RESERVE and it.stack:
        it.tired = True
    if it.tired or not it.may_enter(activation) or len(it.stack) >= DEPTH:
        it.cuts += 1
        return UNKNOWN
    full = function.full
    inner = Frame(function.module, function, function.owner, target.bound, target.closure)
    if function.module.is_stub:
        inner.site = frame.at(node.span), frame.symbol
    bind_parameters(it, full, target.bound, arguments, keywords, inner)
    it.stack.append(activation)
    it.visited.add(function.id)
    try:
        with it.collecting() as body:
            it.block(full.body, inner)
    finally:
        it.stack.pop()
    names = function.decorator_names()
    if body:
        effects = tuple(body)
        if _in_transaction(it, function, names):
            effects = (Transaction(Place(function.module.path, function.node.name_span), effects),)
        if names and _memoized(it, function, names) and not is_property(it, function, names):
            effects = tuple(once(effect) for effect in effects)
        if function.module.is_stub:
            it.sink.extend(effects)
        else:
            it.sink.append(Call(frame.at(node.span), function.id, function.name, effects))
    result = result_of(it, inner, full)
    if not function.module.is_stub and frame.function is not None and not frame.module.is_stub:
        query_sets.hand_on(result, frame.at(node.span))
    return result


def result_of(it: Machine, frame: Frame, function: ir.Function) -> Value:
    """What a finished activation gives back."""
    if (
        frame.yields
        and function.is_generator
        and "contextmanager" not in " ".join(ir.dotted(d) or "" for d in function.decorators)
    ):
        element: Value = UNKNOWN
        count = Count.FEW
        for value, times in frame.yields:
            element, count = join(element, value), max(count, times)
        return Items(element, count)
    result: Value | None = None
    for returned in frame.returns:
        result = returned if result is None else join(result, returned)
    if result is None or type(result) is Value:
        return it.annotated(function.returns, frame.module) or (result or UNKNOWN)
    return result


def bind_parameters(
    it: Machine, function: ir.Function, bound: Value | None, arguments: Arguments, keywords: Keywords, frame: Frame
) -> None:
    """Give the parameters of an activation their values; what is not known is taken from its annotation or default."""
    positional = list(arguments)
    if bound is not None and not any(ir.dotted(decorator) == "staticmethod" for decorator in function.decorators):
        positional.insert(0, bound)
    named = dict(keywords)
    for parameter in function.params:
        value: Value | None
        if parameter.kind == "rest":
            value, positional = Group(tuple(positional)), []
        elif parameter.kind == "mapping":
            # what a root is called with nobody knows
            value, named = Items(UNKNOWN, Count.FEW, mapping=dict(named) if it.stack else None), {}
        elif parameter.kind == "plain" and positional:
            value = positional.pop(0)
        elif parameter.name in named:
            value = named.pop(parameter.name)
        elif parameter.default is not None:
            value = it.evaluate(parameter.default, frame)
        else:
            value = None
        if value is None or type(value) is Value:
            value = it.annotated(parameter.annotation, frame.module) or UNKNOWN
        frame.names[parameter.name] = value


def _in_transaction(it: Machine, function: FunctionSymbol, names: list[str]) -> bool:
    for name in names:
        symbol = it.program.resolve(function.module, name)
        if any(getattr(symbol, "dotted", name) in framework.transactions for framework in it.frameworks.all):
            return True
    return False


def instantiate(
    it: Machine, symbol: ClassSymbol, arguments: Arguments, keywords: Keywords, frame: Frame, node: ir.Node
) -> Value:
    """A new instance of a class of the tree."""
    model = it.orm.model(symbol)
    if model is not None:
        row = Row(model, it.loops, None, assumed=Confidence.POSSIBLE)
        row.attributes.update(keywords)
        return row
    if it.orm.query_set_framework(symbol) is not None:
        return UNKNOWN
    instance = Object(symbol, it.loops)
    method = symbol.method("__init__") or symbol.method("__construct")
    if method is not None:
        call_function(it, Callable(method, instance), arguments, keywords, frame, node)
    else:
        instance.attributes.update(keywords)
        for name, value in zip((field.name for field in symbol.node.fields), arguments, strict=False):
            instance.attributes[name] = value
    return instance


def print_value(it: Machine, value: Value, frame: Frame, node: ir.Node) -> None:
    """Turn a value into text: a row's `__str__` is called."""
    for part in choices(value):
        if isinstance(part, (Row, Object)):
            symbol = part.model.symbol if isinstance(part, Row) else part.symbol
            method = symbol.method("__str__") or symbol.method("__unicode__") or symbol.method("__toString")
            if method is not None and not method.module.is_stub:
                call_function(it, Callable(method, part), (), {}, frame, node)
        elif isinstance(part, (QuerySet,)):
            query_sets.run(it, part, frame, node)

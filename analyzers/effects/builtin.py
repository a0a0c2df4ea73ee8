"""
Functions of the languages themselves that go through, copy, print or look up values.
"""

from __future__ import annotations

from collections.abc import Callable as Function
from typing import TypeAlias

from analyzers import ir
from analyzers.effects import counts, eager_loads, query_sets
from analyzers.effects.frame import Frame
from analyzers.effects.machine import Arguments, Keywords, Machine
from analyzers.effects.tree import Count, How
from analyzers.effects.values import (
    FUNCTIONS,
    UNKNOWN,
    Anonymous,
    Callable,
    Class,
    Const,
    Group,
    Items,
    Object,
    Outside,
    Plain,
    QuerySet,
    Row,
    Super,
    Value,
    choices,
    join,
)
from analyzers.program.symbols import External

Special: TypeAlias = "Function[[Machine, str, ir.Call, Frame], Value]"

CONSUMING = frozenset(
    {
        "list",
        "tuple",
        "set",
        "frozenset",
        "sorted",
        "reversed",
        "iter",
        "sum",
        "any",
        "all",
        "min",
        "max",
        "collect",
        "array_values",
        "array_reverse",
        "array_unique",
        "array_slice",
        "iterator_to_array",
    }
)
PRINTING = frozenset({"str", "print", "format", "repr", "escape", "mark_safe", "force_str"})
PER_ELEMENT = frozenset({"map", "array_map", "array_filter", "filter", "array_walk", "usort", "imap"})
STANDARD = frozenset({"itertools", "functools", "collections", "builtins"})
MEMORY = frozenset({"get", "pop", "popitem", "setdefault", "popleft"})


def special(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value | None:
    """The value of a call of a built-in function, or None when the name is none of them or is taken in the tree."""
    if name not in _SPECIAL:
        return None
    bound = it.program.lookup(frame.module, name)
    if bound is not None and not (isinstance(bound, External) and bound.dotted.partition(".")[0] in STANDARD):
        return None
    return _SPECIAL[name](it, name, node, frame)


def _consume(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    arguments, keywords = it.evaluate_arguments(node, frame)
    if not arguments:
        return Items(UNKNOWN, Count.FEW)
    result = Items(UNKNOWN, Count.FEW)
    key = keywords.get("key")
    for part in choices(arguments[0]):
        count = it.iterate(part, frame, node.arguments[0])
        if isinstance(key, FUNCTIONS):
            result.count = max(result.count, _each(it, key, part, count, node, frame)[1])
        if isinstance(part, (Group,)) and len(choices(arguments[0])) == 1 and name in ("list", "tuple"):
            return part
        if isinstance(part, Items) and name not in ("set", "frozenset", "min", "max", "sum", "any", "all"):
            return part
        result = Items(
            join(result.element, it.element(part)),
            max(result.count, count),
            mapping=part.mapping if isinstance(part, Items) else None,
        )
    return result if name not in ("sum", "any", "all") else UNKNOWN


def _each(it: Machine, function: Value, over: Value, count: Count, node: ir.Call, frame: Frame) -> tuple[Value, Count]:
    """Call a function once per element."""
    count = min(count, counts.limit(node.arguments[-1], node.arguments[-1], frame)) if node.arguments else count
    with it.loop(frame, node.span, "element", count):
        result = it.call_value(function, (it.element(over),), {}, frame, node)
    return result, count


def _map(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    arguments, _ = it.evaluate_arguments(node, frame)
    if len(arguments) < 2:
        return UNKNOWN
    functions = [place for place, value in enumerate(arguments[:2]) if isinstance(value, (Callable, Anonymous, Class))]
    if not functions:
        return UNKNOWN
    place = functions[0]
    over = arguments[1 - place]
    count = it.iterate(over, frame, node.arguments[1 - place])
    result, count = _each(it, arguments[place], over, count, node, frame)
    return Items(it.element(over) if "filter" in name else result, count)


def _enumerate(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    arguments, _ = it.evaluate_arguments(node, frame)
    if not arguments:
        return UNKNOWN
    count = Count.FEW
    parts: list[Value] = []
    for argument, expr in zip(arguments, node.arguments, strict=False):
        for part in choices(argument):
            count = max(count, it.iterate(part, frame, expr))
        parts.append(it.element(argument))
    if name in ("enumerate", "keyed"):
        return Items(Group((UNKNOWN, parts[0])), count)
    return Items(Group(tuple(parts)), count)


def _groupby(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    arguments, keywords = it.evaluate_arguments(node, frame)
    if not arguments:
        return UNKNOWN
    key = keywords.get("key", arguments[1] if len(arguments) > 1 else UNKNOWN)
    count = it.iterate(arguments[0], frame, node.arguments[0])
    if isinstance(key, FUNCTIONS):
        with it.loop(frame, node.span, "element", count):
            it.call_value(key, (it.element(arguments[0]),), {}, frame, node)
    return Items(Group((UNKNOWN, Items(it.element(arguments[0]), count))), count)


def _merge(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    """PHP's `array_merge($shared, ["orders" => $orders])`."""
    arguments, _ = it.evaluate_arguments(node, frame)
    merged = Items(UNKNOWN, Count.FEW)
    for argument, expr in zip(arguments, node.arguments, strict=False):
        merged.count = max(merged.count, it.iterate(argument, frame, expr))
        merged.element = join(merged.element, it.element(argument))
        for part in choices(argument):
            if isinstance(part, Items) and part.mapping is not None:
                merged.mapping = {**(merged.mapping or {}), **part.mapping}
    return merged


def _next(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    """An element of what is gone through, or what is given for the case that there is none."""
    arguments, _ = it.evaluate_arguments(node, frame)
    found = it.element(arguments[0]) if arguments else UNKNOWN
    return join(found, arguments[1]) if len(arguments) > 1 else found


def _print(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    for argument in node.arguments:
        it.print_value(it.evaluate(argument, frame), frame, argument)
    return UNKNOWN


def _len(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    values = [it.evaluate(argument, frame) for argument in node.arguments]
    for argument, value in zip(node.arguments, values, strict=True):
        for part in choices(value):
            if isinstance(part, QuerySet):
                query_sets.run(it, part, frame, argument)
    is_there = name == "isset" and all(isinstance(value, Plain) for value in values)
    return Const(True) if is_there else UNKNOWN


def _getattr(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    arguments, _ = it.evaluate_arguments(node, frame)
    result: Value | None = None
    for part in choices(arguments[1]) if len(arguments) >= 2 else ():
        if isinstance(part, Const) and isinstance(part.value, str):
            value = it.attribute_of(arguments[0], part.value, frame, node)
            result = value if result is None else join(result, value)
    return UNKNOWN if name == "hasattr" or result is None else result


def _super(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    scope: Frame | None = frame
    while scope is not None and scope.function is not None and scope.instance is None:
        scope = scope.closure
    if scope is None or scope.owner is None or scope.instance is None:
        return UNKNOWN
    return Super(scope.owner, scope.instance)


def _isinstance(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    arguments, _ = it.evaluate_arguments(node, frame)
    match arguments:
        case (Object() as value, Class() as kind):
            return Const(kind.symbol in value.symbol.mro())
        case (Row() as value, Class() as kind) if kind.symbol in value.model.symbol.mro():
            return Const(True)
        case (QuerySet() as value, Outside() as kind):
            return Const(kind.dotted in value.model.framework.query_sets)
    return UNKNOWN


_TYPES: dict[str, type | tuple[type, ...]] = {
    "is_null": type(None),
    "is_string": str,
    "is_int": int,
    "is_bool": bool,
    "is_numeric": (int, float),
}


def _is_type(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    """PHP's `is_null($id)` and its kind, of a literal; a text may be numeric, and is not looked into."""
    arguments, _ = it.evaluate_arguments(node, frame)
    value = arguments[0] if arguments else UNKNOWN
    if not isinstance(value, Const) or (name == "is_numeric" and isinstance(value.value, str)):
        return UNKNOWN
    is_truth = isinstance(value.value, bool) and name != "is_bool"
    return Const(isinstance(value.value, _TYPES[name]) and not is_truth, sure=value.sure)


def _range(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    arguments, _ = it.evaluate_arguments(node, frame)
    return Items(
        UNKNOWN,
        Count.FEW if all(isinstance(value, Const) for value in arguments) or len(arguments) == 3 else Count.UNKNOWN,
    )


def _new_collection(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    arguments, keywords = it.evaluate_arguments(node, frame)
    for argument, expr in zip(arguments, node.arguments, strict=False):
        if name == "dict" and isinstance(argument, (QuerySet, Items)):
            it.iterate(argument, frame, expr)
            if isinstance(argument, Items):
                return Items(argument.element, argument.count, mapping=dict(argument.mapping or {}) | dict(keywords))
    return Items(UNKNOWN, Count.FEW, mapping=dict(keywords) if name == "dict" else None)


_SPECIAL: dict[str, Special] = {
    **dict.fromkeys(CONSUMING, _consume),
    **dict.fromkeys(PER_ELEMENT, _map),
    **dict.fromkeys(PRINTING, _print),
    **dict.fromkeys(("enumerate", "zip", "keyed", "zip_longest"), _enumerate),
    **dict.fromkeys(("len", "bool", "count", "isset", "empty"), _len),
    **dict.fromkeys(("getattr", "hasattr"), _getattr),
    **dict.fromkeys(("dict", "defaultdict", "OrderedDict", "Counter", "deque"), _new_collection),
    **dict.fromkeys(("array_merge", "array_replace", "array_merge_recursive"), _merge),
    "groupby": _groupby,
    "next": _next,
    "super": _super,
    "isinstance": _isinstance,
    **dict.fromkeys(_TYPES, _is_type),
    "range": _range,
}


def collection_method(
    it: Machine,
    value: Items | Group,
    name: str,
    arguments: tuple[Value, ...],
    keywords: dict[str, Value],
    frame: Frame,
    node: ir.Call,
) -> Value | None:
    """A method of a collection in memory; None when it has none of this name."""
    function = next((argument for argument in arguments if isinstance(argument, FUNCTIONS)), None)
    if frame.module.host == "php":
        return _php_collection(it, value, name, function, arguments, frame, node)
    if isinstance(value, Items):
        if name in ("append", "add", "appendleft", "push"):
            it.put(value, arguments[0] if arguments else UNKNOWN)
            return UNKNOWN
        if name in ("extend", "update"):
            for argument in arguments:
                value.count = max(value.count, it.iterate(argument, frame, node))
                value.element = join(value.element, it.element(argument))
                if value.mapping is not None and isinstance(argument, Items) and argument.mapping is not None:
                    value.mapping.update(argument.mapping)
            if value.mapping is not None:
                value.mapping.update(keywords)
            return UNKNOWN
        if name in MEMORY:
            key = arguments[0] if arguments else UNKNOWN
            is_there = value.mapping is not None and isinstance(key, Const) and key.value in value.mapping
            if name == "setdefault" and len(arguments) > 1 and not is_there:
                it.put(value, arguments[1], key)
            if value.mapping is not None and isinstance(key, Const):
                return value.mapping.get(key.value, arguments[1] if len(arguments) > 1 else value.element)
            return frame.picked(value.element, node.arguments[0]) if node.arguments else value.element
        if name == "items":
            return Items(Group((UNKNOWN, value.element)), value.count)
        if name in ("values", "copy"):
            return value
        if name == "keys":
            return Items(UNKNOWN, value.count)
    return UNKNOWN


PHP_PER_ELEMENT = frozenset(
    {
        "map", "each", "filter", "reject", "sortBy", "sortByDesc", "groupBy", "keyBy", "sum", "contains",
        "doesntContain", "flatMap", "partition", "every", "some", "unique", "first", "last", "max", "min", "avg",
        "average", "until",
    }
)  # fmt: skip
"""Methods of a collection that can be read as an attribute, and then do to each element what is asked of it."""
PHP_LOOPS = frozenset({"map", "each", "flatMap", "mapWithKeys", "transform", "reject"})
"""Methods by which a value whose origin is not known is taken for a collection."""
_READING = frozenset(
    {
        "pluck", "sum", "max", "min", "avg", "average", "median", "sortBy", "sortByDesc", "groupBy", "keyBy", "where",
        "whereIn", "whereNotIn", "whereNull", "whereNotNull", "firstWhere", "contains", "doesntContain", "unique",
        "every", "some", "implode",
    }
)  # fmt: skip
"""Methods whose first argument may name an attribute of each element: `sum("total")`, `groupBy("customer.name")`."""
_MAKING = frozenset({"map", "flatMap", "transform", "mapWithKeys", "through", "mapInto", "pluck"})
_ONE = frozenset(
    {"first", "last", "find", "pop", "shift", "pull", "get", "sole", "random", "firstWhere", "firstOrFail"}
)
_NEITHER = frozenset(
    {
        "count", "isEmpty", "isNotEmpty", "sum", "contains", "doesntContain", "every", "some", "reduce", "max", "min",
        "avg", "average", "median", "implode", "join", "has", "search", "modelKeys", "keys", "total", "offsetExists",
    }
)  # fmt: skip
"""Methods that give no elements."""
_GROUPING = frozenset({"groupBy", "chunk", "split", "partition", "sliding", "chunkWhile", "mapToGroups", "chunkBy"})


def _php_collection(
    it: Machine,
    value: Items | Group,
    name: str,
    function: Value | None,
    arguments: tuple[Value, ...],
    frame: Frame,
    node: ir.Call,
) -> Value | None:
    count = value.count if isinstance(value, Items) else Count.FEW
    first = arguments[0] if arguments else UNKNOWN
    known = query_sets.operation(it, "row", name, "php")
    if known is not None and known.does == "load":
        eager_loads.load_for(it, known, value, arguments, frame, node)
        return value
    if known is not None and known.does == "serialize":
        it.read_appended(value, frame, node)
        return value
    if known is not None and known.does == "read" and known.gives == "receiver":
        it.query(frame, node, how=How.CALL)
        return value
    result: Value = UNKNOWN
    if function is not None:
        with it.loop(frame, node.span, _singular(it, value), count):
            element = it.element(value)
            extra = (UNKNOWN, element) if name == "reduce" else (element, UNKNOWN)
            result = it.call_value(function, extra, {}, frame, node)
    elif name in _READING and isinstance(first, Const) and isinstance(first.value, str):
        with it.loop(frame, node.span, _singular(it, value), count):
            result = it.element(value)
            for part in first.value.split("."):
                result = it.attribute_of(result, part, frame, node)
    if name in _MAKING:
        return Items(_flat(it, result) if name in ("flatMap", "mapWithKeys") else result, count)
    if name in _ONE:
        return it.element(value)
    if name in _NEITHER:
        return UNKNOWN
    if name in _GROUPING:
        few = name in ("split", "partition", "chunk", "sliding")
        return Items(Items(it.element(value), count), Count.FEW if few else count)
    if name in ("collapse", "flatten"):
        return Items(_flat(it, it.element(value)), count)
    if name in ("merge", "concat", "union"):
        return Items(
            join(it.element(value), it.element(first)), max(count, first.count if isinstance(first, Items) else count)
        )
    if name in ("push", "add", "prepend", "put") and isinstance(value, Items):
        it.put(value, arguments[-1] if arguments else UNKNOWN)
    return value


def _singular(it: Machine, value: Value) -> str:
    """What one element is called: by its model, where that is known."""
    element = value.element if isinstance(value, Items) else UNKNOWN
    return element.model.symbol.name.lower() if isinstance(element, Row) else "element"


def _flat(it: Machine, value: Value) -> Value:
    inner: Value = UNKNOWN
    for part in choices(value):
        inner = join(inner, it.element(part) if isinstance(part, (Items, Group, QuerySet)) else part)
    return inner


def each_attribute(it: Machine, message: Outside, name: str, frame: Frame, node: ir.Node) -> Value:
    """`$orders->map->customer`."""
    value = message.receiver
    assert isinstance(value, Items)
    with it.loop(frame, node.span, _singular(it, value), value.count):
        result = it.attribute_of(it.element(value), name, frame, node)
    return _after_each(it, message, value, result)


def each_call(
    it: Machine,
    message: Outside,
    callee: ir.Attribute | ir.Lookup,
    arguments: Arguments,
    keywords: Keywords,
    frame: Frame,
    node: ir.Call,
) -> Value:
    """`$orders->each->archive()`."""
    value = message.receiver
    assert isinstance(value, Items)
    result: Value = UNKNOWN
    with it.loop(frame, node.span, _singular(it, value), value.count):
        for part in choices(it.element(value)):
            result = join(result, it.call_method(part, callee, arguments, keywords, frame, node))
    return _after_each(it, message, value, result)


def _after_each(it: Machine, message: Outside, value: Items, result: Value) -> Value:
    if message.dotted in _MAKING:
        return Items(_flat(it, result) if message.dotted == "flatMap" else result, value.count)
    if message.dotted in _ONE:
        return it.element(value)
    return UNKNOWN if message.dotted in _NEITHER else value


__all__ = ["collection_method", "special"]

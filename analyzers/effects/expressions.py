"""
The values of expressions.
"""

from __future__ import annotations

from analyzers import ir
from analyzers.effects import calls, counts, declarations, functions, query_sets, templates
from analyzers.effects.frame import Frame
from analyzers.effects.machine import Machine
from analyzers.effects.recorder import OutOfStepsError
from analyzers.effects.tree import Branch, Count
from analyzers.effects.values import (
    UNKNOWN,
    Anonymous,
    Callable,
    Class,
    Const,
    Group,
    Items,
    Module,
    Object,
    Outside,
    Plain,
    QuerySet,
    Value,
    choices,
    join,
    text_of,
    truth,
)
from analyzers.program.symbols import ClassSymbol, External, FunctionSymbol, ModuleSymbol, Symbol, Variable

NEVER_NULL = (Callable, Class, Group, Object, Plain, QuerySet)


def evaluate(it: Machine, node: ir.Expr, frame: Frame) -> Value:
    """
    The value of an expression.

    Raises:
        OutOfStepsError: When the bound on steps is met.
    """
    it.steps -= 1
    if it.steps < 0:
        raise OutOfStepsError
    it.touched.add(frame.module.path)
    if type(node) is ir.Name:  # the four that make up most of any program
        return _named(it, node.id, frame)
    if type(node) is ir.Constant:
        return Const(node.value)
    if type(node) is ir.Attribute:
        return it.attribute_of(it.evaluate(node.value, frame), node.name, frame, node)
    if type(node) is ir.Call:
        return calls.call(it, node, frame)
    match node:
        case ir.Lookup():
            return templates.look_up(it, it.evaluate(node.value, frame), node, frame)
        case ir.Subscript():
            return _subscript(it, node, frame)
        case ir.Collection():
            return _collection(it, node, frame)
        case ir.Comprehension():
            return _comprehension(it, node, frame)
        case ir.Conditional():
            return _conditional(it, node, frame)
        case ir.Operation():
            return _operation(it, node, frame)
        case ir.Template():
            values = [it.evaluate(part, frame) for part in node.parts]
            for value, part in zip(values, node.parts, strict=True):
                functions.print_value(it, value, frame, part)
            return text_of(values)
        case ir.Lambda():
            return Anonymous(node, frame)
        case ir.Await() | ir.Spread():
            return it.evaluate(node.value, frame)
        case ir.Yield():
            value = it.evaluate(node.value, frame) if node.value is not None else UNKNOWN
            count = max((count for _, count in it.active), default=Count.FEW)
            if node.every:
                count = max(count, it.iterate(value, frame, node))
                value = it.element(value)
            frame.yields.append((value, count))
            return UNKNOWN
        case ir.Binding():
            value = it.evaluate(node.value, frame)
            it.bind(node.target, value, frame)
            return value
        case ir.Slice():
            for end in (node.start, node.stop):
                if end is not None:
                    it.evaluate(end, frame)
    return UNKNOWN


def _named(it: Machine, name: str, frame: Frame) -> Value:
    """What a bare name stands for."""
    found = frame.find(name)
    if found is not None:
        return found
    if frame.function is None and frame.owner is not None:  # the text of a class: `fields = short_fields + ["total"]`
        field = frame.owner.fields.get(name)
        if field is not None and field.value is not None:
            return declarations.field_value(it, frame.owner, field)
    return it.global_name(name, frame)


def global_name(it: Machine, name: str, frame: Frame) -> Value:
    """What a bare name stands for that is no variable of a function."""
    if name == "cls":
        return functions.own_class(frame)
    symbol = it.program.lookup(frame.module, name)
    if symbol is not None:
        return it.of_symbol(symbol)
    return Outside(name)


def of_symbol(it: Machine, symbol: Symbol) -> Value:
    """The value of a symbol."""
    match symbol:
        case ClassSymbol():
            return Class(symbol)
        case FunctionSymbol():
            return Callable(symbol)
        case External():
            return Outside(symbol.dotted)
        case ModuleSymbol():
            return Module(symbol)
        case Variable():
            return declarations.variable(it, symbol)


def dotted(it: Machine, node: ir.Expr, frame: Frame) -> str | None:
    """The full dotted name of something outside the tree, or None."""
    value = it.evaluate(node, frame) if ir.dotted(node) else UNKNOWN
    return value.dotted if isinstance(value, Outside) else None


def _subscript(it: Machine, node: ir.Subscript, frame: Frame) -> Value:
    value = it.evaluate(node.value, frame)
    key = it.evaluate(node.key, frame)
    result: Value | None = None
    for part in choices(value):
        found = _item(it, part, key, node, frame)
        result = found if result is None else join(result, found)
    return result or UNKNOWN


def _item(it: Machine, value: Value, key: Value, node: ir.Subscript, frame: Frame) -> Value:
    match value:
        case QuerySet() if isinstance(node.key, ir.Slice):
            return query_sets.slice_of(it, value, frame, node)
        case QuerySet():
            query_sets.run(it, value, frame, node)
            return query_sets.element(it, value)
        case Items() if isinstance(node.key, ir.Slice):
            return value
        case Items():
            if value.mapping is not None and isinstance(key, Const) and key.value in value.mapping:
                return value.mapping[key.value]
            return frame.picked(value.element, node.key)
        case Group():
            if (
                isinstance(key, Const)
                and isinstance(key.value, int)
                and -len(value.items) <= key.value < len(value.items)
            ):
                return value.items[key.value]
            return value if isinstance(node.key, ir.Slice) else it.element(value)
        case Class():
            return value
        case Outside() if isinstance(key, Class) and value.dotted.rpartition(".")[2] in counts.COLLECTIONS:
            return key  # `list[Order]`, written as a value
    return UNKNOWN


def _collection(it: Machine, node: ir.Collection, frame: Frame) -> Value:
    values = [it.evaluate(item, frame) for item in node.items]
    if node.kind == "dict":
        items = Items(UNKNOWN, Count.FEW, mapping={})
        for key, value, item in zip(node.keys, values, node.items, strict=True):
            if key is None or isinstance(item, ir.Spread):
                if isinstance(value, Items) and value.mapping is not None and items.mapping is not None:
                    items.mapping.update(value.mapping)
                items.element = join(items.element, it.element(value))
            else:
                it.put(items, value, it.evaluate(key, frame))
        items.count = Count.FEW
        return items
    parts = [v if isinstance(i, ir.Spread) else Group((v,)) for i, v in zip(node.items, values, strict=True)]
    if parts and all(isinstance(part, Group) for part in parts):
        return _concatenated(parts)
    result = Items(UNKNOWN, Count.FEW)
    for item, value in zip(node.items, values, strict=True):
        if isinstance(item, ir.Spread):
            result.count = max(result.count, it.iterate(value, frame, item))
            value = it.element(value)
        result.element = join(result.element, value)
    return result


def _comprehension(it: Machine, node: ir.Comprehension, frame: Frame) -> Value:
    inner = Frame(frame.module, frame.function, frame.owner, frame.instance, frame)
    inner.yields = frame.yields
    result = Items(UNKNOWN, Count.FEW)

    def clause(place: int) -> None:
        if place == len(node.clauses):
            if node.key is not None:
                it.evaluate(node.key, inner)
            result.element = join(result.element, it.evaluate(node.element, inner))
            result.count = max([result.count, *(count for _, count in it.active[depth:])])
            return
        here = node.clauses[place]

        def body() -> None:
            for condition in here.conditions:
                it.evaluate(condition, inner)
            clause(place + 1)

        it.for_each(here.iterable, here.target, inner, body)

    depth = len(it.active)
    clause(0)
    return result


def _conditional(it: Machine, node: ir.Conditional, frame: Frame) -> Value:
    known = truth(it.evaluate(node.test, frame))
    if known is not None:
        return it.evaluate(node.then if known else node.other, frame)
    with it.collecting() as then:
        one = it.evaluate(node.then, frame)
    with it.collecting() as otherwise:
        other = it.evaluate(node.other, frame)
    if then or otherwise:
        it.sink.append(Branch((tuple(then), tuple(otherwise))))
    return join(one, other)


def _operation(it: Machine, node: ir.Operation, frame: Frame) -> Value:
    operator = node.operator
    first = it.evaluate(node.operands[0], frame)
    if operator == "??" and isinstance(first, Plain):
        return first
    values = [first, *(it.evaluate(operand, frame) for operand in node.operands[1:])]
    if operator in ("or", "and", "??"):
        return _either(it, operator, values)
    if operator in ("is", "is not", "==", "!=") and len(values) == 2:
        return _compared(it, operator, values[0], values[1])
    if operator == "not":
        known = truth(values[0])
        return UNKNOWN if known is None else Const(not known)
    if operator in ("in", "not in") and isinstance(values[-1], QuerySet):
        query_sets.run(it, values[-1], frame, node)
    if operator == "%" and isinstance(values[0], Const) and isinstance(values[0].value, str):
        holes = values[1].items if isinstance(values[1], Group) else (values[1],)
        return formatted(values[0].value, holes)
    if operator == "+" and isinstance(values[0], Const) and isinstance(values[0].value, str):
        return text_of(values)
    if operator == "+" and all(isinstance(value, Group) for value in values):
        return _concatenated(values)
    if operator in ("+", "|") and any(isinstance(value, (QuerySet, Items, Group)) for value in values):
        return join(values[0], values[-1])
    return UNKNOWN


def _concatenated(values: list[Value]) -> Group:
    return Group(tuple(item for value in values if isinstance(value, Group) for item in value.items))


def _either(it: Machine, operator: str, values: list[Value]) -> Value:
    """What `a or b` or `a and b` gives: the first operand that decides, or else the last."""
    result: Value | None = None
    for place, value in enumerate(values):
        known = truth(value)
        is_last = place == len(values) - 1
        if known is not None and known == (operator == "and") and not is_last:
            continue  # decides nothing
        if operator == "and" and known is None and not is_last:
            value = UNKNOWN  # only when it is empty
        result = value if result is None else join(result, value)
        if known is not None:
            break
    return UNKNOWN if result is None else result


def _compared(it: Machine, operator: str, one: Value, other: Value) -> Value:
    equal = operator in ("is", "==")
    if isinstance(one, Const) and isinstance(other, Const):
        return Const((one.value == other.value) == equal, sure=one.sure and other.sure)
    if isinstance(other, Const) and other.value is None and isinstance(one, NEVER_NULL):
        return Const(not equal)
    if isinstance(one, Class) and isinstance(other, Class):
        return Const((one.symbol is other.symbol) == equal)
    return UNKNOWN


def formatted(text: str, holes: tuple[Value, ...]) -> Value:
    """`"%s/list.html" % name`, when its holes are plain and what fills them is known."""
    literal = text.split("%s")
    if len(literal) != len(holes) + 1 or any("%" in part for part in literal):
        return UNKNOWN
    parts: list[Value] = [Const(literal[0])]
    for hole, rest in zip(holes, literal[1:], strict=True):
        parts += [hole, Const(rest)]
    return text_of(parts)

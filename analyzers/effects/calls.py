"""
Calls: who is called, with what. What functions of the tree do is in `functions`, what libraries do in `operations`.
"""

from __future__ import annotations

from collections import deque

from analyzers import ir
from analyzers.effects import builtin, intrinsics, operations, query_sets, rows, templates
from analyzers.effects.frame import Frame
from analyzers.effects.machine import Arguments, Keywords, Machine
from analyzers.effects.tree import Count, How, Transaction
from analyzers.effects.values import (
    FUNCTIONS,
    UNKNOWN,
    Anonymous,
    Callable,
    Choice,
    Class,
    Column,
    Const,
    Group,
    Items,
    Loader,
    Object,
    Outside,
    QuerySet,
    Row,
    Super,
    Value,
    View,
    choices,
    join,
)
from analyzers.findings import Confidence
from analyzers.frameworks import Framework, Operation

BUILT_IN = frozenset(name for kind in (str, bytes, list, tuple, dict, set, deque) for name in dir(kind))
"""Methods that anything may have: a name alone does not tell that the tree's own is meant."""


def call(it: Machine, node: ir.Call, frame: Frame) -> Value:
    """The value of a call, with its effects."""
    callee = _written(it, node.callee, frame)
    is_function = isinstance(callee, ir.Name) and _names_function(callee.id, frame)
    if isinstance(callee, ir.Name) and is_function:
        intrinsic = intrinsics.INTRINSICS.get(callee.id) if frame.module.is_stub else None
        if intrinsic is not None:
            return intrinsic(it, evaluate_arguments(it, node, frame)[0], frame, node)
        special = None
        if frame.module.is_template:
            special = templates.special(it, callee.id, node, frame)
        if special is None:
            special = builtin.special(it, callee.id, node, frame)
        if special is not None:
            return special
    if isinstance(callee, (ir.Attribute, ir.Lookup)):
        return _call_attribute(it, callee, node, frame)
    value = (
        it.global_name(callee.id, frame) if isinstance(callee, ir.Name) and is_function else it.evaluate(callee, frame)
    )
    arguments, keywords = evaluate_arguments(it, node, frame)
    return call_value(it, value, arguments, keywords, frame, node)


def _names_function(name: str, frame: Frame) -> bool:
    """Whether a name before parentheses is no variable; PHP's variables hide no function: `$view` and `view()`."""
    known = frame.find(name)
    if known is None or frame.module.host != "php":
        return known is None
    return not any(isinstance(part, (*FUNCTIONS, Class, Object)) for part in choices(known))


def _written(it: Machine, callee: ir.Expr, frame: Frame) -> ir.Expr:
    """PHP's `$row->$name` before parentheses, as `$row->lines` where the name is known."""
    if frame.module.host != "php" or not isinstance(callee, ir.Call) or len(callee.arguments) != 2:
        return callee
    if ir.dotted(callee.callee) != "getattr":
        return callee
    name = it.evaluate(callee.arguments[1], frame)
    if not isinstance(name, Const) or not isinstance(name.value, str):
        return callee
    return ir.Attribute(callee.span, callee.arguments[0], name.value)


def evaluate_arguments(it: Machine, node: ir.Call, frame: Frame) -> tuple[Arguments, Keywords]:
    """The values of a call's arguments, `*` and `**` spread as far as they are known."""
    arguments: list[Value] = []
    for argument in node.arguments:
        value = it.evaluate(argument, frame)
        if isinstance(argument, ir.Spread) and isinstance(value, Group):
            arguments.extend(value.items)
        else:
            arguments.append(value)
    keywords: Keywords = {}
    for keyword in node.keywords:
        value = it.evaluate(keyword.value, frame)
        if keyword.name is not None:
            keywords[keyword.name] = value
        elif isinstance(value, Items) and value.mapping is not None:
            keywords.update({key: item for key, item in value.mapping.items() if isinstance(key, str)})
    return tuple(arguments), keywords


def _call_attribute(it: Machine, callee: ir.Attribute | ir.Lookup, node: ir.Call, frame: Frame) -> Value:
    receiver = it.evaluate(callee.value, frame)
    arguments, keywords = evaluate_arguments(it, node, frame)
    result: Value | None = None
    for part in choices(receiver):
        value = call_method(it, part, callee, arguments, keywords, frame, node)
        result = value if result is None else join(result, value)
    return result if result is not None else UNKNOWN


def call_method(
    it: Machine,
    receiver: Value,
    callee: ir.Attribute | ir.Lookup,
    arguments: Arguments,
    keywords: Keywords,
    frame: Frame,
    node: ir.Call,
) -> Value:
    """Call `receiver.name(...)`."""
    name = callee.name
    if isinstance(receiver, (Items, Group)):
        found = builtin.collection_method(it, receiver, name, arguments, keywords, frame, node)
        if found is not None:
            return found
    if isinstance(receiver, Outside) and isinstance(receiver.receiver, Items):
        return builtin.each_call(it, receiver, callee, arguments, keywords, frame, node)
    if isinstance(receiver, Row) and receiver.model.framework.language == "php":
        relation = receiver.model.relations.get(name)
        if relation is not None:
            return _relation_query(it, receiver, name)
    if isinstance(receiver, Class):
        found = _call_on_class(it, receiver, name, arguments, keywords, frame, node)
        if found is not None:
            return found
    if isinstance(receiver, Object) and receiver.symbol.method(name) is None and name not in receiver.attributes:
        magic = receiver.symbol.method("__call")
        if magic is not None:
            return it.call_function(Callable(magic, receiver), (Const(name), Group(arguments)), {}, frame, node)
    if isinstance(receiver, View):
        return templates.more(it, receiver, name, arguments, frame, node)
    if isinstance(receiver, Column):
        return receiver  # `Order.number.label("n")`, `Order.lines.of_type(Gift)`: still about that column
    for framework, known in it.frameworks.operations.get(("any", name), ()):
        if framework.language == frame.module.host and _fits(it, framework, known, receiver, callee, arguments):
            return operations.apply(it, known, arguments, keywords, frame, node, receiver)
    value = it.attribute_of(receiver, name, frame, callee)
    if type(value) is Value and type(receiver) is Value:
        return _by_unique_name(it, receiver, name, arguments, keywords, frame, node)
    return call_value(it, value, arguments, keywords, frame, node, receiver)


def _fits(
    it: Machine,
    framework: Framework,
    known: Operation,
    receiver: Value,
    callee: ir.Attribute | ir.Lookup,
    arguments: Arguments,
) -> bool:
    """
    Whether an operation on any receiver means this call: by the receiver's name, or by an argument that only it takes.
    """
    if known.does == "loader":
        return isinstance(receiver, Loader) or (type(receiver) in (Value, Outside) and _names_column(arguments))
    if isinstance(receiver, Object) and receiver.symbol.method(callee.name) is not None:
        return False  # it says itself what it does
    if isinstance(receiver, (QuerySet, Row, Class, Object, Super)) and known.does not in ("send", "user"):
        return isinstance(receiver, Object) and _takes_query(it, framework, known, arguments)
    if known.receivers:
        text = ir.dotted(callee.value) or ""
        last = text.rpartition(".")[2].lower()
        if isinstance(callee.value, ir.Call) and isinstance(callee.value.callee, (ir.Attribute, ir.Name)):
            inner = callee.value.callee
            last = (inner.name if isinstance(inner, ir.Attribute) else inner.id).lower()
        named = last in known.receivers and (not known.by_key or _is_class(arguments, known))
        return named or _takes_query(it, framework, known, arguments)
    return _takes_query(it, framework, known, arguments) or known.does == "send"


def _is_class(arguments: Arguments, known: Operation) -> bool:
    """Whether a row of a class is asked for: sessions of HTTP clients and of browsers have a `get` too."""
    argument = arguments[known.argument] if len(arguments) > known.argument else UNKNOWN
    if isinstance(argument, Outside):
        return argument.dotted.rpartition(".")[2][:1].isupper()
    return isinstance(argument, Class)


def _names_column(arguments: Arguments) -> bool:
    return bool(arguments) and all(isinstance(argument, (Column, Const)) for argument in arguments)


def _takes_query(it: Machine, framework: Framework, known: Operation, arguments: Arguments) -> bool:
    """Whether an argument is a query, a model or a column of this library."""
    argument = arguments[known.argument] if len(arguments) > known.argument else UNKNOWN
    if isinstance(argument, (QuerySet, Column)):
        return known.does in ("read", "build", "write") and argument.model.framework is framework
    model = it.orm.model(argument.symbol) if isinstance(argument, Class) else None
    return model is not None and model.framework is framework


def _relation_query(it: Machine, row: Row, name: str) -> Value:
    """`$order->lines()`: a query through a relation, whatever was loaded."""
    relation = row.model.relations[name]
    target = it.orm.model(relation.target) if relation.target is not None else None
    if target is None:
        return UNKNOWN
    return QuerySet(
        target, it.loops, row.origin, relation=f"{row.model.symbol.name}.{name}", defeated=name in row.loads.paths
    )


def _call_on_class(
    it: Machine, receiver: Class, name: str, arguments: Arguments, keywords: Keywords, frame: Frame, node: ir.Call
) -> Value | None:
    model = it.orm.model(receiver.symbol)
    if model is None:
        return None
    library = model.framework.name
    known = query_sets.operation(it, "model", name, frame.module.host, library)
    method = receiver.symbol.method(name)
    if method is not None and not query_sets.is_scope(method):
        over = known or query_sets.operation(it, "queryset", name, frame.module.host, library)
        if over is None or over.does != "build":
            return None
        own = call_value(it, it.attribute_of(receiver, name, frame, node), arguments, keywords, frame, node, receiver)
        if type(own) is not Value:
            return own  # else it passes the call on in a way that can't be followed, and gives what the library gives
    if known is not None:
        if known.does in ("build", "statement") and known.gives == "queryset":
            query = QuerySet(model, it.loops, frame.at(node.span))
            query.writes = known.does == "statement"
            if known.paths == "models":
                query.selected = tuple(
                    a.model if isinstance(a, Column) else m
                    for a, m in zip(arguments, operations.selected_models(it, arguments), strict=True)
                )
            return query
        if known.does == "eager":
            plain = QuerySet(model, it.loops, frame.at(node.span))
            return query_sets.call_set(it, plain, name, arguments, keywords, frame, node)
        it.query(frame, node, how=How.CALL, write=known.does == "write", model=model.symbol.name)
        plain = QuerySet(model, it.loops, frame.at(node.span))
        plain.fetched = True
        return query_sets.given(it, known, plain, arguments, frame, node)
    if model.framework.language == "php":
        plain = QuerySet(model, it.loops, frame.at(node.span))
        return query_sets.call_set(it, plain, name, arguments, keywords, frame, node)
    return None


def _by_unique_name(
    it: Machine, receiver: Value, name: str, arguments: Arguments, keywords: Keywords, frame: Frame, node: ir.Call
) -> Value:
    """A method called on something unknown: if one class alone has a method of that name, it is likely meant."""
    functions = [argument for argument in arguments if isinstance(argument, FUNCTIONS)]
    if functions and frame.module.host == "php" and name in builtin.PHP_LOOPS:
        with it.loop(frame, node.span, "element", Count.UNKNOWN):
            for function in functions:
                call_value(it, function, (), {}, frame, node)
        return UNKNOWN
    for function in functions:
        call_value(it, function, (UNKNOWN,), {}, frame, node)
    if not it.active or name.startswith("__") or name in BUILT_IN or frame.module.is_template:
        return UNKNOWN
    method = it.lookups.unique_method(name)
    if method is None or method.owner is None:
        return UNKNOWN
    model = it.orm.model(method.owner)
    instance: Value = (
        Row(model, it.loops, None, assumed=Confidence.POSSIBLE) if model is not None else Object(method.owner, it.loops)
    )
    before, it.confidence = it.confidence, min(it.confidence, Confidence.LIKELY)
    try:
        return it.call_function(Callable(method, instance), arguments, keywords, frame, node)
    finally:
        it.confidence = before


def call_value(
    it: Machine,
    value: Value,
    arguments: Arguments,
    keywords: Keywords,
    frame: Frame,
    node: ir.Node,
    receiver: Value | None = None,
) -> Value:
    """Call a value."""
    match value:
        case Choice():
            result: Value = UNKNOWN
            for part in value.values:
                result = join(result, call_value(it, part, arguments, keywords, frame, node, receiver))
            return result
        case Callable():
            return it.call_function(value, arguments, keywords, frame, node)
        case Anonymous():
            return _call_lambda(it, value, arguments)
        case Class():
            return it.instantiate(value.symbol, arguments, keywords, frame, node)
        case Outside():
            return _call_outside(it, value, arguments, keywords, frame, node)
        case Object():
            method = value.symbol.method("__call__")
            if method is not None:
                return it.call_function(Callable(method, value), arguments, keywords, frame, node)
    for argument in (*arguments, *keywords.values()):
        if isinstance(argument, Anonymous):
            _call_lambda(it, argument, ())
    return UNKNOWN


def _call_lambda(it: Machine, value: Anonymous, arguments: Arguments) -> Value:

    outer = value.closure
    frame = Frame(outer.module, outer.function, outer.owner, outer.instance, outer)
    for place, parameter in enumerate(value.node.params):
        frame.names[parameter.name] = arguments[place] if place < len(arguments) else UNKNOWN
    it.block(value.node.body, frame)
    result: Value = UNKNOWN
    for returned in frame.returns:
        result = join(result, returned)
    return result


def _call_outside(
    it: Machine, value: Outside, arguments: Arguments, keywords: Keywords, frame: Frame, node: ir.Node
) -> Value:
    name = value.dotted.rpartition(".")[2]
    if isinstance(node, ir.Call):
        if isinstance(value.receiver, QuerySet):
            return query_sets.call_set(it, value.receiver, name, arguments, keywords, frame, node)
        if isinstance(value.receiver, Row):
            return rows.call_row(it, value.receiver, name, arguments, keywords, frame, node)
    known = operations.function_operation(it, value.dotted, frame)
    if known is not None:
        return operations.apply(it, known, arguments, keywords, frame, node, None)
    functions = [argument for argument in (*arguments, *keywords.values()) if isinstance(argument, Anonymous)]
    if functions and any(value.dotted in framework.transactions for framework in it.frameworks.all):
        with it.collecting() as body:
            result = _call_lambda(it, functions[0], ())
        if body:
            it.sink.append(Transaction(frame.at(node.span), tuple(body)))
        return result
    for function in functions:
        _call_lambda(it, function, ())
    return Outside(f"{value.dotted}()") if name[:1].isupper() and value.receiver is None else UNKNOWN

"""
What calls do: functions of the tree are spliced in, what libraries do is asked of the framework models.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from analyzers import ir
from analyzers.effects import builtin, intrinsics, rows, templates
from analyzers.effects.tree import Call, Count, How, Transaction
from analyzers.effects.values import (
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
    Loads,
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
from analyzers.program.orm import ModelInfo
from analyzers.program.symbols import ClassSymbol, FunctionSymbol
from analyzers.span import Place

if TYPE_CHECKING:
    from analyzers.effects.interpreter import Frame, Interpreter

DEPTH = 14
"""Calls within calls that are followed. Real traces in the corpus are at most 7 deep."""
UNIQUE = 40
"""Files that may mention a method's name while its only definition is still taken to be meant."""
FUNCTIONS = (Callable, Anonymous)
BUILT_IN = frozenset(name for kind in (str, bytes, list, tuple, dict, set, deque) for name in dir(kind))
"""Methods that anything may have: a name alone does not tell that the tree's own is meant."""

Arguments = tuple[Value, ...]
Keywords = dict[str, Value]


def call(it: Interpreter, node: ir.Call, frame: Frame) -> Value:
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


def _written(it: Interpreter, callee: ir.Expr, frame: Frame) -> ir.Expr:
    """PHP's `$row->$name` before parentheses, as `$row->lines` where the name is known."""
    if frame.module.host != "php" or not isinstance(callee, ir.Call) or len(callee.arguments) != 2:
        return callee
    if ir.dotted(callee.callee) != "getattr":
        return callee
    name = it.evaluate(callee.arguments[1], frame)
    if not isinstance(name, Const) or not isinstance(name.value, str):
        return callee
    return ir.Attribute(callee.span, callee.arguments[0], name.value)


def evaluate_arguments(it: Interpreter, node: ir.Call, frame: Frame) -> tuple[Arguments, Keywords]:
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


def _call_attribute(it: Interpreter, callee: ir.Attribute | ir.Lookup, node: ir.Call, frame: Frame) -> Value:
    receiver = it.evaluate(callee.value, frame)
    arguments, keywords = evaluate_arguments(it, node, frame)
    result: Value | None = None
    for part in choices(receiver):
        value = call_method(it, part, callee, arguments, keywords, frame, node)
        result = value if result is None else join(result, value)
    return result if result is not None else UNKNOWN


def call_method(
    it: Interpreter,
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
            return call_function(it, Callable(magic, receiver), (Const(name), Group(arguments)), {}, frame, node)
    if isinstance(receiver, View):
        return templates.more(it, receiver, name, arguments, frame, node)
    if isinstance(receiver, Column):
        return receiver  # `Order.number.label("n")`, `Order.lines.of_type(Gift)`: still about that column
    for framework, known in it.frameworks.operations.get(("any", name), ()):
        if framework.language == frame.module.host and _fits(it, framework, known, receiver, callee, arguments):
            return apply(it, known, arguments, keywords, frame, node, receiver)
    value = it.attribute_of(receiver, name, frame, callee)
    if type(value) is Value and type(receiver) is Value:
        return _by_unique_name(it, receiver, name, arguments, keywords, frame, node)
    return call_value(it, value, arguments, keywords, frame, node, receiver)


def _fits(
    it: Interpreter,
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


def _takes_query(it: Interpreter, framework: Framework, known: Operation, arguments: Arguments) -> bool:
    """Whether an argument is a query, a model or a column of this library."""
    argument = arguments[known.argument] if len(arguments) > known.argument else UNKNOWN
    if isinstance(argument, (QuerySet, Column)):
        return known.does in ("read", "build", "write") and argument.model.framework is framework
    model = it.orm.model(argument.symbol) if isinstance(argument, Class) else None
    return model is not None and model.framework is framework


def _relation_query(it: Interpreter, row: Row, name: str) -> Value:
    """`$order->lines()`: a query through a relation, whatever was loaded."""
    relation = row.model.relations[name]
    target = it.orm.model(relation.target) if relation.target is not None else None
    if target is None:
        return UNKNOWN
    return QuerySet(
        target, it.loops, row.origin, relation=f"{row.model.symbol.name}.{name}", defeated=name in row.loads.paths
    )


def _call_on_class(
    it: Interpreter, receiver: Class, name: str, arguments: Arguments, keywords: Keywords, frame: Frame, node: ir.Call
) -> Value | None:
    model = it.orm.model(receiver.symbol)
    if model is None:
        return None
    library = model.framework.name
    known = rows.operation(it, "model", name, frame.module.host, library)
    method = receiver.symbol.method(name)
    if method is not None and not _is_scope(method):
        if known is None or known.does != "build":
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
                    for a, m in zip(arguments, selected_models(it, arguments), strict=True)
                )
            return query
        if known.does == "eager":
            plain = QuerySet(model, it.loops, frame.at(node.span))
            return rows.call_set(it, plain, name, arguments, keywords, frame, node)
        it.query(frame, node, how=How.CALL, write=known.does == "write", model=model.symbol.name)
        plain = QuerySet(model, it.loops, frame.at(node.span))
        plain.fetched = True
        return rows.given(it, known, plain, arguments, frame, node)
    if model.framework.language == "php":
        plain = QuerySet(model, it.loops, frame.at(node.span))
        return rows.call_set(it, plain, name, arguments, keywords, frame, node)
    return None


def scope_method(
    it: Interpreter, value: QuerySet, name: str, arguments: Arguments, keywords: Keywords, frame: Frame, node: ir.Call
) -> Value | None:
    """
    Laravel's local scope behind `->active()`: `scopeActive($query)`, or `active($query)` with the attribute `Scope`.

    A scope that runs its query gives what it read.
    """
    symbol = value.model.symbol
    method = symbol.method(f"scope{name[:1].upper()}{name[1:]}") or symbol.method(name)
    if method is None or (method.name == name and not _is_scope(method)):
        return None
    instance = Row(value.model, it.loops, None, assumed=Confidence.POSSIBLE)
    made = call_function(it, Callable(method, instance), (value, *arguments), keywords, frame, node)
    return value if type(made) is Value or isinstance(made, (Const, Outside)) else made


def _is_scope(method: FunctionSymbol) -> bool:
    return any(name.rpartition(".")[2] == "Scope" for name in method.decorator_names())


def _by_unique_name(
    it: Interpreter, receiver: Value, name: str, arguments: Arguments, keywords: Keywords, frame: Frame, node: ir.Call
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
    method = it.unique_method(name)
    if method is None or method.owner is None:
        return UNKNOWN
    model = it.orm.model(method.owner)
    instance: Value = (
        Row(model, it.loops, None, assumed=Confidence.POSSIBLE) if model is not None else Object(method.owner, it.loops)
    )
    before, it.confidence = it.confidence, min(it.confidence, Confidence.LIKELY)
    try:
        return call_function(it, Callable(method, instance), arguments, keywords, frame, node)
    finally:
        it.confidence = before


def call_value(
    it: Interpreter,
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
            return call_function(it, value, arguments, keywords, frame, node)
        case Anonymous():
            return _call_lambda(it, value, arguments)
        case Class():
            return instantiate(it, value.symbol, arguments, keywords, frame, node)
        case Outside():
            return _call_outside(it, value, arguments, keywords, frame, node)
        case Object():
            method = value.symbol.method("__call__")
            if method is not None:
                return call_function(it, Callable(method, value), arguments, keywords, frame, node)
    for argument in (*arguments, *keywords.values()):
        if isinstance(argument, Anonymous):
            _call_lambda(it, argument, ())
    return UNKNOWN


def _call_lambda(it: Interpreter, value: Anonymous, arguments: Arguments) -> Value:
    from analyzers.effects.interpreter import Frame

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
    it: Interpreter, value: Outside, arguments: Arguments, keywords: Keywords, frame: Frame, node: ir.Node
) -> Value:
    name = value.dotted.rpartition(".")[2]
    if isinstance(node, ir.Call):
        if isinstance(value.receiver, QuerySet):
            return rows.call_set(it, value.receiver, name, arguments, keywords, frame, node)
        if isinstance(value.receiver, Row):
            return rows.call_row(it, value.receiver, name, arguments, keywords, frame, node)
    known = function_operation(it, value.dotted, frame)
    if known is not None:
        return apply(it, known, arguments, keywords, frame, node, None)
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


def function_operation(it: Interpreter, dotted: str, frame: Frame) -> Operation | None:
    """What a library's function does, by its dotted name or by its last segment within the same package."""
    known = it.frameworks.operations.get(("function", dotted), ())
    return next((found for framework, found in known if framework.language == frame.module.host), None)


def apply(
    it: Interpreter,
    known: Operation,
    arguments: Arguments,
    keywords: Keywords,
    frame: Frame,
    node: ir.Node,
    receiver: Value | None,
) -> Value:
    """Do what a framework model says of a function, or of a method on any receiver."""
    argument = arguments[known.argument] if len(arguments) > known.argument else UNKNOWN
    match known.does:
        case "loader":
            return _loader(it, known, arguments, keywords, receiver)
        case "load":
            rows.load_for(it, known, argument, arguments[known.argument + 1 :], frame, node)
            return UNKNOWN
        case "render":
            context = (
                arguments[known.context] if len(arguments) > known.context >= 0 else keywords.get("context", UNKNOWN)
            )
            if known.context < 0:
                context = Items(UNKNOWN, Count.FEW, mapping=dict(keywords))
            return templates.view(it, argument, context, frame, node)
        case "send":
            it.leave(frame, node, known.kind, Confidence.LIKELY if known.on == "any" else Confidence.CERTAIN)
            return UNKNOWN
        case "external":
            it.leave(frame, node, known.kind)
            return UNKNOWN
        case "memoize":
            return _memoize(it, (*arguments, *keywords.values()), frame, node)
        case "user":
            symbol = it.orm.user_model()
            model = it.orm.model(symbol) if symbol is not None else None
            return Row(model, (), frame.at(node.span), assumed=Confidence.LIKELY) if model is not None else UNKNOWN
        case "notify":
            for subscriber in it.wiring.subscribers(argument.symbol) if isinstance(argument, Object) else ():
                call_function(it, Callable(subscriber), (argument,), {}, frame, node)
            return UNKNOWN
        case "service":
            return _service(it, keywords.get("name", keywords.get("iface", argument)), frame, node)
        case "class":
            return _class_named(it, arguments)
        case "pass":
            return argument if arguments else (receiver or UNKNOWN)
        case "build" | "statement":
            return _query_of(it, arguments[known.argument :], known, frame, node)
        case "read" | "write":
            return _run_of(it, argument, known, frame, node)
    return UNKNOWN


def _class_named(it: Interpreter, arguments: Arguments) -> Value:
    """The only model of a name, of several the only one below the application's folder: `"shop", "Order"`."""
    texts = [part.value for part in arguments if isinstance(part, Const) and isinstance(part.value, str)]
    label, _, name = ".".join(texts).rpartition(".")
    found = [symbol for symbol in it.program.classes_named(name) if it.orm.is_model_like(symbol)] if name else []
    if len(found) > 1:
        found = [symbol for symbol in found if label in symbol.module.path.split("/")]
    return Class(found[0]) if len(found) == 1 else UNKNOWN


def _memoize(it: Interpreter, arguments: Arguments, frame: Frame, node: ir.Node) -> Value:
    """`Cache::remember("key", 60, fn () => ...)`: what its function does is done once for all."""
    result: Value = UNKNOWN
    with it.collecting() as effects:
        for argument in arguments:
            if isinstance(argument, FUNCTIONS):
                result = join(result, call_value(it, argument, (), {}, frame, node))
    it.sink.extend(rows.once(effect) for effect in effects)
    return result


def _service(it: Interpreter, label: Value, frame: Frame, node: ir.Node) -> Value:
    """What the factory of a service gives, which is made for a context and a request; without one, a class is made."""
    name = label.value if isinstance(label, Const) else label.symbol.name if isinstance(label, Class) else None
    factory = it.wiring.service(name) if isinstance(name, str) else None
    if factory is None:
        return instantiate(it, label.symbol, (), {}, frame, node) if isinstance(label, Class) else UNKNOWN
    value: Value = Class(factory) if isinstance(factory, ClassSymbol) else Callable(factory)
    return call_value(it, value, (UNKNOWN, UNKNOWN), {}, frame, node)


def _query_of(it: Interpreter, arguments: Arguments, known: Operation, frame: Frame, node: ir.Node) -> Value:
    """The query that selects these classes and columns: of the first class, or of columns only."""
    place = frame.at(node.span)
    if arguments and isinstance(arguments[0], QuerySet):
        return arguments[0].copy(it.loops, place)
    selected = selected_models(it, arguments)
    model = next((part for part in selected if part is not None), None)
    column = next((part for part in arguments if isinstance(part, Column)), None)
    if model is None:
        return QuerySet(column.model, it.loops, place, columns=True) if column is not None else UNKNOWN
    query = QuerySet(model, it.loops, place)
    query.writes = known.does == "statement"
    if len(selected) > 1:
        query.selected, query.tuples = selected, True
    return query


def selected_models(it: Interpreter, arguments: Arguments) -> tuple[ModelInfo | None, ...]:
    """The models among what a query selects, None for all else."""
    return tuple(it.orm.model(part.symbol) if isinstance(part, Class) else None for part in arguments)


def _run_of(it: Interpreter, argument: Value, known: Operation, frame: Frame, node: ir.Node) -> Value:
    write = known.does == "write"
    if isinstance(argument, QuerySet):
        write = write or argument.writes
        rows.remember(it, argument)
        how = How.DEFEATED if argument.defeated else How.CALL
        it.query(
            frame,
            node,
            how=how,
            write=write,
            model=argument.model.symbol.name,
            relation=argument.relation,
            source=argument.origin,
        )
        answer = argument.copy(it.loops, argument.origin)
        answer.fetched = True
        if known.gives == "tuples" and not answer.columns:
            answer.selected, answer.tuples = answer.selected or (answer.model,), True
        if known.gives == "scalars":
            answer.tuples = False
        if known.gives in ("queryset", "receiver", "tuples", "scalars"):
            return answer
        return rows.given(it, known, answer, (argument,), frame, node)
    model = it.orm.model(argument.symbol) if isinstance(argument, Class) else None
    name = model.symbol.name if model is not None else argument.model.symbol.name if isinstance(argument, Row) else ""
    confidence = Confidence.CERTAIN if name else Confidence.LIKELY
    if known.by_key and model is not None and model.symbol.id in it.mapped:
        confidence = Confidence.POSSIBLE
    it.query(frame, node, how=How.CALL, write=write, model=name, confidence=confidence)
    if model is not None:
        answer = QuerySet(model, it.loops, frame.at(node.span))
        answer.fetched = True
        return rows.given(it, known, answer, (argument,), frame, node)
    return argument if known.gives == "argument" else UNKNOWN


def _loader(
    it: Interpreter, known: Operation, arguments: Arguments, keywords: Keywords, receiver: Value | None
) -> Value:
    first = arguments[0] if arguments else UNKNOWN
    inner = keywords.get(
        "queryset", arguments[1] if len(arguments) > 1 and known.paths == "double-underscore" else UNKNOWN
    )
    query = next((part for part in choices(inner) if isinstance(part, QuerySet)), None)
    loads = query.loads if query is not None else Loads()
    to_attr = keywords.get("to_attr", arguments[2] if len(arguments) > 2 else UNKNOWN)
    names = []
    for argument in arguments if known.paths == "attributes" else (first,):
        if isinstance(argument, Column):
            names.append(argument.name)
        elif isinstance(argument, Const) and isinstance(argument.value, str):
            names.append(argument.value)
    before = receiver.path if isinstance(receiver, Loader) else ""
    if known.replaces or known.leaves_out:
        if before or len(names) < len(arguments):
            return receiver or UNKNOWN
        return Loader("", loads.restricted(frozenset(names)) if known.replaces else loads.without(names))
    if not names and not isinstance(first, Class):
        return UNKNOWN
    path = ".".join(name for name in (before, *names) if name)
    stored = str(to_attr.value) if isinstance(to_attr, Const) and to_attr.value else ""
    return Loader(path, loads, stored, query.origin if query is not None else None)


# --- functions of the tree --------------------------------------------------------------------------------------------


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


def of_class(method: FunctionSymbol, cls: Class) -> Callable:
    """
    A method read from a class: bound to it when it is a class method, or a static one of PHP, which knows `static`.
    """
    names = method.decorator_names()
    if "staticmethod" in names:
        return Callable(method, cls if method.module.host == "php" else None)
    return Callable(method, cls if "classmethod" in names else None)


def bind_method(it: Interpreter, method: FunctionSymbol, instance: Value, frame: Frame, node: ir.Node) -> Value:
    """A method of an instance; a property is called at once."""
    names = method.decorator_names()
    if is_property(it, method, names):
        cache = instance.attributes if isinstance(instance, (Row, Object)) else None
        if cache is None or not _memoized(it, method, names):
            return call_function(it, Callable(method, instance), (), {}, frame, node)
        with it.collecting() as effects:
            value = call_function(it, Callable(method, instance), (), {}, frame, node)
        loops = frozenset(instance.created) if isinstance(instance, (Row, Object)) else frozenset()
        it.sink.extend(rows.once(effect, loops) for effect in effects)
        cache[method.name] = value
        return value
    if "staticmethod" in names:
        return Callable(method, Class(instance.symbol) if isinstance(instance, Object) else None)
    if "classmethod" in names and isinstance(instance, Object):
        return Callable(method, Class(instance.symbol))
    return Callable(method, instance)


def is_property(it: Interpreter, method: FunctionSymbol, names: list[str]) -> bool:
    """Whether reading the attribute calls the method."""
    return any(
        name.rpartition(".")[2]
        in ("property", "cached_property", "hybrid_property", "classproperty", "classonlyproperty", "Computed")
        or name.endswith("_property")
        for name in names
    )


def _memoized(it: Interpreter, method: FunctionSymbol, names: list[str]) -> bool:
    for name in names:
        symbol = it.program.resolve(method.module, name)
        dotted = getattr(symbol, "dotted", name)
        if any(dotted in framework.memoizing for framework in it.frameworks.all):
            return True
    return False


def call_function(
    it: Interpreter, target: Callable, arguments: Arguments, keywords: Keywords, frame: Frame, node: ir.Node
) -> Value:
    """
    Run a function of the tree with these arguments and splice in its effects.
    """
    from analyzers.effects.interpreter import Frame

    function = target.function
    activation = function.id
    if isinstance(target.bound, (Object, Class)) and target.bound.symbol is not function.owner:
        activation = f"{function.id} of {target.bound.symbol.id}"  # one serializer's method runs inside another's
    if not it.may_enter(activation) or len(it.stack) >= DEPTH:
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
            effects = tuple(rows.once(effect) for effect in effects)
        if function.module.is_stub:
            it.sink.extend(effects)
        else:
            it.sink.append(Call(frame.at(node.span), function.id, function.name, effects))
    result = result_of(it, inner, full)
    if not function.module.is_stub and frame.function is not None and not frame.module.is_stub:
        rows.hand_on(result, frame.at(node.span))
    return result


def result_of(it: Interpreter, frame: Frame, function: ir.Function) -> Value:
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
    it: Interpreter, function: ir.Function, bound: Value | None, arguments: Arguments, keywords: Keywords, frame: Frame
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


def _in_transaction(it: Interpreter, function: FunctionSymbol, names: list[str]) -> bool:
    for name in names:
        symbol = it.program.resolve(function.module, name)
        if any(getattr(symbol, "dotted", name) in framework.transactions for framework in it.frameworks.all):
            return True
    return False


def instantiate(
    it: Interpreter, symbol: ClassSymbol, arguments: Arguments, keywords: Keywords, frame: Frame, node: ir.Node
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


def print_value(it: Interpreter, value: Value, frame: Frame, node: ir.Node) -> None:
    """Turn a value into text: a row's `__str__` is called."""
    for part in choices(value):
        if isinstance(part, (Row, Object)):
            symbol = part.model.symbol if isinstance(part, Row) else part.symbol
            method = symbol.method("__str__") or symbol.method("__unicode__") or symbol.method("__toString")
            if method is not None and not method.module.is_stub:
                call_function(it, Callable(method, part), (), {}, frame, node)
        elif isinstance(part, (QuerySet,)):
            rows.run(it, part, frame, node)

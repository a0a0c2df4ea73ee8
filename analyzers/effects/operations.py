"""
What calls of libraries do, as the framework models say.
"""

from __future__ import annotations

from analyzers import ir
from analyzers.effects import eager_loads, query_sets, templates
from analyzers.effects.frame import Frame
from analyzers.effects.loads import Loads, prefixes
from analyzers.effects.machine import Arguments, Keywords, Machine
from analyzers.effects.tree import Count, How, once
from analyzers.effects.values import (
    FUNCTIONS,
    UNKNOWN,
    Callable,
    Class,
    Column,
    Const,
    Items,
    Loader,
    Object,
    QuerySet,
    Row,
    Value,
    choices,
    join,
)
from analyzers.findings import Confidence
from analyzers.frameworks import Operation
from analyzers.program.orm import ModelInfo
from analyzers.program.symbols import ClassSymbol


def function_operation(it: Machine, dotted: str, frame: Frame) -> Operation | None:
    """What a library's function does, by its dotted name or by its last segment within the same package."""
    known = it.frameworks.operations.get(("function", dotted), ())
    return next((found for framework, found in known if framework.language == frame.module.host), None)


def apply(
    it: Machine,
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
            eager_loads.load_for(it, known, argument, arguments[known.argument + 1 :], frame, node)
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
                it.call_function(Callable(subscriber), (argument,), {}, frame, node)
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


def _class_named(it: Machine, arguments: Arguments) -> Value:
    """The only model of a name, of several the only one below the application's folder: `"shop", "Order"`."""
    texts = [part.value for part in arguments if isinstance(part, Const) and isinstance(part.value, str)]
    label, _, name = ".".join(texts).rpartition(".")
    found = [symbol for symbol in it.program.classes_named(name) if it.orm.is_model_like(symbol)] if name else []
    if len(found) > 1:
        found = [symbol for symbol in found if label in symbol.module.path.split("/")]
    return Class(found[0]) if len(found) == 1 else UNKNOWN


def _memoize(it: Machine, arguments: Arguments, frame: Frame, node: ir.Node) -> Value:
    """`Cache::remember("key", 60, fn () => ...)`: what its function does is done once for all."""
    result: Value = UNKNOWN
    with it.collecting() as effects:
        for argument in arguments:
            if isinstance(argument, FUNCTIONS):
                result = join(result, it.call_value(argument, (), {}, frame, node))
    it.sink.extend(once(effect) for effect in effects)
    return result


def _service(it: Machine, label: Value, frame: Frame, node: ir.Node) -> Value:
    """What the factory of a service gives, made for a context and a request; without one, the class is made."""
    name = label.value if isinstance(label, Const) else label.symbol.name if isinstance(label, Class) else None
    factory = it.wiring.service(name) if isinstance(name, str) else None
    if factory is None:
        if not isinstance(label, Class):
            return UNKNOWN
        return it.instantiate(it.lookups.completed(label.symbol), (), {}, frame, node)
    value: Value = Class(factory) if isinstance(factory, ClassSymbol) else Callable(factory)
    return it.call_value(value, (UNKNOWN, UNKNOWN), {}, frame, node)


def _query_of(it: Machine, arguments: Arguments, known: Operation, frame: Frame, node: ir.Node) -> Value:
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


def selected_models(it: Machine, arguments: Arguments) -> tuple[ModelInfo | None, ...]:
    """The models among what a query selects, None for all else."""
    return tuple(it.orm.model(part.symbol) if isinstance(part, Class) else None for part in arguments)


def _run_of(it: Machine, argument: Value, known: Operation, frame: Frame, node: ir.Node) -> Value:
    write = known.does == "write"
    if isinstance(argument, QuerySet):
        write = write or argument.writes
        query_sets.remember(it, argument)
        how = How.DEFEATED if argument.defeated else How.CALL
        it.query(
            frame,
            node,
            how=how,
            write=write,
            model=argument.model.symbol.name,
            relation=argument.relation,
            source=argument.origin,
            trips=1 if write else query_sets.round_trips(argument),
        )
        answer = argument.copy(it.loops, argument.origin)
        answer.fetched = True
        if known.gives == "tuples" and not answer.columns:
            answer.selected, answer.tuples = answer.selected or (answer.model,), True
        if known.gives == "scalars":
            answer.tuples = False
        if known.gives in ("queryset", "receiver", "tuples", "scalars"):
            return answer
        return query_sets.given(it, known, answer, (argument,), frame, node)
    model = it.orm.model(argument.symbol) if isinstance(argument, Class) else None
    name = model.symbol.name if model is not None else argument.model.symbol.name if isinstance(argument, Row) else ""
    confidence = Confidence.CERTAIN if name else Confidence.LIKELY
    if known.by_key and model is not None and model.symbol.id in it.mapped:
        confidence = Confidence.POSSIBLE
    it.query(frame, node, how=How.CALL, write=write, model=name, confidence=confidence)
    if model is not None:
        answer = QuerySet(model, it.loops, frame.at(node.span))
        answer.fetched = True
        return query_sets.given(it, known, answer, (argument,), frame, node)
    return argument if known.gives == "argument" else UNKNOWN


def _loader(it: Machine, known: Operation, arguments: Arguments, keywords: Keywords, receiver: Value | None) -> Value:
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
        return Loader("", loads.restricted(frozenset(names)) if known.replaces else loads.without(frozenset(names)))
    if not names and not isinstance(first, Class):
        return UNKNOWN
    path = ".".join(name for name in (before, *names) if name)
    stored = str(to_attr.value) if isinstance(to_attr, Const) and to_attr.value else ""
    joins = receiver.joins if isinstance(receiver, Loader) else frozenset()
    if known.joins:
        joins |= set(prefixes(path)) - set(prefixes(before))
    return Loader(path, loads, stored, query.origin if query is not None else None, joins)

"""
Templates: functions of their context variables. Rendering one is a call.
"""

from __future__ import annotations

from functools import partial

from analyzers import ir
from analyzers.effects import query_sets
from analyzers.effects.frame import Frame
from analyzers.effects.machine import Arguments, Machine
from analyzers.effects.tree import Call, Count
from analyzers.effects.values import (
    UNKNOWN,
    Callable,
    Class,
    Const,
    Group,
    Items,
    Module,
    Object,
    Outside,
    QuerySet,
    Row,
    Value,
    View,
    choices,
    join,
)
from analyzers.program.symbols import ClassSymbol, FunctionSymbol, ModuleSymbol

DEPTH = 6
"""Templates within templates that are followed."""


def find(it: Machine, name: str) -> ModuleSymbol | None:
    """The template of a name: `shop/list.html`, Laravel's `shop.list`. The shortest path wins."""
    paths = it.lookups.template_paths(name)
    return it.program.module(paths[0]) if paths else None


def render(it: Machine, name: Value, context: Value, frame: Frame, node: ir.Node) -> Value:
    """Render a template with a mapping of variables."""
    for part in choices(name):
        for text in part.items if isinstance(part, Group) else (part,):
            if isinstance(text, Const) and isinstance(text.value, str):
                module = find(it, text.value)
                if module is not None:
                    _render(it, module, _variables(context), frame, node, {})
                    break
    return UNKNOWN


def view(it: Machine, name: Value, context: Value, frame: Frame, node: ir.Node) -> Value:
    """Render a template that may get more variables afterwards, with what its component has."""
    names = {**_of_component(it, frame, node), **_variables(context)}
    every = Items(UNKNOWN, Count.FEW, mapping=names)
    render(it, name, every, frame, node)
    return View(name, every)


def more(it: Machine, value: View, method: str, arguments: Arguments, frame: Frame, node: ir.Node) -> Value:
    """`->with("orders", $orders)`, `->with(["orders" => $orders])`, `->withOrders($orders)`: rendered with them too."""
    key = arguments[0] if arguments else UNKNOWN
    added: dict[str, Value] = {}
    if method == "with" and isinstance(key, Const) and len(arguments) > 1:
        added = {str(key.value): arguments[1]}
    elif method == "with":
        added = _variables(key)
    elif method.startswith("with") and arguments:
        added = {method[4:5].lower() + method[5:]: key}
    if not added:
        return value
    names = {**_variables(value.context), **added}
    every = Items(UNKNOWN, Count.FEW, mapping=names)
    render(it, value.name, every, frame, node)
    return View(value.name, every)


def _of_component(it: Machine, frame: Frame, node: ir.Node) -> dict[str, Value]:
    """What a view finds of the component that renders it: its properties, its methods, itself."""
    component = frame.instance
    if not isinstance(component, Object) or not it.lookups.is_component(component.symbol):
        return {}
    names: dict[str, Value] = {"self": component}
    for owner in reversed(component.symbol.ancestors()):
        if not owner.module.is_stub:
            for name, method in owner.methods.items():
                names[name] = Callable(method, component)
            names.update((name, it.attribute_of(component, name, frame, node)) for name in owner.fields)
    return names | component.attributes


def _variables(context: Value) -> dict[str, Value]:
    names: dict[str, Value] = {}
    for part in choices(context):
        if isinstance(part, Items) and part.mapping is not None:
            for key, value in part.mapping.items():
                if isinstance(key, str):
                    names[key] = join(names[key], value) if key in names else value
    return names


def _render(
    it: Machine,
    module: ModuleSymbol,
    names: dict[str, Value],
    frame: Frame,
    node: ir.Node,
    blocks: dict[str, FunctionSymbol],
) -> None:

    function = module.functions.get("render")
    if function is None or sum(entry.endswith("::render") for entry in it.stack) >= DEPTH or function.id in it.stack:
        it.cuts += 1
        return
    own = {name: symbol for name, symbol in module.functions.items() if name.startswith("block:")}
    inner = Frame(module, function)
    inner.names = dict(names)
    inner.names.update(_imported(it, module))
    merged = {**own, **blocks}
    for name, symbol in merged.items():
        inner.names[name] = Callable(symbol, closure=inner)
    it.stack.append(function.id)
    it.visited.add(function.id)
    it.visited.update(symbol.id for symbol in merged.values())
    try:
        with it.collecting() as body:
            extends = _extends(function.full)
            parent = _parent(it, extends, inner) if extends is not None else None
            if extends is not None and parent is not None:
                _render(it, parent, names, inner, extends, merged)
            else:
                it.block(function.full.body, inner)
    finally:
        it.stack.pop()
    if body:
        it.sink.append(Call(frame.at(node.span), function.id, module.path.rpartition("/")[2], tuple(body)))


def _imported(it: Machine, module: ModuleSymbol) -> dict[str, Value]:
    """The macros of other templates: `{% from "rows.html" import row %}`, `{% import "rows.html" as rows %}`."""
    names: dict[str, Value] = {}
    for alias, node in module.imports.items():
        template = find(it, node.module)
        if template is not None and node.name is None:
            names[alias] = Module(template)
        elif template is not None and node.name in template.functions:
            names[alias] = Callable(template.functions[node.name])
    return names


def _extends(function: ir.Function) -> ir.Call | None:
    """The statement by which a template goes into another one."""
    for statement in function.body[:3]:
        value = statement.value if isinstance(statement, ir.Evaluate) else None
        if (
            isinstance(value, ir.Call)
            and isinstance(value.callee, ir.Name)
            and value.callee.id == "extends"
            and value.arguments
        ):
            return value
    return None


def _parent(it: Machine, extends: ir.Call, frame: Frame) -> ModuleSymbol | None:
    name = it.evaluate(extends.arguments[0], frame)
    return find(it, name.value) if isinstance(name, Const) and isinstance(name.value, str) else None


def special(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value | None:
    """What a call that a template's front end made up does, or None for any other call."""
    if name.startswith("block:"):
        return UNKNOWN
    if name == "include":
        _include(it, node, frame)
        return UNKNOWN
    if name in ("extends", "cached"):
        return UNKNOWN
    if name == "print":
        for argument in node.arguments:
            value = called(it, it.evaluate(argument, frame), frame, argument)
            it.print_value(value, frame, argument)
        return UNKNOWN
    if name.startswith("filter:"):
        return _filter(it, name.removeprefix("filter:"), node, frame)
    if name.startswith("tag:"):
        return _tag(it, name.removeprefix("tag:"), node, frame)
    if name == "regroup":
        return _regroup(it, node, frame)
    return None


def _regroup(it: Machine, node: ir.Call, frame: Frame) -> Value:
    """`{% regroup rows by customer as groups %}`: the key is read of each row, and is the `grouper` of its group."""
    value = it.evaluate(node.arguments[0], frame)
    count = it.iterate(value, frame, node.arguments[0])
    key = node.arguments[1]
    path = str(key.value).partition("|")[0] if isinstance(key, ir.Constant) else ""
    with it.loop(frame, key.span, "row", count, "template"):
        row = it.element(value)
        grouper = row
        for name in path.split("."):
            grouper = called(it, it.attribute_of(grouper, name, frame, key), frame, key)
    group = Items(UNKNOWN, count, mapping={"grouper": grouper, "list": Items(row, count)})
    return Items(group, count)


def _include(it: Machine, node: ir.Call, frame: Frame) -> None:
    name = it.evaluate(node.arguments[0], frame) if node.arguments else UNKNOWN
    names: dict[str, Value] = {}
    scope: Frame | None = frame
    only = any(keyword.name == "only" for keyword in node.keywords)
    while scope is not None and not only:
        for key, value in scope.names.items():
            names.setdefault(key, value)
        scope = scope.closure
    for keyword in node.keywords:
        if keyword.name is not None:
            names[keyword.name] = it.evaluate(keyword.value, frame)
    if frame.module.host != "php":  # Blade's sections can be shown by any view
        names = {key: value for key, value in names.items() if not key.startswith("block:")}
    for part in choices(name):
        if isinstance(part, Const) and isinstance(part.value, str):
            component = _component(it, part.value) if frame.module.host == "php" else None
            if component is not None:
                given = {key: value for key, value in names.items() if ":" not in key}
                what = _key(component.id, given) if only else None
                it.remember(what, frame.at(node.span), partial(_show, it, component, given, frame, node))
                continue
            module = find(it, part.value)
            if module is not None:
                what = _key(module.path, names) if only else None
                it.remember(what, frame.at(node.span), partial(_render, it, module, names, frame, node, {}))


def _key(what: str, given: dict[str, Value]) -> tuple[object, ...] | None:
    """What tells two showings of a component apart; None where a value has a life of its own."""
    if not all(type(value) is Value or isinstance(value, (Const, Class)) for value in given.values()):
        return None
    return (what, *((name, value.key) for name, value in sorted(given.items())))


def _component(it: Machine, name: str) -> ClassSymbol | None:
    """
    The class behind a component's tag, by where such classes are kept.

    `<x-order.row>` is `View\\Components\\Order\\Row`, `<livewire:order-list>` is `Livewire\\OrderList`.
    """
    kind, _, rest = name.partition(".")
    home = {"components": "View.Components", "livewire": "Livewire"}.get(kind)
    if home is None or not rest:
        return None
    parts = ["".join(word[:1].upper() + word[1:] for word in part.split("-")) for part in rest.split(".")]
    found = it.program.php_class_ending(".".join([home, *parts]))
    return found or (it.program.php_class_ending(".".join([home, *parts, parts[-1]])) if home != "Livewire" else None)


def _show(it: Machine, symbol: ClassSymbol, given: dict[str, Value], frame: Frame, node: ir.Node) -> None:
    """Make a component with what its tag gives it, and render it."""
    component = it.instantiate(symbol, (), given, frame, node)
    if not isinstance(component, Object):
        return
    mount = symbol.method("mount")
    if mount is not None:
        component.attributes.update((name, value) for name, value in given.items() if name in symbol.fields)
        it.call_function(Callable(mount, component), (), given, frame, node)
    method = symbol.method("render")
    if method is not None:
        it.call_function(Callable(method, component), (), {}, frame, node)


def _filter(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    arguments = tuple(called(it, it.evaluate(argument, frame), frame, argument) for argument in node.arguments)
    value = arguments[0] if arguments else UNKNOWN
    if name in ("length", "count", "join", "list", "sort", "dictsort"):
        for part in choices(value):
            if isinstance(part, QuerySet):
                query_sets.run(it, part, frame, node)
        return value if name not in ("length", "count") else UNKNOWN
    if name in ("first", "last", "random"):
        it.iterate(value, frame, node)
        return it.element(value)
    if name in ("slice", "default", "default_if_none", "safe", "reverse", "dictsortreversed"):
        return value
    function = _registered(it, name, frame)
    if function is not None:
        return it.call_function(Callable(function), arguments, {}, frame, node)
    it.print_value(value, frame, node)
    return UNKNOWN


def _tag(it: Machine, name: str, node: ir.Call, frame: Frame) -> Value:
    arguments = tuple(called(it, it.evaluate(argument, frame), frame, argument) for argument in node.arguments)
    keywords = {
        k.name: called(it, it.evaluate(k.value, frame), frame, k.value) for k in node.keywords if k.name is not None
    }
    function = _registered(it, name, frame)
    if function is None:
        return UNKNOWN
    takes_context = any(
        isinstance(d, ir.Call) and any(k.name == "takes_context" for k in d.keywords) for d in function.node.decorators
    )
    if takes_context:
        arguments = (Items(UNKNOWN, Count.FEW, mapping=frame.names), *arguments)
    result = it.call_function(Callable(function), arguments, keywords, frame, node)
    for decorator in function.node.decorators:
        if (
            isinstance(decorator, ir.Call)
            and (ir.dotted(decorator.callee) or "").endswith("inclusion_tag")
            and decorator.arguments
        ):
            render(it, it.evaluate(decorator.arguments[0], frame), result, frame, node)
    return result


def _registered(it: Machine, name: str, frame: Frame) -> FunctionSymbol | None:
    """The function behind a custom tag or filter, looked for in the libraries that the template loads."""
    libraries = {node.module for node in frame.module.outline.imports}
    for module in it.program.modules_mentioning(name, "register"):
        if "templatetags/" in module.path and (
            not libraries or module.path.rpartition("/")[2].removesuffix(".py") in libraries
        ):
            if name in module.functions:
                return module.functions[name]
    return None


def look_up(it: Machine, value: Value, node: ir.Lookup, frame: Frame) -> Value:
    """A template's dot: an attribute or key, called when it can be."""
    name = node.name
    for part in choices(value):
        if isinstance(part, Items) and part.mapping is not None and name in part.mapping:
            return part.mapping[name]
        if isinstance(part, (Items, QuerySet)) and name.isdigit():
            it.iterate(part, frame, node)
            return it.element(part)
        if isinstance(part, Items) and name in ("items", "values"):
            return Items(Group((UNKNOWN, part.element)) if name == "items" else part.element, part.count)
        if isinstance(part, Items) and frame.module.language != "blade":
            return part if name in ("object_list", "list") else part.element
    found = it.attribute_of(value, name, frame, node)
    return called(it, found, frame, node) if frame.module.language == "django" else found


def called(it: Machine, value: Value, frame: Frame, node: ir.Node) -> Value:
    """A template calls what it looks up, when it can be called without arguments."""
    result: Value = UNKNOWN
    for part in choices(value):
        if isinstance(part, Callable):
            part = it.call_function(part, (), {}, frame, node)
        elif isinstance(part, Outside) and part.receiver is not None:
            name = part.dotted.rpartition(".")[2]
            call = ir.Call(node.span, node if isinstance(node, ir.Lookup) else ir.Name(node.span, name))
            if isinstance(part.receiver, QuerySet):
                part = query_sets.call_set(it, part.receiver, name, (), {}, frame, call)
            elif isinstance(part.receiver, Row):
                part = UNKNOWN
        result = join(result, part)
    return result

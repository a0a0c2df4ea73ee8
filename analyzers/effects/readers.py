"""
Readers of rows that nobody wrote as a loop: serializers and response models.

Each works out which attributes of a row a declarative class reads, and reads them as code would.
"""

from __future__ import annotations

from collections.abc import Callable as Function

from analyzers import ir
from analyzers.effects import query_sets, rows, templates
from analyzers.effects.frame import Frame
from analyzers.effects.machine import Machine
from analyzers.effects.values import (
    UNKNOWN,
    Anonymous,
    Callable,
    Class,
    Const,
    Group,
    Items,
    Object,
    QuerySet,
    Row,
    Value,
    choices,
)
from analyzers.program.symbols import ClassSymbol, External, Symbol

PRINTING_FIELDS = frozenset({"StringRelatedField"})
SLUG_FIELDS = frozenset({"SlugRelatedField"})
KEY_FIELDS = frozenset(
    {"PrimaryKeyRelatedField", "HyperlinkedRelatedField", "HyperlinkedIdentityField", "ManyRelatedField"}
)
RESPONSE_MODELS = frozenset({"BaseModel", "SQLModel", "GenericModel", "Schema", "ModelSchema"})
METHOD_FIELDS = frozenset({"SerializerMethodField", "MethodField", "Method"})
NESTING_FIELDS = frozenset({"Nested", "Pluck"})
"""Fields whose first argument names the schema of what they show."""
PATH_KEYWORDS = ("source", "attr", "attribute")
"""Keywords of a field that say what it reads."""


def serialize(it: Machine, arguments: tuple[Value, ...], frame: Frame, node: ir.Node) -> Value:
    """`__serialize__(self)`: the representation of the instance, or of each row where there are many."""
    serializer = arguments[0] if arguments else UNKNOWN
    if not isinstance(serializer, Object):
        return UNKNOWN
    instance = serializer.attributes.get("instance", UNKNOWN)
    for part in choices(instance):
        represent(it, serializer, part, frame, node, "serializer")
    return UNKNOWN


def represent(it: Machine, serializer: Object, value: Value, frame: Frame, node: ir.Node, reader: str) -> None:
    """Represent one value with a serializer: each of its rows, or itself."""
    method = serializer.symbol.method("to_representation")
    if method is None:
        return

    def one(row: Value) -> None:
        before, it.reader = it.reader, reader
        try:
            it.call_function(Callable(method, serializer), (row,), {}, frame, node)
        finally:
            it.reader = before

    if isinstance(value, (QuerySet, Items, Group)) and not (isinstance(value, QuerySet) and value.columns):
        for_each_row(it, value, one, frame, node, reader, serializer.symbol.name)
    elif isinstance(value, (Row, Object)):
        one(value)


def for_each_row(
    it: Machine,
    rows: QuerySet | Items | Group,
    show: Function[[Value], object],
    frame: Frame,
    node: ir.Node,
    reader: str = "serializer",
    shower: str = "row",
) -> None:
    """Show each of several rows, in a loop that nobody wrote."""
    count = it.iterate(rows, frame, _told(node, shower))
    shown = rows.element if isinstance(rows, Items) else rows
    name = shown.model.symbol.name.lower() if isinstance(shown, (QuerySet, Row)) else "row"
    with it.loop(frame, node.span, name, count, reader):
        show(it.element(rows))


def make_each(it: Machine, arguments: tuple[Value, ...], frame: Frame, node: ir.Node) -> Value:
    """`__make_each__(cls, rows)`: an instance of a serializer for each row, made as its class says."""
    match arguments:
        case (Class(symbol=symbol), rows):
            for part in choices(rows):
                if isinstance(part, (QuerySet, Items, Group)):
                    for_each_row(it, part, lambda row: it.instantiate(symbol, (row,), {}, frame, node), frame, node)
    return UNKNOWN


def read_fields(it: Machine, arguments: tuple[Value, ...], frame: Frame, node: ir.Node) -> Value:
    """
    `__read_fields__(self, row)`: what the declared fields of a serializer read of a row.

    A third argument names the option of `Meta` without which relations are left out that no field declares.
    """
    match arguments:
        case (Object() as serializer, Row() as row, *options):
            pass
        case _:
            return UNKNOWN
    declared = {}
    for owner in reversed(serializer.symbol.ancestors()):
        for field in owner.fields.values():
            if field.value is not None:
                declared[field.name] = (owner, field)
    meta = serializer.symbol.inner("Meta")
    names = _meta_names(it, serializer.symbol)
    hidden = {*(_meta_names(it, serializer.symbol, "exclude") or ()), *_texts(serializer.attributes.get("exclude"))}
    if names is None and meta is not None:
        shown = not options or _is_set(meta, str(getattr(options[0], "value", "")))
        names = [*(row.model.relations if shown else ()), *declared]
    only = _texts(serializer.attributes.get("only"))
    if only:
        names = [name for name in names or declared if name in only]
    for name, (owner, field) in declared.items():
        if (names is None or name in names) and name not in hidden:
            _read_declared(it, serializer, row, name, owner, field)
    for name in names or ():
        if name not in declared and name not in hidden:
            _read_model_field(it, serializer.symbol, row, name)
    return UNKNOWN


def _texts(value: Value | None) -> frozenset[str]:
    """The heads of the paths in a short list: `only=("number", "customer.name")`."""
    items = value.items if isinstance(value, Group) else ()
    return frozenset(str(item.value).partition(".")[0] for item in items if isinstance(item, Const))


def _meta_names(it: Machine, symbol: ClassSymbol, which: str = "fields") -> list[str] | None:
    meta = symbol.inner("Meta")
    field = meta.field(which) if meta is not None else None
    if field is None or field[1].value is None:
        return None
    key = field[0].id, which
    if key not in it.data:
        with it.collecting():
            it.data[key] = it.evaluate(field[1].value, Frame(field[0].module, None, field[0]))
    value = it.data[key]
    if isinstance(value, Group):
        return [str(item.value) for item in value.items if isinstance(item, Const)]
    if isinstance(value, (Items, Const)):
        return None
    return constant_texts(field[1].value)


def constant_texts(node: ir.Expr) -> list[str] | None:
    """The texts that an expression holds, None when it holds none."""
    texts = [inner.value for inner in ir.walk(node) if isinstance(inner, ir.Constant) and isinstance(inner.value, str)]
    return texts or None


def scope_of(it: Machine, owner: ClassSymbol, name: str) -> Frame:
    """The frame of a declared field: what it reads is told of the class that declares it."""
    from analyzers.program.symbols import FunctionSymbol

    field = owner.fields.get(name)
    span = field.span if field is not None else owner.node.name_span
    node = ir.Function(span, name, f"{owner.qualname}.{name}", (), (), span)
    return Frame(owner.module, FunctionSymbol(owner.module, node, owner, full=True), owner)


def _read_declared(it: Machine, serializer: Object, row: Row, name: str, owner: ClassSymbol, field: ir.Field) -> None:
    """Read the row for one declared field."""
    node = field.value
    if not isinstance(node, ir.Call):
        return
    symbol = it.program.class_of(owner.module, node.callee)
    keywords = {keyword.name: keyword.value for keyword in node.keywords}
    if _is_constant(keywords.get("write_only"), True):
        return
    frame = scope_of(it, owner, name)
    kind = _field_kind(symbol)
    if kind in METHOD_FIELDS or _has_stub_ancestor(symbol, METHOD_FIELDS):
        _read_method(it, serializer, row, name, keywords, node, frame)
        return
    if kind == "Function":
        function = it.evaluate(keywords.get("serialize", node.arguments[0] if node.arguments else node), frame)
        consume(it, it.call_value(function, (row,), {}, frame, field), frame, field)
        return
    if kind == "List" and node.arguments and isinstance(node.arguments[0], ir.Call):
        node = node.arguments[0]
        kind = _field_kind(it.program.class_of(owner.module, node.callee))
    source = next((keywords[keyword] for keyword in PATH_KEYWORDS if keyword in keywords), None)
    path = source.value if isinstance(source, ir.Constant) and isinstance(source.value, str) else name
    many = _is_constant(keywords.get("many"), True)
    if path == "*":
        value: Value = row
    elif kind in KEY_FIELDS and not many:
        head, _, _ = path.rpartition(".")
        value = follow(it, row, head, frame, field) if head else UNKNOWN
        return
    else:
        value = follow(it, row, path, frame, field)
    nested = _nested(it, kind, symbol, node, frame)
    if nested is not None:
        nested.attributes["instance"] = value
        nested.attributes["context"] = serializer.attributes.get("context", UNKNOWN)
        for part in choices(value):
            represent(it, nested, part, frame, node, "serializer")
    elif kind in PRINTING_FIELDS or kind in SLUG_FIELDS or many:
        slug = keywords.get("slug_field")
        for part in choices(value):
            _read_related(it, part, kind, slug, frame, node)


def _nested(it: Machine, kind: str, symbol: Symbol | None, node: ir.Call, frame: Frame) -> Object | None:
    """The serializer that shows a field's value: the field's own class, or the one that it names."""
    if kind in NESTING_FIELDS and node.arguments:
        given = it.evaluate(node.arguments[0], frame)
        if isinstance(given, Anonymous):
            given = it.call_value(given, (), {}, frame, node)
        if isinstance(given, Const):
            named = it.program.classes_named(str(given.value).rpartition(".")[2])
            given = Class(named[0]) if len(named) == 1 else UNKNOWN
        nested = Object(given.symbol, it.loops) if isinstance(given, Class) else given
        if not isinstance(nested, Object):
            return None
        for keyword in node.keywords:
            if keyword.name in ("only", "exclude"):
                nested.attributes[keyword.name] = it.evaluate(keyword.value, frame)
        if kind == "Pluck" and len(node.arguments) > 1:
            nested.attributes["only"] = Group((it.evaluate(node.arguments[1], frame),))
        return nested
    if isinstance(symbol, ClassSymbol) and symbol.method("to_representation") is not None:
        return Object(symbol, it.loops)
    return None


def _told(node: ir.Node, reader: str = "row") -> ir.Expr:
    """What is gone through where no code says it: the field, class or function that has it read."""
    if isinstance(node, ir.Name):
        return node
    return ir.Name(node.span, node.name if isinstance(node, (ir.Field, ir.Class, ir.Function)) else reader)


def _read_related(it: Machine, value: Value, kind: str, slug: ir.Expr | None, frame: Frame, node: ir.Node) -> None:
    def one(row: Value) -> None:
        if kind in PRINTING_FIELDS:
            it.print_value(row, frame, node)
        elif isinstance(slug, ir.Constant):
            it.attribute_of(row, str(slug.value), frame, node)

    if isinstance(value, (QuerySet, Items)):
        count = it.iterate(value, frame, _told(node))
        with it.loop(frame, node.span, "row", count, "serializer"):
            one(it.element(value))
    elif isinstance(value, Row):
        one(value)


def _read_method(
    it: Machine,
    serializer: Object,
    row: Row,
    name: str,
    keywords: dict[str | None, ir.Expr],
    node: ir.Call,
    frame: Frame,
) -> None:
    given = keywords.get("method_name", keywords.get("method", node.arguments[0] if node.arguments else None))
    method_name = given.value if isinstance(given, ir.Constant) and isinstance(given.value, str) else f"get_{name}"
    method = serializer.symbol.method(method_name)
    if method is not None:
        value = it.call_function(calls_bound(method, serializer), (row,), {}, frame, node)
        consume(it, value, frame, node)


def calls_bound(method: object, instance: Value) -> Callable:
    """A method bound to an instance."""
    from analyzers.program.symbols import FunctionSymbol

    assert isinstance(method, FunctionSymbol)
    return Callable(method, instance)


def consume(it: Machine, value: Value, frame: Frame, node: ir.Node) -> None:
    """
    What is returned to a renderer is gone through, and what answers for itself is asked.

    https://laravel.com/docs/responses, `Illuminate\\Contracts\\Support\\Responsable`
    """
    for part in choices(value):
        if isinstance(part, QuerySet):
            query_sets.run(it, part, frame, node)
        elif isinstance(part, Object) and part.symbol.module.host == "php":
            method = part.symbol.method("toResponse")
            if method is not None:
                it.call_function(Callable(method, part), (), {}, frame, node)


def _field_kind(symbol: object) -> str:
    if isinstance(symbol, External):
        return symbol.last
    if isinstance(symbol, ClassSymbol):
        for name in symbol.externals():
            last = name.rpartition(".")[2]
            if last in KEY_FIELDS | SLUG_FIELDS | PRINTING_FIELDS | METHOD_FIELDS:
                return last
        return symbol.name
    return ""


def _has_stub_ancestor(symbol: object, names: frozenset[str]) -> bool:
    return isinstance(symbol, ClassSymbol) and any(ancestor.name in names for ancestor in symbol.ancestors())


def _is_constant(node: ir.Expr | None, value: object) -> bool:
    return isinstance(node, ir.Constant) and node.value == value


def follow(it: Machine, row: Value, path: str, frame: Frame, node: ir.Node) -> Value:
    """Read a dotted path, calling what can be called on the way."""
    value = row
    for name in path.split("."):
        if name:
            value = it.attribute_of(value, name, frame, node)
            value = templates.called(it, value, frame, node)
    return value


def _read_model_field(it: Machine, symbol: ClassSymbol, row: Row, name: str) -> None:
    """A name in `Meta.fields` that no field declares: the key of a relation is free, all else is read."""
    relation = it.orm.relation(row.model, name)
    if relation is None and name in row.model.columns and not row.loads.lacks(name):
        return
    meta = symbol.inner("Meta")
    owner = next((o for o in symbol.ancestors() if meta is not None and o.classes.get("Meta") is meta), symbol)
    field = meta.field("fields") if meta is not None else None
    node: ir.Node = field[1] if field is not None else owner.node
    if field is not None and field[1].value is not None:
        for inner in ir.walk(field[1].value):
            if isinstance(inner, ir.Constant) and inner.value == name:
                node = inner
    frame = scope_of(it, owner, name)
    if relation is None or relation.many:
        value = templates.called(it, it.attribute_of(row, name, frame, node), frame, node)
        for part in choices(value):
            if isinstance(part, QuerySet):
                it.iterate(part, frame, ir.Name(node.span, name))
    elif relation.access == "row" and (relation.inverse or _is_set(meta, "depth")):
        it.attribute_of(row, name, frame, node)


def _is_set(meta: ClassSymbol | None, option: str) -> bool:
    """Whether an option of `Meta` has a true literal value."""
    field = meta.field(option) if meta is not None else None
    return field is not None and isinstance(field[1].value, ir.Constant) and bool(field[1].value.value)


# --- Laravel ----------------------------------------------------------------------------------------------------------

NESTED = 3
"""Relations within relations of an answer that are followed."""


def read_appended(it: Machine, value: Value, frame: Frame, node: ir.Node, depth: int = 0) -> None:
    """
    What turning models into an array reads: the accessors that `$appends` names, for relations that were loaded too.

    https://laravel.com/docs/eloquent-serialization#appending-values-to-json
    """
    for part in choices(value):
        if isinstance(part, (Items, Group, QuerySet)):
            for_each_row(it, part, lambda row: read_appended(it, row, frame, node, depth), frame, node)
        elif isinstance(part, Row) and depth < NESTED:
            field = part.model.symbol.field("appends")
            names = field[1].value if field is not None else None
            for item in names.items if isinstance(names, ir.Collection) else ():
                if isinstance(item, ir.Constant) and isinstance(item.value, str):
                    it.attribute_of(part, item.value, frame, node)
            for path in sorted(part.loads.paths):
                if "." not in path:
                    read_appended(it, it.attribute_of(part, path, frame, node), frame, node, depth + 1)


def loaded(it: Machine, arguments: tuple[Value, ...], frame: Frame, node: ir.Node) -> Value:
    """`__loaded__(row, name)`: the rows of a relation, where they came with their owner."""
    if len(arguments) == 2 and isinstance(arguments[1], Const):
        for part in choices(arguments[0]):
            if isinstance(part, Row) and arguments[1].value in part.loads.paths | part.model.loaded:
                return it.attribute_of(part, str(arguments[1].value), frame, node)
    return UNKNOWN


def read_includes(it: Machine, arguments: tuple[Value, ...], frame: Frame, node: ir.Node) -> Value:
    """
    `__read_includes__(transformer, row)`: calls `includeLines($order)`, where `$defaultIncludes` has "lines".

    https://fractal.thephpleague.com/transformers/#default-includes
    """
    match arguments:
        case (Object() as transformer, row):
            included = it.attribute_of(transformer, "defaultIncludes", frame, node)
            names = included.items if isinstance(included, Group) else ()
            for name in (str(name.value) for name in names if isinstance(name, Const)):
                method = transformer.symbol.method(f"include{rows.pascal(name)}")
                if method is not None:
                    it.call_function(Callable(method, transformer), (row,), {}, frame, node)
    return UNKNOWN


# --- response models --------------------------------------------------------------------------------------------------


def read_response(it: Machine, value: Value, annotation: ir.Expr | None, frame: Frame, node: ir.Node) -> None:
    """What a response model reads of the value that a route returns."""
    if annotation is None:
        return
    if isinstance(annotation, ir.Subscript):
        key = annotation.key
        parts = key.items if isinstance(key, ir.Collection) else (key,)
        for member in members(value).values() or (value,):  # of `Page[OrderOut]` the members hold the rows
            for inner in parts:
                read_response(it, member, inner, frame, node)
        return
    if isinstance(annotation, ir.Operation):
        for operand in annotation.operands:
            read_response(it, value, operand, frame, node)
        return
    symbol = it.program.class_of(frame.module, annotation)
    if isinstance(symbol, ClassSymbol) and is_response_model(symbol):
        for part in choices(value):
            _read_as(it, symbol, part, frame, node)


def is_response_model(symbol: ClassSymbol) -> bool:
    """Whether a class is a Pydantic model, or an object type of GraphQL: its fields are read one by one."""
    names = {ancestor.last if isinstance(ancestor, External) else ancestor.name for ancestor in symbol.mro()[1:]}
    if not names.isdisjoint(RESPONSE_MODELS):
        return True
    program = symbol.program
    decorators = (program.class_of(symbol.module, decorator) for decorator in symbol.node.decorators)
    dotted = {decorator.dotted for decorator in decorators if isinstance(decorator, External)}
    return any(not dotted.isdisjoint(framework.answers) for framework in program.frameworks.all)


def read_as(it: Machine, arguments: tuple[Value, ...], frame: Frame, node: ir.Node) -> Value:
    """`__read_as__(cls, value)`: what a response model reads of a value; an instance of it."""
    if len(arguments) != 2 or not isinstance(arguments[0], Class):
        return UNKNOWN
    if is_response_model(arguments[0].symbol):
        for part in choices(arguments[1]):
            _read_as(it, arguments[0].symbol, part, frame, node)
    return Object(arguments[0].symbol, it.loops)


def members(value: Value) -> dict[str, Value]:
    """The named parts of a value that was put together for a response: a dictionary, or an instance of a model."""
    if isinstance(value, Items):
        return {key: part for key, part in (value.mapping or {}).items() if isinstance(key, str)}
    return value.attributes if isinstance(value, Object) else {}


def _read_as(it: Machine, symbol: ClassSymbol, value: Value, frame: Frame, node: ir.Node, depth: int = 0) -> None:
    parts = {name: part for name, part in members(value).items() if symbol.field(name) is not None}
    if parts:
        for name, part in parts.items():
            owner, field = symbol.field(name) or (symbol, symbol.fields[name])
            read_response(it, part, field.annotation, scope_of(it, owner, name), field)
        return
    if isinstance(value, (QuerySet, Items, Group)):
        for_each_row(it, value, lambda row: _read_as(it, symbol, row, frame, node, depth), frame, node)
        return
    if not isinstance(value, Row) or depth > 4:
        return
    before, it.reader = it.reader, "serializer"
    try:
        _read_declared_by(it, symbol, value, depth)
    finally:
        it.reader = before


def _has_resolver(field: ir.Field) -> bool:
    """Whether a function gives the field's value: `name: str = strawberry.field(resolver=name_of)`."""
    return isinstance(field.value, ir.Call) and any(keyword.name == "resolver" for keyword in field.value.keywords)


def _read_declared_by(it: Machine, symbol: ClassSymbol, row: Row, depth: int) -> None:
    """Read of a row what a response model declares; a table's own relationships are no part of its response."""
    table = it.orm.model(symbol)
    for owner in reversed(symbol.ancestors()):
        for field in owner.fields.values():
            if (table is not None and field.name in table.relations) or _has_resolver(field):
                continue
            scope = scope_of(it, owner, field.name)
            it.touched.add(owner.module.path)
            resolver = symbol.method(f"resolve_{field.name}")
            if resolver is not None:  # https://django-ninja.dev/guides/response/#resolvers
                found = it.call_function(Callable(resolver), (row,), {}, scope, field)
            else:
                found = it.attribute_of(row, field.name, scope, field)
            if field.annotation is not None:
                for inner in ir.walk(field.annotation):
                    nested = (
                        it.program.class_of(owner.module, inner) if isinstance(inner, (ir.Name, ir.Attribute)) else None
                    )
                    if isinstance(nested, ClassSymbol) and is_response_model(nested):
                        for part in choices(found):
                            _read_as(it, nested, part, scope, field, depth + 1)

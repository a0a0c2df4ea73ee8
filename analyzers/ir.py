"""
The intermediate representation: one small language that every front end lowers into.

A file becomes a `Module`: imports, classes with fields, functions with structured statements, and the statements of the
top level. Front ends lower and never judge: a call is a `Call` whatever it calls, and what a library does with it is
said by the framework models. Loops are `For`, `While` and `Comprehension`; functions that call their argument once per
element (`map`, `array_map`, `->each(...)`) are calls of model functions whose bodies hold the loop.

Everything is frozen and serialises to compact arrays (msgspec), because a blob is lowered once and its IR is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import msgspec

from analyzers.span import Span

VERSION = 1
"""Raised when the shape of the IR changes: kept IR of another version is lowered again."""


class Node(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """What every node of the IR has: the span of the text it was lowered from."""

    span: Span


# --- expressions ------------------------------------------------------------------------------------------------------


class Name(Node, frozen=True):
    """A bare name: `order`, `$order` (without its sigil), `self`, PHP's `$this` lowered to `self`."""

    id: str


class Attribute(Node, frozen=True):
    """`value.name`, `$value->name`, `Value::NAME`, `Value::$name`."""

    value: Expr
    name: str


class Lookup(Node, frozen=True):
    """A template's `value.name`, which is an attribute, a key or an index, and is called when it can be."""

    value: Expr
    name: str


class Subscript(Node, frozen=True):
    """`value[key]`; a slice has a `Slice` as key."""

    value: Expr
    key: Expr


class Slice(Node, frozen=True):
    """`start:stop` in a subscript; a missing end is None."""

    start: Expr | None
    stop: Expr | None


class Keyword(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A named argument; `**mapping` has None as name."""

    name: str | None
    value: Expr


class Call(Node, frozen=True):
    """`callee(*arguments, **keywords)`; `new Thing(...)` is a call of `Thing`; `f"..."` is a `Template`, not a call."""

    callee: Expr
    arguments: tuple[Expr, ...] = ()
    keywords: tuple[Keyword, ...] = ()


class Spread(Node, frozen=True):
    """`*value` or `...value` among arguments or items; `**value` in a mapping."""

    value: Expr


class Constant(Node, frozen=True):
    """A literal: text, number, truth value or nothing. Bytes are kept as latin-1 text."""

    value: str | int | float | bool | None


class Template(Node, frozen=True):
    """Text with holes: an f-string, a PHP string with variables. Literal parts are `Constant`, the rest are holes."""

    parts: tuple[Expr, ...]


class Collection(Node, frozen=True):
    """A literal list, tuple, set or mapping; a mapping has as many keys as items (a `Spread` item has None as key)."""

    kind: Literal["list", "tuple", "set", "dict"]
    items: tuple[Expr, ...]
    keys: tuple[Expr | None, ...] = ()


class Lambda(Node, frozen=True):
    """A function without a name. A body of one expression is a `Return` of it."""

    params: tuple[Parameter, ...]
    body: tuple[Stmt, ...]


class Await(Node, frozen=True):
    """`await value`."""

    value: Expr


class Yield(Node, frozen=True):
    """`yield value` or, with `every`, `yield from value`."""

    value: Expr | None
    every: bool = False


class Operation(Node, frozen=True):
    """An operator with its operands in order: `+`, `==`, `and`, `or`, `not`, `in`, `.` (concatenation), `??`, `-`..."""

    operator: str
    operands: tuple[Expr, ...]


class Conditional(Node, frozen=True):
    """`then if test else other`, `test ? then : other`."""

    test: Expr
    then: Expr
    other: Expr


class Binding(Node, frozen=True):
    """`name := value`, or an assignment used as an expression."""

    target: Expr
    value: Expr


class Clause(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One `for target in iterable if condition...` of a comprehension."""

    target: Expr
    iterable: Expr
    conditions: tuple[Expr, ...] = ()


class Comprehension(Node, frozen=True):
    """`[element for ...]`; a generator has kind "generator"; a mapping has its key expression too."""

    kind: Literal["list", "set", "dict", "generator"]
    element: Expr
    clauses: tuple[Clause, ...]
    key: Expr | None = None


Expr: TypeAlias = (
    Name
    | Attribute
    | Lookup
    | Subscript
    | Slice
    | Call
    | Spread
    | Constant
    | Template
    | Collection
    | Lambda
    | Await
    | Yield
    | Operation
    | Conditional
    | Binding
    | Comprehension
)


# --- statements -------------------------------------------------------------------------------------------------------


class Assign(Node, frozen=True):
    """
    `targets = value`. `x += 1` has the operator "+" and its plain right side as value. A bare `x: T` has no value.
    """

    targets: tuple[Expr, ...]
    value: Expr | None
    annotation: Expr | None = None
    operator: str | None = None


class Evaluate(Node, frozen=True):
    """An expression for its effects."""

    value: Expr


class Return(Node, frozen=True):
    """Leave the function."""

    value: Expr | None


class Raise(Node, frozen=True):
    """`raise`, `throw`."""

    value: Expr | None


class Delete(Node, frozen=True):
    """`del targets`, `unset(...)`."""

    targets: tuple[Expr, ...]


class If(Node, frozen=True):
    """`if`; `elif` and `match` are nested in `other`."""

    test: Expr
    then: tuple[Stmt, ...]
    other: tuple[Stmt, ...] = ()


class For(Node, frozen=True):
    """`for target in iterable`, `foreach`, a template's `{% for %}` and `@foreach`."""

    target: Expr
    iterable: Expr
    body: tuple[Stmt, ...]
    other: tuple[Stmt, ...] = ()
    """`else` of the loop, `{% empty %}`."""


class While(Node, frozen=True):
    """`while test`; the classic `for (;;)` puts its step at the end of the body."""

    test: Expr
    body: tuple[Stmt, ...]


class Handler(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`except type as name`."""

    type: Expr | None
    name: str | None
    body: tuple[Stmt, ...]


class Try(Node, frozen=True):
    """`try`, with what runs after success in `other` and always in `final`."""

    body: tuple[Stmt, ...]
    handlers: tuple[Handler, ...]
    other: tuple[Stmt, ...] = ()
    final: tuple[Stmt, ...] = ()


class WithItem(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`context as target`."""

    context: Expr
    target: Expr | None


class With(Node, frozen=True):
    """`with items:`."""

    items: tuple[WithItem, ...]
    body: tuple[Stmt, ...]


class Break(Node, frozen=True):
    """Leave the innermost loop."""


class Continue(Node, frozen=True):
    """Go on with the next iteration."""


class Define(Node, frozen=True):
    """A function or class defined inside a function."""

    definition: Function | Class


class Import(Node, frozen=True):
    """
    One imported name.

    `import a.b as c` is Import("a.b", None, "c"); `from ..a import b` is Import("a", "b", "b", level=2);
    `from a import *` has "*" as name; PHP's `use A\\B as C` is Import("A.B", None, "C").
    """

    module: str
    name: str | None
    alias: str
    level: int = 0


Stmt: TypeAlias = (
    Assign | Evaluate | Return | Raise | Delete | If | For | While | Try | With | Break | Continue | Define | Import
)


# --- definitions ------------------------------------------------------------------------------------------------------


class Parameter(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A parameter: kind is "plain", "keyword" (only by name), "rest" (`*args`) or "mapping" (`**kwargs`)."""

    name: str
    kind: Literal["plain", "keyword", "rest", "mapping"]
    annotation: Expr | None
    default: Expr | None
    span: Span


class Function(Node, frozen=True):
    """
    A function, method, template or template block.

    The span covers the whole definition with its decorators; `name_span` is where a reader looks for it.
    """

    name: str
    qualname: str
    """Dotted within the module: `OrderView.get_queryset`, `outer.<locals>.inner`."""
    params: tuple[Parameter, ...]
    body: tuple[Stmt, ...]
    name_span: Span
    decorators: tuple[Expr, ...] = ()
    returns: Expr | None = None
    is_async: bool = False
    is_generator: bool = False


class Field(Node, frozen=True):
    """A name assigned or declared in a class body: `status = CharField()`, `id: int`, `protected $with = [...]`."""

    name: str
    value: Expr | None
    annotation: Expr | None = None


class Class(Node, frozen=True):
    """A class, interface, trait or enum. PHP traits that are used are bases after the parents."""

    name: str
    qualname: str
    bases: tuple[Expr, ...]
    fields: tuple[Field, ...]
    methods: tuple[Function, ...]
    name_span: Span
    classes: tuple[Class, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    decorators: tuple[Expr, ...] = ()


class Diagnostic(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a front end could not parse. The rest of the file was lowered."""

    message: str
    span: Span


class Module(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One lowered file."""

    language: str
    """"python", "php", "django", "jinja", "blade"."""
    imports: tuple[Import, ...] = ()
    """Imports of the top level, those under `if TYPE_CHECKING` and `try` included."""
    classes: tuple[Class, ...] = ()
    functions: tuple[Function, ...] = ()
    body: tuple[Stmt, ...] = ()
    """The statements of the top level, without definitions and imports."""
    diagnostics: tuple[Diagnostic, ...] = ()
    namespace: str = ""
    """PHP's namespace, dotted; empty where the path gives the module's name."""


_INNER = (Node, Clause, Keyword, Handler, WithItem, Parameter, Module)
"""What nodes lie in: nodes, the helper structs that hold some, a module."""


def children(node: Any) -> Iterator[Node]:
    """Yield the nodes directly inside a node or a helper struct, in the order of their fields."""
    for name in node.__struct_fields__:
        yield from _nodes(getattr(node, name))


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)
    elif isinstance(value, _INNER):
        yield from children(value)


def walk(node: Any) -> Iterator[Node]:
    """Yield a node and every node inside it, depth first, in the order of the text."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, tuple):
            stack.extend(reversed(current))
        elif isinstance(current, _INNER):
            if isinstance(current, Node):
                yield current
            stack.extend([getattr(current, name) for name in reversed(current.__struct_fields__)])


def alike(one: object, other: object) -> bool:
    """Whether two pieces of IR say the same, wherever they stand."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Span):
        return True
    if isinstance(one, msgspec.Struct):
        return all(alike(getattr(one, name), getattr(other, name)) for name in one.__struct_fields__)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == other


def dotted(expr: Expr | None) -> str | None:
    """The dotted text of a name or attribute chain (`models.ForeignKey`), or None for anything else."""
    parts: list[str] = []
    while isinstance(expr, Attribute):
        parts.append(expr.name)
        expr = expr.value
    if not isinstance(expr, Name):
        return None
    parts.append(expr.id)
    return ".".join(reversed(parts))

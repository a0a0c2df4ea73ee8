"""
What libraries do, as data: `*.toml` beside this file, and the same format in a reviewed repository's configuration.

A model says which classes are ORM models, which constructors declare relations, and what each operation does to a query
set, a row, a session or a list of rows. What is easier said in the language itself (a base class that calls a hook of
its subclass, a function that calls its argument for each element) is a *stub*: a few lines in the reviewed language
that the interpreter runs in the place of the library's code.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable
from importlib import resources
from typing import Literal, get_args, get_type_hints

import msgspec

from analyzers import ir
from analyzers.errors import AnalyzerError
from analyzers.languages import PHP, PYTHON

Access = Literal["row", "manager", "collection", "query"]
"""
What reading a relation gives: the related row, a manager that runs when used, rows loaded by reading it, or a query
that is always one of its own, whatever was loaded.
"""


class ModelError(AnalyzerError):
    """A framework model does not follow the format."""

    def __init__(self, origin: str, problem: str, key: str = "") -> None:
        super().__init__(f"{origin}: {problem}")
        self.problem = problem
        self.key = key
        """The dotted key that is wrong, `operations.0.does`; empty where none is known."""


class Relation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A constructor or method whose use in a model declares a relation to another model."""

    calls: tuple[str, ...]
    """Dotted names of the constructors; for languages where a method declares it, the method called on self."""
    kind: Literal["one", "many"]
    access: Access
    target: tuple[str, ...] = ()
    """Keywords that may hold the target; the first positional argument is tried first."""
    reverse: Literal["one", "many", ""] = ""
    """What the target gets in return, if anything."""
    reverse_keywords: tuple[str, ...] = ()
    """Keywords that name the reverse accessor."""
    reverse_default: str = ""
    """Its name without such a keyword; `{model}` is the lower-case name of the declaring model."""
    reverse_access: Access = "manager"
    column: str = ""
    """The attribute that holds the key and is free to read; `{name}` is the field's name."""
    unresolved: str = ""
    """Dotted name of the model, a stub's, that stands for a target that is not in the tree."""
    generic: bool = False
    """The target differs from row to row."""
    lazy_keyword: str = ""
    """Keyword that chooses how the relation is loaded."""
    eager_values: tuple[str, ...] = ()
    """Values of that keyword which load it with its owner."""
    deferred_values: tuple[str, ...] = ()
    """Values of that keyword which make it a query each time."""


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What calling some names does."""

    on: Literal["queryset", "manager", "row", "model", "function", "any"]
    """
    The receiver: for "function" the names are dotted; for "any" the receiver is not known, its name may be asked for.
    """
    names: tuple[str, ...]
    does: Literal[
        "build",
        "read",
        "write",
        "eager",
        "loader",
        "send",
        "external",
        "pass",
        "load",
        "render",
        "memoize",
        "statement",
        "notify",
        "service",
        "class",
        "each",
        "serialize",
        "user",
        "loaded",
    ]
    """
    build: a query set and no round trip. read, write: one round trip. eager: build, and rows come with relations.
    loader: a value that says what to load. load: one query for the relations of rows already there. send: a job, mail,
    signal or message leaves. external: a call to another service. pass: nothing, it gives its argument back. render: a
    template is rendered. memoize: what its function gives, kept. statement: a write that is built, and runs
    when it is executed. notify: the subscribers of the argument's class are called with it. service: what the factory
    gives that is registered under the argument's name. class: the model that its texts name, `("shop", "Order")`. each:
    runs, and calls its function with every row. serialize: the row is read as the answer to a request. user: the row
    of who is logged in. loaded: whether the relation that the argument names is there.
    """
    gives: Literal[
        "queryset", "tuples", "scalars", "row", "rows", "page", "scalar", "nothing", "receiver", "argument"
    ] = "queryset"
    """
    tuples: a query set each of whose results holds what was selected. scalars: the first of each. page: rows, and an
    object that has them as `items`.
    """
    keeps: bool = False
    """Whether rows that were loaded eagerly still serve (`.all()` on a prefetched manager)."""
    uses_result: bool = False
    """Whether a query set that already ran answers from memory; load: relations that are there are not loaded again."""
    argument: int = 0
    """Which positional argument matters: the model, the rows, the template."""
    context: int = -1
    """For render: which positional argument is the mapping of context variables; -1 for keywords."""
    receivers: tuple[str, ...] = ()
    """For "any": last segments of receivers it holds for; empty for all."""
    paths: Literal["", "double-underscore", "dotted", "attributes", "models"] = ""
    """
    How relations are named in its arguments; "models": by the model that is joined, and its rows come along when it was
    selected too.
    """
    limits: bool = False
    """build: its argument is the most rows there are (`take`)."""
    adds: str = ""
    """build: the attribute that its rows get for each relation it names: `{0}_count`, with a column `{0}_sum_{1}`."""
    narrows: bool = False
    """build: some rows are left out (`where`)."""
    by_key: bool = False
    """read: a row by its key, which an identity map may have; for "any", the argument that matters is its class."""
    joins: bool = False
    """eager, loader: what the arguments name comes with the query itself; otherwise each with one of its own."""
    leaves_out: bool = False
    """eager, loader: the arguments name columns that are not loaded (`defer`)."""
    replaces: bool = False
    """eager, loader: the arguments name the only columns that are loaded (`only`)."""
    kind: str = ""
    """send, external: what it is ("job", "mail", "signal", "http")."""
    bulk: bool = False
    """write: one statement for many rows."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where calls come in from outside."""

    kind: Literal["route", "task", "command", "migration", "receiver", "admin", "resolver", "function"]
    bases: tuple[str, ...] = ()
    """Classes whose methods below are entry points."""
    methods: tuple[str, ...] = ()
    decorators: tuple[str, ...] = ()
    """Dotted names or last segments after a dot (`.route`), whose functions are entry points."""
    imports: tuple[str, ...] = ()
    """What only modules of entry points import: all their functions are such."""


class Stub(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Code in the place of a library's module."""

    module: str
    code: str


class Wiring(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Methods of a configuration that wire code together by dotted text."""

    subscribers: tuple[str, ...] = ()
    """Called with a function and the class of the events that it is called with."""
    services: tuple[str, ...] = ()
    """Called with a factory, and with the name or interface that it is found by."""


class Framework(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One library, or a family that shares its ways."""

    name: str
    language: Literal["python", "php"]
    models: tuple[str, ...] = ()
    """Base classes of ORM models."""
    query_sets: tuple[str, ...] = ()
    """Base classes of query sets and managers."""
    managers: tuple[str, ...] = ()
    """Attributes of a model class that start a query (`objects`)."""
    fields: tuple[str, ...] = ()
    """Constructors of plain columns: a class that has one is a model even without a known base."""
    relations: tuple[Relation, ...] = ()
    operations: tuple[Operation, ...] = ()
    entries: tuple[Entry, ...] = ()
    free: tuple[str, ...] = ()
    """Attributes of a row that never query (`pk`, `_meta`)."""
    itself: tuple[str, ...] = ()
    """Attributes of a row through which its own are read (`awaitable_attrs`)."""
    users: tuple[str, ...] = ()
    """Base classes of the model of an application's users."""
    components: tuple[str, ...] = ()
    """Classes whose properties and methods a view that they render has as variables."""
    proxies: tuple[str, ...] = ()
    """Constructors of an attribute that reads one of each row of a relation: `association_proxy("tags", "name")`."""
    hints: tuple[str, ...] = ()
    """Decorators of a resolver whose keywords name what an optimizer loads with its parent."""
    answers: tuple[str, ...] = ()
    """Decorators of classes whose annotated fields are read of what is given for them: `@strawberry.type`."""
    templated: tuple[str, ...] = ()
    """Decorators that name a template, whose variables the function gives: `@view_config(renderer="list.jinja2")`."""
    families: dict[str, str] = {}
    """
    How base classes of other libraries end that extend one of these, and which: "ModelSerializer" to
    "rest_framework.serializers.ModelSerializer".
    """
    identity_map: bool = False
    """Whether a row that was read before is not queried again by its key."""
    stubs: tuple[Stub, ...] = ()
    wiring: Wiring = Wiring()
    signals: tuple[str, ...] = ()
    """Dotted signals that are sent when a row is written."""
    receivers: tuple[str, ...] = ()
    """Dotted decorators that connect a function to signals; `sender` names the model."""
    transactions: tuple[str, ...] = ()
    """Dotted context managers and decorators that run their body in a transaction."""
    memoizing: tuple[str, ...] = ()
    """Dotted decorators under which later calls are free."""


class Frameworks(msgspec.Struct, frozen=True):
    """Every model that holds in one tree, with the look-ups the interpreter asks for."""

    all: tuple[Framework, ...]
    operations: dict[tuple[str, str], tuple[tuple[Framework, Operation], ...]]
    """(on, name) to what it may do."""
    relations: dict[str, tuple[Framework, Relation]]
    """Dotted constructor to relation."""
    columns: dict[str, Framework]
    """Dotted constructor of a plain column to its library."""
    stubs: dict[str, ir.Module]
    """Dotted module to lowered stub."""
    families: dict[str, str]
    """The ends of names of base classes to the stub's class that they extend, longest first."""


def decode(text: str, origin: str) -> Framework:
    """
    Read one framework model.

    Raises:
        ModelError: With the origin, the field and what is wrong with it.
    """
    try:
        return msgspec.toml.decode(text, type=Framework)
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
        key, hint = _explained(str(error))
        raise ModelError(origin, f"not a framework model: {error}{hint}", key) from error


_AT = re.compile(r"(?P<problem>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?", re.DOTALL)
_PARTS: dict[str, type[msgspec.Struct]] = {
    "": Framework,
    "relations": Relation,
    "operations": Operation,
    "entries": Entry,
    "stubs": Stub,
    "wiring": Wiring,
}
"""What stands under the first key of a path."""


def _explained(error: str) -> tuple[str, str]:
    """
    The key that an error of msgspec is about, and what may have been meant.

    `` `doos` - at `$.operations[0]` `` → `operations.0.doos`, `; did you mean "does"?`
    """
    match = _AT.fullmatch(error)
    path = re.sub(r"\[(\w+)\]", r".\1", match["path"] or "") if match else ""
    part = _PARTS.get(path.partition(".")[0], Framework)
    wrong = re.search(r"unknown field `([^`]*)`|enum value '([^']*)'", error)
    if wrong is None:
        return path, ""
    if wrong[1] is not None:
        near = difflib.get_close_matches(wrong[1], part.__struct_fields__, n=1)
        return f"{path}.{wrong[1]}".lstrip("."), f'; did you mean "{near[0]}"?' if near else ""
    words = get_args(get_type_hints(part)[path.rpartition(".")[2]])
    near = difflib.get_close_matches(wrong[2], words, n=1)
    return path, f'; did you mean "{near[0]}"?' if near else f"; known are {', '.join(words)}"


@functools.cache
def builtin() -> tuple[Framework, ...]:
    """The models that come with the product, sorted by file name."""
    files = (item for item in resources.files(__name__).iterdir() if item.name.endswith(".toml"))
    return tuple(decode(item.read_text("utf-8"), item.name) for item in sorted(files, key=lambda item: item.name))


@functools.cache
def assemble(extra: tuple[tuple[str, str], ...] = ()) -> Frameworks:
    """
    Join the built-in models with a repository's own.

    Args:
        extra: (origin, TOML text) of each own model.
    """
    every = (*(decode(text, origin) for origin, text in extra), *builtin())
    operations: dict[tuple[str, str], list[tuple[Framework, Operation]]] = {}
    for framework, operation in _pairs(every):
        for name in operation.names:
            operations.setdefault((operation.on, name), []).append((framework, operation))
    return Frameworks(
        all=every,
        operations={key: tuple(value) for key, value in operations.items()},
        relations={call: (f, relation) for f in every for relation in f.relations for call in relation.calls},
        columns={call: f for f in every for call in f.fields},
        stubs=_stubs(every),
        families=dict(sorted((pair for f in every for pair in f.families.items()), key=lambda pair: -len(pair[0]))),
    )


def _pairs(every: Iterable[Framework]) -> Iterable[tuple[Framework, Operation]]:
    return ((framework, operation) for framework in every for operation in framework.operations)


def _stubs(every: Iterable[Framework]) -> dict[str, ir.Module]:
    stubs: dict[str, ir.Module] = {}
    for framework in every:
        front_end = PYTHON if framework.language == "python" else PHP
        for stub in framework.stubs:
            module = front_end.lower(stub.code.encode())
            if module.diagnostics:
                first = module.diagnostics[0]
                raise ModelError(framework.name, f"stub {stub.module}, line {first.span.line}: {first.message}")
            stubs[stub.module] = module
    return stubs

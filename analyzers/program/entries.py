"""
Entry points: where calls come in from outside, and what their callers know them as.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from analyzers import ir
from analyzers.frameworks import Entry
from analyzers.program.php_routes import PhpRoutes
from analyzers.program.program import Program
from analyzers.program.routes import Routes
from analyzers.program.symbols import ClassSymbol, External, FunctionSymbol, ModuleSymbol

VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "websocket", "route", "api_route"})
RESPONSE_MODELS = frozenset({"response_model", "response"})
"""Keywords of FastAPI's and django-ninja's decorators."""


LISTS = ("list", "listfield", "connection", "connectionfield", "connectionwrapper")
"""How the names of types end that hold several of another."""


class Root(msgspec.Struct, frozen=True):
    """A function to run from outside: an entry point, or a function that nothing is known to call."""

    function: FunctionSymbol
    owner: ClassSymbol | None
    """The class whose instance it runs on; a method that is inherited runs on each subclass apart."""
    kind: str
    """"route", "task", "command", "migration", "receiver", "admin", "resolver" or "function"."""
    entries: Entries
    """Where it comes from; knows what callers call it."""

    @property
    def is_inherited(self) -> bool:
        """Whether it runs on an instance of another class than the one that defines it."""
        return self.owner is not None and self.owner is not self.function.owner

    @property
    def label(self) -> str:
        """As its callers know it: `GET /orders`, `task send_invoices`; worked out when it is asked for."""
        return self.entries.label(self)

    @property
    def url(self) -> str | None:
        """`GET /orders`; None when no URL is known to lead to it."""
        return self.entries.url(self)

    @property
    def id(self) -> str:
        """Stable across commits: `path::Class.method` of the owner, or of the function."""
        if self.owner is not None:
            return f"{self.owner.id}.{self.function.name}"
        return self.function.id


class _Listing(NamedTuple):
    """A field or a method that is declared to give a list of something, or a method to give one of it."""

    names: tuple[str, ...]
    """Names that its type says, of a list those inside the "list of"."""
    resolver: FunctionSymbol | None
    is_list: bool = True


class Entries:
    """Entry points of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.routes = Routes(program)
        self.php_routes = PhpRoutes(program)
        self._bases = [(base, entry) for f in program.frameworks.all for entry in f.entries for base in entry.bases]
        self._decorators = [
            (name, entry) for f in program.frameworks.all for entry in f.entries for name in entry.decorators
        ]

        self._of_class: dict[ClassSymbol, list[Root]] = {}
        self._listings: dict[str, tuple[_Listing, ...]] = {}
        self._imports = {name: entry for f in program.frameworks.all for entry in f.entries for name in entry.imports}

    def of_class(self, symbol: ClassSymbol) -> list[Root]:
        """The entry points that a class offers: its own and inherited methods that the library calls."""
        if symbol not in self._of_class:
            self._of_class[symbol] = self._offered(symbol)
        return list(self._of_class[symbol])

    def _offered(self, symbol: ClassSymbol) -> list[Root]:
        entries = self._class_entries(symbol)
        roots: dict[str, Root] = {}
        for entry in entries:
            for name in entry.methods:
                method = symbol.method(name)
                if method is not None:
                    roots.setdefault(name, self._root(method, symbol, entry.kind))
            if entry.kind == "resolver":
                for name, method in symbol.methods.items():
                    if name.startswith("resolve_"):
                        roots.setdefault(name, self._root(method, symbol, entry.kind))
        for name, method in symbol.methods.items():
            kind = self._decorated(method)
            if kind is not None:
                roots.setdefault(name, self._root(method, symbol, kind))
        return [roots[name] for name in sorted(roots)]

    def of_function(self, function: FunctionSymbol, owner: ClassSymbol | None = None) -> Root:
        """A function as a root: an entry point if it is one, else plainly a function."""
        owner = owner or function.owner
        if owner is not None:
            for root in self.of_class(owner):
                if root.function is function:
                    return root
        kind = self._decorated(function) or self._importing(function.module)
        if kind is None and function.module.host == "php" and self.php_routes.of(function, owner) is not None:
            kind = "route"
        return self._root(function, owner, kind or "function")

    def templates_of(self, root: Root) -> list[ir.Constant]:
        """Names of the templates that a root gives the variables of, as its decorators, or else its class's, say."""
        function, owner = root.function, root.owner or root.function.owner
        for module, decorators in (
            (function.module, function.node.decorators),
            *((a.module, a.node.decorators) for a in (owner.ancestors() if owner is not None else ())),
        ):
            found = [
                text
                for decorator in decorators
                if isinstance(decorator, ir.Call) and self._names_template(module, decorator)
                for text in (*decorator.arguments[:1], *(k.value for k in decorator.keywords if k.name == "renderer"))
                if isinstance(text, ir.Constant) and isinstance(text.value, str)
            ]
            if found:
                return found
        return []

    def _names_template(self, module: ModuleSymbol, decorator: ir.Call) -> bool:
        symbol = self.program.class_of(module, decorator)
        return isinstance(symbol, External) and any(
            symbol.dotted in framework.templated for framework in self.program.frameworks.all
        )

    def _class_entries(self, symbol: ClassSymbol) -> list[Entry]:
        names = {ancestor.dotted for ancestor in symbol.mro()[1:]}
        found: list[Entry] = []
        for base, entry in self._bases:
            family = base.partition(".")[0], base.rpartition(".")[2]
            if base in names or any((n.partition(".")[0], n.rpartition(".")[2]) == family for n in names):
                if entry not in found:
                    found.append(entry)
        return found

    def _decorated(self, function: FunctionSymbol) -> str | None:
        for name in function.decorator_names():
            symbol = self.program.resolve(function.module, name)
            dotted = symbol.dotted if isinstance(symbol, External) else name
            for wanted, entry in self._decorators:
                if dotted == wanted or (
                    wanted.startswith(".") and f".{dotted}".endswith(wanted) and self._plausible(name, wanted)
                ):
                    return entry.kind
        return None

    def _importing(self, module: ModuleSymbol) -> str | None:
        """The kind of all functions of a module, by what it imports."""
        for node in module.imports.values():
            entry = self._imports.get(f"{node.module}.{node.name}" if node.name else node.module)
            if entry is not None and not node.level:
                return entry.kind
        return None

    def _plausible(self, name: str, wanted: str) -> bool:
        """`@router.get` is a route, a bare `@get` is not known to be; `@shared_task` and `@task` are."""
        return "." in name or wanted.removeprefix(".") not in VERBS

    def _root(self, function: FunctionSymbol, owner: ClassSymbol | None, kind: str) -> Root:
        return Root(function, owner, kind, self)

    def url(self, root: Root) -> str | None:
        """The verb and URL of a route, or of a function that only a URL configuration makes one."""
        if root.kind not in ("route", "function"):
            return None
        routes = self.php_routes if root.function.module.host == "php" else self.routes
        return routes.of(root.function, root.owner or root.function.owner)

    def label(self, root: Root) -> str:
        """What the callers of a root know it as; its name in the code when nothing says more."""
        function, owner, kind = root.function, root.owner, root.kind
        if kind == "command":
            return f"command {function.module.path.rpartition('/')[2].removesuffix('.py')}"
        name = f"{owner.qualname}.{function.name}" if owner is not None else function.node.qualname
        if owner is not None and function.module.is_stub and function.module.host == "php":
            return f"component {owner.dotted}"
        if kind == "function" and function.name == "render" and function.module.is_template:
            return f"template {function.module.path}"
        if kind == "admin" and owner is not None:
            return f"admin list {owner.name.removesuffix('Admin') or owner.name}"
        if kind == "resolver" and owner is not None:
            return f"resolver {owner.qualname}.{function.name.removeprefix('resolve_')}"
        return self.url(root) or name if kind in ("route", "function") else f"{kind} {name}"

    def listings(self, owner: ClassSymbol) -> list[FunctionSymbol | None]:
        """
        The resolvers of fields that give a list of an object type; None for a field without a resolver of its own.
        """
        return [listing.resolver for listing in self._naming(owner) if listing.is_list]

    def givers(self, owner: ClassSymbol) -> list[FunctionSymbol]:
        """The resolvers that give one object of an object type."""
        return [listing.resolver for listing in self._naming(owner) if not listing.is_list and listing.resolver]

    def _naming(self, owner: ClassSymbol) -> Iterator[_Listing]:
        for module in self.program.modules_mentioning(owner.name):
            if module.path not in self._listings:
                self._listings[module.path] = tuple([listing for listing in _declared(module) if listing.names])
            for listing in self._listings[module.path]:
                if any(
                    name.rpartition(".")[2] == owner.name and self.program.resolve(module, name) is owner
                    for name in listing.names
                ):
                    yield listing

    def listed_types(self, resolver: FunctionSymbol) -> list[ClassSymbol]:
        """The object types whose rows a resolver gives: those its field or its annotation names."""
        owner = resolver.owner
        if owner is None:
            return []
        field = owner.field(resolver.name.removeprefix("resolve_"))
        nodes = [resolver.node.returns, field[1].value if field is not None else None]
        found: dict[str, ClassSymbol] = {}
        for node in nodes:
            for inner in ir.walk(node) if node is not None else ():
                if isinstance(inner, (ir.Name, ir.Attribute)):
                    symbol = self.program.class_of(owner.module, inner)
                    if isinstance(symbol, ClassSymbol) and any(
                        root.kind == "resolver" for root in self.of_class(symbol)
                    ):
                        found[symbol.id] = symbol
        return [found[key] for key in sorted(found)]

    def resolver_model(self, owner: ClassSymbol) -> ClassSymbol | None:
        """The model whose rows a GraphQL object type shows, from its `Meta.model` or its generic base."""
        meta = owner.inner("Meta")
        field = meta.field("model") if meta is not None else None
        if field is not None:
            found = self.program.class_of(field[0].module, field[1].value)
            if isinstance(found, ClassSymbol):
                return found
        for ancestor in owner.ancestors():
            for base in ancestor.node.bases:
                if isinstance(base, ir.Subscript):
                    found = self.program.class_of(ancestor.module, base.key)
                    if isinstance(found, ClassSymbol):
                        return found
        return None


def response_model(module: ModuleSymbol, function: FunctionSymbol) -> ir.Expr | None:
    """The model that a route's answer is read through: a keyword of its decorator, or the return annotation."""
    for decorator in function.node.decorators:
        if isinstance(decorator, ir.Call):
            for keyword in decorator.keywords:
                if keyword.name in RESPONSE_MODELS:
                    return keyword.value
    return function.node.returns


def _declared(module: ModuleSymbol) -> Iterator[_Listing]:
    """Every field and method of a module's classes as a listing, without names where it declares none."""
    for symbol in module.every_class():
        for field in symbol.node.fields:
            names = _listed(field.value) + _listed(field.annotation)
            yield _Listing(names, symbol.method(f"resolve_{field.name}"))
        for method in symbol.methods.values():
            names = _listed(method.node.returns)
            yield _Listing(names or _named(method.node.returns), method, is_list=bool(names))


def _listed(node: ir.Expr | None) -> tuple[str, ...]:
    """The names in a "list of": "Order" of `graphene.List(Order)`, `list[Order]`, `OrderConnectionField(Order)`."""
    names: list[str] = []
    for inner in ir.walk(node) if node is not None else ():
        if isinstance(inner, (ir.Call, ir.Subscript)):
            kind = (ir.dotted(inner.callee if isinstance(inner, ir.Call) else inner.value) or "").rpartition(".")[2]
            if kind.lower().endswith(LISTS):
                names.extend(_named(inner))
    return tuple(names)


def _named(node: ir.Expr | None) -> tuple[str, ...]:
    """The names in a type: "Order" of `Order | None`."""
    parts = (ir.dotted(part) for part in ir.walk(node) if isinstance(part, (ir.Name, ir.Attribute))) if node else ()
    return tuple([name for name in parts if name])

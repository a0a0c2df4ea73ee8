"""
Names of one tree, resolved on demand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from analyzers import ir
from analyzers.frameworks import Frameworks
from analyzers.program.symbols import ClassSymbol, External, FunctionSymbol, ModuleSymbol, Symbol, Variable

_HELPERS = re.compile(r"^[a-z]|[Hh]elper|[Ff]unction")

STAR_DEPTH = 8
"""Star imports followed in a row; a longer chain is a cycle in all but name."""
MOST_VARIABLES = 10
"""Variables followed in a row to the class that they name; `db = db()` names itself."""


class Snapshot(Protocol):
    """The kept IR of one tree (`analyzers.index`)."""

    @property
    def paths(self) -> Sequence[str]: ...

    def outline(self, path: str) -> ir.Module: ...

    def module(self, path: str) -> ir.Module: ...

    def mentioning(self, words: Iterable[str]) -> list[str]: ...


class Program:
    """One tree as a program."""

    def __init__(self, snapshot: Snapshot, frameworks: Frameworks) -> None:
        self.snapshot = snapshot
        self.frameworks = frameworks
        self._modules: dict[str, ModuleSymbol] = {}
        self._by_tail: dict[str, list[str]] = {}
        self._paths = frozenset(snapshot.paths)
        for path in snapshot.paths:
            self._by_tail.setdefault(_tail(path), []).append(path)
        self._named: dict[tuple[str, str], ModuleSymbol | None] = {}
        self._outside: dict[str, Symbol] = {}
        self._helpers: dict[str, FunctionSymbol] | None = None
        self._stubs: dict[str, ModuleSymbol] = {}
        self._lookups: dict[tuple[str, str], Symbol | None] = {}
        self._imported: dict[str, tuple[ModuleSymbol, ...]] = {}
        self._made_of: dict[tuple[str, str], Symbol | None] = {}
        self._bodies: dict[str, dict[tuple[str, int], ir.Function]] = {}

    # --- modules ------------------------------------------------------------------------------------------------------

    def module(self, path: str) -> ModuleSymbol | None:
        """The module of a file, or None when the file has no IR."""
        if path not in self._paths:
            return None
        symbol = self._modules.get(path)
        if symbol is None:
            symbol = ModuleSymbol(self, path, _dotted_name(path), self.snapshot.outline(path))
            self._modules[path] = symbol
        return symbol

    def modules_mentioning(self, *words: str) -> list[ModuleSymbol]:
        """The modules whose text holds all of these words, sorted by path."""
        found = (self.module(path) for path in self.snapshot.mentioning(words))
        return [module for module in found if module is not None]

    def module_named(self, dotted: str, near: str) -> ModuleSymbol | None:
        """
        The module that an import means.

        A source root is any folder that is no package itself, so `src/shop/models.py` is found as `shop.models`. Where
        there is none, it may be one that has an `__init__.py` all the same, around the importing file. Among several,
        the one that shares the longest path with that file is taken, then the shortest.

        Args:
            dotted: The absolute dotted name.
            near: The importing file's path.
        """
        key = (dotted, near.rpartition("/")[0])
        if key not in self._named:
            self._named[key] = self._find_module(dotted, near)
        return self._named[key]

    def _find_module(self, dotted: str, near: str) -> ModuleSymbol | None:
        wanted = dotted.replace(".", "/")
        found: list[str] = []
        packaged: list[str] = []
        for path in self._by_tail.get(dotted.rpartition(".")[2], ()):
            stem = _stem(path)
            if stem == wanted or stem.endswith("/" + wanted):
                root = stem[: -len(wanted)]
                if not root or f"{root}__init__.py" not in self._paths:
                    found.append(path)
                elif "." in dotted and near.startswith(root):
                    packaged.append(path)
        if not found and (stub := self._stub(dotted)) is not None:
            return stub
        found = found or packaged
        if not found:
            return None
        best = min(found, key=lambda path: (-_shared(path, near), len(path), path))
        return self.module(best)

    def _stub(self, dotted: str) -> ModuleSymbol | None:
        if dotted not in self._stubs:
            outline = self.frameworks.stubs.get(dotted)
            if outline is None:
                return None
            self._stubs[dotted] = ModuleSymbol(self, f"<{dotted}>", dotted, outline, is_stub=True)
        return self._stubs[dotted]

    def external(self, dotted: str) -> Symbol:
        """
        The symbol of a name that is written in full.

        Of a name outside the tree: a stub's class or function where a framework model has one. PHP's classes are of the
        tree too: `\\App\\Models\\Order` needs no import.
        """
        if dotted not in self._outside:
            self._outside[dotted] = self._of_stub(dotted) or self._php_class(dotted) or External(dotted)
        return self._outside[dotted]

    def _of_stub(self, dotted: str) -> Symbol | None:
        parts = dotted.split(".")
        for end in range(len(parts) - 1, 0, -1):
            stub = self._stub(".".join(parts[:end]))
            symbol = self.lookup(stub, parts[-1]) if stub is not None else None
            if isinstance(symbol, (ClassSymbol, FunctionSymbol)):
                return symbol
        return None

    # --- names --------------------------------------------------------------------------------------------------------

    def resolve(self, module: ModuleSymbol, dotted: str) -> Symbol | None:
        """What a dotted name means at the top level of a module, or None when nothing says."""
        head, *rest = dotted.split(".")
        symbol = self.lookup(module, head)
        for part in rest:
            symbol = self.member(symbol, part) if symbol is not None else None
        if symbol is None and rest and module.host == "php" and head[:1].isupper():
            return self._php_class(f"{module.outline.namespace}.{dotted}") or self.external(dotted)
        return symbol

    def lookup(self, module: ModuleSymbol, name: str) -> Symbol | None:
        """What a bare name means at the top level of a module."""
        key = (module.path, name)
        if key not in self._lookups:
            self._lookups[key] = None  # an import cycle ends here
            self._lookups[key] = self._lookup(module, name, STAR_DEPTH)
        return self._lookups[key]

    def _lookup(self, module: ModuleSymbol, name: str, depth: int) -> Symbol | None:
        if name in module.classes:
            return module.classes[name]
        if name in module.functions:
            return module.functions[name]
        if name in module.imports:
            return self.imported(module, module.imports[name])
        if name in module.variables:
            return Variable(module, name, module.variables[name])
        if module.host == "php":
            namespace = module.outline.namespace
            return self._php_class(f"{namespace}.{name}" if namespace else name) or self._php_helpers().get(name)
        if depth:
            for star in module.stars:
                target = self.imported(module, ir.Import(star.span, star.module, None, "*", star.level))
                if isinstance(target, ModuleSymbol):
                    found = self._lookup(target, name, depth - 1)
                    if found is not None:
                        return found
        return None

    def imported(self, module: ModuleSymbol, node: ir.Import) -> Symbol | None:
        """What an import statement in a module binds."""
        if module.language == "php":
            return self._php_class(node.module) or self.external(node.module)
        base = self._absolute(module, node)
        if node.name is None:
            if node.alias != "*" and "." in base and node.alias == base.partition(".")[0]:
                base = node.alias  # `import a.b` binds `a`
            return self.module_named(base, module.path) or self.external(base)
        package = self.module_named(base, module.path) if base else None
        if package is not None and package is not module:
            found = self.lookup(package, node.name)
            if found is not None:
                return found
        submodule = self.module_named(f"{base}.{node.name}" if base else node.name, module.path)
        return submodule or self.external(f"{base}.{node.name}")

    def modules_imported(self, module: ModuleSymbol) -> tuple[ModuleSymbol, ...]:
        """The modules of the tree that a module's imports bind to names, in the order of the text."""
        if module.path not in self._imported:
            found = (self.imported(module, node) for node in module.imports.values())
            self._imported[module.path] = tuple([symbol for symbol in found if isinstance(symbol, ModuleSymbol)])
        return self._imported[module.path]

    def _absolute(self, module: ModuleSymbol, node: ir.Import) -> str:
        if not node.level:
            return node.module
        parts = module.name.split(".")
        keep = len(parts) - node.level + (1 if module.package else 0)
        base = ".".join(parts[: max(keep, 0)])
        return f"{base}.{node.module}".strip(".") if node.module else base

    def member(self, symbol: Symbol, name: str) -> Symbol | None:
        """What `symbol.name` means."""
        if isinstance(symbol, ModuleSymbol):
            found = self.lookup(symbol, name)
            if found is None and symbol.package:
                found = self.module_named(f"{symbol.name}.{name}", symbol.path)
            if found is None and symbol.is_stub:
                return self.external(f"{symbol.name}.{name}")
            return found
        if isinstance(symbol, External):
            return self.external(f"{symbol.dotted}.{name}")
        if isinstance(symbol, ClassSymbol):
            return symbol.inner(name) or symbol.method(name)
        if isinstance(symbol, Variable) and isinstance(symbol.value, ir.Call):
            key = (symbol.module.path, symbol.name)
            if key not in self._made_of:
                self._made_of[key] = None  # `app = app.configured()` ends here
                self._made_of[key] = self.class_of(symbol.module, symbol.value)
            return self._instance_member(self._made_of[key], name)
        return None

    def _instance_member(self, symbol: Symbol | None, name: str) -> Symbol | None:
        """What `instance.name` means: `db.Model` of `db = SQLAlchemy()` is `flask_sqlalchemy.SQLAlchemy.Model`."""
        if isinstance(symbol, ClassSymbol):
            known = self.member(symbol, name)
            outside = symbol.externals()
            return known or (self.external(f"{outside[0]}.{name}") if outside else None)
        return self.member(symbol, name) if isinstance(symbol, (External, ModuleSymbol)) else None

    def _php_class(self, dotted: str) -> ClassSymbol | None:
        namespace, _, name = dotted.rpartition(".")
        for path in self._by_tail.get(name, ()):
            module = self.module(path) if path.endswith(".php") else None
            if module is not None and module.outline.namespace == namespace and name in module.classes:
                return module.classes[name]
        return None

    def _php_base(self, module: ModuleSymbol, base: ir.Expr) -> Symbol | None:
        """A class of the same namespace that the tree has not."""
        name = ir.dotted(base)
        if module.language != "php" or name is None or not module.outline.namespace:
            return None
        return self.external(f"{module.outline.namespace}.{name}")

    def php_class_ending(self, dotted: str) -> ClassSymbol | None:
        """The class whose qualified name ends in this, in whatever namespace the project has its own in."""
        namespace, _, name = dotted.rpartition(".")
        for path in self._by_tail.get(name, ()):
            module = self.module(path) if path.endswith(".php") else None
            if module is not None and f".{module.outline.namespace}".endswith(f".{namespace}"):
                if name in module.classes:
                    return module.classes[name]
        return None

    def _php_helpers(self) -> dict[str, FunctionSymbol]:
        """
        PHP's functions without a class, by name.

        Only the files that a project lists are loaded for their functions; by habit their names start in lower case or
        say what they hold. https://getcomposer.org/doc/04-schema.md#files
        """
        if self._helpers is None:
            self._helpers = {}
            for path in self.snapshot.mentioning(("function",)):
                name = path.rpartition("/")[2]
                if path.endswith(".php") and not path.endswith(".blade.php") and _HELPERS.search(name):
                    module = self.module(path)
                    for function in module.functions.values() if module is not None else ():
                        self._helpers.setdefault(function.name, function)
        return self._helpers

    # --- classes and functions ----------------------------------------------------------------------------------------

    def class_of(self, module: ModuleSymbol, expr: ir.Expr | None) -> Symbol | None:
        """
        The class that an expression names: a name, a subscripted generic's origin, or a call that makes a base class.
        """
        for _ in range(MOST_VARIABLES):
            if isinstance(expr, ir.Subscript):
                expr = expr.value
            if isinstance(expr, ir.Call):
                expr = expr.callee
                if isinstance(expr, ir.Attribute) and expr.name in ("from_queryset", "as_manager"):
                    expr = expr.value
            name = ir.dotted(expr)
            symbol = self.resolve(module, name) if name else None
            if not isinstance(symbol, Variable):
                return symbol
            module, expr = symbol.module, symbol.value
            if ir.dotted(expr.callee if isinstance(expr, ir.Call) else expr) is None:
                return None
        return None

    def linearize(self, symbol: ClassSymbol) -> tuple[ClassSymbol | External, ...]:
        """The class and its ancestors, depth first, an ancestor that comes twice at its last place."""
        order: list[ClassSymbol | External] = [symbol]
        for expr in symbol.node.bases:
            bases = [expr]
            if (
                isinstance(expr, ir.Call)
                and isinstance(expr.callee, ir.Attribute)
                and expr.callee.name == "from_queryset"
            ):
                bases = [expr.callee.value, *expr.arguments]
            for base in bases:
                found = self.class_of(symbol.module, base) or self._php_base(symbol.module, base)
                if isinstance(found, ClassSymbol) and found is not symbol:
                    order.extend(found.mro())
                elif isinstance(found, External):
                    order.append(found)
                    relative = self._relative(found)
                    order.extend(relative.mro() if relative is not None else ())
        last = {ancestor: place for place, ancestor in enumerate(order)}
        return tuple(ancestor for place, ancestor in enumerate(order) if last[ancestor] == place)

    def _relative(self, base: External) -> ClassSymbol | None:
        """The class of a stub that a base class of another library extends, to go by its name."""
        for end, dotted in self.frameworks.families.items():
            if base.last.endswith(end) and base.dotted != dotted:
                symbol = self.external(dotted)
                return symbol if isinstance(symbol, ClassSymbol) else None
        return None

    def full_function(self, symbol: FunctionSymbol) -> ir.Function:
        """A function with its body."""
        path = symbol.module.path
        if path not in self._bodies:
            self._bodies[path] = _functions(self.snapshot.module(path))
        return self._bodies[path][(symbol.node.qualname, symbol.node.name_span.line)]

    def classes_named(self, name: str) -> list[ClassSymbol]:
        """Every class of this name in the tree, sorted by path."""
        found: list[ClassSymbol] = []
        for module in self.modules_mentioning(name):
            found.extend(symbol for symbol in module.every_class() if symbol.name == name)
        return found

    def subclasses(self, symbol: ClassSymbol) -> list[ClassSymbol]:
        """Direct and further subclasses in the tree, sorted by path."""
        found: dict[str, ClassSymbol] = {}
        queue = [symbol]
        while queue:
            current = queue.pop()
            for module in self.modules_mentioning(current.name):
                for candidate in module.every_class():
                    if candidate.id not in found and candidate is not symbol and current in candidate.mro()[1:]:
                        found[candidate.id] = candidate
                        queue.append(candidate)
        return [found[key] for key in sorted(found)]


def _functions(module: ir.Module) -> dict[tuple[str, int], ir.Function]:
    found = {(node.qualname, node.name_span.line): node for node in module.functions}
    stack = list(module.classes)
    while stack:
        node = stack.pop()
        found.update({(method.qualname, method.name_span.line): method for method in node.methods})
        stack.extend(node.classes)
    return found


def _stem(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    stem = name.rpartition(".")[0] or name
    return folder if stem == "__init__" and slash else f"{folder}{slash}{stem}"


def _tail(path: str) -> str:
    return _stem(path).rpartition("/")[2]


def _dotted_name(path: str) -> str:
    return _stem(path).replace("/", ".")


def _shared(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count

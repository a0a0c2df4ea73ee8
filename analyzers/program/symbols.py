"""
What a name can stand for. Symbols are made once per program, so identity is equality.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeAlias

from analyzers import ir
from analyzers.span import Span

if TYPE_CHECKING:
    from analyzers.program.program import Program


HOSTS = {"php": "php", "blade": "php"}
"""Languages whose code calls PHP; all others call Python."""


class ModuleSymbol:
    """A lowered file, or a framework's stub in the place of a library's module."""

    __slots__ = (
        "_classes",
        "_every_class",
        "_every_function",
        "_functions",
        "_imports",
        "_variables",
        "is_stub",
        "name",
        "outline",
        "package",
        "path",
        "program",
    )

    def __init__(self, program: Program, path: str, name: str, outline: ir.Module, *, is_stub: bool = False) -> None:
        self.program = program
        self.path = path
        self.name = name
        self.outline = outline
        self.is_stub = is_stub
        self.package = path.endswith("/__init__.py") or path == "__init__.py"
        self._every_class: tuple[ClassSymbol, ...] | None = None
        self._every_function: tuple[FunctionSymbol, ...] | None = None
        self._classes: dict[str, ClassSymbol] | None = None
        self._functions: dict[str, FunctionSymbol] | None = None
        self._imports: dict[str, ir.Import] | None = None
        self._variables: dict[str, ir.Expr] | None = None

    @property
    def language(self) -> str:
        return self.outline.language

    @property
    def host(self) -> str:
        """The language whose libraries its code calls: PHP for Blade, Python for other templates."""
        return HOSTS.get(self.outline.language, "python")

    @property
    def is_template(self) -> bool:
        """Whether it is a template."""
        return self.outline.language not in ("python", "php")

    @property
    def classes(self) -> dict[str, ClassSymbol]:
        """Top-level classes by name; the last definition holds."""
        if self._classes is None:
            self._classes = {node.name: ClassSymbol(self, node) for node in self.outline.classes}
        return self._classes

    @property
    def functions(self) -> dict[str, FunctionSymbol]:
        """Top-level functions by name; the last definition holds."""
        if self._functions is None:
            self._functions = {node.name: FunctionSymbol(self, node, None) for node in self.outline.functions}
        return self._functions

    @property
    def imports(self) -> dict[str, ir.Import]:
        """Imported names by their name here; star imports are left out."""
        if self._imports is None:
            self._imports = {node.alias: node for node in self.outline.imports if node.name != "*"}
        return self._imports

    @property
    def stars(self) -> list[ir.Import]:
        """`from x import *`, in order."""
        return [node for node in self.outline.imports if node.name == "*"]

    @property
    def variables(self) -> dict[str, ir.Expr]:
        """Values assigned to plain names at the top level; the last assignment holds."""
        if self._variables is None:
            self._variables = {}
            for statement in self.outline.body:
                if isinstance(statement, ir.Assign) and statement.value is not None:
                    for target in statement.targets:
                        if isinstance(target, ir.Name):
                            self._variables[target.id] = statement.value
        return self._variables

    def every_class(self) -> tuple[ClassSymbol, ...]:
        """Top-level and nested classes, outer ones first."""
        if self._every_class is not None:
            return self._every_class
        found: list[ClassSymbol] = []
        stack = list(reversed(self.classes.values()))
        while stack:
            symbol = stack.pop()
            found.append(symbol)
            stack.extend(reversed(symbol.classes.values()))
        self._every_class = tuple(found)
        return self._every_class

    def every_function(self) -> tuple[FunctionSymbol, ...]:
        """Functions and methods in the order of their text."""
        if self._every_function is None:
            found = list(self.functions.values())
            for symbol in self.every_class():
                found.extend(symbol.methods.values())
            self._every_function = tuple(sorted(found, key=lambda function: function.node.span))
        return self._every_function

    def holder(self, span: Span) -> str:
        """The qualified name of the innermost function or class that holds a span; empty at the top level."""
        return max(self._holding(span), default=(span, ""))[1]

    def around(self, span: Span) -> list[Span]:
        """The functions and classes that hold a span, innermost first; of a template the whole."""
        if self.is_template:
            return [Span(1, 0, sys.maxsize, 0)]
        return [held for held, _ in sorted(self._holding(span), reverse=True)]

    def _holding(self, span: Span) -> list[tuple[Span, str]]:
        nodes: list[ir.Class | ir.Function] = [symbol.node for symbol in self.every_class()]
        nodes += [symbol.node for symbol in self.every_function()]
        return [(node.span, node.qualname) for node in nodes if node.span.touches(span.line, span.line)]

    def __repr__(self) -> str:
        return f"<module {self.name}>"


class ClassSymbol:
    """A class of the tree or of a stub."""

    __slots__ = ("_ancestors", "_methods", "_mro", "classes", "fields", "id", "methods", "module", "node", "qualname")

    def __init__(self, module: ModuleSymbol, node: ir.Class, *, full: bool = False) -> None:
        self.module = module
        self.node = node
        self.qualname = node.qualname
        self.id = f"{module.path}::{node.qualname}"
        """`path::qualname`."""
        self.fields = {field.name: field for field in node.fields}
        self.methods: dict[str, FunctionSymbol] = {}
        for method in node.methods:
            if not _is_overload_or_setter(method):
                self.methods[method.name] = FunctionSymbol(module, method, self, full=full)
        self.classes = {inner.name: ClassSymbol(module, inner, full=full) for inner in node.classes}
        self._mro: tuple[ClassSymbol | External, ...] | None = None
        self._ancestors: tuple[ClassSymbol, ...] | None = None
        self._methods: dict[str, FunctionSymbol | None] = {}

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def dotted(self) -> str:
        """Its name in full: below its namespace in PHP, below its module elsewhere."""
        home = self.module.outline.namespace if self.module.language == "php" and not self.module.is_stub else ""
        return f"{home or self.module.name}.{self.qualname}"

    @property
    def program(self) -> Program:
        return self.module.program

    def mro(self) -> tuple[ClassSymbol | External, ...]:
        """The class, then its ancestors, each before its own ancestors where that is possible."""
        if self._mro is None:
            self._mro = (self,)  # a cycle of bases ends here
            self._mro = self.program.linearize(self)
            self._ancestors = tuple([symbol for symbol in self._mro if isinstance(symbol, ClassSymbol)])
        return self._mro

    def ancestors(self) -> tuple[ClassSymbol, ...]:
        """The classes of the mro whose code is known."""
        self.mro()
        return self._ancestors if self._ancestors is not None else (self,)

    def externals(self) -> list[str]:
        """Dotted names of ancestors whose code is not known."""
        return [symbol.dotted for symbol in self.mro() if isinstance(symbol, External)]

    def method(self, name: str) -> FunctionSymbol | None:
        """The method that a call on an instance reaches; what has no body, as in an interface, comes after what has."""
        if name in self._methods:
            return self._methods[name]
        every = [symbol.methods[name] for symbol in self.ancestors() if name in symbol.methods]
        found = next((method for method in every if not method.is_abstract), every[0] if every else None)
        if self._ancestors is not None:
            self._methods[name] = found
        return found

    @property
    def is_abstract(self) -> bool:
        """Whether it is an interface, or lacks the body of a method."""
        if any(ir.dotted(decorator) == "interface" for decorator in self.node.decorators):
            return True
        names = {name for symbol in self.ancestors() for name in symbol.methods}
        return any(method.is_abstract for method in map(self.method, names) if method is not None)

    def field(self, name: str) -> tuple[ClassSymbol, ir.Field] | None:
        """The class field that holds, with the class that declares it."""
        for symbol in self.ancestors():
            if name in symbol.fields:
                return symbol, symbol.fields[name]
        return None

    def inner(self, name: str) -> ClassSymbol | None:
        """A nested class such as `Meta`, inherited ones too."""
        for symbol in self.ancestors():
            if name in symbol.classes:
                return symbol.classes[name]
        return None

    def __repr__(self) -> str:
        return f"<class {self.id}>"


def _is_overload_or_setter(method: ir.Function) -> bool:
    for decorator in method.decorators:
        if isinstance(decorator, ir.Attribute) and decorator.name in ("setter", "deleter"):
            return True
        if ir.dotted(decorator) in ("overload", "typing.overload"):
            return True
    return False


class FunctionSymbol:
    """A function, method, template or template block."""

    __slots__ = ("_decorators", "_full", "id", "module", "node", "owner")

    def __init__(
        self, module: ModuleSymbol, node: ir.Function, owner: ClassSymbol | None, *, full: bool = False
    ) -> None:
        self.module = module
        self.node = node
        """From the outline: everything but the body."""
        self.id = f"{module.path}::{node.qualname}"
        """`path::qualname`."""
        self._decorators: list[str] | None = None
        self.owner = owner
        self._full: ir.Function | None = node if full or module.is_stub else None

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def full(self) -> ir.Function:
        """With its body, which is loaded now if it was not."""
        if self._full is None:
            self._full = self.module.program.full_function(self)
        return self._full

    def decorator_names(self) -> list[str]:
        """Dotted texts of the decorators, calls without their arguments."""
        if self._decorators is None:
            named = [ir.dotted(d.callee if isinstance(d, ir.Call) else d) for d in self.node.decorators]
            self._decorators = [name for name in named if name is not None]
        return self._decorators

    @property
    def is_abstract(self) -> bool:
        """Whether subclasses have its body."""
        return any(name.rpartition(".")[2] == "abstractmethod" for name in self.decorator_names())

    def __repr__(self) -> str:
        return f"<function {self.id}>"


class External:
    """A name outside the tree: `django.db.models.ForeignKey`."""

    __slots__ = ("dotted",)

    def __init__(self, dotted: str) -> None:
        self.dotted = dotted

    @property
    def last(self) -> str:
        return self.dotted.rpartition(".")[2]

    def __repr__(self) -> str:
        return f"<external {self.dotted}>"


class Variable:
    """A name assigned at the top level of a module."""

    __slots__ = ("module", "name", "value")

    def __init__(self, module: ModuleSymbol, name: str, value: ir.Expr) -> None:
        self.module = module
        self.name = name
        self.value = value

    def __repr__(self) -> str:
        return f"<variable {self.module.name}.{self.name}>"


Symbol: TypeAlias = ModuleSymbol | ClassSymbol | FunctionSymbol | External | Variable

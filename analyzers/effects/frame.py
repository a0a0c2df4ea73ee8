"""
Activations: what a function sees of names while it runs.
"""

from __future__ import annotations

from analyzers import ir
from analyzers.effects.tree import Count
from analyzers.effects.values import Row, Value, again, join
from analyzers.program.symbols import ClassSymbol, FunctionSymbol, ModuleSymbol
from analyzers.span import Place, Span


class Frame:
    """One activation of a function, template or module."""

    __slots__ = ("closure", "function", "instance", "module", "names", "owner", "returns", "site", "turning", "yields")

    def __init__(
        self,
        module: ModuleSymbol,
        function: FunctionSymbol | None,
        owner: ClassSymbol | None = None,
        instance: Value | None = None,
        closure: Frame | None = None,
    ) -> None:
        self.module = module
        self.function = function
        self.owner = owner
        """The class whose text holds the function: where `super()` starts."""
        self.instance = instance
        self.closure = closure
        self.site: tuple[Place, str] | None = closure.site if closure is not None else None
        """For the code of a stub: where, and in which function, the tree's own code calls it."""
        self.names: dict[str, Value] = {}
        self.turning: dict[str, tuple[int, ...]] = {}
        """Variables of the loops that are running, each with the loops in which it is another one."""
        self.returns: list[Value] = []
        self.yields: list[tuple[Value, Count]] = []

    @property
    def symbol(self) -> str:
        """`path::qualname`, for findings."""
        if self.site is not None:
            return self.site[1]
        return self.function.id if self.function is not None else f"{self.module.path}::"

    def at(self, span: Span) -> Place:
        """The place of a part of its text, in a file that a reader can open."""
        return self.site[0] if self.site is not None else Place(self.module.path, span)

    def find(self, name: str) -> Value | None:
        """A local name, here or in an enclosing function."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            frame = frame.closure
        return None

    def picked(self, element: Value, key: ir.Node) -> Value:
        """What a key picks of a collection: in each turn of the loops that the key depends on, another element."""
        if not isinstance(element, Row):
            return element
        names = {node.id for node in ir.walk(key) if isinstance(node, ir.Name)}
        found: list[tuple[int, ...]] = []
        frame: Frame | None = self
        while frame is not None:
            found += [loops for name, loops in frame.turning.items() if name in names]
            frame = frame.closure
        return again(element, max(found, key=len)) if found else element


def joined(one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    """Names after one of two ways; a name that only one way binds may hold that."""
    names = dict(one)
    for name, value in other.items():
        names[name] = join(names[name], value) if name in names else value
    return names

"""
What a configuration wires together by dotted text: subscribers of events, services by name.

    config.add_subscriber("shop.index.on_order", "shop.events.OrderChanged")
    config.register_service_factory(".prices.factory", name="prices")
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzers import ir
from analyzers.program.program import Program
from analyzers.program.symbols import ClassSymbol, FunctionSymbol, ModuleSymbol, Symbol


class Wiring:
    """The wiring of one program, found once it is asked for."""

    def __init__(self, program: Program) -> None:
        self.program = program
        frameworks = program.frameworks.all
        self._subscribing = frozenset(name for f in frameworks for name in f.wiring.subscribers)
        self._serving = frozenset(name for f in frameworks for name in f.wiring.services)
        self._subscribers: dict[str, list[FunctionSymbol]] | None = None
        self._services: dict[str, FunctionSymbol | ClassSymbol] | None = None

    def subscribers(self, event: ClassSymbol) -> list[FunctionSymbol]:
        """The functions that are called with an event of this class, in the order of the files that wire them."""
        if self._subscribers is None:
            self._subscribers = {}
            for module, call in self._calls(self._subscribing):
                if len(call.arguments) >= 2:
                    function, cls = (self._named(module, argument) for argument in call.arguments[:2])
                    if isinstance(function, FunctionSymbol) and isinstance(cls, ClassSymbol):
                        self._subscribers.setdefault(cls.id, []).append(function)
        return [f for ancestor in event.ancestors() for f in self._subscribers.get(ancestor.id, ())]

    def service(self, name: str) -> FunctionSymbol | ClassSymbol | None:
        """The factory of a service: by its name, or by the last name of its interface."""
        if self._services is None:
            self._services = {}
            for module, call in self._calls(self._serving):
                keywords = {keyword.name: keyword.value for keyword in call.keywords}
                factory = self._named(module, call.arguments[0]) if call.arguments else None
                label = keywords.get(
                    "name", keywords.get("iface", call.arguments[1] if len(call.arguments) > 1 else None)
                )
                if isinstance(factory, (FunctionSymbol, ClassSymbol)) and label is not None:
                    text = label.value if isinstance(label, ir.Constant) else ir.dotted(label)
                    self._services.setdefault(str(text).rpartition(".")[2], factory)
        return self._services.get(name.rpartition(".")[2])

    def _calls(self, names: frozenset[str]) -> Iterable[tuple[ModuleSymbol, ir.Call]]:
        modules = {module.path: module for name in sorted(names) for module in self.program.modules_mentioning(name)}
        for path in sorted(modules):
            for function in modules[path].every_function():
                for statement in function.full.body:
                    for node in ir.walk(statement):
                        if (
                            isinstance(node, ir.Call)
                            and isinstance(node.callee, ir.Attribute)
                            and node.callee.name in names
                        ):
                            yield modules[path], node

    def _named(self, module: ModuleSymbol, node: ir.Expr) -> Symbol | None:
        """What a dotted text or a name means in a module; a text that starts with a dot is relative to its package."""
        if not isinstance(node, ir.Constant):
            name = ir.dotted(node)
            return self.program.resolve(module, name) if name is not None else None
        text = str(node.value).replace(":", ".")
        if text.startswith("."):
            package = module.name if module.package else module.name.rpartition(".")[0]
            text = f"{package}{text}"
        path, _, last = text.rpartition(".")
        target = self.program.module_named(path, module.path) if path else None
        return self.program.lookup(target, last) if target is not None else None

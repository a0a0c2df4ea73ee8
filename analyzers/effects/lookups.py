"""
Questions about a whole program that come up again and again while it runs: each is answered once.
"""

from __future__ import annotations

from analyzers import ir
from analyzers.program.program import Program
from analyzers.program.symbols import ClassSymbol, FunctionSymbol, ModuleSymbol

UNIQUE = 40
"""Files that may mention a method's name while its only definition is still taken to be meant."""
FOLDERS = ("templates/", "jinja2/", "views/")
"""Folders of templates."""


class Lookups:
    """Answers for one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.frameworks = program.frameworks
        self._receivers: dict[str, list[FunctionSymbol]] = {}
        self._unique: dict[str, FunctionSymbol | None] = {}
        self._completed: dict[str, ClassSymbol] = {}
        self._templates: dict[str, list[str]] | None = None

    def unique_method(self, name: str) -> FunctionSymbol | None:
        """The only method of this name in the tree, or None when there are several or too many files mention it."""
        if name not in self._unique:
            found: list[FunctionSymbol] = []
            paths = self.program.snapshot.mentioning((name,))
            if len(paths) <= UNIQUE:
                for module in map(self.program.module, paths):
                    if module is not None and not module.is_template:
                        found += [c.methods[name] for c in module.every_class() if name in c.methods]
            self._unique[name] = found[0] if len(found) == 1 else None
        return self._unique[name]

    def completed(self, symbol: ClassSymbol) -> ClassSymbol:
        """
        The class that an interface or abstract class stands for: the only one that completes it, if one alone does.
        """
        if symbol.id not in self._completed:
            self._completed[symbol.id] = symbol
            if symbol.is_abstract:
                heirs = [heir for heir in self.program.subclasses(symbol) if not heir.is_abstract]
                self._completed[symbol.id] = heirs[0] if len(heirs) == 1 else symbol
        return self._completed[symbol.id]

    def receivers(self, model: ClassSymbol, method: str) -> list[FunctionSymbol]:
        """The functions of the tree that are called when a row of a model is saved."""
        if method != "save":
            return []
        if model.id not in self._receivers:
            self._receivers[model.id] = []
            signals = {dotted.rpartition(".")[2] for f in self.frameworks.all for dotted in f.signals}
            decorators = {dotted.rpartition(".")[2] for f in self.frameworks.all for dotted in f.receivers}
            found: list[FunctionSymbol] = []
            modules = {m.path: m for s in sorted(signals) for m in self.program.modules_mentioning(s, model.name)}
            for path in sorted(modules):
                found += [
                    function
                    for function in modules[path].functions.values()
                    if any(
                        self._connects(d, modules[path], model, signals, decorators) for d in function.node.decorators
                    )
                ]
            self._receivers[model.id] = found
        return self._receivers[model.id]

    def _connects(
        self, decorator: ir.Expr, module: ModuleSymbol, model: ClassSymbol, signals: set[str], decorators: set[str]
    ) -> bool:
        if (
            not isinstance(decorator, ir.Call)
            or (ir.dotted(decorator.callee) or "").rpartition(".")[2] not in decorators
        ):
            return False
        names = {n.id for a in decorator.arguments for n in ir.walk(a) if isinstance(n, ir.Name)}
        names |= {n.name for a in decorator.arguments for n in ir.walk(a) if isinstance(n, ir.Attribute)}
        sender = next((k.value for k in decorator.keywords if k.name == "sender"), None)
        return bool(names & signals) and sender is not None and self.program.class_of(module, sender) is model

    def is_component(self, symbol: ClassSymbol) -> bool:
        """Whether the views that a class renders see its properties as variables."""
        bases = {ancestor.dotted for ancestor in symbol.mro()[1:]}
        return any(base in framework.components for framework in self.frameworks.all for base in bases)

    def template_paths(self, name: str) -> list[str]:
        """
        Paths of the templates of a name, the likeliest first.

        Some programs keep theirs in a folder below, which their settings name: `templates/plain/orders/list.html` is
        found as `orders/list.html` where no other is.
        """
        if self._templates is None:
            self._templates = {}
            for path in self.program.snapshot.paths:
                places = [(path.find(folder), folder) for folder in FOLDERS if folder in path]
                if places and not path.endswith(".py"):
                    place, folder = min(places)
                    self._templates.setdefault(path[place + len(folder) :], []).append(path)
        names = file_names(name)
        found = next((self._templates[key] for key in names if key in self._templates), None)
        if found is None:
            below = [key for key in self._templates if key.partition("/")[2] in names]
            found = self._templates[below[0]] if len(below) == 1 else []
        return sorted(found, key=lambda path: (len(path), path))


def file_names(name: str) -> list[str]:
    """
    Paths that a template's name may mean, below a folder of templates.

    `shop::orders.index` is Blade's `orders/index.blade.php`; a component may be `card/index` or `card/card` too.
    Pyramid's `shop:templates/list.jinja2` says the package too.
    """
    package, _, path = name.partition(":")
    if package.isidentifier() and path.startswith(FOLDERS):
        return [path.partition("/")[2]]
    slashed = name.rpartition("::")[2].replace(".", "/")
    names = [name, f"{slashed}.blade.php"]
    if slashed.startswith("components/"):
        names += [f"{slashed}/index.blade.php", f"{slashed}/{slashed.rpartition('/')[2]}.blade.php"]
    return names

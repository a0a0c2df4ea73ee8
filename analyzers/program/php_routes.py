"""
The URLs under which callers know a Laravel controller: `GET /orders/{order}`.

Read from the calls of `Route` at the top level of a file, with the groups around them. https://laravel.com/docs/routing
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from analyzers import ir
from analyzers.program.program import Program
from analyzers.program.symbols import ClassSymbol, FunctionSymbol, ModuleSymbol

VERBS = {name: name.upper() for name in ("get", "post", "put", "patch", "delete", "options")} | {
    "any": "ANY",
    "match": "ANY",
    "view": "GET",
}
ACTIONS = {
    "index": ("GET", ""),
    "create": ("GET", "/create"),
    "store": ("POST", ""),
    "show": ("GET", "/{}"),
    "edit": ("GET", "/{}/edit"),
    "update": ("PUT", "/{}"),
    "destroy": ("DELETE", "/{}"),
}
"""What a resource's methods answer to. https://laravel.com/docs/controllers#actions-handled-by-resource-controllers"""
RESOURCES = frozenset({"resource", "apiResource", "singleton", "apiSingleton"})
MANY = frozenset({"resources", "apiResources"})

Target = tuple[str, str]
"""The id of a controller, and the name of its method."""


class _Scope(msgspec.Struct, frozen=True):
    """What the groups around a route say."""

    prefix: str = ""
    controller: ClassSymbol | None = None
    namespace: str = ""


class PhpRoutes:
    """URLs of one program's controllers."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._urls: dict[Target, str] | None = None

    def of(self, function: FunctionSymbol, owner: ClassSymbol | None) -> str | None:
        """The verb and URL of a controller's method; of several the first one written. None when none leads to it."""
        if owner is None:
            return None
        if self._urls is None:
            self._urls = {}
            for module in self.program.modules_mentioning("Route"):
                if module.language == "php" and "routes/" in module.path:
                    scope = _Scope("api" if module.path.endswith("routes/api.php") else "")
                    for target, url in self._read(module, module.outline.body, scope):
                        self._urls.setdefault(target, url)
        return self._urls.get((owner.id, function.name))

    def _read(self, module: ModuleSymbol, body: Iterable[ir.Stmt], scope: _Scope) -> Iterator[tuple[Target, str]]:
        for statement in body:
            if isinstance(statement, (ir.Evaluate, ir.Return)) and isinstance(statement.value, ir.Call):
                yield from self._declared(module, statement.value, scope)
            elif isinstance(statement, ir.If):
                yield from self._read(module, (*statement.then, *statement.other), scope)

    def _declared(self, module: ModuleSymbol, call: ir.Call, scope: _Scope) -> Iterator[tuple[Target, str]]:
        """Yield what one chain declares: `Route::prefix("admin")->group(...)`, `Route::get(...)->name(...)`."""
        chain = _chain(call)
        if chain is None:
            return
        for name, arguments in chain:
            first = arguments[0] if arguments else None
            if name == "prefix":
                scope = msgspec.structs.replace(scope, prefix=_joined(scope.prefix, _text(first)))
            elif name == "namespace":
                scope = msgspec.structs.replace(scope, namespace=f"{scope.namespace}\\{_text(first)}".strip("\\"))
            elif name == "controller":
                scope = msgspec.structs.replace(scope, controller=self._class(module, first))
            elif name == "group":
                yield from self._group(module, arguments, scope)
            elif name in VERBS and len(arguments) > 1:
                path, action = arguments[-2:] if name == "match" else arguments[:2]
                target = self._target(module, action, scope)
                if target is not None:
                    yield target, f"{VERBS[name]} /{_joined(scope.prefix, _text(path))}"
            elif name in RESOURCES and len(arguments) > 1:
                yield from self._resource(module, _text(first), arguments[1], scope)
            elif name in MANY and isinstance(first, ir.Collection):
                for key, value in zip(first.keys, first.items, strict=False):
                    yield from self._resource(module, _text(key), value, scope)

    def _group(
        self, module: ModuleSymbol, arguments: tuple[ir.Expr, ...], scope: _Scope
    ) -> Iterator[tuple[Target, str]]:
        """`group(fn)`, and `group(["prefix" => "admin"], fn)`."""
        for argument in arguments:
            if isinstance(argument, ir.Collection):
                given = {_text(key): _text(value) for key, value in zip(argument.keys, argument.items, strict=False)}
                scope = msgspec.structs.replace(
                    scope,
                    prefix=_joined(scope.prefix, given.get("prefix", "")),
                    namespace=f"{scope.namespace}\\{given.get('namespace', '')}".strip("\\"),
                )
            elif isinstance(argument, ir.Lambda):
                yield from self._read(module, argument.body, scope)

    def _resource(
        self, module: ModuleSymbol, name: str, controller: ir.Expr, scope: _Scope
    ) -> Iterator[tuple[Target, str]]:
        owner = self._class(module, controller, scope)
        if owner is None:
            return
        *outer, last = name.strip("/").split(".")
        path = "/".join([*(f"{part}/{{{_singular(part)}}}" for part in outer), last])
        for method, (verb, rest) in ACTIONS.items():
            url = f"{verb} /{_joined(scope.prefix, path)}{rest.replace('{}', f'{{{_singular(last)}}}')}"
            yield (owner.id, method), url

    def _target(self, module: ModuleSymbol, action: ir.Expr, scope: _Scope) -> Target | None:
        """`[OrderController::class, "index"]`, `"OrderController@index"`, a class alone, or `"index"` in its group."""
        method: str | None = "__invoke"
        if isinstance(action, ir.Collection) and action.kind == "dict":
            uses = {_text(key): value for key, value in zip(action.keys, action.items, strict=False)}.get("uses")
            return self._target(module, uses, scope) if uses is not None else None
        if isinstance(action, ir.Collection) and len(action.items) == 2:
            owner, method = self._class(module, action.items[0], scope), _text(action.items[1])
        elif scope.controller is not None and _text(action) and "@" not in _text(action):
            owner, method = scope.controller, _text(action)
        else:
            owner = self._class(module, action, scope)
            _, _, named = _text(action).partition("@")
            method = named or method
        return (owner.id, method) if owner is not None and method else None

    def _class(self, module: ModuleSymbol, expr: ir.Expr | None, scope: _Scope | None = None) -> ClassSymbol | None:
        if isinstance(expr, ir.Attribute) and expr.name == "class":
            found = self.program.class_of(module, expr.value)
            return found if isinstance(found, ClassSymbol) else None
        text = _text(expr).partition("@")[0].strip("\\")
        if not text:
            return None
        inside = f"{scope.namespace}\\{text}" if scope is not None and scope.namespace else text
        return self.program.php_class_ending(inside.replace("\\", ".")) or self.program.php_class_ending(
            f"Controllers.{inside}".replace("\\", ".")
        )


def _chain(call: ir.Expr) -> list[tuple[str, tuple[ir.Expr, ...]]] | None:
    """The calls of a chain that starts at `Route`, in order; None for any other."""
    parts: list[tuple[str, tuple[ir.Expr, ...]]] = []
    while isinstance(call, ir.Call) and isinstance(call.callee, ir.Attribute):
        parts.append((call.callee.name, call.arguments))
        call = call.callee.value
    name = ir.dotted(call)
    return parts[::-1] if name is not None and name.rpartition(".")[2] in ("Route", "router") else None


def _text(expr: ir.Expr | None) -> str:
    return expr.value if isinstance(expr, ir.Constant) and isinstance(expr.value, str) else ""


def _joined(prefix: str, path: str) -> str:
    return "/".join(part for part in (prefix.strip("/"), path.strip("/")) if part)


def _singular(name: str) -> str:
    """The parameter of a resource's name, as far as English is regular: `order-lines` gives "order_line"."""
    last = name.rpartition("/")[2].replace("-", "_")
    if last.endswith("ies"):
        return f"{last[:-3]}y"
    if last.endswith(("sses", "xes", "ches", "shes")):
        return last[:-2]
    return last.removesuffix("s") if not last.endswith("ss") else last

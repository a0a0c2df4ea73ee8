"""
The URLs under which callers know a view: `GET /orders/{id}/`.

Worked out on demand, from the view up: which declarations name it, which container they stand in, and where that
container is mounted. Only the mounts are gathered for the whole tree, once, when the first URL is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from analyzers import ir
from analyzers.program import urls
from analyzers.program.program import Program
from analyzers.program.symbols import ClassSymbol, FunctionSymbol, ModuleSymbol, Symbol, Variable

FILES = 500
"""Modules with mounts, and modules that name one view; the largest services have a few hundred URL configurations."""
DEPTH = 12
"""Mounts inside one another; a deeper one is a cycle in all but name."""
URLS = 64
"""Steps up from one container. One URL is told, so that more would only take time."""

MOUNTING = ("urlpatterns", "include_router", "register_blueprint", "Mount", "mount")
"""Words of which a module with a mount says one."""
DECLARING = (*MOUNTING, "register", "Route", "add_url_rule", "add_api_route", "add_route", "path", "url", "re_path")
"""Words of which a module that names a view says one."""
IN_FUNCTIONS = ("include_router", "register_blueprint", "add_url_rule", "add_api_route", "add_route", "mount")
"""Words of which a module says one whose functions add to an application: `def create_app(): ...`."""

ACTIONS = {
    "list": ("GET", ""),
    "create": ("POST", ""),
    "retrieve": ("GET", "{id}"),
    "update": ("PUT", "{id}"),
    "partial_update": ("PATCH", "{id}"),
    "destroy": ("DELETE", "{id}"),
}
"""What a router makes of a view set's methods. https://www.django-rest-framework.org/api-guide/routers/#simplerouter"""
RESTRICTIONS = {"require_GET": ("GET",), "require_POST": ("POST",), "require_safe": ("GET",)}
"""https://docs.djangoproject.com/en/stable/topics/http/decorators/"""
EXTRA = frozenset({"action", "list_route", "detail_route"})

Container = tuple[str, str]
"""Path of the module that makes it, and its name there."""


class _Known(msgspec.Struct, frozen=True):
    """What a module says of URLs."""

    declarations: tuple[urls.Declaration, ...]
    locals: Mapping[str, ir.Import]
    """Imports inside its functions."""
    made: Mapping[str, ir.Call]
    """Calls whose values get a name, by name: `APIRouter(prefix="/orders")`."""


class _Mount(msgspec.Struct, frozen=True):
    parent: Container
    path: str
    replaces: bool


class Routes:
    """URLs of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._known: dict[str, _Known] = {}
        self._found: dict[str, str | None] = {}
        self._mounts: dict[Container, list[_Mount]] | None = None
        self._declaring: frozenset[str] | None = None

    def of(self, function: FunctionSymbol, owner: ClassSymbol | None) -> str | None:
        """
        A view's verb and URL; of several the first in the order of URLs. None when no URL is known to lead to it.

        Args:
            function: The view, or the method that serves it.
            owner: The class of a method, as it is routed.
        """
        if function.module.language != "python":
            return None
        key = f"{owner.id}.{function.name}" if owner is not None else function.id
        if key not in self._found:
            served = self._of_function(function) if owner is None else self._of_method(function, owner)
            url, verb = min((*self._decorated(function), *served), default=("", ""))
            self._found[key] = f"{verb} {url}".strip() or None
        return self._found[key]

    # --- views --------------------------------------------------------------------------------------------------------

    def _decorated(self, function: FunctionSymbol) -> Iterator[tuple[str, str]]:
        """Yield (URL, verb) as the decorators of a function say: `@router.get("/orders")`."""
        for decorator in function.node.decorators:
            if isinstance(decorator, ir.Call) and isinstance(decorator.callee, ir.Attribute):
                verb = _decorated_verb(decorator)
                given = urls.argument(decorator, 0, "path", "rule")
                path = urls.text(given)
                if verb is not None and given is not None and (not path or path.startswith(("/", urls.UNKNOWN))):
                    above = self._above_of(function.module, ir.dotted(decorator.callee.value))
                    yield from ((_url(prefix + urls.parameters(path)), verb) for prefix in above)

    def _of_function(self, function: FunctionSymbol) -> Iterator[tuple[str, str]]:
        """Yield (URL, verb) as URL configurations say of a function."""
        for module, declaration in self._naming(function):
            if declaration.shape == "view":
                verb = "|".join(declaration.verbs or _verbs(function))
                yield from ((url, verb) for url in self._urls(module, declaration))

    def _of_method(self, method: FunctionSymbol, owner: ClassSymbol) -> Iterator[tuple[str, str]]:
        """Yield (URL, verb) of a method of a routed class."""
        extra, verb = _extra_action(method), _verb(method)
        if extra is None and verb is None:
            return
        for module, declaration in self._naming(owner):
            if declaration.shape == "viewset":
                action = extra or ACTIONS.get(method.name)
                if action is not None:
                    below = self._below_router(module, declaration, action[1].replace("{id}", f"{{{_lookup(owner)}}}"))
                    yield from ((url, action[0]) for url in below)
            else:
                for name in self._mapped(module, declaration.subject, method):
                    yield from ((url, name) for url in self._urls(module, declaration))

    def _below_router(self, module: ModuleSymbol, declaration: urls.Declaration, detail: str) -> Iterator[str]:
        slash = "" if self._is_bare(module, declaration.container) else "/"
        for prefix in self._above_of(module, declaration.container):
            yield _url(f"{prefix}/{declaration.path}/{detail}".rstrip("/") + slash)

    def _mapped(self, module: ModuleSymbol, view: ir.Expr, method: FunctionSymbol) -> Iterator[str]:
        """The verbs that lead to a method: `OrderViewSet.as_view({"get": "list"})` says so, else its name does."""
        call = self._as_view(module, view)
        mapping = call.arguments[0] if call is not None and call.arguments else None
        verb = _verb(method)
        if isinstance(mapping, ir.Collection) and mapping.kind == "dict":
            for key, value in zip(mapping.keys, mapping.items, strict=False):
                if key is not None and urls.text(value) == method.name:
                    yield urls.text(key).upper()
        elif verb is not None:
            yield verb

    def _as_view(self, module: ModuleSymbol, view: ir.Expr) -> ir.Call | None:
        """The `.as_view(...)` in an expression, also where it has a name."""
        for node in ir.walk(view):
            if isinstance(node, ir.Call) and urls.last_name(node.callee) == "as_view":
                return node
        named = self._resolve(module, ir.dotted(view))
        if isinstance(named, Variable) and isinstance(named.value, ir.Call):
            return self._as_view(named.module, named.value)
        return None

    def _naming(self, view: FunctionSymbol | ClassSymbol) -> Iterator[tuple[ModuleSymbol, urls.Declaration]]:
        """Yield the declarations that name a view, in the order of paths and text."""
        names = {view.name}
        for name, value in view.module.variables.items():
            if isinstance(value, ir.Call) and self._names(view.module, value, view, 0):
                names.add(name)  # `order_list = OrderList.as_view()`
        if self._declaring is None:
            self._declaring = frozenset(self._saying(DECLARING))
        paths = {path for name in names for path in self.program.snapshot.mentioning((name,))} & self._declaring
        for module in self._modules(paths):
            for declaration in self._read(module).declarations:
                if declaration.shape != "mount" and self._names(module, declaration.subject, view, 0):
                    yield module, declaration

    def _names(self, module: ModuleSymbol, expr: ir.Expr, view: FunctionSymbol | ClassSymbol, depth: int) -> bool:
        """Whether an expression stands for a view, whatever decorates it: `login_required(views.orders)`."""
        if depth > DEPTH:
            return False
        match expr:
            case ir.Call(callee=callee, arguments=arguments):
                made = callee.value if isinstance(callee, ir.Attribute) and callee.name == "as_view" else callee
                if isinstance(view, ClassSymbol) and self._resolve(module, ir.dotted(made)) is view:
                    return True
                return any(self._names(module, argument, view, depth + 1) for argument in arguments)
            case ir.Constant(value=str(value)):
                path, _, name = value.rpartition(".")
                named = self.program.module_named(path, module.path) if path and name == view.name else None
                return named is not None and self.program.lookup(named, name) is view
        found = self._resolve(module, ir.dotted(expr))
        if isinstance(found, Variable) and isinstance(found.value, ir.Call):
            return self._names(found.module, found.value, view, depth + 1)
        return found is view

    # --- containers ---------------------------------------------------------------------------------------------------

    def _urls(self, module: ModuleSymbol, declaration: urls.Declaration) -> Iterator[str]:
        for prefix in self._above_of(module, declaration.container):
            yield _url(prefix + declaration.path)

    def _above_of(self, module: ModuleSymbol, name: str | None) -> tuple[str, ...]:
        """The paths at which a container, by its name in a module, is reached."""
        container = self._container(module, name)
        if container is None:
            return ("",)
        found: set[str] = set()
        stack = [(container, "", frozenset({container}))]
        for _ in range(URLS):
            if not stack:
                break
            place, suffix, passed = stack.pop()
            own = self._own_prefix(place)
            mounts = [mount for mount in self._mounts_of(place) if mount.parent not in passed]
            if not mounts or len(passed) > DEPTH:
                found.add(own + suffix)
                continue
            for mount in reversed(mounts):
                below = f"/{mount.path}{suffix}" if mount.replaces else f"{mount.path}{own}{suffix}"
                stack.append((mount.parent, below, passed | {mount.parent}))
        return tuple(sorted(found))

    def _own_prefix(self, container: Container) -> str:
        made = self._made(container)
        return urls.parameters(urls.text(urls.argument(made, None, "prefix", "url_prefix"))) if made is not None else ""

    def _is_bare(self, module: ModuleSymbol, name: str) -> bool:
        """Whether a router's URLs end without a slash."""
        container = self._container(module, name)
        made = self._made(container) if container is not None else None
        slash = urls.argument(made, None, "trailing_slash") if made is not None else None
        return isinstance(slash, ir.Constant) and not slash.value

    def _made(self, container: Container) -> ir.Call | None:
        module = self.program.module(container[0])
        return self._read(module).made.get(container[1]) if module is not None else None

    def _mounts_of(self, container: Container) -> list[_Mount]:
        if self._mounts is None:
            self._mounts = {}
            for module in self._modules(self._saying(MOUNTING)):
                for declaration in self._read(module).declarations:
                    if declaration.shape == "mount":
                        parent = self._container(module, declaration.container)
                        child = self._mounted(module, declaration.subject)
                        if parent is not None and child is not None and parent != child:
                            mount = _Mount(parent, declaration.path, declaration.replaces)
                            self._mounts.setdefault(child, []).append(mount)
        return self._mounts.get(container, [])

    def _mounted(self, module: ModuleSymbol, subject: ir.Expr) -> Container | None:
        """The container that a mount puts somewhere: a module's list by its name, a list or a router."""
        if isinstance(subject, ir.Constant):
            named = self.program.module_named(str(subject.value), module.path)
            return (named.path, "urlpatterns") if named is not None else None
        name = ir.dotted(subject)
        if name is None:
            return None
        found = self._resolve(module, name)
        if isinstance(found, ModuleSymbol):
            return found.path, "urlpatterns"
        return self._container(module, name if isinstance(found, Variable) else name.removesuffix(".urls"))

    def _container(self, module: ModuleSymbol, name: str | None) -> Container | None:
        """Where a container is made; one that a function makes belongs to the function's module."""
        if name is None:
            return None
        found = self._resolve(module, name)
        if isinstance(found, Variable):
            return found.module.path, found.name
        return (module.path, name) if "." not in name else None

    # --- modules ------------------------------------------------------------------------------------------------------

    def _resolve(self, module: ModuleSymbol, name: str | None) -> Symbol | None:
        """What a dotted name means in a module or in its functions, which often import what they mount."""
        if name is None:
            return None
        found = self.program.resolve(module, name)
        if found is None:
            head, *rest = name.split(".")
            node = self._read(module).locals.get(head)
            found = self.program.imported(module, node) if node is not None else None
            for part in rest:
                found = self.program.member(found, part) if found is not None else None
        return found

    def _saying(self, words: Iterable[str]) -> set[str]:
        return {path for word in words for path in self.program.snapshot.mentioning((word,))}

    def _modules(self, paths: Iterable[str]) -> Iterator[ModuleSymbol]:
        for path in sorted(path for path in paths if path.endswith(".py"))[:FILES]:
            module = self.program.module(path)
            if module is not None:
                yield module

    def _read(self, module: ModuleSymbol) -> _Known:
        known = self._known.get(module.path)
        if known is None:
            statements: list[ir.Stmt] = list(module.outline.body)
            if not module.is_stub and module.path in self._saying(IN_FUNCTIONS):
                for function in module.every_function():
                    statements.extend(function.full.body)
            nodes = [node for statement in statements for node in ir.walk(statement)]
            made = {
                target.id: node.value
                for node in nodes
                if isinstance(node, ir.Assign) and isinstance(node.value, ir.Call)
                for target in node.targets
                if isinstance(target, ir.Name)
            }
            imports = {node.alias: node for node in nodes if isinstance(node, ir.Import)}
            known = self._known[module.path] = _Known(tuple(urls.declarations(statements)), imports, made)
        return known


def _url(path: str) -> str:
    """A path with one slash where parts meet, and one in front: `/orders/`, `…/orders/` below a setting."""
    parts = [part for part in path.split("/") if part]
    known = [part for part in (parts[0].removeprefix(urls.UNKNOWN), *parts[1:]) if part] if parts else []
    start = urls.UNKNOWN if parts and parts[0].startswith(urls.UNKNOWN) else ""
    return f"{start}/{'/'.join(known)}" + ("/" if known and path.endswith("/") else "")


def _decorated_verb(decorator: ir.Call) -> str | None:
    """The verbs of `@router.get("/")`, `@app.route("/", methods=["POST"])`."""
    name = urls.last_name(decorator.callee)
    if name in ("route", "api_route"):
        return "|".join(urls.methods(decorator)) or "GET"
    return name.upper() if name.upper() in (*urls.VERBS, "WEBSOCKET") else None


def _verbs(function: FunctionSymbol) -> tuple[str, ...]:
    """The verbs that a view answers where its URL names none: its decorators say, or it looks at them itself."""
    for decorator in function.node.decorators:
        called = decorator.callee if isinstance(decorator, ir.Call) else decorator
        name = urls.last_name(called)
        if name in RESTRICTIONS:
            return RESTRICTIONS[name]
        if name in ("require_http_methods", "api_view") and isinstance(decorator, ir.Call) and decorator.arguments:
            return urls.verbs_in(decorator.arguments[0]) or ("GET",)
    looks = {"method", "POST", "FILES"}
    nodes = (node for statement in function.full.body for node in ir.walk(statement))
    return () if any(isinstance(node, ir.Attribute) and node.name in looks for node in nodes) else ("GET",)


def _verb(method: FunctionSymbol) -> str | None:
    """The verb that a class's method serves by its name."""
    if method.name in ACTIONS:
        return ACTIONS[method.name][0]
    if method.name == "__call__":
        return "GET"
    return method.name.upper() if method.name.upper() in urls.VERBS else None


def _extra_action(method: FunctionSymbol) -> tuple[str, str] | None:
    """(verbs, path) of `@action(detail=True, methods=["post"])`."""
    for decorator in method.node.decorators:
        name = urls.last_name(decorator.callee) if isinstance(decorator, ir.Call) else ""
        if isinstance(decorator, ir.Call) and name in EXTRA:
            detail = urls.argument(decorator, None, "detail")
            given = urls.argument(decorator, None, "url_path")
            path = urls.plain(urls.text(given)) if given is not None else method.name
            is_detail = name == "detail_route" or (isinstance(detail, ir.Constant) and detail.value is True)
            return "|".join(urls.methods(decorator)) or "GET", f"{{id}}/{path}" if is_detail else path
    return None


def _lookup(owner: ClassSymbol) -> str:
    """What a view set calls the parameter that names its row."""
    for name in ("lookup_url_kwarg", "lookup_field"):
        field = owner.field(name)
        value = urls.text(field[1].value) if field is not None else ""
        if value and value not in ("pk", urls.UNKNOWN):
            return value
    return "id"

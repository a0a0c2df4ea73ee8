"""
What one module declares about URLs: which view, view set or further list of URLs stands below which path.

Read from the module's statements as they are written; nothing is resolved here. A *container* is whatever holds such
declarations: `urlpatterns` or another list, a router, a blueprint, an application.

    urlpatterns = [path("orders/", include("shop.urls"))]     mounts the list of `shop.urls` at `orders/`
    router.register("orders", OrderViewSet)                   has a view set below `orders` of `router`
    app.include_router(orders.router, prefix="/api")          mounts `orders.router` at `/api` of `app`
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from analyzers import ir

UNKNOWN = "…"
"""A part of a path that is worked out when the program runs."""
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")
"""In the order in which they are told."""

_LINES = frozenset({"path", "re_path", "url"})
_ROUTES = frozenset({"Route", "APIRoute", "WebSocketRoute", "APIWebSocketRoute"})
_ADDERS = frozenset({"add_url_rule", "add_api_route", "add_route", "add_websocket_route", "add_api_websocket_route"})
_NESTING = 20
"""Lists, calls or groups inside one another; a URL configuration has a handful."""


class Declaration(msgspec.Struct, frozen=True):
    """One line of a URL configuration."""

    container: str
    """Dotted name, as this module writes it."""
    path: str
    """Below the container; parameters are `{name}`."""
    subject: ir.Expr
    """The view or view set; for a mount the container that stands here."""
    shape: Literal["view", "viewset", "mount"]
    verbs: tuple[str, ...] = ()
    """The HTTP methods that are declared; empty when the view decides."""
    replaces: bool = False
    """Whether a mount's path takes the place of the mounted container's own prefix, as in Flask."""


def declarations(statements: Iterable[ir.Node]) -> Iterator[Declaration]:
    """Yield what statements declare, nested statements included."""
    for statement in statements:
        for node in ir.walk(statement):
            if isinstance(node, ir.Assign) and node.value is not None:
                for target in node.targets:
                    name = ir.dotted(target)
                    if name == "urlpatterns" or (name is not None and not _is_alias(node.value)):
                        yield from _listed(name, node.value, "", 0)
            elif isinstance(node, ir.Evaluate) and isinstance(node.value, ir.Call):
                yield from _added(node.value)


def _listed(container: str, expr: ir.Expr, above: str, depth: int) -> Iterator[Declaration]:
    """What an expression that makes a list of URLs, or an application of them, puts below a path."""
    if depth > _NESTING:
        return
    match expr:
        case ir.Collection(items=items) if expr.kind != "dict":
            for item in items:
                if not isinstance(item, (ir.Name, ir.Attribute)):
                    yield from _listed(container, item, above, depth + 1)
        case ir.Operation(operator="+", operands=operands):
            for operand in operands:
                yield from _listed(container, operand, above, depth + 1)
        case ir.Spread(value=value):
            yield from _listed(container, value, above, depth + 1)
        case ir.Conditional(then=then, other=other):
            yield from _listed(container, then, above, depth + 1)
            yield from _listed(container, other, above, depth + 1)
        case ir.Name() | ir.Attribute():
            yield Declaration(container, above, expr, "mount")
        case ir.Call():
            yield from _called(container, expr, above, depth)


def _called(container: str, call: ir.Call, above: str, depth: int) -> Iterator[Declaration]:
    name = last_name(call.callee)
    if name in _LINES:
        route, view = argument(call, 0, "route", "regex"), argument(call, 1, "view")
        if route is None or view is None:
            return
        path = above + (parameters(text(route)) if name == "path" else plain(text(route)))
        if isinstance(view, ir.Call) and last_name(view.callee) == "include":
            yield from _included(container, view, path, depth)
        else:
            yield Declaration(container, path, view, "view")
    elif name in _ROUTES:
        route, view = argument(call, 0, "path"), argument(call, 1, "endpoint")
        if route is not None and view is not None:
            verbs = ("WEBSOCKET",) if "WebSocket" in name else methods(call) or ("GET",)
            yield Declaration(container, above + parameters(text(route)), view, "view", verbs)
    elif name == "Mount":
        path = above + parameters(text(argument(call, 0, "path")))
        below = argument(call, 1, "app") or argument(call, None, "routes")
        if below is not None:
            yield from _listed(container, below, path, depth + 1)
    elif name.endswith("Router") and len(call.arguments) > 1:
        # https://github.com/alanjds/drf-nested-routers: NestedSimpleRouter(router, "orders", lookup="order")
        parent, lookup = ir.dotted(call.arguments[0]), argument(call, 2, "lookup")
        if parent is not None:
            parameter = f"{{{text(lookup)}_id}}" if lookup is not None else "{id}"
            path = f"{text(call.arguments[1])}/{parameter}/"
            yield Declaration(parent, path, ir.Name(call.span, container), "mount")
    else:
        below = argument(call, None, "routes")
        for item in (*call.arguments, below):
            if item is not None and not _is_alias(item):
                yield from _listed(container, item, above, depth + 1)


def _is_alias(expr: ir.Expr) -> bool:
    """Whether a value is only another name: what is called so need not be mounted there. `router.urls` is mounted."""
    return isinstance(expr, ir.Name) or (isinstance(expr, ir.Attribute) and expr.name != "urls")


def _included(container: str, include: ir.Call, path: str, depth: int) -> Iterator[Declaration]:
    """What `include(...)` puts at a path: a list, by its module or as it is, or a router's; a namespace may follow."""
    below = argument(include, 0, "arg")
    if isinstance(below, ir.Collection) and below.kind == "tuple" and below.items:
        below = below.items[0]
    if isinstance(below, ir.Constant):
        yield Declaration(container, path, below, "mount")
    elif below is not None:
        yield from _listed(container, below, path, depth + 1)


def _added(call: ir.Call) -> Iterator[Declaration]:
    """What a call on a container adds to it."""
    if not isinstance(call.callee, ir.Attribute):
        return
    container, name = ir.dotted(call.callee.value), call.callee.name
    if container is None:
        return
    if name == "register":
        prefix, view = argument(call, 0, "prefix"), argument(call, 1, "viewset")
        if isinstance(prefix, (ir.Constant, ir.Template)) and view is not None:
            yield Declaration(container, plain(text(prefix)), view, "viewset")
    elif name == "include_router":
        router = argument(call, 0, "router")
        if router is not None:
            yield Declaration(container, parameters(text(argument(call, None, "prefix"))), router, "mount")
    elif name == "register_blueprint":
        blueprint, given = argument(call, 0, "blueprint"), argument(call, None, "url_prefix")
        if blueprint is not None:
            yield Declaration(container, parameters(text(given)), blueprint, "mount", replaces=given is not None)
    elif name in _ADDERS:
        view = argument(call, 2, "view_func") if name == "add_url_rule" else argument(call, 1, "endpoint", "route")
        if view is not None:
            verbs = ("WEBSOCKET",) if "websocket" in name else methods(call)
            yield Declaration(container, parameters(text(argument(call, 0, "rule", "path"))), view, "view", verbs)
    elif name == "mount":
        app = argument(call, 1, "app")
        if app is not None:
            yield Declaration(container, parameters(text(argument(call, 0, "path"))), app, "mount")
    elif name in ("extend", "append") and call.arguments:
        item = call.arguments[0]
        if container.endswith(".registry") and isinstance(item, ir.Attribute) and item.name == "registry":
            yield Declaration(container.removesuffix(".registry"), "", item.value, "mount")
        else:
            yield from _listed(container, item, "", 0)


# --- parts of a declaration -------------------------------------------------------------------------------------------


def argument(call: ir.Call, place: int | None, *names: str) -> ir.Expr | None:
    """A call's argument, by one of its names or by its place; None as the place of one that has no place."""
    for keyword in call.keywords:
        if keyword.name in names:
            return keyword.value
    return call.arguments[place] if place is not None and place < len(call.arguments) else None


def last_name(expr: ir.Expr) -> str:
    """`re_path` of `urls.re_path`; empty for what is no name."""
    if isinstance(expr, ir.Attribute):
        return expr.name
    return expr.id if isinstance(expr, ir.Name) else ""


def methods(call: ir.Call) -> tuple[str, ...]:
    """The HTTP methods that a call names: `methods=["GET", "POST"]`."""
    given = next((keyword.value for keyword in call.keywords if keyword.name == "methods"), None)
    return verbs_in(given)


def verbs_in(expr: ir.Expr | None) -> tuple[str, ...]:
    """The HTTP methods of a literal list, in their own order."""
    if not isinstance(expr, ir.Collection):
        return ()
    named = {item.value.upper() for item in expr.items if isinstance(item, ir.Constant) and isinstance(item.value, str)}
    return tuple(verb for verb in VERBS if verb in named)


def text(expr: ir.Expr | None) -> str:
    """The text that an expression gives; `…` stands for what is not known."""
    match expr:
        case None | ir.Constant(value=None):
            return ""
        case ir.Constant(value=str(value)):
            return value
        case ir.Template(parts=parts):
            return "".join(text(part) for part in parts)
        case ir.Operation(operator="+", operands=operands):
            return "".join(text(operand) for operand in operands)
        case ir.Call(arguments=(ir.Constant(value=str(value)), *_), callee=ir.Name()):
            return value  # `_("orders/")`: the path in the language of the code
    return UNKNOWN


def parameters(path: str) -> str:
    """A path with its parameters as `{name}`: `<int:pk>`, `<pk>`, `{pk:int}` are `{pk}`."""
    path = re.sub(r"<(?:[^<>:]+:)?(\w+)>", r"{\1}", path)
    return re.sub(r"\{(\w+):[^{}]*\}", r"{\1}", path)


def plain(pattern: str, depth: int = 0) -> str:
    r"""
    A regular expression as a path: `^orders/(?P<pk>\d+)/$` is `orders/{pk}/`.

    An optional group is left out, a group without a name is `{}`.
    """
    found, place = "", 0
    while place < len(pattern):
        letter = pattern[place]
        if letter == "(":
            end = _closing(pattern, place)
            inside, place = pattern[place + 1 : end], end + 1
            named = re.match(r"\?P<(\w+)>", inside)
            optional = pattern.startswith(("?", "*"), place)
            if not optional and not re.match(r"\?[=!<i]", inside):
                if inside.startswith("?:"):
                    found += plain(inside[2:], depth + 1) if depth < _NESTING else UNKNOWN
                else:
                    found += f"{{{named[1]}}}" if named else "{}"
            place += optional
        elif letter == "\\":
            following = pattern[place + 1 : place + 2]
            found += "" if following in "AZzb" else UNKNOWN if following.isalnum() else following
            place += 2
        else:
            if letter not in "^$?":
                found += letter
            place += 1
    return found


def _closing(pattern: str, start: int) -> int:
    """Where the group ends that starts here; the end of the pattern when nothing closes it."""
    depth, place, in_class = 0, start, False
    while place < len(pattern):
        letter = pattern[place]
        if letter == "\\":
            place += 1
        elif in_class:
            in_class = letter != "]"
        elif letter == "[":
            in_class = True
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
            if not depth:
                return place
        place += 1
    return len(pattern)

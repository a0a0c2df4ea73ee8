"""
Writes the eager load that the rows of a query lack, at the place where they are queried.

    Order.objects.filter(paid=True)  →  Order.objects.filter(paid=True).select_related("customer__city")

Where the last call already is the one that is needed, it gets the path as one more argument. Before a slice and before
a call that runs the query (`.first()`) there is still a query set, so the load goes there. What is no chain of calls
that are known to build a query set is left alone: it may be a list, or rows of `.raw()`.
"""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from analyzers.fixes import ClassNamed, Load, python
from analyzers.relation import Path, dotted, is_joinable, longest
from analyzers.span import Span

_BUILD = frozenset(
    {
        "alias", "all", "annotate", "complex_filter", "distinct", "exclude", "filter", "get_queryset", "order_by",
        "prefetch_related", "reverse", "select_for_update", "select_related", "using",
    }
)  # fmt: skip
"""Methods of Django's query sets that give a query set of rows."""

_RUN = frozenset(
    {"aearliest", "afirst", "aget", "alast", "alatest", "earliest", "first", "get", "iterator", "last", "latest"}
)
"""Methods that run it and give rows: the load goes before them."""

_REFUSE = frozenset({"difference", "intersection", "raw", "union", "values", "values_list"})
"""
Methods that give a query set to which no load can be added.

https://docs.djangoproject.com/en/stable/ref/models/querysets/#union
"""

_PART = frozenset({"defer", "only"})
"""
What leaves columns out, before or after a load: `Order.objects.only("number").select_related("customer")` raises.

https://docs.djangoproject.com/en/stable/ref/models/querysets/#defer
"""


def load(content: bytes, span: Span, paths: frozenset[Path], class_named: ClassNamed) -> Load | None:
    """As `Writer` says; relations go by their names, so that no class has to be named."""
    found = python.find(content, span)
    if found is None or not _REFUSE.isdisjoint(python.methods_along(found.expression)):
        return None
    methods = found.methods()
    loads = _loads(paths, join="select_for_update" not in methods)
    if methods & _PART or ("prefetch_related" in loads and _is_streamed(found.positions)):
        return None  # https://docs.djangoproject.com/en/stable/ref/models/querysets/#iterator
    quote = "'" if content.count(b"'") > content.count(b'"') else '"'
    query = _query(found.expression)
    if query is None:
        return None
    loaded = query
    for method, names in loads.items():
        arguments = [cst.Arg(cst.SimpleString(f"{quote}{name}{quote}")) for name in names]
        loaded = _called(loaded, method, arguments, on_line=found.is_commented(query))
    call = "".join(f".{method}({_quoted(names)})" for method, names in loads.items())
    return Load(found.replaced(query, loaded), call)


def _is_streamed(nodes: Iterable[cst.CSTNode]) -> bool:
    """
    Whether the file goes through a query set without keeping its rows, and says nothing of the size of its chunks.
    """
    return any(
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value == "iterator"
        and not node.args
        for node in nodes
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _loads(paths: frozenset[Path], *, join: bool) -> dict[str, tuple[str, ...]]:
    """
    The lookups by the method that loads them.

    Args:
        paths: What to load.
        join: Whether joins may be used: rows of an outer join can't be locked.
            https://docs.djangoproject.com/en/stable/ref/models/querysets/#select-for-update
    """
    joined = frozenset(path for path in paths if join and is_joinable(path))
    loads = {"select_related": longest(joined), "prefetch_related": longest(paths - joined)}
    return {
        method: tuple(dotted(path).replace(".", "__") for path in needed) for method, needed in loads.items() if needed
    }


def _query(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The query set in an expression that builds or runs one; None for one that may be no query set."""
    match node:
        case cst.Subscript():
            return _query(node.value)
        case cst.Call(func=cst.Attribute(value=receiver, attr=cst.Name(value=name))) if name in _RUN:
            return _query(receiver)
        case cst.Attribute():
            return node
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name))) if name in _BUILD:
            return node
    return None


def _called(node: cst.BaseExpression, method: str, arguments: list[cst.Arg], *, on_line: bool) -> cst.Call:
    """`node.method(arguments)`; or arguments more of that call, if it is the one."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == method:
        known = node.args
        if known and all(isinstance(one.value, cst.SimpleString) for one in known):
            if isinstance(known[-1].comma, cst.MaybeSentinel):
                return node.with_changes(args=[*known, *arguments])
    return python.called(node, method, arguments, on_line=on_line)

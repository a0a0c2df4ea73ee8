"""
Writes the eager load that the rows of a query lack, at the place where they are queried.

    Order.objects.filter(paid=True)  →  Order.objects.filter(paid=True).select_related("customer__city")

Where the last call already is the one that is needed, it gets the path as one more argument. Before a slice and before
a call that runs the query (`.first()`) there is still a query set, so the load goes there. What is no chain of calls
that are known to build a query set is left alone: it may be a list, or rows of `.raw()`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

import libcst as cst
import msgspec
import tree_sitter_python
from libcst.metadata import CodePosition, CodeRange, MetadataWrapper, PositionProvider
from tree_sitter import Language, Parser

from analyzers.findings import Edit
from analyzers.span import Place

_LANGUAGE = Language(tree_sitter_python.language())
_DEEPEST = 150

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


class Lack(msgspec.Struct, frozen=True, order=True):
    """A relation that the rows of a query come without."""

    path: str
    """Dotted, from these rows."""
    joinable: bool
    """Whether it follows relations to one row of a known table only, so that a join can load it."""


class Written(msgspec.Struct, frozen=True):
    """A file with one eager load more."""

    content: bytes
    edit: Edit
    call: str
    """What was added: `.select_related("customer__city")`."""


def write(content: bytes, place: Place, library: str, lacks: Iterable[Lack]) -> Written | None:
    """
    Write the eager load into a file.

    Args:
        content: The file.
        place: The expression that queries the rows.
        library: Whose query it is; so far only Django's can be written.
        lacks: What is to be loaded there.

    Returns:
        The new file and its one edit, which lies within the lines of the expression; None where there is no such
        expression, or where it is not known to take the load.
    """
    if library != "django" or _is_deep(content):
        return None
    try:
        return _write(cst.parse_module(content), content, place, frozenset(lacks))
    except (cst.ParserSyntaxError, SyntaxError, RecursionError):
        return None


def _is_deep(content: bytes) -> bool:
    """
    Whether constructs lie deeper inside each other than people write.

    libcst's parser is a recursion without a limit: `a + a + …` of ten thousand terms ends the process.
    """
    cursor = Parser(_LANGUAGE).parse(content).walk()
    depth = 0
    while depth <= _DEEPEST:
        if cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return False
            depth -= 1
    return True


def _write(module: cst.Module, content: bytes, place: Place, lacks: frozenset[Lack]) -> Written | None:
    span = place.span
    wanted = CodeRange(CodePosition(span.line, span.column), CodePosition(span.end_line, span.end_column))
    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    found = (node for node, where in positions.items() if where == wanted and isinstance(node, cst.BaseExpression))
    expression = next(found, None)
    if expression is None or not _REFUSE.isdisjoint(_methods(expression)):
        return None
    called = frozenset(_called_in(positions))
    loads = _loads(lacks, join="select_for_update" not in called)
    if called & _PART or ("prefetch_related" in loads and "iterator" in called):
        return None  # https://docs.djangoproject.com/en/stable/ref/models/querysets/#iterator
    quote = "'" if content.count(b"'") > content.count(b'"') else '"'
    loaded = _loaded(expression, loads, quote)
    if loaded is None:
        return None
    fixed = module.deep_replace(expression, loaded)
    assert isinstance(fixed, cst.Module)
    edit = _edit(place, content, fixed.bytes, module.encoding)
    if edit is None:
        return None
    call = "".join(f".{method}({_quoted(names)})" for method, names in loads.items())
    return Written(fixed.bytes, edit, call)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _methods(node: cst.BaseExpression) -> Iterator[str]:
    """The names along a chain, last one first."""
    while True:
        match node:
            case cst.Call():
                node = node.func
            case cst.Subscript():
                node = node.value
            case cst.Attribute():
                yield node.attr.value
                node = node.value
            case _:
                return


def _called_in(nodes: Iterable[cst.CSTNode]) -> Iterator[str]:
    """
    The names of methods that a file calls, `iterator` only where it is called without the size of its chunks.

    A query set may be handed on, so that what does not go together with a load need not stand in the same chain.
    """
    for node in nodes:
        match node:
            case cst.Call(func=cst.Attribute(attr=cst.Name(value=name))) if name != "iterator" or not node.args:
                yield name


def _loads(lacks: Iterable[Lack], *, join: bool) -> dict[str, tuple[str, ...]]:
    """
    The paths by the method that loads them; a path that another one leads through needs no word of its own.

    Args:
        lacks: What to load.
        join: Whether joins may be used: rows of an outer join can't be locked.
            https://docs.djangoproject.com/en/stable/ref/models/querysets/#select-for-update
    """
    loads = {}
    for method, joined in (("select_related", True), ("prefetch_related", False)):
        paths = {lack.path for lack in lacks if (lack.joinable and join) is joined}
        if needed := sorted(path for path in paths if not any(other.startswith(f"{path}.") for other in paths)):
            loads[method] = tuple(path.replace(".", "__") for path in needed)
    return loads


def _loaded(node: cst.BaseExpression, loads: Mapping[str, tuple[str, ...]], quote: str) -> cst.BaseExpression | None:
    """The expression with the loads, or None for one that may be no query set."""
    match node:
        case cst.Subscript():
            value = _loaded(node.value, loads, quote)
            return node.with_changes(value=value) if value is not None else None
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name)) as function) if name in _RUN:
            value = _loaded(function.value, loads, quote)
            return node.with_changes(func=function.with_changes(value=value)) if value is not None else None
        case cst.Attribute() | cst.Call(func=cst.Attribute(attr=cst.Name())):
            if isinstance(node, cst.Call) and next(_methods(node)) not in _BUILD:
                return None
            for method, names in loads.items():
                node = _called(node, method, [cst.Arg(cst.SimpleString(f"{quote}{name}{quote}")) for name in names])
            return node
    return None


def _called(node: cst.BaseExpression, method: str, arguments: list[cst.Arg]) -> cst.Call:
    """`node.method(arguments)`, on a line of its own where the call before it is; or an argument more of that call."""
    dot = cst.Dot()
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        known = node.args
        if node.func.attr.value == method and known and all(isinstance(one.value, cst.SimpleString) for one in known):
            if isinstance(known[-1].comma, cst.MaybeSentinel):
                return node.with_changes(args=[*known, *arguments])
        dot = node.func.dot
    receiver = node.with_changes(lpar=[], rpar=[])
    function = cst.Attribute(receiver, cst.Name(method), dot)
    return cst.Call(function, arguments, lpar=node.lpar, rpar=node.rpar)


def _edit(place: Place, before: bytes, after: bytes, encoding: str) -> Edit | None:
    """The lines that differ; None when one of them is outside the place."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    start = _alike(old, new)
    end = _alike(reversed(old[start:]), reversed(new[start:]))
    if len(old) - end == start:
        start -= 1  # Only new lines: they are told with the line that they follow.
    first, last = start + 1, len(old) - end
    if first < place.span.line or last > place.span.end_line:
        return None
    return Edit(place.path, first, last, b"".join(new[start : len(new) - end]).decode(encoding))


def _alike(one: Iterable[bytes], other: Iterable[bytes]) -> int:
    """How many lines agree before the first that do not."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))

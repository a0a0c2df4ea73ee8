"""
Writes Eloquent's eager loads; every other byte of the file stays.

    Order::where('paid', true)->get()  →  Order::where('paid', true)->with('lines.product')->get()
    Order::all()                       →  Order::with('lines.product')->get()
    Order::with(['shop'])->latest()    →  Order::with(['shop', 'lines.product'])->latest()

What is no chain of calls that are known to build a query is left alone: it may be a collection.

https://laravel.com/docs/eloquent-relationships#eager-loading
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from tree_sitter import Node

from analyzers.fixes import ClassNamed, Load
from analyzers.languages.php_source import Source
from analyzers.relation import Path, dotted, longest
from analyzers.span import Span

_STATIC = "scoped_call_expression"
_CALLS = frozenset({_STATIC, "member_call_expression", "nullsafe_member_call_expression"})

_BUILD = frozenset(
    {
        "addSelect", "distinct", "doesntHave", "has", "inRandomOrder", "join", "latest", "leftJoin", "limit",
        "lockForUpdate", "newQuery", "offset", "oldest", "onlyTrashed", "orHas", "orWhere", "orWhereHas",
        "orWhereIn", "orWhereNotNull", "orWhereNull", "orderBy", "orderByDesc", "orderByRaw", "query",
        "reorder", "scopes", "select", "sharedLock", "skip", "take", "unless", "when", "where",
        "whereBelongsTo", "whereBetween", "whereColumn", "whereDate", "whereDay", "whereDoesntHave",
        "whereExists", "whereHas", "whereIn", "whereKey", "whereKeyNot", "whereMonth", "whereNot",
        "whereNotBetween", "whereNotIn", "whereNotNull", "whereNull", "whereRaw", "whereRelation", "whereTime",
        "whereYear", "with", "withAvg", "withCount", "withExists", "withMax", "withMin", "withSum",
        "withTrashed", "withoutGlobalScope", "withoutGlobalScopes", "withoutTrashed",
    }
)  # fmt: skip
"""Methods that give a query for rows of the model."""

_SHARED = frozenset(
    {
        "has", "select", "skip", "take", "unless", "when", "where", "whereBetween", "whereIn",
        "whereNotBetween", "whereNotIn", "whereNotNull", "whereNull",
    }
)  # fmt: skip
"""Those of them that a collection has as well: they don't tell what the chain is."""

_RUN = frozenset(
    {
        "all", "chunk", "chunkById", "chunkByIdDesc", "cursorPaginate", "each", "eachById", "find", "findMany",
        "findOrFail", "first", "firstOrFail", "firstWhere", "get", "lazy", "lazyById", "lazyByIdDesc",
        "paginate", "simplePaginate", "sole",
    }
)  # fmt: skip
"""Methods that run it and give rows: the load goes before them."""

_REFUSE = "cursor"
"""Gives one row after the other, without what was to be loaded: https://laravel.com/docs/eloquent#cursors."""


class _Splice(msgspec.Struct, frozen=True):
    """Text in the place of some bytes."""

    start: int
    end: int
    text: str


def load(content: bytes, span: Span, paths: frozenset[Path], class_named: ClassNamed) -> Load | None:
    """As `Writer` says; relations go by their names, so that no class has to be named."""
    source = Source(content)
    if source.data != content:
        return None  # no UTF-8
    root = source.file()
    calls = [node for node in _nodes(root) if node.type in _CALLS]
    call = next((node for node in calls if source.span(node) == span), None)
    if call is None or any(_name(node) == _REFUSE for node in calls):
        return None
    names = [f"'{dotted(path)}'" for path in longest(paths)]
    splice = _splice(source, call, names)
    if splice is None:
        return None
    fixed = content[: splice.start] + splice.text.encode() + content[splice.end :]
    return Load(fixed, f"->with({', '.join(names)})")


def _splice(source: Source, call: Node, names: list[str]) -> _Splice | None:
    """What to change in a chain that ends in a call; None where it is not known to build a query."""
    listed = ", ".join(names)
    name = call.child_by_field_name("name")
    assert name is not None
    if _name(call) in _RUN:
        if call.type == _STATIC:
            get = f"with({listed})->get" if _name(call) == "all" else f"with({listed})->{_name(call)}"
            return _Splice(name.start_byte, name.end_byte, get)
        receiver = call.child_by_field_name("object")
        if receiver is None or receiver.type not in _CALLS or _name(call) == "all":
            return None
        return _splice(source, receiver, names)
    if not _is_query(call):
        return None
    for node in (call, *_before(call)):
        last = _last_loaded(node) if _name(node) == "with" else None
        if last is not None:
            return _Splice(last.end_byte, last.end_byte, "".join(f"{_between(source, last)}{name}" for name in names))
    return _Splice(call.end_byte, call.end_byte, f"{_arrow(source, call)}with({listed})")


def _is_query(call: Node) -> bool:
    """
    Whether a chain builds a query: known methods from its end to one that only queries have, or to its start.

    `$this->visible($orders)->orderBy('id')->take(3)` does, `$this->visible($orders)->take(3)` may be a collection.
    """
    for node in (call, *_before(call)):
        if _name(node) not in _BUILD:
            return False
        if _name(node) not in _SHARED:
            return True
    return True


def _nodes(root: Node) -> Iterator[Node]:
    """The nodes of a tree in the order of the text, without a recursion: a file may be nested to any depth."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.named_children))


def _name(call: Node) -> str:
    """The name of the method that is called; empty where it is computed."""
    name = call.child_by_field_name("name")
    return name.text.decode() if name is not None and name.type == "name" and name.text is not None else ""


def _before(call: Node) -> Iterator[Node]:
    """The calls before this one in its chain, nearest first; what the chain starts from is not looked at."""
    receiver = call.child_by_field_name("object")
    while receiver is not None and receiver.type in _CALLS:
        yield receiver
        receiver = receiver.child_by_field_name("object")


def _last_loaded(call: Node) -> Node | None:
    """The last relation that `with('a', 'b')` or `with(['a', 'b' => …])` names, where one more can follow it."""
    arguments = call.child_by_field_name("arguments")
    listed = [] if arguments is None else [node for node in arguments.named_children if node.type != "comment"]
    inner = [node.named_children[0] for node in listed if node.type == "argument" and node.named_child_count == 1]
    if len(inner) != len(listed) or not inner:
        return None
    if len(inner) == 1 and inner[0].type == "array_creation_expression":
        elements = [node for node in inner[0].named_children if node.type == "array_element_initializer"]
        return elements[-1] if elements else None
    return listed[-1] if all(node.type == "string" for node in inner) else None


def _between(source: Source, last: Node) -> str:
    """What separates the elements of a list, so that one more may follow: on lines of their own, if they are."""
    before = last.prev_sibling
    gap = source.text(before.end_byte, last.start_byte) if before is not None else ""
    return f",{gap}" if gap.strip() == "" and "\n" in gap else ", "


def _arrow(source: Source, call: Node) -> str:
    """The arrow before one more call: on a line of its own where those around it are."""
    after = call.parent
    for link in (after, call):
        receiver = link.child_by_field_name("object") if link is not None and link.type in _CALLS else None
        name = link.child_by_field_name("name") if link is not None else None
        if receiver is not None and name is not None and (link is call or receiver == call):
            gap = source.text(receiver.end_byte, name.start_byte)
            if gap.strip() == "->":
                return gap
    return "->"

"""
How often a loop runs, as far as its text tells. What is known to be short stays silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers import ir
from analyzers.effects.frame import Frame
from analyzers.effects.tree import Count

COLLECTIONS = frozenset(
    {
        "list", "List", "Sequence", "Iterable", "Collection", "set", "Set", "tuple", "Tuple", "frozenset", "dict",
        "Dict", "Mapping", "Iterator", "Generator", "AsyncIterator", "Page", "InstrumentedList",
    }
)  # fmt: skip
_BATCH = re.compile(r"batch|chunk|attempt|retr(y|ies)|partition", re.IGNORECASE)
_PAGE = re.compile(r"(^|_)page", re.IGNORECASE)
_FEW = re.compile(
    r"(^|\.)(_meta|metadata|settings|choices|__members__|__dict__|environ|argv|fields|base_fields|changed_data|errors)(\.|$|\()"
)
_CONSTANT = re.compile(r"^(\w+\.)*[A-Z][A-Z0-9_]+$")


def limit(iterable: ir.Expr, target: ir.Expr, frame: Frame) -> Count:
    """The most that the text of a loop admits: FEW for constants, batches and what the code itself defines."""
    text = _chain(iterable)
    if (
        _CONSTANT.match(text)
        or _FEW.search(text)
        or _BATCH.search(_chain(target))
        or _BATCH.search(text)
        or _PAGE.search(_chain(target))
    ):
        return Count.FEW
    if isinstance(iterable, ir.Call) and ir.dotted(iterable.callee) in ("range", "xrange"):
        few = len(iterable.arguments) == 3 or all(isinstance(argument, ir.Constant) for argument in iterable.arguments)
        return Count.FEW if few else Count.ROWS
    return Count.ROWS


def _chain(node: ir.Expr | None) -> str:
    """Names along a chain of attributes and calls: `self.batches()` gives "self.batches()"."""
    match node:
        case ir.Name():
            return node.id
        case ir.Attribute() | ir.Lookup():
            return f"{_chain(node.value)}.{node.name}"
        case ir.Call():
            name = _chain(node.callee)
            if name in ("enumerate", "sorted", "list", "reversed", "iter", "set", "tuple", "keyed") and node.arguments:
                return _chain(node.arguments[0])
            return f"{name}()"
        case ir.Subscript():
            return f"{_chain(node.value)}"
        case ir.Collection():
            return " ".join(_chain(item) for item in node.items)
    return ""


def ends_early(body: tuple[ir.Stmt, ...]) -> bool:
    """
    Whether a loop leaves at its first hit: it ends with `break` or `return`, or with a test that leaves.
    """
    if not body:
        return False
    last = body[-1]
    if isinstance(last, (ir.Break, ir.Return, ir.Raise)):
        return True
    if isinstance(last, ir.Try):
        return (bool(last.body) and isinstance(last.body[-1], (ir.Break, ir.Return))) or ends_early(last.other)
    if isinstance(last, ir.If) and not last.other:
        return bool(last.then) and isinstance(last.then[-1], (ir.Break, ir.Return))
    return False


def memo_filled(node: ir.If) -> str | None:
    """
    What a test finds missing and the code under it fills, so that this code runs once; None where nothing is so.

        if key not in seen: ...; seen.add(key)                 gives "seen"
        if live and self._total is None: self._total = ...     gives "self._total"
        if value is None: ...; cache.set(key, value)           gives "value"
    """
    for memo in _missing(node.test):
        if any(_fills(statement, memo) or _caches(statement) for statement in _always(node.then)):
            return memo
    return None


def memo_passed(node: ir.If, rest: tuple[ir.Stmt, ...]) -> str | None:
    """
    What a test that leaves asks for and the code after it fills, so that this code runs once.

        if key in seen: continue        gives "seen", where `rest` says `seen.add(key)`
        if order.paid: return           gives "order.paid", where it says `order.paid = True`
    """
    if node.other or not node.then or not isinstance(node.then[-1], (ir.Continue, ir.Return)):
        return None
    return next(
        (memo for memo in _there(node.test) if any(_fills(statement, memo) for statement in _always(rest))), None
    )


def _there(test: ir.Expr) -> list[str]:
    """What a test may find to be there already: containers of keys, attributes."""
    nodes = list(ir.walk(test))
    found = [_chain(n.operands[-1]) for n in nodes if isinstance(n, ir.Operation) and n.operator == "in"]
    return found + [_chain(n) for n in nodes if isinstance(n, ir.Attribute)]


def _missing(test: ir.Expr) -> list[str]:
    """What is not there yet where a test holds."""
    if not isinstance(test, ir.Operation) or not test.operands:
        return []
    match test.operator:
        case "and":
            return [memo for operand in test.operands for memo in _missing(operand)]
        case "not in":
            return [_chain(test.operands[-1])]
        case "not":
            return [_chain(test.operands[0])]
        case "is" | "==" if isinstance(test.operands[-1], ir.Constant):
            return [_chain(test.operands[0])]
    return []


def _always(body: tuple[ir.Stmt, ...]) -> Iterator[ir.Stmt]:
    """Statements that run whenever their block does, if there is anything to do."""
    for statement in body:
        yield statement
        if isinstance(statement, (ir.With, ir.Try, ir.For)):
            yield from _always(statement.body)


def _fills(statement: ir.Stmt, memo: str) -> bool:
    """`memo[key] = ...`, `memo.add(key)`, `order.memo = ...`; a plain name is forgotten with its function."""
    if isinstance(statement, ir.Assign):
        return any(
            (isinstance(target, ir.Subscript) and _chain(target.value) == memo)
            or (isinstance(target, ir.Attribute) and _chain(target) == memo)
            for target in statement.targets
        )
    if isinstance(statement, ir.Evaluate) and isinstance(statement.value, ir.Call):
        return _chain(statement.value.callee) in (f"{memo}.add", f"{memo}.append", f"{memo}.setdefault")
    return False


def _caches(statement: ir.Stmt) -> bool:
    """`cache.set(...)`."""
    if not isinstance(statement, ir.Evaluate) or not isinstance(statement.value, ir.Call):
        return False
    receiver, _, name = _chain(statement.value.callee).rpartition(".")
    return name in ("set", "add", "set_many", "aset") and "cache" in receiver.lower()

"""
How often a loop runs, as far as its text tells. What is known to be short stays silent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzers import ir
from analyzers.effects.tree import Count

if TYPE_CHECKING:
    from analyzers.effects.interpreter import Frame

COLLECTIONS = frozenset(
    {
        "list", "List", "Sequence", "Iterable", "Collection", "set", "Set", "tuple", "Tuple", "frozenset", "dict",
        "Dict", "Mapping", "Iterator", "Generator", "AsyncIterator", "Page", "InstrumentedList",
    }
)  # fmt: skip
_BATCH = re.compile(r"batch|chunk|attempt|retr(y|ies)|partition", re.IGNORECASE)
_PAGE = re.compile(r"(^|_)page", re.IGNORECASE)
_FEW = re.compile(
    r"(^|\.)(_meta|settings|choices|__members__|__dict__|environ|argv|fields|base_fields|changed_data|errors)(\.|$|\()"
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


def skips_seen(node: ir.If, rest: tuple[ir.Stmt, ...]) -> bool:
    """Whether a test passes over what was met before: `if key in seen: continue`, with `seen.add(key)` after it."""
    test = node.test
    if not isinstance(test, ir.Operation) or test.operator != "in" or node.other:
        return False
    return (
        bool(node.then)
        and isinstance(node.then[-1], ir.Continue)
        and any(_fills(s, _chain(test.operands[-1])) for s in rest)
    )


def is_memo(node: ir.If, *, shared: bool) -> bool:
    """
    Whether a test guards the filling of a memo, so that its body runs once per key.

    `if key not in seen: seen[key] = load(key)` is one; so is `if self._total is None: self._total = count()`, when the
    object is `shared` by the iterations.
    """
    test = node.test
    if not isinstance(test, ir.Operation) or not test.operands:
        return False
    if test.operator == "not" or (test.operator in ("is", "==") and isinstance(test.operands[-1], ir.Constant)):
        memo = _chain(test.operands[0])
        return any(_remembers(statement, memo, shared=shared) for statement in node.then)
    if test.operator == "not in":
        memo = _chain(test.operands[-1])
        return any(_fills(statement, memo) for statement in node.then)
    return False


def _remembers(statement: ir.Stmt, memo: str, *, shared: bool) -> bool:
    """`cache.set(...)`, or `self.memo = ...` where the object is not one of the rows."""
    if isinstance(statement, ir.Evaluate) and isinstance(statement.value, ir.Call):
        receiver, _, name = _chain(statement.value.callee).rpartition(".")
        return name in ("set", "add", "set_many", "aset") and "cache" in receiver.lower()
    if isinstance(statement, ir.Assign) and shared and memo.startswith(("self.", "cls.")):
        return any(_chain(target) == memo for target in statement.targets)
    return False


def _fills(statement: ir.Stmt, memo: str) -> bool:
    if isinstance(statement, ir.Assign):
        return any(isinstance(target, ir.Subscript) and _chain(target.value) == memo for target in statement.targets)
    if isinstance(statement, ir.Evaluate) and isinstance(statement.value, ir.Call):
        return _chain(statement.value.callee) in (f"{memo}.add", f"{memo}.append", f"{memo}.setdefault")
    return False

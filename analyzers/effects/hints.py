"""
What annotations tell of values whose origin is not known.
"""

from __future__ import annotations

from analyzers import ir
from analyzers.effects import counts
from analyzers.effects.machine import Machine
from analyzers.effects.tree import Count
from analyzers.effects.values import (
    Items,
    Object,
    QuerySet,
    Row,
    Value,
)
from analyzers.findings import Confidence
from analyzers.program.symbols import ClassSymbol, ModuleSymbol


def annotated(it: Machine, annotation: ir.Expr | None, module: ModuleSymbol) -> Value | None:
    """
    What an annotation tells of a value whose origin is not known: its rows may have come with anything.
    """
    if isinstance(annotation, ir.Operation) and annotation.operator == "|":
        parts = [it.annotated(part, module) for part in annotation.operands]
        return next((part for part in parts if part is not None), None)
    if isinstance(annotation, ir.Subscript):
        return _annotated_generic(it, annotation, module)
    symbol = it.program.class_of(module, annotation) if annotation is not None else None
    if not isinstance(symbol, ClassSymbol):
        return None
    symbol = it.lookups.completed(symbol)
    model = it.orm.model(symbol)
    if model is not None:
        return Row(model, it.loops, None, assumed=Confidence.POSSIBLE)
    if it.orm.query_set_framework(symbol) is not None:
        return None  # of which model it does not say
    return Object(symbol, it.loops)


def _annotated_generic(it: Machine, annotation: ir.Subscript, module: ModuleSymbol) -> Value | None:
    name = (ir.dotted(annotation.value) or "").rpartition(".")[2]
    key = annotation.key
    parts = key.items if isinstance(key, ir.Collection) else (key,)
    if not parts:  # `tuple[()]`
        return None
    if name in ("Optional", "Annotated", "Union", "Type", "Awaitable", "Coroutine"):
        found = it.annotated(parts[-1] if name == "Coroutine" else parts[0], module)
        return found if name != "Type" else None
    inner = it.annotated(parts[-1] if name in ("dict", "Dict", "Mapping") else parts[0], module)
    if name.endswith(("QuerySet", "Manager", "Query")) and isinstance(inner, Row):
        return QuerySet(inner.model, it.loops, None, assumed=Confidence.POSSIBLE)
    if name in counts.COLLECTIONS and inner is not None:
        return Items(inner, Count.ROWS if isinstance(inner, Row) else Count.UNKNOWN)
    return it.annotated(annotation.value, module)

"""
What the stubs of framework models may call by name (`__serialize__(self)`), where a class is read instead of run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from analyzers import ir
from analyzers.effects import columns, readers, templates
from analyzers.effects.values import UNKNOWN, Value

if TYPE_CHECKING:
    from analyzers.effects.interpreter import Frame, Interpreter

Intrinsic: TypeAlias = "Callable[[Interpreter, tuple[Value, ...], Frame, ir.Node], Value]"


def _render(it: Interpreter, arguments: tuple[Value, ...], frame: Frame, node: ir.Node) -> Value:
    """`__render__(template, context)`"""
    template, context = (*arguments, UNKNOWN, UNKNOWN)[:2]
    return templates.render(it, template, context, frame, node)


INTRINSICS: dict[str, Intrinsic] = {
    "__admin_rows__": columns.admin_rows,
    "__follow__": columns.follow,
    "__loaded__": readers.loaded,
    "__meta_model__": columns.meta_model,
    "__model_of_admin__": columns.model_of_admin,
    "__read_as__": readers.read_as,
    "__read_cells__": columns.read_cells,
    "__read_columns__": columns.read_columns,
    "__read_fields__": readers.read_fields,
    "__render__": _render,
    "__serialize__": readers.serialize,
}

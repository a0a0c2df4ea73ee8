"""
What the stubs of framework models may call by name (`__serialize__(self)`), where a class is read instead of run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from analyzers import ir
from analyzers.effects import columns, readers, templates
from analyzers.effects.frame import Frame
from analyzers.effects.machine import Machine
from analyzers.effects.values import UNKNOWN, Class, Const, QuerySet, Row, Value

Intrinsic: TypeAlias = "Callable[[Machine, tuple[Value, ...], Frame, ir.Node], Value]"


def _render(it: Machine, arguments: tuple[Value, ...], frame: Frame, node: ir.Node) -> Value:
    """`__render__(template, context)`"""
    template, context = (*arguments, UNKNOWN, UNKNOWN)[:2]
    return templates.render(it, template, context, frame, node)


def _label_of(it: Machine, arguments: tuple[Value, ...], frame: Frame, node: ir.Node) -> Value:
    """`__label_of__(rows, "_list")`: "order_list", from the model of a row or a query set."""
    match arguments:
        case (QuerySet(model=model) | Row(model=model), Const(value=str() as suffix)):
            return Const(f"{model.symbol.name.lower()}{suffix}")
    return UNKNOWN


def _template_of(it: Machine, arguments: tuple[Value, ...], frame: Frame, node: ir.Node) -> Value:
    """`__template_of__(rows, "_list")`: "shop/order_list.html", in the folder of the app that holds the model."""
    label = _label_of(it, arguments, frame, node)
    shown = arguments[0] if arguments else UNKNOWN
    if not isinstance(label, Const) or not isinstance(shown, (QuerySet, Row)):
        return UNKNOWN
    folders = shown.model.symbol.module.path.split("/")[:-1]
    if "models" in folders:
        folders = folders[: folders.index("models")]
    return Const("/".join([*folders[-1:], f"{label.value}.html"]))


def _model_named(it: Machine, arguments: tuple[Value, ...], frame: Frame, node: ir.Node) -> Value:
    """`__model_named__("shop", "Order")`, `__model_named__("shop.order", None)`: the model of an app by its name."""
    texts = [part.value for part in arguments if isinstance(part, Const) and isinstance(part.value, str)]
    app, _, name = ".".join(texts).rpartition(".")
    found = it.orm.in_app(app, name) if app and name else None
    return Class(found) if found is not None else UNKNOWN


INTRINSICS: dict[str, Intrinsic] = {
    "__admin_rows__": columns.admin_rows,
    "__follow__": columns.follow,
    "__loaded__": readers.loaded,
    "__label_of__": _label_of,
    "__make_each__": readers.make_each,
    "__meta_model__": columns.meta_model,
    "__model_named__": _model_named,
    "__model_of_admin__": columns.model_of_admin,
    "__read_as__": readers.read_as,
    "__read_cells__": columns.read_cells,
    "__read_columns__": columns.read_columns,
    "__read_fields__": readers.read_fields,
    "__read_includes__": readers.read_includes,
    "__render__": _render,
    "__serialize__": readers.serialize,
    "__template_of__": _template_of,
}

"""
Code as a reader would quote it.
"""

from __future__ import annotations

from analyzers import ir

TEXT = 60
"""Characters of code quoted in a message."""


def describe(node: ir.Node) -> str:
    """The code of an expression as a reader would quote it, shortened."""
    text = _text(node)
    return text if len(text) <= TEXT else text[: TEXT - 1] + "…"


def _text(node: ir.Node | None) -> str:
    match node:
        case ir.Name():
            return node.id
        case ir.Attribute() | ir.Lookup():
            return f"{_text(node.value)}.{node.name}"
        case ir.Call():
            name = _text(node.callee)
            if name.startswith("filter:") or name == "print":
                return _text(node.arguments[0]) if node.arguments else name
            return f"{name}({'…' if node.arguments or node.keywords else ''})"
        case ir.Subscript():
            return f"{_text(node.value)}[…]"
        case ir.Collection():
            return ", ".join(_text(item) for item in node.items) if node.kind == "tuple" else "…"
        case ir.Constant():
            return repr(node.value)
        case ir.Await():
            return _text(node.value)
        case ir.Function() | ir.Class() | ir.Field():
            return node.name
    return "…"

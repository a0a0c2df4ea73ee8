"""
The patterns of Python's `match` as IR, and what they bind.

    case Order(owner=name)     Call(Name("Order"), keywords owner=Name("name")), binds name = subject.owner
    case [first, *rest]        Collection("tuple", (first, Spread(rest))), binds first = subject[0], rest = subject[1:]
    case {"id": id} | None     Operation("|", (Collection("dict", ...), Constant(None))), binds id = subject["id"]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tree_sitter import Node

from analyzers import ir
from analyzers.languages.python_expressions import Expressions, negated
from analyzers.languages.python_nodes import DEEPEST, NOISE, by_kind, kinds
from analyzers.span import Span

_KEYWORD_PATTERN = kinds("keyword_pattern")


class Patterns:
    """
    The pattern of one case: the expression that would make what it matches, in which a name stands for anything.

    The methods in the table below take a node, what is matched against it, its span, and the depth of what lies in it.
    """

    def __init__(self, file: Expressions) -> None:
        self.bindings: list[ir.Binding] = []
        """What the pattern binds, in the order of the text."""
        self._file = file

    def read(self, node: Node, subject: ir.Expr, depth: int) -> ir.Expr:
        """Read a pattern that lies `depth` constructs deep."""
        reader = _PATTERNS.get(node.kind_id)
        if reader is None:
            return self._file.expr(node, depth)
        span = self._file.span(node)
        if depth > DEEPEST:
            return self._file.too_deep(node, span)
        return reader(self, node, subject, span, depth + 1)

    def sequence(self, parts: list[Node], subject: ir.Expr, span: Span, depth: int) -> ir.Expr:
        """`first, *rest, last` binds `subject[0]`, `subject[1:-1]` and `subject[-1]`."""
        items: list[ir.Expr] = []
        starred = False
        for index, part in enumerate(parts):
            place = self._file.span(part)
            key: ir.Expr = ir.Constant(place, index - len(parts) if starred else index)
            if self._file.text.startswith("*", part.start_byte):
                starred = True
                after = index + 1 - len(parts)
                key = ir.Slice(place, ir.Constant(place, index), ir.Constant(place, after) if after else None)
            items.append(self.read(part, ir.Subscript(place, subject, key), depth))
        return ir.Collection(span, "tuple", tuple(items))

    def _inside(self, node: Node, subject: ir.Expr, depth: int) -> list[ir.Expr]:
        """The patterns directly inside a node. The grammar gives the sign of a number as a token before it."""
        found: list[ir.Expr] = []
        negative = False
        for child in node.children:
            if child.is_named and child.kind_id not in NOISE:
                pattern = self.read(child, subject, depth)
                found.append(negated(pattern, pattern.span) if negative else pattern)
            negative = child.type == "-"
        return found

    def _case(self, node: Node, subject: ir.Expr, span: Span, depth: int) -> ir.Expr:
        inside = self._inside(node, subject, depth)
        return inside[0] if inside else ir.Name(span, "_")

    def _dotted(self, node: Node, subject: ir.Expr, span: Span, depth: int) -> ir.Expr:
        """`name` binds; `module.NAME` is a value."""
        pattern = self._file.dotted_name(node, span, depth)
        if isinstance(pattern, ir.Name):
            self.bindings.append(ir.Binding(span, pattern, subject))
        return pattern

    def _as(self, node: Node, subject: ir.Expr, span: Span, depth: int) -> ir.Expr:
        inner, *names = self._file.parts(node)
        pattern = self.read(inner, subject, depth)
        self.bindings += [ir.Binding(span, self._file.name(name), subject) for name in names]
        return pattern

    def _union(self, node: Node, subject: ir.Expr, span: Span, depth: int) -> ir.Expr:
        return ir.Operation(span, "|", tuple(self._inside(node, subject, depth)))

    def _class(self, node: Node, subject: ir.Expr, span: Span, depth: int) -> ir.Expr:
        callee_node, *parts = self._file.parts(node)
        callee = self._file.dotted_name(callee_node, span, depth)
        arguments: list[ir.Expr] = []
        keywords: list[ir.Keyword] = []
        for part in parts:
            place = self._file.span(part)
            named = [inner for inner in self._file.parts(part) if inner.kind_id in _KEYWORD_PATTERN]
            if named:
                name = self._file.source(self._file.parts(named[0])[0])
                inside = self._inside(named[0], ir.Attribute(place, subject, name), depth)
                keywords.append(ir.Keyword(name, inside[1] if len(inside) > 1 else ir.Name(place, "_")))
            else:
                # `Point(x)` takes the attribute that `Point.__match_args__[0]` names.
                # https://peps.python.org/pep-0634/#class-patterns
                names = ir.Attribute(place, callee, "__match_args__")
                name_of = ir.Subscript(place, names, ir.Constant(place, len(arguments)))
                value = ir.Call(place, ir.Name(place, "getattr"), (subject, name_of))
                arguments.append(self.read(part, value, depth))
        return ir.Call(span, callee, tuple(arguments), tuple(keywords))

    def _sequence(self, node: Node, subject: ir.Expr, span: Span, depth: int) -> ir.Expr:
        """`(first, last)` and `[first, last]`; `(pattern)` is in parentheses only."""
        parts = self._file.parts(node)
        source = self._file.source(node)
        if len(parts) == 1 and source.startswith("(") and "," not in source[parts[0].end_byte - node.start_byte :]:
            return self.read(parts[0], subject, depth)
        return self.sequence(parts, subject, span, depth)

    def _splat(self, node: Node, subject: ir.Expr, span: Span, _: int) -> ir.Expr:
        """`*rest`, whose name may be missing: `*_`."""
        for name in self._file.parts(node):
            target = self._file.name(name)
            self.bindings.append(ir.Binding(span, target, subject))
            return ir.Spread(span, target)
        return ir.Spread(span, ir.Name(span, "_"))

    def _mapping(self, node: Node, subject: ir.Expr, span: Span, depth: int) -> ir.Expr:
        """`{"id": id, **rest}`; `rest` is bound to the whole subject."""
        keys: list[ir.Expr | None] = []
        items: list[ir.Expr] = []
        for part in self._file.parts(node):
            if self._file.text.startswith("**", part.start_byte):
                keys.append(None)
                items.append(self.read(part, subject, depth))
            elif len(keys) == len(items):
                keys.append(self._file.expr(part, depth))
            else:
                key = keys[-1] or ir.Constant(span, None)
                items.append(self.read(part, ir.Subscript(self._file.span(part), subject, key), depth))
        return ir.Collection(span, "dict", tuple(items), tuple(keys[: len(items)]))


_Reader: TypeAlias = Callable[[Patterns, Node, ir.Expr, Span, int], ir.Expr]

_PATTERNS: dict[int, _Reader] = by_kind(
    {
        "as_pattern": Patterns._as,
        "case_pattern": Patterns._case,
        "class_pattern": Patterns._class,
        "dict_pattern": Patterns._mapping,
        "dotted_name": Patterns._dotted,
        "list_pattern tuple_pattern": Patterns._sequence,
        "splat_pattern": Patterns._splat,
        "union_pattern": Patterns._union,
    }
)

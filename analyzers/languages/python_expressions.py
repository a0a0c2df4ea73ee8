"""
Python's expressions, targets, parameters and annotations as IR.

    a < b < c               Operation("and", (Operation("<", (a, b)), Operation("<", (b, c))))
    a + b + c               Operation("+", (a, b, c))
    f"{price:{width}}"      Template((price, width))
    order: "list[Order]"    the annotation is Subscript(Name("list"), Name("Order"))
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, TypeAlias

from tree_sitter import Node

from analyzers import ir
from analyzers.languages.python_nodes import DEEPEST, NOISE, Nodes, by_kind, kinds
from analyzers.languages.python_text import Text, number, quotes, unescaped
from analyzers.span import Span

_ARGUMENTS = kinds("argument_list")
_CHAINED = kinds("binary_operator", "boolean_operator")
_CONTENT = kinds("string_content")
_CONVERSION = kinds("type_conversion")
_FOR = kinds("for_in_clause")
_FORMAT = kinds("format_specifier")
_IF = kinds("if_clause")
_INTERPOLATION = kinds("interpolation")
_KEYWORD = kinds("keyword_argument")
_PAIR = kinds("pair")
_SPLAT = kinds("dictionary_splat")

_ASSOCIATIVE = frozenset({"+", "*", "|", "&", "and", "or"})
"""Operators whose chains are one operation: `a + b + c` has three operands."""
_SIMPLE_TYPE = re.compile(r"[\w.\[\], |]+")
"""What a quoted annotation may hold to be read: `"Order"`, `"list[shop.Order] | None"`."""
_UNREAD_TYPES = frozenset({"Literal"})
"""Types whose arguments are text, not types."""


class Expressions(Nodes):
    """
    The expressions of one file.

    The methods in the tables below take a node, its span and the depth of what lies in it.
    """

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.yields = False
        """Whether the function that is being lowered has a `yield` of its own."""

    def expr(self, node: Node, depth: int) -> ir.Expr:
        """Lower an expression or a target that lies `depth` constructs deep."""
        span = self.place(node.start_byte, node.end_byte)
        if depth > DEEPEST:
            return self.too_deep(node, span)
        return _EXPRESSIONS.get(node.kind_id, Expressions._nothing)(self, node, span, depth + 1)

    def too_deep(self, node: Node, span: Span) -> ir.Expr:
        self.report("too deeply nested", node)
        return ir.Constant(span, None)

    def _nothing(self, _node: Node, span: Span, _: int) -> ir.Expr:
        return ir.Constant(span, None)

    def first(self, node: Node, depth: int) -> ir.Expr | None:
        """The first expression directly inside a node."""
        for child in self.parts(node):
            return self.expr(child, depth)
        return None

    def field(self, node: Node, name: str, depth: int) -> ir.Expr:
        """The expression in a field of a node; nothing where it is missing."""
        child = node.child_by_field_name(name)
        return self.expr(child, depth) if child is not None else ir.Constant(self.span(node), None)

    def exprs(self, node: Node, depth: int) -> tuple[ir.Expr, ...]:
        """All expressions directly inside a node."""
        return tuple([self.expr(child, depth) for child in node.named_children if child.kind_id not in NOISE])

    def name(self, node: Node) -> ir.Name:
        """A node that is known to be a name."""
        return ir.Name(self.span(node), self.source(node))

    def _name(self, node: Node, span: Span, _: int) -> ir.Expr:
        return ir.Name(span, self.text[node.start_byte : node.end_byte])

    def _attribute(self, node: Node, span: Span, depth: int) -> ir.Expr:
        value, *_, name = self.pair(node)
        return ir.Attribute(span, self.expr(value, depth), self.text[name.start_byte : name.end_byte])

    def dotted_name(self, node: Node, _span: Span, _: int) -> ir.Expr:
        first, *others = self.parts(node)
        value: ir.Expr = self.name(first)
        for part in others:
            value = ir.Attribute(self.place(node.start_byte, part.end_byte), value, self.source(part))
        return value

    def _inner(self, node: Node, span: Span, depth: int) -> ir.Expr:
        """What is only wrapped: parentheses, `type`, `format_expression`..."""
        return self.first(node, depth) or ir.Constant(span, None)

    def _call(self, node: Node, span: Span, depth: int) -> ir.Expr:
        callee, *_, inner = self.pair(node)
        value = self.expr(callee, depth)
        if inner.kind_id in _ARGUMENTS:
            arguments, keywords = self.arguments(inner, depth)
            return ir.Call(span, value, arguments, keywords)
        return ir.Call(span, value, (self.expr(inner, depth),))

    def arguments(self, node: Node, depth: int) -> tuple[tuple[ir.Expr, ...], tuple[ir.Keyword, ...]]:
        arguments: list[ir.Expr] = []
        keywords: list[ir.Keyword] = []
        for child in node.named_children:
            kind = child.kind_id
            if kind in NOISE:
                continue
            if kind in _KEYWORD:
                name, *_, value = self.pair(child)
                keywords.append(ir.Keyword(self.source(name), self.expr(value, depth)))
            elif kind in _SPLAT:
                keywords.append(ir.Keyword(None, self.first(child, depth) or ir.Constant(self.span(child), None)))
            else:
                arguments.append(self.expr(child, depth))
        return tuple(arguments), tuple(keywords)

    def _subscript(self, node: Node, span: Span, depth: int) -> ir.Expr:
        value, *keys = self.parts(node)
        lowered = self.expr(value, depth)
        return ir.Subscript(span, lowered, self._key(keys, span, depth))

    def _key(self, nodes: list[Node], span: Span, depth: int) -> ir.Expr:
        if len(nodes) == 1:
            return self.expr(nodes[0], depth)
        if nodes:
            span = self.place(nodes[0].start_byte, nodes[-1].end_byte)
        return ir.Collection(span, "tuple", tuple(self.expr(node, depth) for node in nodes))

    def _generic_type(self, node: Node, span: Span, depth: int) -> ir.Expr:
        """`list[int]` where the grammar knows that it is a type."""
        value, *params = self.parts(node)
        keys = [key for part in params for key in self.parts(part)]
        return ir.Subscript(span, self.expr(value, depth), self._key(keys, span, depth))

    def _union_type(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return ir.Operation(span, "|", self.exprs(node, depth))

    def _member_type(self, node: Node, span: Span, depth: int) -> ir.Expr:
        value, *_, name = self.parts(node)
        return ir.Attribute(span, self.expr(value, depth), self.source(name))

    def _slice(self, node: Node, span: Span, depth: int) -> ir.Expr:
        ends: list[ir.Expr | None] = [None, None, None]
        index = 0
        for child in node.children:
            if child.type == ":":
                index += 1
            elif child.is_named and child.kind_id not in NOISE and index < 3:
                ends[index] = self.expr(child, depth)
        return ir.Slice(span, ends[0], ends[1])

    def _chain(self, node: Node, span: Span, depth: int) -> ir.Expr:
        """A binary operator; `a + b + c` is one operation."""
        left, operator, right = self._operands(node)
        operands = [self.expr(right, depth)]
        while operator in _ASSOCIATIVE and left.kind_id in _CHAINED:
            inner, inner_operator, right = self._operands(left)
            if inner_operator != operator:
                break
            operands.append(self.expr(right, depth))
            left = inner
        operands.append(self.expr(left, depth))
        return ir.Operation(span, operator, tuple(reversed(operands)))

    def _operands(self, node: Node) -> tuple[Node, str, Node]:
        children = node.children
        if len(children) != 3:
            children = [child for child in children if child.kind_id not in NOISE]
        return children[0], self.source(children[1]), children[-1]

    def _comparison(self, node: Node, span: Span, depth: int) -> ir.Expr:
        """
        A comparison or a chain of them. What stands between two operators is evaluated once.

            a < count() < b     (a < (<between> := count())) and (<between> < b)
        """
        nodes: list[Node] = []
        operators: list[str] = []
        for child in node.children:
            if child.kind_id in NOISE:
                continue
            if child.is_named:
                nodes.append(child)
            else:
                operators.append(" ".join(self.source(child).split()))
        operands = [self.expr(child, depth) for child in nodes]
        pairs: list[ir.Expr] = []
        left = operands[0]
        for index, (operator, right) in enumerate(zip(operators, operands[1:], strict=False), start=1):
            following = right
            if index < len(operators) and not isinstance(right, (ir.Name, ir.Constant)):
                following = ir.Name(right.span, "<between>")
                right = ir.Binding(right.span, following, right)
            place = self.place(nodes[index - 1].start_byte, nodes[index].end_byte)
            pairs.append(ir.Operation(place, operator, (left, right)))
            left = following
        return pairs[0] if len(pairs) == 1 else ir.Operation(span, "and", tuple(pairs))

    def _not(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return ir.Operation(span, "not", self.exprs(node, depth))

    def _unary(self, node: Node, span: Span, depth: int) -> ir.Expr:
        operand = self.first(node, depth) or ir.Constant(span, None)
        operator = self.text[node.start_byte]
        return negated(operand, span) if operator == "-" else ir.Operation(span, operator, (operand,))

    def _conditional(self, node: Node, span: Span, depth: int) -> ir.Expr:
        then, test, other = self.exprs(node, depth)
        return ir.Conditional(span, test, then, other)

    def _binding(self, node: Node, span: Span, depth: int) -> ir.Expr:
        target, *_, value = self.exprs(node, depth)
        return ir.Binding(span, target, value)

    def _as(self, node: Node, span: Span, depth: int) -> ir.Expr:
        """`context as name` where only an expression may stand."""
        value, target = self.exprs(node, depth)
        return ir.Binding(span, target, value)

    def _await(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return ir.Await(span, self._inner(node, span, depth))

    def _yield(self, node: Node, span: Span, depth: int) -> ir.Expr:
        self.yields = True
        every = any(child.type == "from" for child in node.children)
        return ir.Yield(span, self.first(node, depth), every)

    def _spread(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return ir.Spread(span, self._inner(node, span, depth))

    def _lambda(self, node: Node, span: Span, depth: int) -> ir.Expr:
        body = node.child_by_field_name("body")
        params = node.child_by_field_name("parameters")
        kept, self.yields = self.yields, False
        value = self.expr(body, depth) if body is not None else ir.Constant(span, None)
        self.yields = kept
        lowered = self.params(params, depth) if params is not None else ()
        return ir.Lambda(span, lowered, (ir.Return(value.span, value),))

    # --- parameters ---------------------------------------------------------------------------------------------------

    def params(self, node: Node, depth: int) -> tuple[ir.Parameter, ...]:
        params: list[ir.Parameter] = []
        plain: Literal["plain", "keyword"] = "plain"
        for child in node.named_children:
            reader = _PARAMS.get(child.kind_id)
            if reader == "separator":
                plain = "keyword"
            elif reader is not None:
                param = self._param(child, plain, depth)
                params.append(param)
                if param.kind == "rest":
                    plain = "keyword"
        return tuple(params)

    def _param(self, node: Node, plain: Literal["plain", "keyword"], depth: int) -> ir.Parameter:
        shape = _PARAMS[node.kind_id]
        name = node
        annotation: ir.Expr | None = None
        default: ir.Expr | None = None
        if shape in ("default", "typed", "typed default"):
            name, *rest = self.parts(node)
            if shape != "default" and rest:
                annotation = self.annotation(rest.pop(0), depth)
            if rest:
                default = self.expr(rest[0], depth)
            shape = _PARAMS.get(name.kind_id, "plain")
        kind: Literal["plain", "keyword", "rest", "mapping"] = plain
        if shape == "rest":
            kind = "rest"
        elif shape == "mapping":
            kind = "mapping"
        return ir.Parameter(self.source(name).lstrip("* "), kind, annotation, default, self.span(node))

    # --- collections and comprehensions -------------------------------------------------------------------------------

    def _list(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return ir.Collection(span, "list", self.exprs(node, depth))

    def _tuple(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return ir.Collection(span, "tuple", self.exprs(node, depth))

    def _set(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return ir.Collection(span, "set", self.exprs(node, depth))

    def _dict(self, node: Node, span: Span, depth: int) -> ir.Expr:
        keys: list[ir.Expr | None] = []
        items: list[ir.Expr] = []
        for child in node.named_children:
            kind = child.kind_id
            if kind in _PAIR:
                key, *_, value = self.pair(child)
                keys.append(self.expr(key, depth))
                items.append(self.expr(value, depth))
            elif kind not in NOISE:
                keys.append(None)
                items.append(self.expr(child, depth))
        return ir.Collection(span, "dict", tuple(items), tuple(keys))

    def _list_comprehension(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return self._comprehension("list", node, span, depth)

    def _set_comprehension(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return self._comprehension("set", node, span, depth)

    def _dict_comprehension(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return self._comprehension("dict", node, span, depth)

    def _generator(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return self._comprehension("generator", node, span, depth)

    def _comprehension(
        self, kind: Literal["list", "set", "dict", "generator"], node: Node, span: Span, depth: int
    ) -> ir.Expr:
        body, *rest = self.parts(node)
        clauses: list[tuple[ir.Expr, ir.Expr, list[ir.Expr]]] = []
        for part in rest:
            values = self.exprs(part, depth)
            if part.kind_id in _FOR and len(values) >= 2:
                clauses.append((values[0], values[1], []))
            elif part.kind_id in _IF and clauses:
                clauses[-1][2].extend(values)
        key: ir.Expr | None = None
        if body.kind_id in _PAIR:
            first, *_, body = self.pair(body)
            key = self.expr(first, depth)
        element = self.expr(body, depth)
        made = tuple(ir.Clause(target, iterable, tuple(tests)) for target, iterable, tests in clauses)
        return ir.Comprehension(span, kind, element, made, key)

    # --- literals -----------------------------------------------------------------------------------------------------

    def _number(self, node: Node, span: Span, _: int) -> ir.Expr:
        return ir.Constant(span, number(self.source(node)))

    def _true(self, _node: Node, span: Span, _: int) -> ir.Expr:
        return ir.Constant(span, True)

    def _false(self, _node: Node, span: Span, _: int) -> ir.Expr:
        return ir.Constant(span, False)

    def _ellipsis(self, _node: Node, span: Span, _: int) -> ir.Expr:
        return ir.Name(span, "Ellipsis")

    def _string(self, node: Node, span: Span, depth: int) -> ir.Expr:
        literal = self.text[node.start_byte : node.end_byte]
        marks = quotes(literal)
        if not marks.has_holes:
            content = literal[marks.opening : len(literal) - marks.closing]
            return ir.Constant(span, content if marks.is_raw else unescaped(content))
        parts: list[ir.Expr] = []
        for child in node.named_children:
            kind = child.kind_id
            if kind in _CONTENT:
                content = self.source(child).replace("{{", "{").replace("}}", "}")
                parts.append(ir.Constant(self.span(child), content if marks.is_raw else unescaped(content)))
            elif kind in _INTERPOLATION:
                parts += self._holes(child, depth)
        template = ir.Template(span, tuple(parts))
        if "t" in marks.prefix:
            return ir.Call(span, ir.Name(span, "Template"), (template,))
        return template

    def _holes(self, node: Node, depth: int) -> list[ir.Expr]:
        """The expression between braces, and those in its format: `{price:{width}}` has two."""
        holes: list[ir.Expr] = []
        for child in self.parts(node):
            if child.kind_id in _FORMAT:
                for inner in self.parts(child):
                    holes += self._holes(inner, depth + 1) if depth <= DEEPEST else []
            elif child.kind_id not in _CONVERSION:
                holes.append(self.expr(child, depth))
        return holes

    def _concatenated(self, node: Node, span: Span, depth: int) -> ir.Expr:
        """Literals side by side are one; with holes among them, one template."""
        parts: list[ir.Expr] = []
        for value in self.exprs(node, depth):
            for part in value.parts if isinstance(value, ir.Template) else (value,):
                last = parts[-1] if parts else None
                if isinstance(part, ir.Constant) and isinstance(last, ir.Constant):
                    place = Span(last.span.line, last.span.column, part.span.end_line, part.span.end_column)
                    parts[-1] = ir.Constant(place, f"{last.value}{part.value}")
                else:
                    parts.append(part)
        if len(parts) == 1 and isinstance(parts[0], ir.Constant):
            return ir.Constant(span, parts[0].value)
        return ir.Template(span, tuple(parts))

    # --- annotations --------------------------------------------------------------------------------------------------

    def annotation(self, node: Node, depth: int) -> ir.Expr:
        """A type; text in it that is one itself is read: `list["Order"]` is `list[Order]`."""
        value = self.expr(node, depth)
        source = self.source(node)
        return self._unquoted(value, depth) if '"' in source or "'" in source else value

    def _unquoted(self, value: ir.Expr, depth: int) -> ir.Expr:
        if isinstance(value, ir.Constant):
            return self._quoted_type(value, depth)
        if isinstance(value, ir.Subscript):
            base = (ir.dotted(value.value) or "").rpartition(".")[2]
            if base in _UNREAD_TYPES:
                return value
            if base == "Annotated" and isinstance(value.key, ir.Collection) and value.key.items:
                first, *others = value.key.items
                items = (self._unquoted(first, depth), *others)
                return ir.Subscript(value.span, value.value, ir.Collection(value.key.span, "tuple", items))
            return ir.Subscript(value.span, value.value, self._unquoted(value.key, depth))
        if isinstance(value, ir.Collection) and value.kind != "dict":
            return ir.Collection(value.span, value.kind, tuple(self._unquoted(item, depth) for item in value.items))
        if isinstance(value, ir.Operation) and value.operator == "|":
            return ir.Operation(value.span, "|", tuple(self._unquoted(item, depth) for item in value.operands))
        return value

    def _quoted_type(self, value: ir.Constant, depth: int) -> ir.Expr:
        """The type that a text names, if it is a simple one."""
        if not isinstance(value.value, str) or not _SIMPLE_TYPE.fullmatch(value.value):
            return value
        start = self.offset(value.span.line, value.span.column) + 1
        end = start + len(value.value)
        if self.text[start:end] != value.value:
            return value
        inner = self.parse_expression(start, end)
        return self.expr(inner, depth) if inner is not None else value


def negated(operand: ir.Expr, span: Span) -> ir.Expr:
    """`-5` is a number, `-count` an operation."""
    if isinstance(operand, ir.Constant) and isinstance(operand.value, (int, float)):
        return ir.Constant(span, -operand.value)
    return ir.Operation(span, "-", (operand,))


_Reader: TypeAlias = Callable[[Expressions, Node, Span, int], ir.Expr]

_EXPRESSIONS: dict[int, _Reader] = by_kind(
    {
        "as_pattern_target chevron constrained_type format_expression": Expressions._inner,
        "as_pattern": Expressions._as,
        "attribute": Expressions._attribute,
        "await": Expressions._await,
        "binary_operator boolean_operator": Expressions._chain,
        "call": Expressions._call,
        "comparison_operator": Expressions._comparison,
        "concatenated_string": Expressions._concatenated,
        "conditional_expression": Expressions._conditional,
        "dictionary": Expressions._dict,
        "dictionary_comprehension": Expressions._dict_comprehension,
        "dotted_name": Expressions.dotted_name,
        "ellipsis": Expressions._ellipsis,
        "expression_list pattern_list tuple tuple_pattern": Expressions._tuple,
        "false": Expressions._false,
        "generator_expression": Expressions._generator,
        "generic_type": Expressions._generic_type,
        "identifier": Expressions._name,
        "integer float": Expressions._number,
        "lambda": Expressions._lambda,
        "list list_pattern": Expressions._list,
        "list_comprehension": Expressions._list_comprehension,
        "list_splat list_splat_pattern dictionary_splat dictionary_splat_pattern splat_type": Expressions._spread,
        "member_type": Expressions._member_type,
        "named_expression": Expressions._binding,
        "none": Expressions._nothing,
        "not_operator": Expressions._not,
        "parenthesized_expression parenthesized_list_splat type": Expressions._inner,
        "set": Expressions._set,
        "set_comprehension": Expressions._set_comprehension,
        "slice": Expressions._slice,
        "string": Expressions._string,
        "subscript": Expressions._subscript,
        "true": Expressions._true,
        "unary_operator": Expressions._unary,
        "union_type": Expressions._union_type,
        "yield": Expressions._yield,
    }
)
_PARAMS = by_kind(
    {
        "identifier tuple_pattern": "plain",
        "default_parameter": "default",
        "typed_parameter": "typed",
        "typed_default_parameter": "typed default",
        "list_splat_pattern": "rest",
        "dictionary_splat_pattern": "mapping",
        "keyword_separator": "separator",
    }
)

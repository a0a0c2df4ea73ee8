"""
PHP's expressions as IR.

    $order->lines()->count()        Call(Attribute(Call(Attribute(Name("order"), "lines")), "count"))
    Order::query()                  Call(Attribute(Name("Order"), "query"))
    static::$cache, $this->id       Attribute(Name("cls"), "cache"), Attribute(Name("self"), "id")
    parent::boot()                  Call(Attribute(Call(Name("super")), "boot"))
    new Order($id)                  Call(Name("Order"), (Name("id"),))
    "Hello {$user->name}"           Template((Constant("Hello "), Attribute(Name("user"), "name")))
    $user?->name, \\App\\Order      Attribute(Name("user"), "name"), Attribute(Name("App"), "Order")

Operators take the names that all languages share: `&&` is `and`, `!` is `not`, `===` is `==`, `$a ?: $b` is `or`. What
PHP has and the IR has not is a call of a name: `isset`, `empty`, `print`, `throw`, `exit`, `require`, `getattr` for
`$row->$name`; `compact('a')` is the mapping it gives. Casts to numbers and truth values are calls of `int`, `float` and
`bool`; of other casts, `clone`, `@` and `&` the operand is left.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from tree_sitter import Node

from analyzers import ir
from analyzers.languages.php_doc import chain
from analyzers.languages.php_source import Source
from analyzers.span import Span

DEEPEST = 100
"""How deep expressions and statements may nest together: little enough for every recursion over the IR."""
_TOO_DEEP = "this is nested too deeply to be followed"
MOST_DIAGNOSTICS = 20
"""Diagnostics of one file; the first ones say what there is to say."""
LONGEST_CHAIN = 16
"""How many alternatives of a `match`, a `switch` or an `elseif` hang on one another; more are split in halves."""

_OPERATORS = {
    "&&": "and", "||": "or", "===": "==", "!==": "!=", "<>": "!=", "!": "not", "AND": "and", "OR": "or", "XOR": "xor",
}  # fmt: skip
_CASTS = {
    "int": "int", "integer": "int", "bool": "bool", "boolean": "bool",
    "float": "float", "double": "float", "real": "float",
}  # fmt: skip

Branch: TypeAlias = tuple[ir.Expr, ir.Expr]
T = TypeVar("T")


class Expressions(ABC):
    """Lowers the expressions of one text. What can't be read leaves a diagnostic and an empty name."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[ir.Diagnostic] = []
        self.yields = False
        """Whether the innermost function that is being lowered holds a `yield`."""
        self._depth = 0

    # --- what statements and definitions have to offer ----------------------------------------------------------------

    @abstractmethod
    def parameters(self, node: Node | None) -> tuple[ir.Parameter, ...]:
        """Lower formal parameters."""

    @abstractmethod
    def function_body(self, node: Node) -> tuple[ir.Stmt, ...]:
        """Lower the block of a function, in which loops and `yield` start anew."""

    @abstractmethod
    def anonymous_class(self, node: Node) -> str:
        """Lower `class {...}` after `new` into a class of the module, and give its name."""

    # --- expressions --------------------------------------------------------------------------------------------------

    def expression(self, node: Node | None) -> ir.Expr:
        """Lower one expression; a missing one is an empty name."""
        if node is None:
            return ir.Name(Span(1, 0, 1, 0), "")
        lower = _LOWERINGS.get(node.type)
        if lower is None:
            return self._unreadable(node)
        if not self.enter(node):
            return ir.Name(self.source.span(node), "")
        try:
            return lower(self, node)
        finally:
            self.leave()

    def enter(self, node: Node, levels: int = 1) -> bool:
        """Go deeper, to be left again; False, with a diagnostic, where that is too deep."""
        if self._depth + levels > DEEPEST:
            if not self.diagnostics or self.diagnostics[-1].message != _TOO_DEEP:  # said once for one place
                self.complain(_TOO_DEEP, node)
            return False
        self._depth += levels
        return True

    def leave(self, levels: int = 1) -> None:
        """Go up again."""
        self._depth -= levels

    def complain(self, message: str, node: Node) -> None:
        """Note at a node what could not be followed."""
        self.report(message, self.source.span(node))

    def report(self, message: str, span: Span) -> None:
        """Note what could not be followed."""
        if len(self.diagnostics) < MOST_DIAGNOSTICS:
            self.diagnostics.append(ir.Diagnostic(message, span))

    def _unreadable(self, node: Node) -> ir.Expr:
        if node.type != "ERROR":  # those are found by themselves
            self.complain(f"`{node.type}` is not understood", node)
        return ir.Name(self.source.span(node), "")

    def all(self, nodes: Sequence[Node]) -> tuple[ir.Expr, ...]:
        """Lower several expressions."""
        return tuple([self.expression(node) for node in nodes if node.type != "comment"])

    def call(self, node: Node, name: str, *arguments: ir.Expr) -> ir.Call:
        """A call of a name that stands for a construct of the language."""
        span = self.source.span(node)
        return ir.Call(span, ir.Name(span, name), arguments)

    # --- names --------------------------------------------------------------------------------------------------------

    def _name(self, node: Node) -> ir.Expr:
        """A bare name: of a class, a function or a constant."""
        text = self.source.of(node)
        span = self.source.span(node)
        match text.lower():
            case "self" | "static":
                return ir.Name(span, "cls")
            case "parent":
                return ir.Call(span, ir.Name(span, "super"))
        return ir.Name(span, text)

    def qualified(self, node: Node) -> ir.Expr:
        """A name with or without a namespace, each step with the span of what was read so far."""
        if node.type == "name":
            return self._name(node)
        parts = [leaf for leaf in _leaves(node) if leaf.type == "name"]
        if not parts:
            return chain(self.source.of(node), self.source.span(node))
        expr: ir.Expr = ir.Name(self.source.span(parts[0]), self.source.of(parts[0]))
        for part in parts[1:DEEPEST]:
            expr = ir.Attribute(self.source.span(parts[0], part), expr, self.source.of(part))
        return expr

    def _variable(self, node: Node) -> ir.Expr:
        return ir.Name(self.source.span(node), self.variable(node))

    def variable(self, node: Node) -> str:
        """A variable's name without its sigil; `$this` is `self`."""
        name = self.source.of(node)[1:]
        return "self" if name == "this" else name

    def _dynamic_variable(self, node: Node) -> ir.Expr:
        """`${"name"}` and `$$name`; in a string, `${name}` is plainly `$name`."""
        inner = _first(node)
        if inner is not None and inner.type == "name":
            return ir.Name(self.source.span(node), self.source.of(inner))
        if inner is not None and inner.type == "subscript_expression":
            return self.expression(inner)
        return self.call(node, "variable", self.expression(inner))

    # --- attributes and calls -----------------------------------------------------------------------------------------

    def _member(self, node: Node, owner: Node | None) -> ir.Expr:
        """`owner->name`, `owner::name`; for a name that is computed, `getattr(owner, name)`."""
        value = self.expression(owner)
        name = node.child_by_field_name("name")
        if name is None:
            return value
        end = node.children[-1] if node.children[-1].type != "arguments" else name
        span = self.source.span(node, end)
        if name.type == "name" and name.child_count == 0:
            return ir.Attribute(span, value, self.source.of(name))
        if name.type == "variable_name" and node.type == "scoped_property_access_expression":
            return ir.Attribute(span, value, self.variable(name))
        return ir.Call(span, ir.Name(span, "getattr"), (value, self.expression(name)))

    def _attribute(self, node: Node) -> ir.Expr:
        return self._member(node, node.child_by_field_name("object") or node.child_by_field_name("scope"))

    def _class_constant(self, node: Node) -> ir.Expr:
        """`A::B` and `A::class`, whose grammar has no fields."""
        named = [child for child in node.named_children if child.type != "comment"]
        value = self.expression(named[0] if named else None)
        span = self.source.span(node)
        last = named[-1] if len(named) > 1 else None
        if last is None or (last.type == "name" and last.child_count == 0):
            name = self.source.of(node).rpartition("::")[2].strip() if last is None else self.source.of(last)
            return ir.Attribute(span, value, name)
        return ir.Call(span, ir.Name(span, "getattr"), (value, self.expression(_first(last) or last)))

    def _method_call(self, node: Node) -> ir.Expr:
        return self._called(node, self._attribute(node))

    def _function_call(self, node: Node) -> ir.Expr:
        function = node.child_by_field_name("function")
        callee = self.expression(function)
        if function is not None and function.type == "name":
            callee = ir.Name(callee.span, self.source.of(function))
        called = self._called(node, callee)
        return _compacted(called) if isinstance(called, ir.Call) else called

    def _called(self, node: Node, callee: ir.Expr) -> ir.Expr:
        arguments = node.child_by_field_name("arguments")
        if arguments is not None and any(child.type == "variadic_placeholder" for child in arguments.named_children):
            return callee
        return self.call_with(node, callee, arguments)

    def call_with(self, node: Node, callee: ir.Expr, arguments: Node | None) -> ir.Call:
        """A call with the arguments of a node that is between parentheses."""
        positional: list[ir.Expr] = []
        keywords: list[ir.Keyword] = []
        for argument in arguments.named_children if arguments is not None else ():
            if argument.type != "argument":
                continue
            name = argument.child_by_field_name("name")
            value = next(
                (c for c in reversed(argument.named_children) if c.type not in ("comment", "argument_placeholder")),
                None,
            )
            if value is None:
                continue
            if name is None:
                positional.append(self.expression(value))
            else:
                keywords.append(ir.Keyword(self.source.of(name), self.expression(value)))
        return ir.Call(self.source.span(node), callee, tuple(positional), tuple(keywords))

    def _new(self, node: Node) -> ir.Expr:
        """`new A(...)`, which calls `A`; a class without a name is one of the module."""
        what = _first(node)
        arguments = next((child for child in node.named_children if child.type == "arguments"), None)
        if what is not None and what.type == "anonymous_class":
            name = self.anonymous_class(what)
            inside = next((child for child in what.named_children if child.type == "arguments"), None)
            return self.call_with(node, ir.Name(self.source.span(what), name), inside)
        if what is arguments:
            what = None
        return self.call_with(node, self.expression(what), arguments)

    def _spread(self, node: Node) -> ir.Expr:
        return ir.Spread(self.source.span(node), self.expression(_first(node)))

    def _subscript(self, node: Node) -> ir.Expr:
        """`$a[1]`; `$a[]` has a slice without ends as key."""
        named = [child for child in node.named_children if child.type != "comment"]
        span = self.source.span(node)
        value = self.expression(named[0] if named else None)
        key = self.expression(named[1]) if len(named) > 1 else ir.Slice(span, None, None)
        return ir.Subscript(span, value, key)

    # --- literals -----------------------------------------------------------------------------------------------------

    def _integer(self, node: Node) -> ir.Expr:
        return ir.Constant(self.source.span(node), _number(self.source.of(node)))

    def _float(self, node: Node) -> ir.Expr:
        text = self.source.of(node).replace("_", "")
        try:
            value: float | str = float(text)
        except ValueError:
            value = text
        return ir.Constant(self.source.span(node), value)

    def _boolean(self, node: Node) -> ir.Expr:
        return ir.Constant(self.source.span(node), self.source.of(node).lower() == "true")

    def _null(self, node: Node) -> ir.Expr:
        return ir.Constant(self.source.span(node), None)

    def _string(self, node: Node) -> ir.Expr:
        """A text in single quotes, where only the quote and the backslash are escaped."""
        return ir.Constant(self.source.span(node), re.sub(r"\\([\\'])", r"\1", self.source.of(node).lstrip("bB")[1:-1]))

    def _template(self, node: Node) -> ir.Expr:
        """A text in double quotes or backticks."""
        return self._text(node, self._pieces(node), indent=0)

    def _heredoc(self, node: Node) -> ir.Expr:
        """`<<<SQL`, without the indentation of its closing word."""
        body = node.child_by_field_name("value")
        end = node.child_by_field_name("end_tag")
        indent = end.start_point[1] if end is not None else 0
        if body is None:
            return ir.Constant(self.source.span(node), "")
        if node.type == "nowdoc":
            return ir.Constant(
                self.source.span(node), _dedent(self.source.of(body).removeprefix("\n"), indent, at_start=True)
            )
        return self._text(node, self._pieces(body), indent=indent)

    def _pieces(self, node: Node) -> Iterator[Node | str]:
        """The holes of a text, and what was written between them, without quotes and the braces of holes."""
        place = node.start_byte
        for child in node.children:
            if child.start_byte > place:
                yield self.source.text(place, child.start_byte)
            place = child.end_byte
            if child.type in ("string_content", "escape_sequence"):
                yield self.source.of(child)
            elif child.is_named:
                yield child

    def _text(self, node: Node, pieces: Iterator[Node | str], indent: int) -> ir.Expr:
        """A `Constant` where there are no holes, a `Template` otherwise."""
        parts: list[ir.Expr] = []
        literal: list[str] = []
        span = self.source.span(node)

        def close() -> None:
            text = "".join(literal)
            if node.type == "heredoc":
                text = _dedent(text.removeprefix("\n") if not parts else text, indent, at_start=not parts)
            if text:
                parts.append(ir.Constant(span, _ESCAPE.sub(_unescape, text)))
            literal.clear()

        for piece in pieces:
            if isinstance(piece, str):
                literal.append(piece)
            elif piece.type != "comment":
                close()
                parts.append(self.expression(piece))
        close()
        if not parts:
            return ir.Constant(span, "")
        if len(parts) == 1 and isinstance(parts[0], ir.Constant):
            return parts[0]
        return ir.Template(span, tuple(parts))

    def _array(self, node: Node) -> ir.Expr:
        """`[1, 2]` is a list; with one `=>` it is a mapping, in which items without a key have their place as key."""
        items: list[ir.Expr] = []
        keys: list[ir.Expr | None] = []
        for element in node.named_children:
            if element.type != "array_element_initializer":
                continue
            inner = [child for child in element.named_children if child.type != "comment"]
            if not inner:
                continue
            items.append(self.expression(inner[-1]))
            keys.append(self.expression(inner[0]) if len(inner) > 1 else None)
        span = self.source.span(node)
        if not any(key is not None for key in keys):
            return ir.Collection(span, "list", tuple(items))
        return ir.Collection(span, "dict", tuple(items), _numbered(items, keys))

    # --- operators ----------------------------------------------------------------------------------------------------

    def _binary(self, node: Node) -> ir.Expr:
        """An operator with all operands that the same operator joins: `$a . $b . $c` has three."""
        operator = self._operator(node)
        if operator == "|>":
            function = self.expression(node.child_by_field_name("right"))
            return ir.Call(self.source.span(node), function, (self.expression(node.child_by_field_name("left")),))
        operands: list[ir.Expr] = []
        stack: list[Node | None] = [node]
        while stack:
            part = stack.pop()
            if part is not None and part.type == "binary_expression" and self._operator(part) == operator:
                stack += [part.child_by_field_name("right"), part.child_by_field_name("left")]
            else:
                operands.append(self.expression(part))
        return ir.Operation(self.source.span(node), operator, tuple(operands))

    def _operator(self, node: Node) -> str:
        sign = node.child_by_field_name("operator")
        text = self.source.of(sign) if sign is not None else ""
        return _OPERATORS.get(text.upper() if text.isalpha() else text, text.lower())

    def _unary(self, node: Node) -> ir.Expr:
        operand = self.expression(node.child_by_field_name("argument") or _last(node))
        return ir.Operation(self.source.span(node), self._operator(node), (operand,))

    def _conditional(self, node: Node) -> ir.Expr:
        """`a ? b : c`; `a ?: c` evaluates `a` once and is `a or c`."""
        span = self.source.span(node)
        test = self.expression(node.child_by_field_name("condition"))
        body = node.child_by_field_name("body")
        other = self.expression(node.child_by_field_name("alternative"))
        if body is None:
            return ir.Operation(span, "or", (test, other))
        return ir.Conditional(span, test, self.expression(body), other)

    def _match(self, node: Node) -> ir.Expr:
        """`match ($x) { 1, 2 => $a, default => $b }`: `$a if $x == 1 or $x == 2 else $b`."""
        span = self.source.span(node)
        subject = node.child_by_field_name("condition")
        value = self.expression(subject)
        body = node.child_by_field_name("body")
        branches: list[Branch] = []
        other: ir.Expr = self.call(node, "throw", ir.Name(span, "UnhandledMatchError"))
        for arm in body.named_children if body is not None else ():
            result = arm.child_by_field_name("return_expression")
            if arm.type == "match_default_expression":
                other = self.expression(result)
            elif arm.type == "match_conditional_expression":
                conditions = arm.child_by_field_name("conditional_expressions")
                tests = self.all(conditions.named_children) if conditions is not None else ()
                branches.append((self.any_equal(value, tests), self.expression(result)))
        return _chosen(branches, other)

    def any_equal(self, subject: ir.Expr, values: Sequence[ir.Expr]) -> ir.Expr:
        """`subject == a or subject == b`; where the subject is `true`, plainly `a or b`."""
        if not (isinstance(subject, ir.Constant) and subject.value is True):
            values = [ir.Operation(value.span, "==", (subject, value)) for value in values]
        return any_of(values)

    def _assignment(self, node: Node) -> ir.Expr:
        """An assignment whose value is used."""
        target = self.target(node.child_by_field_name("left"))
        return ir.Binding(self.source.span(node), target, self.expression(node.child_by_field_name("right")))

    def _augmented(self, node: Node) -> ir.Expr:
        span = self.source.span(node)
        target = self.target(node.child_by_field_name("left"))
        value = self.expression(node.child_by_field_name("right"))
        operator = self._operator(node).removesuffix("=")
        return ir.Binding(span, target, ir.Operation(span, operator, (target, value)))

    def _update(self, node: Node) -> ir.Expr:
        """`$i++` whose value is used."""
        span = self.source.span(node)
        target = self.target(node.child_by_field_name("argument"))
        return ir.Binding(span, target, ir.Operation(span, self._operator(node)[:1], (target, ir.Constant(span, 1))))

    def target(self, node: Node | None) -> ir.Expr:
        """What is assigned to; `[$a, , $b]` is a tuple with `_` for the gap, `['x' => $a]` a mapping of targets."""
        if node is not None and node.type == "by_ref":
            node = _first(node)
        if node is None or node.type not in ("list_literal", "array_creation_expression"):
            return self.expression(node)
        if not self.enter(node):
            return ir.Name(self.source.span(node), "_")
        try:
            return self._targets(node)
        finally:
            self.leave()

    def _targets(self, node: Node) -> ir.Expr:
        items: list[ir.Expr] = []
        keys: list[ir.Expr | None] = []
        pending: list[Node] = []
        for child in node.children:
            if child.type in (",", "]", ")"):
                if pending:
                    items.append(self.target(pending[-1]))
                    keys.append(self.expression(pending[0]) if len(pending) > 1 else None)
                elif child.type == ",":
                    items.append(ir.Name(self.source.span(child), "_"))
                    keys.append(None)
                pending = []
            elif child.type == "array_element_initializer":
                pending = [inner for inner in child.named_children if inner.type != "comment"]
            elif child.is_named and child.type != "comment":
                pending.append(child)
        span = self.source.span(node)
        if any(key is not None for key in keys):
            return ir.Collection(span, "dict", tuple(items), _numbered(items, keys))
        return ir.Collection(span, "tuple", tuple(items))

    def _sequence(self, node: Node) -> ir.Expr:
        return ir.Collection(self.source.span(node), "tuple", self.all(node.named_children))

    # --- the rest -----------------------------------------------------------------------------------------------------

    def _inner(self, node: Node) -> ir.Expr:
        """The only expression inside, where what is around it does not matter."""
        return self.expression(_last(node))

    def _cast(self, node: Node) -> ir.Expr:
        kind = node.child_by_field_name("type")
        name = _CASTS.get(self.source.of(kind).strip().lower()) if kind is not None else None
        value = self.expression(node.child_by_field_name("value"))
        return value if name is None else self.call(node, name, value)

    def _construct(self, node: Node) -> ir.Expr:
        """`print x`, `include x`, `throw x`: a call of the word."""
        return self.call(node, self.source.of(node.children[0]).lower(), self.expression(_last(node)))

    def _closure(self, node: Node) -> ir.Expr:
        body = node.child_by_field_name("body")
        statements = self.function_body(body) if body is not None else ()
        return ir.Lambda(self.source.span(node), self.parameters(node.child_by_field_name("parameters")), statements)

    def _arrow(self, node: Node) -> ir.Expr:
        body = node.child_by_field_name("body")
        params = self.parameters(node.child_by_field_name("parameters"))
        yields = self.yields
        value = self.expression(body)
        self.yields = yields
        return ir.Lambda(self.source.span(node), params, (ir.Return(value.span, value),))

    def _yield(self, node: Node) -> ir.Expr:
        """`yield $key => $value` gives a tuple of both."""
        self.yields = True
        span = self.source.span(node)
        inner = _first(node)
        if inner is None:
            return ir.Yield(span, None)
        if inner.type == "array_element_initializer":
            both = self.all(inner.named_children)
            return ir.Yield(span, both[0] if len(both) == 1 else ir.Collection(self.source.span(inner), "tuple", both))
        return ir.Yield(span, self.expression(inner), every="from" in node.children[0].type)


_LOWERINGS: dict[str, Callable[[Any, Node], ir.Expr]] = {
    "name": Expressions._name,
    "namespace_name": Expressions.qualified,
    "qualified_name": Expressions.qualified,
    "relative_name": Expressions.qualified,
    "relative_scope": Expressions._name,
    "variable_name": Expressions._variable,
    "dynamic_variable_name": Expressions._dynamic_variable,
    "member_access_expression": Expressions._attribute,
    "nullsafe_member_access_expression": Expressions._attribute,
    "scoped_property_access_expression": Expressions._attribute,
    "class_constant_access_expression": Expressions._class_constant,
    "member_call_expression": Expressions._method_call,
    "nullsafe_member_call_expression": Expressions._method_call,
    "scoped_call_expression": Expressions._method_call,
    "function_call_expression": Expressions._function_call,
    "object_creation_expression": Expressions._new,
    "variadic_unpacking": Expressions._spread,
    "subscript_expression": Expressions._subscript,
    "integer": Expressions._integer,
    "float": Expressions._float,
    "boolean": Expressions._boolean,
    "null": Expressions._null,
    "string": Expressions._string,
    "encapsed_string": Expressions._template,
    "shell_command_expression": Expressions._template,
    "heredoc": Expressions._heredoc,
    "nowdoc": Expressions._heredoc,
    "array_creation_expression": Expressions._array,
    "list_literal": Expressions.target,
    "binary_expression": Expressions._binary,
    "unary_op_expression": Expressions._unary,
    "conditional_expression": Expressions._conditional,
    "match_expression": Expressions._match,
    "assignment_expression": Expressions._assignment,
    "reference_assignment_expression": Expressions._assignment,
    "augmented_assignment_expression": Expressions._augmented,
    "update_expression": Expressions._update,
    "sequence_expression": Expressions._sequence,
    "parenthesized_expression": Expressions._inner,
    "by_ref": Expressions._inner,
    "clone_expression": Expressions._inner,
    "error_suppression_expression": Expressions._inner,
    "cast_expression": Expressions._cast,
    "print_intrinsic": Expressions._construct,
    "throw_expression": Expressions._construct,
    "include_expression": Expressions._construct,
    "include_once_expression": Expressions._construct,
    "require_expression": Expressions._construct,
    "require_once_expression": Expressions._construct,
    "anonymous_function": Expressions._closure,
    "arrow_function": Expressions._arrow,
    "yield_expression": Expressions._yield,
}


# --- helpers ----------------------------------------------------------------------------------------------------------


def any_of(tests: Sequence[ir.Expr]) -> ir.Expr:
    """The `or` of several tests; one test is itself, none holds always."""
    if not tests:
        return ir.Constant(Span(1, 0, 1, 0), True)
    return tests[0] if len(tests) == 1 else ir.Operation(tests[0].span, "or", tuple(tests))


def _chosen(branches: Sequence[Branch], other: ir.Expr) -> ir.Expr:
    """
    The value of the first branch whose test holds.

    Many branches are split in halves, so that the IR stays flat: `(a or b or ...) ? first half : second half`.
    """
    if len(branches) > LONGEST_CHAIN:
        half = len(branches) // 2
        test = any_of([test for test, _ in branches[:half]])
        return ir.Conditional(test.span, test, _chosen(branches[:half], other), _chosen(branches[half:], other))
    for test, value in reversed(branches):
        other = ir.Conditional(test.span, test, value, other)
    return other


def _compacted(call: ir.Call) -> ir.Expr:
    """`compact('order', 'lines')` is `['order' => $order, 'lines' => $lines]`; any other call is itself."""
    names = [name for name in call.arguments if isinstance(name, ir.Constant) and isinstance(name.value, str)]
    if ir.dotted(call.callee) != "compact" or not names or len(names) < len(call.arguments):
        return call
    variables = tuple(ir.Name(name.span, str(name.value)) for name in names)
    return ir.Collection(call.span, "dict", variables, tuple(names))


def _numbered(items: Sequence[ir.Expr], keys: Sequence[ir.Expr | None]) -> tuple[ir.Expr | None, ...]:
    """Keys of which the missing ones count up from 0; a spread has none."""
    count = -1
    numbered: list[ir.Expr | None] = []
    for item, key in zip(items, keys, strict=True):
        if isinstance(key, ir.Constant) and type(key.value) is int:
            count = max(count, key.value)
        elif key is None and not isinstance(item, ir.Spread):
            count += 1
            key = ir.Constant(item.span, count)
        numbered.append(key)
    return tuple(numbered)


def _first(node: Node) -> Node | None:
    return next((child for child in node.named_children if child.type != "comment"), None)


def _last(node: Node) -> Node | None:
    return next((child for child in reversed(node.named_children) if child.type != "comment"), None)


def _leaves(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        current = stack.pop()
        if current.child_count == 0:
            yield current
        stack.extend(reversed(current.children))


def _number(text: str) -> int | float | str:
    """A whole number in any of PHP's notations; one too large for 64 bits is a float, as in PHP."""
    digits = text.replace("_", "").lower()
    if len(digits) > 1 and digits[0] == "0" and digits.isdigit():
        digits = f"0o{digits[1:]}"
    try:
        value = int(digits, 0) if len(digits) < 100 else float(digits)
    except ValueError:
        return text
    return value if value < 2**63 else float(value)


def _dedent(text: str, indent: int, *, at_start: bool) -> str:
    """Without up to `indent` blanks after each line break, and at the start where that starts a line."""
    if not indent:
        return text
    start = r"(?m:^)" if at_start else r"(?<=\n)"
    return re.sub(rf"{start}[ \t]{{1,{indent}}}", "", text)


_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{1,2})|([0-7]{1,3})|([nrtvef\\$\"`]))")
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "e": "\x1b", "f": "\f"}


def _unescape(found: re.Match[str]) -> str:
    """The character of an escape in double quotes; what is no escape stays as it is."""
    unicode, hexadecimal, octal, plain = found.groups()
    if plain is not None:
        return _PLAIN.get(plain, plain)
    code = int(unicode or hexadecimal, 16) if octal is None else int(octal, 8) & 0xFF
    return chr(code) if code < 0xD800 or 0xDFFF < code < 0x110000 else found[0]

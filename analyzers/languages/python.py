"""
The front end for Python, 3.8 to 3.14; what is left of Python 2 is tolerated.

    total += order.price       Assign((Name("total"),), Attribute(Name("order"), "price"), operator="+")
    assert user.is_staff       If(Operation("not", (...,)), (Raise(Call(Name("AssertionError"))),))
    case Order(owner=name):    If(Operation("match", (subject, Call(Name("Order"), ...))), (Assign(...), ...))
    a < b < c                  Operation("and", (Operation("<", (a, b)), Operation("<", (b, c))))

A statement that does nothing has no IR: `pass`, `global`, a docstring. Definitions and imports of the top level belong
to the module wherever they stand (`if TYPE_CHECKING`, `try`), and so do those of a class body to the class.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, TypeAlias, TypeVar

import tree_sitter_python
from tree_sitter import Language, Node, Parser, Point, Range

from analyzers import ir
from analyzers.languages.python_text import Text, number, quotes, unescaped
from analyzers.span import Span

DEEPEST = 150
"""How many constructs may lie inside each other: more than people write, less than a recursion stands."""
MOST_DIAGNOSTICS = 20
"""Diagnostics of one file; the first ones say what there is to say."""

LANGUAGE = Language(tree_sitter_python.language())


def lower(text: bytes) -> ir.Module:
    """
    Lower a Python file.

    Never raises: what cannot be parsed, or lies too deep, becomes a diagnostic, and the rest is lowered.
    """
    return _Lowering(Text(text)).module()


def _kinds(*names: str) -> frozenset[int]:
    """The numbers of the grammar's named nodes that have one of these names; a name may have several."""
    return frozenset(
        number
        for number in range(LANGUAGE.node_kind_count)
        if LANGUAGE.node_kind_is_named(number) and LANGUAGE.node_kind_for_id(number) in names
    )


_ERROR = 0xFFFF
_NOISE = _kinds("comment", "line_continuation") | {_ERROR}
_BLOCK = _kinds("block")
_STRING = _kinds("string", "concatenated_string")
_CHAINED = _kinds("binary_operator", "boolean_operator")
_ASSIGNMENT = _kinds("assignment")
_TYPE = _kinds("type")
_IDENTIFIER = _kinds("identifier")
_KEYWORD = _kinds("keyword_argument")
_SPLAT = _kinds("dictionary_splat")
_PAIR = _kinds("pair")
_FOR = _kinds("for_in_clause")
_IF = _kinds("if_clause")
_ARGUMENTS = _kinds("argument_list")
_PARAMETERS = _kinds("parameters")
_AS = _kinds("as_pattern")
_ELIF = _kinds("elif_clause")
_ELSE = _kinds("else_clause")
_EXCEPT = _kinds("except_clause", "except_group_clause")
_FINALLY = _kinds("finally_clause")
_CASE = _kinds("case_clause")
_FUNCTION = _kinds("function_definition")
_CLASS = _kinds("class_definition")
_DECORATED = _kinds("decorated_definition")
_DECORATOR = _kinds("decorator")
_COMPOUND = _kinds("if_statement", "try_statement", "with_statement")
_CLAUSES = _ELIF | _ELSE | _EXCEPT | _FINALLY
_EXPRESSION_STATEMENT = _kinds("expression_statement")
_INTERPOLATION = _kinds("interpolation")
_CONTENT = _kinds("string_content")

_ASSOCIATIVE = frozenset({"+", "*", "|", "&", "and", "or"})
"""Operators whose chains are one operation: `a + b + c` has three operands."""
_SIMPLE_TYPE = re.compile(r"[\w.\[\], |]+")
"""What a quoted annotation may hold to be read: `"Order"`, `"list[shop.Order] | None"`."""
_UNREAD_TYPES = frozenset({"Literal"})
"""Types whose arguments are text, not types."""

Kind: TypeAlias = Literal["list", "tuple", "set", "dict"]


class _Anatomy(NamedTuple):
    """The parts of a compound statement."""

    heads: list[Node]
    """What stands before the block."""
    block: Node | None
    clauses: list[Node]
    """What stands after it."""


class _Members:
    """What a class body holds."""

    def __init__(self) -> None:
        self.fields: list[ir.Field] = []
        self.methods: list[ir.Function] = []
        self.classes: list[ir.Class] = []


class _Lowering:
    """The lowering of one file."""

    def __init__(self, text: Text) -> None:
        self._file = text
        self._text = text.text
        self._lines = text.lines
        self._starts = text.starts
        self._imports: list[ir.Import] = []
        self._classes: list[ir.Class] = []
        self._functions: list[ir.Function] = []
        self._diagnostics: list[ir.Diagnostic] = []
        self._prefix = ""
        """What the qualified names of definitions begin with here."""
        self._at_top = True
        """Whether definitions and imports belong to the module."""
        self._yields = False
        """Whether the function that is being lowered has a `yield` of its own."""

    def module(self) -> ir.Module:
        """Lower the whole file."""
        root = Parser(LANGUAGE).parse(self._file.plain).root_node
        if root.has_error:
            self._report_errors(root)
        body = self._block(root, 0)
        return ir.Module(
            "python",
            tuple(self._imports),
            tuple(self._classes),
            tuple(self._functions),
            body,
            tuple(sorted(self._diagnostics, key=lambda one: one.span)[:MOST_DIAGNOSTICS]),
        )

    # --- nodes --------------------------------------------------------------------------------------------------------

    def _span(self, node: Node) -> Span:
        return self._file.span(node.start_byte, node.end_byte)

    def _source(self, node: Node) -> str:
        return self._text[node.start_byte : node.end_byte]

    def _parts(self, node: Node) -> list[Node]:
        """The named children of a node, without comments and what could not be parsed."""
        return [child for child in node.named_children if child.kind_id not in _NOISE]

    def _anatomy(self, node: Node) -> _Anatomy:
        heads: list[Node] = []
        clauses: list[Node] = []
        block = None
        for child in node.named_children:
            kind = child.kind_id
            if kind in _NOISE:
                continue
            if kind in _BLOCK:
                block = child
            elif block is None:
                heads.append(child)
            else:
                clauses.append(child)
        return _Anatomy(heads, block, clauses)

    def _report_errors(self, root: Node) -> None:
        """Report what the parser could not make sense of: the outermost errors, and the tokens that are missing."""
        stack = [root]
        while stack and len(self._diagnostics) < MOST_DIAGNOSTICS:
            node = stack.pop()
            if node.is_error:
                line = self._source(node).strip().partition("\n")[0]
                self._report(f"cannot parse `{line[:40]}`", node)
            elif node.is_missing:
                self._report(f"`{node.type}` is missing", node)
            else:
                stack.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)

    def _report(self, message: str, node: Node) -> None:
        self._diagnostics.append(ir.Diagnostic(message, self._span(node)))

    # --- statements ---------------------------------------------------------------------------------------------------

    def _block(self, node: Node | None, depth: int) -> tuple[ir.Stmt, ...]:
        """Lower the statements directly inside a node."""
        if node is None:
            return ()
        if depth > DEEPEST:
            self._report("too deeply nested", node)
            return ()
        out: list[ir.Stmt] = []
        statements = _STATEMENTS
        depth += 1
        for child in node.named_children:
            statement = statements.get(child.kind_id)
            if statement is not None:
                statement(self, child, out, depth)
        return tuple(out)

    def _inner_block(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        """A block where none should be, or what could not be parsed: its statements stand for themselves."""
        out += self._block(node, depth)

    def _expression_statement(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        children = node.named_children
        if len(children) > 1:
            children = [child for child in children if child.kind_id not in _NOISE]
            if len(children) > 1:
                items = tuple(self._expr(child, depth) for child in children)
                span = self._span(node)
                out.append(ir.Evaluate(span, ir.Collection(span, "tuple", items)))
                return
        for child in children:
            statement = _STATEMENTS.get(child.kind_id)
            if statement is not None:
                statement(self, child, out, depth)
                continue
            value = self._expr(child, depth)
            if type(value) is not ir.Constant:
                out.append(ir.Evaluate(value.span, value))

    def _evaluated(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        """An expression among statements."""
        out.append(ir.Evaluate(self._span(node), self._expr(node, depth)))

    def _assignment(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        targets, annotation, value = self._assigned(node, depth)
        out.append(ir.Assign(self._span(node), targets, value, annotation))

    def _assigned(self, node: Node, depth: int) -> tuple[tuple[ir.Expr, ...], ir.Expr | None, ir.Expr | None]:
        """The targets, annotation and value of an assignment; `a = b = value` has two targets."""
        targets: list[ir.Expr] = []
        annotation: ir.Expr | None = None
        while True:
            target, *rest = self._parts(node)
            targets.append(self._expr(target, depth))
            if rest and rest[0].kind_id in _TYPE:
                annotation = self._annotation(rest.pop(0), depth)
            if not rest:
                return tuple(targets), annotation, None
            if rest[-1].kind_id not in _ASSIGNMENT:
                return tuple(targets), annotation, self._expr(rest[-1], depth)
            node = rest[-1]

    def _augmented(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        operator = node.child_by_field_name("operator")
        target = self._field(node, "left", depth)
        value = self._field(node, "right", depth)
        sign = self._source(operator).removesuffix("=") if operator is not None else ""
        out.append(ir.Assign(self._span(node), (target,), value, operator=sign))

    def _type_alias(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        """`type Orders[T] = list[T]` assigns to `Orders`."""
        target = self._field(node, "left", depth)
        if isinstance(target, ir.Subscript):
            target = target.value
        out.append(ir.Assign(self._span(node), (target,), self._field(node, "right", depth)))

    def _return(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        out.append(ir.Return(self._span(node), self._first(node, depth)))

    def _raise(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        value = self._first(node, depth)
        if isinstance(value, ir.Collection):  # Python 2: raise Error, "message"
            value = value.items[0]
        out.append(ir.Raise(self._span(node), value))

    def _first(self, node: Node, depth: int) -> ir.Expr | None:
        """The first expression directly inside a node."""
        for child in self._parts(node):
            return self._expr(child, depth)
        return None

    def _delete(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        targets = self._first(node, depth)
        if targets is not None:
            several = targets.items if isinstance(targets, ir.Collection) else (targets,)
            out.append(ir.Delete(self._span(node), several))

    def _assert(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        test, *message = (self._expr(child, depth) for child in self._parts(node))
        span = self._span(node)
        error = ir.Call(span, ir.Name(span, "AssertionError"), tuple(message))
        out.append(ir.If(span, ir.Operation(test.span, "not", (test,)), (ir.Raise(span, error),)))

    def _python2_call(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        """`print value`, `exec code`: calls of functions that came later."""
        name = "print" if self._text.startswith("print", node.start_byte) else "exec"
        callee = ir.Name(self._file.span(node.start_byte, node.start_byte + len(name)), name)
        arguments = tuple(self._expr(child, depth) for child in self._parts(node))
        span = self._span(node)
        out.append(ir.Evaluate(span, ir.Call(span, callee, arguments)))

    def _break(self, node: Node, out: list[ir.Stmt], _: int) -> None:
        out.append(ir.Break(self._span(node)))

    def _continue(self, node: Node, out: list[ir.Stmt], _: int) -> None:
        out.append(ir.Continue(self._span(node)))

    # --- compound statements ------------------------------------------------------------------------------------------

    def _if(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        heads, block, clauses = self._anatomy(node)
        branches = [(self._span(node), self._head(heads, node, depth), self._block(block, depth))]
        other: tuple[ir.Stmt, ...] = ()
        end = node.end_byte
        for nested, clause in enumerate(clauses, start=depth + 1):
            if clause.kind_id in _ELSE:
                other = self._clause(clause, depth)
            elif nested > DEEPEST:
                self._report("too many branches", clause)
                break
            else:
                heads, block, _ = self._anatomy(clause)
                span = self._file.span(clause.start_byte, end)
                branches.append((span, self._head(heads, clause, depth), self._block(block, nested)))
        for span, test, then in reversed(branches):
            other = (ir.If(span, test, then, other),)
        out += other

    def _head(self, heads: list[Node], node: Node, depth: int) -> ir.Expr:
        """The first head; nothing where it is missing."""
        return self._expr(heads[0], depth) if heads else ir.Constant(self._span(node), None)

    def _clause(self, node: Node, depth: int) -> tuple[ir.Stmt, ...]:
        """The statements of an `else` or `finally`."""
        return self._block(self._anatomy(node).block, depth)

    def _clauses(self, clauses: Iterable[Node], kinds: frozenset[int], depth: int) -> tuple[ir.Stmt, ...]:
        """The statements of the clauses of some kinds."""
        return tuple(
            statement for clause in clauses if clause.kind_id in kinds for statement in self._clause(clause, depth)
        )

    def _for(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        heads, block, clauses = self._anatomy(node)
        target = self._head(heads, node, depth)
        iterable = self._head(heads[1:], node, depth)
        other = self._clauses(clauses, _ELSE, depth)
        out.append(ir.For(self._span(node), target, iterable, self._block(block, depth), other))

    def _while(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        """An `else` runs once the loop is over: it follows it."""
        heads, block, clauses = self._anatomy(node)
        test = self._head(heads, node, depth)
        out.append(ir.While(self._span(node), test, self._block(block, depth)))
        out += self._clauses(clauses, _ELSE, depth)

    def _try(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        _, block, clauses = self._anatomy(node)
        body = self._block(block, depth)
        handlers = tuple(self._handler(clause, depth) for clause in clauses if clause.kind_id in _EXCEPT)
        other = self._clauses(clauses, _ELSE, depth)
        final = self._clauses(clauses, _FINALLY, depth)
        out.append(ir.Try(self._span(node), body, handlers, other, final))

    def _handler(self, node: Node, depth: int) -> ir.Handler:
        heads, block, _ = self._anatomy(node)
        name: str | None = None
        if heads and heads[0].kind_id in _AS:
            heads = self._parts(heads[0])
        if len(heads) == 2:
            name = self._source(heads[1])
        if len(heads) > 2:  # Python 3.14: except ValueError, TypeError, KeyError:
            span = self._file.span(heads[0].start_byte, heads[-1].end_byte)
            kind: ir.Expr = ir.Collection(span, "tuple", tuple(self._expr(head, depth) for head in heads))
            return ir.Handler(kind, name, self._block(block, depth))
        return ir.Handler(self._expr(heads[0], depth) if heads else None, name, self._block(block, depth))

    def _with(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        heads, block, _ = self._anatomy(node)
        items = tuple(self._with_item(item, depth) for clause in heads for item in self._parts(clause))
        out.append(ir.With(self._span(node), items, self._block(block, depth)))

    def _with_item(self, node: Node, depth: int) -> ir.WithItem:
        while True:
            parts = self._parts(node)
            if len(parts) == 1 and node.kind_id not in _EXPRESSIONS:
                node = parts[0]  # with_item, and around it nothing
            elif node.kind_id in _AS and len(parts) == 2:
                target = self._first(parts[1], depth)
                return ir.WithItem(self._expr(parts[0], depth), target)
            else:
                return ir.WithItem(self._expr(node, depth), None)

    # --- imports ------------------------------------------------------------------------------------------------------

    def _import(self, node: Node, out: list[ir.Stmt], _: int) -> None:
        found: list[ir.Import] = []
        for child in self._parts(node):
            name, alias = self._imported(child)
            # `import a.b` binds `a`.
            found.append(ir.Import(self._span(child), name, None, alias or name.partition(".")[0]))
        self._add_imports(found, out)

    def _import_from(self, node: Node, out: list[ir.Stmt], _: int) -> None:
        source, *names = self._parts(node)
        module = "".join(self._source(source).split())
        level = len(module) - len(module.lstrip("."))
        module = module[level:]
        found: list[ir.Import] = []
        for child in names:
            name, alias = self._imported(child)
            found.append(ir.Import(self._span(child), module, name, alias or name, level))
        self._add_imports(found, out)

    def _import_future(self, node: Node, out: list[ir.Stmt], _: int) -> None:
        """`from __future__ import ...`, whose module the grammar does not name."""
        found = [
            ir.Import(self._span(child), "__future__", name, alias or name)
            for child in self._parts(node)
            for name, alias in [self._imported(child)]
        ]
        self._add_imports(found, out)

    def _imported(self, node: Node) -> tuple[str, str | None]:
        """What `name` or `name as alias` imports."""
        parts = self._parts(node)
        alias = node.child_by_field_name("alias")
        if alias is not None:
            return self._source(parts[0]), self._source(alias)
        return self._source(node), None

    def _add_imports(self, found: list[ir.Import], out: list[ir.Stmt]) -> None:
        if self._at_top:
            self._imports += found
        else:
            out += found

    # --- definitions --------------------------------------------------------------------------------------------------

    def _define_function(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        self._define(self._function(node, (), self._span(node), depth), out)

    def _define_class(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        self._define(self._class(node, (), self._span(node), depth), out)

    def _define_decorated(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        definition = self._decorated(node, depth)
        if definition is not None:
            self._define(definition, out)

    def _define(self, definition: ir.Function | ir.Class, out: list[ir.Stmt]) -> None:
        if not self._at_top:
            out.append(ir.Define(definition.span, definition))
        elif isinstance(definition, ir.Function):
            self._functions.append(definition)
        else:
            self._classes.append(definition)

    def _decorated(self, node: Node, depth: int) -> ir.Function | ir.Class | None:
        decorators: list[ir.Expr] = []
        for child in node.named_children:
            kind = child.kind_id
            if kind in _DECORATOR:
                decorator = self._first(child, depth)
                if decorator is not None:
                    decorators.append(decorator)
            elif kind in _FUNCTION:
                return self._function(child, tuple(decorators), self._span(node), depth)
            elif kind in _CLASS:
                return self._class(child, tuple(decorators), self._span(node), depth)
        return None

    def _function(self, node: Node, decorators: tuple[ir.Expr, ...], span: Span, depth: int) -> ir.Function:
        heads, block, _ = self._anatomy(node)
        name = heads[0]
        params: tuple[ir.Parameter, ...] = ()
        returns: ir.Expr | None = None
        for head in heads[1:]:
            if head.kind_id in _PARAMETERS:
                params = self._params(head, depth)
            elif head.kind_id in _TYPE:
                returns = self._annotation(head, depth)
        qualname = self._prefix + self._source(name)
        kept = self._prefix, self._at_top, self._yields
        self._prefix, self._at_top, self._yields = f"{qualname}.<locals>.", False, False
        body = self._block(block, depth)
        is_generator = self._yields
        self._prefix, self._at_top, self._yields = kept
        return ir.Function(
            span,
            self._source(name),
            qualname,
            params,
            body,
            self._span(name),
            decorators,
            returns,
            is_async=self._text.startswith("async", node.start_byte),
            is_generator=is_generator,
        )

    def _params(self, node: Node, depth: int) -> tuple[ir.Parameter, ...]:
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
            name, *rest = self._parts(node)
            if shape != "default" and rest:
                annotation = self._annotation(rest.pop(0), depth)
            if rest:
                default = self._expr(rest[0], depth)
            shape = _PARAMS.get(name.kind_id, "plain")
        kind: Literal["plain", "keyword", "rest", "mapping"] = plain
        if shape == "rest":
            kind = "rest"
        elif shape == "mapping":
            kind = "mapping"
        return ir.Parameter(self._source(name).lstrip("* "), kind, annotation, default, self._span(node))

    def _class(self, node: Node, decorators: tuple[ir.Expr, ...], span: Span, depth: int) -> ir.Class:
        heads, block, _ = self._anatomy(node)
        bases: tuple[ir.Expr, ...] = ()
        keywords: tuple[ir.Keyword, ...] = ()
        for head in heads[1:]:
            if head.kind_id in _ARGUMENTS:
                bases, keywords = self._arguments(head, depth)
        name = self._source(heads[0])
        qualname = self._prefix + name
        kept = self._prefix
        self._prefix = f"{qualname}."
        members = _Members()
        if block is not None:
            self._class_body(block, members, depth)
        self._prefix = kept
        return ir.Class(
            span,
            name,
            qualname,
            bases,
            tuple(members.fields),
            tuple(members.methods),
            self._span(heads[0]),
            tuple(members.classes),
            keywords,
            decorators,
        )

    def _class_body(self, node: Node, members: _Members, depth: int) -> None:
        """Collect fields and definitions, those under `if`, `try` and `with` included."""
        if depth > DEEPEST:
            self._report("too deeply nested", node)
            return
        depth += 1
        for child in node.named_children:
            kind = child.kind_id
            if kind in _EXPRESSION_STATEMENT:
                self._fields(child, members, depth)
            elif kind in _FUNCTION:
                members.methods.append(self._function(child, (), self._span(child), depth))
            elif kind in _CLASS:
                members.classes.append(self._class(child, (), self._span(child), depth))
            elif kind in _DECORATED:
                definition = self._decorated(child, depth)
                if isinstance(definition, ir.Function):
                    members.methods.append(definition)
                elif definition is not None:
                    members.classes.append(definition)
            elif kind in _COMPOUND or kind in _CLAUSES or kind in _BLOCK or kind == _ERROR:
                self._class_body(child, members, depth)

    def _fields(self, node: Node, members: _Members, depth: int) -> None:
        for child in node.named_children:
            if child.kind_id in _ASSIGNMENT:
                targets, annotation, value = self._assigned(child, depth)
                span = self._span(child)
                members.fields += [
                    ir.Field(span, target.id, value, annotation) for target in targets if isinstance(target, ir.Name)
                ]

    # --- match --------------------------------------------------------------------------------------------------------

    def _match(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        """
        `match` becomes nested `if`s. A subject that is no name is evaluated once, into a name that no program can have.
        """
        heads, block, _ = self._anatomy(node)
        if not heads or block is None:
            return
        span = self._file.span(heads[0].start_byte, heads[-1].end_byte)
        values = tuple(self._expr(head, depth) for head in heads)
        subject = values[0] if len(values) == 1 else ir.Collection(span, "tuple", values)
        if not isinstance(subject, ir.Name):
            name = ir.Name(span, "<match>")
            out.append(ir.Assign(span, (name,), subject))
            subject = name
        branches: list[tuple[Span, ir.Expr | None, tuple[ir.Stmt, ...]]] = []
        for nested, case in enumerate((one for one in self._parts(block) if one.kind_id in _CASE), start=depth + 1):
            if nested > DEEPEST:
                self._report("too many cases", case)
                break
            test, then = self._case(case, subject, nested)
            branches.append((self._file.span(case.start_byte, node.end_byte), test, then))
        other: tuple[ir.Stmt, ...] = ()
        for span, test, then in reversed(branches):
            other = then if test is None else (ir.If(span, test, then, other),)
        out += other

    def _case(self, node: Node, subject: ir.Expr, depth: int) -> tuple[ir.Expr | None, tuple[ir.Stmt, ...]]:
        """The test of a case and what it runs; None as test where it always matches."""
        heads, block, _ = self._anatomy(node)
        guard = heads.pop() if heads and heads[-1].kind_id in _IF else None
        bindings: list[ir.Binding] = []
        span = self._file.span(heads[0].start_byte, heads[-1].end_byte) if heads else self._span(node)
        pattern = self._sequence(heads, subject, bindings, span, depth) if len(heads) > 1 else None
        if len(heads) == 1:
            pattern = self._pattern(heads[0], subject, bindings, depth)
        test: ir.Expr | None = None
        if pattern is not None and not isinstance(pattern, ir.Name):
            test = ir.Operation(span, "match", (subject, pattern))
        body = self._block(block, depth)
        if guard is not None:
            # The guard sees what was bound: `case Order() as order if order.paid`.
            condition = self._first(guard, depth) or ir.Constant(span, None)
            operands = (*((test,) if test is not None else ()), *bindings, condition)
            return ir.Operation(self._file.span(node.start_byte, guard.end_byte), "and", operands), body
        return test, (*(ir.Assign(one.span, (one.target,), one.value) for one in bindings), *body)

    def _pattern(self, node: Node, subject: ir.Expr, bindings: list[ir.Binding], depth: int) -> ir.Expr:
        """
        A pattern as the expression that would make such a value; a name stands for anything.

        Args:
            node: The pattern.
            subject: What is matched against it.
            bindings: Gets what the pattern binds.
            depth: How deep it lies.
        """
        span = self._span(node)
        if depth > DEEPEST:
            return self._too_deep(node, span)
        reader = _PATTERNS.get(node.kind_id)
        if reader is None:
            return self._expr(node, depth)
        return reader(self, node, subject, bindings, span, depth + 1)

    def _case_pattern(
        self, node: Node, subject: ir.Expr, bindings: list[ir.Binding], span: Span, depth: int
    ) -> ir.Expr:
        parts = self._parts(node)
        if not parts:
            return ir.Name(span, "_")
        pattern = self._pattern(parts[0], subject, bindings, depth)
        if self._text.startswith("-", node.start_byte):
            return _negated(pattern, span)
        return pattern

    def _dotted_pattern(
        self, node: Node, subject: ir.Expr, bindings: list[ir.Binding], span: Span, depth: int
    ) -> ir.Expr:
        """`name` binds; `module.NAME` is a value."""
        pattern = self._dotted_name(node, span, depth)
        if isinstance(pattern, ir.Name):
            bindings.append(ir.Binding(span, pattern, subject))
        return pattern

    def _as_pattern(self, node: Node, subject: ir.Expr, bindings: list[ir.Binding], span: Span, depth: int) -> ir.Expr:
        inner, *names = self._parts(node)
        pattern = self._pattern(inner, subject, bindings, depth)
        bindings += [ir.Binding(span, ir.Name(self._span(name), self._source(name)), subject) for name in names]
        return pattern

    def _union_pattern(
        self, node: Node, subject: ir.Expr, bindings: list[ir.Binding], span: Span, depth: int
    ) -> ir.Expr:
        operands: list[ir.Expr] = []
        negative = False
        for child in node.children:
            if child.is_named and child.kind_id not in _NOISE:
                operand = self._pattern(child, subject, bindings, depth)
                operands.append(_negated(operand, operand.span) if negative else operand)
            negative = child.type == "-"
        return ir.Operation(span, "|", tuple(operands))

    def _class_pattern(
        self, node: Node, subject: ir.Expr, bindings: list[ir.Binding], span: Span, depth: int
    ) -> ir.Expr:
        name, *parts = self._parts(node)
        callee = self._dotted_name(name, self._span(name), depth)
        arguments: list[ir.Expr] = []
        keywords: list[ir.Keyword] = []
        for part in parts:
            named = [one for one in self._parts(part) if one.kind_id in _KEYWORD_PATTERN]
            place = self._span(part)
            if named:
                keyword, *value = self._parts(named[0])
                attribute = ir.Attribute(place, subject, self._source(keyword))
                if value:
                    pattern = self._pattern(value[0], attribute, bindings, depth)
                    keywords.append(ir.Keyword(attribute.name, pattern))
            else:
                # `Point(x)` takes the attribute that `Point.__match_args__[0]` names (PEP 634).
                index = ir.Constant(place, len(arguments))
                attributes = ir.Subscript(place, ir.Attribute(place, callee, "__match_args__"), index)
                value_of = ir.Call(place, ir.Name(place, "getattr"), (subject, attributes))
                arguments.append(self._pattern(part, value_of, bindings, depth))
        return ir.Call(span, callee, tuple(arguments), tuple(keywords))

    def _sequence_pattern(
        self, node: Node, subject: ir.Expr, bindings: list[ir.Binding], span: Span, depth: int
    ) -> ir.Expr:
        parts = self._parts(node)
        if len(parts) == 1 and self._text.startswith("(", node.start_byte) and "," not in self._source(node):
            return self._pattern(parts[0], subject, bindings, depth)
        return self._sequence(parts, subject, bindings, span, depth)

    def _sequence(
        self, parts: list[Node], subject: ir.Expr, bindings: list[ir.Binding], span: Span, depth: int
    ) -> ir.Expr:
        """`first, *rest, last` binds `subject[0]`, `subject[1:-1]` and `subject[-1]`."""
        items: list[ir.Expr] = []
        starred = False
        for index, part in enumerate(parts):
            place = self._span(part)
            key: ir.Expr = ir.Constant(place, index - len(parts) if starred else index)
            if self._text.startswith("*", part.start_byte):
                starred = True
                after = index + 1 - len(parts)
                key = ir.Slice(place, ir.Constant(place, index), ir.Constant(place, after) if after else None)
            items.append(self._pattern(part, ir.Subscript(place, subject, key), bindings, depth))
        return ir.Collection(span, "tuple", tuple(items))

    def _splat_pattern(self, node: Node, subject: ir.Expr, bindings: list[ir.Binding], span: Span, _: int) -> ir.Expr:
        for name in self._parts(node):
            target = ir.Name(self._span(name), self._source(name))
            bindings.append(ir.Binding(span, target, subject))
            return ir.Spread(span, target)
        return ir.Spread(span, ir.Name(span, "_"))

    def _mapping_pattern(
        self, node: Node, subject: ir.Expr, bindings: list[ir.Binding], span: Span, depth: int
    ) -> ir.Expr:
        keys: list[ir.Expr | None] = []
        items: list[ir.Expr] = []
        for part in self._parts(node):
            if self._text.startswith("**", part.start_byte):
                keys.append(None)
                items.append(self._pattern(part, subject, bindings, depth))
            elif len(keys) == len(items):
                keys.append(self._pattern(part, subject, [], depth))
            else:
                value = ir.Subscript(self._span(part), subject, keys[-1] or ir.Constant(span, None))
                items.append(self._pattern(part, value, bindings, depth))
        return ir.Collection(span, "dict", tuple(items), tuple(keys[: len(items)]))

    # --- expressions --------------------------------------------------------------------------------------------------

    def _expr(self, node: Node, depth: int) -> ir.Expr:
        """Lower an expression or a target that lies `depth` constructs deep."""
        start = node.start_byte
        end = node.end_byte
        lines = self._lines
        starts = self._starts
        line = lines[start]
        end_line = lines[end]
        span = Span(line, start - starts[line], end_line, end - starts[end_line])
        if depth > DEEPEST:
            return self._too_deep(node, span)
        return _EXPRESSIONS.get(node.kind_id, _Lowering._nothing)(self, node, span, depth + 1)

    def _too_deep(self, node: Node, span: Span) -> ir.Expr:
        self._report("too deeply nested", node)
        return ir.Constant(span, None)

    def _nothing(self, _node: Node, span: Span, _: int) -> ir.Expr:
        return ir.Constant(span, None)

    def _field(self, node: Node, name: str, depth: int) -> ir.Expr:
        """The expression in a field of a node; nothing where it is missing."""
        child = node.child_by_field_name(name)
        return self._expr(child, depth) if child is not None else ir.Constant(self._span(node), None)

    def _all(self, node: Node, depth: int) -> tuple[ir.Expr, ...]:
        """All expressions directly inside a node."""
        return tuple([self._expr(child, depth) for child in node.named_children if child.kind_id not in _NOISE])

    def _name(self, node: Node, span: Span, _: int) -> ir.Expr:
        return ir.Name(span, self._text[node.start_byte : node.end_byte])

    def _attribute(self, node: Node, span: Span, depth: int) -> ir.Expr:
        value, *_, name = self._pair(node)
        return ir.Attribute(span, self._expr(value, depth), self._text[name.start_byte : name.end_byte])

    def _pair(self, node: Node) -> list[Node]:
        """The two parts of a node, in the order of the text."""
        parts = node.named_children
        return parts if len(parts) == 2 else self._parts(node)

    def _dotted_name(self, node: Node, _span: Span, _: int) -> ir.Expr:
        first, *others = self._parts(node)
        value: ir.Expr = ir.Name(self._span(first), self._source(first))
        for part in others:
            value = ir.Attribute(self._file.span(node.start_byte, part.end_byte), value, self._source(part))
        return value

    def _inner(self, node: Node, span: Span, depth: int) -> ir.Expr:
        """What is only wrapped: parentheses, `type`, `format_expression`..."""
        return self._first(node, depth) or ir.Constant(span, None)

    def _call(self, node: Node, span: Span, depth: int) -> ir.Expr:
        callee, *_, inner = self._pair(node)
        value = self._expr(callee, depth)
        if inner.kind_id in _ARGUMENTS:
            arguments, keywords = self._arguments(inner, depth)
            return ir.Call(span, value, arguments, keywords)
        return ir.Call(span, value, (self._expr(inner, depth),))

    def _arguments(self, node: Node, depth: int) -> tuple[tuple[ir.Expr, ...], tuple[ir.Keyword, ...]]:
        arguments: list[ir.Expr] = []
        keywords: list[ir.Keyword] = []
        for child in node.named_children:
            kind = child.kind_id
            if kind in _NOISE:
                continue
            if kind in _KEYWORD:
                name, *_, value = self._pair(child)
                keywords.append(ir.Keyword(self._source(name), self._expr(value, depth)))
            elif kind in _SPLAT:
                keywords.append(ir.Keyword(None, self._first(child, depth) or ir.Constant(self._span(child), None)))
            else:
                arguments.append(self._expr(child, depth))
        return tuple(arguments), tuple(keywords)

    def _subscript(self, node: Node, span: Span, depth: int) -> ir.Expr:
        value, *keys = self._parts(node)
        lowered = self._expr(value, depth)
        return ir.Subscript(span, lowered, self._key(keys, span, depth))

    def _key(self, nodes: list[Node], span: Span, depth: int) -> ir.Expr:
        if len(nodes) == 1:
            return self._expr(nodes[0], depth)
        if nodes:
            span = self._file.span(nodes[0].start_byte, nodes[-1].end_byte)
        return ir.Collection(span, "tuple", tuple(self._expr(node, depth) for node in nodes))

    def _generic_type(self, node: Node, span: Span, depth: int) -> ir.Expr:
        """`list[int]` where the grammar knows that it is a type."""
        value, *params = self._parts(node)
        keys = [key for part in params for key in self._parts(part)]
        return ir.Subscript(span, self._expr(value, depth), self._key(keys, span, depth))

    def _union_type(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return ir.Operation(span, "|", self._all(node, depth))

    def _member_type(self, node: Node, span: Span, depth: int) -> ir.Expr:
        value, *_, name = self._parts(node)
        return ir.Attribute(span, self._expr(value, depth), self._source(name))

    def _slice(self, node: Node, span: Span, depth: int) -> ir.Expr:
        ends: list[ir.Expr | None] = [None, None, None]
        index = 0
        for child in node.children:
            if child.type == ":":
                index += 1
            elif child.is_named and child.kind_id not in _NOISE and index < 3:
                ends[index] = self._expr(child, depth)
        return ir.Slice(span, ends[0], ends[1])

    def _chain(self, node: Node, span: Span, depth: int) -> ir.Expr:
        """A binary operator; `a + b + c` is one operation."""
        left, operator, right = self._operands(node)
        operands = [self._expr(right, depth)]
        while operator in _ASSOCIATIVE and left.kind_id in _CHAINED:
            inner, inner_operator, right = self._operands(left)
            if inner_operator != operator:
                break
            operands.append(self._expr(right, depth))
            left = inner
        operands.append(self._expr(left, depth))
        return ir.Operation(span, operator, tuple(reversed(operands)))

    def _operands(self, node: Node) -> tuple[Node, str, Node]:
        children = node.children
        if len(children) != 3:
            children = [child for child in children if child.kind_id not in _NOISE]
        return children[0], self._source(children[1]), children[-1]

    def _comparison(self, node: Node, span: Span, depth: int) -> ir.Expr:
        operands: list[tuple[Node, ir.Expr]] = []
        operators: list[str] = []
        for child in node.children:
            kind = child.kind_id
            if kind in _NOISE:
                continue
            if child.is_named:
                operands.append((child, self._expr(child, depth)))
            else:
                operators.append(" ".join(self._source(child).split()))
        pairs = [
            ir.Operation(self._file.span(left.start_byte, right.end_byte), operator, (first, second))
            for operator, (left, first), (right, second) in zip(operators, operands, operands[1:], strict=False)
        ]
        return pairs[0] if len(pairs) == 1 else ir.Operation(span, "and", tuple(pairs))

    def _not(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return ir.Operation(span, "not", self._all(node, depth))

    def _unary(self, node: Node, span: Span, depth: int) -> ir.Expr:
        operand = self._first(node, depth) or ir.Constant(span, None)
        operator = self._text[node.start_byte]
        return _negated(operand, span) if operator == "-" else ir.Operation(span, operator, (operand,))

    def _conditional(self, node: Node, span: Span, depth: int) -> ir.Expr:
        then, test, other = self._all(node, depth)
        return ir.Conditional(span, test, then, other)

    def _binding(self, node: Node, span: Span, depth: int) -> ir.Expr:
        target, *_, value = self._all(node, depth)
        return ir.Binding(span, target, value)

    def _await(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return ir.Await(span, self._inner(node, span, depth))

    def _yield(self, node: Node, span: Span, depth: int) -> ir.Expr:
        self._yields = True
        every = any(child.type == "from" for child in node.children)
        return ir.Yield(span, self._first(node, depth), every)

    def _spread(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return ir.Spread(span, self._inner(node, span, depth))

    def _lambda(self, node: Node, span: Span, depth: int) -> ir.Expr:
        body = node.child_by_field_name("body")
        params = node.child_by_field_name("parameters")
        kept, self._yields = self._yields, False
        value = self._expr(body, depth) if body is not None else ir.Constant(span, None)
        self._yields = kept
        lowered = self._params(params, depth) if params is not None else ()
        return ir.Lambda(span, lowered, (ir.Return(value.span, value),))

    # --- collections and comprehensions -------------------------------------------------------------------------------

    def _list(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return ir.Collection(span, "list", self._all(node, depth))

    def _tuple(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return ir.Collection(span, "tuple", self._all(node, depth))

    def _set(self, node: Node, span: Span, depth: int) -> ir.Expr:
        return ir.Collection(span, "set", self._all(node, depth))

    def _dict(self, node: Node, span: Span, depth: int) -> ir.Expr:
        keys: list[ir.Expr | None] = []
        items: list[ir.Expr] = []
        for child in node.named_children:
            kind = child.kind_id
            if kind in _PAIR:
                key, *_, value = self._pair(child)
                keys.append(self._expr(key, depth))
                items.append(self._expr(value, depth))
            elif kind not in _NOISE:
                keys.append(None)
                items.append(self._expr(child, depth))
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
        body, *rest = self._parts(node)
        clauses: list[tuple[ir.Expr, ir.Expr, list[ir.Expr]]] = []
        for part in rest:
            values = self._all(part, depth)
            if part.kind_id in _FOR and len(values) >= 2:
                clauses.append((values[0], values[1], []))
            elif part.kind_id in _IF and clauses:
                clauses[-1][2].extend(values)
        key: ir.Expr | None = None
        if body.kind_id in _PAIR:
            first, *_, body = self._pair(body)
            key = self._expr(first, depth)
        element = self._expr(body, depth)
        made = tuple(ir.Clause(target, iterable, tuple(tests)) for target, iterable, tests in clauses)
        return ir.Comprehension(span, kind, element, made, key)

    # --- literals -----------------------------------------------------------------------------------------------------

    def _number(self, node: Node, span: Span, _: int) -> ir.Expr:
        return ir.Constant(span, number(self._source(node)))

    def _true(self, _node: Node, span: Span, _: int) -> ir.Expr:
        return ir.Constant(span, True)

    def _false(self, _node: Node, span: Span, _: int) -> ir.Expr:
        return ir.Constant(span, False)

    def _ellipsis(self, _node: Node, span: Span, _: int) -> ir.Expr:
        return ir.Name(span, "Ellipsis")

    def _string(self, node: Node, span: Span, depth: int) -> ir.Expr:
        literal = self._text[node.start_byte : node.end_byte]
        marks = quotes(literal)
        if not marks.has_holes:
            content = literal[marks.opening : len(literal) - marks.closing]
            return ir.Constant(span, content if marks.is_raw else unescaped(content))
        parts: list[ir.Expr] = []
        for child in node.named_children:
            kind = child.kind_id
            if kind in _CONTENT:
                content = self._source(child).replace("{{", "{").replace("}}", "}")
                parts.append(ir.Constant(self._span(child), content if marks.is_raw else unescaped(content)))
            elif kind in _INTERPOLATION:
                parts += self._holes(child, depth)
        template = ir.Template(span, tuple(parts))
        if "t" in marks.prefix:
            return ir.Call(span, ir.Name(span, "Template"), (template,))
        return template

    def _holes(self, node: Node, depth: int) -> list[ir.Expr]:
        """The expression between braces, and those in its format: `{price:{width}}` has two."""
        holes: list[ir.Expr] = []
        for child in self._parts(node):
            if child.kind_id in _FORMAT:
                for inner in self._parts(child):
                    holes += self._holes(inner, depth + 1) if depth <= DEEPEST else []
            elif child.kind_id not in _CONVERSION:
                holes.append(self._expr(child, depth))
        return holes

    def _concatenated(self, node: Node, span: Span, depth: int) -> ir.Expr:
        """Literals side by side are one; with holes among them, one template."""
        parts: list[ir.Expr] = []
        for value in self._all(node, depth):
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

    def _annotation(self, node: Node, depth: int) -> ir.Expr:
        """A type; text in it that is one itself is read: `list["Order"]` is `list[Order]`."""
        value = self._expr(node, depth)
        source = self._source(node)
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
        start = self._file.offset(value.span.line, value.span.column) + 1
        end = start + len(value.value)
        if self._text[start:end] != value.value:
            return value
        line, column = value.span.line - 1, value.span.column + 1
        stretch = Range(Point(line, column), Point(line, column + len(value.value)), start, end)
        root = Parser(LANGUAGE, included_ranges=[stretch]).parse(self._file.plain).root_node
        statements = root.named_children
        if root.has_error or len(statements) != 1 or statements[0].kind_id not in _EXPRESSION_STATEMENT:
            return value
        inner = statements[0].named_children
        return self._expr(inner[0], depth) if len(inner) == 1 else value


def _negated(operand: ir.Expr, span: Span) -> ir.Expr:
    """`-5` is a number, `-count` an operation."""
    if isinstance(operand, ir.Constant) and isinstance(operand.value, (int, float)):
        return ir.Constant(span, -operand.value)
    return ir.Operation(span, "-", (operand,))


_FORMAT = _kinds("format_specifier")
_CONVERSION = _kinds("type_conversion")
_KEYWORD_PATTERN = _kinds("keyword_pattern")

_Statement: TypeAlias = Callable[[_Lowering, Node, list[ir.Stmt], int], None]
_Expression: TypeAlias = Callable[[_Lowering, Node, Span, int], ir.Expr]
_Pattern: TypeAlias = Callable[[_Lowering, Node, ir.Expr, list[ir.Binding], Span, int], ir.Expr]


_T = TypeVar("_T")


def _by_kind(readers: dict[str, _T]) -> dict[int, _T]:
    """Readers by the number of the node they read; a word may name several kinds of nodes."""
    return {kind: reader for names, reader in readers.items() for kind in _kinds(*names.split())}


_STATEMENTS: dict[int, _Statement] = {
    _ERROR: _Lowering._inner_block,
    **_by_kind(
        {
            "assert_statement": _Lowering._assert,
            "assignment": _Lowering._assignment,
            "augmented_assignment": _Lowering._augmented,
            "block": _Lowering._inner_block,
            "break_statement": _Lowering._break,
            "call": _Lowering._evaluated,
            "class_definition": _Lowering._define_class,
            "continue_statement": _Lowering._continue,
            "decorated_definition": _Lowering._define_decorated,
            "delete_statement": _Lowering._delete,
            "expression_statement": _Lowering._expression_statement,
            "for_statement": _Lowering._for,
            "function_definition": _Lowering._define_function,
            "future_import_statement": _Lowering._import_future,
            "if_statement": _Lowering._if,
            "import_from_statement": _Lowering._import_from,
            "import_statement": _Lowering._import,
            "match_statement": _Lowering._match,
            "print_statement exec_statement": _Lowering._python2_call,
            "raise_statement": _Lowering._raise,
            "return_statement": _Lowering._return,
            "try_statement": _Lowering._try,
            "type_alias_statement": _Lowering._type_alias,
            "while_statement": _Lowering._while,
            "with_statement": _Lowering._with,
        }
    ),
}
_EXPRESSIONS: dict[int, _Expression] = _by_kind(
    {
        "as_pattern_target chevron constrained_type format_expression parenthesized_expression type": _Lowering._inner,
        "attribute": _Lowering._attribute,
        "await": _Lowering._await,
        "binary_operator boolean_operator": _Lowering._chain,
        "call": _Lowering._call,
        "comparison_operator": _Lowering._comparison,
        "concatenated_string": _Lowering._concatenated,
        "conditional_expression": _Lowering._conditional,
        "dictionary": _Lowering._dict,
        "dictionary_comprehension": _Lowering._dict_comprehension,
        "dotted_name": _Lowering._dotted_name,
        "ellipsis": _Lowering._ellipsis,
        "expression_list pattern_list tuple tuple_pattern": _Lowering._tuple,
        "false": _Lowering._false,
        "generator_expression": _Lowering._generator,
        "generic_type": _Lowering._generic_type,
        "identifier": _Lowering._name,
        "integer float": _Lowering._number,
        "lambda": _Lowering._lambda,
        "list list_pattern": _Lowering._list,
        "list_comprehension": _Lowering._list_comprehension,
        "list_splat list_splat_pattern dictionary_splat dictionary_splat_pattern splat_type": _Lowering._spread,
        "member_type": _Lowering._member_type,
        "named_expression": _Lowering._binding,
        "none": _Lowering._nothing,
        "not_operator": _Lowering._not,
        "parenthesized_list_splat": _Lowering._inner,
        "set": _Lowering._set,
        "set_comprehension": _Lowering._set_comprehension,
        "slice": _Lowering._slice,
        "string": _Lowering._string,
        "subscript": _Lowering._subscript,
        "true": _Lowering._true,
        "unary_operator": _Lowering._unary,
        "union_type": _Lowering._union_type,
        "yield": _Lowering._yield,
    }
)
_PATTERNS: dict[int, _Pattern] = _by_kind(
    {
        "as_pattern": _Lowering._as_pattern,
        "case_pattern": _Lowering._case_pattern,
        "class_pattern": _Lowering._class_pattern,
        "dict_pattern": _Lowering._mapping_pattern,
        "dotted_name": _Lowering._dotted_pattern,
        "list_pattern tuple_pattern": _Lowering._sequence_pattern,
        "splat_pattern": _Lowering._splat_pattern,
        "union_pattern": _Lowering._union_pattern,
    }
)
_PARAMS = _by_kind(
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

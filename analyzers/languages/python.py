"""
The front end for Python, 3.8 to 3.14; what is left of Python 2 is tolerated.

    total += order.price       Assign((Name("total"),), Attribute(Name("order"), "price"), operator="+")
    assert user.is_staff       If(Operation("not", (...,)), (Raise(Call(Name("AssertionError"))),))
    case Order(owner=name):    If(Operation("match", (subject, Call(Name("Order"), ...))), (Assign(...), ...))

A statement that does nothing has no IR: `pass`, `global`, a docstring. Definitions and imports of the top level belong
to the module wherever they stand (`if TYPE_CHECKING`, `try`), and so do those of a class body to the class.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tree_sitter import Node

from analyzers import ir
from analyzers.languages.python_expressions import Expressions
from analyzers.languages.python_nodes import DEEPEST, ERROR, MOST_DIAGNOSTICS, by_kind, kinds
from analyzers.languages.python_patterns import Patterns
from analyzers.languages.python_text import Text
from analyzers.span import Span

_ARGUMENTS = kinds("argument_list")
_AS = kinds("as_pattern")
_ASSIGNMENT = kinds("assignment")
_BLOCK = kinds("block")
_CASE = kinds("case_clause")
_CLASS = kinds("class_definition")
_COMPOUND = kinds("if_statement", "try_statement", "with_statement")
_DECORATED = kinds("decorated_definition")
_DECORATOR = kinds("decorator")
_ELLIPSIS = kinds("ellipsis")
_ELSE = kinds("else_clause")
_EXCEPT = kinds("except_clause")
_EXPRESSION_STATEMENT = kinds("expression_statement")
_FINALLY = kinds("finally_clause")
_FUNCTION = kinds("function_definition")
_IDENTIFIER = kinds("identifier")
_IF = kinds("if_clause")
_PARAMETERS = kinds("parameters")
_TYPE = kinds("type")
_WITH_ITEM = kinds("with_item")
_OPEN = _COMPOUND | _BLOCK | _ELSE | _EXCEPT | _FINALLY | kinds("elif_clause") | {ERROR}
"""What may hold members of a class, other than the class itself."""


def lower(text: bytes) -> ir.Module:
    """
    Lower a Python file.

    Never raises: what cannot be parsed, or lies too deep, becomes a diagnostic, and the rest is lowered.
    """
    return _Lowering(Text(text)).module()


class _Members:
    """What a class body holds."""

    def __init__(self) -> None:
        self.fields: list[ir.Field] = []
        self.methods: list[ir.Function] = []
        self.classes: list[ir.Class] = []


class _Lowering(Expressions):
    """
    The lowering of one file.

    The methods in the table below take a node, a list that gets its statements, and the depth of what lies in it.
    """

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self._imports: list[ir.Import] = []
        self._classes: list[ir.Class] = []
        self._functions: list[ir.Function] = []
        self._prefix = ""
        """What the qualified names of definitions begin with here."""
        self._at_top = True
        """Whether definitions and imports belong to the module."""

    def module(self) -> ir.Module:
        """Lower the whole file."""
        body = tuple([statement for part in self.parse() for statement in self._block(part, 0)])
        return ir.Module(
            language="python",
            imports=tuple(self._imports),
            classes=tuple(self._classes),
            functions=tuple(self._functions),
            body=body,
            diagnostics=tuple(sorted(self.diagnostics, key=lambda one: one.span)[:MOST_DIAGNOSTICS]),
        )

    # --- statements ---------------------------------------------------------------------------------------------------

    def _block(self, node: Node | None, depth: int) -> tuple[ir.Stmt, ...]:
        """Lower the statements directly inside a node."""
        if node is None:
            return ()
        if depth > DEEPEST:
            self.report("too deeply nested", node)
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
        parts = self.parts(node)
        if len(parts) == 1:
            _STATEMENTS.get(parts[0].kind_id, _Lowering._evaluate)(self, parts[0], out, depth)
        elif parts:  # a tuple: save(order), notify(order)
            span = self.span(node)
            items = ir.Collection(span, "tuple", tuple(self.expr(part, depth) for part in parts))
            out.append(ir.Evaluate(span, items))

    def _evaluate(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        value = self.expr(node, depth)
        if not isinstance(value, ir.Constant) and node.kind_id not in _ELLIPSIS:
            out.append(ir.Evaluate(value.span, value))

    def _assignment(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        targets, annotation, value = self._assigned(node, depth)
        out.append(ir.Assign(self.span(node), targets, value, annotation))

    def _assigned(self, node: Node, depth: int) -> tuple[tuple[ir.Expr, ...], ir.Expr | None, ir.Expr | None]:
        """The targets, annotation and value of an assignment; `a = b = value` has two targets."""
        targets: list[ir.Expr] = []
        annotation: ir.Expr | None = None
        while True:
            target, *rest = self.parts(node)
            targets.append(self.expr(target, depth))
            if rest and rest[0].kind_id in _TYPE:
                annotation = self.annotation(rest.pop(0), depth)
            if not rest:
                return tuple(targets), annotation, None
            if rest[-1].kind_id not in _ASSIGNMENT:
                return tuple(targets), annotation, self.expr(rest[-1], depth)
            node = rest[-1]

    def _augmented(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        operator = node.child_by_field_name("operator")
        target = self.field(node, "left", depth)
        value = self.field(node, "right", depth)
        sign = self.source(operator).removesuffix("=") if operator is not None else ""
        out.append(ir.Assign(self.span(node), (target,), value, operator=sign))

    def _type_alias(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        """`type Orders[T] = list[T]` assigns to `Orders`."""
        target = self.field(node, "left", depth)
        if isinstance(target, ir.Subscript):
            target = target.value
        out.append(ir.Assign(self.span(node), (target,), self.field(node, "right", depth)))

    def _return(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        out.append(ir.Return(self.span(node), self.first(node, depth)))

    def _raise(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        value = self.first(node, depth)
        if isinstance(value, ir.Collection) and value.items:  # Python 2: raise Error, "message"
            value = value.items[0]
        out.append(ir.Raise(self.span(node), value))

    def _delete(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        targets = self.first(node, depth)
        if targets is not None:
            several = targets.items if isinstance(targets, ir.Collection) else (targets,)
            out.append(ir.Delete(self.span(node), several))

    def _assert(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        test, *message = (self.expr(child, depth) for child in self.parts(node))
        span = self.span(node)
        error = ir.Call(span, ir.Name(span, "AssertionError"), tuple(message))
        out.append(ir.If(span, ir.Operation(test.span, "not", (test,)), (ir.Raise(span, error),)))

    def _python2_call(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        """`print value`, `exec code`: calls of functions that came later."""
        name = "print" if self.text.startswith("print", node.start_byte) else "exec"
        callee = ir.Name(self.place(node.start_byte, node.start_byte + len(name)), name)
        arguments = tuple(self.expr(child, depth) for child in self.parts(node))
        span = self.span(node)
        out.append(ir.Evaluate(span, ir.Call(span, callee, arguments)))

    def _break(self, node: Node, out: list[ir.Stmt], _: int) -> None:
        out.append(ir.Break(self.span(node)))

    def _continue(self, node: Node, out: list[ir.Stmt], _: int) -> None:
        out.append(ir.Continue(self.span(node)))

    # --- compound statements ------------------------------------------------------------------------------------------

    def _if(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        heads, block, clauses = self.anatomy(node)
        branches = [(self.span(node), self._head(heads, node, depth), self._block(block, depth))]
        other: tuple[ir.Stmt, ...] = ()
        end = node.end_byte
        for nested, clause in enumerate(clauses, start=depth + 1):
            if clause.kind_id in _ELSE:
                other = self._clause(clause, depth)
            elif nested > DEEPEST:
                self.report("too many branches", clause)
                break
            else:
                heads, block, _ = self.anatomy(clause)
                span = self.place(clause.start_byte, end)
                branches.append((span, self._head(heads, clause, depth), self._block(block, nested)))
        for span, test, then in reversed(branches):
            other = (ir.If(span, test, then, other),)
        out += other

    def _head(self, heads: list[Node], node: Node, depth: int) -> ir.Expr:
        """The first head; nothing where it is missing."""
        return self.expr(heads[0], depth) if heads else ir.Constant(self.span(node), None)

    def _clause(self, node: Node, depth: int) -> tuple[ir.Stmt, ...]:
        """The statements of an `else` or `finally`."""
        return self._block(self.anatomy(node).block, depth)

    def _clauses(self, clauses: list[Node], kinds: frozenset[int], depth: int) -> tuple[ir.Stmt, ...]:
        """The statements of the clauses of some kinds."""
        return tuple(
            statement for clause in clauses if clause.kind_id in kinds for statement in self._clause(clause, depth)
        )

    def _for(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        heads, block, clauses = self.anatomy(node)
        target = self._head(heads, node, depth)
        iterable = self._head(heads[1:], node, depth)
        other = self._clauses(clauses, _ELSE, depth)
        out.append(ir.For(self.span(node), target, iterable, self._block(block, depth), other))

    def _while(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        """An `else` runs once the loop is over: it follows it."""
        heads, block, clauses = self.anatomy(node)
        test = self._head(heads, node, depth)
        out.append(ir.While(self.span(node), test, self._block(block, depth)))
        out += self._clauses(clauses, _ELSE, depth)

    def _try(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        _, block, clauses = self.anatomy(node)
        body = self._block(block, depth)
        handlers = tuple(self._handler(clause, depth) for clause in clauses if clause.kind_id in _EXCEPT)
        other = self._clauses(clauses, _ELSE, depth)
        final = self._clauses(clauses, _FINALLY, depth)
        out.append(ir.Try(self.span(node), body, handlers, other, final))

    def _handler(self, node: Node, depth: int) -> ir.Handler:
        """
        One `except`. After a comma Python 2 has a name, and Python 3.14 has types: a name in lower case is a name.

        https://peps.python.org/pep-0758/
        """
        heads, block, _ = self.anatomy(node)
        body = self._block(block, depth)
        if not heads:
            return ir.Handler(None, None, body)
        names: list[Node] = []
        if heads[0].kind_id in _AS:
            first, *names = self.parts(heads[0])
            heads = [first]
        elif len(heads) == 2 and self.source(heads[1]).islower() and heads[1].kind_id in _IDENTIFIER:
            heads, names = heads[:1], heads[1:]
        kind = self.expr(heads[0], depth)
        if len(heads) > 1:
            span = self.place(heads[0].start_byte, heads[-1].end_byte)
            kind = ir.Collection(span, "tuple", (kind, *(self.expr(head, depth) for head in heads[1:])))
        return ir.Handler(kind, self.source(names[0]) if names else None, body)

    def _with(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        heads, block, _ = self.anatomy(node)
        items = tuple(
            self._with_item(item, depth)
            for clause in heads
            for item in self.parts(clause)
            if item.kind_id in _WITH_ITEM
        )
        out.append(ir.With(self.span(node), items, self._block(block, depth)))

    def _with_item(self, node: Node, depth: int) -> ir.WithItem:
        value = self.parts(node)[0]
        if value.kind_id in _AS:
            context, *targets = self.parts(value)
            return ir.WithItem(self.expr(context, depth), self.expr(targets[0], depth) if targets else None)
        return ir.WithItem(self.expr(value, depth), None)

    # --- match --------------------------------------------------------------------------------------------------------

    def _match(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        """
        `match` becomes nested `if`s. A subject that is no name is evaluated once, into a name that no program can have.
        """
        heads, block, _ = self.anatomy(node)
        if not heads or block is None:
            return
        span = self.place(heads[0].start_byte, heads[-1].end_byte)
        values = tuple(self.expr(head, depth) for head in heads)
        subject = values[0] if len(values) == 1 else ir.Collection(span, "tuple", values)
        if not isinstance(subject, ir.Name):
            name = ir.Name(span, "<match>")
            out.append(ir.Assign(span, (name,), subject))
            subject = name
        branches: list[tuple[Span, ir.Expr | None, tuple[ir.Stmt, ...]]] = []
        for nested, case in enumerate((one for one in self.parts(block) if one.kind_id in _CASE), start=depth + 1):
            if nested > DEEPEST:
                self.report("too many cases", case)
                break
            test, then = self._case(case, subject, nested)
            branches.append((self.place(case.start_byte, node.end_byte), test, then))
        other: tuple[ir.Stmt, ...] = ()
        for span, test, then in reversed(branches):
            other = then if test is None else (ir.If(span, test, then, other),)
        out += other

    def _case(self, node: Node, subject: ir.Expr, depth: int) -> tuple[ir.Expr | None, tuple[ir.Stmt, ...]]:
        """The test of a case and what it runs; None as test where it always matches."""
        heads, block, _ = self.anatomy(node)
        guard = heads.pop() if heads and heads[-1].kind_id in _IF else None
        patterns = Patterns(self)
        span = self.place(heads[0].start_byte, heads[-1].end_byte) if heads else self.span(node)
        if len(heads) == 1:
            pattern = patterns.read(heads[0], subject, depth)
        else:
            pattern = patterns.sequence(heads, subject, span, depth)
        test: ir.Expr | None = None
        if not isinstance(pattern, ir.Name):
            test = ir.Operation(span, "match", (subject, pattern))
        body = self._block(block, depth)
        if guard is not None:
            # The guard sees what was bound: `case Order() as order if order.paid`.
            condition = self.first(guard, depth) or ir.Constant(span, None)
            operands = (*((test,) if test is not None else ()), *patterns.bindings, condition)
            return ir.Operation(self.place(node.start_byte, guard.end_byte), "and", operands), body
        return test, (*(ir.Assign(one.span, (one.target,), one.value) for one in patterns.bindings), *body)

    # --- imports ------------------------------------------------------------------------------------------------------

    def _import(self, node: Node, out: list[ir.Stmt], _: int) -> None:
        found: list[ir.Import] = []
        for child in self.parts(node):
            name, alias = self._imported(child)
            # `import a.b` binds `a`.
            found.append(ir.Import(self.span(child), name, None, alias or name.partition(".")[0]))
        self._add_imports(found, out)

    def _import_from(self, node: Node, out: list[ir.Stmt], _: int) -> None:
        source, *names = self.parts(node)
        module = "".join(self.source(source).split())
        level = len(module) - len(module.lstrip("."))
        module = module[level:]
        found: list[ir.Import] = []
        for child in names:
            name, alias = self._imported(child)
            found.append(ir.Import(self.span(child), module, name, alias or name, level))
        self._add_imports(found, out)

    def _import_future(self, node: Node, out: list[ir.Stmt], _: int) -> None:
        """`from __future__ import ...`, whose module the grammar does not name."""
        found = [
            ir.Import(self.span(child), "__future__", name, alias or name)
            for child in self.parts(node)
            for name, alias in [self._imported(child)]
        ]
        self._add_imports(found, out)

    def _imported(self, node: Node) -> tuple[str, str | None]:
        """What `name` or `name as alias` imports."""
        parts = self.parts(node)
        alias = node.child_by_field_name("alias")
        if alias is not None:
            return self.source(parts[0]), self.source(alias)
        return self.source(node), None

    def _add_imports(self, found: list[ir.Import], out: list[ir.Stmt]) -> None:
        if self._at_top:
            self._imports += found
        else:
            out += found

    # --- definitions --------------------------------------------------------------------------------------------------

    def _define_function(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        self._define(self._function(node, (), self.span(node), depth), out)

    def _define_class(self, node: Node, out: list[ir.Stmt], depth: int) -> None:
        self._define(self._class(node, (), self.span(node), depth), out)

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
                decorator = self.first(child, depth)
                if decorator is not None:
                    decorators.append(decorator)
            elif kind in _FUNCTION:
                return self._function(child, tuple(decorators), self.span(node), depth)
            elif kind in _CLASS:
                return self._class(child, tuple(decorators), self.span(node), depth)
        return None

    def _function(self, node: Node, decorators: tuple[ir.Expr, ...], span: Span, depth: int) -> ir.Function:
        heads, block, _ = self.anatomy(node)
        name = heads[0]
        params: tuple[ir.Parameter, ...] = ()
        returns: ir.Expr | None = None
        for head in heads[1:]:
            if head.kind_id in _PARAMETERS:
                params = self.params(head, depth)
            elif head.kind_id in _TYPE:
                returns = self.annotation(head, depth)
        qualname = self._prefix + self.source(name)
        kept = self._prefix, self._at_top, self.yields
        self._prefix, self._at_top, self.yields = f"{qualname}.<locals>.", False, False
        body = self._block(block, depth)
        is_generator = self.yields
        self._prefix, self._at_top, self.yields = kept
        return ir.Function(
            span,
            self.source(name),
            qualname,
            params,
            body,
            self.span(name),
            decorators,
            returns,
            is_async=self.text.startswith("async", node.start_byte),
            is_generator=is_generator,
        )

    def _class(self, node: Node, decorators: tuple[ir.Expr, ...], span: Span, depth: int) -> ir.Class:
        heads, block, _ = self.anatomy(node)
        bases: tuple[ir.Expr, ...] = ()
        keywords: tuple[ir.Keyword, ...] = ()
        for head in heads[1:]:
            if head.kind_id in _ARGUMENTS:
                bases, keywords = self.arguments(head, depth)
        name = self.source(heads[0])
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
            self.span(heads[0]),
            tuple(members.classes),
            keywords,
            decorators,
        )

    def _class_body(self, node: Node, members: _Members, depth: int) -> None:
        """Collect fields and definitions, those under `if`, `try` and `with` included."""
        if depth > DEEPEST:
            self.report("too deeply nested", node)
            return
        depth += 1
        for child in node.named_children:
            kind = child.kind_id
            if kind in _EXPRESSION_STATEMENT:
                self._fields(child, members, depth)
            elif kind in _FUNCTION:
                members.methods.append(self._function(child, (), self.span(child), depth))
            elif kind in _CLASS:
                members.classes.append(self._class(child, (), self.span(child), depth))
            elif kind in _DECORATED:
                definition = self._decorated(child, depth)
                if isinstance(definition, ir.Function):
                    members.methods.append(definition)
                elif definition is not None:
                    members.classes.append(definition)
            elif kind in _OPEN:
                self._class_body(child, members, depth)

    def _fields(self, node: Node, members: _Members, depth: int) -> None:
        for child in node.named_children:
            if child.kind_id in _ASSIGNMENT:
                targets, annotation, value = self._assigned(child, depth)
                span = self.span(child)
                members.fields += [
                    ir.Field(span, target.id, value, annotation) for target in targets if isinstance(target, ir.Name)
                ]


_Reader: TypeAlias = Callable[[_Lowering, Node, list[ir.Stmt], int], None]

_STATEMENTS: dict[int, _Reader] = {
    ERROR: _Lowering._inner_block,
    **by_kind(
        {
            "assert_statement": _Lowering._assert,
            "assignment": _Lowering._assignment,
            "augmented_assignment": _Lowering._augmented,
            "block": _Lowering._inner_block,
            "break_statement": _Lowering._break,
            "await call": _Lowering._evaluate,
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

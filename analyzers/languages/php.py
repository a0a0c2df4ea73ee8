"""
The front end for PHP.

Interfaces, traits and enums are classes too; an interface has the decorator `interface`. The bases of a class are what
it extends, what it implements and the traits it uses, in this order; properties, constants and cases are its fields. An
instance method has `self` as its first parameter, a static one the decorator `staticmethod`, one without a body
`abstractmethod`; a `get` hook is a method with the decorator `property`. A promoted parameter is also a field, and the
constructor begins with its assignment. A class without a name, as in `return new class extends Migration`, is one of
the module: `class@anonymous`.

    foreach ($orders as $id => $order) {...}     for (id, order) in keyed(orders): ...
    foreach ($orders as $order) {...}            for order in orders: ...
    /** @var Order $order */                     order: Order

Annotations are the first class of a type; where the type is missing or names a bare collection, the doc comment's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from tree_sitter import Node

from analyzers import ir
from analyzers.languages import php_doc
from analyzers.languages.php_doc import Doc, chain, merge
from analyzers.languages.php_expressions import LONGEST_CHAIN, Expressions, any_of
from analyzers.languages.php_source import Source
from analyzers.span import Span


def lower(text: bytes) -> ir.Module:
    """
    Lower a PHP file. Never raises for any bytes; what is outside of PHP's tags is left out.
    """
    lowering = Lowering(Source(text))
    return lowering.module(lowering.source.file())


_CLASS_LEVELS = 4
"""What a class inside an expression adds to the nesting: it takes as much of the stack as this many blocks."""


class _Segment(NamedTuple):
    """Cases of a `switch` that fall through into each other, up to one that leaves."""

    cases: list[tuple[ir.Expr | None, tuple[ir.Stmt, ...]]]
    """Test and body; `default` has no test."""


class Lowering(Expressions):
    """Lowers the statements and definitions of one text."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.imports: list[ir.Import] = []
        self.classes: list[ir.Class] = []
        self.functions: list[ir.Function] = []
        self._namespace: str | None = None
        self._scope = ""
        """The qualname of the function around, with `.<locals>.`; empty at the top level."""
        self._class = ""
        """The name of the class around."""
        self._leavable: list[str] = []
        """Loops and switches around, innermost last: what `break` and `continue` count."""
        self._anonymous = 0
        self._printing = False
        """Whether the next expression stands after `<?=`."""

    def module(self, root: Node) -> ir.Module:
        """Lower a whole file."""
        body = self.statements(root.named_children)
        self.find_errors(root)
        return ir.Module(
            "php",
            imports=tuple(self.imports),
            classes=tuple(self.classes),
            functions=tuple(self.functions),
            body=body,
            diagnostics=tuple(sorted(self.diagnostics, key=lambda found: found.span)),
            namespace=self._namespace or "",
        )

    def find_errors(self, root: Node) -> None:
        """Note what the grammar did not allow: the outermost stretches, each once."""
        for node in errors(root):
            self.complain(f"`{node.type}` is missing" if node.is_missing else "this can't be read as PHP", node)

    # --- statements ---------------------------------------------------------------------------------------------------

    def statements(self, nodes: Sequence[Node]) -> tuple[ir.Stmt, ...]:
        """Lower statements, each with the doc comment before it."""
        lowered: list[ir.Stmt] = []
        comment: Node | None = None
        for node in nodes:
            if node.type == "comment":
                comment = node
                continue
            doc = self._doc(comment)
            comment = None
            found = self._statement(node, doc)
            lowered += self._declared(found, doc) if doc.variables else found
        if comment is not None:
            lowered += self._declared([], self._doc(comment))
        return tuple(lowered)

    def _doc(self, comment: Node | None) -> Doc:
        if comment is None:
            return php_doc.NOTHING
        text = self.source.of(comment)
        return php_doc.read(text, self.source.span(comment), self._class) if text.startswith("/**") else php_doc.NOTHING

    def _declared(self, statements: list[ir.Stmt], doc: Doc) -> list[ir.Stmt]:
        """
        Statements with what `@var T $name` before them says.

        The annotation goes to the assignment of the name or into the loop that targets it; else it stands alone.
        """
        left = dict(doc.variables)
        first = statements[0] if statements else None
        if isinstance(first, ir.Assign) and len(first.targets) == 1 and isinstance(first.targets[0], ir.Name):
            annotation = left.pop(first.targets[0].id, None) or first.annotation
            first = ir.Assign(first.span, first.targets, first.value, annotation, first.operator)
        elif isinstance(first, ir.For):
            targets = {node.id for node in ir.walk(first.target) if isinstance(node, ir.Name)}
            inside = [_declaration(name, left.pop(name)) for name in list(left) if name in targets]
            first = ir.For(first.span, first.target, first.iterable, (*inside, *first.body), first.other)
        alone: list[ir.Stmt] = [_declaration(name, annotation) for name, annotation in left.items()]
        return [*alone, *([first] if first is not None else []), *statements[1:]]

    def _statement(self, node: Node, doc: Doc) -> list[ir.Stmt]:
        kind = node.type
        if kind == "expression_statement":
            return self._expression_statement(node, doc)
        if kind in _DEFINITIONS:
            return self._definition(node, doc)
        lower = _STATEMENTS.get(kind)
        if lower is not None:
            return self._deeper(node, lower)
        if kind in _SILENT:
            return []
        if kind == "ERROR":
            return list(self.statements([child for child in node.named_children if child.type in _RECOVERED]))
        value = self.expression(node)
        return [ir.Evaluate(value.span, value)]

    def _deeper(self, node: Node, lower: Callable[[Any, Node], list[ir.Stmt]]) -> list[ir.Stmt]:
        if not self.enter(node):
            return []
        try:
            return lower(self, node)
        finally:
            self.leave()

    def block(self, node: Node | None) -> tuple[ir.Stmt, ...]:
        """Lower a block, or the one statement in its place."""
        if node is None:
            return ()
        return self.statements(node.named_children if node.type in ("compound_statement", "colon_block") else [node])

    def _block(self, node: Node) -> list[ir.Stmt]:
        return list(self.block(node))

    def _expression_statement(self, node: Node, doc: Doc) -> list[ir.Stmt]:
        inner = next((child for child in node.named_children if child.type != "comment"), None)
        if inner is None:
            return []
        span = self.source.span(node)
        if self._printing:
            self._printing = False
            return [ir.Evaluate(span, self.call(inner, "print", *self._operands(inner)))]
        match inner.type:
            case "assignment_expression" | "reference_assignment_expression":
                return [self._assign(inner, span, doc)]
            case "augmented_assignment_expression":
                target = self.target(inner.child_by_field_name("left"))
                value = self.expression(inner.child_by_field_name("right"))
                return [ir.Assign(span, (target,), value, operator=self._operator(inner).removesuffix("="))]
            case "update_expression":
                target = self.target(inner.child_by_field_name("argument"))
                return [ir.Assign(span, (target,), ir.Constant(span, 1), operator=self._operator(inner)[:1])]
            case "throw_expression":
                return [ir.Raise(span, self.expression(inner.named_children[-1]))]
            case "name" if self.source.of(inner).lower() in ("exit", "die"):
                return [ir.Raise(span, self.call(inner, "exit"))]
            case "function_call_expression" if self.source.of(inner.children[0]).lower() == "die":
                return [ir.Raise(span, self.expression(inner))]
        return [ir.Evaluate(span, self.expression(inner))]

    def _assign(self, node: Node, span: Span, doc: Doc) -> ir.Assign:
        """`$a = $b = c()`: one value for several targets."""
        targets: list[ir.Expr] = []
        value: Node | None = node
        while value is not None and value.type in ("assignment_expression", "reference_assignment_expression"):
            targets.append(self.target(value.child_by_field_name("left")))
            value = value.child_by_field_name("right")
        return ir.Assign(span, tuple(targets), self.expression(value), doc.own)

    def _operands(self, node: Node) -> tuple[ir.Expr, ...]:
        return self.all(node.named_children if node.type == "sequence_expression" else [node])

    def _echo(self, node: Node) -> list[ir.Stmt]:
        operands = tuple(
            operand for child in node.named_children if child.type != "comment" for operand in self._operands(child)
        )
        return [ir.Evaluate(self.source.span(node), self.call(node, "print", *operands))]

    def _interpolation(self, node: Node) -> list[ir.Stmt]:
        """The text between `?>` and the next tag."""
        self._printing = self.source.of(node).endswith("<?=")
        return []

    def _return(self, node: Node) -> list[ir.Stmt]:
        inner = next((child for child in node.named_children if child.type != "comment"), None)
        return [ir.Return(self.source.span(node), self.expression(inner) if inner is not None else None)]

    def _exit(self, node: Node) -> list[ir.Stmt]:
        return [ir.Raise(self.source.span(node), self.call(node, "exit", *self.all(node.named_children)))]

    def _unset(self, node: Node) -> list[ir.Stmt]:
        return [ir.Delete(self.source.span(node), self.all(node.named_children))]

    def _static(self, node: Node) -> list[ir.Stmt]:
        """`static $cache = []`: an assignment."""
        return [
            ir.Assign(
                self.source.span(item),
                (self.expression(item.child_by_field_name("name")),),
                self.expression(item.child_by_field_name("value")),
            )
            for item in node.named_children
            if item.type == "static_variable_declaration" and item.child_by_field_name("value") is not None
        ]

    def _constants(self, node: Node) -> list[ir.Stmt]:
        return [
            ir.Assign(field.span, (ir.Name(field.span, field.name),), field.value, field.annotation)
            for field in self._constant_fields(node, php_doc.NOTHING)
        ]

    def _declare(self, node: Node) -> list[ir.Stmt]:
        return list(self.statements([child for child in node.named_children if child.type != "declare_directive"]))

    def _goto(self, node: Node) -> list[ir.Stmt]:
        self.complain("`goto` is not followed", node)
        return []

    # --- branches -----------------------------------------------------------------------------------------------------

    def _if(self, node: Node) -> list[ir.Stmt]:
        """`if`, with `elseif` and `else if` nested in `other`."""
        branches: list[tuple[ir.Expr, tuple[ir.Stmt, ...], Span]] = []
        other: tuple[ir.Stmt, ...] = ()
        current: Node | None = node
        while current is not None:
            branches.append(self._branch(current))
            following: Node | None = None
            for clause in current.children_by_field_name("alternative"):
                if clause.type == "else_if_clause":
                    branches.append(self._branch(clause))
                    continue
                body = clause.child_by_field_name("body")
                if body is not None and body.type == "if_statement":
                    following = body
                else:
                    other = self.block(body)
            current = following
        return list(nested(branches, other))

    def _branch(self, node: Node) -> tuple[ir.Expr, tuple[ir.Stmt, ...], Span]:
        test = self.expression(node.child_by_field_name("condition"))
        return test, self.block(node.child_by_field_name("body")), self.source.span(node)

    def _switch(self, node: Node) -> list[ir.Stmt]:
        """
        `switch`, as a chain of `if`.

        Cases that fall through stand under one test: `case 1: a(); case 2: b(); break;` is
        `if x == 1 or x == 2: (if x == 1: a()); b()`.
        """
        subject = self.expression(node.child_by_field_name("condition"))
        body = node.child_by_field_name("body")
        span = self.source.span(node)
        self._leavable.append("switch")
        segments: list[_Segment] = []
        falls = False
        for case in body.named_children if body is not None else ():
            if case.type not in ("case_statement", "default_statement"):
                continue
            value = case.child_by_field_name("value")
            inside = [child for child in case.named_children if child != value]
            test = self.any_equal(subject, [self.expression(value)]) if value is not None else None
            statements = self.statements(inside)
            if not falls:
                segments.append(_Segment([]))
            segments[-1].cases.append((test, statements))
            falls = not any(child.type in _LEAVING for child in inside) and not (
                bool(statements) and isinstance(statements[-1], (ir.Raise, ir.Return))
            )
        self._leavable.pop()
        branches = []
        other: tuple[ir.Stmt, ...] = ()
        for segment in segments:
            tests = [test for test, _ in segment.cases]
            known = [test for test in tests if test is not None]
            if len(known) < len(tests):
                other = _fallen(segment)
            else:
                branches.append((any_of(known), _fallen(segment), span))
        return list(nested(branches, other))

    def _try(self, node: Node) -> list[ir.Stmt]:
        handlers = []
        final: tuple[ir.Stmt, ...] = ()
        for clause in node.named_children:
            if clause.type == "catch_clause":
                name = clause.child_by_field_name("name")
                handlers.append(
                    ir.Handler(
                        self._caught(clause.child_by_field_name("type")),
                        self.variable(name) if name is not None else None,
                        self.block(clause.child_by_field_name("body")),
                    )
                )
            elif clause.type == "finally_clause":
                final = self.block(clause.child_by_field_name("body"))
        return [
            ir.Try(self.source.span(node), self.block(node.child_by_field_name("body")), tuple(handlers), (), final)
        ]

    def _caught(self, node: Node | None) -> ir.Expr | None:
        """The types of a `catch`; a tuple where there are several."""
        if node is None:
            return None
        types = [self.annotation(child) for child in node.named_children if child.type == "named_type"]
        known = tuple(found for found in types if found is not None)
        return known[0] if len(known) == 1 else ir.Collection(self.source.span(node), "tuple", known)

    # --- loops --------------------------------------------------------------------------------------------------------

    def _foreach(self, node: Node) -> list[ir.Stmt]:
        heads = [child for child in node.named_children if child.type != "comment"]
        body = node.child_by_field_name("body")
        if body is not None:
            heads = [child for child in heads if child != body]
        if len(heads) < 2:
            return []
        iterable, target = self.iteration(heads[0], heads[1])
        return [ir.For(self.source.span(node), target, iterable, self._loop(body))]

    def iteration(self, iterable: Node, target: Node) -> tuple[ir.Expr, ir.Expr]:
        """The iterable and the target of `foreach (iterable as target)`."""
        value = self.expression(iterable)
        if target.type != "pair":
            return value, self.target(target)
        both = [child for child in target.named_children if child.type != "comment"]
        pair = ir.Collection(self.source.span(target), "tuple", tuple(self.target(part) for part in both))
        return self.call(iterable, "keyed", value), pair

    def _loop(self, body: Node | None) -> tuple[ir.Stmt, ...]:
        self._leavable.append("loop")
        lowered = self.block(body)
        self._leavable.pop()
        return lowered

    def _for(self, node: Node) -> list[ir.Stmt]:
        condition = node.child_by_field_name("condition")
        test = self.expression(condition) if condition is not None else ir.Constant(self.source.span(node), True)
        if isinstance(test, ir.Collection) and test.items:
            test = test.items[-1]
        body = (*self._loop(node.child_by_field_name("body")), *self._steps(node.child_by_field_name("update")))
        return [*self._steps(node.child_by_field_name("initialize")), ir.While(self.source.span(node), test, body)]

    def _steps(self, node: Node | None) -> list[ir.Stmt]:
        """The first or the last part of `for (...)`."""
        parts = [] if node is None else node.named_children if node.type == "sequence_expression" else [node]
        return [step for part in parts if part.type != "comment" for step in self.step(part)]

    def step(self, node: Node) -> list[ir.Stmt]:
        """An expression in the place of a statement."""
        value = self.expression(node)
        if isinstance(value, ir.Binding):
            return [ir.Assign(value.span, (value.target,), value.value)]
        return [ir.Evaluate(value.span, value)]

    def _while(self, node: Node) -> list[ir.Stmt]:
        test = self.expression(node.child_by_field_name("condition"))
        return [ir.While(self.source.span(node), test, self._loop(node.child_by_field_name("body")))]

    def _do(self, node: Node) -> list[ir.Stmt]:
        """`do {...} while (test)`: `while true: ...; if not test: break`."""
        condition = node.child_by_field_name("condition")
        body = self._loop(node.child_by_field_name("body"))
        test = self.expression(condition)
        stop = ir.If(test.span, ir.Operation(test.span, "not", (test,)), (ir.Break(test.span),))
        span = self.source.span(node)
        return [ir.While(span, ir.Constant(span, True), (*body, stop))]

    def _leave(self, node: Node) -> list[ir.Stmt]:
        """
        `break` and `continue`, of the innermost loop.

        What leaves only a `switch` needs no statement, and what goes on in a loop further out leaves the inner one.
        """
        count = next((self.source.of(child) for child in node.named_children if child.type == "integer"), "1")
        levels = int(count) if count.isdigit() and len(count) < 4 else 1
        around = self._leavable[-levels:] if levels else []
        span = self.source.span(node)
        if "loop" not in around:
            return []
        goes_on = node.type == "continue_statement" and around[0] == "loop" and around.count("loop") == 1
        return [ir.Continue(span) if goes_on else ir.Break(span)]

    # --- namespaces and imports ---------------------------------------------------------------------------------------

    def _namespace_definition(self, node: Node) -> list[ir.Stmt]:
        name = node.child_by_field_name("name")
        if self._namespace is None:
            self._namespace = ".".join(self.source.of(name).split("\\")) if name is not None else ""
        return list(self.block(node.child_by_field_name("body")))

    def _use(self, node: Node) -> list[ir.Stmt]:
        """`use A\\B as C` and `use A\\{B, C as D}`, of classes, functions and constants."""
        prefix = ""
        for child in node.named_children:
            if child.type == "namespace_name":
                prefix = f"{self.source.of(child)}\\"
            elif child.type == "namespace_use_clause":
                self._import(child, "")
            elif child.type == "namespace_use_group":
                for clause in child.named_children:
                    if clause.type == "namespace_use_clause":
                        self._import(clause, prefix)
        return []

    def _import(self, clause: Node, prefix: str) -> None:
        alias = clause.child_by_field_name("alias")
        name = next(
            (child for child in clause.named_children if child.type in ("name", "qualified_name", "namespace_name")),
            None,
        )
        if name is None:
            return
        module = f"{prefix}{self.source.of(name)}".strip("\\").replace("\\", ".")
        bound = self.source.of(alias) if alias is not None else module.rpartition(".")[2]
        self.imports.append(ir.Import(self.source.span(clause), module, None, bound))

    # --- definitions --------------------------------------------------------------------------------------------------

    def _definition(self, node: Node, doc: Doc) -> list[ir.Stmt]:
        """A function or class: the module's at the top level, a statement inside a function."""
        if not self.enter(node):
            return []
        try:
            if node.type == "function_definition":
                function = self._function(node, doc, f"{self._scope}{self._named(node)}", (), ())
                if self._scope:
                    return [ir.Define(function.span, function)]
                self.functions.append(function)
            else:
                found = self._class_definition(node, f"{self._scope}{self._named(node)}", self._named(node))
                if self._scope:
                    return [ir.Define(found.span, found)]
                self.classes.append(found)
        finally:
            self.leave()
        return []

    def _named(self, node: Node) -> str:
        name = node.child_by_field_name("name")
        return self.source.of(name) if name is not None else ""

    def anonymous_class(self, node: Node) -> str:
        self._anonymous += 1
        name = "class@anonymous" if self._anonymous == 1 else f"class@anonymous{self._anonymous}"
        if self.enter(node, _CLASS_LEVELS):
            self.classes.append(self._class_definition(node, name, name))
            self.leave(_CLASS_LEVELS)
        return name

    def _class_definition(self, node: Node, qualname: str, name: str) -> ir.Class:
        outer, self._class = self._class, name
        scope, self._scope = self._scope, ""
        bases: list[ir.Expr] = []
        traits: list[ir.Expr] = []
        fields: list[ir.Field] = []
        methods: list[ir.Function] = []
        for child in node.named_children:
            if child.type in ("base_clause", "class_interface_clause"):
                bases += [self.qualified(base) for base in child.named_children if base.type != "comment"]
        body = node.child_by_field_name("body")
        comment: Node | None = None
        for member in body.named_children if body is not None else ():
            if member.type == "comment":
                comment = member
                continue
            doc, comment = self._doc(comment), None
            match member.type:
                case "use_declaration":
                    traits += [self.qualified(used) for used in member.named_children if used.type in _NAMES]
                case "property_declaration":
                    self._properties(member, doc, qualname, fields, methods)
                case "const_declaration":
                    fields += self._constant_fields(member, doc)
                case "enum_case":
                    value = member.child_by_field_name("value")
                    case = self.expression(value) if value is not None else None
                    fields.append(ir.Field(self.source.span(member), self._named(member), case))
                case "method_declaration":
                    methods.append(self._method(member, doc, qualname, fields))
        named = node.child_by_field_name("name")
        found = ir.Class(
            self.source.span(node),
            name,
            qualname,
            (*bases, *traits),
            tuple(fields),
            tuple(methods),
            self.source.span(named if named is not None else node.children[0]),
            decorators=(*self._attributes(node), *self._kind(node)),
        )
        self._class, self._scope = outer, scope
        return found

    def _constant_fields(self, node: Node, doc: Doc) -> list[ir.Field]:
        annotation = merge(self.annotation(node.child_by_field_name("type")), doc.own)
        fields = []
        for element in node.named_children:
            if element.type == "const_element":
                name, *rest = [child for child in element.named_children if child.type != "comment"]
                value = self.expression(rest[-1]) if rest else None
                fields.append(ir.Field(self.source.span(element), self.source.of(name), value, annotation))
        return fields

    def _properties(self, node: Node, doc: Doc, owner: str, fields: list[ir.Field], methods: list[ir.Function]) -> None:
        """`protected array $with = ['customer'], $hidden`, each with its hooks."""
        native = self.annotation(node.child_by_field_name("type"))
        elements = [child for child in node.named_children if child.type == "property_element"]
        span = self.source.span(node)
        for element in elements:
            variable = element.child_by_field_name("name")
            if variable is None:
                continue
            name = self.source.of(variable)[1:]
            default = element.child_by_field_name("default_value")
            value = self.expression(default) if default is not None else None
            annotation = merge(native, doc.own or doc.variables.get(name))
            where = span if len(elements) == 1 else self.source.span(element)
            fields.append(ir.Field(where, name, value, annotation))
        hooks = next((child for child in node.named_children if child.type == "property_hook_list"), None)
        if hooks is not None and fields:
            methods += self._hooks(hooks, owner, fields[-1])

    def _hooks(self, node: Node, owner: str, field: ir.Field) -> Iterator[ir.Function]:
        """`get` as a property of Python is written, `set` as its setter."""
        for hook in node.named_children:
            kind = next((self.source.of(child) for child in hook.named_children if child.type == "name"), "")
            body = hook.child_by_field_name("body")
            if kind not in ("get", "set") or body is None:
                continue
            span = self.source.span(hook)
            own: ir.Expr = ir.Name(span, "property" if kind == "get" else field.name)
            params = self.parameters(hook.child_by_field_name("parameters"))
            if kind == "set" and not params:
                params = (ir.Parameter("value", "plain", field.annotation, None, span),)
            yield ir.Function(
                span,
                field.name,
                f"{owner}.{field.name}",
                (ir.Parameter("self", "plain", None, None, span), *params),
                self._hook_body(body, f"{owner}.{field.name}", returned=kind == "get"),
                span,
                decorators=(own if kind == "get" else ir.Attribute(span, own, "setter"),),
                returns=field.annotation if kind == "get" else None,
            )

    def _hook_body(self, node: Node, qualname: str, *, returned: bool) -> tuple[ir.Stmt, ...]:
        if node.type == "compound_statement":
            return self._body(node, qualname)[0]
        value = self.expression(node)
        return (ir.Return(value.span, value) if returned else ir.Evaluate(value.span, value),)

    def _method(self, node: Node, doc: Doc, owner: str, fields: list[ir.Field]) -> ir.Function:
        name = node.child_by_field_name("name")
        span = self.source.span(name if name is not None else node)
        promoted = self._promoted(node.child_by_field_name("parameters"), doc)
        fields += promoted
        assigned = tuple(_kept(field) for field in promoted)
        qualname = f"{owner}.{self._named(node)}"
        is_static = any(child.type == "static_modifier" for child in node.named_children)
        before = () if is_static else (ir.Parameter("self", "plain", None, None, span),)
        function = self._function(node, doc, qualname, before, assigned)
        if is_static:
            function = _decorated(function, ir.Name(span, "staticmethod"))
        if node.child_by_field_name("body") is None:
            function = _decorated(function, ir.Name(span, "abstractmethod"))
        return function

    def _kind(self, node: Node) -> tuple[ir.Expr, ...]:
        """An interface has a decorator of that name: even without methods it is no class to make objects of."""
        return (
            (ir.Name(self.source.span(node.children[0]), "interface"),) if node.type == "interface_declaration" else ()
        )

    def _promoted(self, node: Node | None, doc: Doc) -> list[ir.Field]:
        """The fields that a constructor's parameters declare."""
        return [
            ir.Field(
                self.source.span(child),
                self.variable(name),
                None,
                self._parameter_type(child, self.variable(name), doc),
            )
            for child in (node.named_children if node is not None else ())
            if child.type == "property_promotion_parameter" and (name := _variable_of(child)) is not None
        ]

    def _function(
        self, node: Node, doc: Doc, qualname: str, before: tuple[ir.Parameter, ...], assigned: tuple[ir.Stmt, ...]
    ) -> ir.Function:
        name = node.child_by_field_name("name")
        body = node.child_by_field_name("body")
        statements, yields = self._body(body, qualname) if body is not None else ((), False)
        return ir.Function(
            self.source.span(node),
            self._named(node),
            qualname,
            (*before, *self._parameters(node.child_by_field_name("parameters"), doc)),
            (*assigned, *statements),
            self.source.span(name if name is not None else node),
            decorators=self._attributes(node),
            returns=merge(self.annotation(node.child_by_field_name("return_type")), doc.returns),
            is_generator=yields,
        )

    def function_body(self, node: Node) -> tuple[ir.Stmt, ...]:
        return self._body(node, self._scope.removesuffix(".<locals>.") or "<closure>")[0]

    def _body(self, node: Node, qualname: str) -> tuple[tuple[ir.Stmt, ...], bool]:
        """The statements of a function's block, and whether it yields."""
        around = self._scope, self._leavable, self.yields
        self._scope, self._leavable, self.yields = f"{qualname}.<locals>.", [], False
        statements = self.block(node)
        yields = self.yields
        self._scope, self._leavable, self.yields = around
        return statements, yields

    def parameters(self, node: Node | None) -> tuple[ir.Parameter, ...]:
        return self._parameters(node, php_doc.NOTHING)

    def _parameters(self, node: Node | None, doc: Doc) -> tuple[ir.Parameter, ...]:
        params = []
        for child in node.named_children if node is not None else ():
            variable = _variable_of(child)
            if variable is None:
                continue
            name = self.variable(variable)
            default = child.child_by_field_name("default_value")
            params.append(
                ir.Parameter(
                    name,
                    "rest" if child.type == "variadic_parameter" else "plain",
                    self._parameter_type(child, name, doc),
                    self.expression(default) if default is not None else None,
                    self.source.span(child),
                )
            )
        return tuple(params)

    def _parameter_type(self, node: Node, name: str, doc: Doc) -> ir.Expr | None:
        return merge(self.annotation(node.child_by_field_name("type")), doc.params.get(name))

    def _attributes(self, node: Node) -> tuple[ir.Expr, ...]:
        """`#[Route('/orders')]` as a call, `#[Test]` as a name."""
        decorators: list[ir.Expr] = []
        attributes = node.child_by_field_name("attributes")
        for group in attributes.named_children if attributes is not None else ():
            for attribute in group.named_children:
                if attribute.type != "attribute":
                    continue
                name = self.qualified(attribute.named_children[0])
                arguments = attribute.child_by_field_name("parameters")
                decorators.append(name if arguments is None else self.call_with(attribute, name, arguments))
        return tuple(decorators)

    def annotation(self, node: Node | None) -> ir.Expr | None:
        """The first class that a type names (`self` is the class around), else its first primitive that is not null."""
        if node is None:
            return None
        primitive: ir.Expr | None = None
        stack = [node]
        while stack:
            current = stack.pop()
            span = self.source.span(current)
            if current.type == "named_type":
                text = self.source.of(current)
                if text.lower() in ("self", "static"):
                    return ir.Name(span, self._class or "cls")
                return chain(text, span)
            if current.type == "primitive_type":
                text = self.source.of(current).lower()
                if text == "static":
                    return ir.Name(span, self._class or "cls")
                if text not in ("null", "void") and primitive is None:
                    primitive = ir.Name(span, text)
            stack.extend(reversed(current.named_children))
        return primitive


def errors(root: Node) -> Iterator[Node]:
    """The outermost nodes that stand for what the grammar did not allow, or for what is missing."""
    stack = [root] if root.has_error else []
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            yield node
        else:
            stack.extend(child for child in reversed(node.children) if child.has_error)


# --- tables -----------------------------------------------------------------------------------------------------------

_DEFINITIONS = frozenset(
    {"function_definition", "class_declaration", "interface_declaration", "trait_declaration", "enum_declaration"}
)
_STATEMENTS: dict[str, Callable[[Any, Node], list[ir.Stmt]]] = {
    "compound_statement": Lowering._block,
    "colon_block": Lowering._block,
    "echo_statement": Lowering._echo,
    "text_interpolation": Lowering._interpolation,
    "php_tag": Lowering._interpolation,
    "return_statement": Lowering._return,
    "exit_statement": Lowering._exit,
    "unset_statement": Lowering._unset,
    "function_static_declaration": Lowering._static,
    "const_declaration": Lowering._constants,
    "declare_statement": Lowering._declare,
    "goto_statement": Lowering._goto,
    "if_statement": Lowering._if,
    "switch_statement": Lowering._switch,
    "try_statement": Lowering._try,
    "foreach_statement": Lowering._foreach,
    "for_statement": Lowering._for,
    "while_statement": Lowering._while,
    "do_statement": Lowering._do,
    "break_statement": Lowering._leave,
    "continue_statement": Lowering._leave,
    "namespace_definition": Lowering._namespace_definition,
    "namespace_use_declaration": Lowering._use,
}
_SILENT = frozenset(
    {"php_end_tag", "text", "empty_statement", "global_declaration", "named_label_statement", "namespace_name", "name"}
)
"""Nodes that do nothing where a statement stands."""
_RECOVERED = frozenset(_STATEMENTS) | _DEFINITIONS | {"expression_statement", "ERROR"}
"""What is lowered inside a stretch that the grammar did not allow."""
_LEAVING = frozenset({"break_statement", "continue_statement", "return_statement", "exit_statement", "goto_statement"})
_NAMES = frozenset({"name", "qualified_name", "relative_name"})


# --- helpers ----------------------------------------------------------------------------------------------------------


def _declaration(name: str, annotation: ir.Expr) -> ir.Stmt:
    return ir.Assign(annotation.span, (ir.Name(annotation.span, name),), None, annotation)


def _kept(field: ir.Field) -> ir.Stmt:
    """`$this->name = $name`, which a promoted parameter stands for."""
    target = ir.Attribute(field.span, ir.Name(field.span, "self"), field.name)
    return ir.Assign(field.span, (target,), ir.Name(field.span, field.name))


def _decorated(function: ir.Function, decorator: ir.Expr) -> ir.Function:
    return ir.Function(
        function.span,
        function.name,
        function.qualname,
        function.params,
        function.body,
        function.name_span,
        decorators=(*function.decorators, decorator),
        returns=function.returns,
        is_generator=function.is_generator,
    )


def _variable_of(parameter: Node) -> Node | None:
    """The variable of a parameter, `&$x` included; None for what is no parameter."""
    name = parameter.child_by_field_name("name")
    if name is not None and name.type == "by_ref":
        name = name.named_children[-1]
    return name


def _fallen(segment: _Segment) -> tuple[ir.Stmt, ...]:
    """The bodies of cases that fall through: each under the tests so far, the last one always."""
    statements: list[ir.Stmt] = []
    tests: list[ir.Expr | None] = []
    *early, (_, last) = segment.cases
    for test, body in early:
        tests.append(test)
        if body:
            known = [found for found in tests if found is not None]
            reached = any_of(known) if known and len(known) == len(tests) else None
            statements += body if reached is None else [ir.If(body[0].span, reached, body)]
    return (*statements, *last)


def nested(
    branches: Sequence[tuple[ir.Expr, tuple[ir.Stmt, ...], Span]], other: tuple[ir.Stmt, ...]
) -> tuple[ir.Stmt, ...]:
    """
    The `if` of the first branch with the next one in its `other`, and so on.

    Many branches are split in halves, so that the IR stays flat: `if a or b or ...: first half; else: second half`.
    """
    if len(branches) > LONGEST_CHAIN:
        half = len(branches) // 2
        test = any_of([test for test, _, _ in branches[:half]])
        span = branches[0][2]
        return (ir.If(span, test, nested(branches[:half], ()), nested(branches[half:], other)),)
    for test, then, span in reversed(branches):
        other = (ir.If(span, test, then, other),)
    return other

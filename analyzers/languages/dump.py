"""
IR as text that people can read and compare: one line for a statement, expressions as in Lisp.

    def total(self, rate=0)
      for line in (call self.lines.all)
        assign sum += (* line.price rate)
      return sum
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from analyzers import ir
from analyzers.span import Span


def dump(module: ir.Module, *, spans: bool = False) -> str:
    """
    The text of a module, with a newline at its end.

    Args:
        module: What to write.
        spans: Whether each line ends with the span of its node.
    """
    return "".join(f"{line}\n" for line in _Dump(spans).module(module))


def expression(value: ir.Expr | None) -> str:
    """The text of one expression; `_` where there is none."""
    if value is None:
        return "_"
    return _EXPRESSIONS[type(value)](value)


class _Dump:
    def __init__(self, spans: bool) -> None:
        self._spans = spans

    def _line(self, text: str, span: Span) -> str:
        if not self._spans:
            return text
        return f"{text}  @{span.line}:{span.column}-{span.end_line}:{span.end_column}"

    def module(self, module: ir.Module) -> Iterator[str]:
        yield f"module {module.language} {module.namespace}".rstrip()
        for one in module.diagnostics:
            yield self._line(f"! {one.message}", one.span)
        yield from self._statements(module.imports)
        definitions: tuple[ir.Class | ir.Function, ...] = (*module.classes, *module.functions)
        for definition in definitions:
            yield from self._definition(definition)
        yield from self._statements(module.body)

    def _definition(self, definition: ir.Class | ir.Function) -> Iterator[str]:
        for decorator in definition.decorators:
            yield f"@{expression(decorator)}"
        if isinstance(definition, ir.Function):
            yield self._line(_signature(definition), definition.span)
            yield from _indented(self._statements(definition.body))
            return
        bases = [*map(expression, definition.bases), *map(_keyword, definition.keywords)]
        yield self._line(f"class {definition.qualname}({', '.join(bases)})", definition.span)
        for field in definition.fields:
            yield from _indented([self._line(f"field {field.name}{_typed(field.annotation, field.value)}", field.span)])
        members: tuple[ir.Class | ir.Function, ...] = (*definition.classes, *definition.methods)
        for member in members:
            yield from _indented(self._definition(member))

    def _statements(self, statements: Iterable[ir.Stmt]) -> Iterator[str]:
        for statement in statements:
            yield from self._statement(statement)

    def _statement(self, statement: ir.Stmt) -> Iterator[str]:
        match statement:
            case ir.Define(definition=definition):
                yield from self._definition(definition)
            case ir.If(test=test, then=then, other=other):
                yield self._line(f"if {expression(test)}", statement.span)
                yield from self._under(then, ("else", other))
            case ir.For(target=target, iterable=iterable, body=body, other=other):
                yield self._line(f"for {expression(target)} in {expression(iterable)}", statement.span)
                yield from self._under(body, ("else", other))
            case ir.While(test=test, body=body):
                yield self._line(f"while {expression(test)}", statement.span)
                yield from self._under(body)
            case ir.Try(body=body, handlers=handlers, other=other, final=final):
                yield self._line("try", statement.span)
                yield from self._under(body)
                for handler in handlers:
                    name = f" as {handler.name}" if handler.name is not None else ""
                    yield f"except {expression(handler.type)}{name}"
                    yield from self._under(handler.body)
                yield from self._under((), ("else", other), ("finally", final))
            case ir.With(items=items, body=body):
                yield self._line(f"with {', '.join(map(_with_item, items))}", statement.span)
                yield from self._under(body)
            case _:
                yield self._line(_simple(statement), statement.span)

    def _under(self, body: Iterable[ir.Stmt], *clauses: tuple[str, tuple[ir.Stmt, ...]]) -> Iterator[str]:
        yield from _indented(self._statements(body))
        for word, statements in clauses:
            if statements:
                yield word
                yield from _indented(self._statements(statements))


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _simple(statement: ir.Stmt) -> str:
    """A statement that holds no others."""
    match statement:
        case ir.Assign(targets=targets, value=value, annotation=annotation, operator=operator):
            names = " = ".join(map(expression, targets))
            return f"assign {names}{_typed(annotation, value, operator or '')}"
        case ir.Evaluate(value=value):
            return f"evaluate {expression(value)}"
        case ir.Return(value=value) | ir.Raise(value=value):
            word = type(statement).__name__.lower()
            return f"{word} {expression(value)}" if value is not None else word
        case ir.Delete(targets=targets):
            return f"delete {', '.join(map(expression, targets))}"
        case ir.Import(module=module, name=name, alias=alias, level=level):
            source = "." * level + module
            return f"import {source} as {alias}" if name is None else f"from {source} import {name} as {alias}"
    return type(statement).__name__.lower()


def _signature(function: ir.Function) -> str:
    params = ", ".join(map(_parameter, function.params))
    returns = f" -> {expression(function.returns)}" if function.returns is not None else ""
    words = ("async " if function.is_async else "") + ("generator " if function.is_generator else "")
    return f"{words}def {function.qualname}({params}){returns}"


_MARKS = {"plain": "", "keyword": "keyword ", "rest": "*", "mapping": "**"}


def _parameter(param: ir.Parameter) -> str:
    return _MARKS[param.kind] + param.name + _typed(param.annotation, param.default)


def _typed(annotation: ir.Expr | None, value: ir.Expr | None, operator: str = "") -> str:
    """`: type = value`, without what is missing."""
    text = f": {expression(annotation)}" if annotation is not None else ""
    return f"{text} {operator}= {expression(value)}" if value is not None else text


def _with_item(item: ir.WithItem) -> str:
    target = f" as {expression(item.target)}" if item.target is not None else ""
    return expression(item.context) + target


# --- expressions ------------------------------------------------------------------------------------------------------


def _list(word: str, *parts: str) -> str:
    return f"({' '.join((word, *parts))})"


def _keyword(keyword: ir.Keyword) -> str:
    return f"**{expression(keyword.value)}" if keyword.name is None else f"{keyword.name}={expression(keyword.value)}"


def _attribute(value: ir.Attribute) -> str:
    return ir.dotted(value) or _list(".", expression(value.value), value.name)


def _call(value: ir.Call) -> str:
    return _list("call", *map(expression, (value.callee, *value.arguments)), *map(_keyword, value.keywords))


def _collection(value: ir.Collection) -> str:
    if value.kind != "dict":
        return _list(value.kind, *map(expression, value.items))
    pairs = zip(value.keys, value.items, strict=True)
    return _list(
        "dict", *(f"{expression(key)}: {expression(item)}" if key else expression(item) for key, item in pairs)
    )


def _comprehension(value: ir.Comprehension) -> str:
    clauses = [
        _list("for", expression(clause.target), expression(clause.iterable), *map(expression, clause.conditions))
        for clause in value.clauses
    ]
    key = f"{expression(value.key)}: " if value.key is not None else ""
    return _list(f"{value.kind}-of", key + expression(value.element), *clauses)


def _lambda(value: ir.Lambda) -> str:
    lines = _Dump(spans=False)._statements(value.body)
    return _list("lambda", f"({', '.join(map(_parameter, value.params))})", "; ".join(lines))


def _nested(word: str, *names: str) -> Callable[[Any], str]:
    """A printer of a word and the expressions in these fields."""

    def text(value: ir.Expr) -> str:
        return _list(word, *(expression(getattr(value, name)) for name in names))

    return text


_EXPRESSIONS: dict[type, Callable[[Any], str]] = {
    ir.Attribute: _attribute,
    ir.Await: _nested("await", "value"),
    ir.Binding: _nested(":=", "target", "value"),
    ir.Call: _call,
    ir.Collection: _collection,
    ir.Comprehension: _comprehension,
    ir.Conditional: _nested("if", "test", "then", "other"),
    ir.Constant: lambda value: repr(value.value),
    ir.Lambda: _lambda,
    ir.Lookup: lambda value: _list("lookup", expression(value.value), value.name),
    ir.Name: lambda value: value.id,
    ir.Operation: lambda value: _list(value.operator, *map(expression, value.operands)),
    ir.Slice: _nested("slice", "start", "stop"),
    ir.Spread: lambda value: f"*{expression(value.value)}",
    ir.Subscript: _nested("at", "value", "key"),
    ir.Template: lambda value: _list("template", *map(expression, value.parts)),
    ir.Yield: lambda value: _list("yield-from" if value.every else "yield", expression(value.value)),
}

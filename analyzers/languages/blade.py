"""
The front end for Laravel's Blade templates. A template is a function of its context variables.

`Module.functions` holds `render`, the top level, then one function per section and stack (`block:title`), in the order
of the text. The conventions are those of the other templates:

    {{ $order->customer }}, @json($x)              print(order.customer), print(x)
    @foreach ($orders as $id => $order)            for (id, order) in keyed(orders): ...
    @can('update', $order) ... @endcan             if can('update', order): ...
    @include('orders.row', ['order' => $o])        include("orders.row", order=o)
    @includeWhen($x, 'orders.row')                 if x: include("orders.row")
    @each('row', $orders, 'order')                 for order in orders: include("row", order=order, only=True)
    <x-order-row :order="$o" />                    include("components.order-row", order=o, only=True)
    @extends('layout'), @yield('title')            extends("layout"), block:title()
    @section('title') ... @endsection              block:title()
    @inject('prices', 'App\\\\Prices')             prices = App.Prices()

Every directive `@x` whose `@endx` the text holds, a custom one too, is an `if` with the call `x(...)` as its test. Of
other directives the arguments are evaluated; what looks like one and has no arguments in PHP (`@media (...)`) is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from tree_sitter import Node

from analyzers import ir
from analyzers.languages.blade_scan import PATIENCE, Mark, closing_parenthesis, scan, split
from analyzers.languages.php import Lowering, nested
from analyzers.languages.php_doc import chain
from analyzers.languages.php_source import Source
from analyzers.span import NOWHERE, Span

DEEPEST = 40
"""How many directives may be open inside each other. What stands deeper is lowered as if it stood at this depth."""
_ATTRIBUTE = re.compile(
    rb"""\s+ | \{\{(?P<echo>[^{}]{0,2000})\}\} | (?P<end>/?>) | @(?P<directive>\w+)[ \t]*\(
      | :\$(?P<short>\w+)
      | (?P<bound>::?)?(?P<name>[^\s=/>"']+)(?:\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s>"'/]+)))?
      | .""",
    re.VERBOSE | re.DOTALL,
)
_ECHO = re.compile(rb"\{\{(.*?)\}\}|\{!!(.*?)!!\}", re.DOTALL)


def lower(text: bytes) -> ir.Module:
    """
    Lower a Blade template. Never raises for any bytes.
    """
    return _Template(Source(text)).module()


# --- directives -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Section:
    """A stretch of a block: what follows its opening, `@elseif`, `@else`, `@case` or `@empty`."""

    span: Span
    test: ir.Expr | None = None
    body: list[ir.Stmt] = field(default_factory=list)


_Finish: TypeAlias = Callable[[Sequence[_Section]], Sequence[ir.Stmt]]
"""From a block's sections to what stands for it in the body around it."""


@dataclass(slots=True)
class _Block:
    """An open directive."""

    kind: Literal["if", "loop", "switch", "inline"]
    mark: Mark
    sections: list[_Section]
    finish: _Finish


_AT_RULES = frozenset(
    {
        "apply", "charset", "container", "counter-style", "font-face", "import", "keyframes", "layer", "media",
        "namespace", "page", "property", "supports", "tailwind",
    }
)  # fmt: skip
"""CSS that looks like directives."""
_ELSE = frozenset({"else", "elseif", "elseauth", "elsecan", "elsecanany", "elsecannot", "elseguest"})
_ENDS = {"stop": "section", "show": "section", "append": "section", "overwrite": "section"}
"""Directives that end another, besides `@end...`."""
_CAMEL = re.compile(r"-(\w)")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")


class _Template:
    """Lowers one template."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._data = source.data
        self._code = Lowering(source)
        self._marks = list(scan(source.data))
        self._names = {mark.name for mark in self._marks if mark.kind == "directive"}
        self._body: list[ir.Stmt] = []
        self._open: list[_Block] = []
        self._patience = PATIENCE
        self._too_deep: list[str] = []
        """Directives that were opened too deep."""
        self._blocks: dict[str, list[ir.Stmt]] = {}
        """Bodies of sections and stacks by name, in the order of the text; those of one name are one."""
        self._places: dict[str, tuple[Span, Span]] = {}
        """Span of each block, and of its opening."""

    def module(self) -> ir.Module:
        """Lower the whole template."""
        end = 0
        for mark in self._marks:
            if mark.start >= end:  # else it stands among the attributes of a component, and was read with them
                end = self._lower(mark)
        while self._open:
            self._complain(f"`@{self._open[-1].mark.name}` is never closed", self._open[-1].mark)
            self._close()
        render = ir.Function(
            self._source.stretch(0, len(self._data)), "render", "render", (), tuple(self._body), NOWHERE
        )
        blocks = [
            ir.Function(self._places[name][0], name, name, (), tuple(body), self._places[name][1])
            for name, body in self._blocks.items()
        ]
        return ir.Module(
            "blade",
            imports=tuple(self._code.imports),
            classes=tuple(self._code.classes),
            functions=(render, *blocks, *self._code.functions),
            diagnostics=tuple(sorted(self._code.diagnostics, key=lambda found: found.span)),
        )

    def _lower(self, mark: Mark) -> int:
        """Lower one mark, and give the offset of its end."""
        match mark.kind:
            case "error":
                self._complain(f"`{mark.name}` is never closed", mark)
            case "echo":
                self._print(mark)
            case "php":
                self._emit(*self._statements(mark.inner_start, mark.inner_end))
            case "component":
                return self._component(mark)
            case "directive":
                self._directive(mark)
        return mark.end

    def _directive(self, mark: Mark) -> None:
        name = mark.name
        if name in _ENDS or (name.startswith("end") and len(name) > 3):
            self._end(mark, _ENDS.get(name) or name[3:])
        elif name == "empty" and not self._arguments(mark):
            self._empty(mark)
        elif name in _ELSE or (name.startswith("else") and f"end{name[4:]}" in self._names):
            self._else(mark)
        elif name in _DIRECTIVES:
            _DIRECTIVES[name](self, mark)
        elif f"end{name}" in self._names:
            self._if(mark)
        elif name not in _AT_RULES:
            self._unknown(mark)

    def _unknown(self, mark: Mark) -> None:
        """Evaluate the arguments of a directive that is not known, where they are PHP."""
        for start, end in self._arguments(mark):
            root = self._source.fragment(start, end)
            value = self._expression_of(root) if not root.has_error else None
            self._evaluate(value)

    def _print(self, mark: Mark) -> None:
        """`{{ ... }}`, `{!! ... !!}` and `<?= ... ?>`."""
        value = self._expression(mark.inner_start, mark.inner_end)
        if value is not None:
            self._emit(self._call(mark, "print", value))

    def _print_first(self, mark: Mark) -> None:
        """`@json($x, 15)`, of which the first argument is printed."""
        arguments = self._values(mark)
        if arguments:
            self._emit(self._call(mark, "print", arguments[0]))

    # --- blocks -------------------------------------------------------------------------------------------------------

    def _start(
        self, kind: Literal["if", "loop", "switch", "inline"], mark: Mark, test: ir.Expr | None, finish: _Finish
    ) -> None:
        if len(self._open) >= DEEPEST:
            if not self._too_deep:
                self._complain("this is nested too deeply to be followed", mark)
            self._too_deep.append(mark.name)
        else:
            self._open.append(_Block(kind, mark, [_Section(self._span(mark), test)], finish))

    def _end(self, mark: Mark, name: str) -> None:
        """Close the innermost block of a name; `@endif` closes any test, as it does in PHP."""
        if self._too_deep and (self._too_deep[-1] == name or name == "if"):
            self._too_deep.pop()
            return
        place = next((at for at in reversed(range(len(self._open))) if _closes(name, self._open[at])), None)
        if place is None:
            self._complain(f"`@{mark.name}` closes nothing", mark)
            return
        while len(self._open) > place + 1:
            self._complain(f"`@{self._open[-1].mark.name}` is never closed", self._open[-1].mark)
            self._close()
        self._close()

    def _close(self) -> None:
        block = self._open.pop()
        self._emit(*block.finish(block.sections))

    def _else(self, mark: Mark) -> None:
        block = self._open[-1] if self._open else None
        if self._too_deep:
            return
        if block is None or block.kind != "if":
            self._complain(f"`@{mark.name}` belongs to nothing", mark)
            return
        rest = mark.name.removeprefix("else")
        block.sections.append(_Section(self._span(mark), self._test(mark, rest) if rest else None))

    def _empty(self, mark: Mark) -> None:
        """The `@empty` of a `@forelse`."""
        if self._open and self._open[-1].mark.name == "forelse":
            self._open[-1].sections.append(_Section(self._span(mark)))
        elif not self._too_deep:
            self._complain("`@empty` belongs to nothing", mark)

    def _if(self, mark: Mark) -> None:
        """Any directive that has an end and no other meaning."""
        self._start("if", mark, self._test(mark, mark.name), _branches)

    def _test(self, mark: Mark, name: str) -> ir.Expr:
        arguments = self._values(mark)
        if name in ("if", "unless"):
            test = arguments[0] if arguments else ir.Name(self._span(mark), "")
            return test if name == "if" else ir.Operation(test.span, "not", (test,))
        span = self._span(mark)
        return ir.Call(span, ir.Name(span, name), tuple(arguments))

    def _switch(self, mark: Mark) -> None:
        values = self._values(mark)
        self._start("switch", mark, values[0] if values else None, _cases)

    def _case(self, mark: Mark) -> None:
        if not self._open or self._open[-1].kind != "switch":
            if not self._too_deep:
                self._complain(f"`@{mark.name}` belongs to nothing", mark)
            return
        block = self._open[-1]
        subject = block.sections[0].test
        values = self._values(mark)
        test: ir.Expr | None = None
        if mark.name == "case" and subject is not None and values:
            test = self._code.any_equal(subject, values[:1])
        block.sections.append(_Section(self._span(mark), test))

    def _foreach(self, mark: Mark) -> None:
        """`@foreach` and `@forelse`."""
        parts = split(self._data, mark.inner_start, mark.inner_end, b"as")
        iterable = self._expression(*parts[0])
        targets = [self._target(*part) for part in split(self._data, parts[-1][0], parts[-1][1], b"=>")]
        if len(parts) != 2 or iterable is None:
            self._complain(f"`@{mark.name}` needs `... as $...`", mark)
            self._start("loop", mark, None, lambda sections: sections[0].body)
            return
        target = targets[0]
        if len(targets) == 2:
            target = ir.Collection(self._source.stretch(*self._trimmed(*parts[1])), "tuple", tuple(targets))
            iterable = ir.Call(iterable.span, ir.Name(iterable.span, "keyed"), (iterable,))
        over = iterable

        def finish(sections: Sequence[_Section]) -> Sequence[ir.Stmt]:
            other = tuple(sections[1].body) if len(sections) > 1 else ()
            return [ir.For(self._span(mark), target, over, tuple(sections[0].body), other)]

        self._start("loop", mark, None, finish)

    def _target(self, start: int, end: int) -> ir.Expr:
        root = self._source.fragment(*self._trimmed(start, end))
        self._code.find_errors(root)
        return self._code.target(_only(root))

    def _for(self, mark: Mark) -> None:
        parts = split(self._data, mark.inner_start, mark.inner_end, b";")
        if len(parts) != 3:
            self._complain("`@for` needs three parts", mark)
        for start, end in split(self._data, *parts[0], b","):
            self._emit(*self._step(start, end))
        test = self._expression(*parts[1]) if len(parts) == 3 else None
        steps = (
            [step for part in split(self._data, *parts[-1], b",") for step in self._step(*part)]
            if len(parts) == 3
            else []
        )
        self._while_loop(mark, test, steps)

    def _while(self, mark: Mark) -> None:
        self._while_loop(mark, self._expression(mark.inner_start, mark.inner_end), [])

    def _while_loop(self, mark: Mark, test: ir.Expr | None, steps: list[ir.Stmt]) -> None:
        span = self._span(mark)
        holds = test if test is not None else ir.Constant(span, True)
        self._start("loop", mark, None, lambda sections: [ir.While(span, holds, (*sections[0].body, *steps))])

    def _leave(self, mark: Mark) -> None:
        """`@break`, `@continue($test)`; what leaves a `@switch` needs no statement."""
        around = next((block.kind for block in reversed(self._open) if block.kind in ("loop", "switch")), None)
        if around != "loop":
            return
        span = self._span(mark)
        leave: ir.Stmt = ir.Break(span) if mark.name == "break" else ir.Continue(span)
        values = self._values(mark)
        self._emit(ir.If(span, values[0], (leave,)) if values and not _is_number(values[0]) else leave)

    def _section(self, mark: Mark) -> None:
        """`@section`, `@push` and their kin: a function of its own, called where it stands."""
        arguments = self._values(mark)
        test = arguments.pop(0) if mark.name == "pushIf" and len(arguments) > 1 else None
        name = _block_name(arguments[0]) if arguments else None
        if name is None:
            self._start("inline", mark, None, lambda sections: sections[0].body)
            return
        first = name not in self._blocks
        self._blocks.setdefault(name, [])
        self._places.setdefault(name, (self._span(mark), self._span(mark)))
        called = self._call(mark, name)

        def finish(sections: Sequence[_Section]) -> Sequence[ir.Stmt]:
            self._blocks[name] += sections[0].body
            call = [called] if first else []
            return [ir.If(called.span, test, tuple(call))] if test is not None else call

        if len(arguments) > 1 and not mark.name.endswith("Once"):
            section = _Section(called.span, None, [self._call(mark, "print", arguments[1])])
            self._emit(*finish([section]))
        else:
            self._start("inline", mark, None, finish)

    def _yield(self, mark: Mark) -> None:
        """`@yield('title', $default)`, whose default is evaluated in any case, and `@stack`."""
        arguments = self._values(mark)
        name = _block_name(arguments[0]) if arguments else None
        self._evaluate(*arguments[1:])
        if name is not None:
            self._emit(self._call(mark, name))

    # --- other templates ----------------------------------------------------------------------------------------------

    def _extends(self, mark: Mark) -> None:
        self._emit(*(self._call(mark, "extends", value) for value in self._values(mark)[:1]))

    def _include(self, mark: Mark) -> None:
        """`@include(view, data)`, `@includeIf`, `@includeFirst`, and `@component`, whose slots stand inline."""
        arguments = self._values(mark)
        if arguments:
            self._emit(self._included(mark, arguments[0], arguments[1:2]))
        if mark.name == "component":
            self._start("inline", mark, None, lambda sections: sections[0].body)

    def _include_when(self, mark: Mark) -> None:
        """`@includeWhen(test, view, data)` and `@includeUnless`."""
        arguments = self._values(mark)
        if len(arguments) > 1:
            test = arguments[0]
            if mark.name == "includeUnless":
                test = ir.Operation(test.span, "not", (test,))
            self._emit(ir.If(self._span(mark), test, (self._included(mark, arguments[1], arguments[2:3]),)))

    def _each(self, mark: Mark) -> None:
        """`@each(view, rows, 'row', empty view)`; the view knows the row and nothing else."""
        match self._values(mark):
            case [view, rows, ir.Constant(value=str(name)) as title, *empty]:
                target = ir.Name(title.span, name)
                only = self._only(mark)
                span = self._span(mark)
                row = ir.Call(span, ir.Name(span, "include"), (view,), (ir.Keyword(name, target), only))
                other = tuple(self._included(mark, value, ()) for value in empty[:1])
                self._emit(ir.For(span, target, rows, (ir.Evaluate(span, row),), other))
            case arguments:
                self._evaluate(*arguments)

    def _livewire(self, mark: Mark) -> None:
        match self._values(mark):
            case [ir.Constant(value=str(name)) as title, *data]:
                self._emit(self._included(mark, ir.Constant(title.span, f"livewire.{name}"), data[:1]))
            case arguments:
                self._evaluate(*arguments)

    def _included(self, mark: Mark, view: ir.Expr, data: Sequence[ir.Expr]) -> ir.Evaluate:
        span = self._span(mark)
        keywords = tuple(keyword for value in data for keyword in _keywords(value))
        return ir.Evaluate(span, ir.Call(span, ir.Name(span, "include"), (view,), keywords))

    def _only(self, mark: Mark) -> ir.Keyword:
        """What says that a template gets nothing but what it is given."""
        return ir.Keyword("only", ir.Constant(self._span(mark), True))

    def _component(self, mark: Mark) -> int:
        """`<x-order-row :order="$o">`: its view is rendered, and what stands inside. Gives the end of the tag."""
        keywords: list[ir.Keyword] = []
        dynamic: ir.Expr | None = None
        place = mark.end
        while (found := _ATTRIBUTE.match(self._data, place)) is not None and found["end"] is None:
            place = found.end()
            if found["echo"] is not None:
                self._print(Mark("echo", "", found.start(), place, *found.span("echo")))
            elif found["directive"] is not None and self._patience:
                end = closing_parenthesis(self._data, place)
                self._patience -= end < 0
                if end >= 0:
                    self._unknown(Mark("directive", found["directive"].decode(), found.start(), end + 1, place, end))
                    place = end + 1
            name, value = self._attribute(found)
            if value is None:
                continue
            if mark.name == "x-dynamic-component" and name == "component":
                dynamic = value
            elif _IDENTIFIER.fullmatch(name):
                keywords.append(ir.Keyword(name, value))
            else:
                self._evaluate(value)
        if found is None:
            self._complain(f"`<{mark.name}` is never closed", mark)
        if mark.name == "x-slot" or mark.name.startswith(("x-slot:", "x-slot.")):
            self._evaluate(*(keyword.value for keyword in keywords))
            return place
        span = self._span(mark)
        view = dynamic if dynamic is not None else ir.Constant(span, _view_of(mark.name))
        call = ir.Call(span, ir.Name(span, "include"), (view,), (*keywords, self._only(mark)))
        self._emit(ir.Evaluate(span, call))
        return place

    def _attribute(self, found: re.Match[bytes]) -> tuple[str, ir.Expr | None]:
        """A component's attribute as keyword and value; the value is None for what is no attribute or is JavaScript."""
        if found["short"] is not None:
            name = found["short"].decode()
            return name, ir.Name(self._source.stretch(*found.span("short")), name)
        if found["name"] is None or found["bound"] == b"::":
            return "", None
        name = _CAMEL.sub(lambda part: part[1].upper(), found["name"].decode())
        given = next((group for group in ("double", "single", "bare") if found[group] is not None), None)
        if given is None:
            return name, ir.Constant(self._source.stretch(*found.span()), True)
        return name, self._expression(*found.span(given)) if found["bound"] else self._mixed(*found.span(given))

    def _mixed(self, start: int, end: int) -> ir.Expr:
        """A plain attribute's text, in which there may be `{{ ... }}`."""
        parts: list[ir.Expr] = []
        place = start
        for echo in _ECHO.finditer(self._data, start, end):
            if echo.start() > place:
                parts.append(self._constant(place, echo.start()))
            value = self._expression(*echo.span(1 if echo[1] is not None else 2))
            parts += [value] if value is not None else []
            place = echo.end()
        if place < end or not parts:
            parts.append(self._constant(place, end))
        whole = self._source.stretch(start, end)
        return parts[0] if len(parts) == 1 and place == start else ir.Template(whole, tuple(parts))

    def _constant(self, start: int, end: int) -> ir.Constant:
        return ir.Constant(self._source.stretch(start, end), self._source.text(start, end))

    # --- names --------------------------------------------------------------------------------------------------------

    def _inject(self, mark: Mark) -> None:
        """`@inject('prices', 'App\\Prices')`: an instance of the class."""
        match self._values(mark):
            case [ir.Constant(value=str(name)) as title, ir.Constant(value=str(service)) as what]:
                value = ir.Call(what.span, chain(service, what.span))
                self._emit(ir.Assign(self._span(mark), (ir.Name(title.span, name),), value))
            case [ir.Constant(value=str(name)) as title, ir.Attribute(name="class") as what]:
                value = ir.Call(what.span, what.value)
                self._emit(ir.Assign(self._span(mark), (ir.Name(title.span, name),), value))

    def _use(self, mark: Mark) -> None:
        """`@use('App\\Order', 'Purchase')`."""
        match self._values(mark):
            case [ir.Constant(value=str(name)), *rest]:
                module = name.strip("\\").replace("\\", ".")
                given = rest[0].value if rest and isinstance(rest[0], ir.Constant) else None
                alias = given if isinstance(given, str) else module.rpartition(".")[2]
                self._code.imports.append(ir.Import(self._span(mark), module, None, alias))

    def _props(self, mark: Mark) -> None:
        """`@props(['order', 'open' => false])`: those with a value have it where nothing was given."""
        match self._values(mark):
            case [ir.Collection(kind="dict") as given, *_]:
                for key, value in zip(given.keys, given.items, strict=True):
                    if isinstance(key, ir.Constant) and isinstance(key.value, str):
                        name = ir.Name(key.span, key.value)
                        default = ir.Operation(value.span, "??", (name, value))
                        self._emit(ir.Assign(self._span(mark), (name,), default))

    def _assign(self, mark: Mark) -> None:
        """`@php($x = 1)`."""
        self._emit(*self._step(mark.inner_start, mark.inner_end))

    def _nothing(self, mark: Mark) -> None:
        """`@parent`, `@csrf`: nothing that the template itself does."""

    def _inline(self, mark: Mark) -> None:
        """`@slot`, `@once`: what stands inside is a part of what stands around."""
        self._start("inline", mark, None, lambda sections: sections[0].body)

    # --- PHP ----------------------------------------------------------------------------------------------------------

    def _trimmed(self, start: int, end: int) -> tuple[int, int]:
        """A stretch without blanks at its ends."""
        text = self._data[start:end]
        return start + len(text) - len(text.lstrip()), end - len(text) + len(text.rstrip())

    def _arguments(self, mark: Mark) -> list[tuple[int, int]]:
        """The arguments of a directive that are not blank."""
        parts = [self._trimmed(*part) for part in split(self._data, mark.inner_start, mark.inner_end, b",")]
        return [(start, end) for start, end in parts if start < end]

    def _values(self, mark: Mark) -> list[ir.Expr]:
        values = [self._expression(start, end) for start, end in self._arguments(mark)]
        return [value for value in values if value is not None]

    def _expression(self, start: int, end: int) -> ir.Expr | None:
        """The expression in a stretch; None where there is none."""
        start, end = self._trimmed(start, end)
        if start >= end:
            return None
        root = self._source.fragment(start, end)
        self._code.find_errors(root)
        return self._expression_of(root)

    def _expression_of(self, root: Node) -> ir.Expr | None:
        node = _only(root)
        return self._code.expression(node) if node is not None else None

    def _statements(self, start: int, end: int) -> tuple[ir.Stmt, ...]:
        root = self._source.fragment(*self._trimmed(start, end))
        self._code.find_errors(root)
        return self._code.statements(root.named_children)

    def _step(self, start: int, end: int) -> list[ir.Stmt]:
        """An expression in the place of a statement."""
        root = self._source.fragment(*self._trimmed(start, end))
        self._code.find_errors(root)
        node = _only(root)
        return self._code.step(node) if node is not None else []

    # --- results ------------------------------------------------------------------------------------------------------

    def _emit(self, *statements: ir.Stmt) -> None:
        (self._open[-1].sections[-1].body if self._open else self._body).extend(statements)

    def _evaluate(self, *values: ir.Expr | None) -> None:
        """Emit values for their effects."""
        self._emit(*(ir.Evaluate(value.span, value) for value in values if not isinstance(value, ir.Constant | None)))

    def _span(self, mark: Mark) -> Span:
        return self._source.stretch(mark.start, mark.end)

    def _call(self, mark: Mark, name: str, *arguments: ir.Expr) -> ir.Evaluate:
        span = self._span(mark)
        return ir.Evaluate(span, ir.Call(span, ir.Name(span, name), arguments))

    def _complain(self, message: str, mark: Mark) -> None:
        self._code.report(message, self._span(mark))


_DIRECTIVES: dict[str, Callable[[_Template, Mark], None]] = {
    **dict.fromkeys(("foreach", "forelse"), _Template._foreach),
    "for": _Template._for,
    "while": _Template._while,
    **dict.fromkeys(("if", "unless"), _Template._if),
    "switch": _Template._switch,
    **dict.fromkeys(("case", "default"), _Template._case),
    **dict.fromkeys(("break", "continue"), _Template._leave),
    **dict.fromkeys(
        ("section", "push", "pushOnce", "pushIf", "prepend", "prependOnce", "fragment"), _Template._section
    ),
    **dict.fromkeys(("yield", "stack"), _Template._yield),
    **dict.fromkeys(("extends", "extendsFirst"), _Template._extends),
    **dict.fromkeys(("include", "includeIf", "includeFirst", "includeIsolated", "component"), _Template._include),
    **dict.fromkeys(("includeWhen", "includeUnless"), _Template._include_when),
    "each": _Template._each,
    "livewire": _Template._livewire,
    "inject": _Template._inject,
    "use": _Template._use,
    **dict.fromkeys(("props", "aware"), _Template._props),
    "php": _Template._assign,
    **dict.fromkeys(("json", "js"), _Template._print_first),
    **dict.fromkeys(("slot", "once", "teleport", "persist"), _Template._inline),
    **dict.fromkeys(("parent", "csrf"), _Template._nothing),
}


# --- helpers ----------------------------------------------------------------------------------------------------------


def _closes(name: str, block: _Block) -> bool:
    return block.mark.name == name or (name == "if" and block.kind == "if")


def _branches(sections: Sequence[_Section]) -> Sequence[ir.Stmt]:
    """The `if` of sections with a test, and of one without in the end."""
    tested = [(section.test, tuple(section.body), section.span) for section in sections if section.test is not None]
    other = tuple(statement for section in sections if section.test is None for statement in section.body)
    return nested(tested, other)


def _cases(sections: Sequence[_Section]) -> Sequence[ir.Stmt]:
    """The branches of a `@switch`, whose first section holds what stands before them."""
    return [*sections[0].body, *_branches(sections[1:])]


def _only(root: Node) -> Node | None:
    """The expression that a fragment consists of."""
    for child in root.named_children:
        if child.type in ("expression_statement", "ERROR"):
            inner = next((node for node in child.named_children if node.type != "comment"), None)
            if inner is not None:
                return inner
    return None


def _block_name(title: ir.Expr | None) -> str | None:
    return f"block:{title.value}" if isinstance(title, ir.Constant) and isinstance(title.value, str) else None


def _is_number(value: ir.Expr) -> bool:
    return isinstance(value, ir.Constant) and isinstance(value.value, int)


def _view_of(tag: str) -> str:
    """The view of a component: `x-order.row` is `components.order.row`, `x-shop::row` is `shop::components.row`."""
    if tag.startswith("livewire:"):
        return f"livewire.{tag.removeprefix('livewire:')}"
    package, colons, name = tag.removeprefix("x-").rpartition("::")
    return f"{package}{colons}components.{name}"


def _keywords(data: ir.Expr) -> Iterator[ir.Keyword]:
    """
    The variables that a template is given.

    `['a' => $x]` is `a=x`, `array_merge(...)` and `+` are what they join, anything else is `**data`.
    """
    match data:
        case ir.Collection(kind="list", items=()):
            pass
        case ir.Collection(kind="dict"):
            for key, value in zip(data.keys, data.items, strict=True):
                if isinstance(key, ir.Constant):
                    yield ir.Keyword(str(key.value), value)
                elif isinstance(value, ir.Spread):
                    yield from _keywords(value.value)
        case ir.Call(callee=ir.Name(id="array_merge")):
            for part in data.arguments:
                yield from _keywords(part)
        case ir.Operation(operator="+"):
            for part in data.operands:
                yield from _keywords(part)
        case _:
            yield ir.Keyword(None, data)

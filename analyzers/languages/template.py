"""
The front end for Django and Jinja templates. A template is a function of its context variables.

`Module.functions` holds `render`, the top level, then one function per block (`block:title`), macro (by its name) and
partial (`partial:row`), in the order of the text. Names that the IR has no node for are calls of names with a prefix:

    {{ order.customer }}                    print(order.customer)          it may call `__str__`
    {{ orders|length }}                     filter:length(orders)
    {% if x is defined %}                   test:defined(x)
    {% url "order" order.pk as link %}      link = tag:url("order", order.pk)
    {% block title %}...{% endblock %}      block:title()
    {% include "row.html" with a=b only %}  include("row.html", a=b, only=True)
    {% cache 60 menu user.pk %}...          if cached(60, menu, user.pk): ...
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from analyzers import ir
from analyzers.languages.template_expressions import Expressions, Unreadable
from analyzers.languages.template_scan import Dialect, Lines, Mark, Scan, dialect_of, scan
from analyzers.span import NOWHERE, Span

DEEPEST = 100
"""How many sections of tags may be open inside each other. A tag that stands deeper opens nothing, and that is said."""


def lower(text: bytes) -> ir.Module:
    """
    Lower a template. Never raises for any bytes; a file without tags and variables is an empty module.
    """
    if b"{{" not in text and b"{%" not in text:
        return ir.Module("django")
    decoded = text.decode("utf-8", "replace")
    found = scan(decoded, multiline=True)
    dialect = dialect_of(decoded, found.marks)
    if dialect == "django" and found.jinja_only:
        found = scan(decoded, multiline=False)
    lowering = _Lowering(decoded, dialect, found)
    return lowering.module() if found.marks or found.unclosed else ir.Module(dialect)


@dataclass(slots=True)
class _Section:
    """A stretch of a block: what follows `{% if %}`, `{% elif %}`, `{% else %}` or `{% empty %}`."""

    start: int
    test: ir.Expr | None = None
    body: list[ir.Stmt] = field(default_factory=list)


_Finish: TypeAlias = Callable[[Sequence[_Section], int], Sequence[ir.Stmt]]
"""From a block's sections and the offset of its end to what stands for it in the body around it."""


@dataclass(slots=True)
class _Block:
    """A tag that waits for its end."""

    mark: Mark
    finish: _Finish
    branches: frozenset[str] | None
    """The tags that begin another section of it; None for a tag whose branches are not known and do not part it."""
    sections: list[_Section]


def _inline(sections: Sequence[_Section], end: int) -> Sequence[ir.Stmt]:
    """The bodies alone, as if the tag were not there."""
    return [statement for section in sections for statement in section.body]


class _Lowering:
    """One template on its way to IR."""

    def __init__(self, text: str, dialect: Dialect, found: Scan) -> None:
        self._text = text
        self._dialect = dialect
        self._marks = found.marks
        self._unclosed = found.unclosed
        self._lines = Lines(text)
        self._handlers = _COMMON_TAGS | (_DJANGO_TAGS if dialect == "django" else _JINJA_TAGS)
        self._names = {mark.name for mark in found.marks}
        self._with_end = _with_end(found.marks)
        self._root = _Section(0)
        self._blocks: list[_Block] = []
        self._imports: list[ir.Import] = []
        self._functions: list[ir.Function] = []
        self._diagnostics: list[ir.Diagnostic] = []

    def module(self) -> ir.Module:
        """The template, lowered."""
        for start in self._unclosed:
            if self._dialect == "jinja" or self._text.startswith("{%", start):
                self._report(f"`{self._text[start : start + 2]}` is never closed", start, start + 2)
        for mark in self._marks:
            if mark.name is None:
                self._variable(mark)
            else:
                self._tag(mark, mark.name)
        while self._blocks:
            self._close(len(self._text), closed=False)
        if self._diagnostics and self._names == {None}:
            foreign = ir.Diagnostic("the braces are not of Django or Jinja", self._diagnostics[0].span)
            return ir.Module(self._dialect, diagnostics=(foreign,))
        render = ir.Function(
            self._lines.span(0, len(self._text)), "render", "render", (), tuple(self._root.body), NOWHERE
        )
        return ir.Module(
            self._dialect,
            imports=tuple(self._imports),
            functions=(render, *sorted(self._functions, key=lambda function: function.span)),
            diagnostics=tuple(sorted(self._diagnostics, key=lambda diagnostic: diagnostic.span)),
        )

    # --- marks --------------------------------------------------------------------------------------------------------

    def _variable(self, mark: Mark) -> None:
        try:
            value = self._words(mark).whole()
        except Unreadable as error:
            self._report_unreadable(mark, error)
            return
        if isinstance(value, ir.Call) and isinstance(value.callee, ir.Name) and value.callee.id.startswith("filter:"):
            self._emit(ir.Evaluate(value.span, value))
        elif not isinstance(value, ir.Constant):
            self._emit(ir.Evaluate(value.span, ir.Call(value.span, ir.Name(value.span, "print"), (value,))))

    def _tag(self, mark: Mark, name: str) -> None:
        opened = name.removeprefix("end")
        if name.startswith("end") and (opened in self._handlers or opened in self._names):
            self._end(mark, opened)
        elif name in _BRANCHES:
            self._branch(mark, name)
        elif name:
            try:
                self._handlers.get(name, _Lowering._other)(self, mark)
            except Unreadable as error:
                self._report_unreadable(mark, error)
                if mark.start in self._with_end:
                    self._open(mark, _inline, None)
        else:
            self._report("a tag without a name", mark.start, mark.end)

    def _end(self, mark: Mark, opened: str) -> None:
        """Close the block that an end belongs to, and the blocks inside it that have no end."""
        if all(block.mark.name != opened for block in self._blocks):
            self._report(f"`{{% {mark.name} %}}` ends nothing", mark.start, mark.end)
            return
        while self._blocks[-1].mark.name != opened:
            self._close(mark.start, closed=False)
        self._close(mark.end)

    def _branch(self, mark: Mark, name: str) -> None:
        """Begin another section of the innermost block that has such sections."""
        owner = next(
            (block for block in reversed(self._blocks) if block.branches is None or name in block.branches), None
        )
        if owner is None:
            self._report(f"`{{% {name} %}}` stands outside of what it divides", mark.start, mark.end)
            return
        while self._blocks[-1] is not owner:
            self._close(mark.start, closed=False)
        if owner.branches is None:
            return
        test = self._condition(mark) if name == "elif" else None
        if self._has_room(mark):
            owner.sections.append(_Section(mark.start, test))

    # --- what the handlers build with ---------------------------------------------------------------------------------

    def _words(self, mark: Mark) -> Expressions:
        return Expressions(self._text, self._lines, self._dialect, mark.inner_start, mark.inner_end)

    def _emit(self, statement: ir.Stmt) -> None:
        section = self._blocks[-1].sections[-1] if self._blocks else self._root
        section.body.append(statement)

    def _open(
        self, mark: Mark, finish: _Finish, branches: frozenset[str] | None = frozenset(), test: ir.Expr | None = None
    ) -> None:
        if self._has_room(mark):
            self._blocks.append(_Block(mark, finish, branches, [_Section(mark.start, test)]))

    def _close(self, end: int, *, closed: bool = True) -> None:
        block = self._blocks.pop()
        if not closed:
            self._report(f"`{{% {block.mark.name} %}}` is never closed", block.mark.start, block.mark.end)
        for statement in block.finish(block.sections, end):
            self._emit(statement)

    def _has_room(self, mark: Mark) -> bool:
        """Whether one more section may be open inside the others; reported where not."""
        room = sum(len(block.sections) for block in self._blocks) < DEEPEST
        if not room:
            self._report("tags are nested too deeply", mark.start, mark.end)
        return room

    def _report(self, message: str, start: int, end: int) -> None:
        self._diagnostics.append(ir.Diagnostic(message, self._lines.span(start, end)))

    def _report_unreadable(self, mark: Mark, error: Unreadable) -> None:
        self._report(f"{error} in `{_shortened(self._text[mark.start : mark.end])}`", mark.start, mark.end)

    def _own_span(self, mark: Mark) -> Span:
        """A tag's text without its braces."""
        inner = self._text[mark.name_start : mark.inner_end].rstrip()
        return self._lines.span(mark.name_start, mark.name_start + len(inner))

    def _name(self, mark: Mark, name: str) -> ir.Name:
        """A name that stands for the tag, where the tag's own name stands."""
        return ir.Name(self._lines.span(mark.name_start, mark.name_start + len(mark.name or "")), name)

    def _call(
        self, mark: Mark, name: str, positional: tuple[ir.Expr, ...] = (), keywords: tuple[ir.Keyword, ...] = ()
    ) -> ir.Call:
        """A call that stands for the whole tag."""
        return ir.Call(self._own_span(mark), self._name(mark, name), positional, keywords)

    def _evaluate(self, call: ir.Call) -> None:
        self._emit(ir.Evaluate(call.span, call))

    def _rendered(self, mark: Mark) -> ir.Template:
        """What a block's body comes to, as a value; it stands where the tag's name does."""
        return ir.Template(self._name(mark, "").span, ())

    def _condition(self, mark: Mark) -> ir.Expr:
        """The test of an `{% if %}` or `{% elif %}`; the call of an unknown name where it cannot be read."""
        try:
            return self._words(mark).whole()
        except Unreadable as error:
            self._report_unreadable(mark, error)
            return self._call(mark, f"tag:{mark.name}")

    def _branched(self, sections: Sequence[_Section], end: int) -> Sequence[ir.Stmt]:
        """Sections with tests as nested `If`s; what has no test runs when the tests before it failed."""
        other: tuple[ir.Stmt, ...] = ()
        for section in reversed(sections):
            if section.test is None:
                other = (*section.body, *other)
            else:
                other = (ir.If(self._lines.span(section.start, end), section.test, tuple(section.body), other),)
        return other

    def _open_function(
        self, mark: Mark, name: str, name_span: Span, params: tuple[ir.Parameter, ...] = (), *, called: bool = False
    ) -> None:
        """Make a function of the body that follows; `called` where it stands."""
        if called:
            call = ir.Call(self._own_span(mark), ir.Name(name_span, name))
            self._evaluate(call)

        def finish(sections: Sequence[_Section], end: int) -> Sequence[ir.Stmt]:
            span = self._lines.span(mark.start, end)
            body = tuple(_inline(sections, end))
            self._functions.append(ir.Function(span, name, name, params, body, name_span))
            return ()

        self._open(mark, finish)

    def _first_words(self, mark: Mark) -> list[tuple[str, Span]]:
        """
        The arguments of a tag that are no expressions, parted by white space.

        Raises:
            Unreadable: There are none.
        """
        words = re.compile(r"\S+").finditer(self._text, mark.inner_start, mark.inner_end)
        found = [(word[0], self._lines.span(word.start(), word.end())) for word in words]
        if not found:
            raise Unreadable("a name was expected")
        return found

    # --- tags of both -------------------------------------------------------------------------------------------------

    def _other(self, mark: Mark) -> None:
        """A tag that this front end knows nothing of: a call with its arguments, and its body if it has an end."""
        words = self._words(mark)
        positional, keywords, target = words.arguments()
        call = self._call(mark, f"tag:{mark.name}", positional, keywords)
        if target is not None:
            self._emit(ir.Assign(call.span, (target,), call))
        else:
            self._evaluate(call)
        if mark.start in self._with_end:
            self._open(mark, _inline, None)

    def _if(self, mark: Mark) -> None:
        self._open(mark, self._branched, frozenset({"elif", "else"}), self._condition(mark))

    def _for(self, mark: Mark) -> None:
        words = self._words(mark)
        target = words.target()
        words.expect("in")
        iterable = words.condition()
        test_start = words.following.start
        test = words.condition() if words.skip("if") else None
        words.skip("reversed", "recursive")
        words.finish()

        def finish(sections: Sequence[_Section], end: int) -> Sequence[ir.Stmt]:
            body = tuple(sections[0].body)
            if test is not None:
                body = (ir.If(self._lines.span(test_start, end), test, body),)
            other = tuple(_inline(sections[1:], end))
            return (ir.For(self._lines.span(mark.start, end), target, iterable, body, other),)

        self._open(mark, finish, frozenset({"else", "empty"}))

    def _with(self, mark: Mark) -> None:
        words = self._words(mark)
        while words.left:
            if not words.skip(",", "and"):
                self._emit(words.binding())
        self._open(mark, _inline)

    def _block(self, mark: Mark) -> None:
        found = self._first_words(mark)
        name, span = found[0]
        self._open_function(mark, f"block:{name}", span, called=True)

    def _extends(self, mark: Mark) -> None:
        words = self._words(mark)
        call = self._call(mark, "extends", (words.whole(),))
        if self._blocks:
            self._evaluate(call)
        else:
            self._root.body.insert(0, ir.Evaluate(call.span, call))

    def _include(self, mark: Mark) -> None:
        """`{% include x with a=b only %}`; Jinja's `without context` is `only` too."""
        words = self._words(mark)
        template = words.argument()
        keywords: list[ir.Keyword] = []
        while words.left:
            token = words.token
            if words.at_keyword():
                keywords.append(words.keyword())
            elif words.skip("only", "without"):
                keywords.append(ir.Keyword("only", ir.Constant(self._lines.span(token.start, token.end), True)))
            elif not words.skip("with", "context", "ignore", "missing", ","):
                raise Unreadable(f"`{token.text}` was not expected")
        self._evaluate(self._call(mark, "include", (template,), tuple(keywords)))

    def _cache(self, mark: Mark) -> None:
        words = self._words(mark)
        positional, keywords, _ = words.arguments()
        self._open(mark, self._branched, test=self._call(mark, "cached", positional, keywords))

    def _filter(self, mark: Mark) -> None:
        """`{% filter lower|escape %}`: the filters run once the body is rendered."""
        words = self._words(mark)
        value = words.filter(self._rendered(mark), mark.name_start)
        while words.skip("|"):
            value = words.filter(value, mark.name_start)
        words.finish()
        self._open(mark, lambda sections, end: [*_inline(sections, end), ir.Evaluate(value.span, value)])

    def _translation(self, mark: Mark) -> None:
        """`{% blocktranslate with a=b count n=c asvar text %}`, Jinja's `{% trans a=b %}`: bindings, then the body."""
        if mark.start not in self._with_end:
            self._other(mark)
            return
        words = self._words(mark)
        after: list[ir.Stmt] = []
        while words.left:
            if words.at_keyword() or words.following.text == "as":
                self._emit(words.binding())
            elif words.skip("asvar"):
                target = words.name()
                after.append(ir.Assign(self._own_span(mark), (target,), self._rendered(mark)))
            elif not words.skip("with", "count", "and", "trimmed", "notrimmed", "context", ","):
                value = words.argument()
                if words.skip("as"):
                    target = words.name()
                    self._emit(ir.Assign(value.span, (target,), value))
        self._open(mark, lambda sections, end: [*_inline(sections, end), *after], _PLURALS)

    def _transparent(self, mark: Mark) -> None:
        self._open(mark, _inline)

    def _opaque(self, mark: Mark) -> None:
        """A `{% comment %}` that had an end left no mark."""
        self._report(f"`{{% {mark.name} %}}` is never closed", mark.start, mark.end)

    # --- Django's tags ------------------------------------------------------------------------------------------------

    def _load(self, mark: Mark) -> None:
        """`{% load a b %}`, `{% load name from library %}`."""
        found = self._first_words(mark)
        if len(found) >= 3 and found[-2][0] == "from":
            self._imports += [ir.Import(span, found[-1][0], name, name) for name, span in found[:-2]]
        else:
            self._imports += [ir.Import(span, library, "*", "*") for library, span in found]

    def _if_equal(self, mark: Mark) -> None:
        words = self._words(mark)
        start = words.token.start
        operands = (words.argument(), words.argument())
        test = ir.Operation(words.span_from(start), "==" if mark.name == "ifequal" else "!=", operands)
        self._open(mark, self._branched, frozenset({"else"}), test)

    def _if_changed(self, mark: Mark) -> None:
        words = self._words(mark)
        positional, keywords, _ = words.arguments()
        test = self._call(mark, "tag:ifchanged", positional, keywords)
        self._open(mark, self._branched, frozenset({"else"}), test)

    def _regroup(self, mark: Mark) -> None:
        """`{% regroup rows by key as groups %}`: `groups = regroup(rows, "key")`, items with `grouper` and `list`."""
        words = self._words(mark)
        rows = words.argument()
        words.expect("by")
        start = words.token.start
        key = words.argument()
        text = self._text[start : words.token.start].strip()
        words.expect("as")
        target = words.name()
        call = self._call(mark, "regroup", (rows, ir.Constant(key.span, text)))
        self._emit(ir.Assign(call.span, (target,), call))

    def _partial_definition(self, mark: Mark) -> None:
        found = self._first_words(mark)
        name, span = found[0]
        self._open_function(mark, f"partial:{name}", span, called=len(found) > 1 and found[1][0] == "inline")

    def _partial(self, mark: Mark) -> None:
        found = self._first_words(mark)
        name, span = found[0]
        self._evaluate(ir.Call(self._own_span(mark), ir.Name(span, f"partial:{name}")))

    # --- Jinja's tags -------------------------------------------------------------------------------------------------

    def _set(self, mark: Mark) -> None:
        """`{% set a = b %}`, or `{% set a | filter %}` and a body."""
        words = self._words(mark)
        target = words.target()
        if words.skip("="):
            self._emit(ir.Assign(self._own_span(mark), (target,), words.whole()))
            return
        value: ir.Expr = self._rendered(mark)
        while words.skip("|"):
            value = words.filter(value, mark.name_start)
        words.finish()
        assign = ir.Assign(self._own_span(mark), (target,), value)
        self._open(mark, lambda sections, end: [*_inline(sections, end), assign])

    def _macro(self, mark: Mark) -> None:
        words = self._words(mark)
        name = words.name()
        params = words.parameters()
        words.finish()
        self._open_function(mark, name.id, name.span, params)

    def _call_block(self, mark: Mark) -> None:
        """`{% call(row) table(rows) %}`: the call, then the body as if it were run once, `row` unknown."""
        words = self._words(mark)
        params = words.parameters() if words.token.text == "(" else ()
        call = words.whole()
        self._emit(ir.Evaluate(call.span, call))
        for parameter in params:
            self._emit(ir.Assign(parameter.span, (ir.Name(parameter.span, parameter.name),), parameter.default))
        self._open(mark, _inline)

    def _do(self, mark: Mark) -> None:
        words = self._words(mark)
        value = words.whole()
        self._emit(ir.Evaluate(value.span, value))

    def _import(self, mark: Mark) -> None:
        """`{% import "forms.html" as forms %}`; of a template that is not named, an assignment."""
        words = self._words(mark)
        template = words.argument()
        words.expect("as")
        alias = words.name()
        self._import_name(mark, template, None, alias)

    def _from(self, mark: Mark) -> None:
        """`{% from "forms.html" import field, label as caption with context %}`."""
        words = self._words(mark)
        template = words.argument()
        words.expect("import")
        while words.left and words.token.text not in ("with", "without"):
            if not words.skip(","):
                name = words.name()
                self._import_name(mark, template, name, words.name() if words.skip("as") else name)

    def _import_name(self, mark: Mark, template: ir.Expr, name: ir.Name | None, alias: ir.Name) -> None:
        if isinstance(template, ir.Constant) and isinstance(template.value, str):
            span = alias.span if name is None else name.span
            self._imports.append(ir.Import(span, template.value, None if name is None else name.id, alias.id))
        else:
            value: ir.Expr = self._call(mark, "import", (template,))
            if name is not None:
                value = ir.Lookup(value.span, value, name.id)
            self._emit(ir.Assign(value.span, (alias,), value))

    def _break(self, mark: Mark) -> None:
        self._emit(ir.Break(self._own_span(mark)))

    def _continue(self, mark: Mark) -> None:
        self._emit(ir.Continue(self._own_span(mark)))


_Handler: TypeAlias = Callable[[_Lowering, Mark], None]

_PLURALS = frozenset({"plural", "pluralize"})
_BRANCHES = frozenset({"elif", "else", "empty"}) | _PLURALS

_COMMON_TAGS: dict[str, _Handler] = {
    "autoescape": _Lowering._transparent,
    "block": _Lowering._block,
    "blocktrans": _Lowering._translation,
    "blocktranslate": _Lowering._translation,
    "cache": _Lowering._cache,
    "comment": _Lowering._opaque,
    "extends": _Lowering._extends,
    "filter": _Lowering._filter,
    "for": _Lowering._for,
    "if": _Lowering._if,
    "include": _Lowering._include,
    "raw": _Lowering._opaque,
    "spaceless": _Lowering._transparent,
    "verbatim": _Lowering._opaque,
    "with": _Lowering._with,
}
_DJANGO_TAGS: dict[str, _Handler] = {
    "ifchanged": _Lowering._if_changed,
    "ifequal": _Lowering._if_equal,
    "ifnotequal": _Lowering._if_equal,
    "load": _Lowering._load,
    "partial": _Lowering._partial,
    "partialdef": _Lowering._partial_definition,
    "regroup": _Lowering._regroup,
}
_JINJA_TAGS: dict[str, _Handler] = {
    "break": _Lowering._break,
    "call": _Lowering._call_block,
    "continue": _Lowering._continue,
    "do": _Lowering._do,
    "from": _Lowering._from,
    "import": _Lowering._import,
    "macro": _Lowering._macro,
    "set": _Lowering._set,
    "trans": _Lowering._translation,
}


def _with_end(marks: Sequence[Mark]) -> frozenset[int]:
    """Offsets of the tags that an `{% end... %}` belongs to, each end to the nearest tag of its name before it."""
    found: set[int] = set()
    waiting: Counter[str] = Counter()
    for mark in reversed(marks):
        if mark.name is None:
            continue
        if mark.name.startswith("end"):
            waiting[mark.name[3:]] += 1
        elif waiting[mark.name]:
            waiting[mark.name] -= 1
            found.add(mark.start)
    return frozenset(found)


def _shortened(text: str) -> str:
    """A text on one line, of at most sixty characters."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"

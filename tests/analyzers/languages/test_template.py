"""
Templates as IR: two golden files, the small print, and bytes that are no template.
"""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from analyzers import ir
from analyzers.languages.template import lower
from analyzers.span import Span
from tests.conftest import Golden

DATA = Path(__file__).parent / "template"
GOLDEN = sorted(DATA.glob("*.html"))


# --- IR for the eye ---------------------------------------------------------------------------------------------------


def shown(expression: ir.Expr | None) -> str:
    """An expression in one line; a lookup is written with a dot, an attribute with an arrow."""
    match expression:
        case None:
            return ""
        case ir.Name(id=name):
            return name
        case ir.Constant(value=value):
            return repr(value)
        case ir.Lookup(value=value, name=name):
            return f"{shown(value)}.{name}"
        case ir.Attribute(value=value, name=name):
            return f"{shown(value)}->{name}"
        case ir.Subscript(value=value, key=key):
            return f"{shown(value)}[{shown(key)}]"
        case ir.Slice(start=start, stop=stop):
            return f"{shown(start)}:{shown(stop)}"
        case ir.Spread(value=value):
            return f"*{shown(value)}"
        case ir.Call(callee=callee, arguments=arguments, keywords=keywords):
            named = [f"{keyword.name}={shown(keyword.value)}" for keyword in keywords]
            return f"{shown(callee)}({', '.join([shown(argument) for argument in arguments] + named)})"
        case ir.Collection(kind=kind, items=items, keys=keys):
            entries = (
                [f"{shown(k)}: {shown(v)}" for k, v in zip(keys, items, strict=True)] if keys else map(shown, items)
            )
            return f"{kind}<{', '.join(entries)}>"
        case ir.Operation(operator=operator, operands=(only,)):
            return f"({operator} {shown(only)})"
        case ir.Operation(operator=operator, operands=operands):
            return f"({f' {operator} '.join(map(shown, operands))})"
        case ir.Conditional(test=test, then=then, other=other):
            return f"({shown(then)} if {shown(test)} else {shown(other)})"
        case ir.Template(parts=()):
            return "text"
    raise AssertionError(f"a template has no {expression!r}")


def lines_of(statements: tuple[ir.Stmt, ...], depth: int) -> list[str]:
    """Statements, one a line, each with its span."""
    found: list[str] = []

    def line(span: Span, text: str) -> None:
        found.append(f"{span.line}:{span.column}-{span.end_line}:{span.end_column}".ljust(16) + "    " * depth + text)

    for statement in statements:
        match statement:
            case ir.Evaluate(span=span, value=value):
                line(span, shown(value))
            case ir.Assign(span=span, targets=(target,), value=value):
                line(span, f"{shown(target)} = {shown(value)}")
            case ir.If(span=span, test=test, then=then, other=other):
                line(span, f"if {shown(test)}")
                found += lines_of(then, depth + 1)
                if other:
                    found.append(" " * 16 + "    " * depth + "else")
                    found += lines_of(other, depth + 1)
            case ir.For(span=span, target=target, iterable=iterable, body=body, other=other):
                line(span, f"for {shown(target)} in {shown(iterable)}")
                found += lines_of(body, depth + 1)
                if other:
                    found.append(" " * 16 + "    " * depth + "else")
                    found += lines_of(other, depth + 1)
            case ir.Break(span=span) | ir.Continue(span=span):
                line(span, type(statement).__name__.lower())
            case _:
                raise AssertionError(f"a template has no {statement!r}")
    return found


def rendered(module: ir.Module) -> str:
    """A module as the golden files have it."""
    found = [f"language {module.language}"]
    found += [f"import {item.module} {item.name} as {item.alias}" for item in module.imports]
    for function in module.functions:
        params = ", ".join(p.name + (f"={shown(p.default)}" if p.default else "") for p in function.params)
        span, at = function.span, function.name_span
        found += [
            "",
            f"{function.name}({params})  {span.line}-{span.end_line}, named at {at.line}:{at.column}-{at.end_column}",
        ]
        found += lines_of(function.body, 0)
    found += ["", *(f"{item.span.line}:{item.span.column} {item.message}" for item in module.diagnostics)]
    return "\n".join(found).rstrip() + "\n"


def body(text: str) -> list[str]:
    """The statements of `render`, without spans."""
    return [line[16:] for line in lines_of(lower(text.encode()).functions[0].body, 0)]


def messages(text: str) -> list[str]:
    """The diagnostics of a template."""
    return [diagnostic.message for diagnostic in lower(text.encode()).diagnostics]


def text_at(text: str, span: Span) -> str:
    """What a span covers."""
    lines = text.split("\n")[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column]
    lines[0] = lines[0][span.column :]
    return "\n".join(lines)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden(path: Path, golden: Golden) -> None:
    """A template's IR is what lies beside it."""
    golden(rendered(lower(path.read_bytes())), path.with_suffix(".ir.txt"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_spans_hold_their_own_text(path: Path) -> None:
    """A name's span covers that name, a lookup ends with its attribute, and a node lies inside the node around it."""
    text = path.read_text()
    made = ("print", "extends", "include", "cached", "regroup", "import")
    for function in lower(path.read_bytes()).functions:
        for node in ir.walk(function):
            if isinstance(node, ir.Name) and ":" not in node.id and node.id not in made:
                assert text_at(text, node.span) == node.id
            if isinstance(node, (ir.Lookup, ir.Attribute)):
                assert text_at(text, node.span).endswith(f".{node.name}")
            if isinstance(node, ir.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
                assert text_at(text, node.span) == str(node.value)
            if not isinstance(node, ir.Function):
                for child in ir.children(node):
                    inner, outer = child.span, node.span
                    assert (outer.line, outer.column) <= (inner.line, inner.column)
                    assert (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


# --- which dialect ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("{{ user.name }}", "django"),
        ("{{ user.name|date:'Y' }}", "django"),
        ("{% trans 'Item(s) [all]' %}{{ _('a') }}", "django"),
        ("{{ user.name() }}", "jinja"),
        ("{{ rows[0] }}", "jinja"),
        ("{% if a -%}{{ b }}{% endif %}", "jinja"),
        ("{% if (a or b) %}{{ b }}{% endif %}", "jinja"),
        ("{% include\n 'a.html' %}", "jinja"),
        ("{{ count - 1 }}", "jinja"),
        ("{% load i18n %}{% url 'a' b %}{{ f(x) }}", "django"),
    ],
)
def test_the_dialect_is_told_by_the_marks(text: str, language: str) -> None:
    """The dialect is the one that most marks speak for."""
    assert lower(text.encode()).language == language


@pytest.mark.parametrize("text", ["", "<p>a { b: { c } }</p>", "{# only a comment #}", "{{ unclosed", "\xff{"])
def test_a_file_without_marks_is_empty(text: str) -> None:
    """No tags and no variables: nothing runs, and nothing is wrong."""
    module = lower(text.encode())
    assert [function.body for function in module.functions] in ([], [()])
    assert module.diagnostics == ()


def test_the_braces_of_other_languages_are_named_once() -> None:
    """Handlebars, Go and Angular write `{{ }}` too; a file of theirs gets one diagnostic and no IR."""
    module = lower(b"{{#each rows}}{{ this.name }}{{> cell}}{{/each}}")
    assert module.functions == ()
    assert [diagnostic.message for diagnostic in module.diagnostics] == ["the braces are not of Django or Jinja"]


# --- the small print --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ a.b|f:-1|g:c.d }}", ["filter:g(filter:f(a.b, -1), c.d)"]),
        ("{{ 2fa.x }}", ["print(2fa.x)"]),
        ("{% if a and b and not c in d %}{% endif %}", ["if (a and b and (not (c in d)))"]),
        ("{% if a is not None %}{{ a }}{% endif %}", ["if (a is not None)", "    print(a)"]),
        ("<a {% if a %}href={{ a }}{% else %}b{% endif %}>", ["if a", "    print(a)"]),
        ("{{ 'a\\'b'|f }}{{ 'quiet' }}", ['filter:f("a\'b")']),
        ("{% verbatim x %}{{ a }}{% endverbatim %}{{ b }}{% endverbatim x %}{{ c }}", ["print(c)"]),
        ("{% get_rows for a by=b|f:1 as rows %}", ["rows = tag:get_rows(for, a, by=filter:f(b, 1))"]),
        ("{% odd @click='x' :y=z %}{{ a }}", ["tag:odd()", "print(a)"]),
        ("{% for x in a reversed %}{{ x }}{% endfor %}", ["for x in a", "    print(x)"]),
        ("{{ a\n}}{{ b }}", ["print(b)"]),
        ("\r\n{{ é.b }}", ["print(é.b)"]),
    ],
)
def test_django(text: str, expected: list[str]) -> None:
    """What Django's own parser makes of it."""
    assert lower(text.encode()).language == "django"
    assert body(text) == expected
    assert messages(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{- a -}}", ["print(a)"]),
        ("{{ a + b * c - d ~ e() }}", ["print(((a + (b * c)) - (d . e())))"]),
        ("{{ a|f(b, c=d)|g ~ 'x' }}", ["print((filter:g(filter:f(a, b, c=d)) . 'x'))"]),
        ("{{ a is not none and b is sameas c.d }}", ["print(((not test:none(a)) and test:sameas(b, c.d)))"]),
        ("{{ {'a': {}}}}{{ b() }}", ["print(dict<'a': dict<>>)", "print(b())"]),
        ("{{ (a,)[::2] }}", ["print(tuple<a>[:])"]),
        ("{{ a() if b else c if d }}", ["print((a() if b else (c if d else None)))"]),
        ("{% for a in b() %}{% continue %}{% endfor %}", ["for a in b()", "    continue"]),
        ("{% set x = 1, %}{% if(x) %}{{ x }}{% endif %}", ["x = tuple<1>", "if x", "    print(x)"]),
        ("{% cache 60, key() %}{{ a }}{% endcache %}", ["if cached(60, key())", "    print(a)"]),
    ],
)
def test_jinja(text: str, expected: list[str]) -> None:
    """What Jinja's own parser makes of it."""
    assert lower(text.encode()).language == "jinja"
    assert body(text) == expected
    assert messages(text) == []


# --- what is broken ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected", "said"),
    [
        ("{% if a %}{{ b }}", ["if a", "    print(b)"], ["`{% if %}` is never closed"]),
        ("{{ a }}{% endif %}{{ b }}", ["print(a)", "print(b)"], ["`{% endif %}` ends nothing"]),
        ("{% else %}{{ a }}", ["print(a)"], ["`{% else %}` stands outside of what it divides"]),
        (
            "{% for a in b %}{% with c=a %}{{ c }}{% endfor %}{{ d }}",
            ["for a in b", "    c = a", "    print(c)", "print(d)"],
            ["`{% with %}` is never closed"],
        ),
        (
            "{% for a %}{{ a }}{% empty %}{{ b }}{% endfor %}",
            ["print(a)", "print(b)"],
            ["`in` was expected in `{% for a %}`"],
        ),
        (
            "{% if a = b %}{{ a }}{% else %}{{ b }}{% endif %}",
            ["if tag:if()", "    print(a)", "else", "    print(b)"],
            ["`=` was not expected in `{% if a = b %}`"],
        ),
        ("{% comment %}{{ a }}", ["print(a)"], ["`{% comment %}` is never closed"]),
        ("{% if a {{ b }}{% load c %}", ["print(b)"], ["`{%` is never closed"]),
        (
            "{% %}{{ a|b: }}{{ c }}",
            ["print(c)"],
            ["a tag without a name", "an expression was expected in `{{ a|b: }}`"],
        ),
    ],
)
def test_what_is_broken_is_said_and_the_rest_lowered(text: str, expected: list[str], said: list[str]) -> None:
    """A mistake costs its own tag and no more."""
    assert body(text) == expected
    assert messages(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "{% if a %}" * 20_000,
        "{% if a %}" + "{% elif a %}" * 3000 + "{% endif %}",
        "{{ f(" + "(" * 3000,
        "{{ f(" + "-" * 3000 + "a) }}",
        "{{ f() or " + "not " * 3000 + "a }}",
        "{{ a" + ".b" * 3000 + " }}",
        "{{ a" + "|b" * 3000 + " }}",
        "{{ f() " + "+ a - b" * 3000 + " }}",
        "{{ " + "9" * 5000 + " }}",
        "{{" * 100_000,
        "{{ {" * 30_000,
        "{% verbatim a %}" * 10_000,
        "{% if a %}{% block b %}" * 300,
    ],
    ids=range(13),
)
def test_no_depth_or_length_is_too_much(text: str) -> None:
    """IR that nests too deeply for a recursion is never made, and no text takes more than a moment."""
    module = lower(text.encode())
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(module), type=ir.Module) == module


def test_random_mutations_never_raise() -> None:
    """Any bytes are lowered to IR that can be kept."""
    chance = random.Random(7)
    originals = [path.read_bytes() for path in GOLDEN]
    pieces = [
        b"{{",
        b"}}",
        b"{%",
        b"%}",
        b"{#",
        b"#}",
        b"-",
        b"(",
        b")",
        b"[",
        b"|",
        b"'",
        b"\xff",
        b"\n",
        b"{% endfor %}",
        b"=",
    ]
    for _ in range(400):
        text = bytearray(chance.choice(originals))
        for _ in range(chance.randint(1, 12)):
            start = chance.randrange(len(text))
            match chance.randrange(3):
                case 0:
                    del text[start : start + chance.randint(1, 30)]
                case 1:
                    text[start:start] = chance.choice(pieces)
                case _:
                    other = chance.randrange(len(text))
                    text[start:start] = text[other : other + 20]
        module = lower(bytes(text))
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(module), type=ir.Module) == module

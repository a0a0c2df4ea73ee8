"""
Python as IR: golden files, the small print, and bytes that are no Python.
"""

from __future__ import annotations

import ast
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Language

from analyzers import ir
from analyzers.languages import python_expressions
from analyzers.languages.dump import dump, expression
from analyzers.languages.python import lower
from analyzers.languages.python_nodes import _LANGUAGE, DEEPEST, MOST_DIAGNOSTICS, kinds
from analyzers.span import Span
from tests.conftest import Golden

DATA = Path(__file__).parent / "python"
GOLDEN = sorted(DATA.glob("*.py"))
LIBRARY = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
"""Real programs of every kind."""


def value_of(text: str) -> ir.Expr:
    """The value that a program of one assignment assigns."""
    (statement,) = lower(f"x = {text}".encode()).body
    assert isinstance(statement, ir.Assign)
    assert statement.value is not None
    return statement.value


def shown(text: str) -> str:
    """The lines of a program's IR, without the first."""
    return dump(lower(text.encode())).partition("\n")[2]


def covered(text: str, span: Span) -> str:
    """The text of a span, by its definition: lines end with newlines, columns count characters."""
    lines = text.split("\n")[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column]
    lines[0] = lines[0][span.column :]
    return "\n".join(lines)


def kept(module: ir.Module) -> ir.Module:
    """A module that was written and read again."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(module), type=ir.Module)


# --- what is lowered --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden(path: Path, golden: Golden) -> None:
    """Each program of the folder has the IR that lies beside it."""
    golden(dump(lower(path.read_bytes())), path.with_suffix(".ir.txt"))


def test_there_are_golden_files() -> None:
    assert [path.stem for path in GOLDEN] == ["broken", "definitions", "expressions", "legacy", "statements"]


def test_every_expression_of_the_grammar_has_a_reader() -> None:
    """A newer grammar with an expression that is not read fails here, not in a review."""
    language: Language = _LANGUAGE
    supertypes = {"expression", "primary_expression", "pattern"}
    names = {
        language.node_kind_for_id(inner) or ""
        for number in language.supertypes
        if language.node_kind_for_id(number) in supertypes
        for inner in language.subtypes(number)
    } - supertypes
    unread = {name for name in names if kinds(name).isdisjoint(python_expressions._EXPRESSIONS)}
    assert unread == set()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-7", -7),
        ("1_000", 1000),
        ("0xfF", 255),
        ("0o17", 15),
        ("017", 15),
        ("10L", 10),
        ("1e3", 1000.0),
        ("0x" + "f" * 16, float(0xFFFFFFFFFFFFFFFF)),
        ("9" * 5000, float("inf")),
        ("0x" + "f" * 5000, None),
        ("True", True),
        ("None", None),
        ("'a' \"b\"", "ab"),
        (r"'\n\\\'\x41\101\u00e9\U0001F600\N{BULLET}\d'", "\n\\'AAé😀•\\d"),
        (r"r'\n'", "\\n"),
        (r"b'\xff'", "\xff"),
        (r"'\ud83d'", "\ufffd"),
        ("'''a\n'b'\n'''", "a\n'b'\n"),
        ("''", ""),
    ],
)
def test_constants(text: str, value: object) -> None:
    """A literal has the value that Python gives it, as far as kept IR can hold it."""
    constant = value_of(text)
    assert isinstance(constant, ir.Constant)
    assert constant.value == value
    assert type(constant.value) is type(value)


@pytest.mark.parametrize(
    ("annotation", "read"),
    [
        ("'Order'", "Order"),
        ("list['shop.Order']", "(at list shop.Order)"),
        ("'dict[str, Order] | None'", "(| (at dict (tuple str Order)) None)"),
        ("Annotated['Order', 'Order']", "(at Annotated (tuple Order 'Order'))"),
        ("Literal['Order']", "(at Literal 'Order')"),
        ("typing.Literal['Order']", "(at typing.Literal 'Order')"),
        ("'not a type'", "'not a type'"),
        ("'call()'", "'call()'"),
    ],
)
def test_annotations_in_quotes(annotation: str, read: str) -> None:
    """Text that names a type is that type, with spans inside the quotes; other text stays text."""
    (statement,) = lower(f"x: {annotation}".encode()).body
    assert isinstance(statement, ir.Assign)
    assert expression(statement.annotation) == read


def test_spans_inside_quoted_annotations() -> None:
    text = "é: 'list[Order]'"
    names = {node.id: node.span for node in ir.walk(lower(text.encode())) if isinstance(node, ir.Name)}
    assert {name: covered(text, span) for name, span in names.items()} == {"é": "é", "list": "list", "Order": "Order"}


def test_generators() -> None:
    """A function is a generator by its own `yield`, not by that of a function, class or lambda inside it."""
    text = """
def own(): x = yield
def inner():
    def other(): yield 1
    return lambda: (yield)
def outer():
    yield from other()
    def plain(): return 1
"""
    assert {one.name: one.is_generator for one in lower(text.encode()).functions} == {
        "own": True,
        "inner": False,
        "outer": True,
    }


def test_spans_of_definitions() -> None:
    """A definition covers its decorators; its name span covers its name."""
    text = "@first\n@second()\nasync def run():\n    pass\n\nclass A: pass\n"
    module = lower(text.encode())
    assert module.functions[0].span == Span(1, 0, 4, 8)
    assert module.functions[0].name_span == Span(3, 10, 3, 13)
    assert module.functions[0].is_async
    assert module.classes[0].span == Span(6, 0, 6, 13)


def test_columns_count_characters() -> None:
    """Neither accents nor emoji, in strings or names, move what follows."""
    text = "größe = '😀é' + naïve; after = 'ü' # ü\nlast = x"
    module = lower(text.encode())
    spans = [covered(text, node.span) for node in ir.walk(module) if isinstance(node, ir.Name)]
    assert spans == ["größe", "naïve", "after", "last", "x"]
    assert [node.id for node in ir.walk(module) if isinstance(node, ir.Name)] == spans


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    module = lower(b"\xef\xbb\xbfx = 1\n")
    assert module == lower(b"x = 1\n")


def test_windows_line_ends() -> None:
    assert dump(lower(b"if x:\r\n    y = '''a\r\nb'''\r\n")) == dump(lower(b"if x:\n    y = '''a\\r\nb'''\n"))


def test_subjects_are_evaluated_once() -> None:
    """A match on a call binds its value first; a match on a name needs no more names."""
    assert shown("match load():\n  case 1: a()\n  case 2: b()") == (
        "assign <match> = (call load)\nif (match <match> 1)\n  evaluate (call a)\n"
        "else\n  if (match <match> 2)\n    evaluate (call b)\n"
    )


@pytest.mark.parametrize("text", [b"", b"\n", b"# nothing\n", b'"""Nothing."""\n', b"pass\n", b"...\n"])
def test_empty_modules(text: bytes) -> None:
    assert lower(text) == ir.Module("python")


# --- what cannot be parsed --------------------------------------------------------------------------------------------


def test_an_error_swallows_no_other_definition() -> None:
    """An open parenthesis breaks its own definition; the definitions around it are lowered."""
    text = "def before(): pass\nclass Broken(\n  def lost(\n@decorated\ndef after(): return 1\nx = 1\n"
    module = lower(text.encode())
    assert [one.name for one in module.functions] == ["before", "after"]
    assert module.functions[1].span == Span(4, 0, 5, 21)
    assert len(module.body) == 1
    assert [one.span.line for one in module.diagnostics] == [2]


def test_diagnostics_are_few_and_in_order() -> None:
    module = lower(b"f(1,,2)\n" * 100)
    assert len(module.body) == 100
    assert len(module.diagnostics) == MOST_DIAGNOSTICS
    assert list(module.diagnostics) == sorted(module.diagnostics, key=lambda one: one.span)


DEEP = {
    "attributes and calls": "x" + ".filter()" * 3000,
    "binary operators": "a" + " - a" * 3000,
    "brackets": "[" * 3000 + "]" * 3000,
    "branches": "if a: b()\n" + "elif a: b()\n" * 3000,
    "cases": "match x:\n" + "  case 1: y()\n" * 3000,
    "calls in keywords": "f(a=" * 3000 + ")" * 3000,
    "classes": "".join(" " * depth + "class A:\n" for depth in range(500)) + " " * 500 + "x = 1",
    "comprehensions": "[x for x in " * 1000 + "y" + "]" * 1000,
    "conditions": "a if b else " * 3000 + "c",
    "functions": "".join(" " * depth + "def f():\n" for depth in range(500)) + " " * 500 + "return 1",
    "handlers": "".join(" " * depth + "try: pass\n" + " " * depth + "except A:\n" for depth in range(500)),
    "lambdas": "lambda: " * 3000 + "1",
    "negations": "not " * 3000 + "a",
    "patterns": "match x:\n  case " + "[" * 1000 + "]" * 1000 + ": pass",
    "statements": "".join(" " * depth + "if x:\n" for depth in range(1000)),
    "templates": "f'{" * 1000 + "}'" * 1000,
    "quoted annotation": "x: '" + "list[" * 3000 + "x" + "]" * 3000 + "'",
}


@pytest.mark.parametrize("name", DEEP)
def test_depth_is_bounded(name: str) -> None:
    """What lies too deep is named, and what is left can be kept and read by what recurses."""
    module = lower(DEEP[name].encode())
    assert module.diagnostics
    assert kept(module) == module


@pytest.mark.parametrize("operator", ["+", "and", "or", "|", "<"])
def test_long_chains_are_one_operation(operator: str) -> None:
    module = lower(f" {operator} ".join(["a"] * (20 * DEEPEST)).encode())
    assert module.diagnostics == ()
    names = [node for node in ir.walk(module) if isinstance(node, ir.Name)]
    assert len(names) >= 20 * DEEPEST


def test_long_assignments_are_one_statement() -> None:
    (statement,) = lower(("x = " * 3000 + "1").encode()).body
    assert isinstance(statement, ir.Assign)
    assert len(statement.targets) == 3000


@pytest.mark.parametrize("path", LIBRARY[::10], ids=lambda path: path.stem)
def test_the_standard_library(path: Path) -> None:
    """Real files are lowered without a diagnostic; names stand where their spans say."""
    content = path.read_bytes()
    module = lower(content)
    text = content.decode()
    assert module.diagnostics == ()
    assert kept(module) == module
    for node in ir.walk(module):
        if isinstance(node, ir.Name) and node.id not in ("Ellipsis", "AssertionError", "<match>", "<between>"):
            assert covered(text, node.span) == node.id


def called(names: Iterable[str]) -> list[str]:
    """Names of what is called, sorted, without the error that an `assert` raises."""
    return sorted(name for name in names if name != "AssertionError")


@pytest.mark.parametrize(
    "path",
    # Patterns of classes are calls in our IR.
    [path for path in LIBRARY[5::10] if path.stem not in ("dataclasses", "traceback")],
    ids=lambda path: path.stem,
)
def test_calls_are_those_that_python_sees(path: Path) -> None:
    """In every function, no call is lost, doubled or invented."""
    content = path.read_bytes()
    assert {
        function.name_span.line: called(
            getattr(node.callee, "id", getattr(node.callee, "name", ""))
            for node in ir.walk(function)
            if isinstance(node, ir.Call)
        )
        for function in ir.walk(lower(content))
        if isinstance(function, ir.Function)
    } == {
        function.lineno: called(
            getattr(node.func, "id", getattr(node.func, "attr", ""))
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
        )
        for function in ast.walk(ast.parse(content))
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


def test_operands_between_comparisons_are_evaluated_once() -> None:
    assert expression(value_of("a < b < c")) == "(and (< a b) (< b c))"
    assert expression(value_of("1 < f() <= c")) == "(and (< 1 (:= <between> (call f))) (<= <between> c))"


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_programs(data: st.DataObject) -> None:
    """Whatever is cut out of, put into or repeated in real files: they are lowered, and the IR can be kept."""
    path = data.draw(st.sampled_from([*LIBRARY[::40], *GOLDEN]))
    content = bytearray(path.read_bytes()[:20_000])
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 200)))
        piece = data.draw(
            st.sampled_from(
                [b"", b"(", b")", b"[", b"}", b"'", b'"""', b"f'{", b"\n", b"\t", b"\\", b"\0", b"\xff", b"\xc3\xa9",
                 b":", b"match x:\n case ", b"lambda ", b"yield ", b"*", b"@", b"else:", b"except", b"class "]
            )
            | st.binary(max_size=8)
        )  # fmt: skip
        content[start:end] = piece
    module = lower(bytes(content))
    assert kept(module) == module


@settings(max_examples=100, deadline=None)
@given(
    text=st.text(max_size=60).map(str.encode)
    | st.binary(max_size=60)
    | st.text().map(lambda text: text.encode("utf-16"))
)
def test_any_bytes(text: bytes) -> None:
    module = lower(text)
    assert kept(module) == module

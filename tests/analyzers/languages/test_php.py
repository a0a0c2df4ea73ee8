"""
PHP as IR: golden files, the small print, and bytes that are no PHP.
"""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest
from tree_sitter import Language

from analyzers import ir
from analyzers.languages import php, php_expressions
from analyzers.languages.dump import dump, expression
from analyzers.languages.php import lower
from analyzers.languages.php_expressions import LONGEST_CHAIN, MOST_DIAGNOSTICS
from analyzers.languages.php_source import _FILE
from analyzers.span import Span
from tests.conftest import Golden

DATA = Path(__file__).parent / "php"
GOLDEN = sorted(DATA.glob("*.php"))


def statements(code: str) -> tuple[ir.Stmt, ...]:
    return lower(f"<?php {code}".encode()).body


def value_of(code: str) -> ir.Expr:
    """The value that `$x = code;` assigns."""
    (statement,) = statements(f"$x = {code};")
    assert isinstance(statement, ir.Assign)
    assert statement.value is not None
    return statement.value


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
    assert [path.stem for path in GOLDEN] == ["broken", "definitions", "docs", "expressions", "statements"]


def test_everything_of_the_grammar_is_lowered() -> None:
    """A newer grammar with an expression or a statement that is not read fails here, not in a review."""
    language: Language = _FILE
    kinds = {
        language.node_kind_for_id(number): {language.node_kind_for_id(inner) for inner in language.subtypes(number)}
        for number in language.supertypes
    }
    expressions = kinds["expression"] | kinds["primary_expression"] | kinds["literal"]
    assert expressions - set(php_expressions._LOWERINGS) == {"primary_expression", "literal"}
    known = set(php._STATEMENTS) | php._DEFINITIONS | php._SILENT
    assert kinds["statement"] - known == {"expression_statement"}


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("0", 0),
        ("0777", 511),
        ("0o17", 15),
        ("0b1_01", 5),
        ("0xFFFFFFFFFFFFFFFF", 1.8446744073709552e19),
        ("9" * 5000, float("inf")),
        (".5", 0.5),
        ("1e3", 1000.0),
        (r"'\'\\n\n'", r"'\n\n"),
        (r'"\'\\n\q\$"', r"\'\n\q$"),
        (r'"\u{1F600}\u{D800}\x4"', "😀\\u{D800}\x04"),
        ("<<<A\n  a\n    b\n  A", "a\n  b"),
        ("<<<'A'\n  a\\n\n  A", "a\\n"),
        ("<<<A\nA", ""),
        ("''", ""),
        ("NULL", None),
    ],
)
def test_constants(code: str, value: object) -> None:
    """A literal has the value that PHP gives it, as far as kept IR can hold it."""
    constant = value_of(code)
    assert isinstance(constant, ir.Constant)
    assert constant.value == value
    assert type(constant.value) is type(value)


def test_spans_count_characters() -> None:
    """Every node covers its own text, after wide characters too, in lines that end in either way."""
    text = "<?php\r\n$é = 'ü😀'; $order->größe(\r\n  'ä', $x\r\n);\n"
    module = lower(text.encode())
    assert [covered(text, statement.span) for statement in module.body] == [
        "$é = 'ü😀';",
        "$order->größe(\r\n  'ä', $x\r\n);",
    ]
    names = [covered(text, node.span) for node in ir.walk(module) if isinstance(node, ir.Name)]
    assert names == ["$é", "$order", "$x"]


def test_names_of_definitions_have_spans() -> None:
    text = "<?php\nclass Order { #[Test]\n public function total() {} }\n"
    (order,) = lower(text.encode()).classes
    (total,) = order.methods
    assert covered(text, order.name_span) == "Order"
    assert covered(text, total.name_span) == "total"
    assert covered(text, total.span) == "#[Test]\n public function total() {}"


@pytest.mark.parametrize(
    ("native", "documented", "annotation"),
    [
        ("", "Order", "Order"),
        ("", "?\\App\\Order", "App.Order"),
        ("", "null|Order", "Order"),
        ("", "Order[]", "(at array Order)"),
        ("", "Collection<int, Order>", "(at Collection Order)"),
        ("", "Collection<array-key, (Order|null)>", "(at Collection Order)"),
        ("", "HasMany<Line, $this>", "(at HasMany Line)"),
        ("", "Collection<int, list<Order>>", "(at Collection (at list Order))"),
        ("", "list<string>", "list"),
        ("", "string|int|null", "string"),
        ("", "array{a: array{b: int}}|Order", "Order"),
        ("array", "Order[]", "(at array Order)"),
        ("?Collection", "Order[]|Collection", "(at Collection Order)"),
        ("Collection", "\\Illuminate\\Support\\Collection<int, Order>", "(at Collection Order)"),
        ("Order", "Invoice", "Order"),
        ("string", "Invoice", "string"),
        ("iterable", "Order", "Order"),
        ("null|array|Order", "", "Order"),
        ("(A&B)|null", "", "A"),
    ],
)
def test_annotations(native: str, documented: str, annotation: str) -> None:
    """The first class of a type; the doc comment's where the type says less."""
    code = f"/** @param {documented} $x it */ function f({native} $x) {{}}"
    (function,) = lower(f"<?php {code}".encode()).functions
    assert expression(function.params[0].annotation) == annotation


def test_a_long_chain_of_branches_stays_flat() -> None:
    """Many cases are split in halves, so that the IR is deep by their logarithm."""
    cases = "".join(f"case {number}: go({number}); break;" for number in range(1000))

    def depth(node: object) -> int:
        return 1 + max((depth(child) for child in ir.children(node)), default=0)

    (switch,) = statements(f"switch ($x) {{ {cases} }}")
    assert depth(switch) < LONGEST_CHAIN + 20
    calls = [node for node in ir.walk(switch) if isinstance(node, ir.Call)]
    assert len(calls) == 1000


# --- what is no PHP ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "f(" * 3000 + ")" * 3000,
        "[" * 3000 + "$a" + "]" * 3000 + " = $b;",
        "$x" + "->y()" * 3000,
        "f(a: fn($a = 1) => " * 3000 + "1" + ")" * 3000,
        "if ($x) {" * 3000 + "}" * 3000,
        "new class { function a() {" * 3000 + "}};" * 3000,
        "!" * 3000 + "$a;",
        "$a = " * 3000 + "1;" + "f(" + "$a = " * 3000 + "1);",
        "A" + "\\B" * 3000 + "::c();",
        "/** @var " + "array<" * 3000 + " */ $a = 1;",
        "/** @var A" + "[]" * 3000 + " */ $a = 1;",
        "function a() {" * 3000 + "}" * 3000,
        "([" * 3000,
        "$a . $b + " * 3000 + "1;",
    ],
    ids=lambda text: text[:12],
)
def test_deep_nesting_is_lowered_as_far_as_it_goes(text: str) -> None:
    """No nesting ends in a recursion error, here or where the IR is kept."""
    module = lower(f"<?php before(); {text}".encode())
    assert kept(module) == module
    assert dump(module).splitlines().count("evaluate (call before)") == 1


def test_too_deep_nesting_is_reported() -> None:
    module = lower(b"<?php " + b"f(" * 3000 + b")" * 3000 + b"; after();")
    assert [one.message for one in module.diagnostics] == ["this is nested too deeply to be followed"]
    assert dump(module).splitlines()[-1] == "evaluate (call after)"


def test_few_diagnostics_of_one_file() -> None:
    assert len(lower(b"<?php " + b"goto a; " * 500).diagnostics) == MOST_DIAGNOSTICS


@pytest.mark.parametrize(
    "text", [b"", b"<h1>no PHP</h1>", b"<?php", b"\xff\xfe\x00", b"\xef\xbb\xbf<?php\n", b"<?php /** @var"]
)
def test_texts_without_code(text: bytes) -> None:
    module = lower(text)
    assert (module.body, module.classes, module.functions) == ((), (), ())


def test_random_mutations_never_raise() -> None:
    """Any bytes are lowered to IR that can be kept, with spans inside of the text."""
    chance = random.Random(7)
    originals = [path.read_bytes() for path in GOLDEN]
    pieces = [
        *(
            b"(",
            b")",
            b"[",
            b"]",
            b"{",
            b"}",
            b"'",
            b'"',
            b"->",
            b"::",
            b"$",
            b";",
            b",",
            b"?>",
            b"<?php ",
            b"\xff",
            b"\xc3\xa9",
        ),
        *(b"<<<A\n", b"/**", b"*/", b"fn", b"class ", b"function ", b"match", b"new ", b"use ", b"\0", b"\r"),
    ]
    for _ in range(300):
        text = bytearray(chance.choice(originals))
        for _ in range(chance.randint(1, 8)):
            place = chance.randrange(len(text) + 1)
            if chance.random() < 0.5:
                text[place:place] = chance.choice(pieces)
            else:
                del text[place : place + chance.randint(1, 30)]
        module = lower(bytes(text))
        assert kept(module) == module
        lines = text.decode("utf-8", "replace").split("\n")
        for node in ir.walk(module):
            assert 1 <= node.span.line <= node.span.end_line <= len(lines)
            assert node.span.column <= len(lines[node.span.line - 1])
            assert node.span.end_column <= len(lines[node.span.end_line - 1])

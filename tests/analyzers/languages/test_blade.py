"""
Blade templates as IR: golden files, exact positions, and bytes that are no template.
"""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from analyzers import ir
from analyzers.languages.blade import DEEPEST, lower
from analyzers.languages.blade_scan import scan
from analyzers.languages.dump import dump
from analyzers.span import Span
from tests.conftest import Golden

DATA = Path(__file__).parent / "blade"
GOLDEN = sorted(DATA.glob("*.blade.php"))


def lines(text: str) -> list[str]:
    """The IR of a template's top level, one line for a statement."""
    return [line.strip() for line in dump(lower(text.encode())).splitlines()[2:]]


def covered(text: str, span: Span) -> str:
    """The text of a span, by its definition: lines end with newlines, columns count characters."""
    found = text.split("\n")[span.line - 1 : span.end_line]
    found[-1] = found[-1][: span.end_column]
    found[0] = found[0][span.column :]
    return "\n".join(found)


def kept(module: ir.Module) -> ir.Module:
    """A module that was written and read again."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(module), type=ir.Module)


# --- what is lowered --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_golden(path: Path, golden: Golden) -> None:
    """Each template of the folder has the IR that lies beside it."""
    golden(dump(lower(path.read_bytes())), path.with_name(path.name.replace(".blade.php", ".ir.txt")))


def test_there_are_golden_files() -> None:
    assert [path.name for path in GOLDEN] == ["broken.blade.php", "page.blade.php"]


def test_spans_are_those_of_the_template() -> None:
    """Expressions and statements have their places in the file, after wide characters and over several lines."""
    text = 'é\n@foreach ($größen as $k => $v)\n  ü {{ $v->näme }} <x-a :b="$v->c" />\n@endforeach\n@php $x = 1 @endphp'
    module = lower(text.encode())
    (render,) = module.functions
    loop, assignment = render.body
    assert isinstance(loop, ir.For)
    assert [covered(text, node.span) for node in (loop, loop.target, loop.iterable)] == [
        "@foreach ($größen as $k => $v)",
        "$k => $v",
        "$größen",
    ]
    attributes = [covered(text, node.span) for node in ir.walk(loop) if isinstance(node, ir.Attribute)]
    assert attributes == ["$v->näme", "$v->c"]
    assert covered(text, assignment.span) == "$x = 1"
    assert covered(text, render.span) == text


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("@if (f(')', \"(\")) x", "@if (f(')', \"(\"))"),
        ("@if ($a /* ) */ && g()) x", "@if ($a /* ) */ && g())"),
        ("{{ $a }} }}", "{{ $a }}"),
        ("{{{ $a }}}", "{{{ $a }}}"),
        ("{!! $a !!}", "{!! $a !!}"),
        ("<?php echo 1 ?> 2", "<?php echo 1 ?>"),
        ("@csrf (text)", "@csrf (text)"),
        ("a@example.com @@if(1) @else", "@else"),
    ],
)
def test_marks_end_where_their_code_ends(text: str, ends: str) -> None:
    (mark,) = scan(text.encode())
    assert text[mark.start : mark.end] == ends


def test_sections_of_one_name_are_one_function() -> None:
    """Every `@push` adds to its stack; the calls are one."""
    module = lower(b"@push('js') {{ $a }} @endpush @push('js') {{ $b }} @endpush")
    render, block = module.functions
    assert block.name == "block:js"
    assert len(block.body) == 2
    assert len(render.body) == 1


def test_css_and_scripts_are_text() -> None:
    """What looks like a directive and is no PHP leaves neither statements nor diagnostics."""
    assert lines("@media (max-width: 1px) {} @click('x') @keyframes a {} <a @click=\"b(c => c.d)\" @foo(1 2)>") == []


def test_a_break_leaves_the_loop_around() -> None:
    """In a `@switch` it leaves only that."""
    assert lines("@foreach ($a as $b) @switch($b) @case(1) @break @endswitch @break @endforeach") == [
        "for b in a",
        "if (== b 1)",
        "break",
    ]


# --- what is no template ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "@if($x) " * 3000 + "@endif " * 3000,
        "@foreach($a as $b) " * 3000,
        "@if($x) " + "@elseif($y) {{ $z }} " * 3000 + "@endif",
        "@switch($x) " + "@case(1) {{ $z }} " * 3000 + "@endswitch",
        "@if($x) " * (DEEPEST - 1) + "{{ " + "f(" * 3000 + ")" * 3000 + " }}",
        "@a(" * 3000,
        "{{ " * 3000,
        "{!! " * 3000,
        "<x-a @a(" * 3000,
        "<x-a {{" * 3000,
        "@a('" * 3000,
        "@verbatim " * 3000,
        "@endif " * 3000,
    ],
    ids=lambda text: text[:12],
)
def test_endless_repetition_is_lowered_as_far_as_it_goes(text: str) -> None:
    """Nothing ends in a recursion error, here or where the IR is kept."""
    module = lower(f"{{{{ $before }}}} {text}".encode())
    assert kept(module) == module
    assert lines(f"{{{{ $before }}}} {text}").count("evaluate (call print before)") == 1


@pytest.mark.parametrize("text", [b"", b"<h1>text</h1>", b"{{", b"@", b"@@", b"\xff\xfe\x00", b"<x-", b"{{--", b"@php"])
def test_texts_without_code(text: bytes) -> None:
    (render,) = lower(text).functions
    assert render.body == ()


def test_random_mutations_never_raise() -> None:
    """Any bytes are lowered to IR that can be kept, with spans inside of the text."""
    chance = random.Random(7)
    originals = [path.read_bytes() for path in GOLDEN]
    pieces = [
        *(
            b"{{",
            b"}}",
            b"{!!",
            b"--}}",
            b"@",
            b"(",
            b")",
            b"[",
            b"'",
            b'"',
            b"<?php",
            b"?>",
            b"<x-a ",
            b"/>",
            b"\xff",
            b"\xc3\xa9",
        ),
        *(
            b"@foreach(",
            b"@endforeach",
            b"@if($a)",
            b"@else",
            b"@endif",
            b"@section('a')",
            b"@php",
            b" as ",
            b"=>",
            b"\0",
            b"\r",
        ),
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
        rows = text.decode("utf-8", "replace").split("\n")
        for node in ir.walk(module):
            assert 1 <= node.span.line <= node.span.end_line <= len(rows)
            assert node.span.column <= len(rows[node.span.line - 1])
            assert node.span.end_column <= len(rows[node.span.end_line - 1])

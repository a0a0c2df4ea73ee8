"""
Loads in Eloquent's queries, and what is left alone.
"""

from __future__ import annotations

import pytest

from analyzers.findings import Edit
from analyzers.fixes import Written, write
from analyzers.relation import Path
from tests.analyzers.fixes.loading import CITY, CUSTOMER, LINES, PRODUCT, place_of
from tests.analyzers.fixes.loading import written as written_for


def written(text: str, expression: str, *paths: Path) -> Written | None:
    return written_for("laravel", text, expression, *paths)


@pytest.mark.parametrize(
    ("expression", "paths", "expected"),
    [
        ("Order::where('paid', true)", (CUSTOMER,), "Order::where('paid', true)->with('customer')"),
        ("Order::query()", (CITY, CUSTOMER, PRODUCT), "Order::query()->with('customer.city', 'lines.product')"),
        ("Order::all()", (LINES,), "Order::with('lines')->get()"),
        ("Order::all(['id'])", (LINES,), "Order::with('lines')->get(['id'])"),
        ("\\App\\Order::find($id)", (LINES,), "\\App\\Order::with('lines')->find($id)"),
        ("Order::latest()->first()", (LINES,), "Order::latest()->with('lines')->first()"),
        ("Order::with('lines')", (CUSTOMER,), "Order::with('lines', 'customer')"),
        ("Order::with('lines')->latest()", (PRODUCT,), "Order::with('lines', 'lines.product')->latest()"),
        ("Order::with(['lines'])", (CUSTOMER, CITY), "Order::with(['lines', 'customer.city'])"),
        ("Order::with(['lines',])", (CUSTOMER,), "Order::with(['lines', 'customer',])"),
        (
            "Order::with(['lines' => fn ($q) => $q->latest()])",
            (CUSTOMER,),
            "Order::with(['lines' => fn ($q) => $q->latest(), 'customer'])",
        ),
        ("Order::with($relations)", (CUSTOMER,), "Order::with($relations)->with('customer')"),
        (
            "$this->visible($query)->scopes('open')->take(3)",
            (CUSTOMER,),
            "$this->visible($query)->scopes('open')->take(3)->with('customer')",
        ),
        ("$query->where('a', 1)", (CUSTOMER,), "$query->where('a', 1)->with('customer')"),
        (
            "Order::where('open', 1)->chunk(9, function ($all) { return 1; })",
            (CUSTOMER,),
            "Order::where('open', 1)->with('customer')->chunk(9, function ($all) { return 1; })",
        ),
    ],
)
def test_a_load_is_written_in_the_expression(expression: str, paths: tuple[Path, ...], expected: str) -> None:
    text = f"<?php\n// é\n/* é */ $orders = {expression}; g($orders); // kept\n"
    found = written(text, expression, *paths)
    assert found is not None
    assert found.content.decode() == text.replace(expression, expected)
    assert found.edits == (Edit("a/v.py", 3, 3, f"/* é */ $orders = {expected}; g($orders); // kept\n"),)


@pytest.mark.parametrize(
    "expression",
    [
        "$orders",
        "$orders->all()",
        "Order::paid()",
        "$this->visible($orders)->where('a', 1)->take(3)",
        "Order::query()->toBase()",
        "Order::where('a', 1)->delete()",
        "Order::where('a', 1)->cursor()",
        "DB::table('orders')",
        "$query->$method()",
    ],
)
def test_what_may_not_take_a_load_is_left_alone(expression: str) -> None:
    assert written(f"<?php\n$orders = {expression};\n", expression, LINES) is None


def test_a_chain_over_lines_gets_one_more_line() -> None:
    chain = "Order::where('paid', true)\n    ->latest()"
    found = written(f"<?php\n$orders = {chain}\n    ->get();\n", chain, LINES)
    assert found is not None
    assert found.edits == (Edit("a/v.py", 3, 3, "    ->latest()\n    ->with('lines')\n"),)


def test_the_first_line_of_a_chain_is_followed_by_one_more() -> None:
    found = written("<?php\n$orders = Order::latest()\n    ->get();\n", "Order::latest()", LINES)
    assert found is not None
    assert found.edits == (Edit("a/v.py", 2, 2, "$orders = Order::latest()\n    ->with('lines')\n"),)


def test_a_comment_in_the_chain_stays_where_it_is() -> None:
    found = written("<?php\n$orders = Order::latest() // new\n    ->get();\n", "Order::latest()", LINES)
    assert found is not None
    assert found.edits == (Edit("a/v.py", 2, 2, "$orders = Order::latest()->with('lines') // new\n"),)


def test_a_list_over_lines_gets_one_more_line() -> None:
    call = "Order::with([\n    'shop',\n    'lines', // all\n])"
    found = written(f"<?php\n$orders = {call}->get();\n", call, CUSTOMER)
    assert found is not None
    assert found.content.decode() == f"<?php\n$orders = {call}->get();\n".replace(
        "'lines',", "'lines',\n    'customer',"
    )


def test_line_ends_are_kept() -> None:
    found = written("<?php\r\n$orders = Order::all();\r\n", "Order::all()", LINES)
    assert found is not None
    assert found.edits[0].replacement == "$orders = Order::with('lines')->get();\r\n"


def test_a_file_that_is_no_utf8_is_left_alone() -> None:
    content = b"<?php\n$x = '\xe9'; $orders = Order::all();\n"
    lacks = {place_of(content.decode("latin-1"), "Order::all()"): [LINES]}
    assert write(content, "a.php", "laravel", lacks, lambda name: "") is None


def test_a_file_that_is_nested_deeply_is_no_danger() -> None:
    deep = "(" * 20_000 + "1" + ")" * 20_000
    found = written(f"<?php\n$orders = Order::all();\n$deep = {deep};\n", "Order::all()", LINES)
    assert found is not None

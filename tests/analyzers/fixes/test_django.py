"""
What is written where rows are queried, and what is left alone.
"""

from __future__ import annotations

import pytest

from analyzers.findings import Edit
from analyzers.fixes import Written, write
from analyzers.relation import Path
from tests.analyzers.fixes.loading import CITY, CUSTOMER, LINES, ORDERS, PATH, place_of
from tests.analyzers.fixes.loading import written as written_for


def written(text: str, expression: str, *paths: Path) -> Written | None:
    return written_for("django", text, expression, *paths)


@pytest.mark.parametrize(
    ("expression", "lacks", "expected"),
    [
        ("Order.objects", (CITY,), 'Order.objects.select_related("customer__city")'),
        ("Order.objects.all()", (LINES,), 'Order.objects.all().prefetch_related("lines")'),
        (
            "Order.objects.filter(pk__gt=1)",
            (CITY, LINES),
            'Order.objects.filter(pk__gt=1).select_related("customer__city").prefetch_related("lines")',
        ),
        (
            "Order.objects.select_related('shop')",
            (CITY,),
            "Order.objects.select_related('shop', 'customer__city')",
        ),
        ("Order.objects.all()[:10]", (LINES,), 'Order.objects.all().prefetch_related("lines")[:10]'),
        ("Order.objects.order_by().first()", (LINES,), 'Order.objects.order_by().prefetch_related("lines").first()'),
        (
            "Order.objects.iterator(chunk_size=9)",
            (LINES,),
            'Order.objects.prefetch_related("lines").iterator(chunk_size=9)',
        ),
        (
            "Order.objects.select_for_update()",
            (CITY,),
            'Order.objects.select_for_update().prefetch_related("customer__city")',
        ),
        (
            "Order.objects.all()",
            (CITY, CUSTOMER, ORDERS),
            'Order.objects.all().select_related("customer__city").prefetch_related("customer__orders")',
        ),
        ("super().get_queryset()", (LINES,), 'super().get_queryset().prefetch_related("lines")'),
    ],
)
def test_a_load_is_written_in_the_expression(expression: str, lacks: tuple[Path, ...], expected: str) -> None:
    text = f"def f():\n    # é\n    orders = {expression}; g(orders)  # kept\n    return orders\n"
    found = written(text, expression, *lacks)
    assert found is not None
    assert found.content.decode() == text.replace(expression, expected)
    assert found.edits == (Edit("a/v.py", 3, 3, f"    orders = {expected}; g(orders)  # kept\n"),)


@pytest.mark.parametrize(
    "expression",
    [
        "get_list_or_404(Order)",
        "orders",
        "Order.objects.paid()",
        "Order.objects.raw('select 1')",
        "Order.objects.values('pk').filter(pk=1)",
        "Order.objects.only('pk')",
        "Order.objects.union(other).order_by('pk')",
        "Order.objects.filter(pk=1).delete()",
        "Order.objects.iterator()",
    ],
)
def test_what_may_not_take_a_load_is_left_alone(expression: str) -> None:
    assert written(f"orders = {expression}\n", expression, LINES) is None


@pytest.mark.parametrize("later", ["orders.only('pk')", "orders.iterator()"])
def test_what_does_not_go_together_with_a_load_may_stand_elsewhere(later: str) -> None:
    assert written(f"orders = Order.objects.all()\nf({later})\n", "Order.objects.all()", LINES) is None


def test_rows_that_are_locked_later_are_not_joined() -> None:
    found = written("orders = Order.objects.all()\norders.select_for_update()\n", "Order.objects.all()", CITY)
    assert found is not None
    assert found.calls == ('.prefetch_related("customer__city")',)


def test_a_chain_over_lines_gets_one_more_line() -> None:
    """The edit names the line before the new one, since an edit replaces lines."""
    chain = "Order.objects\n    .filter(paid=True)\n    .order_by('pk')"
    found = written(f"orders = (\n    {chain}\n)\n", chain, CITY)
    assert found is not None
    assert found.edits == (Edit("a/v.py", 4, 4, "    .order_by('pk')\n    .select_related('customer__city')\n"),)


def test_a_call_over_lines_is_continued_at_its_end() -> None:
    call = "Order.objects.filter(\n    paid=True,\n)"
    found = written(f"orders = {call}\n", call, CITY)
    assert found is not None
    assert found.edits == (Edit("a/v.py", 3, 3, ').select_related("customer__city")\n'),)


def test_parentheses_stay_around() -> None:
    found = written("for o in (Order.objects.all()): pass\n", "Order.objects.all()", LINES)
    assert found is not None
    assert found.content == b'for o in (Order.objects.all().prefetch_related("lines")): pass\n'


def test_line_ends_are_kept() -> None:
    found = written("a = 1\r\norders = Order.objects.all()\r\n", "Order.objects.all()", LINES)
    assert found is not None
    assert found.edits[0].replacement == 'orders = Order.objects.all().prefetch_related("lines")\r\n'


@pytest.mark.parametrize("text", ["def (:\n    Order.objects.all()\n", "# coding: none\nOrder.objects.all()\n"])
def test_a_file_that_cannot_be_read_is_left_alone(text: str) -> None:
    assert written(text, "Order.objects.all()", LINES) is None


@pytest.mark.parametrize("deep", ["a" + " + a" * 20_000, "(" * 3000 + "1" + ")" * 3000, "a" + ".a" * 9000])
def test_a_file_that_is_nested_too_deeply_is_left_alone(deep: str) -> None:
    """The parser that fixes are written with would end the process."""
    assert written(f"orders = Order.objects.all()\ndeep = {deep}\n", "Order.objects.all()", LINES) is None


def test_other_libraries_are_left_alone() -> None:
    assert written_for("peewee", "Order.select()\n", "Order.select()", LINES) is None


def test_queries_of_one_line_are_told_as_one_edit() -> None:
    text = "pair = Order.objects.all(), Order.objects.filter(pk=1)\n"
    lacks = {place_of(text, "Order.objects.all()"): [LINES], place_of(text, "Order.objects.filter(pk=1)"): [CITY]}
    found = write(text.encode(), PATH, "django", lacks, lambda name: "")
    assert found is not None
    assert found.edits == (
        Edit(
            "a/v.py",
            1,
            1,
            'pair = Order.objects.all().prefetch_related("lines"), '
            'Order.objects.filter(pk=1).select_related("customer__city")\n',
        ),
    )


def test_a_query_within_another_is_left_alone() -> None:
    """Once the inner one has its load, the outer one is elsewhere."""
    text = "Order.objects.filter(pk__in=Order.objects.all())\n"
    lacks = {place_of(text, text.strip()): [LINES], place_of(text, "Order.objects.all()"): [LINES]}
    assert write(text.encode(), PATH, "django", lacks, lambda name: "") is None


def test_a_comment_after_the_chain_stays_on_its_line() -> None:
    chain = "Order.objects\n    .filter(paid=True)"
    found = written(f"orders = (\n    {chain}  # paid ones\n)\n", chain, CITY)
    assert found is not None
    assert found.edits == (
        Edit("a/v.py", 3, 3, '    .filter(paid=True).select_related("customer__city")  # paid ones\n'),
    )


def test_a_file_in_another_encoding_is_left_alone() -> None:
    content = b"# coding: latin-1\nname = '\xe9'; orders = Order.objects.all()\n"
    lacks = {place_of(content.decode("latin-1"), "Order.objects.all()"): [LINES]}
    assert write(content, PATH, "django", lacks, lambda name: "") is None

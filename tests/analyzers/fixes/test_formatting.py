"""
However a query is laid out, a load adds its own text and leaves all other text, comments and line ends as they were.
"""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.findings import Edit
from analyzers.fixes import write
from analyzers.languages.php_source import Source
from tests.analyzers.fixes.loading import LINES, MODELS, PATH, PRODUCT, place_of

CHAINS = {
    "django": ("Order.objects", ".filter(\n    open=True,\n)", '.order_by("pk")', '.exclude(name="#")', ".distinct()"),
    "sqlalchemy": ("select(Order)", ".where(\n    Order.open,\n)", ".order_by(Order.id)", ".limit(3)", ".distinct()"),
    "laravel": ("Order::query()", "->where(\n    'open', 1,\n)", "->latest()", "->orderBy('#')", "->limit(3)"),
}
GAPS = {
    "django": ("", "\n    ", "  # why\n    ", "\n\n    # a line\n\n    ", " \\\n"),
    "sqlalchemy": ("", "\n    ", "  # why\n    ", "\n\n    # a line\n\n    ", " \\\n"),
    "laravel": ("", "\n    ", " // why\n    ", "\n\n    # a line\n\n    ", " /* why */ "),
}
ADDED = {
    "django": '.prefetch_related("lines__product")',
    "sqlalchemy": ".options(selectinload(Order.lines).joinedload(Line.product))",
    "laravel": "->with('lines.product')",
}
AROUND = {
    "django": ("é = 1\norders = run((\n    {}\n{}, 1))\n", 1),
    "sqlalchemy": ("from sqlalchemy.orm import selectinload\né = 1\norders = run((\n    {}\n{}, 1))\n", 2),
    "laravel": ("<?php\n$é = 1;\n$orders = run((\n    {}\n{}), 1);\n", 2),
}
TAILS = ("", "  # end\n", "  # end, of it\n\n")


@pytest.mark.parametrize("library", CHAINS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_all_other_text_stays(library: str, data: st.DataObject) -> None:
    start, *rest = CHAINS[library]
    calls = data.draw(st.lists(st.sampled_from(rest), max_size=4))
    gaps = data.draw(st.lists(st.sampled_from(GAPS[library]), min_size=len(calls), max_size=len(calls)))
    chain = start + "".join(gap + call for gap, call in zip(gaps, calls, strict=True))
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    around, first = AROUND[library]
    text = around.format(chain, data.draw(st.sampled_from(TAILS)))
    lacks = {place_of(text, chain): [PRODUCT, LINES]}
    content = text.replace("\n", end).encode()
    found = write(content, PATH, library, lacks, lambda name: MODELS.get(name, ""))
    assert found is not None
    after = found.content.decode()
    assert squeezed(after).replace(squeezed(ADDED[library]), "", 1) == squeezed(text)
    assert comments(after) == comments(text)
    assert after.count("\n") == after.count(end)
    assert parses(library, after)
    assert all(edit.first > first for edit in found.edits)
    assert applied(content.decode(), found.edits) == after


def squeezed(text: str) -> str:
    """Without white space and continued lines."""
    return re.sub(r"[\s\\]+", "", text)


def comments(text: str) -> list[str]:
    return re.findall(r"(?:#|//) [^\r\n]*|/\*.*?\*/", text)


def parses(library: str, text: str) -> bool:
    if library == "laravel":
        return not Source(text.encode()).file().has_error
    ast.parse(text)
    return True


def applied(text: str, edits: tuple[Edit, ...]) -> str:
    lines = re.findall(r"[^\n]*\n", text)
    for edit in reversed(edits):
        lines[edit.first - 1 : edit.last] = [edit.replacement]
    return "".join(lines)

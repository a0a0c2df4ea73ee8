"""
What the tests of the fix-makers share: relations in a few characters, and the place of an expression in a text.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzers.fixes import Written, write
from analyzers.relation import Hop, Path
from analyzers.span import Span

PATH = "a/v.py"

MODELS = {"Order": "m.py::Order", "Customer": "m.py::Customer", "Line": "m.py::Line"}
"""What names mean at the top level of the tests' files."""

CUSTOMER: Path = (Hop("m.py::Order", "customer", "m.py::Customer"),)
CITY: Path = (*CUSTOMER, Hop("m.py::Customer", "city", "c.py::City"))
ORDERS: Path = (*CUSTOMER, Hop("m.py::Customer", "orders", "m.py::Order", many=True))
LINES: Path = (Hop("m.py::Order", "lines", "m.py::Line", many=True),)
PRODUCT: Path = (*LINES, Hop("m.py::Line", "product", "p.py::Product"))
MAKER: Path = (*PRODUCT, Hop("p.py::Product", "maker", "p.py::Maker"))


def place_of(text: str, expression: str) -> Span:
    """Where an expression stands for the first time."""
    before, found, _ = text.partition(expression)
    assert found, expression
    lines, last = before.split("\n"), expression.split("\n")
    column = len(lines[-1])
    end = len(lines) + len(last) - 1
    return Span(len(lines), column, end, len(last[-1]) + (column if len(last) == 1 else 0))


def written(
    library: str, text: str, expression: str, *paths: Path, models: Mapping[str, str] = MODELS
) -> Written | None:
    """What is written for an expression of a file."""
    lacks = {place_of(text, expression): paths}
    return write(text.encode(), PATH, library, lacks, lambda name: models.get(name, ""))

"""
Loads in SQLAlchemy's queries, the imports that they need, and what is left alone.
"""

from __future__ import annotations

import pytest

from analyzers.findings import Edit
from analyzers.fixes import Written
from analyzers.relation import Path
from tests.analyzers.fixes.loading import CITY, CUSTOMER, LINES, MAKER, MODELS, ORDERS, PATH, PRODUCT
from tests.analyzers.fixes.loading import written as written_for

IMPORTS = "from sqlalchemy.orm import joinedload, selectinload\nfrom m import Customer, Line, Order\n"


def written(text: str, expression: str, *paths: Path) -> Written | None:
    return written_for("sqlalchemy", text, expression, *paths)


@pytest.mark.parametrize(
    ("expression", "paths", "expected"),
    [
        ("select(Order)", (CUSTOMER,), "select(Order).options(joinedload(Order.customer))"),
        ("sa.select(Order)", (LINES,), "sa.select(Order).options(selectinload(Order.lines))"),
        (
            "select(Order).where(Order.open)",
            (CITY,),
            "select(Order).where(Order.open).options(joinedload(Order.customer).joinedload(Customer.city))",
        ),
        (
            "session.query(Order).filter_by(pk=1)",
            (PRODUCT, LINES),
            "session.query(Order).filter_by(pk=1).options(selectinload(Order.lines).joinedload(Line.product))",
        ),
        ("Order.query", (CUSTOMER,), "Order.query.options(joinedload(Order.customer))"),
        ("Order.query.first()", (CUSTOMER,), "Order.query.options(joinedload(Order.customer)).first()"),
        ("cls.query.limit(3)", (CUSTOMER,), "cls.query.limit(3).options(joinedload(cls.customer))"),
        (
            "session.execute(select(Order)).scalars().all()",
            (LINES,),
            "session.execute(select(Order).options(selectinload(Order.lines))).scalars().all()",
        ),
        (
            "select(Line, Order).join(Line.order)",
            (CUSTOMER,),
            "select(Line, Order).join(Line.order).options(joinedload(Order.customer))",
        ),
        (
            "select(Order).options(joinedload(Order.shop))",
            (CUSTOMER,),
            "select(Order).options(joinedload(Order.shop)).options(joinedload(Order.customer))",
        ),
        (
            "select(Order).options(subqueryload(Order.lines), x).order_by(Order.id)",
            (PRODUCT,),
            "select(Order).options(subqueryload(Order.lines).joinedload(Line.product), x).order_by(Order.id)",
        ),
        (
            "select(Order).with_for_update()",
            (ORDERS,),
            "select(Order).with_for_update().options(selectinload(Order.customer).selectinload(Customer.orders))",
        ),
    ],
)
def test_a_load_is_written_in_the_expression(expression: str, paths: tuple[Path, ...], expected: str) -> None:
    text = f"{IMPORTS}def f():\n    # é\n    orders = {expression}; g(orders)  # kept\n    return orders\n"
    found = written(text, expression, *paths)
    assert found is not None
    assert found.content.decode() == text.replace(expression, expected)
    assert found.edits == (Edit("a/v.py", 5, 5, f"    orders = {expected}; g(orders)  # kept\n"),)


@pytest.mark.parametrize(
    "expression",
    [
        "orders",
        "select(Order.id)",
        "select(func.count())",
        "select(Customer)",
        "self.query.all()",
        "session.query(Order).with_entities(Order.id)",
        "session.get(Order, 1)",
        "select(Order).union(select(Order))",
        "query.filter(Order.open)",
        "session.query(Order).yield_per(100)",
    ],
)
def test_what_may_not_take_a_load_is_left_alone(expression: str) -> None:
    assert written(f"{IMPORTS}orders = {expression}\n", expression, CUSTOMER) is None


def test_a_class_that_would_need_a_further_module_is_left_alone() -> None:
    assert written(f"{IMPORTS}orders = select(Order)\n", "select(Order)", MAKER) is None


def test_a_class_is_imported_along_with_its_neighbour() -> None:
    text = "from sqlalchemy.orm import joinedload\nfrom .m import Order\n\nselect(Order)\n"
    found = written_for("sqlalchemy", text, "select(Order)", CITY, models={"Order": MODELS["Order"]})
    assert found is not None
    assert found.edits[0] == Edit("a/v.py", 2, 2, "from .m import Customer, Order\n")


def test_a_class_beside_the_entity_needs_no_import() -> None:
    models = {f"m.{name}": meant for name, meant in MODELS.items()}
    text = "import m\nfrom sqlalchemy import orm\nselect(m.Order)\n"
    found = written_for("sqlalchemy", text, "select(m.Order)", CITY, models=models)
    assert found is not None
    assert found.calls == (".options(orm.joinedload(m.Order.customer).joinedload(m.Customer.city))",)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from sqlalchemy.orm import Session\n", "from sqlalchemy.orm import Session, joinedload\n"),
        ("from sqlalchemy.orm import defer, load_only\n", "from sqlalchemy.orm import defer, joinedload, load_only\n"),
        (
            "from sqlalchemy.orm import (\n    Session,\n    selectinload,\n)\n",
            "from sqlalchemy.orm import (\n    Session,\n    joinedload,\n    selectinload,\n)\n",
        ),
        (
            "from sqlalchemy.orm import (\n    Session,\n)\n",
            "from sqlalchemy.orm import (\n    Session,\n    joinedload,\n)\n",
        ),
        ("from sqlalchemy.orm import (Session)\n", "from sqlalchemy.orm import (Session, joinedload)\n"),
        (
            "from sqlalchemy import select\nimport os\n",
            "from sqlalchemy import select\nfrom sqlalchemy.orm import joinedload\nimport os\n",
        ),
        (
            '"""Doc."""\nfrom __future__ import annotations\nimport os\n\nX = 1\n',
            '"""Doc."""\nfrom __future__ import annotations\nimport os\n\nfrom sqlalchemy.orm import joinedload\n\nX = 1\n',  # noqa: E501
        ),
        (
            "from sqlalchemy.orm import (\n    Session,  # why\n    defer,\n)\n",
            "from sqlalchemy.orm import (\n    Session,  # why\n    defer,\n)\nfrom sqlalchemy.orm import joinedload\n",
        ),
        ("from sqlalchemy.orm import *\n", "from sqlalchemy.orm import *\nfrom sqlalchemy.orm import joinedload\n"),
        ("import os\r\n", "import os\r\n\r\nfrom sqlalchemy.orm import joinedload\r\n"),
        (
            "import os\n\nimport flask\n\nfrom a import x\n",
            "import os\n\nimport flask\nfrom sqlalchemy.orm import joinedload\n\nfrom a import x\n",
        ),
        (
            '"""Doc."""\n\n# ours\nfrom a.m import x\nfrom .n import y\n',
            '"""Doc."""\n\nfrom sqlalchemy.orm import joinedload\n\n# ours\nfrom a.m import x\nfrom .n import y\n',
        ),
    ],
)
def test_the_loader_is_imported(before: str, after: str) -> None:
    end = "\r\n" if "\r" in before else "\n"
    found = written(f"{before}{end}x = 1{end}orders = select(Order){end}", "select(Order)", CUSTOMER)
    assert found is not None
    options = "select(Order).options(joinedload(Order.customer))"
    assert found.content.decode() == f"{after}{end}x = 1{end}orders = {options}{end}"
    assert len(found.edits) == 2


def test_an_alias_is_used() -> None:
    text = "from sqlalchemy.orm import joinedload as jl\nselect(Order)\n"
    found = written(text, "select(Order)", CUSTOMER)
    assert found is not None
    assert found.calls == (".options(jl(Order.customer))",)


def test_without_an_import_there_is_no_place_for_one() -> None:
    assert written("def f():\n    return select(Order)\n", "select(Order)", CUSTOMER) is None


def test_a_file_that_starts_with_an_import_of_its_own() -> None:
    """There is no line before: the edit names the one behind."""
    found = written("from a.m import Order\n\norders = select(Order)\n", "select(Order)", CUSTOMER)
    assert found is not None
    assert found.edits[0] == Edit(PATH, 1, 1, "from sqlalchemy.orm import joinedload\n\nfrom a.m import Order\n")


def test_a_comment_after_the_chain_stays_on_its_line() -> None:
    chain = "select(Order)\n    .where(Order.open)"
    found = written(f"{IMPORTS}orders = run(\n    {chain}  # open ones\n)\n", chain, CUSTOMER)
    assert found is not None
    expected = "    .where(Order.open).options(joinedload(Order.customer))  # open ones\n"
    assert found.edits == (Edit(PATH, 5, 5, expected),)


def test_a_chain_over_lines_gets_one_more_line() -> None:
    chain = "session.query(Order)\n    .filter(Order.open)  # open ones\n    .order_by(Order.id)"
    found = written(f"{IMPORTS}orders = (\n    {chain}\n    .all()\n)\n", chain, CUSTOMER)
    assert found is not None
    expected = "    .order_by(Order.id)\n    .options(joinedload(Order.customer))\n"
    assert found.edits == (Edit("a/v.py", 6, 6, expected),)

"""
What entry points cost: the round trips of eager loading are counted too.
"""

from __future__ import annotations

import pytest

from analyzers.consequences import cost_of
from analyzers.engine import effects
from analyzers.index import Index
from analyzers.options import Options
from tests.trees import MemoryTree

DJANGO = """
from django.db import models
from django.db.models import Prefetch


class Customer(models.Model):
    name = models.CharField(max_length=20)


class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)


class Product(models.Model):
    title = models.CharField(max_length=20)


class Line(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.CASCADE)


def root():
    return [order for order in Order.objects.{}]
"""

ALCHEMY = """
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, joinedload, mapped_column, relationship, selectinload


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customer"
    id = mapped_column(primary_key=True)


class Order(Base):
    __tablename__ = "order"
    id = mapped_column(primary_key=True)
    customer_id = mapped_column(ForeignKey("customer.id"))
    customer = relationship("Customer")
    lines = relationship("Line")


class Line(Base):
    __tablename__ = "line"
    id = mapped_column(primary_key=True)
    order_id = mapped_column(ForeignKey("order.id"))
    product_id = mapped_column(ForeignKey("product.id"))
    product = relationship("Product")


class Product(Base):
    __tablename__ = "product"
    id = mapped_column(primary_key=True)


def root(session):
    return session.scalars(select(Order).options({})).all()
"""


def cost(path: str, text: str) -> str:
    with Index.open(None) as index:
        every = effects(MemoryTree("head", {path: text}), index, lambda _: Options())
        (found,) = [entry for entry in every if entry.root.function.name == "root"]
    return str(cost_of(found))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("all()", "1"),
        ('select_related("customer")', "1"),
        ('prefetch_related("lines")', "2"),
        ('prefetch_related("lines__product")', "3"),
        ('prefetch_related("lines", "lines__product")', "3"),
        ('select_related("customer").prefetch_related("lines")', "2"),
        ('prefetch_related(Prefetch("lines", queryset=Line.objects.select_related("product")))', "2"),
        ('prefetch_related(Prefetch("lines", queryset=Line.objects.prefetch_related("product")))', "3"),
        ('prefetch_related(Prefetch("lines", queryset=Line.objects.all(), to_attr="every"))', "2"),
        ('prefetch_related("lines").values("pk")', "1"),
    ],
)
def test_django(query: str, expected: str) -> None:
    """A prefetched relation takes a query, a joined one takes none, and a path takes one for each new part of it."""
    assert cost("shop/models.py", DJANGO.format(query)) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("joinedload(Order.customer)", "1"),
        ("selectinload(Order.lines)", "2"),
        ("selectinload(Order.lines).joinedload(Line.product)", "2"),
        ("joinedload(Order.lines).selectinload(Line.product)", "2"),
        ("selectinload(Order.lines).selectinload(Line.product), joinedload(Order.customer)", "3"),
    ],
)
def test_sqlalchemy(options: str, expected: str) -> None:
    """Each step of a chain of loaders says for itself whether it joins."""
    assert cost("shop/models.py", ALCHEMY.format(options)) == expected

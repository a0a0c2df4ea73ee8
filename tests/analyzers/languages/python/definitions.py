"""A module's docstring does nothing."""

from __future__ import annotations

import os.path
import datetime as dt, decimal
from typing import TYPE_CHECKING
from . import models
from ..shop.orders import (
    Order as ShopOrder,  # renamed
    Line,
)
from .signals import *

if TYPE_CHECKING:
    from .customers import Customer

try:
    import ujson as json
except ImportError:
    import json

    def fast(): ...

__all__ = ["OrderView"]


class Empty:
    pass


class Order(models.Model, metaclass=Meta):
    """Fields, methods and classes."""

    number: int
    owner: "Customer" = models.ForeignKey("shop.Customer", on_delete=models.CASCADE)
    first = second = models.TextField()
    a, b = 1, 2
    print("ignored")

    class Meta(Base.Meta):
        ordering = ["-created"]

        class Deep: ...

    if settings.DEBUG:
        debug = True

        def explain(self): ...

    else:

        @property
        def explain(self):
            return self.query.explain()

    async def refresh(self, *, fields: list["str"] | None = None) -> None:
        await self.arefresh_from_db(fields=fields)


@router.get("/orders/{id}", response_model=list[OrderOut])
# between
@login_required
def view(request, id: int, /, limit=10, *args, q: Annotated[str, "query"] = "", **options) -> "list[Order] | None":
    def total(rows):
        class Local:
            def method(self):
                yield 1

        return sum(row.total for row in rows)

    yield total
    import late
    from .later import never


def not_a_generator():
    return lambda: (yield)


def keywords(a, *, b): ...


def generic[T: Order, *Ts](value: Sequence[T], mode: Literal["x", "y"]) -> "not a type!": ...


class Box[T](Generic[T], Protocol): ...


@overload
def twice(a: int): ...


def twice(a): ...


with lock:

    def guarded(): ...


type Orders[T] = list[T]

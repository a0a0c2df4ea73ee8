"""
Where the bound on the work for one entry point is met, what is running is still told to its end.
"""

from __future__ import annotations

import pytest

from analyzers.effects import functions, recorder
from analyzers.engine import review, scan
from analyzers.index import Index
from analyzers.options import Options
from tests.trees import MemoryTree, change

MODELS = """
from django.db import models


class Order(models.Model):
    number = models.CharField(max_length=20)


class Line(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
"""
LONG = "def work(order):\n" + "    order.number = order.number + order.number\n" * 200
VIEWS = """
from shop.long import work
from shop.models import Line, Order


def overview(request):
    for order in Order.objects.all():
        work(order)
        print(order.lines.count())
        work(order)
        print(Line.objects.filter(order_id=order.pk).first())
"""
SHOP = {"shop/models.py": MODELS, "shop/long.py": LONG, "shop/views.py": VIEWS}


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """One call of `work` is followed, and not the other."""
    monkeypatch.setattr(recorder, "STEPS", 2_000)
    monkeypatch.setattr(functions, "RESERVE", 1_800)


def test_what_is_running_comes_to_its_end() -> None:
    with Index.open(None) as index:
        outcome = scan(MemoryTree("head", SHOP), index, lambda path: Options(), ("shop/views.py",))
    assert [finding.place.span.line for finding in outcome.standing] == [9, 11]
    assert [failure.partition(" was ")[0] for failure in outcome.failures] == ["`overview`"]


def test_what_a_base_in_part_did_not_show_is_not_introduced() -> None:
    """The base stops at the long function, which the change makes short: what comes after it stood before."""
    shop = SHOP | {
        "shop/views.py": VIEWS.replace("print(Line.objects.filter(order_id=order.pk).first())", "told(order)")
    }
    shop |= {"shop/told.py": "def told(order):\n    print(order.lines.first())\n"}
    shop["shop/views.py"] = shop["shop/views.py"].replace("import work\n", "import work\nfrom shop.told import told\n")
    short = shop | {"shop/long.py": "def work(order):\n    order.number = order.number\n"}
    with Index.open(None) as index:
        outcome = review(change(shop, short), index, lambda path: Options())
    assert outcome.introduced == ()

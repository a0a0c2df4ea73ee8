"""What a change reaches: who is followed, and who is not although the names are the same."""

from __future__ import annotations

import pytest

from analyzers import frameworks
from analyzers.index import Index
from analyzers.program.entries import Entries
from analyzers.program.orm import Orm
from analyzers.program.program import Program
from analyzers.program.reach import CALLERS, Reach
from tests import trees

MODELS = """\
from django.db import models


class Customer(models.Model):
    name = models.CharField(max_length=10)


class Order(models.Model):
    number = models.CharField(max_length=10)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")

    class Meta:
        ordering = ["number"]
"""
READERS = """\
from shop.models import Order


def numbers():
    return [order.number for order in Order.objects.all()]


def customers():
    return [order.customer for order in Order.objects.all()]


def of_customer(customer):
    return customer.orders.all()
"""


def reached(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Names of the functions that the head runs because of a change."""
    change = trees.change(before, after)
    with Index.open(None) as index:
        reaches = []
        for tree in (change.base, change.head):
            index.prepare(tree, dict(tree.entries))
            program = Program(index.snapshot(dict(tree.entries)), frameworks.assemble(()))
            reaches.append(Reach(program, Entries(program), Orm(program)))
        base, head = reaches
        changed = head.changed(change.files, "new", base.program)
        return {root.function.node.qualname for root, _ in head.roots(changed)}


def edited(path: str, text: str, old: str, new: str, **others: str) -> set[str]:
    """What one edit of one file reaches."""
    assert text.count(old) == 1
    others = {f"shop/{name}.py": other for name, other in others.items()}
    return reached({path: text, **others}, {path: text.replace(old, new), **others})


@pytest.mark.parametrize(
    ("old", "new", "followed"),
    [
        ("number = models.CharField(max_length=10)", "number = models.CharField(max_length=20)", set()),
        ('ordering = ["number"]', 'ordering = ["-number"]', set()),
        ("on_delete=models.CASCADE", "on_delete=models.PROTECT", {"customers", "of_customer"}),
        ("    class Meta:", "    objects = models.Manager()\n\n    class Meta:", {"numbers", "customers"}),
    ],
)
def test_of_a_model_what_changed_is_followed(old: str, new: str, followed: set[str]) -> None:
    """A column costs nobody a query; a relation is followed by its names; all else by the model's own."""
    assert edited("shop/models.py", MODELS, old, new, readers=READERS) == followed


CALLS = """\
def label(order):
    # how it is called
    return order.number


def index(orders):
    return [label(order) for order in orders]
"""


def test_comments_and_layout_are_no_change() -> None:
    assert edited("shop/views.py", CALLS, "# how it is called", "# its name") == set()
    assert edited("shop/views.py", CALLS, "return order.number", "return (\n        order.number\n    )") == set()
    assert edited("shop/views.py", CALLS, "order.number", "order.code") == {"label", "index"}


def test_an_import_changes_who_uses_it() -> None:
    text = (
        "from shop.names import label\n\n\ndef index(order):\n    return label(order)\n\n\ndef other():\n    return 1\n"
    )
    assert edited("shop/views.py", text, "shop.names", "shop.labels") == {"index"}


FAMILIES = """\
class Base:
    def run(self):
        return self.clean_input()


class Order(Base):
    def clean_input(self):
        return 1


class Other:
    def clean_input(self):
        return 2

    def start(self):
        return self.clean_input()


def anybody(thing):
    return thing.clean_input()
"""


def test_selfs_methods_are_those_of_its_family() -> None:
    """Another class's method of the same name is no use of it, and neither is another's call of its own."""
    followed = edited("shop/forms.py", FAMILIES, "return 1", "return 3")
    assert followed == {"Order.clean_input", "Base.run", "anybody"}


def test_of_very_many_callers_a_dozen_and_those_with_a_loop_are_followed() -> None:
    plain = "".join(f"\n\ndef plain{n:02}(order):\n    return send(order)\n" for n in range(3 * CALLERS))
    loop = "\n\ndef zealous(orders):\n    return [send(order) for order in orders]\n"
    text = f"def send(order):\n    return 1\n{plain}{loop}"
    followed = edited("shop/mail.py", text, "return 1", "return 2")
    assert {"send", "zealous"} <= followed
    assert len(followed) == 1 + CALLERS


@pytest.mark.parametrize(
    "text",
    ['""', "'\"'", '"\\\\"', repr("a long sentence, " * 20), '"""It says "numbers" in a docstring."""', '"é"'],
)
def test_texts_of_any_kind_hide_no_call(text: str) -> None:
    """What a function calls is found beside empty texts, quotes, backslashes and long sentences."""
    views = f"from shop.labels import told\n\n\ndef overview(request):\n    blank = {text}\n    return told(blank)\n"
    before = {"shop/labels.py": "def told(text):\n    return text\n", "shop/views.py": views}
    after = before | {"shop/labels.py": "def told(text):\n    return text * 2\n"}
    assert reached(before, after) == {"told", "overview"}

"""
Every fix that is offered is applied here and analysed again; what would not serve is not offered.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

import pytest

from analyzers import engine, fixes, remedies
from analyzers.engine import review
from analyzers.findings import Edit, Finding, Fix, Review
from analyzers.fixes import Written
from analyzers.index import Index
from analyzers.options import Options
from tests.cases.runner import Case, pages, read
from tests.trees import change

CASES = [case for page in pages() for case in read(page)]
MODELS = """\
from django.db import models


class City(models.Model):
    name = models.CharField(max_length=9)


class Customer(models.Model):
    name = models.CharField(max_length=9)
    city = models.ForeignKey(City, on_delete=models.CASCADE)


class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)


class Product(models.Model):
    name = models.CharField(max_length=9)


class Line(models.Model):
    order = models.ForeignKey(Order, related_name="lines", on_delete=models.CASCADE)
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
"""
IMPORT = "from shop.models import Order\n\n\n"
SERIALIZER = """\
from rest_framework import serializers, viewsets

from shop.models import Order


class OrderSerializer(serializers.ModelSerializer):
    city = serializers.CharField(source="customer.city.name")

    class Meta:
        model = Order
        fields = ["id", "city"]


"""


def reviewed(head: Mapping[str, str], base: Mapping[str, str]) -> Review:
    with Index.open(None) as index:
        return review(change(base, head), index, lambda path: Options())


def introduced(views: str) -> tuple[Finding, ...]:
    base = {"shop/__init__.py": "", "shop/models.py": MODELS}
    head = {**base, "shop/views.py": views}
    outcome = reviewed(head, base)
    for finding in outcome.introduced:
        prove(finding, head, base)
    return outcome.introduced


def prove(finding: Finding, head: Mapping[str, str], base: Mapping[str, str]) -> None:
    """A fix parses, cures its finding, and brings nothing new."""
    if finding.fix is None:
        return
    fixed = applied(finding.fix, head)
    for edit in finding.fix.edits:
        if edit.path.endswith(".py"):
            ast.parse(fixed[edit.path])
    before = {one.fingerprint for one in reviewed(head, base).introduced}
    after = {one.fingerprint for one in reviewed(fixed, base).introduced}
    assert finding.fingerprint not in after
    assert after <= before


def applied(fix: Fix, head: Mapping[str, str]) -> dict[str, str]:
    texts = {path: text.splitlines(keepends=True) for path, text in head.items()}
    for edit in sorted(fix.edits, key=lambda one: -one.first):
        texts[edit.path][edit.first - 1 : edit.last] = [edit.replacement]
    return {path: "".join(lines) for path, lines in texts.items()}


def fixes_of(findings: tuple[Finding, ...]) -> list[tuple[Edit, ...] | None]:
    return [None if finding.fix is None else finding.fix.edits for finding in findings]


def edit(line: int, replacement: str) -> tuple[Edit, ...]:
    return (Edit("shop/views.py", line, line, replacement),)


def test_a_comprehension() -> None:
    views = IMPORT + "def names(request):\n    return [o.customer.name for o in Order.objects.all()]\n"
    expected = '    return [o.customer.name for o in Order.objects.all().select_related("customer")]\n'
    assert fixes_of(introduced(views)) == [edit(5, expected)]


def test_findings_of_one_query_share_a_fix() -> None:
    views = """\
from shop.models import Order


def report(request):
    orders = (
        Order.objects
        .filter(pk__gt=1)
        .order_by("pk")
    )
    for order in orders:
        print(order.customer.name)
        print(order.customer.city.name)
        for line in order.lines.all():
            print(line.product.name)
"""
    expected = edit(
        8,
        '        .order_by("pk")\n'
        '        .select_related("customer__city")\n'
        '        .prefetch_related("lines__product")\n',
    )
    found = introduced(views)
    assert fixes_of(found)
    assert set(fixes_of(found)) == {expected}


def test_get_queryset() -> None:
    views = SERIALIZER + (
        "class Orders(viewsets.ModelViewSet):\n"
        "    serializer_class = OrderSerializer\n\n"
        "    def get_queryset(self):\n"
        "        return Order.objects.filter(pk=self.request.user.pk)\n"
    )
    expected = '        return Order.objects.filter(pk=self.request.user.pk).select_related("customer__city")\n'
    assert fixes_of(introduced(views)) == [edit(18, expected)]


def test_the_query_set_of_a_class() -> None:
    """The rows are queried in the library's `get_queryset`, from what the class says: there the load belongs."""
    views = SERIALIZER + (
        "class Orders(viewsets.ModelViewSet):\n"
        "    queryset = Order.objects.all()\n"
        "    serializer_class = OrderSerializer\n"
    )
    expected = '    queryset = Order.objects.all().select_related("customer__city")\n'
    assert fixes_of(introduced(views)) == [edit(15, expected)]


def test_a_serializer_that_two_views_use_is_cured_in_both() -> None:
    views = SERIALIZER + (
        "class Orders(viewsets.ModelViewSet):\n"
        "    queryset = Order.objects.all()\n"
        "    serializer_class = OrderSerializer\n\n\n"
        "class Archive(viewsets.ReadOnlyModelViewSet):\n"
        "    queryset = Order.objects.filter(pk__lt=9)\n"
        "    serializer_class = OrderSerializer\n"
    )
    first = '    queryset = Order.objects.all().select_related("customer__city")\n'
    second = '    queryset = Order.objects.filter(pk__lt=9).select_related("customer__city")\n'
    assert fixes_of(introduced(views)) == [edit(15, first) + edit(20, second)]


def test_what_a_load_does_not_cure_has_no_fix() -> None:
    """`.filter()` asks the database whatever came with the rows."""
    views = (
        "from shop.models import Order\n\n\n"
        "def first(request):\n"
        "    return [list(o.lines.filter(pk=1)) for o in Order.objects.all()]\n"
    )
    assert fixes_of(introduced(views)) == [None]


def test_rows_of_unknown_origin_have_no_fix() -> None:
    views = (
        "from shop.models import Order\n\n\ndef f(orders: list[Order]):\n    return [o.customer.name for o in orders]\n"
    )
    assert fixes_of(introduced(views)) == [None]


def test_a_load_that_does_not_serve_is_not_offered() -> None:
    """A query set of its own forgets what it is told to load: the fix can be written, and the finding stays."""
    models = MODELS + (
        "\n\nclass Forgetful(models.QuerySet):\n"
        "    def select_related(self, *names):\n"
        "        return self.all()\n\n\n"
        "class Parcel(models.Model):\n"
        "    order = models.ForeignKey(Order, on_delete=models.CASCADE)\n"
        "    objects = Forgetful.as_manager()\n"
    )
    views = (
        IMPORT.replace("Order", "Parcel")
        + "def f(request):\n    return [p.order.pk_name for p in Parcel.objects.all()]\n"
    )
    base = {"shop/__init__.py": "", "shop/models.py": models}
    found = reviewed({**base, "shop/views.py": views}, base).introduced
    assert fixes_of(found) == [None]


def test_a_fix_that_hides_a_query_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the edited code is not understood any more, its findings are gone too; that is no proof."""

    def hidden(content: bytes, *_: object) -> Written:
        line = "    return [o.customer.name for o in mystery()]\n"
        hiding = content.decode().splitlines(keepends=True)
        return Written("".join([*hiding[:4], line]).encode(), (Edit("shop/views.py", 5, 5, line),), ("mystery()",))

    monkeypatch.setattr(fixes, "write", hidden)
    views = IMPORT + "def names(request):\n    return [o.customer.name for o in Order.objects.all()]\n"
    assert fixes_of(introduced(views)) == [None]


def test_nothing_is_tried_where_nothing_is_loaded_lazily(monkeypatch: pytest.MonkeyPatch) -> None:
    def tried(*_: object) -> None:
        raise AssertionError("tried")

    monkeypatch.setattr(remedies, "_verified", tried)
    views = (
        IMPORT + "def f(request):\n    return [Order.objects.get(pk=key) for key in Order.objects.values_list('pk')]\n"
    )
    assert fixes_of(introduced(views)) == [None]


def test_a_file_that_is_partly_broken_has_no_fix() -> None:
    views = IMPORT + "def names(request):\n    return [o.customer.name for o in Order.objects.all()]\n"
    assert fixes_of(introduced(views + "\n\ndef broken(:\n")) == [None]


def test_the_worst_are_tried_and_no_more_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remedies, "MOST", 1)
    function = "def f{0}(request):\n    return [o.customer.name for o in Order.objects.filter(pk__gt={0})]\n\n\n"
    found = introduced(IMPORT + "".join(function.format(number) for number in range(3)))
    assert [one is not None for one in fixes_of(found)] == [True, False, False]


def test_trials_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """All trials of a review may cost as much as one side of it; what the bound leaves untried has no fix."""
    monkeypatch.setattr(engine, "REVIEW_STEPS", 0)
    views = IMPORT + "def names(request):\n    return [o.customer.name for o in Order.objects.all()]\n"
    assert fixes_of(introduced(views)) == [None]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_fix_in_the_cases_serves(case: Case) -> None:
    for finding in reviewed(case.head, case.base or {}).introduced:
        prove(finding, case.head, case.base or {})


@pytest.mark.parametrize(
    ("case", "call"),
    [
        ("django-lazy-load-in-loop: A foreign key in a loop", '.select_related("customer")'),
        ("sqlalchemy: 2.0: a lazy relation in a loop", ".options(joinedload(Order.customer))"),
        ("sqlalchemy: 2.0: `execute` and `scalars`, a collection", ".options(selectinload(Order.lines))"),
        (
            "sqlalchemy: 2.0: the second level is not loaded",
            "selectinload(Customer.orders).selectinload(Order.lines)",
        ),
        ("sqlalchemy: 1.4: a lazy relation, the loop in another function", ".options(joinedload(Order.customer))"),
        ("flask-sqlalchemy: A view loops over `Model.query`", ".options(joinedload(Order.customer))"),
        ("laravel: A relation read in a loop", "->with('customer')"),
        ("laravel: Only the first level is loaded", "->with('lines.product')"),
        ("laravel: An accessor reads a relation", "->with('customer')"),
    ],
)
def test_the_cases_have_fixes(case: str, call: str) -> None:
    """So that the test above tests something."""
    found = next(one for one in CASES if one.id == case)
    fixed = [one.fix for one in reviewed(found.head, found.base or {}).introduced]
    assert [fix is not None and call in fix.description for fix in fixed] == [True]


def test_a_relation_that_is_always_a_query_has_no_fix() -> None:
    """SQLAlchemy refuses to load a dynamic relation eagerly."""
    models = (
        "from flask_sqlalchemy import SQLAlchemy\n\ndb = SQLAlchemy()\n\n\n"
        "class Customer(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
        '    orders = db.relationship("Order", lazy="dynamic")\n\n\n'
        "class Order(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
        '    customer_id = db.Column(db.Integer, db.ForeignKey("customer.id"))\n'
    )
    views = (
        "from shop.models import Customer\n\n\n"
        "def f():\n    return [[o.id for o in c.orders] for c in Customer.query.all()]\n"
    )
    base = {"shop/__init__.py": "", "shop/models.py": models}
    assert fixes_of(reviewed({**base, "shop/views.py": views}, base).introduced) == [None]

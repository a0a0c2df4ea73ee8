"""
What the models declare that findings speak of.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzers.engine import review
from analyzers.findings import Definition, Review
from analyzers.index import Index
from analyzers.options import Options
from tests.trees import change

MODELS = """\
from django.db import models


class Stamped(models.Model):
    created = models.DateTimeField(db_index=True)

    class Meta:
        abstract = True


class Customer(models.Model):
    name = models.CharField(max_length=100)


class Order(Stamped):
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE
    )
    number = models.CharField(max_length=20)

    class Meta:
        indexes = [models.Index(fields=["number"])]
"""
LOOP = """\
from {models} import Order


def names():
    return [order.customer.name for order in Order.objects.all()]
"""


def reviewed(files: Mapping[str, str]) -> Review:
    with Index.open(None) as index:
        return review(change({}, files), index, lambda path: Options())


def members(definition: Definition) -> list[tuple[str, str, str, int, int]]:
    """Each in a line: name, to how many it leads and where, first and last line."""
    return [
        (each.name, each.relation, each.leads_to, each.place.span.line, each.place.span.end_line)
        for each in definition.members
    ]


def test_both_ends_of_a_relation() -> None:
    """The owner with all that it declares and inherits, and the model that the relation leads to."""
    found = reviewed({"shop/models.py": MODELS, "shop/report.py": LOOP.format(models="shop.models")})
    order, customer = found.definitions
    assert [finding.fingerprint for finding in found.introduced] == [*order.fingerprints] == [*customer.fingerprints]
    assert (order.model, order.place.span.line, customer.model, customer.place.span.line) == (
        "Order",
        15,
        "Customer",
        11,
    )
    assert members(order) == [
        ("created", "", "", 5, 5),
        ("Meta.abstract", "", "", 8, 8),
        ("customer", "one", "Customer", 16, 18),
        ("number", "", "", 19, 19),
        ("Meta.indexes", "", "", 22, 22),
    ]
    assert members(customer) == [("name", "", "", 12, 12)]


def test_the_model_that_is_queried() -> None:
    """Where no relation is in question it is the model whose rows are asked for."""
    text = """\
from shop.models import Customer, Order


def names():
    return [Customer.objects.get(pk=order.pk) for order in Order.objects.all()]
"""
    found = reviewed({"shop/models.py": MODELS, "shop/report.py": text})
    assert [definition.model for definition in found.definitions] == ["Customer"]


def test_relations_that_methods_give() -> None:
    """Eloquent's relations are methods, and so are their declarations."""
    model = """\
<?php
namespace App\\Models;
use Illuminate\\Database\\Eloquent\\Model;
class {name} extends Model {{
    protected $fillable = ['number'];
    public function {relation}() {{
        return $this->{kind}({target}::class);
    }}
}}
"""
    order = model.format(name="Order", relation="customer", kind="belongsTo", target="Customer")
    customer = model.format(name="Customer", relation="orders", kind="hasMany", target="Order")
    loop = """\
<?php
namespace App\\Services;
use App\\Models\\Order;
class Report {
    public function names() {
        foreach (Order::all() as $order) {
            echo $order->customer->name;
        }
    }
}
"""
    found = reviewed(
        {"app/Models/Order.php": order, "app/Models/Customer.php": customer, "app/Services/Report.php": loop}
    )
    assert [members(definition) for definition in found.definitions] == [
        [("fillable", "", "", 5, 5), ("customer", "one", "Customer", 6, 8)],
        [("fillable", "", "", 5, 5), ("orders", "many", "Order", 6, 8)],
    ]


def test_a_name_that_two_models_have() -> None:
    """The one with the relation in question is meant; where both have it, neither is shown."""
    other = (
        "from django.db import models\n\n\n"
        'class Order(models.Model):\n    {relation} = models.ForeignKey("a.Customer", on_delete=models.CASCADE)\n'
    )
    files = {"a/models.py": MODELS, "report.py": LOOP.format(models="a.models")}
    without = reviewed({**files, "b/models.py": other.format(relation="parent")})
    assert [definition.place.path for definition in without.definitions] == ["a/models.py", "a/models.py"]
    both = reviewed({**files, "b/models.py": other.format(relation="customer")})
    assert [definition.model for definition in both.definitions] == ["Customer"]

"""
One hand-made review, with something of everything, that all surfaces are rendered from.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from analyzers import catalogue
from analyzers.findings import (
    Confidence,
    Consequence,
    Cost,
    Definition,
    Edit,
    Finding,
    Fix,
    Member,
    Remark,
    Review,
    Severity,
    Skipped,
    State,
    Step,
)
from analyzers.fingerprint import fingerprint
from analyzers.span import Place, Span
from bot.report import Report, json, markdown, sarif, text
from bot.review.configuration import Configuration
from bot.review.outcome import judge

OVERVIEW = """\
from customers.services import get_customer


def with_customers(orders):
    for order in orders:
        order.customer = get_customer(order.customer_id)
    return orders
"""
VIEWS = """\
from orders.models import Order


class OrderList(ListAPIView):
    queryset = Order.objects.order_by("-placed_at")
    serializer_class = OrderSerializer
"""
MODELS = """\
class Order(models.Model):
    number = models.CharField(max_length=20)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT
    )

    class Meta:
        indexes = [models.Index(fields=["customer", "placed_at"])]
"""
FILES = {
    "orders/overview.py": OVERVIEW,
    "orders/views.py": VIEWS,
    "orders/models.py": MODELS,
    "payments/<odd> @name.py": "x = '\x1b[31m'\n",
}


def lines_of(path: str, state: State) -> Sequence[str]:
    return FILES.get(path, "").splitlines()


def place(path: str, line: int, column: int = 0, end_column: int = 0) -> Place:
    return Place(path, Span(line, column, line, end_column))


QUERY = Finding(
    rule="query-in-loop",
    category="nplusone",
    message="`customer` is queried once per `order`: `GET /orders/` runs 1 + one query per order",
    advice="Fetch the customers of all orders at once with `in_bulk()` and look them up.",
    severity=Severity.HIGH,
    confidence=Confidence.CERTAIN,
    place=place("orders/overview.py", 6, 25, 56),
    trace=(
        Step(place("orders/views.py", 9), "`GET /orders/` calls `with_customers`"),
        Step(place("orders/overview.py", 5), "once per `order`"),
        Step(place("customers/services.py", 5), "queries `customer`"),
    ),
    fingerprint=fingerprint("query-in-loop", "orders/overview.py::with_customers", ("customer", "get")),
    symbol="orders/overview.py::with_customers",
    entry="GET /orders/",
    fix=Fix(
        "Fetch them at once",
        (
            Edit(
                "orders/overview.py",
                1,
                1,
                "from customers.services import get_customer\nfrom customers.services import get_customers\n",
            ),
            Edit("orders/overview.py", 6, 6, "        order.customer = customers[order.customer_id]\n"),
        ),
    ),
)
SERIALIZER = Finding(
    rule="lazy-load-in-serializer",
    category="nplusone",
    message="`OrderSerializer` reads `order.customer`, which `OrderList.queryset` does not load",
    advice="Load it with the query.",
    severity=Severity.MEDIUM,
    confidence=Confidence.LIKELY,
    place=place("orders/views.py", 5, 15, 51),
    trace=(
        Step(place("orders/views.py", 5), "`GET /api/orders/` queries `order`"),
        Step(place("<rest_framework.serializers>", 9), "the serializer reads each `order`"),
        Step(place("orders/serializers.py", 12), "reads `order.customer` for each row"),
    ),
    fingerprint=fingerprint("lazy-load-in-serializer", "orders/views.py::OrderList", ("customer",)),
    symbol="orders/views.py::OrderList",
    entry="GET /api/orders/",
    fix=Fix(
        "Load `customer` with the query",
        (
            Edit(
                "orders/views.py",
                5,
                5,
                '    queryset = Order.objects.select_related("customer").order_by("-placed_at")\n',
            ),
        ),
    ),
)
HOSTILE = Finding(
    rule="send-in-loop",
    category="nplusone",
    message="`mail` is sent once per <b>row</b> to @everyone | `\x1b[2J`",
    advice="",
    severity=Severity.INFO,
    confidence=Confidence.CERTAIN,
    place=place("payments/<odd> @name.py", 1, 4, 11),
    trace=(),
    fingerprint=fingerprint("send-in-loop", "payments/<odd> @name.py::", ("mail",)),
    allowed="asked for by @everyone <b>",
)
SUPPRESSED = Finding(
    rule="write-in-loop",
    category="nplusone",
    message="`stockitem` is written once per `line`",
    advice="Use `bulk_update()`.",
    severity=Severity.MEDIUM,
    confidence=Confidence.CERTAIN,
    place=place("stock/services.py", 20, 8, 19),
    trace=(),
    fingerprint=fingerprint("write-in-loop", "stock/services.py::reserve", ("stockitem",)),
    suppressed="allowed in the code: each row has a lock of its own",
)
UNCERTAIN = Finding(
    rule="query-in-loop",
    category="nplusone",
    message="`get` may query once per `item`",
    advice="",
    severity=Severity.LOW,
    confidence=Confidence.POSSIBLE,
    place=place("stock/services.py", 31, 8, 19),
    trace=(),
    fingerprint=fingerprint("query-in-loop", "stock/services.py::report", ("get",)),
)
FIXED = Finding(
    rule="lazy-load-in-loop",
    category="nplusone",
    message="`payment.order` was loaded once per `payment`",
    advice="",
    severity=Severity.MEDIUM,
    confidence=Confidence.CERTAIN,
    place=place("payments/reports.py", 9, 20, 33),
    trace=(),
    fingerprint=fingerprint("lazy-load-in-loop", "payments/reports.py::daily", ("order",)),
    state="fixed",
)
STANDING = Finding(
    rule="lazy-load-in-loop",
    category="nplusone",
    message="`line.product` is loaded once per `line`",
    advice="",
    severity=Severity.MEDIUM,
    confidence=Confidence.CERTAIN,
    place=place("orders/invoices.py", 14, 20, 33),
    trace=(),
    fingerprint=fingerprint("lazy-load-in-loop", "orders/invoices.py::render", ("product",)),
    state="standing",
)
REVIEW = Review(
    introduced=(QUERY, SERIALIZER, SUPPRESSED, UNCERTAIN, HOSTILE),
    fixed=(FIXED,),
    standing=(STANDING,),
    consequences=(
        Consequence("GET /api/orders/", "route", place("orders/views.py", 4), Cost(2), Cost(2, (("order", 1),))),
        Consequence("GET /orders/", "route", place("orders/views.py", 9), Cost(2), Cost(2, (("order", 1),))),
        Consequence(
            "GET /payments/daily/", "route", place("payments/reports.py", 5), Cost(1, (("payment", 1),)), Cost(1)
        ),
        Consequence("GET /stock/", "route", place("stock/views.py", 5), Cost(1), Cost(1)),
        Consequence("task send_receipts", "task", place("payments/tasks.py", 5), None, Cost(1)),
    ),
    definitions=(
        Definition(
            "Order",
            place("orders/models.py", 1),
            (
                Member("number", place("orders/models.py", 2)),
                Member("customer", Place("orders/models.py", Span(3, 4, 5, 5)), "one", "Customer"),
                Member("Meta.indexes", place("orders/models.py", 8)),
            ),
            (QUERY.fingerprint,),
        ),
    ),
    skipped=(
        Skipped("orders/dump.py", "it is larger than 1 MB", changed=True),
        Skipped("orders/tests.py", "test", changed=True),
        Skipped("static/app.min.js", "minified", changed=True),
        Skipped("vendor/lib.py", "vendored"),
    ),
    changed_files=6,
    analysed_files=24,
    remarks=(
        Remark(place("payments/<odd> @name.py", 1), "added", "allows `send-in-loop`, by this change itself"),
        Remark(place("stock/services.py", 40), "unused", "allows `query-in-loop`, which is not found here: it can go"),
    ),
    failures=("query-in-resolver failed in orders/schema.py::resolve_orders: KeyError('x')",),
    base="3f2a1c9d0b7e4f5a6c8d9e0f1a2b3c4d5e6f7a8b",
    head="8b7d0e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d",
)


def report(review: Review = REVIEW, *, everything: bool = False, is_scan: bool = False) -> Report:
    """The report of a review under the default configuration."""
    outcome = judge(review, lambda path: Configuration(), is_scan=is_scan)
    return Report(outcome, {rule.id: rule for rule in catalogue.load()}, lines_of, everything)


def plain_text(shown: Report) -> str:
    """The text surface as it is piped into a file."""
    file = io.StringIO()
    text.render(shown, Console(file=file, width=100, highlight=False, markup=False, emoji=False))
    return file.getvalue()


HERE = Path(__file__).parent
GOLDENS: Mapping[str, Callable[[], str]] = {
    "sample.txt": lambda: plain_text(report(everything=True)),
    "sample.json": lambda: json.render(report(everything=True)),
    "sample.sarif": lambda: sarif.render(report(everything=True)),
    "sample.md": lambda: markdown.render(report()),
}
"""File beside this one → what a surface must write."""

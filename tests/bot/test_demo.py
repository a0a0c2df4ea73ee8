from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot import demo
from bot.errors import DemoError

COUNT_QUERIES = """
import json, os, sys
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
django.setup()
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from customers.models import Customer
from orders.models import Order
from payments.models import Payment
from stock.models import StockItem, Warehouse

call_command("migrate", run_syncdb=True, verbosity=0)
for number in range(int(sys.argv[1])):
    customer = Customer.objects.create(name=f"c{number}", email="c@example.com")
    warehouse = Warehouse.objects.create(city=f"w{number}")
    StockItem.objects.create(warehouse=warehouse, sku="s", available=1)
    order = Order.objects.create(number=str(number), customer=customer, warehouse=warehouse, total=1)
    Payment.objects.create(order=order, amount=1)
counts = {}
for path in ("/orders/", "/api/orders/", "/payments/daily/", "/stock/"):
    with CaptureQueriesContext(connection, ) as queries:
        status = Client().get(path).status_code
    counts[path] = len(queries) if status == 200 else status
print(json.dumps(counts))
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("demo") / "shop"
    demo.make(directory)
    return directory


def git(directory: Path, *arguments: str) -> str:
    return subprocess.run(("git", *arguments), cwd=directory, check=True, capture_output=True, text=True).stdout


def counts(shop: Path, branch: str, rows: int) -> dict[str, int]:
    """Run the service of a branch on a database with so many rows of each kind: queries by path."""
    git(shop, "checkout", "--quiet", branch)
    ran = subprocess.run(
        (sys.executable, "-c", COUNT_QUERIES, str(rows)),
        cwd=shop,
        env={"PATH": os.environ["PATH"], "SHOP_DATABASE": ":memory:", "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, int] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize(
    ("branch", "fixed", "per_row"),
    [
        (
            "main",
            {"/orders/": 1, "/api/orders/": 1, "/payments/daily/": 1, "/stock/": 404},
            {"/payments/daily/"},
        ),
        (
            demo.BRANCH,
            {"/orders/": 1, "/api/orders/": 1, "/payments/daily/": 1, "/stock/": 2},
            {"/orders/", "/api/orders/"},
        ),
    ],
)
@pytest.mark.parametrize("rows", [3, 7])
def test_what_the_demo_says_is_true(
    shop: Path, branch: str, fixed: dict[str, int], per_row: set[str], rows: int
) -> None:
    """Run for real, the change brings two queries per row, takes one away, and its new page has none."""
    assert counts(shop, branch, rows) == {path: count + rows * (path in per_row) for path, count in fixed.items()}


def test_what_the_demo_shows(tmp_path: Path) -> None:
    """The review of the demo, through the normal path, says what running the service shows."""
    ran = subprocess.run(
        (sys.executable, "-m", "bot", "demo", "--format", "json"),
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"], "COUNTERSIGN_DATA_DIR": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    shown = json.loads(ran.stdout)
    assert {(finding["rule"], finding["place"]["path"]) for finding in shown["posted"]} == {
        ("query-in-loop", "orders/overview.py"),
        ("lazy-load-in-serializer", "orders/serializers.py"),
    }
    assert {(finding["rule"], finding["place"]["path"]) for finding in shown["fixed"]} == {
        ("lazy-load-in-loop", "payments/views.py")
    }
    assert {row["entry"]: per_row(row) for row in shown["consequences"]} == {
        "GET /orders/": ([], ["order"]),
        "GET /api/orders/": ([], ["order"]),
        "GET /payments/daily/": (["payment"], []),
        "GET /stock/": (None, []),
    }
    assert {row["entry"]: row["after"]["queries"] for row in shown["consequences"]} == {
        "GET /orders/": 1,
        "GET /api/orders/": 1,
        "GET /payments/daily/": 1,
        "GET /stock/": 2,
    }
    assert shown["failures"] == shown["skipped"] == []


def per_row(row: dict[str, Any]) -> tuple[list[str] | None, list[str] | None]:
    """What an entry point queries once per, before and after the change; None where there is none."""
    before, after = (cost and [each["over"] for each in cost["per_row"]] for cost in (row["before"], row["after"]))
    return before, after


def test_same_commits_everywhere(shop: Path, tmp_path: Path) -> None:
    """The demo's commits have the same ids on every machine, whatever git is set up to do there."""
    demo.make(tmp_path / "other")
    revisions = ("rev-parse", "main", demo.BRANCH)
    assert git(tmp_path / "other", *revisions) == git(shop, *revisions)
    assert git(tmp_path / "other", "status", "--porcelain") == ""


def test_directory_in_use(tmp_path: Path) -> None:
    """Nothing is written where something is."""
    (tmp_path / "mine").write_text("")
    with pytest.raises(DemoError, match="is not empty"):
        demo.make(tmp_path)

"""
The expectations of the cases are true: what is reported grows with the rows when it is run, what is silent does not.

A program's growth is the number of statements and messages for each further row. A change introduces a defect when it
raises the growth; a program without a change has one when it grows at all. This needs no engine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cases.runner import Case, pages, parse, read
from tests.execution.worker import SIZES

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="each run is a fork of one process")


def untrue(name: str, text: str) -> list[str]:
    """What the runs of a page contradict, one sentence each."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.execution.worker"],
        input=f"{name}\n{text}",
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    return [
        sentence for case in parse(name, text) if case.run for sentence in _contradictions(case, counts[case.title])
    ]


def _contradictions(case: Case, counts: dict[str, list[int | str]]) -> list[str]:
    failed = [
        f"{case.title}, {side}: {count}" for side, two in counts.items() for count in two if isinstance(count, str)
    ]
    if failed:
        return failed[:1]
    growth = {side: (two[1] - two[0]) / (SIZES[1] - SIZES[0]) for side, two in counts.items()}  # type: ignore[operator]
    introduced = growth["head"] > growth.get("base", 0)
    if introduced == bool(case.expected("finding", "todo-finding")):
        return []
    return [f"{case.title}: {'silent' if introduced else 'reported'}, but the counts at {SIZES} rows are {counts}"]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_reported_grows_and_silent_does_not(page: Path) -> None:
    assert untrue(page.stem, page.read_text("utf-8")) == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_every_case_is_run_or_says_why_not(page: Path) -> None:
    assert [case.title for case in read(page) if not case.run and not case.not_run] == []


PAGE = """\
`shop/models.py`:
```python
from django.db import models


class Order(models.Model):
    number = models.CharField(max_length=20)
```

```python run
from shop.models import Order

for number in range(n):
    Order.objects.create(number=number)
```

## One query
```python run
with counted():
    print([order.number for order in Order.objects.all()])
```

## One query per row, not announced
```python run
with counted():
    for order in Order.objects.all():
        order.refresh_from_db()
```

## Nothing is counted
```python run
print(n)
```
"""


def test_a_wrong_expectation_is_found() -> None:
    """The measure itself can fail: growth that nobody announced, and a run that counts nothing."""
    growing, idle = untrue("page", PAGE)
    assert growing.startswith("One query per row, not announced: silent, but")
    assert "{'head': [4, 10]}" in growing
    assert "never enters `with counted():`" in idle

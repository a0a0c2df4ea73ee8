"""
Suppressions that are written in the code: what they reach, which of them hold, and what is said of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from analyzers.engine import review, scan
from analyzers.findings import Review
from analyzers.index import Index
from analyzers.options import Options
from analyzers.suppressions import read
from tests.trees import MemoryTree, change

MODELS = """\
from django.db import models


class Customer(models.Model):
    name = models.CharField(max_length=100)


class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
"""
SILENT = """\
from shop.models import Order


def names():
    return [order.customer.name for order in Order.objects.select_related("customer")]
"""


def report(line: str, above: str = "") -> str:
    """A program with one finding, on the line of the loop's body."""
    return (
        "from shop.models import Order\n\n\ndef names():\n    result = []\n    for order in Order.objects.all():\n"
        f"{above and f'        {above}{chr(10)}'}        result.append(order.customer.name){line}\n    return result\n"
    )


ALLOW = "  # countersign: allow[lazy-load-in-loop] three orders at most"


def scanned(text: str, paths: tuple[str, ...] = ()) -> Review:
    files = {"shop/models.py": MODELS, "shop/report.py": text}
    with Index.open(None) as index:
        return scan(MemoryTree("head", files), index, lambda path: Options(), paths)


def reviewed(before: str, after: str, *, own: bool = False, options: Options | None = None) -> Review:
    base, head = ({"shop/models.py": MODELS, "shop/report.py": text} for text in (before, after))
    with Index.open(None) as index:
        return review(change(base, head), index, lambda path: options or Options(), own=own)


def remarks(outcome: Review) -> list[tuple[str, int]]:
    return [(remark.problem, remark.place.span.line) for remark in outcome.remarks]


def suppressed(outcome: Review) -> list[str | None]:
    return [finding.suppressed for finding in (*outcome.introduced, *outcome.standing)]


# --- what a comment is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rules", "reason", "alone"),
    [
        ("x()  # countersign: allow[a-b] few rows", ("a-b",), "few rows", False),
        ("# countersign:allow[a-b, c-d]: few rows", ("a-b", "c-d"), "few rows", True),
        ("    // countersign: allow[a-b] few rows", ("a-b",), "few rows", True),
        ("$x(); /* countersign: allow[a-b] few rows */", ("a-b",), "few rows", False),
        (" * countersign: allow[a-b] few rows", ("a-b",), "few rows", True),
        ("{{ x }}{# countersign: allow[a-b] few rows #}", ("a-b",), "few rows", False),
        ("{{-- countersign: allow[a-b] few rows --}}", ("a-b",), "few rows", True),
        ("<!-- countersign: allow[a-b] few rows -->", ("a-b",), "few rows", True),
        ("{% comment %} countersign: allow[a-b] few rows {% endcomment %}", ("a-b",), "few rows", True),
        ("# countersign: allow[a-b]", ("a-b",), "", True),
        ("# countersign: allow[] few rows", (), "few rows", True),
    ],
)
def test_comment(text: str, rules: tuple[str, ...], reason: str, alone: bool) -> None:
    """Every language's comments are read, with their rules and the reason up to the comment's end."""
    (allow,) = read("a.py", f"\n{text}\n")
    assert (allow.rules, allow.reason, allow.alone, allow.place.span.line) == (rules, reason, alone, 2)


def test_all_that_hold_are_listed() -> None:
    """A review lists those of the base, whatever they allow: one that the change writes does not hold yet."""
    told = "# countersign: allow[query-in-loop] not here any more"
    outcome = reviewed(report(ALLOW), report(ALLOW, above=told))
    assert [(allow.rules, allow.reason) for allow in outcome.allows] == [
        (("lazy-load-in-loop",), "three orders at most")
    ]
    assert [allow.place.span.line for allow in scanned(report(ALLOW, above=told)).allows] == [7, 8]


@pytest.mark.parametrize("text", ['x = "countersign: allow[a-b] y"', "# we write countersign: allow[a-b] for this"])
def test_no_comment(text: str) -> None:
    """A string, or prose about such a comment, allows nothing."""
    assert list(read("a.py", text)) == []


# --- which of them hold -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [report(ALLOW), report("", above=ALLOW.strip())], ids=["on the line", "above it"])
def test_allowed(text: str) -> None:
    """A finding is allowed by a comment on its line, or by one that stands alone above it."""
    outcome = scanned(text)
    assert suppressed(outcome) == ["three orders at most"]
    assert outcome.remarks == ()


def test_a_comment_behind_code_is_for_its_own_line() -> None:
    """A comment behind the code of one line does not allow what is on the next."""
    outcome = scanned(report("", above=f"print(order){ALLOW}"))
    assert suppressed(outcome) == [None]
    assert remarks(outcome) == [("unused", 7)]


def test_comments_stack() -> None:
    """Several comments above a line hold for it."""
    above = f"{ALLOW.strip()}\n        # countersign: allow[query-in-loop] nothing to see"
    outcome = scanned(report("", above=above))
    assert suppressed(outcome) == ["three orders at most"]
    assert remarks(outcome) == [("unused", 8)]


def test_added_by_the_change() -> None:
    """A change cannot silence its own finding: it counts, with the reason, and the comment is shown."""
    outcome = reviewed(SILENT, report(ALLOW))
    (finding,) = outcome.introduced
    assert (finding.suppressed, finding.allowed) == (None, "three orders at most")
    assert remarks(outcome) == [("added", 7)]


def test_own_change() -> None:
    """What is not yet committed is its author's own, and so is what it allows."""
    outcome = reviewed(SILENT, report(ALLOW), own=True)
    assert suppressed(outcome) == ["three orders at most"]
    assert outcome.remarks == ()


def test_moved_with_its_line() -> None:
    """A comment that was there before still holds where its line is moved, indented or edited."""
    before = report(ALLOW).replace("Order.objects.all()", "Order.objects.select_related('customer')")
    after = report(ALLOW).replace("    result = []\n", "    result = list()\n\n")
    outcome = reviewed(before, after.replace("result.append(order.customer.name)", "result.append(order.customer)"))
    assert suppressed(outcome) == ["three orders at most"]
    assert outcome.remarks == ()


def test_copied() -> None:
    """A second comment like one that was there before is added, and does not hold."""
    more = report(ALLOW).partition("def names")[2]
    outcome = reviewed(report(ALLOW), f"{report(ALLOW)}\n\ndef more_names{more}")
    assert [(finding.suppressed, finding.allowed) for finding in outcome.introduced] == [(None, "three orders at most")]
    assert remarks(outcome) == [("added", 14)]


# --- what is said of them ---------------------------------------------------------------------------------------------


def test_unused() -> None:
    """A comment is unused where there is nothing that it allows, also if it allows something else."""
    assert remarks(scanned(SILENT.replace("    return", f"    {ALLOW.strip()}\n    return"))) == [("unused", 5)]
    outcome = scanned(report(ALLOW.replace("[", "[write-in-loop, ")))
    assert suppressed(outcome) == ["three orders at most"]
    assert remarks(outcome) == [("unused", 7)]
    assert "`write-in-loop`" in outcome.remarks[0].message


def test_no_reason() -> None:
    """A comment without a reason holds, and is told."""
    outcome = scanned(report("  # countersign: allow[lazy-load-in-loop]"))
    assert suppressed(outcome) == ["allowed in the code"]
    assert remarks(outcome) == [("no reason", 7)]


def test_unknown_rule() -> None:
    """A rule that does not exist is told with the nearest one that does."""
    outcome = scanned(report(ALLOW.replace("lazy-load-in-loop", "lazyload-in-loop")))
    assert suppressed(outcome) == [None]
    assert remarks(outcome) == [("unknown rule", 7)]
    assert "did you mean `lazy-load-in-loop`?" in outcome.remarks[0].message


def test_needed_though_the_rule_is_off() -> None:
    """A comment whose finding is not counted for another reason is no unused one."""
    files = {"shop/models.py": MODELS, "shop/report.py": report(ALLOW)}
    with Index.open(None) as index:
        off = Options(disabled=frozenset({"lazy-load-in-loop"}))
        outcome = scan(MemoryTree("head", files), index, lambda path: off)
    assert suppressed(outcome) == ["the rule is off here"]
    assert outcome.remarks == ()


def test_part_of_a_tree() -> None:
    """In a scan of some folders nothing is called unused: what it allows may be reached from elsewhere."""
    text = SILENT.replace("    return", "    # countersign: allow[lazy-load-in-loop]\n    return")
    assert remarks(scanned(text, ("shop/report.py",))) == [("no reason", 5)]
    assert remarks(scanned(text, ("shop/models.py",))) == []


def test_fixed_by_the_change() -> None:
    """What the change makes needless is told, though it does not touch the comment."""
    before = report(ALLOW)
    after = before.replace("Order.objects.all()", 'Order.objects.select_related("customer")')
    outcome = reviewed(before, after)
    assert [finding.rule for finding in outcome.fixed] == ["lazy-load-in-loop"]
    assert remarks(outcome) == [("unused", 7)]


def test_what_stood_before_is_not_told() -> None:
    """A comment that the change does not concern is not talked about, whatever is wrong with it."""
    before: Mapping[str, str] = {"a": SILENT + "\n\n# countersign: allow[nothing]\n"}
    after = before["a"].replace("def names():\n", "def names():\n    print()\n")
    assert reviewed(before["a"], after).remarks == ()

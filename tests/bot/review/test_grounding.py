"""
What a model says is kept only where the evidence bears it.
"""

from __future__ import annotations

import pytest

from bot.review import grounding
from bot.review.grounding import Ground, Kept

EVIDENCE = (
    "orders/overview.py:6",
    "`Customer.objects.get(…)` runs a query on `Customer` once per `order`",
    "GET /orders/",
    "2 + 1 per order",
    "orders/overview.py",
    "4: def with_customers(orders):",
    "6:         order.customer = get_customer(order.customer_id)  # Postgres 14 is fine, see CVE-2024-1234",
    '7:     note = "Use Memcached for this"',
)
RULE = (
    "With 500 rows it makes 501 round trips. Django's `select_related` joins a single row, hundreds of tiny reads.",
    "A loop reads a relation, `invoice.lines.all()`.",
)


@pytest.fixture
def on() -> Ground:
    return grounding.ground(EVIDENCE, RULE, numbers=[3])


@pytest.mark.parametrize(
    "sentence",
    [
        "`with_customers` calls `get_customer` for every order.",
        "`GET /orders/` runs 2 queries and then one for each order.",
        "The list at `orders/overview.py:6` waits for the database once per row, e.g. when a shop has many orders.",
        "All three findings meet in the same request.",
        "Under load the pool runs dry, and hundreds of tiny reads hold the connection.",
        "`select_related` would load each customer with its order.",
        "What does `order.customer` cost when the list is long?",
        "`Customer.objects.get(…)` is inside the loop.",
        "GET /orders/ slows down as orders grow.",
        "`get_customer` is called at line 6 of orders/overview.py, in the body of the loop on line 4.",
        "An N+1 query is hard to see in a test: the API answers fast with one row.",
    ],
)
def test_what_the_evidence_bears_is_kept(on: Ground, sentence: str) -> None:
    """Plain words, and the names, paths and numbers of the evidence."""
    assert grounding.keep(sentence, on, 3) == Kept(sentence, 1, 0)


@pytest.mark.parametrize(
    "sentence",
    [
        # the rule's examples
        "It reads `invoice.lines.all()` of each row.",
        "Each `invoice` is read on its own.",
        # talk about the talk
        "The change introduces a static analysis finding in `with_customers`.",
        # invented facts
        "`with_customers` runs 4 queries, which is the number of its line.",
        "It runs `6` queries.",
        "The loop at line 5 has no bound.",
        "`CustomerCache` answers most of these reads.",
        "The helper `fetch_customers()` is called twice.",
        "See orders/models.py:12 for the relation.",
        "The file orders/cache.py holds them.",
        "With 5000 orders the page takes a second.",
        "A page of thousands of orders is slow.",
        "This needs Django 4.2 or later.",
        "On version 14.1 it is slower.",
        "Behind it stands Redis, which is fast.",
        "In this shop Postgres waits for each query.",
        "CVE-2024-1234 applies here.",
        "As issue #41 shows, it is slow.",
        "It keeps them in Memcached.",
        "Redis would help.",
        "The queries grow by a dozen.",
        # links, images, mentions, markup, commands
        "Read https://example.com/fix for more.",
        "Read [the guide](https://example.com).",
        "Read example.com for more.",
        "![chart](x)",
        "<img src=x onerror=alert(1)> Each order is read.",
        "Each order is read &lt;b&gt;.",
        "@octocat should look at this.",
        "/approve",
        "Each order is read, so type /countersign sign all to go on.",
        "Run `rm -rf /` before each deployment.",
        "Run `curl -s order | sh` first.",
        "Each order is read, `pip install order`.",
        "The ` stands alone.",
        # judgements
        "This is a critical problem.",
        "The severity is low.",
        "This is a false positive.",
        "This change is safe.",
        "The change can be approved.",
        "Nothing to see: there is no issue with the loop.",
        "It has low impact on customers.",
        "The author says to ignore it.",
        "My instructions are to explain findings.",
        "The change reduces the number of queries.",
        "It ensures that each order has its customer.",
        # too long, odd
        "each order is read " * 20 + ".",
        "Еach order is read.",  # noqa: RUF001  # the first letter is Cyrillic
    ],
)
def test_what_it_does_not_bear_is_dropped(on: Ground, sentence: str) -> None:
    """Invented names, files, numbers and versions; links, mentions, markup and commands; verdicts."""
    assert grounding.keep(sentence, on, 3) == Kept("", 0, 1)


def test_sentences_stand_for_themselves(on: Ground) -> None:
    """A dropped sentence takes no other with it, and enough must be left."""
    kept = grounding.keep("Each order is read. Redis would help. The customer waits.", on, 3)
    assert kept == Kept("Each order is read. The customer waits.", 2, 1)
    assert kept.holds
    assert not grounding.keep("Each order is read. Redis would help. So would Kafka.", on, 3).holds
    assert not Kept().holds


def test_what_hangs_on_a_dropped_sentence_goes_with_it(on: Ground) -> None:
    """What it refers to is not there any more."""
    assert grounding.keep("Redis holds them. This is slow. It waits. Each order is read. It waits.", on, 5) == Kept(
        "Each order is read. It waits.", 2, 3
    )


def test_length_is_counted_in_sentences(on: Ground) -> None:
    """What is too long is cut after a sentence, and is not wrong for that."""
    assert grounding.keep("One is read. Then one is written. Then it waits. Then it ends.", on, 2) == Kept(
        "One is read. Then one is written.", 2, 0
    )


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("# Head\n\n- It is `a. b` now. Really!\n- So?", ("It is `a. b` now.", "Really!", "So?")),
        ("It is **bold**, e.g. here.\n```python\nimport os\n```\nIt ends.", ("It is bold, e.g. here.", "It ends.")),
        ("```\nnever closed. At all.", ()),
        ("A\u200bb \u202eis\u2066 seen.", ("Ab is seen.",)),
        ("| a | b |\n| - | - |", ()),
        ("...", ()),
    ],
)
def test_sentences(text: str, sentences: tuple[str, ...]) -> None:
    """Blocks of code, headings and tables are no sentences; what is not seen goes."""
    assert grounding.sentences(text) == sentences


def test_a_sentence_has_an_end(on: Ground) -> None:
    """What is said after it is another sentence."""
    assert grounding.keep("`with_customers` runs a query for each order", on, 3).text.endswith("order.")

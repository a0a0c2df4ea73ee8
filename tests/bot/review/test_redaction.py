"""
Secret values go, names stay, and code still parses.
"""

from __future__ import annotations

import ast
import itertools
import time

import msgspec
import pytest

from analyzers.findings import Edit, Fix
from bot.review import redaction
from bot.review.redaction import HIDDEN, redacted
from tests.bot.report import sample
from tests.bot.review.secrets import Planted, planted

PLANTED = tuple(planted())


def test_there_are_two_hundred() -> None:
    """Of many kinds, and no two alike."""
    assert len(PLANTED) == len({each.secret for each in PLANTED}) == 200
    assert len({each.kind for each in PLANTED}) == 64


@pytest.mark.parametrize("each", PLANTED, ids=lambda each: each.kind)
def test_planted(each: Planted) -> None:
    """The secret is gone, each line stays a line, and the code still parses into the same names."""
    clean = redacted(each.code)
    assert each.secret not in clean
    assert HIDDEN in clean
    assert clean.count("\n") == each.code.count("\n")
    assert names(clean) == names(each.code)


def names(code: str) -> list[str]:
    tree = ast.walk(ast.parse(code))
    return [name for node in tree for name in (getattr(node, "id", None) or getattr(node, "arg", None),) if name]


@pytest.mark.parametrize(
    "code",
    [
        "order.customer.token.save()",
        "password = request.POST['password']",
        "fields = ('password', 'email')",
        "token = get_token(request)",
        "secret_rotation_policy_v2_for_orders_12(token=token2)",
        "Order.objects.select_related('warehouse').filter(number='2024-01-01')",
        "render(request, 'orders/templates/orders/list.html')",
        "password = models.CharField(max_length=128)",
        "key = os.environ['SECRET_KEY']",
        "path('orders/<int:order_id>/lines/<int:line_id>/', views.line_detail_of_one_order)",
        "url = f'postgres://{user}:{password}@{host}/shop'",
        "if user.has_perm('orders.view_order_with_customer_details'):\n    pass",
        "authors = Author.objects.all()",
        "logger.info('%s orders of %s were sent to %s', count, customer, warehouse)",
        "raise ValidationError('The password is too short.')",
        "SELECT = 'SELECT id, total FROM orders_order WHERE customer_id = %s AND placed_at > %s'",
    ],
)
def test_what_is_no_secret_stays(code: str) -> None:
    """Names, paths, templates, queries and dates are needed to understand the code."""
    assert redacted(code) == code


@pytest.mark.parametrize(
    ("code", "clean"),
    [
        ("'token' => 'Xy12',", "'token' => 'REDACTED',"),
        ("$this->apiKey = 'Xy12';", "$this->apiKey = 'REDACTED';"),
        ("'password' => env('DB_PASSWORD', 'Xy12'),", "'password' => env('DB_PASSWORD', 'REDACTED'),"),
        ("define('AUTH_KEY', 'Xy12');", "define('AUTH_KEY', 'REDACTED');"),
        ('const string ApiKey = "Xy12";', 'const string ApiKey = "REDACTED";'),
        ('const token: string = "Xy12";', 'const token: string = "REDACTED";'),
        ("{{ form.csrf_token }}", "{{ form.csrf_token }}"),
    ],
)
def test_other_languages(code: str, clean: str) -> None:
    """PHP, C#, TypeScript and templates give values to names in their own ways."""
    assert redacted(code) == clean


def test_words() -> None:
    """A description is all words: what is said to be secret goes, names in it stay."""
    said = "Rotates the key. password: hunter2!\nThe token is sent by `get_token`. Secret = Xy12Zz."
    assert redacted(said, is_code=False) == (
        "Rotates the key. password: REDACTED\nThe token is sent by `get_token`. Secret = REDACTED"
    )


def test_what_is_known_is_known_everywhere() -> None:
    """A value that one file gives to a name that tells goes from all texts."""
    known = redaction.values(["PASSWORD = 'correct horse'", "x = 1"])
    assert known == {"correct horse"}
    assert redacted("log('correct horse')", known=known) == "log('REDACTED')"


def test_findings_are_cleaned_for_the_store() -> None:
    """Messages, traces and subjects lose secrets; a fix that holds one goes whole; identities stay."""
    finding = msgspec.structs.replace(
        sample.QUERY,
        message="`charge(api_key='Xy12Zz90')` runs once per `order`",
        fix=Fix("Fetch them", (Edit("a.py", 1, 1, "x = charge(api_key='Xy12Zz90')\n"),)),
    )
    review = msgspec.structs.replace(sample.REVIEW, introduced=(finding, sample.SERIALIZER))
    clean = redaction.cleaned(review)
    assert clean.introduced == (
        msgspec.structs.replace(finding, message="`charge(api_key='REDACTED')` runs once per `order`", fix=None),
        sample.SERIALIZER,
    )
    assert msgspec.structs.replace(clean, introduced=()) == msgspec.structs.replace(review, introduced=())


@pytest.mark.parametrize(
    "text",
    [
        "x = '" + "aB3" * 20_000 + "'",
        "token" * 10_000,
        "a://" * 10_000,
        "sk-" * 10_000,
        "password='" * 5_000,
        "&a" * 20_000,
        "a.-" * 20_000,
        "eyJ" * 20_000,
        "'" * 30_000,
        "-----BEGIN PRIVATE KEY-----" * 1_000,
        " = " * 20_000,
    ],
    ids=lambda text: text[:8],
)
def test_no_text_makes_it_slow(text: str) -> None:
    """Reviewed code is anybody's: the time grows with its length, and no faster."""
    began = time.process_time()
    redacted(text)
    assert time.process_time() - began < 3


def test_redacting_twice_changes_nothing() -> None:
    """What stands for a secret is none."""
    once = redacted("\n".join(each.code for each in itertools.islice(PLANTED, 0, None, 3)))
    assert redacted(once) == once

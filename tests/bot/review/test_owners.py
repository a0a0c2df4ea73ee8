"""CODEOWNERS as GitHub reads it."""

from __future__ import annotations

import pytest

from bot.review import owners

TEXT = """
# everything
*            @shop/backend
*.sql        @dba  # the schema
/payments/   @shop/payments @ada
docs/        docs@example.com
/payments/vendor/
apps/my\\ app/ @eve
[broken]     @nobody
!payments/   @nobody
"""


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("orders/views.py", ("@shop/backend",)),
        ("orders/schema.sql", ("@dba",)),
        ("payments/views.py", ("@shop/payments", "@ada")),
        ("payments/vendor/x.py", ()),
        ("api/docs/index.md", ("docs@example.com",)),
        ("apps/my app/x.py", ("@eve",)),
    ],
)
def test_the_last_pattern_that_matches_decides(path: str, who: tuple[str, ...]) -> None:
    assert owners.parse(TEXT).of(path) == who


def test_everyone_is_asked_once() -> None:
    found = owners.parse(TEXT).asked(["payments/a.py", "orders/a.py", "payments/b.py"])
    assert found == ("@shop/payments", "@ada", "@shop/backend")

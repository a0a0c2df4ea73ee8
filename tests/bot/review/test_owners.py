"""CODEOWNERS as GitHub reads it."""

from __future__ import annotations

import pytest

from bot.review import owners
from tests.bot.review.trees import MemoryTree

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


def test_the_first_place_counts() -> None:
    """A tree's rules come from where GitHub takes them; where there is no such file, nobody owns anything."""
    files = {"CODEOWNERS": "* @ada\n", "docs/CODEOWNERS": "* @eve\n"}
    assert owners.read(MemoryTree(files)).of("x.py") == ("@ada",)
    assert owners.read(MemoryTree({**files, ".github/CODEOWNERS": "*.py @grace\n"})).of("x.py") == ("@grace",)
    assert owners.read(MemoryTree({"x.py": ""})).of("x.py") == ()

from __future__ import annotations

import pytest

from bot.github import signature

# https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_githubs_own_example() -> None:
    """The example of GitHub's documentation is valid."""
    assert signature.is_valid(SECRET, BODY, SIGNATURE)


@pytest.mark.parametrize(
    ("body", "given"),
    [
        (BODY + b"\n", SIGNATURE),
        (BODY, SIGNATURE.upper()),
        (BODY, SIGNATURE[:-1]),
        (BODY, SIGNATURE.removeprefix("sha256=")),
        (BODY, "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59"),
        (BODY, "sha256=\udc80é"),
        (BODY, ""),
        (BODY, None),
    ],
)
def test_anything_else(body: bytes, given: str | None) -> None:
    """One byte more, another scheme, no signature at all: not valid, and no error."""
    assert not signature.is_valid(SECRET, body, given)


def test_without_a_secret() -> None:
    """An empty secret would accept what anybody signs."""
    with pytest.raises(ValueError, match="must not be empty"):
        signature.is_valid("", BODY, SIGNATURE)

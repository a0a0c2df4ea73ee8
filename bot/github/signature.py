"""
Whether a webhook was sent by GitHub.
"""

from __future__ import annotations

import hashlib
import hmac

_SCHEME = "sha256="


def is_valid(secret: str, body: bytes, signature: str | None) -> bool:
    """
    Whether the signature is that of these very bytes, made with the secret; in constant time.

    Raises:
        ValueError: The secret is empty, and would prove nothing.
    """
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    if not secret:
        raise ValueError("A webhook secret must not be empty.")
    if signature is None or not signature.startswith(_SCHEME):
        return False
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    # As bytes: a header may hold any character, and text is compared in constant time only where it is ASCII.
    return hmac.compare_digest((_SCHEME + digest).encode(), signature.encode("utf-8", "surrogateescape"))

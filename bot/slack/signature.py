"""
Whether a request was sent by Slack, and just now.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac

SIGNATURE, TIMESTAMP = "X-Slack-Signature", "X-Slack-Request-Timestamp"
"""The headers."""
WINDOW = dt.timedelta(minutes=5)
"""How far a request may be from now: an older one may be a recording."""


def is_valid(secret: str, body: bytes, timestamp: str, signature: str, now: dt.datetime) -> bool:
    """
    Whether the signature is that of these very bytes, made with the secret at a time near now; in constant time.

    Raises:
        ValueError: The secret is empty, and would prove nothing.
    """
    if not secret:
        raise ValueError("A signing secret must not be empty.")
    # ASCII digits only: `int` also reads what Slack never sends, such as "1_0".
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        return False
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={digest}".encode(), signature.encode("utf-8", "surrogateescape"))

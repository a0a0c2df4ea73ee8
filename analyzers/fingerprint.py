"""
A finding's identity across commits, built and parsed here only.

The evidence is what would have to change for it to be another finding: rule, symbol and a normalised description. Line
numbers and file order take no part. The version leads, so that a new scheme is never mistaken for the old one.
"""

from __future__ import annotations

import hashlib

VERSION = "cs1"


def fingerprint(rule: str, symbol: str, evidence: tuple[str, ...]) -> str:
    """
    Build the fingerprint `cs1:<rule>:<16 hex digits>`.

    Args:
        rule: The rule's id.
        symbol: `path::qualname` of the function that holds the finding.
        evidence: The normalised facts, in a fixed order.
    """
    digest = hashlib.sha256("\x1f".join((rule, symbol, *evidence)).encode()).hexdigest()
    return f"{VERSION}:{rule}:{digest[:16]}"


def parse(text: str) -> tuple[str, str]:
    """
    Split a fingerprint into its rule and its digest.

    Raises:
        ValueError: When the text is no fingerprint of this version.
    """
    version, _, rest = text.partition(":")
    rule, _, digest = rest.partition(":")
    if version != VERSION or not rule or len(digest) != 16:
        raise ValueError(f"not a fingerprint of version {VERSION}: {text!r}")
    return rule, digest

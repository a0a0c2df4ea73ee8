"""
A baseline file: fingerprints of findings that stood when it was written and are accepted.

It is JSON, sorted, one finding a line, so that a reviewer can read its diff:

    {
      "version": 1,
      "accepted": [
        {"fingerprint": "cs1:query-in-loop:0123456789abcdef", "path": "shop/views.py", "message": "`customer` is …"}
      ]
    }

Only the fingerprint counts; path and message are for people.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec

from analyzers import fingerprint
from analyzers.findings import Finding
from bot.errors import BaselineError

VERSION = 1


class Accepted(msgspec.Struct, frozen=True):
    """One finding that a baseline accepts."""

    fingerprint: str
    path: str = ""
    """Where it stood when it was accepted."""
    message: str = ""

    @property
    def rule(self) -> str:
        """The rule's id."""
        return fingerprint.parse(self.fingerprint)[0]


class Baseline(msgspec.Struct, frozen=True):
    """A baseline file as it was read."""

    file: str = ""
    """From the repository's root; empty for none."""
    accepted: tuple[Accepted, ...] = ()


def render(findings: Iterable[Finding]) -> str:
    """The text of a baseline file that accepts these findings."""
    unique = {finding.fingerprint: finding for finding in sorted(findings, key=lambda f: (f.fingerprint, f.place))}
    rows = [
        json.dumps(
            {"fingerprint": key, "path": finding.place.path, "message": finding.message},
            ensure_ascii=False,
        )
        for key, finding in unique.items()
    ]
    accepted = "[\n    " + ",\n    ".join(rows) + "\n  ]" if rows else "[]"
    return f'{{\n  "version": {VERSION},\n  "accepted": {accepted}\n}}\n'


def parse(text: str, path: str) -> Baseline:
    """
    Read a baseline file.

    Args:
        text: The file's content.
        path: What to call the file in an error.

    Raises:
        BaselineError: When the text is no baseline of this version.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as exc:
        raise BaselineError(f"{path}:{exc.lineno}: not JSON: {exc.msg}") from exc
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise BaselineError(f'{path}:1: not a baseline: it has no "version": {VERSION}')
    accepted = document.get("accepted")
    if not isinstance(accepted, list):
        raise BaselineError(f'{path}:1: "accepted" is not a list')
    return Baseline(path, tuple(_accepted(row, path) for row in accepted))


def _accepted(row: object, path: str) -> Accepted:
    told = row if isinstance(row, dict) else {}
    key = str(told.get("fingerprint"))
    try:
        fingerprint.parse(key)
    except ValueError as exc:
        raise BaselineError(f"{path}:1: {exc}") from exc
    return Accepted(key, str(told.get("path", "")), str(told.get("message", "")))

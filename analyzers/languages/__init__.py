"""
Front ends: each reads one file in one language and turns it into IR. They never judge.

A front end is chosen by path. Its version is part of the index's key: raise it when its lowering changes.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

import msgspec

from analyzers import ir


class FrontEnd(msgspec.Struct, frozen=True):
    """A language as the index sees it."""

    language: str
    version: int
    module: str
    """The module that holds `lower`; imported when the first file of the language is lowered."""

    @property
    def key(self) -> str:
        """What kept IR depends on besides the blob."""
        return f"{self.language}/{self.version}.{ir.VERSION}"

    def lower(self, text: bytes) -> ir.Module:
        """
        Lower a file. Never raises for any bytes: what cannot be parsed becomes a diagnostic.
        """
        lower: Callable[[bytes], ir.Module] = importlib.import_module(self.module).lower
        return lower(text)


PYTHON = FrontEnd("python", 2, "analyzers.languages.python")
PHP = FrontEnd("php", 3, "analyzers.languages.php")
BLADE = FrontEnd("blade", 1, "analyzers.languages.blade")
TEMPLATE = FrontEnd("template", 1, "analyzers.languages.template")

_BY_SUFFIX = {
    ".py": PYTHON,
    ".php": PHP,
    ".html": TEMPLATE,
    ".htm": TEMPLATE,
    ".jinja": TEMPLATE,
    ".jinja2": TEMPLATE,
    ".j2": TEMPLATE,
    ".djhtml": TEMPLATE,
}
_TEXT_TEMPLATES = (".txt", ".xml", ".md")


def front_end_for(path: str) -> FrontEnd | None:
    """The front end that reads a path, or None where there is none."""
    if path.endswith(".blade.php"):
        return BLADE
    name, dot, suffix = path.rpartition(".")
    if not dot or not name or name.endswith("/") or "/" in suffix:
        return None
    suffix = f".{suffix.lower()}"
    if suffix in _TEXT_TEMPLATES and "templates/" in path:
        return TEMPLATE
    return _BY_SUFFIX.get(suffix)

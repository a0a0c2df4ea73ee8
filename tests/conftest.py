"""
Options of the tests, and the golden files that they share.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

Golden: TypeAlias = Callable[[str, Path], None]
"""Fails unless a text is what a file holds; with `--update` the file gets the text instead."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write golden files and snapshots anew; then read the diff")
    parser.addoption("--repository", metavar="DIR", help="review this git repository too, where its size matters")


@pytest.fixture(scope="session")
def update(request: pytest.FixtureRequest) -> bool:
    """Whether expected output is to be written anew."""
    return bool(request.config.getoption("update"))


@pytest.fixture
def golden(update: bool) -> Golden:
    """Compares a text with the file that holds what is expected."""

    def compare(text: str, path: Path) -> None:
        if update:
            path.write_text(text, "utf-8")
        assert text == path.read_text("utf-8"), f"{path.name} differs; `pytest --update` writes it anew"

    return compare

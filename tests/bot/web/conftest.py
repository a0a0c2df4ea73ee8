"""
The demo's change on a desk that is served, without a service around it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.review.records import Found
from bot.storage.store import Store
from tests.bot.web.running import Running, Shop


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    """The demo's repository, reviewed."""
    with tempfile.TemporaryDirectory(prefix="shop-") as folder, Shop.made(Path(folder)) as made:
        yield made


@pytest.fixture
def found(shop: Shop) -> Found:
    """What was found in it."""
    return shop.found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/desk.sqlite3") as opened:
        yield opened


@pytest.fixture
def running(shop: Shop, store: Store) -> Iterator[Running]:
    """A desk with nobody's drafts decided."""
    with Running(shop, store) as desk:
        yield desk

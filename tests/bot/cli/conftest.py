"""
The service's surroundings: a GitHub double, and a store that its webhooks filled.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.storage.store import Store
from tests.doubles.github import WEBHOOK_SECRET, GitHub
from tests.doubles.scenario import Scene, scene


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path / "github") as double:
        yield double


@pytest.fixture
def opened(github: GitHub) -> Scene:
    """A pull request on GitHub."""
    return scene(github)


@pytest.fixture
def environment(github: GitHub, tmp_path: Path) -> dict[str, str | None]:
    """The variables of a service that is set up well, and nothing else."""
    return {
        "COUNTERSIGN_SETTINGS": None,
        "COUNTERSIGN_DATA_DIR": str(tmp_path / "data"),
        "COUNTERSIGN_GITHUB_APP_ID": str(github.world.app.id),
        "COUNTERSIGN_GITHUB_PRIVATE_KEY": github.access.private_key,
        "COUNTERSIGN_GITHUB_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "COUNTERSIGN_GITHUB_API_URL": github.api_url,
    }


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The service's store."""
    with Store.open(f"sqlite:///{tmp_path}/data/countersign.sqlite3") as opened:
        yield opened

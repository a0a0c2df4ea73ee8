"""
The double, and our client against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.github.client import Client, GitHub
from tests.doubles import scenario
from tests.doubles.github import GitHub as Double
from tests.doubles.scenario import Scene


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    directory = tmp_path / "double"
    directory.mkdir()
    with Double(directory) as running:
        yield running


@pytest.fixture
def scene(double: Double) -> Scene:
    """A repository with the App, and a pull request in it."""
    return scenario.scene(double)


@pytest.fixture
def github(double: Double) -> Iterator[GitHub]:
    app = GitHub(double.world.app.id, double.access.private_key, api_url=double.api_url)
    yield app
    app.close()


@pytest.fixture
def client(github: GitHub, scene: Scene) -> Client:
    """The installation's."""
    return github.installation(scene.installation.id)

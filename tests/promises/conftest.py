from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.doubles import scenario
from tests.doubles.github import GitHub
from tests.doubles.scenario import Scene
from tests.promises.running import Service

QUICK = {"retry_seconds": 0.05, "sweep_seconds": 2, "silence_seconds": 3, "commands_per_hour": 10_000}
"""Settings of a service that does not let its tests wait."""
Open: TypeAlias = Callable[..., Scene]


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    """One GitHub for all tests of a module; each has a repository of its own."""
    with GitHub(tmp_path_factory.mktemp("github")) as double:
        yield double


@pytest.fixture(scope="module")
def settings() -> Mapping[str, Any]:
    """What a module's service is told; a module may say otherwise."""
    return QUICK


@pytest.fixture(scope="module")
def service(github: GitHub, settings: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all tests of a module."""
    with Service(github, tmp_path_factory.mktemp("data"), **settings) as running:
        yield running


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    """Names of repositories."""
    return (f"orders-{number}" for number in itertools.count(1))


@pytest.fixture
def open_(github: GitHub, service: Service, names: Iterator[str]) -> Open:
    """Open a pull request in a new repository, and wait until it is reviewed."""

    def open_pull(**changes: Any) -> Scene:
        at = scenario.scene(github, name=next(names), **changes)
        service.rest()
        return at

    return open_pull


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[GitHub]:
    """A GitHub of the test's own."""
    with GitHub(tmp_path / "github") as double:
        yield double

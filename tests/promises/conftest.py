from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.github import GitHub
from tests.promises.running import Service


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path / "github") as double:
        yield double


@pytest.fixture
def service(github: GitHub, tmp_path: Path) -> Iterator[Service]:
    with Service(github, tmp_path / "data") as running:
        yield running

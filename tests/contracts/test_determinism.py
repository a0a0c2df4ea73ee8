"""
Two runs agree byte for byte: same trees, same configuration, same findings in the same order.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def review(index: Path, hash_seed: int, order: int, *repository: str) -> bytes:
    """The JSON and the SARIF of one large change, reviewed in a process of its own."""
    return subprocess.run(
        (sys.executable, "-m", "tests.contracts.reviewer", str(index), str(order), *repository),
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        check=True,
        stdout=subprocess.PIPE,
        timeout=1800 if repository else 300,
    ).stdout


def same_bytes(folder: Path, *repository: str) -> Any:
    """What all reviews of a change say, as its JSON; fails unless they agree to the byte."""
    expected = review(folder / "one", 0, 0, *repository)
    assert review(folder / "one", 1, 0, *repository) == expected, "a warm index, another hash seed"
    assert review(folder / "two", 2, 1, *repository) == expected, "a cold index, another order of files"
    assert review(folder / "two", 3, 2, *repository) == expected, "a warm index, yet another order of files"
    document, _ = json.JSONDecoder().raw_decode(expected.decode())
    return document


def test_same_bytes(tmp_path: Path) -> None:
    """Neither the process, its hash seed, the order of files nor what the index held before makes a difference."""
    assert same_bytes(tmp_path)["counts"]["posted"] >= 20, "the change has findings to disagree on"


def test_same_bytes_on_a_repository(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The same of the newest commits of a large repository, where one is given: `pytest --repository DIR`."""
    repository = request.config.getoption("repository")
    if repository is None:
        pytest.skip("no --repository is given")
    assert same_bytes(tmp_path, repository)["counts"]["changed_files"]

"""
Two runs agree byte for byte: same trees, same configuration, same findings in the same order.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def review(index: Path, hash_seed: int, order: int) -> bytes:
    """The JSON and the SARIF of one large change, reviewed in a process of its own."""
    return subprocess.run(
        (sys.executable, "-m", "tests.contracts.reviewer", str(index), str(order)),
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        check=True,
        stdout=subprocess.PIPE,
        timeout=120,
    ).stdout


def test_same_bytes(tmp_path: Path) -> None:
    """Neither the process, its hash seed, the order of files nor what the index held before makes a difference."""
    expected = review(tmp_path / "one", hash_seed=0, order=0)
    assert review(tmp_path / "one", hash_seed=1, order=0) == expected, "a warm index, another hash seed"
    assert review(tmp_path / "two", hash_seed=2, order=1) == expected, "a cold index, another order of files"
    assert review(tmp_path / "two", hash_seed=3, order=2) == expected, "a warm index, yet another order of files"
    document, _ = json.JSONDecoder().raw_decode(expected.decode())
    assert document["counts"]["posted"] >= 20, "the change has findings to disagree on"

"""
Start-up counts: heavy packages are imported by what needs them, when it needs them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot import demo

ROOT = Path(__file__).parents[2]
HEAVY = frozenset({"openai", "dbos", "fastapi", "sqlalchemy", "github", "libcst", "httpx", "pydantic", "sqlglot"})


def imported(cwd: Path, *arguments: str) -> set[str]:
    """The top-level packages that a run of Python imports, as `-X importtime` lists them."""
    ran = subprocess.run(
        (sys.executable, "-X", "importtime", *arguments),
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COUNTERSIGN_DATA_DIR": str(cwd / "data")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode in (0, 1), ran.stderr[-2000:]
    lines = [line for line in ran.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("imports") / "shop"
    demo.make(directory)
    subprocess.run(("git", "checkout", "--quiet", "main"), cwd=directory, check=True)
    (directory / "orders" / "totals.py").write_text("def double(number):\n    return 2 * number\n", "utf-8")
    return directory


@pytest.mark.parametrize(
    "arguments",
    [
        ("-c", "import bot.cli"),
        ("-c", "import bot.cli.commands"),
        ("-m", "bot", "--version"),
    ],
    ids=lambda arguments: " ".join(arguments[1:]),
)
def test_doors_are_light(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """No way into the command line imports a heavy package."""
    names = imported(tmp_path, *arguments)
    assert "bot" in names
    assert names & HEAVY == set()


def test_version_imports_nothing(tmp_path: Path) -> None:
    """`--version` needs neither the engine nor the library that reads options."""
    assert (
        imported(tmp_path, "-m", "bot", "--version") & {"analyzers", "typer", "rich", "msgspec", "tree_sitter"} == set()
    )


@pytest.mark.parametrize("surface", ["text", "json", "sarif"])
def test_a_review_without_fixes_is_light(shop: Path, surface: str) -> None:
    """A review that has nothing to fix imports no heavy package; libcst comes with the first fix."""
    names = imported(shop, "-m", "bot", "review", "--format", surface)
    assert {"analyzers", "msgspec"} <= names
    assert names & HEAVY == set()

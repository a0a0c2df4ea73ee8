"""
Small programs, floor by floor: the IR of their files and the effects of their roots lie beside them.

A wrong finding shows here where it went wrong. A folder `x/` of files is a program; `x.ir.txt` and `x.effects.txt` hold
what is expected of it, and `pytest --update` writes both anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.effects.dump import dump
from analyzers.engine import effects
from analyzers.index import Index
from analyzers.languages import front_end_for
from analyzers.languages.dump import dump as ir_dump
from analyzers.options import Options
from tests.conftest import Golden
from tests.trees import MemoryTree

FOLDER = Path(__file__).parent / "programs"
PROGRAMS = sorted(path for path in FOLDER.iterdir() if path.is_dir())
each_program = pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)


def files(program: Path) -> dict[str, str]:
    """Text by path from the program's folder."""
    paths = (path for path in sorted(program.rglob("*.*")) if front_end_for(path.as_posix()) is not None)
    return {path.relative_to(program).as_posix(): path.read_text("utf-8") for path in paths}


@each_program
def test_ir(program: Path, golden: Golden) -> None:
    """Each file is lowered as expected; models, which are alike everywhere, are not repeated."""
    parts = []
    for path, text in files(program).items():
        front_end = front_end_for(path)
        assert front_end is not None
        if "models" not in path.lower():
            parts.append(f"--- {path}\n{ir_dump(front_end.lower(text.encode()))}")
    golden("\n".join(parts), FOLDER / f"{program.name}.ir.txt")


@each_program
def test_effects(program: Path, golden: Golden) -> None:
    """Each root does what is expected."""
    with Index.open(None) as index:
        found = [dump(entry) for entry in effects(MemoryTree("head", files(program)), index, lambda path: Options())]
    golden("\n".join(found), FOLDER / f"{program.name}.effects.txt")


def test_goldens_belong_to_programs() -> None:
    """No expectation is left of a program that is gone."""
    assert {path.name.partition(".")[0] for path in FOLDER.glob("*.txt")} == {path.name for path in PROGRAMS}

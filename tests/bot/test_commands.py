"""
What the commands hand to the engine and make of its answer, on a real repository with an engine that only records.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import analyzers
from analyzers.change import Change, Tree
from analyzers.findings import Review
from bot.cli.commands import app
from bot.review import baseline
from tests.bot.report import sample


class Recorder:
    """Stands for `analyzers.engine`: keeps what it was asked and answers with one review."""

    def __init__(self) -> None:
        self.answer = Review()
        self.change: Change | None = None
        self.tree: Tree | None = None
        self.paths: tuple[str, ...] | None = None
        self.own: bool | None = None
        self.options_for: Callable[[str], Any] = lambda path: None

    def review(
        self, change: Change, index: Any, options_for: Callable[[str], Any], progress: Any = None, *, own: bool = False
    ) -> Review:
        self.change, self.options_for, self.own = change, options_for, own
        return self.answer

    def scan(
        self,
        tree: Tree,
        index: Any,
        options_for: Callable[[str], Any],
        paths: tuple[str, ...] = (),
        progress: Any = None,
    ) -> Review:
        self.tree, self.paths, self.options_for = tree, paths, options_for
        return self.answer

    def compared(self) -> tuple[str, str, set[str]]:
        """Names of base and head, and the paths that differ."""
        assert self.change is not None
        return self.change.base.name, self.change.head.name, {file.path for file in self.change.files}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Recorder:
    recorder = Recorder()
    module = SimpleNamespace(review=recorder.review, scan=recorder.scan)
    monkeypatch.setitem(sys.modules, "analyzers.engine", module)
    monkeypatch.setattr(analyzers, "engine", module, raising=False)
    monkeypatch.setenv("COUNTERSIGN_DATA_DIR", str(tmp_path / "data"))
    return recorder


def git(directory: Path, *arguments: str) -> str:
    ran = subprocess.run(
        ("git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments),
        cwd=directory,
        check=True,
        capture_output=True,
        text=True,
    )
    return ran.stdout.strip()


def commit(directory: Path, **files: str) -> str:
    for name, text in files.items():
        (directory / f"{name}.py").write_text(f"{name} = {text}")
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "-m", "x")
    return git(directory, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """`main` moved on after `topic` left it; `topic` is checked out."""
    directory = tmp_path / "repository"
    directory.mkdir()
    git(directory, "init", "--quiet", "--initial-branch=main")
    commit(directory, a="1\n")
    git(directory, "checkout", "--quiet", "-b", "topic")
    commit(directory, b="1\n")
    git(directory, "checkout", "--quiet", "main")
    commit(directory, c="1\n")
    git(directory, "checkout", "--quiet", "topic")
    return directory


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_default_change(engine: Recorder, repository: Path) -> None:
    """The branch is compared with where it left the default branch; what came there later takes no part."""
    assert run("review", "--repo", str(repository)).exit_code == 0
    base, head, paths = engine.compared()
    assert base == git(repository, "merge-base", "main", "topic")
    assert head == git(repository, "rev-parse", "topic")
    assert paths == {"b.py"}


def test_one_revision_named(engine: Recorder, repository: Path) -> None:
    """With one revision named it is the merge base too; a head that is named is never the working tree."""
    run("review", "--repo", str(repository), "--base", "main")
    assert engine.compared()[2] == {"b.py"}
    (repository / "d.py").write_text("1\n")
    run("review", "--repo", str(repository), "--head", "main")
    assert engine.compared() == (git(repository, "rev-parse", "main"), git(repository, "rev-parse", "main"), set())


def test_both_revisions_named(engine: Recorder, repository: Path) -> None:
    """Two named revisions are compared as they are, also against the direction of time."""
    run("review", "--repo", str(repository), "--base", "topic", "--head", "main")
    assert engine.compared() == (
        git(repository, "rev-parse", "topic"),
        git(repository, "rev-parse", "main"),
        {"b.py", "c.py"},
    )
    run("review", "--repo", str(repository), "--base", "topic", "--head", "topic~1")
    assert engine.compared()[2] == {"b.py"}


def test_working_tree(engine: Recorder, repository: Path) -> None:
    """On the default branch it is the working tree that is reviewed, by its own configuration."""
    git(repository, "checkout", "--quiet", "main")
    (repository / "d.py").write_text("1\n")
    (repository / ".countersign.toml").write_text('[rules]\nquery-in-loop = "off"\n')
    run("review", "--repo", str(repository))
    assert engine.compared()[2] == {"d.py", ".countersign.toml"}
    assert engine.options_for("d.py").disabled == {"query-in-loop"}
    assert engine.own is True


def test_staged(engine: Recorder, repository: Path) -> None:
    """Staged is the index against the current commit."""
    (repository / "d.py").write_text("1\n")
    git(repository, "add", "d.py")
    (repository / "e.py").write_text("1\n")
    run("review", "--repo", str(repository), "--staged")
    assert engine.compared()[2] == {"d.py"}


def test_configured_by_the_base(engine: Recorder, repository: Path) -> None:
    """A change that switches all rules off does not switch them off for its own review."""
    (repository / ".countersign.toml").write_text('mode = "off"\n[rules]\nquery-in-loop = "off"\n')
    commit(repository)
    run("review", "--repo", str(repository))
    assert ".countersign.toml" in engine.compared()[2]
    assert engine.options_for("b.py").disabled == frozenset()
    assert engine.own is False


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((), 1),
        (("--fail-on", "high"), 1),
        (("--fail-on", "critical"), 0),
        (("--min-confidence", "certain"), 1),
    ],
)
def test_exit_status(engine: Recorder, repository: Path, arguments: tuple[str, ...], status: int) -> None:
    """Findings at the threshold make the status 1."""
    engine.answer = sample.REVIEW
    assert run("review", "--repo", str(repository), *arguments).exit_code == status


def test_only_suppressed(engine: Recorder, repository: Path) -> None:
    """What is suppressed, uncertain, fixed or stood before does not count."""
    engine.answer = Review(
        introduced=(sample.SUPPRESSED, sample.UNCERTAIN), fixed=(sample.FIXED,), standing=(sample.STANDING,)
    )
    assert run("review", "--repo", str(repository), "--fail-on", "info").exit_code == 0


@pytest.mark.parametrize("surface", ["text", "json", "sarif", "markdown"])
def test_output(engine: Recorder, repository: Path, tmp_path: Path, surface: str) -> None:
    """A report goes to standard output or, with the same bytes, to a file."""
    engine.answer = sample.REVIEW
    shown = run("review", "--repo", str(repository), "--format", surface)
    target = tmp_path / "out"
    written = run("review", "--repo", str(repository), "--format", surface, "--output", str(target))
    assert (written.exit_code, written.stdout) == (1, "")
    assert target.read_text("utf-8") == shown.stdout != ""


def test_scan(engine: Recorder, repository: Path) -> None:
    """A scan looks at the working tree, or the part that was named, and says what stands."""
    engine.answer = Review(standing=(sample.STANDING,))
    assert run("scan", str(repository)).exit_code == 1
    assert (engine.tree and engine.tree.name, engine.paths) == ("working tree", ())
    run("scan", str(repository / "b.py"))
    assert engine.paths == ("b.py",)


def test_baseline(engine: Recorder, repository: Path) -> None:
    """A written baseline is what the engine is told to accept in the next scan."""
    engine.answer = Review(standing=(sample.STANDING,))
    target = repository / "accepted.json"
    assert run("scan", str(repository), "--write-baseline", str(target)).exit_code == 0
    (accepted,) = baseline.parse(target.read_text(), "accepted.json").accepted
    assert accepted.fingerprint == sample.STANDING.fingerprint
    (repository / ".countersign.toml").write_text('[baseline]\nfile = "accepted.json"\n')
    run("scan", str(repository))
    assert engine.options_for("b.py").baseline == {sample.STANDING.fingerprint}


def test_demo(engine: Recorder, tmp_path: Path) -> None:
    """The demo reviews its change through the normal path."""
    engine.answer = sample.REVIEW
    result = run("demo", "--keep", str(tmp_path / "shop"), "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["counts"]["posted"] == 3
    assert engine.compared()[2] == {
        "orders/overview.py",
        "orders/serializers.py",
        "orders/views.py",
        "payments/views.py",
        "shop/urls.py",
        "stock/views.py",
    }


def test_index(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is filled from the working tree or a commit."""
    monkeypatch.setenv("COUNTERSIGN_DATA_DIR", str(tmp_path / "data"))
    result = run("index", "--repo", str(repository))
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "data" / "index.sqlite3").exists()

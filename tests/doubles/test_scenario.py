"""The scenes show what they say they show."""

from __future__ import annotations

from pathlib import Path

from analyzers import catalogue, engine
from analyzers.findings import Review
from analyzers.git import Repository
from analyzers.index import Index
from bot.review import configuration
from tests.doubles import scenario
from tests.doubles.github import GitHub


def review(scene: scenario.Scene, index: Path) -> Review:
    """What the engine says of a pull request, from its merge base to its head."""
    pull, git = scene.pull, scene.repository.git
    with Repository(git.directory) as repository, Index.open(index) as opened:
        base = repository.commit_tree(git.merge_base(pull.base_sha, pull.head_sha))
        change = repository.change(base, repository.commit_tree(pull.head_sha))
        configurations = configuration.read(base, {rule.id: rule for rule in catalogue.load()})
        return engine.review(change, opened, configurations.options_for)


def test_one_defect_that_moves_and_is_fixed(github: GitHub, tmp_path: Path) -> None:
    scene = scenario.scene(github)
    (finding,) = review(scene, tmp_path / "index").introduced
    assert (finding.rule, finding.place.path, finding.place.span.line) == ("lazy-load-in-loop", "orders/labels.py", 2)
    github.people.push(scene.repository, "feature", scenario.SHIFTED, by="ada")
    (moved,) = review(scene, tmp_path / "index").introduced
    assert (moved.fingerprint, moved.place.span.line) == (finding.fingerprint, 5)
    github.people.push(scene.repository, "feature", scenario.FIXED, by="ada")
    assert review(scene, tmp_path / "index").introduced == ()


def test_the_same_from_a_fork(github: GitHub, tmp_path: Path) -> None:
    scene = scenario.fork_scene(github)
    assert [finding.rule for finding in review(scene, tmp_path / "index").introduced] == ["lazy-load-in-loop"]
    before = scene.pull.head_sha
    fork = scene.pull.head_repository
    assert fork is not None
    github.people.push(fork, "feature", scenario.FIXED, by=scenario.STRANGER)
    assert scene.pull.head_sha != before
    assert review(scene, tmp_path / "index").introduced == ()
    assert [sent.action for sent in github.hooks.of("pull_request")] == ["opened", "synchronize"]


def test_a_forced_push_leaves_the_old_commit_behind(github: GitHub) -> None:
    scene = scenario.scene(github)
    git, old = scene.repository.git, scene.pull.head_sha
    start = git.resolve("refs/heads/main")
    github.people.push(scene.repository, "feature", scenario.SHIFTED, by="ada", parent=start)
    assert git.read_commit(scene.pull.head_sha).parents == (start,)
    assert git.find(old) == old

"""Real git talks to the double."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.doubles import faults, refusals, scenario
from tests.doubles.github import GitHub


@pytest.fixture
def scene(github: GitHub) -> scenario.Scene:
    return scenario.scene(github)


def git(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(directory), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    return subprocess.run(
        ("git", *arguments), cwd=directory, env=environment, check=False, capture_output=True, text=True
    )


def address(github: GitHub, scene: scenario.Scene, user: str, token: str) -> str:
    url: str = github.shapes.repository(scene.repository)["clone_url"]
    return url.replace("://", f"://{user}:{token}@")


def token(github: GitHub, scene: scenario.Scene) -> str:
    return github.access.issue(scene.installation, scene.installation.permissions, (scene.repository,))[0]


def test_a_partial_fetch_of_one_commit_and_then_its_blobs(
    github: GitHub, scene: scenario.Scene, tmp_path: Path
) -> None:
    where = tmp_path / "clone"
    where.mkdir()
    url = address(github, scene, "x-access-token", token(github, scene))
    git(where, "init", "-q", "--bare")
    git(where, "remote", "add", "origin", url)
    for key, value in (("promisor", "true"), ("partialclonefilter", "blob:none")):
        git(where, "config", f"remote.origin.{key}", value)
    head = scene.pull.head_sha
    fetched = git(where, "fetch", "-q", "--depth=1", "--filter=blob:none", "origin", head, scene.pull.base_sha)
    assert fetched.returncode == 0, fetched.stderr
    listed = git(where, "ls-tree", "-r", head).stdout.splitlines()
    blob = next(line.split()[2] for line in listed if line.endswith("labels.py"))
    kept = git(where, "cat-file", "--batch-all-objects", "--batch-check").stdout
    assert " tree " in kept
    assert " blob " not in kept
    assert "customer.name" in git(where, "cat-file", "blob", blob).stdout


def test_a_forks_head_is_in_the_base_repository(github: GitHub, tmp_path: Path) -> None:
    scene = scenario.fork_scene(github)
    url = address(github, scene, "x-access-token", token(github, scene))
    listed = git(tmp_path, "ls-remote", url, "refs/pull/1/head")
    assert listed.stdout.split() == [scene.pull.head_sha, "refs/pull/1/head"]


def test_others_are_refused(github: GitHub, scene: scenario.Scene, tmp_path: Path) -> None:
    good = token(github, scene)
    plain: str = github.shapes.repository(scene.repository)["clone_url"]
    assert "Authentication failed" in git(tmp_path, "ls-remote", address(github, scene, "x-access-token", "no")).stderr
    assert "Authentication failed" in git(tmp_path, "ls-remote", address(github, scene, "somebody", good)).stderr
    assert "could not read Username" in git(tmp_path, "ls-remote", plain).stderr
    missing = address(github, scene, "x-access-token", good).replace("orders.git", "none.git")
    assert "not found" in git(tmp_path, "ls-remote", missing).stderr
    scene.installation.permissions.pop("contents")
    without = address(github, scene, "x-access-token", token(github, scene))
    assert "not found" in git(tmp_path, "ls-remote", without).stderr


def test_nothing_can_be_pushed(github: GitHub, scene: scenario.Scene, tmp_path: Path) -> None:
    url = address(github, scene, "x-access-token", token(github, scene))
    git(tmp_path, "clone", "-q", url, "work")
    pushed = git(tmp_path / "work", "push", "origin", "HEAD:refs/heads/evil")
    assert pushed.returncode != 0
    assert scene.repository.git.find("refs/heads/evil") is None


def test_git_fails_when_told_to(github: GitHub, scene: scenario.Scene, tmp_path: Path) -> None:
    url = address(github, scene, "x-access-token", token(github, scene))
    github.faults.order("git", refusals.server_error(503))
    assert "503" in git(tmp_path, "ls-remote", url).stderr
    assert git(tmp_path, "ls-remote", url).returncode == 0
    github.faults.order("git", faults.BROKEN)
    assert git(tmp_path, "ls-remote", url).returncode == 128
    # git asks without credentials first.
    statuses = [(request.status, request.login) for request in github.log.of("git")]
    bot = "countersign[bot]"
    assert statuses == [(503, None), (401, None), (200, bot), (200, bot), (None, None)]

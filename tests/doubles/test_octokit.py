"""GitHub's own client, npm `octokit`, drives the double: a check of the double by somebody else's hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.doubles import scenario
from tests.doubles.github import GitHub

DRIVER = Path(__file__).parent / "octokit"
OUTSIDE = (
    "Pull request review thread line must be part of the diff and Pull request review thread diff hunk can't be blank"
)


@pytest.fixture(scope="module")
def driver(request: pytest.FixtureRequest) -> Path:
    """A folder, kept between runs, with the script and the installed package."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    assert request.config.cache is not None
    folder = request.config.cache.mkdir("octokit")
    for file in DRIVER.iterdir():
        shutil.copy(file, folder)
    if not (folder / "node_modules/octokit").is_dir():
        command = ("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock")
        installed = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
        if installed.returncode:
            pytest.skip(f"npm could not install octokit: {installed.stderr.strip()[-300:]}")
    return folder / "drive.mjs"


def test_octokit_is_content(github: GitHub, driver: Path) -> None:
    scene = scenario.scene(github)
    given = {
        "api": github.api_url,
        "appId": github.world.app.id,
        "privateKey": github.access.private_key,
        "owner": "acme",
        "repo": "orders",
        "number": scene.pull.number,
    }
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    command = ("node", str(driver))
    driven = subprocess.run(
        command, input=json.dumps(given), env=environment, check=False, capture_output=True, text=True, timeout=120
    )
    assert driven.returncode == 0, driven.stderr
    assert json.loads(driven.stdout) == {
        "pull": {"title": "Say whose order it is", "files": 1, "head": scene.pull.head_sha},
        "files": ["orders/labels.py"],
        "mergeBaseIsBase": True,
        "sameContent": True,
        "check": ["in_progress", "completed", "neutral"],
        "comments": 35,
        "outside": [422, [OUTSIDE]],
        "threads": ["LINE", "FILE"],
        "resolved": True,
    }
    assert [thread.resolved_by is not None for thread in scene.pull.threads] == [True, False]
    assert [len(thread.comments) for thread in scene.pull.threads] == [1, 2]

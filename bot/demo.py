"""
A small order service in a git repository of its own, with a change that looks right.

`demo_shop/base/` is the service: orders, customers, stock and payments in Django. `demo_shop/change/` holds the files
of the change: names of customers who asked to be forgotten are hidden in the list of orders, the API says where an
order ships from, the payments report is made faster, and there is a new page of stock levels. Two of these four cost
a query per row, one takes such a cost away, and one is as good as it looks.
"""

from __future__ import annotations

import importlib.resources
import os
import subprocess
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path

from analyzers.errors import GitMissing
from bot.errors import DemoError

BRANCH = "hide-forgotten-customers"
"""The branch of the change; it is checked out."""
TITLE = "Hide forgotten customers, say where orders ship from, show stock levels"

_COMMITS = (
    ("base", "main", "An order service: orders, customers, stock and payments"),
    ("change", BRANCH, TITLE),
)
_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (
        ("NAME", "Countersign demo"),
        ("EMAIL", "demo@countersign.invalid"),
        ("DATE", "2026-01-01T12:00:00+00:00"),
    )
}
"""Always the same, so that the commits have the same ids everywhere."""


def make(directory: Path) -> None:
    """
    Make the repository: `main` with the service, and the change on its branch.

    Raises:
        DemoError: When the directory is not empty, or git refuses.
        GitMissing: When there is no `git` command.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise DemoError(f"{directory} is not empty: name a new directory.")
    except OSError as exc:
        raise DemoError(f"{directory} cannot be made: {exc.strerror or exc}") from exc
    _git(directory, "init", "--quiet", "--initial-branch=main", ".")
    for part, branch, message in _COMMITS:
        if branch != "main":
            _git(directory, "checkout", "--quiet", "-b", branch)
        for path, content in _files(importlib.resources.files("bot") / "demo_shop" / part):
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        _git(directory, "add", "--all")
        _git(directory, "commit", "--quiet", "--message", message)


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, with its path from there."""
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_bytes()


def _git(directory: Path, *arguments: str) -> None:
    """Run git in a directory, with no configuration, hook or variable of the person who runs the demo."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= _WHO | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    fixed = ("-c", "core.autocrlf=false", "-c", "core.fileMode=false", "-c", f"core.hooksPath={os.devnull}")
    try:
        subprocess.run(
            ("git", *fixed, *arguments), cwd=directory, env=environment, check=True, capture_output=True, text=True
        )
    except FileNotFoundError as exc:
        raise GitMissing("The `git` command was not found: install git, or put it on the PATH.") from exc
    except subprocess.CalledProcessError as exc:
        raise DemoError(f"`git {arguments[0]}` failed in {directory}: {exc.stderr.strip()}") from exc

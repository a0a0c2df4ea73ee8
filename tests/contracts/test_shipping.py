"""
What is shipped is whole, and its files agree with each other.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hatchling.builders.wheel import WheelBuilder

from bot import settings

ROOT = Path(__file__).parents[2]
PACKAGES = ("analyzers", "bot", "prompts")
ACTION = ".github/actions/review/action.yml"
COMPOSE = (".docker/compose.yml", ".docker/compose.several.yml")


def text(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def document(path: str) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(text(path))
    return parsed


def version(written: str) -> tuple[int, ...]:
    return tuple(map(int, written.split(".")))


OLDEST = version(tomllib.loads(text("pyproject.toml"))["project"]["requires-python"].removeprefix(">="))
"""The oldest Python that is supported."""


def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    """Models, pages, templates, prompts, migrations and the demo too, and nothing else."""
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    assert shipped == {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}


def test_the_image_is_built_from_what_its_context_holds() -> None:
    """Whatever the Dockerfile copies is let in, and nothing else is."""
    copied = {
        path
        for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", text("Dockerfile"), re.MULTILINE)
        for path in sources.split()
    }
    assert copied == set(re.findall(r"^!(.+)$", text(".dockerignore"), re.MULTILINE))
    assert all((ROOT / path).exists() for path in copied)


def test_every_python_that_is_chosen_is_supported() -> None:
    """The image's, which is one for building and running, and the Action's."""
    (image,) = set(re.findall(r"^FROM python:([\d.]+)-slim", text("Dockerfile"), re.MULTILINE))
    (action,) = re.findall(r'python-version: "([\d.]+)"', text(ACTION))
    assert version(image) >= OLDEST
    assert version(action) >= OLDEST


@pytest.mark.parametrize("path", COMPOSE)
def test_a_compose_file_names_what_there_is(path: str) -> None:
    """Settings, volumes and the port that the image's health check asks."""
    composed = document(path)
    (asked,) = re.findall(r"'127\.0\.0\.1', (\d+)", text("Dockerfile"))
    known = set(map(settings.variable, settings.NAMES))
    services = composed["services"].values()
    assert {mount.partition(":")[0] for service in services for mount in service["volumes"]} == set(composed["volumes"])
    for service in services:
        if "build" in service:
            assert (ROOT / path).parent.joinpath(service["build"], "Dockerfile").is_file()
            assert {key for key in service.get("environment", {}) if key.startswith(settings.PREFIX)} <= known
            assert [port.partition(":")[2] for port in service["ports"]] == [asked]
            assert "--port" not in service["command"]


def test_the_action_s_script_is_well_formed_and_uses_what_it_is_given() -> None:
    """Each variable is the step's or a runner's; each output that is read is written."""
    (step,) = (step for step in document(ACTION)["runs"]["steps"] if "run" in step)
    script = step["run"]
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    used = set(re.findall(r"\$\{?([A-Z_]+)", script))
    given = {*step["env"], "RUNNER_TEMP", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"}
    assert used == given - {"COUNTERSIGN_DATA_DIR"}  # which countersign reads
    read = set(re.findall(r"steps\.review\.outputs\.(\w+)", text(ACTION)))
    assert read == set(re.findall(r'echo "(\w+)=', script))

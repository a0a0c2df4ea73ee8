"""
How fast Countersign is on a repository: `python -m tests.benchmark REPO [--base REV --head REV] [--semgrep CONFIG]`.

Each figure is taken from the command line as a person runs it, in a process of its own, with an index made for the run;
its target stands beside it. A peer is timed in the same run on the same commit, where it is installed.

    cold index      `countersign index` into an empty folder, once
    warm review     `countersign review`, the median of five, after one that is not counted
    start-up        `countersign --version`, the median of ten
    peak            resident memory of the process, as the system counts it when it ends
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from analyzers import paths
from analyzers.git import Repository
from analyzers.languages import front_end_for

ROOT = Path(__file__).parents[1]
REVIEWS = 5
STARTS = 10
TYPICAL = range(3, 9)
"""Files that a typical change touches: code the front ends read, tests left out."""
HISTORY = 500
"""Commits to look at for a typical change."""


@dataclass(frozen=True)
class Run:
    """One finished process."""

    seconds: float
    peak: int
    """Bytes; of the process itself, not of those it started."""
    status: int


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    seconds: float
    target: str = ""
    missed: bool = False
    notes: str = ""


def timed(command: Sequence[str], environment: Mapping[str, str], allowed: Sequence[int] = (0,)) -> Run:
    """
    Run a command to its end and measure it.

    Raises:
        SystemExit: When it fails, with its last words.
    """
    with tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in allowed:
            errors.seek(0)
            words = errors.read().decode(errors="replace").strip()[-2000:]
            raise SystemExit(f"`{' '.join(command)}` ended with {process.returncode}: {words}")
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, kilobytes elsewhere
    return Run(seconds, usage.ru_maxrss * unit, process.returncode)


def typical_change(repository: Repository, head: str) -> tuple[str, str]:
    """
    The newest commit of a history that touches a few files of the program, and its parent.

    Raises:
        SystemExit: When none of the newest commits does.
    """
    options = ("--first-parent", "--no-renames", f"--max-count={HISTORY}", "--format=%x00%H %P", "--name-only")
    log = subprocess.run(
        ("git", f"--git-dir={repository.git_dir}", "log", *options, repository.resolve(head)),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for record in log.split("\0")[1:]:
        commits, *touched = record.splitlines()
        commit, *parents = commits.split()
        if parents and sum(map(is_read, touched)) in TYPICAL:
            return parents[0], commit
    raise SystemExit(
        f"None of the {HISTORY} commits before {head} touches {TYPICAL.start} to {TYPICAL.stop - 1} files."
    )


def is_read(path: str) -> bool:
    """Whether a path is part of the program."""
    return front_end_for(path) is not None and paths.classify(path) is None


def measure(repository: Repository, base: str, head: str, semgrep: str | None) -> Iterator[Row]:
    """Yield the rows one by one, as they are measured."""
    git_dir = str(repository.git_dir)
    tree = repository.commit_tree(head)
    read = [blob for path, blob in tree.entries.items() if is_read(path)]
    megabytes = sum(len(text or b"") for _, text in tree.read_many(sorted(set(read)))) / 1e6
    with tempfile.TemporaryDirectory(prefix="countersign-benchmark-") as scratch:
        environment = {"COUNTERSIGN_DATA_DIR": scratch, "NO_COLOR": "1"}

        def countersign(*arguments: str) -> Run:
            return timed((sys.executable, "-m", "bot", *arguments), environment, allowed=(0, 1))

        cold = countersign("index", "--repo", git_dir, "--head", head)
        size = sum(file.stat().st_size for file in Path(scratch).iterdir()) / 1e6
        notes = (
            f"{len(read):,} of {len(tree.entries):,} files, {megabytes:.1f} MB at {megabytes / cold.seconds:.1f} MB/s, "
            f"index of {size:.0f} MB, peak {cold.peak / 1e6:.0f} MB"
        )
        yield Row("cold index", cold.seconds, "30 s", cold.seconds > 30, notes)

        review = ("review", "--repo", git_dir, "--base", base, "--head", head, "--format", "json")
        countersign(*review)
        runs = [countersign(*review) for _ in range(REVIEWS)]
        seconds, peak = statistics.median(run.seconds for run in runs), max(run.peak for run in runs) / 1e6
        notes = f"{base[:10]}..{head[:10]}, peak {peak:.0f} MB"
        yield Row("warm review", seconds, "1.5 s, 400 MB", seconds > 1.5 or peak > 400, notes)

        seconds = statistics.median(countersign("--version").seconds for _ in range(STARTS))
        yield Row("start-up", seconds, "0.150 s", seconds > 0.150, "`--version`")

    if semgrep is not None and shutil.which("semgrep"):
        yield beside(repository, head, semgrep)


def beside(repository: Repository, head: str, config: str) -> Row:
    """Time Semgrep on the same commit: all of it, since it keeps nothing between runs."""
    with tempfile.TemporaryDirectory(prefix="countersign-benchmark-") as directory:
        archive = subprocess.Popen(("git", f"--git-dir={repository.git_dir}", "archive", head), stdout=subprocess.PIPE)
        subprocess.run(("tar", "-x", "-C", directory), stdin=archive.stdout, check=True)
        if archive.wait():
            raise SystemExit(f"`git archive {head}` ended with {archive.returncode}.")
        command = ("semgrep", "scan", "--config", config, "--metrics", "off", "--disable-version-check", "--quiet")
        # With findings its status is 0 unless --error is given.
        run = timed((*command, directory), {})
    return Row("semgrep scan", run.seconds, notes=f"--config {config}, all files")


def why_no_peer(semgrep: str | None) -> str:
    """Why there is no peer's figure, or nothing when there is one."""
    if not shutil.which("semgrep"):
        return "Semgrep is not on the PATH: no peer was timed."
    return (
        "" if semgrep is not None else "Semgrep is on the PATH but --semgrep CONFIG was not given: no peer was timed."
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__, add_help=True)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("repo", type=Path, metavar="REPO", help="any git repository, bare ones too")
    parser.add_argument("--base", metavar="REV", help="review from here; by default a typical change is looked for")
    parser.add_argument("--head", metavar="REV", help="review and index this; with no --base the newest to look at")
    parser.add_argument("--semgrep", metavar="CONFIG", help="rules for the peer, when it is installed")
    wanted = parser.parse_args()
    with Repository(wanted.repo) as repository:
        head = repository.resolve(wanted.head or "HEAD")
        base, head = (repository.resolve(wanted.base), head) if wanted.base else typical_change(repository, head)
        table = Table("", "time", "target", "", "measured", box=None)
        for row in measure(repository, base, head, wanted.semgrep):
            verdict = "" if not row.target else "missed" if row.missed else "met"
            table.add_row(row.what, f"{row.seconds:.3f} s", row.target, verdict, row.notes)
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    console.print(table)
    if reason := why_no_peer(wanted.semgrep):
        console.print(reason)


if __name__ == "__main__":
    main()

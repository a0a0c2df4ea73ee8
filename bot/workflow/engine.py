"""
The engine in a process of its own: whatever a change makes it do, the service lives on.

The job goes in as JSON on standard input, the answer comes out on standard output. The process has a bound on its time
and its memory, and none of the service's secrets.

    python -m bot.workflow.engine < job.json
"""

from __future__ import annotations

import math
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from analyzers.change import Change, Tree
from analyzers.findings import Finding, Review
from bot.review import owners
from bot.review.configuration import Configuration
from bot.review.outcome import Outcome
from bot.review.records import Found, Mistake, Suppressions

MEMORY = 2 * 1024**3
"""Bytes, by default. A review of 850,000 lines takes 0.2 GB."""
TIMEOUT = 300.0
"""Seconds, by default."""


class Job(msgspec.Struct, frozen=True):
    """What to review."""

    git_dir: str
    base: str
    """Commit; configuration is read from it."""
    head: str
    index: str
    """The index's file."""


class Answer(msgspec.Struct, frozen=True):
    """What came of it: something found, or a problem."""

    found: Found | None = None
    suppressions: Suppressions | None = None
    """What the base suppresses; None when it was not looked at."""
    problem: str = ""
    """One sentence for the author of the change."""


class Engine:
    """Runs jobs, each in its own process."""

    def __init__(self, index: Path, *, memory: int = MEMORY, timeout: float = TIMEOUT, at_once: int = 1) -> None:
        """
        Args:
            index: The index's file, shared by all jobs.
            memory: Bytes.
            timeout: Seconds.
            at_once: How many run side by side; who comes later waits.
        """
        self._index = index
        self._seats = threading.BoundedSemaphore(at_once)
        self._memory = memory
        self._timeout = timeout

    def run(self, git_dir: Path, base: str, head: str) -> Answer:
        """Review a change. Never raises for what is in it."""
        with self._seats:
            return self._run(git_dir, base, head)

    def _run(self, git_dir: Path, base: str, head: str) -> Answer:
        job = Job(str(git_dir), base, head, str(self._index))
        kept = {
            name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME", "TMPDIR", "LANG") if name in os.environ
        }
        process = subprocess.Popen(
            (sys.executable, "-m", __name__, str(self._memory), str(math.ceil(self._timeout))),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=kept,
            start_new_session=True,
        )
        with process:
            try:
                answer, words = process.communicate(msgspec.json.encode(job), timeout=self._timeout)
            except BaseException as exc:
                os.killpg(process.pid, signal.SIGKILL)
                if isinstance(exc, subprocess.TimeoutExpired):
                    return Answer(problem=f"The analysis took over {self._timeout:.0f} s and was ended.")
                raise
        if process.returncode:
            return Answer(problem=_reason(process.returncode, words.decode(errors="replace")))
        return msgspec.json.decode(answer, type=Answer)


def _reason(code: int, words: str) -> str:
    last = words.strip().splitlines()[-1:] or [""]
    if "MemoryError" in last[0] or code == -signal.SIGKILL:
        return "The analysis needed more memory than it may have and was ended."
    return f"The analysis broke off ({last[0][:200] or f'signal {-code}' if code < 0 else last[0][:200]})."


def answer(job: Job) -> Answer:
    """Review a change, here and now."""
    from analyzers import catalogue, engine
    from analyzers.errors import AnalyzerError
    from analyzers.git import Repository
    from analyzers.index import Index
    from bot.errors import ConfigurationError, CountersignError
    from bot.review import configuration
    from bot.review.outcome import judge

    try:
        with Repository(Path(job.git_dir)) as repository, Index.open(Path(job.index)) as index:
            base, head = repository.commit_tree(job.base), repository.commit_tree(job.head)
            configurations = configuration.read(base, (rule.id for rule in catalogue.load()))
            root = configurations.root
            if root.mode == "off":
                return Answer(Found(mode="off"))
            change = repository.change(base, head)
            review = engine.review(change, index, configurations.options_for)
            outcome = judge(_without_secrets(review, head, base), configurations.for_path)
    except ConfigurationError as exc:
        return Answer(Found(mistake=Mistake(exc.path, exc.line, exc.problem)))
    except (AnalyzerError, CountersignError) as exc:
        return Answer(problem=str(exc))
    return Answer(found(change, outcome, root), Suppressions(review.allows, configurations.baselines))


def found(change: Change, outcome: Outcome, root: Configuration) -> Found:
    """What is kept of an outcome; `root` is the configuration that holds for the review as a whole."""
    entries = change.head.entries
    owned = owners.read(change.base)
    return Found(
        review=outcome.review,
        files=change.files,
        posted=tuple(finding.fingerprint for finding in outcome.posted),
        failing=tuple(finding.fingerprint for finding in outcome.failing),
        modes={finding.fingerprint: root.mode_of(finding.rule) for finding in outcome.posted},
        fails_on_gaps=root.gaps == "failure",
        max_inline=outcome.max_inline,
        mode=root.mode,
        llm_code=root.llm_code,
        owners={path: owned.of(path) for path in _paths((*outcome.posted, *outcome.fixed))},
        blobs={path: entries[path] for path in _paths(outcome.posted) if path in entries},
    )


def _without_secrets(review: Review, head: Tree, base: Tree) -> Review:
    """A review without the secret values that the code which it quotes may hold; it is kept, and shown."""
    findings = (*review.introduced, *review.fixed, *review.standing)
    if not findings:
        return review
    from bot.review import redaction

    quoted = {step.place.path for finding in findings for step in finding.trace} | _paths(findings)
    texts = [text for tree in (head, base) for path in sorted(quoted) for text in _text(tree, path)]
    return redaction.cleaned(review, redaction.values(texts))


def _text(tree: Tree, path: str) -> Iterator[str]:
    blob = tree.entries.get(path)
    content = tree.read(blob) if blob is not None else None
    if content is not None:
        yield content.decode("utf-8", "replace")


def _paths(findings: Iterable[Finding]) -> frozenset[str]:
    return frozenset(finding.place.path for finding in findings)


def main() -> None:
    """Answer the job on standard input."""
    memory, seconds = map(int, sys.argv[1:])
    os.nice(10)  # deliveries come first
    signal.alarm(seconds + 1)  # ends it also when the service, which would have, was killed
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(answer(job)))


if __name__ == "__main__":
    main()

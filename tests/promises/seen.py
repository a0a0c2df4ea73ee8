"""
What people see on a pull request.
"""

from __future__ import annotations

from tests.doubles.scenario import Scene
from tests.doubles.world import CheckRun, IssueComment, ReviewComment, Thread


def check(at: Scene) -> CheckRun:
    """The one check at the head."""
    (run,) = checks(at)
    return run


def checks(at: Scene) -> list[CheckRun]:
    """All checks at the head."""
    return [run for run in at.repository.checks.values() if run.head_sha == at.pull.head_sha]


def found(at: Scene) -> list[ReviewComment]:
    """Our comments on files, without replies."""
    return [thread.root for thread in threads(at)]


def threads(at: Scene) -> list[Thread]:
    """The threads that we began."""
    return [thread for thread in at.pull.threads if thread.root.by_app]


def summaries(at: Scene) -> list[IssueComment]:
    """Our summary comments."""
    return [comment for comment in at.pull.comments if comment.by_app and "countersign:summary" in comment.body]


def answers(at: Scene) -> list[str]:
    """What we wrote below the pull request besides the summary."""
    return [comment.body for comment in at.pull.comments if comment.by_app and comment not in summaries(at)]

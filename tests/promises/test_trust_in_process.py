"""
Promises 9 to 15: what a check's colour means, what happens to threads, what is compared with what.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.doubles import refusals
from tests.doubles.git import Content
from tests.doubles.github import GitHub
from tests.doubles.scenario import AUTHOR, FIXED, ORDER_SERVICE, REVIEWER, SHIFTED, WITH_N_PLUS_ONE, Scene, scene
from tests.promises import programs, seen
from tests.promises.conftest import Open
from tests.promises.running import Service

CLEAN = {"orders/labels.py": "def label(order):\n    return order.number.upper()\n"}


def sign(github: GitHub, service: Service, at: Scene, what: str = "all") -> None:
    github.people.comment(at.pull, f"/countersign sign {what}", by=REVIEWER)
    service.rest()


def push(github: GitHub, service: Service, at: Scene, files: Mapping[str, Content]) -> None:
    github.people.push(at.repository, "feature", files, by=AUTHOR)
    service.rest()


@pytest.mark.parametrize(
    "operation", ["repos/compare-commits-with-basehead", "git", "pulls/list-commits", "pulls/get", "checks/update"]
)
def test_9_no_stage_fails_green(github: GitHub, service: Service, open_: Open, operation: str) -> None:
    """A stage that GitHub does not let us do makes the check neutral and says so; run again, it comes right."""
    github.faults.order(operation, refusals.forbidden(), times=3)
    at = open_(after=CLEAN)
    told = [run.conclusion for run in seen.checks(at)]
    assert told in ([], [None], ["neutral"])
    github.people.comment(at.pull, "/countersign rerun", by=REVIEWER)
    service.rest()
    assert seen.check(at).conclusion == "success"


@pytest.mark.parametrize("gaps", ["neutral", "failure"])
def test_9_a_file_that_cannot_be_read_is_named(open_: Open, gaps: str) -> None:
    """A changed file that was not analysed keeps the check from being green, as configured, and is listed."""
    before = {**ORDER_SERVICE, ".countersign.toml": f'[review]\ngaps = "{gaps}"\n'}
    at = open_(before=before, after={**CLEAN, "orders/huge.py": "# more\n" * 400_000})
    assert seen.check(at).conclusion == gaps
    assert "Not analysed: `orders/huge.py`" in seen.check(at).output["summary"]


def test_9_a_monstrous_change_is_ended(bare: GitHub, tmp_path: Path) -> None:
    """An analysis that needs more memory than it may have is ended; the check says so, and the service lives on."""
    with Service(bare, tmp_path / "data", review_megabytes=40) as service:
        at = scene(bare, after=CLEAN)
        service.rest()
        assert seen.check(at).conclusion == "neutral"
        assert "analysis" in seen.check(at).output["title"]


def test_10_the_last_of_many_files_is_looked_at(open_: Open) -> None:
    """3,500 changed files, the defect in the last one."""
    files = {f"orders/part{n // 100}/file{n}.py": f"VALUE = {n}\n" for n in range(3500)}
    at = open_(after={**files, **WITH_N_PLUS_ONE, "orders/zz.py": "VALUE = 0\n"})
    assert seen.check(at).output["title"] == "1 draft waits for a signature"
    assert "3502 changed files" in seen.check(at).output["summary"]


def test_11_a_fixed_finding_closes_its_thread(github: GitHub, service: Service, open_: Open) -> None:
    """Moved: open. Fixed: resolved, with one line that says why. Back: open again. Nothing is posted twice."""
    at = open_()
    sign(github, service, at)
    (thread,) = seen.threads(at)
    push(github, service, at, SHIFTED)
    assert not thread.resolved_by
    push(github, service, at, FIXED)
    fixed_at = at.pull.head_sha
    assert thread.resolved_by
    assert [reply.body.splitlines()[0] for reply in thread.comments[1:]] == [
        f"Fixed: not found any more at {fixed_at}."
    ]
    assert seen.check(at).conclusion == "success"
    push(github, service, at, {"orders/views.py": ORDER_SERVICE["orders/views.py"]})
    assert not thread.resolved_by
    assert len(thread.comments) == 3
    assert seen.check(at).conclusion == "failure"
    assert len(seen.threads(at)) == 1


def test_11_where_a_person_wrote_nothing_is_closed(github: GitHub, service: Service, open_: Open) -> None:
    """A thread in which somebody answered is theirs to resolve; one that somebody else began is not touched."""
    at = open_()
    sign(github, service, at)
    (thread,) = seen.threads(at)
    github.people.comment_line(at.pull, "orders/labels.py", 2, "What is this?", by=REVIEWER)
    github.people.reply(thread.root, "Are you sure?", by=AUTHOR)
    push(github, service, at, FIXED)
    assert [each.resolved_by for each in at.pull.threads] == [None, None]
    assert len(thread.comments) == 2


def test_11_what_was_not_analysed_proves_nothing(github: GitHub, service: Service, open_: Open) -> None:
    """The file of the finding can't be read at the new head: its thread stays open, and the check is not green."""
    at = open_()
    sign(github, service, at)
    push(github, service, at, {"orders/views.py": str(ORDER_SERVICE["orders/views.py"]) + "# more\n" * 400_000})
    (thread,) = seen.threads(at)
    assert not thread.resolved_by
    assert seen.check(at).conclusion != "success"


def test_12_a_dismissal_holds(github: GitHub, service: Service, open_: Open) -> None:
    """Dismissed with a reason: silent through pushes and in the next pull request, until it is undone."""
    at = open_()
    github.people.comment(at.pull, "/countersign dismiss 1 accepted: three orders at most", by=REVIEWER)
    service.rest()
    assert seen.check(at).conclusion == "success"
    push(github, service, at, SHIFTED)
    assert seen.check(at).conclusion == "success"
    github.people.close(at.pull, by=AUTHOR)
    at.repository.git.commit("again", WITH_N_PLUS_ONE, "Again", parent=at.repository.git.resolve("refs/heads/main"))
    second = github.people.open_pull(at.repository, "again", by=AUTHOR)
    service.rest()
    again = Scene(at.repository, at.installation, second)
    (run,) = seen.checks(again)
    assert run.conclusion == "success"
    github.people.comment(second, "/countersign undo 1", by=REVIEWER)
    service.rest()
    assert run.output["title"] == "1 draft waits for a signature"
    assert not seen.found(at)
    assert not seen.found(again)


def test_12_a_posted_comment_may_be_dismissed(github: GitHub, service: Service, open_: Open) -> None:
    """Its thread is resolved with who, why and how; signed after all, it is opened again."""
    at = open_()
    sign(github, service, at)
    github.people.comment(at.pull, "/countersign dismiss 1 false-positive: it is cached", by=REVIEWER)
    service.rest()
    (thread,) = seen.threads(at)
    assert thread.resolved_by
    assert thread.comments[1].body.startswith("Dismissed by grace (false-positive): it is cached.")
    assert seen.check(at).conclusion == "success"
    sign(github, service, at, "1")
    assert not thread.resolved_by
    assert seen.check(at).conclusion == "failure"


def test_13_a_change_cannot_switch_its_review_off(open_: Open) -> None:
    """Configuration is read from the base; what the change itself allows counts all the same."""
    off = 'mode = "off"\n[rules]\nlazy-load-in-loop = "off"\n'
    at = open_(after={**WITH_N_PLUS_ONE, ".countersign.toml": off})
    assert seen.check(at).output["title"] == "1 draft waits for a signature"
    allowed = programs.CHANGE.replace('name}"', 'name}"  # countersign: allow[lazy-load-in-loop] no')
    at = open_(after={"orders/labels.py": allowed})
    assert seen.check(at).output["title"] == "1 draft waits for a signature"


def test_14_history_does_not_matter(github: GitHub, service: Service, open_: Open) -> None:
    """Amended, squashed, rebased on a moved base, merged with it: the same draft, and never another one."""
    at = open_()
    git = at.repository.git
    start = git.resolve("refs/heads/main")
    git.commit("main", {"README.md": "More.\n"}, "More on main")
    moved = git.resolve("refs/heads/main")
    for parent, files in ((start, WITH_N_PLUS_ONE), (moved, WITH_N_PLUS_ONE), (start, SHIFTED)):
        github.people.push(at.repository, "feature", files, by=AUTHOR, parent=parent)
        service.rest()
        assert seen.check(at).output["title"] == "1 draft waits for a signature"
        assert "| 1 |" in seen.check(at).output["summary"]
    github.people.push(at.repository, "feature", ORDER_SERVICE, by=AUTHOR)  # a revert
    service.rest()
    assert seen.check(at).conclusion == "success"


def test_15_the_base_may_move(github: GitHub, service: Service, open_: Open) -> None:
    """What happens on the base branch is not the change's doing; another base is another comparison."""
    at = open_(after=CLEAN)
    for number in range(20):
        at.repository.git.commit("main", {f"orders/n{number}.py": ""}, "More on main")
    at.repository.git.commit("main", {"orders/models.py": None}, "Something else broke")
    push(github, service, at, {"orders/labels.py": CLEAN["orders/labels.py"] + "\n"})
    assert seen.check(at).conclusion == "success"


def test_15_a_retarget_is_reviewed_again(github: GitHub, service: Service, open_: Open) -> None:
    """Against a branch that has the defect already there is nothing to say, and the thread is closed."""
    at = open_()
    sign(github, service, at)
    at.repository.git.point("refs/heads/next", at.pull.head_sha)
    at.repository.git.commit("next", {"README.md": "More.\n"}, "More")
    github.people.retarget(at.pull, "next", by=AUTHOR)
    service.rest()
    assert seen.check(at).conclusion == "success"
    assert [thread.resolved_by for thread in seen.threads(at)] == [github.world.app.bot]

"""
Promises 1 to 5: what is said, where, and how often.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles import refusals
from tests.doubles.github import GitHub
from tests.doubles.scenario import AUTHOR, FIXED, ORDER_SERVICE, REVIEWER, SHIFTED, WITH_N_PLUS_ONE, Scene, scene
from tests.promises import programs, seen
from tests.promises.conftest import QUICK, Open
from tests.promises.running import Service, eventually


def test_1_nothing_found_is_a_short_outcome(open_: Open) -> None:
    """A change that adds nothing gets a green check and no comment."""
    at = open_(after={"orders/labels.py": "def label(order):\n    return order.number.upper()\n"})
    assert (seen.check(at).conclusion, seen.check(at).output["title"]) == ("success", "Nothing to report")
    assert not at.pull.comments
    assert not at.pull.reviews


def test_1_of_forty_findings_five_are_comments(github: GitHub, service: Service, open_: Open) -> None:
    """The worst five become comments, the rest is counted and listed; the summary stays on one screen."""
    at = open_(after=programs.defects(40, files=3))
    (summary,) = seen.summaries(at)
    assert "…and 30 more drafts, listed in the check" in summary.body
    assert len(re.findall(r"^\| \d+ \|", seen.check(at).output["summary"], re.MULTILINE)) == 40
    github.people.comment(at.pull, "/countersign sign all", by=REVIEWER)
    service.rest()
    assert len(seen.found(at)) == 5
    assert len(at.pull.reviews) == 1
    assert "…and 25 more, listed in the check" in summary.body
    assert len(summary.body.splitlines()) < 60
    run = seen.check(at)
    assert run.output["title"] == "40 signed findings"
    assert len(run.annotations) == 40
    assert not run.actions


def test_2_ten_pushes_one_comment(github: GitHub, service: Service, open_: Open) -> None:
    """A finding is told once on a pull request, whatever is pushed around it, and keeps its number."""
    at = open_()
    github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    service.rest()
    (comment,) = seen.found(at)
    body = comment.body
    for text in _rewritten():
        github.people.push(at.repository, "feature", {"orders/labels.py": text}, by=AUTHOR)
    service.rest()
    assert seen.found(at) == [comment]
    assert comment.body == body
    assert len(at.pull.comments) == 2, "the command and the summary"
    assert seen.check(at).output["title"] == "1 signed finding"
    (annotation,) = seen.check(at).annotations
    assert annotation["start_line"] == _rewritten()[-1].splitlines().index(_LINE) + 1


_LINE = '    return f"{order.number} {order.customer.name}"'


def _rewritten() -> list[str]:
    """The same defect, moved about, among other code."""
    body = str(WITH_N_PLUS_ONE["orders/labels.py"])
    above, other = "# More of it.\n", "\n\ndef other(order):\n    return {n}\n"
    return [f'"""Labels."""\n\n{above * n}\n\n{body}{other.format(n=n)}' for n in range(10)]


@pytest.mark.parametrize("signed", [True, False])
def test_2_a_lost_database_doubles_nothing(bare: GitHub, tmp_path: Path, signed: bool) -> None:
    """What is public is found by its marker: one comment, one summary, one check, and the draft counts as signed."""
    with Service(bare, tmp_path / "one", **QUICK) as service:
        at = scene(bare)
        service.rest()
        if signed:
            bare.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
            service.rest()
    before = [thread.root.id for thread in seen.threads(at)]
    title = seen.check(at).output["title"]
    with Service(bare, tmp_path / "two", **QUICK) as service:
        _after_sweep(service, at)
        assert [thread.root.id for thread in seen.threads(at)] == before
        assert len(seen.summaries(at)) == len(seen.checks(at)) == 1
        assert seen.check(at).output["title"] == title
        bare.people.comment(at.pull, "/countersign sign all", by=REVIEWER)
        service.rest()
        assert len(seen.found(at)) == 1


def test_2_a_lost_database_knows_its_threads(bare: GitHub, tmp_path: Path) -> None:
    """What was dismissed stays so; the thread of what is fixed afterwards is resolved, and opened when it is back."""
    with Service(bare, tmp_path / "one", **QUICK) as service:
        at = scene(bare, after=programs.defects(2))
        service.rest()
        bare.people.comment(at.pull, "/countersign sign all", by=REVIEWER)
        service.rest()
        bare.people.comment(at.pull, "/countersign dismiss 1 accepted: four rows", by=REVIEWER)
        service.rest()
        dismissed, stands = sorted(seen.threads(at), key=lambda thread: thread.resolved_by is None)
        title = seen.check(at).output["title"]

    def after_another_loss() -> tuple[str, bool, bool]:
        with Service(bare, tmp_path / f"at-{at.pull.head_sha}", **QUICK) as service:
            _after_sweep(service, at)
        bare.hooks.url = None
        return seen.check(at).output["title"], dismissed.resolved_by is not None, stands.resolved_by is not None

    assert after_another_loss() == (title, True, False)
    bare.people.push(at.repository, "feature", dict.fromkeys(programs.defects(2), ""), by=AUTHOR)
    assert after_another_loss() == ("Nothing to report", True, True)
    bare.people.push(at.repository, "feature", programs.defects(2), by=AUTHOR)
    assert after_another_loss() == (title, True, False)
    assert len(seen.threads(at)) == 2


def _after_sweep(service: Service, at: Scene) -> None:
    """Wait until the service has looked for what it missed, and has nothing to do."""
    eventually(lambda: "deliveries" in service.read_metrics() and service.reviews("drafted"), service.log.read_text)
    service.rest()
    assert seen.check(at).status == "completed"


def test_2_failing_lists_post_nothing(github: GitHub, service: Service, open_: Open) -> None:
    """While it can't be known what is public already, nothing is posted; later it is, once."""
    at = open_()
    github.faults.order("pulls/list-review-comments", refusals.server_error(), times=3)
    github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    service.rest()
    assert len(seen.found(at)) == 1
    failed = [request for request in github.log.of("pulls/list-review-comments") if request.status == 502]
    (posted,) = (r for r in github.log.of("pulls/create-review") if f"/{at.repository.full_name}/" in r.path)
    assert len(failed) == 3
    assert posted.at > failed[-1].at


def test_2_what_a_person_deleted_stays_deleted(github: GitHub, service: Service, open_: Open) -> None:
    """A comment that somebody removed is not posted again by later pushes."""
    at = open_()
    github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    service.rest()
    at.pull.threads.clear()
    github.people.push(at.repository, "feature", SHIFTED, by=AUTHOR)
    service.rest()
    assert not seen.found(at)
    assert seen.check(at).conclusion == "failure"


def test_3_comments_stand_where_the_code_is(github: GitHub, service: Service, open_: Open) -> None:
    """Each comment's lines hold the code that it is about."""
    at = open_(after=programs.defects(5, files=2))
    github.people.comment(at.pull, "/countersign sign all", by=REVIEWER)
    service.rest()
    assert len(seen.found(at)) == 5
    for comment in seen.found(at):
        entry = at.repository.git.entry(comment.commit, comment.path)
        assert entry is not None
        text = at.repository.git.blob(entry[2]) or b""
        assert comment.line is not None
        assert "order.customer.name" in text.decode().splitlines()[comment.line - 1]


def test_3_a_file_that_is_not_the_one_analysed_gets_no_comment(
    github: GitHub, service: Service, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub answers with another content for a while: nothing is posted until it is the right one."""
    at = open_()
    git = at.repository.git
    entry = git.entry
    other = git.resolve("refs/heads/main")
    answers: Iterator[bool] = iter([True, True])

    def wrong(commit: str, path: str) -> tuple[str, str, str] | None:
        return entry(other if path.endswith("labels.py") and next(answers, False) else commit, path)

    monkeypatch.setattr(git, "entry", wrong)
    github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    service.rest()
    assert next(answers, None) is None
    (comment,) = seen.found(at)
    assert comment.line == 2


def test_4_what_github_refuses_goes_elsewhere(github: GitHub, service: Service, open_: Open) -> None:
    """A batch that is refused is halved; what can stand nowhere else is in the summary. Nothing is lost."""
    at = open_(after=programs.defects(4))
    refused = refusals.unprocessable("Pull request review thread line must be part of the diff")
    github.faults.order("pulls/create-review", refused, times=3)  # all, the first half, its first comment
    github.faults.order("pulls/create-review-comment", refused)  # the same comment on its file
    github.people.comment(at.pull, "/countersign sign all", by=REVIEWER)
    service.rest()
    assert len(seen.found(at)) == 3
    (summary,) = seen.summaries(at)
    assert len(re.findall(r"^- \*\*\d\. \w+\*\* \[`orders/more0.py:\d+`\]\(http", summary.body, re.MULTILINE)) == 1
    assert seen.check(at).output["title"] == "4 signed findings"


def test_4_deleted_lines_are_commented_on_the_left(github: GitHub, service: Service, open_: Open) -> None:
    """The change removes what loaded the rows: the comment stands on the removed line."""
    before = {
        **ORDER_SERVICE,
        **WITH_N_PLUS_ONE,
        "orders/views.py": str(FIXED["orders/views.py"]).replace(
            'Order.objects.select_related("customer").order_by("number")',
            'Order.objects.order_by("number")\n    orders = orders.select_related("customer")',
        ),
    }
    after = {"orders/views.py": ORDER_SERVICE["orders/views.py"]}
    at = open_(before=before, after=after)
    github.people.comment(at.pull, "/countersign sign all", by=REVIEWER)
    service.rest()
    (comment,) = seen.found(at)
    assert (comment.path, comment.side) == ("orders/views.py", "LEFT")
    assert comment.line is not None
    assert "select_related" in before["orders/views.py"].splitlines()[comment.line - 1]


def test_5_the_cause_may_be_in_another_file(github: GitHub, service: Service, open_: Open) -> None:
    """Silent while another file loads eagerly; told, on the changed line, when it stops doing so."""
    at = open_(before={**ORDER_SERVICE, **FIXED})
    assert seen.check(at).conclusion == "success"
    github.people.push(at.repository, "feature", {"orders/views.py": ORDER_SERVICE["orders/views.py"]}, by=AUTHOR)
    service.rest()
    assert seen.check(at).output["title"] == "1 draft waits for a signature"

"""
Promises 19, 20, 23 to 26 and 30: who decides, what is public when, and what a hostile change can't do.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles import hooks, refusals, scenario
from tests.doubles.git import Link
from tests.doubles.github import WEBHOOK_SECRET, GitHub
from tests.doubles.scenario import AUTHOR, FIXED, ORDER_SERVICE, REVIEWER, STRANGER, WITH_N_PLUS_ONE, Scene, scene
from tests.promises import programs, seen
from tests.promises.conftest import QUICK, Open
from tests.promises.running import Service, eventually

POSTED_AT_ONCE = programs.configured('mode = "post-then-sign"\n')


def written(github: GitHub, at: Scene) -> list[str]:
    """The operations by which something became public in a repository."""
    return [each.operation for each in github.log.writes() if f"/{at.repository.full_name}/" in each.path]


def say(github: GitHub, service: Service, at: Scene, words: str, by: str = REVIEWER) -> None:
    github.people.comment(at.pull, words, by=by)
    service.rest()


# --- 19: a person sees it first ---------------------------------------------------------------------------------------


def test_19_before_a_signature(github: GitHub, service: Service, open_: Open) -> None:
    """Only the check and the summary are public, and they name no file with a finding, no code, no entry point."""
    at = open_()
    assert set(written(github, at)) == {"checks/create", "checks/update", "issues/create-comment"}
    run = seen.check(at)
    assert run.conclusion == "neutral"
    assert not run.annotations
    assert [action["label"] for action in run.actions] == ["Sign all", "Dismiss all"]
    bodies = [json.dumps(each.body) for each in github.log.writes() if f"/{at.repository.full_name}/" in each.path]
    for secret in ("labels.py", "views.py", "customer", "label(", "/orders/"):
        assert not any(secret in body.replace(f"/{at.repository.full_name}/", "") for body in bodies), secret


def test_19_sign_dismiss_edit_and_explain(github: GitHub, service: Service, open_: Open) -> None:
    """Each by its number: one review with the signed and the edited, nothing of the dismissed, one answer."""
    at = open_(after=programs.defects(3))
    say(github, service, at, "/countersign edit 2 This needs `select_related`.\nPlease.")
    assert not at.pull.reviews
    say(
        github,
        service,
        at,
        "Thanks!\n\n/countersign sign 1 2\n/countersign dismiss 3 false-positive: one order\n/countersign explain 1",
    )
    (review,) = at.pull.reviews
    assert review.state == "COMMENTED"
    assert review.body == f"Signed by {REVIEWER}."
    assert [comment.body.startswith("This needs `select_related`.\nPlease.") for comment in review.comments] == [
        False,
        True,
    ]
    (answer,) = seen.answers(at)
    assert "What happens" in answer
    assert seen.check(at).output["title"] == "2 signed findings"
    command = at.pull.comments[-2] if at.pull.comments[-1].by_app else at.pull.comments[-1]
    assert [(each.user.login, each.content) for each in command.reactions] == [("countersign[bot]", "+1")]


def test_19_what_is_not_understood_is_answered(github: GitHub, service: Service, open_: Open) -> None:
    """A slip is answered with what is meant; words that are quoted or code are no commands."""
    at = open_()
    say(github, service, at, "> /countersign sign all\n\n```\n/countersign sign all\n```\n")
    assert not seen.answers(at)
    say(github, service, at, "/countersign sing 1")
    (answer,) = seen.answers(at)
    assert "Did you mean `sign`?" in answer
    assert not at.pull.reviews


@pytest.mark.parametrize(("button", "title"), [("sign-all", "2 signed findings"), ("dismiss-all", "Nothing to report")])
def test_19_buttons(github: GitHub, service: Service, open_: Open, button: str, title: str) -> None:
    """The check's buttons decide on all drafts, for those who may."""
    at = open_(after=programs.defects(2))
    github.people.press(seen.check(at), button, by=STRANGER)
    service.rest()
    assert seen.check(at).output["title"] == "2 drafts wait for a signature"
    github.people.press(seen.check(at), button, by=REVIEWER)
    service.rest()
    assert seen.check(at).output["title"] == title
    assert len(seen.found(at)) == (2 if button == "sign-all" else 0)


def test_19_on_the_command_line(github: GitHub, service: Service, open_: Open) -> None:
    """`drafts`, `sign` and `dismiss` work on the same database; the service posts what they decide."""
    at = open_(after=programs.defects(2))
    target = f"{at.repository.full_name}#{at.pull.number}"
    listed = json.loads(service.run("drafts", target, "--format", "json").stdout)
    assert [draft["id"] for draft in listed["pull_requests"][0]["drafts"]] == [1, 2]
    refused = service.run("sign", target, "--all", "--as", STRANGER)
    assert (refused.returncode, at.pull.reviews) == (2, [])
    signed = service.run("sign", target, "2", "--as", REVIEWER)
    assert signed.returncode == 0, signed.stderr
    assert service.run("dismiss", target, "1", "--as", REVIEWER, "--reason", "never").returncode == 0
    service.rest()
    assert len(seen.found(at)) == 1
    assert seen.check(at).output["title"] == "1 signed finding"


def test_19_posted_at_once_and_signed_by_a_reaction(github: GitHub, service: Service, open_: Open) -> None:
    """Where the repository wants it, comments are public at once and say that nobody signed them, until one does."""
    at = open_(before=POSTED_AT_ONCE)
    (comment,) = seen.found(at)
    assert "Not signed by a person yet" in comment.body
    assert seen.check(at).conclusion == "neutral"
    before = comment.body
    github.people.react(comment, "+1", by=STRANGER)
    github.people.react(comment, "+1", by=REVIEWER)
    eventually(lambda: "Not signed" not in comment.body, service.log.read_text)
    service.rest()
    assert before.endswith(comment.body)
    assert seen.check(at).output["title"] == "1 signed finding"
    assert len(at.pull.reviews) == 1


def test_19_posted_at_once_and_dismissed_by_a_reaction(github: GitHub, service: Service, open_: Open) -> None:
    """👎 of somebody who may write resolves the thread; that of others does nothing."""
    at = open_(before=POSTED_AT_ONCE)
    (thread,) = seen.threads(at)
    github.people.react(thread.root, "-1", by=STRANGER)
    github.people.react(thread.root, "-1", by=REVIEWER)
    eventually(lambda: thread.resolved_by, service.log.read_text)
    service.rest()
    assert thread.comments[1].body.startswith(f"Dismissed by {REVIEWER}")
    assert seen.check(at).conclusion == "success"


def test_19_a_rule_has_its_own_mode(open_: Open) -> None:
    """Posting at once may be chosen for one rule, and a rule may be off."""
    posts = programs.configured('[modes]\nlazy-load-in-loop = "post-then-sign"\n')
    assert len(seen.found(open_(before=posts))) == 1
    silent = open_(before=programs.configured('[modes]\nlazy-load-in-loop = "off"\n'))
    assert seen.check(silent).conclusion == "success"


def test_19_nothing_is_reviewed_where_it_is_off(open_: Open) -> None:
    """`mode = "off"`: the check is neutral and says why."""
    at = open_(before=programs.configured('mode = "off"\n'))
    assert seen.check(at).conclusion == "neutral"
    assert "switched off" in seen.check(at).output["title"]
    assert not at.pull.comments


def test_19_a_signature_on_an_older_head_is_checked_again(github: GitHub, service: Service, open_: Open) -> None:
    """Signed, while a push that fixes it is on its way: nothing is posted about what is not there any more."""
    at = open_()
    github.people.wait = False
    try:
        github.people.push(at.repository, "feature", FIXED, by=AUTHOR)
        github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    finally:
        github.people.wait = True
    github.hooks.drain()
    service.rest()
    assert not seen.found(at)
    assert seen.check(at).conclusion == "success"


# --- 20: who may command it -------------------------------------------------------------------------------------------


def test_20_strangers_and_bots_are_not_heard(github: GitHub, service: Service, open_: Open) -> None:
    """A command of somebody without write access runs nothing and is not answered, nor is a bot's."""
    at = open_()
    before = written(github, at)
    for words in ("/countersign sign all", "/countersign help", "/countersign rerun"):
        say(github, service, at, words, by=STRANGER)
    with github.world.lock:
        github.world.account("other[bot]", "Bot")
        at.repository.permissions["other[bot]"] = "write"
    say(github, service, at, "/countersign sign all", by="other[bot]")
    assert written(github, at) == before
    github.people.set_permission(at.repository, STRANGER, "write")
    say(github, service, at, "/countersign sign all", by=STRANGER)
    assert len(seen.found(at)) == 1
    github.people.set_permission(at.repository, REVIEWER, "read")
    say(github, service, at, "/countersign undo all")
    assert seen.check(at).output["title"] == "1 signed finding"


def test_20_commands_of_one_person_are_limited(bare: GitHub, tmp_path: Path) -> None:
    """More commands than a person may give in an hour are passed over; others are heard."""
    with Service(bare, tmp_path / "data", **{**QUICK, "commands_per_hour": 2}) as service:
        at = scene(bare)
        service.rest()
        for _ in range(4):
            say(bare, service, at, "/countersign help")
        assert len(seen.answers(at)) == 2
        say(bare, service, at, "/countersign sign 1", by=AUTHOR)
        assert len(seen.found(at)) == 1


def test_20_only_github_is_heard(github: GitHub, service: Service, open_: Open) -> None:
    """Without the signature of these very bytes nothing is read; too large a payload is refused."""
    at = open_()
    url = f"{service.url}/webhooks/github"
    delivery = github.hooks.of("pull_request", "opened")[-1]
    for headers in (
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": hooks.sign("another secret", delivery.body)},
        {"X-Hub-Signature-256": hooks.sign(WEBHOOK_SECRET, delivery.body + b" ")},
    ):
        forged = dataclasses.replace(delivery, id="forged", headers={**delivery.headers, **headers})
        assert hooks.post(url, forged) == 401
    strange = dataclasses.replace(
        delivery, body=b"[]", headers={**delivery.headers, "X-Hub-Signature-256": hooks.sign(WEBHOOK_SECRET, b"[]")}
    )
    assert hooks.post(url, strange) == 400
    assert len(at.repository.checks) == 1


# --- 23 and 24: configuration -----------------------------------------------------------------------------------------


def test_23_a_mistake_in_the_configuration_is_told(github: GitHub, service: Service, open_: Open) -> None:
    """The check is neutral, says what is wrong and what is meant, and marks the line."""
    at = open_(before=programs.configured('mode = "sign-first"\n\n[rules]\nlazy-load-in-lop = "off"\n'))
    run = seen.check(at)
    assert run.conclusion == "neutral"
    assert ".countersign.toml:4" in run.output["title"]
    (annotation,) = run.annotations
    assert (annotation["path"], annotation["start_line"]) == (".countersign.toml", 4)
    assert 'did you mean "lazy-load-in-loop"?' in annotation["message"]
    at.repository.git.commit("main", {".countersign.toml": None}, "No configuration")
    github.people.push(at.repository, "feature", {"README.md": "More.\n"}, by=AUTHOR)
    service.rest()
    assert seen.check(at).conclusion == "neutral", "the merge base has not moved"


def test_24_the_nearest_configuration_and_the_owners(open_: Open) -> None:
    """In a monorepo each folder has its own configuration; the summary asks those who own the files."""
    shop = {f"shop/{path}": text for path, text in ORDER_SERVICE.items() if path != ".github/CODEOWNERS"}
    quiet = {f"old/{path}": text for path, text in ORDER_SERVICE.items() if path != ".github/CODEOWNERS"}
    before = {
        **shop,
        **quiet,
        "old/.countersign.toml": '[rules]\nlazy-load-in-loop = "off"\n',
        "CODEOWNERS": "* @ada\n/shop/ @grace @acme/shop\n/old/ @mallory\n",
    }
    after = {f"{folder}/{path}": text for folder in ("shop", "old") for path, text in WITH_N_PLUS_ONE.items()}
    at = open_(before=before, after=after)
    (summary,) = seen.summaries(at)
    assert seen.check(at).output["title"] == "1 draft waits for a signature"
    assert "Asked to decide: @grace, @acme/shop." in summary.body


# --- 25 and 26: drafts, bots, forks -----------------------------------------------------------------------------------


def test_25_a_draft_pull_request(github: GitHub, service: Service, open_: Open) -> None:
    """It is analysed, and its check says so; comments wait until it is ready."""
    at = open_(before=POSTED_AT_ONCE, draft=True)
    assert seen.check(at).output["title"] == "1 draft waits for a signature"
    assert not at.pull.comments
    assert not seen.found(at)
    github.people.ready(at.pull, by=AUTHOR)
    service.rest()
    assert len(seen.found(at)) == len(seen.summaries(at)) == 1


def test_25_closed_and_reopened(github: GitHub, service: Service, open_: Open) -> None:
    """Nothing happens on a closed pull request; reopened, it is reviewed as it is then."""
    at = open_()
    github.people.close(at.pull, by=AUTHOR)
    service.rest()
    before = len(github.log.writes())
    github.people.push(at.repository, "feature", FIXED, by=AUTHOR)
    service.rest()
    assert len(github.log.writes()) == before
    with github.world.lock:
        at.pull.head_sha = at.repository.git.resolve("refs/heads/feature")
    github.people.reopen(at.pull, by=AUTHOR)
    service.rest()
    assert seen.check(at).conclusion == "success"


def test_25_who_wrote_it(github: GitHub, service: Service, names: Iterator[str]) -> None:
    """AI assistants that commits and pull requests name are named, once."""
    made = scenario.repository(github, name=next(names))
    installation = github.people.install(made)
    start = made.git.resolve("refs/heads/main")
    words = "Say whose order it is\n\nCo-Authored-By: Claude <noreply@anthropic.com>"
    made.git.commit("feature", WITH_N_PLUS_ONE, words, parent=start)
    pull = github.people.open_pull(made, "feature", by=AUTHOR, body="Generated with GitHub Copilot")
    service.rest()
    (summary,) = seen.summaries(Scene(made, installation, pull))
    assert "Written with Claude (trailer of " in summary.body
    assert "Copilot (description)" in summary.body


def test_25_the_check_may_be_run_again(github: GitHub, service: Service, open_: Open) -> None:
    """From the check, or from all checks of the commit: one check, the same drafts."""
    at = open_()
    github.people.rerun_check(seen.check(at), by=AUTHOR)
    service.rest()
    github.people.rerun_suite(at.pull, by=AUTHOR)
    service.rest()
    assert seen.check(at).output["title"] == "1 draft waits for a signature"
    assert len(seen.summaries(at)) == 1


def test_25_uninstalled(github: GitHub, service: Service, open_: Open) -> None:
    """Where the App is not installed any more it does nothing."""
    at = open_()
    github.people.uninstall(at.installation, by=AUTHOR)
    service.rest()
    before = len(github.log.writes())
    github.people.push(at.repository, "feature", FIXED, by=AUTHOR)
    github.people.comment(at.pull, "/countersign sign 1", by=REVIEWER)
    service.rest()
    assert len(github.log.writes()) == before


def test_26_a_hostile_fork(github: GitHub, service: Service, names: Iterator[str], tmp_path: Path) -> None:
    """
    Links out of the tree, a submodule, hooks, huge and odd files, a configuration that switches all off: the defect
    is found, nothing is run or followed, what was left out is named.
    """
    secret = tmp_path / "secret.py"
    secret.write_text("SECRET = 1\n")
    made = scenario.repository(github, name=next(names))
    installation = github.people.install(made)
    copy = scenario.fork(github, made)
    hostile = {
        **WITH_N_PLUS_ONE,
        ".countersign.toml": 'mode = "off"\n',
        ".gitattributes": "*.py filter=run diff=run\n",
        ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = file:///etc\n',
        "orders/link.py": Link(str(secret)),
        "orders/up.py": Link("../../../../../../etc/passwd"),
        "orders/loop": Link("../orders"),
        "orders/huge.py": b"x = 1\n" * 500_000,
        "orders/\u202ereversed `@everyone` <img src=x>.py": "VALUE = 1\n",
        "orders/deep.py": "x = " + "[" * 5000 + "]" * 5000 + "\n",
        "orders/nul.py": b"x = '\0'\n",
        "conftest.py": f"open({str(tmp_path / 'ran')!r}, 'w')\n",
    }
    copy.git.commit("feature", hostile, "Say whose order it is", parent=copy.git.resolve("refs/heads/main"))
    pull = github.people.open_pull(made, "feature", by=STRANGER, head_repository=copy)
    service.rest()
    at = Scene(made, installation, pull)
    run = seen.check(at)
    assert run.output["title"] == "1 draft waits for a signature, not everything was analysed"
    github.people.comment(pull, "/countersign sign all", by=STRANGER)
    service.rest()
    assert not seen.found(at)
    github.people.comment(pull, "/countersign sign all", by=REVIEWER)
    service.rest()
    (comment,) = seen.found(at)
    assert (comment.path, comment.line) == ("orders/labels.py", 2)
    said = run.output["summary"] + "".join(comment.body for comment in seen.summaries(at))
    assert "`orders/huge.py`" in said
    assert "SECRET" not in said
    assert "\u202e" not in said
    assert "<img" not in said.replace("`orders/\N{REPLACEMENT CHARACTER}reversed", "")
    assert not (tmp_path / "ran").exists()


# --- 30: what an operator sees ----------------------------------------------------------------------------------------


def test_30_metrics_and_logs(github: GitHub, service: Service, open_: Open) -> None:
    """Deliveries and reviews are counted, and every line of the log about a delivery's work has its id."""
    open_()
    metrics = service.read_metrics()
    assert 'countersign_deliveries_total{event="pull_request",fate="taken"}' in metrics
    assert service.reviews("drafted") >= 1
    github.faults.order("pulls/list-commits", refusals.server_error(), times=3)
    open_()
    delivery = github.hooks.of("pull_request", "opened")[-1].id
    lines = [json.loads(line) for line in service.log.read_text().splitlines() if line.startswith("{")]
    assert [line["step"] for line in lines if line.get("delivery") == delivery and "step" in line] != []

"""What the App is told, and how it can be sure who tells it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.doubles import scenario
from tests.doubles.conftest import repository_client
from tests.doubles.github import WEBHOOK_SECRET, GitHub
from tests.doubles.hooks import sign

RECORDED = re.compile(rb"github\.com|odertocat|octocat", re.IGNORECASE)


@dataclass
class Listener:
    """Keeps what it was sent, and answers what it is told to."""

    url: str = ""
    status: int = 202
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    heard = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.got.append((dict(self.headers), body))
            self.send_response(heard.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        heard.url = f"http://127.0.0.1:{server.server_port}/webhooks/github"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield heard
        server.shutdown()
        thread.join()


def told(github: GitHub) -> list[tuple[str, str | None, str]]:
    """Event, action and sender of everything since the last question; nothing of the recordings shows through."""
    github.hooks.drain()
    assert [sent.event for sent in github.hooks.deliveries if RECORDED.search(sent.body)] == []
    found = [(sent.event, sent.action, sent.payload["sender"]["login"]) for sent in github.hooks.deliveries]
    github.hooks.deliveries.clear()
    return found


def test_deliveries_are_signed_and_sent_again_under_the_same_id(github: GitHub, listener: Listener) -> None:
    listener.status = 500
    github.deliver_to(listener.url)
    scenario.scene(github)
    opened = github.hooks.of("pull_request", "opened")[0]
    assert (opened.attempts, opened.accepted) == ([500], False)
    listener.status = 202
    for delivery in github.hooks.redeliver_failed():
        delivery.wait()
    assert (opened.attempts, opened.accepted) == ([500, 202], True)
    assert github.hooks.redeliver_failed() == []
    sent = [(headers, body) for headers, body in listener.got if headers["X-Github-Delivery"] == opened.id]
    assert len(sent) == 2
    assert sent[0] == sent[1]
    assert sent[0][0]["X-Hub-Signature-256"] == sign(WEBHOOK_SECRET, sent[0][1])


def test_a_payload_names_the_repository_and_the_installation(github: GitHub) -> None:
    scene = scenario.scene(github)
    payload = github.hooks.of("pull_request", "opened")[0].payload
    assert payload["installation"]["id"] == scene.installation.id
    assert payload["organization"]["login"] == "acme"
    assert payload["repository"]["clone_url"].endswith("/acme/orders.git")
    assert payload["repository"]["clone_url"].startswith(github.world.url)
    assert payload["pull_request"]["head"]["sha"] == scene.pull.head_sha


def test_what_people_do_is_told(github: GitHub) -> None:
    scene = scenario.scene(github)
    told(github)
    people, pull, repository = github.people, scene.pull, scene.repository
    repository.git.commit("release", {}, "Start", parent=repository.git.resolve("refs/heads/main"))
    people.push(repository, "feature", scenario.SHIFTED, by="ada")
    people.retarget(pull, "release", by="ada")
    people.to_draft(pull, by="ada")
    people.ready(pull, by="ada")
    comment = people.comment(pull, "/countersign help", by="mallory")
    people.edit_comment(comment, "/countersign sign all", by="mallory")
    people.react(comment, "+1", by="grace")
    line = people.comment_line(pull, "orders/labels.py", 5, "Why?", by="grace")
    people.reply(line, "Because.", by="ada")
    people.resolve(line.thread, by="ada")
    people.unresolve(line.thread, by="ada")
    people.rerun_suite(pull, by="grace")
    people.close(pull, by="ada")
    people.reopen(pull, by="ada")
    people.uninstall(scene.installation)
    assert told(github) == [
        ("pull_request", "synchronize", "ada"),
        ("check_suite", "requested", "ada"),
        ("pull_request", "edited", "ada"),
        ("pull_request", "converted_to_draft", "ada"),
        ("pull_request", "ready_for_review", "ada"),
        ("issue_comment", "created", "mallory"),
        ("issue_comment", "edited", "mallory"),
        ("pull_request_review", "submitted", "grace"),
        ("pull_request_review_comment", "created", "grace"),
        ("pull_request_review", "submitted", "ada"),
        ("pull_request_review_comment", "created", "ada"),
        ("pull_request_review_thread", "resolved", "ada"),
        ("pull_request_review_thread", "unresolved", "ada"),
        ("check_suite", "rerequested", "grace"),
        ("pull_request", "closed", "ada"),
        ("pull_request", "reopened", "ada"),
        ("installation", "deleted", "acme"),
    ]


def test_the_app_hears_of_its_own_acts_too(github: GitHub) -> None:
    scene = scenario.scene(github)
    told(github)
    repository = repository_client(github, scene.repository)
    repository.get_pull(1).create_issue_comment("Three drafts wait.")
    action = {"label": "Sign all", "description": "Post all drafts", "identifier": "sign-all"}
    repository.create_check_run("countersign", scene.pull.head_sha, conclusion="neutral", actions=[action])
    (run,) = scene.repository.checks.values()
    github.people.press(run, "sign-all", by="grace")
    github.people.rerun_check(run, by="grace")
    assert told(github) == [
        ("issue_comment", "created", "countersign[bot]"),
        ("check_run", "created", "countersign[bot]"),
        ("check_run", "requested_action", "grace"),
        ("check_run", "rerequested", "grace"),
    ]
    with pytest.raises(LookupError):
        github.people.press(run, "dismiss-all", by="grace")


def test_only_subscribed_events_of_installed_repositories_are_told(github: GitHub) -> None:
    other = scenario.repository(github, name="other")
    other.git.commit("feature", scenario.WITH_N_PLUS_ONE, "x", parent=other.git.resolve("refs/heads/main"))
    pull = github.people.open_pull(other, "feature", by="ada")
    assert told(github) == []
    github.people.install(other)
    github.world.app.events.remove("issue_comment")
    github.people.comment(pull, "Hello", by="ada")
    github.people.ping()
    assert told(github) == [("installation", "created", "acme"), ("ping", None, "countersign-owner")]


def test_an_installation_is_changed_suspended_and_back(github: GitHub) -> None:
    scene = scenario.scene(github)
    told(github)
    other = scenario.repository(github, name="other")
    github.people.choose_repositories(scene.installation, other, by="ada")
    github.people.grant(scene.installation, {"contents": "read"}, by="ada")
    github.people.suspend(scene.installation, by="ada")
    github.people.unsuspend(scene.installation, by="ada")
    changed = {sent.action: sent.payload for sent in github.hooks.of("installation_repositories")}
    assert [each["full_name"] for each in changed["added"]["repositories_added"]] == ["acme/other"]
    assert [each["full_name"] for each in changed["removed"]["repositories_removed"]] == ["acme/orders"]
    assert told(github) == [
        ("installation_repositories", "added", "ada"),
        ("installation_repositories", "removed", "ada"),
        ("installation", "new_permissions_accepted", "ada"),
        ("installation", "suspend", "ada"),
        ("installation", "unsuspend", "ada"),
    ]


def test_a_forks_pull_request_says_so_and_no_check_names_it(github: GitHub) -> None:
    scene = scenario.fork_scene(github)
    repository = repository_client(github, scene.repository)
    assert repository.create_check_run("countersign", scene.pull.head_sha).pull_requests == []
    pull = github.hooks.of("pull_request", "opened")[0].payload["pull_request"]
    assert pull["head"]["repo"]["full_name"] == "mallory/orders"
    assert pull["head"]["repo"]["fork"]
    assert pull["base"]["repo"]["full_name"] == "acme/orders"
    assert pull["author_association"] == "FIRST_TIME_CONTRIBUTOR"

from __future__ import annotations

import contextlib
import datetime as dt
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.github import events
from bot.github.events import (
    BadDelivery,
    CheckRequested,
    CommentWritten,
    Delivery,
    Event,
    Ignored,
    InstallationChanged,
    MergeQueued,
    Ping,
    PullRequestChanged,
)
from bot.review.drafts import PullRequest
from tests.doubles import scenario
from tests.doubles.github import GitHub as Double
from tests.doubles.scenario import Scene

RECORDED = json.loads((Path(__file__).parents[2] / "doubles/data/webhooks.json").read_text())


def _recorded(event: str, action: str, **changes: Any) -> Delivery:
    """A payload that GitHub once sent, with what is said over it."""
    payload = dict(RECORDED["payloads"][event][action])
    for key, value in payload.items():
        if isinstance(value, dict) and "shared" in value:
            payload[key] = RECORDED["shared"][key]
    payload |= changes
    return Delivery("d", event, json.dumps(payload).encode())


def _told(double: Double) -> list[Event]:
    """All that the double would have sent, read."""
    return [events.parse(events.delivery(sent.headers, sent.body)) for sent in double.hooks.deliveries]


def test_recorded_pull_request() -> None:
    """GitHub's own payload is read into our words."""
    event = events.parse(_recorded("pull_request", "closed", installation={"id": 7, "node_id": "x"}))
    assert event == PullRequestChanged(
        "closed",
        PullRequest(
            id=0,
            installation=7,
            repository="Codertocat/Hello-World",
            number=2,
            clone_url="https://github.com/Codertocat/Hello-World.git",
            title="Update the README with new information.",
            author="Codertocat",
            head="ec26c3e57ca3a959ca5aad62de7213c562f8c821",
            head_repository="Codertocat/Hello-World",
            base_ref="master",
            base="f95f852bd8fca8fcc58a9a2d6c842781e32a215e",
            is_open=False,
            repository_id=186853002,
            as_of=dt.datetime(2019, 5, 15, 15, 21, 18, tzinfo=dt.UTC),
            description="This is a pretty simple change that we need to pull into master.",
        ),
    )


@pytest.mark.parametrize("event", sorted(RECORDED["payloads"]))
def test_every_recorded_payload(event: str) -> None:
    """Nothing that GitHub was seen to send is an error."""
    for action in RECORDED["payloads"][event]:
        events.parse(_recorded(event, action, installation={"id": 7, "account": {"login": "acme"}}))


def test_without_an_installation() -> None:
    """A repository's own webhook is not ours: there is no token for it."""
    payload = json.loads(_recorded("pull_request", "opened").body)
    payload.pop("installation", None)
    event = events.parse(Delivery("d", "pull_request", json.dumps(payload).encode()))
    assert event == Ignored("sent by a webhook that is not an App's")


EVENTS = [(event, action) for event, actions in RECORDED["payloads"].items() for action in actions]


@pytest.mark.parametrize(("event", "action"), EVENTS)
def test_what_is_stored_says_the_same(event: str, action: str) -> None:
    """Without descriptions, and without secrets in titles; what people say to us stays."""
    sent = _recorded(event, action, installation={"id": 7, "node_id": "x"})
    kept = events.parse(events.keepable(sent))
    told = events.parse(sent)
    if isinstance(told, PullRequestChanged):
        pull = msgspec.structs.replace(told.pull_request, description="")
        told = msgspec.structs.replace(told, pull_request=pull)
    assert kept == told


def test_secrets_are_not_stored() -> None:
    """Neither those that stand in a pull request's title nor those in its description, now or before an edit."""
    secret = "hunter2trustno1"
    described = {**RECORDED["payloads"]["pull_request"]["closed"]["pull_request"]}
    described |= {"title": f"Set password={secret}", "body": f"The password is {secret}."}
    changes = {"title": {"from": f"password={secret}"}, "body": {"from": secret}, "base": {"ref": {"from": "main"}}}
    sent = _recorded("pull_request", "closed", pull_request=described, changes=changes)
    kept = events.keepable(sent).body
    assert secret.encode() not in kept
    assert b"REDACTED" in kept
    assert json.loads(kept)["changes"] == {"base": {"ref": {"from": "main"}}}


def test_a_pull_requests_life(double: Double) -> None:
    """Each step of a pull request is told; a new title is none."""
    scene = scenario.scene(double, draft=True)
    people, pull = double.people, scene.pull
    scene.repository.git.commit("other", {"x": "y"}, "Other", parent=scene.repository.git.resolve("refs/heads/main"))
    people.edit_title(pull, "Another", by=scenario.AUTHOR)
    people.ready(pull, by=scenario.AUTHOR)
    people.push(scene.repository, "feature", scenario.SHIFTED, by=scenario.AUTHOR)
    people.retarget(pull, "other", by=scenario.AUTHOR)
    people.close(pull, by=scenario.AUTHOR)
    people.reopen(pull, by=scenario.AUTHOR)
    told = [event for event in _told(double) if isinstance(event, PullRequestChanged)]
    assert [
        (event.action, event.pull_request.is_draft, event.pull_request.is_open, event.pull_request.base_ref)
        for event in told
    ] == [
        ("opened", True, True, "main"),
        ("ready_for_review", False, True, "main"),
        ("synchronize", False, True, "main"),
        ("edited", False, True, "other"),
        ("closed", False, False, "other"),
        ("reopened", False, True, "other"),
    ]
    assert told[2].pull_request.head == pull.head_sha != told[1].pull_request.head
    assert {event.pull_request.installation for event in told} == {scene.installation.id}


def test_a_fork(double: Double) -> None:
    """The head's repository is the fork's, the rest is the base's; a fork that is gone leaves a blank."""
    scene = scenario.fork_scene(double)
    (event,) = [event for event in _told(double) if isinstance(event, PullRequestChanged)]
    assert event.pull_request.head_repository == "mallory/orders"
    assert event.pull_request.repository == scene.repository.full_name == "acme/orders"
    payload = json.loads(double.hooks.of("pull_request")[0].body)
    payload["pull_request"]["head"]["repo"] = None
    gone = events.parse(Delivery("d", "pull_request", json.dumps(payload).encode()))
    assert isinstance(gone, PullRequestChanged)
    assert gone.pull_request.head_repository == ""


def test_words_of_people(double: Double, scene: Scene) -> None:
    """What people write is told, on the whole and in threads, with the comment that a thread starts with."""
    people, pull = double.people, scene.pull
    whole = people.comment(pull, "/countersign sign all", by=scenario.REVIEWER)
    line = people.comment_line(pull, "orders/labels.py", 2, "Hm.", by=scenario.STRANGER)
    reply = people.reply(line, "/countersign explain", by=scenario.REVIEWER)
    people.edit_comment(whole, "never mind", by=scenario.REVIEWER)
    place = (scene.installation.id, "acme/orders", pull.number)
    assert [event for event in _told(double) if isinstance(event, CommentWritten)] == [
        CommentWritten(*place, whole.id, "grace", "/countersign sign all"),
        CommentWritten(*place, line.id, "mallory", "Hm.", in_review=True),
        CommentWritten(*place, reply.id, "grace", "/countersign explain", in_review=True, in_reply_to=line.id),
    ]


@pytest.mark.parametrize("event", ["issue_comment", "pull_request_review_comment"])
def test_words_of_bots(event: str) -> None:
    """What a bot writes is nobody's command."""
    bot = {"login": "helper[bot]", "type": "Bot"}
    payload = json.loads(_recorded(event, "created", installation={"id": 7}).body)
    payload["comment"]["user"] = bot
    if event == "issue_comment":
        payload["issue"]["pull_request"] = {"url": "x"}
    assert events.parse(Delivery("d", event, json.dumps(payload).encode())) == Ignored("a comment of a bot")


def test_a_comment_on_an_issue() -> None:
    """An issue is no pull request."""
    delivery = _recorded("issue_comment", "created", installation={"id": 7})
    payload = json.loads(delivery.body)
    payload["issue"].pop("pull_request", None)
    event = events.parse(Delivery("d", "issue_comment", json.dumps(payload).encode()))
    assert event == Ignored("a comment on an issue")


def test_checks(double: Double, scene: Scene) -> None:
    """Running a check again, pressing its button and running all checks again are requests of a person."""
    from tests.doubles.world import CheckRun

    head = scene.pull.head_sha
    run = CheckRun(77, scene.repository, "countersign", head)
    run.actions = [{"identifier": "sign-all", "label": "Sign all", "description": "All of them"}]
    double.people.rerun_check(run, by=scenario.REVIEWER)
    double.people.press(run, "sign-all", by=scenario.REVIEWER)
    double.people.rerun_suite(scene.pull, by=scenario.AUTHOR)
    place = (scene.installation.id, "acme/orders", head, (scene.pull.number,))
    assert [event for event in _told(double) if isinstance(event, CheckRequested)] == [
        CheckRequested(*place, "grace", 77),
        CheckRequested(*place, "grace", 77, "sign-all"),
        CheckRequested(*place, "ada"),
    ]


def test_installations(double: Double) -> None:
    """Which repositories came and went is told."""
    first, second = scenario.repository(double), scenario.repository(double, name="stock")
    installed = double.people.install(first)
    double.people.choose_repositories(installed, second)
    double.people.uninstall(installed)
    double.people.ping()
    of = (installed.id, "acme")
    assert _told(double) == [
        InstallationChanged(*of, "created", added=("acme/orders",)),
        InstallationChanged(*of, "added", added=("acme/stock",)),
        InstallationChanged(*of, "removed", removed=("acme/orders",)),
        InstallationChanged(*of, "deleted", removed=("acme/stock",)),
        Ping(),
    ]


def test_a_merge_queue(double: Double, scene: Scene) -> None:
    """A commit that a queue made is told of, without its pull requests."""
    head = double.people.queue_merge(scene.pull)
    assert _told(double)[-1] == MergeQueued(scene.installation.id, "acme/orders", head)


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-GitHub-Event": "ping"}, {"X-GitHub-Delivery": "d"}, {"X-GitHub-Delivery": "", "X-GitHub-Event": ""}],
)
def test_without_a_name(headers: dict[str, str]) -> None:
    """A delivery has an id and an event."""
    with pytest.raises(BadDelivery, match="are missing"):
        events.delivery(headers, b"{}")


def test_headers_in_any_case() -> None:
    """HTTP's headers have no case."""
    assert events.delivery({"X-GITHUB-DELIVERY": "d", "x-github-event": "ping"}, b"{}") == Delivery("d", "ping", b"{}")


@given(
    event=st.sampled_from([*events._READERS, "star"]),
    body=st.one_of(
        st.binary(max_size=50),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=3),
            lambda inner: st.dictionaries(
                st.sampled_from(
                    ["action", "installation", "pull_request", "comment", "issue", "check_run", "id", "sender"]
                ),
                inner | st.sampled_from(["opened", "created", "rerequested"]),
            ),
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
def test_any_bytes(event: str, body: bytes) -> None:
    """Whatever comes is an event or a bad delivery, never another error."""
    with contextlib.suppress(BadDelivery):
        assert isinstance(events.parse(Delivery("d", event, body)), Event)

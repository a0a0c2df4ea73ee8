"""Failures come when they were ordered, and look to a client as GitHub's do."""

from __future__ import annotations

import time

import github as pygithub
import pytest
import requests

from tests.doubles import faults, refusals, scenario
from tests.doubles.conftest import repository_client
from tests.doubles.github import GitHub

CREATE = "issues/create-comment"


@pytest.fixture
def scene(github: GitHub) -> scenario.Scene:
    return scenario.scene(github)


@pytest.fixture
def pull(github: GitHub, scene: scenario.Scene) -> pygithub.PullRequest.PullRequest:
    return repository_client(github, scene.repository).get_pull(1)


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (refusals.bad_credentials(), pygithub.BadCredentialsException),
        (refusals.forbidden(), pygithub.GithubException),
        (refusals.not_found(), pygithub.UnknownObjectException),
        (refusals.primary_limit(int(time.time()) + 60), pygithub.RateLimitExceededException),
        (refusals.secondary_limit(7), pygithub.RateLimitExceededException),
        (refusals.secondary_limit(7, status=429), pygithub.GithubException),
        (refusals.unprocessable("No"), pygithub.GithubException),
        (refusals.server_error(502), pygithub.GithubException),
    ],
    ids=lambda value: str(value.status) if isinstance(value, refusals.Refusal) else value.__name__,
)
def test_each_refusal_arrives_and_nothing_takes_effect(
    github: GitHub,
    scene: scenario.Scene,
    pull: pygithub.PullRequest.PullRequest,
    refusal: refusals.Refusal,
    error: type[Exception],
) -> None:
    github.faults.order(CREATE, refusal)
    with pytest.raises(error) as refused:
        pull.create_issue_comment("Hello")
    assert isinstance(refused.value, pygithub.GithubException)
    assert refused.value.status == refusal.status
    assert refusal.headers.items() <= (refused.value.headers or {}).items()
    assert scene.pull.comments == []
    assert [(request.status, request.took_effect) for request in github.log.of(CREATE)] == [(refusal.status, False)]
    pull.create_issue_comment("Hello")
    assert len(scene.pull.comments) == 1


def test_a_broken_connection_had_no_effect_and_a_lost_answer_had_one(
    github: GitHub, scene: scenario.Scene, pull: pygithub.PullRequest.PullRequest
) -> None:
    github.faults.order(CREATE, faults.BROKEN)
    github.faults.order(CREATE, faults.LOST, nth=2)
    for expected in (0, 1):
        with pytest.raises(requests.exceptions.ConnectionError):
            pull.create_issue_comment("Hello")
        assert len(scene.pull.comments) == expected
    assert [(request.status, request.took_effect) for request in github.log.of(CREATE)] == [(None, False), (None, True)]


def test_the_nth_call_of_an_operation_fails_and_no_other(
    github: GitHub, scene: scenario.Scene, pull: pygithub.PullRequest.PullRequest
) -> None:
    github.faults.order("issues/*", refusals.server_error(500), nth=2, times=2)
    statuses = []
    for _ in range(5):
        try:
            pull.create_issue_comment("Hello")
            statuses.append(201)
        except pygithub.GithubException as error:
            statuses.append(error.status)
    assert statuses == [201, 500, 500, 201, 201]


def test_a_slow_answer_and_a_late_refusal(
    github: GitHub, scene: scenario.Scene, pull: pygithub.PullRequest.PullRequest
) -> None:
    github.faults.order(CREATE, faults.slow(0.3))
    started = time.monotonic()
    pull.create_issue_comment("Slow")
    assert time.monotonic() - started >= 0.3
    github.faults.order(CREATE, faults.Fault(refusals.server_error(504), late=True))
    with pytest.raises(pygithub.GithubException):
        pull.create_issue_comment("Late")
    assert [comment.body for comment in scene.pull.comments] == ["Slow", "Late"]


def test_limits_are_counted_and_end(
    github: GitHub, scene: scenario.Scene, pull: pygithub.PullRequest.PullRequest
) -> None:
    now = time.time()
    github.limits.clock = lambda: now
    github.limits.writes_per_minute = 2
    for _ in range(2):
        pull.create_issue_comment("Hello")
    with pytest.raises(pygithub.RateLimitExceededException) as refused:
        pull.create_issue_comment("Hello")
    assert int((refused.value.headers or {})["retry-after"]) in range(55, 62)
    now += 61
    pull.create_issue_comment("Hello")
    github.limits.per_hour = 1
    with pytest.raises(pygithub.RateLimitExceededException) as refused:
        pull.create_issue_comment("Hello")
    assert (refused.value.headers or {})["x-ratelimit-remaining"] == "0"
    now += 3600
    pull.create_issue_comment("Hello")

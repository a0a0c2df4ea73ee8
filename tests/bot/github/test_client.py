from __future__ import annotations

import datetime as dt
import logging
import threading
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.github import comments, installations, repository
from bot.github.client import Client, GitHub, repository_path
from bot.github.errors import Forbidden, GitHubError, NotFound, RateLimited, Refused, Unauthorized, Unavailable
from tests.doubles import refusals, scenario
from tests.doubles.faults import BROKEN, LOST, Fault, refused
from tests.doubles.github import GitHub as Double
from tests.doubles.refusals import Refusal
from tests.doubles.scenario import Scene

NAME = "acme/orders"
TOKENS = "apps/create-installation-access-token"


def test_who_we_are(double: Double, github: GitHub, scene: Scene) -> None:
    """The App knows its name, its permissions and where it is installed, and asks for its name once."""
    assert github.identity.login == github.identity.login == "countersign[bot]"
    assert github.identity.permissions == dict(double.world.app.permissions)
    assert len(double.log.of("apps/get-authenticated")) == 1
    (installed,) = installations.installations(github)
    assert (installed.id, installed.account and installed.account.login) == (scene.installation.id, "acme")
    (reached,) = installations.repositories(github.installation(installed.id))
    assert (reached.full_name, reached.clone_url) == (NAME, f"{double.world.url}/{NAME}.git")


def test_one_token_for_many_calls(double: Double, client: Client) -> None:
    """Threads share a token, and each call is its own: none takes another's answer."""
    lines = [f"comment {number}" for number in range(12)]
    answers: dict[str, str] = {}

    def write(line: str) -> None:
        answers[line] = comments.write(client, NAME, 1, line).body

    threads = [threading.Thread(target=write, args=(line,)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {line: line for line in lines}
    assert sorted(comment.body for comment in comments.on_pull_request(client, NAME, 1)) == sorted(lines)
    assert len(double.log.of(TOKENS)) == 1


def test_a_token_is_replaced_in_time(double: Double, scene: Scene) -> None:
    """A token that is about to expire is not used any more."""
    now = dt.datetime.now(dt.UTC)
    github = GitHub(double.world.app.id, double.access.private_key, api_url=double.api_url, now=lambda: now)
    client = github.installation(scene.installation.id)
    first = client.token
    now += dt.timedelta(minutes=45)
    assert client.token == first
    now += dt.timedelta(minutes=6)
    assert client.token != first
    assert len(double.log.of(TOKENS)) == 2


def test_a_token_that_was_revoked(double: Double, client: Client) -> None:
    """A call with a worthless token is made again with a new one, writes too: the first one did nothing."""
    comments.write(client, NAME, 1, "one")
    double.access.expire_tokens()
    comments.write(client, NAME, 1, "two")
    assert [comment.body for comment in comments.on_pull_request(client, NAME, 1)] == ["one", "two"]
    assert len(double.log.of(TOKENS)) == 2


def test_another_key(double: Double, scene: Scene) -> None:
    """A key that is not the App's gets nothing, and is not tried for ever."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    client = GitHub(double.world.app.id, key.decode(), api_url=double.api_url).installation(scene.installation.id)
    with pytest.raises(Unauthorized):
        comments.write(client, NAME, 1, "x")
    assert len(double.log.of(TOKENS)) == 4  # twice for the call, each time once more because the key was not taken


def test_no_key(scene: Scene, double: Double) -> None:
    """What is no key says so, and does not show itself."""
    client = GitHub(double.world.app.id, "not a key: hunter2", api_url=double.api_url).installation(1)
    with pytest.raises(Unauthorized, match="must be the PEM file") as caught:
        _ = client.token
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (refusals.forbidden(), Forbidden),
        (refusals.not_found(), NotFound),
        (refusals.unprocessable("No."), Refused),
        (refusals.server_error(500), Unavailable),
        (refusals.server_error(503), Unavailable),
        (refusals.secondary_limit(), RateLimited),
        (refusals.primary_limit(2_000_000_000, status=429), RateLimited),
        (BROKEN, Unavailable),
        (LOST, Unavailable),
    ],
)
def test_writes_are_sent_once(double: Double, client: Client, fault: Fault | Refusal, kind: type[GitHubError]) -> None:
    """Whatever becomes of a write, it is for the caller to look before it is sent again."""
    double.faults.order("issues/create-comment", fault, times=9)
    with pytest.raises(kind):
        comments.write(client, NAME, 1, "x")
    assert len(double.log.of("issues/create-comment")) == 1
    assert len(double.log.writes()) == (1 if fault is LOST else 0)


@pytest.mark.parametrize("fault", [refusals.server_error(500), refusals.server_error(502), BROKEN])
def test_reads_are_tried_again(double: Double, client: Client, fault: Fault | Refusal) -> None:
    """A read that fails twice is tried a third time, and no fourth."""
    double.faults.order("pulls/get", fault, times=2)
    assert repository.pull_request(client, 1, NAME, 1).number == 1
    double.faults.order("pulls/get", fault, times=9)
    with pytest.raises(Unavailable):
        repository.pull_request(client, 1, NAME, 1)
    assert len(double.log.of("pulls/get")) == 6


def test_a_limit_is_kept(double: Double, client: Client) -> None:
    """While a limit holds nothing is sent at all."""
    double.faults.order("pulls/get", refusals.secondary_limit(120))
    with pytest.raises(RateLimited) as first:
        repository.pull_request(client, 1, NAME, 1)
    before = len(double.log)
    with pytest.raises(RateLimited) as second:
        comments.write(client, NAME, 1, "x")
    assert len(double.log) == before
    assert abs(first.value.until - second.value.until) < dt.timedelta(seconds=1)


def test_many_writes(double: Double, scene: Scene) -> None:
    """A thread waits for a few seconds at most; then it is told to come again, and nothing was sent."""
    slept: list[float] = []
    now = dt.datetime.now(dt.UTC)
    github = GitHub(
        double.world.app.id, double.access.private_key, api_url=double.api_url, now=lambda: now, sleep=slept.append
    )
    client = github.installation(scene.installation.id)
    for _ in range(25):
        comments.write(client, NAME, 1, "x")
    with pytest.raises(RateLimited) as caught:
        comments.write(client, NAME, 1, "x")
    assert slept == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert caught.value.until == now + dt.timedelta(seconds=6)
    assert len(double.log.of("issues/create-comment")) == 25
    github.close()


def test_a_spent_budget(double: Double, client: Client) -> None:
    """The last call of the hour is answered; the next one is not sent."""
    double.limits.per_hour = 2
    repository.pull_request(client, 1, NAME, 1)
    repository.pull_request(client, 1, NAME, 1)
    with pytest.raises(RateLimited):
        repository.pull_request(client, 1, NAME, 1)
    assert len(double.log.of("pulls/get")) == 2


def test_all_pages(double: Double, client: Client, scene: Scene) -> None:
    """Listings are read to their end; when a page fails there is no listing."""
    for number in range(230):
        double.people.comment(scene.pull, str(number), by=scenario.AUTHOR)
    listed = [comment.body for comment in comments.on_pull_request(client, NAME, 1)]
    assert listed == [str(number) for number in range(230)]
    assert len(double.log.of("issues/list-comments")) == 3
    double.faults.order("issues/list-comments", refusals.server_error(), nth=3, times=3)
    with pytest.raises(Unavailable):
        list(comments.on_pull_request(client, NAME, 1))


def test_a_listing_that_does_not_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository that moved answers every page with the first one: that is no listing."""
    first = ({"link": '<https://elsewhere.example/x?page=2&per_page=100>; rel="next"'}, "[]")
    assert client.token  # asked for before nothing but that page is answered
    monkeypatch.setattr(client.github, "send", lambda *_: first)
    with pytest.raises(Unavailable, match="does not end"):
        list(comments.on_pull_request(client, NAME, 1))


@pytest.mark.parametrize("name", ["orders", "/orders", "acme/", "acme/a/b", "../x", "acme/..", "acme/.", ""])
def test_no_repository(name: str) -> None:
    """What can't be a repository's name reaches no server."""
    with pytest.raises(NotFound):
        repository_path(name)


def test_odd_names() -> None:
    """A name stays one segment of the path."""
    assert repository_path("ac me/x?y#z%2f") == "/repos/ac%20me/x%3Fy%23z%252f"


def test_nothing_listens() -> None:
    """A server that is not there is an error like others."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    with pytest.raises(Unavailable, match="gave no answer to GET /app"):
        _ = GitHub(1, key.decode(), api_url="http://127.0.0.1:9/api/v3").identity


def test_no_token_in_logs(double: Double, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """With everything logged that can be, no credential is."""
    with caplog.at_level(logging.DEBUG):
        comments.write(client, NAME, 1, "x")
        double.faults.order("pulls/get", refused(refusals.not_found()))
        with pytest.raises(NotFound) as caught:
            repository.pull_request(client, 1, NAME, 1)
    shown = caplog.text + str(caught.value) + repr(vars(client)) + repr(vars(client.github))
    assert client.token.startswith("ghs_")
    assert client.token not in shown
    assert "PRIVATE KEY" not in shown
    assert "Bearer " not in shown


def test_graphql_errors(client: Client) -> None:
    """An error that comes with a 200 is an error."""
    with pytest.raises(Refused, match="nonsense"):
        client.graphql("query Wrong { nonsense }", {}, dict[str, Any])

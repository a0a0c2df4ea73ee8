"""
Slack, with the real service between it and GitHub: what waits is told there, and a person who may write signs there.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bot.review.drafts import Decision
from bot.slack import linking
from bot.slack.linking import SlackUser
from bot.storage.store import Store
from tests.doubles import slack as doubles
from tests.doubles.github import GitHub
from tests.doubles.scenario import AUTHOR, REVIEWER, Scene
from tests.doubles.slack import CHANNEL, SIGNING_SECRET, TEAM, TOKEN, Slack
from tests.promises.conftest import QUICK, Open
from tests.promises.running import Service, eventually

DESK = "https://bot.example.org"


@pytest.fixture(scope="module")
def slack() -> Iterator[Slack]:
    with Slack() as double:
        yield double


@pytest.fixture(scope="module")
def settings(slack: Slack) -> Mapping[str, Any]:
    """The service is told where its Slack is, and where its desk."""
    return {
        **QUICK,
        "web_url": DESK,
        "github_client_id": "Iv1.countersign",
        "github_client_secret": "a client secret",
        "slack_bot_token": TOKEN,
        "slack_signing_secret": SIGNING_SECRET,
        "slack_api_url": slack.api_url,
        "slack_channel": CHANNEL,
        "slack_messages": "all",
    }


class Team:
    """Somebody in Slack, in front of one review's message."""

    def __init__(self, service: Service, slack: Slack, at: Scene, user: str) -> None:
        self.slack = slack
        self.service = service
        self.at = at
        self.user = user
        named = f"{at.repository.full_name}#"
        (self.message,) = eventually(
            lambda: [message for message in slack.in_channel() if message.text.startswith(named)],
            service.log.read_text,
        )

    def store(self) -> Store:
        return Store.open(f"sqlite:///{self.service.data}/countersign.sqlite3")

    def link(self, login: str = REVIEWER) -> None:
        with self.store() as store:
            store.slack.link(TEAM, self.user, login)

    @property
    def decisions(self) -> list[Decision]:
        with self.store() as store:
            pull = store.pull_requests.find(self.at.repository.full_name, self.at.pull.number)
            assert pull is not None
            return list(store.decisions.of(pull.id))

    @property
    def whispers(self) -> list[str]:
        return [words for _, user, words in self.slack.whispers if user == self.user]

    def pressed(self, action: str) -> bytes:
        return self.slack.press(self.message, action, user=self.user)

    def send(self, body: bytes, headers: dict[str, str] | None = None) -> int:
        return doubles.send(f"{self.service.url}/slack/interactions", body, headers)

    def says(self, words: str) -> bool:
        """Wait until the message says something."""
        return eventually(
            lambda: words in self.message.words, lambda: self.message.words + self.service.log.read_text()
        )


@pytest.fixture
def team(service: Service, slack: Slack, open_: Open, names: Iterator[str]) -> Team:
    return Team(service, slack, open_(), f"U{next(names)}")


def test_19_20_30_a_draft_is_signed_in_slack(team: Team) -> None:
    """
    Slack is told file, line and message; GitHub is not before somebody whom it lets write has signed. The one message
    says who decided, its thread too, and sending the act again changes nothing.
    """
    assert "orders/labels.py:2" in team.message.words
    assert team.send(team.pressed("sign")) == 200
    (whisper,) = eventually(lambda: team.whispers, team.service.log.read_text)
    assert f"<{DESK}/slack/link/" in whisper
    token = whisper.partition("/slack/link/")[2].partition("|")[0]
    assert linking.user_of(SIGNING_SECRET, token, dt.datetime.now(dt.UTC)) == SlackUser(TEAM, team.user, "x")
    assert not team.at.pull.review_comments

    team.link()
    pressed = team.pressed("sign")
    for _ in range(3):
        assert team.send(pressed) == 200
    (comment,) = eventually(lambda: team.at.pull.review_comments, team.service.log.read_text)
    assert (comment.path, comment.line) == ("orders/labels.py", 2)
    assert team.says(f"signed by *{REVIEWER}*")
    assert '"value"' not in team.message.words, "no button is left that decides"
    (answer,) = eventually(lambda: team.slack.thread(team.message), team.service.log.read_text)
    assert answer.text == f"1 draft signed by *{REVIEWER}*"
    (decision,) = team.decisions
    assert (decision.who, decision.surface, decision.action) == (REVIEWER, "slack", "sign")


def test_12_a_draft_is_dismissed_in_slack_with_a_reason(team: Team) -> None:
    """A form asks why; the reason stands in the message and stays with the decision."""
    team.link()
    assert team.send(team.pressed("dismiss")) == 200
    assert team.send(team.slack.send_form("accepted", "four rows at most", user=team.user)) == 200
    assert team.says(f"dismissed by *{REVIEWER}*: four rows at most")
    (decision,) = team.decisions
    assert (decision.category, decision.reason) == ("accepted", "four rows at most")
    assert not team.at.pull.review_comments


def test_a_closed_pull_request_asks_for_nothing(github: GitHub, team: Team) -> None:
    """Once it is closed its message says so, without buttons; opened again, they are back."""
    github.people.close(team.at.pull, by=AUTHOR)
    assert team.says("The pull request is closed.")
    assert '"action_id"' not in team.message.words
    github.people.reopen(team.at.pull, by=AUTHOR)
    assert team.says("1 waiting for a signature")


def test_20_only_who_may_write_decides(team: Team) -> None:
    """A person without access at that moment is told so; forged, late and unsigned requests are refused."""
    team.link("mallory")
    body = team.pressed("sign")
    assert team.send(body) == 200
    (whisper,) = eventually(lambda: team.whispers, team.service.log.read_text)
    assert "may not write" in whisper
    forged = doubles.signed(body, secret="another")
    late = doubles.signed(body, time.time() - 400)
    unsigned = {"Content-Type": "application/x-www-form-urlencoded"}
    assert [team.send(body, headers) for headers in (forged, late, unsigned)] == [401, 401, 401]
    assert team.decisions == []
    assert not team.at.pull.review_comments


def test_17_slack_is_slow_and_forgetful(service: Service, slack: Slack, open_: Open, names: Iterator[str]) -> None:
    """A limit is waited for, and a message whose answer was lost is found again: it stands once. GitHub never waits."""
    slack.fail("chat.postMessage", status=429, retry_after=1)
    slack.fail("chat.postMessage", status=502, late=True)
    looked = slack.calls["conversations.history"]
    team = Team(service, slack, open_(), f"U{next(names)}")
    eventually(lambda: slack.calls["conversations.history"] > looked, service.log.read_text)
    team.link()
    assert team.send(team.pressed("sign")) == 200
    assert team.says(f"signed by *{REVIEWER}*")
    named = [message.text for message in slack.in_channel() if team.at.repository.full_name in message.text]
    assert len(named) == 1

"""
The client against a Slack that has limits, refuses and is slow.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from bot.settings import Secret, SlackChannel
from bot.slack import blocks
from bot.slack.blocks import Message
from bot.slack.client import Slack as Client
from bot.slack.errors import Limited, Refused, SlackError, Unavailable
from tests.doubles.slack import CHANNEL, TOKEN, Slack

NOW = dt.datetime(2025, 3, 10, 8, tzinfo=dt.UTC)
AT = SlackChannel(id=CHANNEL)
HELLO = blocks.message("Hello", [blocks.section("Hello")])


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as double:
        yield double


@pytest.fixture
def client(slack: Slack) -> Client:
    return Client(TOKEN, api_url=slack.api_url, now=lambda: NOW)


def test_a_message_is_posted_changed_and_answered(slack: Slack, client: Client) -> None:
    ts = client.post(AT, HELLO, "review:1")
    client.update(CHANNEL, ts, blocks.message("Bye", [blocks.section("Bye")]))
    client.post(AT, HELLO, "review:1:2", thread=ts)
    client.whisper(CHANNEL, "U1", "psst")
    (message,) = slack.in_channel()
    assert (message.text, message.edits, message.metadata) == (
        "Bye",
        1,
        {"event_type": "countersign", "event_payload": {"key": "review:1"}},
    )
    assert [answer.text for answer in slack.thread(message)] == ["Hello"]
    assert slack.whispers == [(CHANNEL, "U1", "psst")]


def test_a_message_is_found_again(slack: Slack, client: Client) -> None:
    """Also when the answer to posting it was lost; nothing is posted twice by the client itself."""
    slack.fail("chat.postMessage", status=502, late=True)
    with pytest.raises(Unavailable):
        client.post(AT, HELLO, "review:1")
    assert slack.calls["chat.postMessage"] == 1
    since = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    (message,) = slack.in_channel()
    assert client.find(CHANNEL, "review:1", since) == message.ts
    assert client.find(CHANNEL, "review:2", since) is None
    slack.scopes.clear()
    with pytest.raises(Refused, match="missing_scope"):
        client.find(CHANNEL, "review:1", since)


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        ({"error": "channel_not_found"}, Refused),
        ({"error": "invalid_auth"}, Refused),
        ({"error": "internal_error"}, Unavailable),
        ({"status": 500}, Unavailable),
        ({"status": 503, "error": "service_unavailable"}, Unavailable),
        ({"status": 404}, Refused),
        ({"status": 429, "retry_after": 7}, Limited),
        ({"status": 429, "error": "ratelimited", "retry_after": 7}, Limited),
    ],
)
def test_failures_are_told_apart(
    slack: Slack, client: Client, failure: dict[str, object], error: type[SlackError]
) -> None:
    slack.fail("*", **failure)  # type: ignore[arg-type]
    with pytest.raises(error) as raised:
        client.post(AT, HELLO, "k")
    assert TOKEN not in str(raised.value)
    if isinstance(raised.value, Limited):
        assert raised.value.until == NOW + dt.timedelta(seconds=7)
    client.post(AT, HELLO, "k")


def test_slack_says_which_block_is_wrong(client: Client) -> None:
    wrong = Message("x", ({"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}},))
    with pytest.raises(Refused, match=r"invalid_blocks .*at most 3000 characters"):
        client.post(AT, wrong, "k")


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(Unavailable, match="no answer"):
        Client(TOKEN, api_url="http://127.0.0.1:9/").post(AT, HELLO, "k")


def test_a_webhook(slack: Slack, client: Client) -> None:
    """It needs no token, tells no id, and its address is never said."""
    channel = SlackChannel(webhook=Secret(slack.webhook_url))
    assert client.post(channel, HELLO, "k") == ""
    assert [message.text for message in slack.messages] == ["Hello"]
    slack.fail("webhook", status=429, retry_after=3)
    with pytest.raises(Limited):
        client.post(channel, HELLO, "k")
    for url in (slack.webhook_url + "x", "http://127.0.0.1:9/services/hush"):
        with pytest.raises(SlackError) as raised:
            client.post(SlackChannel(webhook=Secret(url)), HELLO, "k")
        assert "hush" not in f"{raised.value!r} {raised.value.__cause__!r}"

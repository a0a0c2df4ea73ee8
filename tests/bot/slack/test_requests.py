"""
What Slack sends: signed, recent and understood, or refused.
"""

from __future__ import annotations

import datetime as dt
import json
import urllib.parse
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from bot.slack import buttons, endpoint, linking, signature
from bot.slack.buttons import AskReason, BadInteraction, Choice, Dismiss, Ignored, Pressed, Sign
from bot.slack.errors import Unavailable
from bot.slack.linking import SlackUser
from tests.doubles import slack
from tests.doubles.slack import CHANNEL, SIGNING_SECRET, TEAM, USER

NOW = dt.datetime(2025, 3, 10, 8, tzinfo=dt.UTC)
SENT = NOW.timestamp()


def payload(action: str = "sign", value: str = "12:31,32", **changes: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": USER, "team_id": TEAM},
        "container": {"message_ts": "1741.0001", "channel_id": CHANNEL},
        "trigger_id": "trigger.1",
        "actions": [{"action_id": action, "block_id": "pull:12", "value": value, "action_ts": "1741.5"}],
        **changes,
    }


BODY = slack.form(payload())


def test_slacks_own_example() -> None:
    """The signature of the example in Slack's documentation."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
        b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
        b"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
        b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    sealed = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    at = dt.datetime.fromtimestamp(1531420618, dt.UTC)
    assert signature.is_valid("8f742231b10e8888abcd99yyyzzz85a5", body, "1531420618", sealed, at)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (BODY, slack.signed(BODY, SENT), 200),
        (BODY, slack.signed(BODY, SENT - 299), 200),
        (BODY, slack.signed(BODY, SENT - 301), 401),
        (BODY, slack.signed(BODY, SENT + 301), 401),
        (BODY, slack.signed(BODY, SENT, "another secret"), 401),
        (BODY + b" ", slack.signed(BODY, SENT), 401),
        (BODY, {**slack.signed(BODY, SENT - 600), "X-Slack-Request-Timestamp": str(int(SENT))}, 401),
        (BODY, {**slack.signed(BODY, SENT), "X-Slack-Request-Timestamp": "now"}, 401),
        (BODY, {**slack.signed(BODY, SENT), "X-Slack-Request-Timestamp": "9" * 400}, 401),
        (BODY, {**slack.signed(BODY, SENT), "X-Slack-Signature": ""}, 401),
        (BODY, {"Content-Type": "application/x-www-form-urlencoded"}, 401),
        (b"", slack.signed(b"", SENT), 400),
        (b"payload=%7B", slack.signed(b"payload=%7B", SENT), 400),
        (b"\xff\xfe", slack.signed(b"\xff\xfe", SENT), 400),
        (b"x" * (1024 * 1024 + 1), slack.signed(b"x", SENT), 413),
    ],
)
def test_only_slack_is_heard(body: bytes, headers: dict[str, str], status: int) -> None:
    """Forged, replayed, late, early, changed and broken requests are refused, and nothing is done for them."""
    done: list[object] = []
    with client(done.append, done.append) as http:
        assert http.post(endpoint.PATH, content=body, headers=headers).status_code == status
    assert len(done) == (status == 200)


def client(take: Callable[..., None], ask: Callable[..., None]) -> TestClient:
    app = FastAPI()
    app.include_router(endpoint.router(SIGNING_SECRET, take, ask, lambda: NOW))
    return TestClient(app)


def test_an_empty_secret_proves_nothing() -> None:
    assert not signature.is_valid(SIGNING_SECRET, BODY, str(int(SENT)), "v0=\u00e4\udcff", NOW)
    with pytest.raises(ValueError):
        signature.is_valid("", BODY, str(int(SENT)), "v0=", NOW)


def test_acts_are_told_apart() -> None:
    """Signing is taken, dismissing asks first, links are ignored."""
    pressed = Pressed(f"{USER}.1741.0001.1741.5", TEAM, USER, CHANNEL, "1741.0001", "pull:12", Choice(12, (31, 32)))
    assert buttons.read(BODY) == Sign(pressed)
    assert buttons.read(slack.form(payload("dismiss"))) == AskReason(pressed, "trigger.1")
    assert buttons.read(slack.form(payload("open"))) == Ignored()
    assert buttons.read(slack.form({"type": "view_closed"})) == Ignored()
    sent = view_submission(pressed)
    assert buttons.read(slack.form(sent)) == Dismiss(msgspec.structs.replace(pressed, key="V1"), "later", "next week")


def view_submission(pressed: Pressed, **changes: Any) -> dict[str, Any]:
    values = {
        "category": {"category": {"selected_option": {"value": "later"}}},
        "reason": {"reason": {"value": " next week "}},
    }
    view = {
        "id": "V1",
        "callback_id": "dismiss",
        "private_metadata": msgspec.json.encode(pressed).decode(),
        "state": {"values": values},
    }
    return {"type": "view_submission", "team": {"id": TEAM}, "user": {"id": USER}, "view": {**view, **changes}}


@pytest.mark.parametrize(
    "body",
    [
        slack.form(payload(value="")),
        slack.form(payload(value="12")),
        slack.form(payload(value="12:")),
        slack.form(payload(value="12:x")),
        slack.form(payload(value="\u0661\u0662:31")),
        slack.form(payload(user={"id": 5})),
        slack.form(payload(container={})),
        slack.form(payload(actions=[])),
        slack.form({"type": "block_actions"}),
        slack.form({}),
        b"payload=[]",
        b"payload=5",
        b"payloads={}",
        urllib.parse.urlencode({"payload": json.dumps(payload("dismiss", trigger_id=None))}).encode(),
    ],
)
def test_what_is_not_understood_is_refused(body: bytes) -> None:
    with pytest.raises(BadInteraction):
        buttons.read(body)


def test_a_form_of_somebody_else_is_refused() -> None:
    """Who sends the form is who opened it; its answers are those that were offered."""
    opened = Pressed("k", TEAM, "U0OTHER", CHANNEL, "1", "pull:12", Choice(12, (31,)))
    own = msgspec.structs.replace(opened, user=USER)
    values = {"category": {"category": {"selected_option": {"value": "x"}}}, "reason": {"reason": {"value": "y"}}}
    for sent in (
        view_submission(opened),
        view_submission(own, state={"values": values}),
        view_submission(own, private_metadata="{}"),
    ):
        with pytest.raises(BadInteraction):
            buttons.read(slack.form(sent))


def test_slack_tells_who_pressed_when_an_act_could_not_be_taken() -> None:
    def fail(act: object) -> None:
        raise Unavailable("Slack gave no answer")

    with client(fail, fail) as http:
        for body in (BODY, slack.form(payload("dismiss"))):
            assert http.post(endpoint.PATH, content=body, headers=slack.signed(body, SENT)).status_code == 503


def test_a_link_names_its_user_for_a_while() -> None:
    """It is good for a quarter of an hour, and for nobody who changes it or has another secret."""
    user = SlackUser(TEAM, USER)
    token = linking.token(SIGNING_SECRET, user, NOW)
    assert linking.user_of(SIGNING_SECRET, token, NOW + dt.timedelta(minutes=14)) == user
    assert linking.user_of(SIGNING_SECRET, token, NOW + dt.timedelta(minutes=15)) is None
    assert linking.user_of("another secret", token, NOW) is None
    other = linking.token(SIGNING_SECRET, SlackUser(TEAM, "U0EVE"), NOW)
    for forged in ("", "x", "ä", token[:-2], token[:40] + other[40:], other[:40] + token[40:], token + "A" * 4):
        assert linking.user_of(SIGNING_SECRET, forged, NOW) is None

"""
What people press in Slack, as typed acts. No I/O: bytes in, an act out.

https://docs.slack.dev/interactivity/handling-user-interaction
"""

from __future__ import annotations

import urllib.parse
from typing import Any, get_args

import msgspec

from bot.review.drafts import Category

SIGN, DISMISS, OPEN = "sign", "dismiss", "open"
"""What buttons do; the form that asks for a reason is sent as `dismiss`."""
CATEGORY, REASON = "category", "reason"
"""The questions of that form."""
DEFAULT_CATEGORY: Category = "other"


class BadInteraction(ValueError):
    """A request that Slack signed and that is not understood."""


class Choice(msgspec.Struct, frozen=True, array_like=True):
    """The drafts that a button is about: those that its message showed."""

    pull_request: int
    drafts: tuple[int, ...]

    @property
    def value(self) -> str:
        """As a button carries it: `12:31,32`."""
        return f"{self.pull_request}:{','.join(map(str, self.drafts))}"


class Pressed(msgspec.Struct, frozen=True):
    """Who pressed what, and where."""

    key: str
    """The same act has the same key, however often it is sent."""
    team: str
    user: str
    channel: str
    ts: str
    """The message."""
    block: str
    """The block of the message that the button stands in."""
    choice: Choice
    name: str = ""
    """As the person calls themselves."""


class Sign(msgspec.Struct, frozen=True, tag=True):
    """Somebody wants to sign drafts."""

    pressed: Pressed


class AskReason(msgspec.Struct, frozen=True, tag=True):
    """Somebody wants to dismiss drafts and is to be asked why."""

    pressed: Pressed
    trigger: str
    """Lets a form open for three seconds."""


class Dismiss(msgspec.Struct, frozen=True, tag=True):
    """Somebody said why drafts are to be dismissed."""

    pressed: Pressed
    category: Category
    reason: str


class Ignored(msgspec.Struct, frozen=True, tag=True):
    """Nothing to do: a link was followed, a form was closed."""


def choice_of(value: str) -> Choice:
    """
    What a button's value names.

    Raises:
        BadInteraction: It is none of our values.
    """
    pull_request, colon, numbers = value.partition(":")
    try:
        if not colon or not value.isascii():
            raise ValueError(value)
        return Choice(int(pull_request), tuple(int(number) for number in numbers.split(",")))
    except ValueError as exc:
        raise BadInteraction("a button's value is none of ours") from exc


def read(body: bytes) -> Sign | AskReason | Dismiss | Ignored:
    """
    Read a request whose signature is good.

    Raises:
        BadInteraction: It is not what Slack sends.
    """
    try:
        fields = urllib.parse.parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=10)
        payload: Any = msgspec.json.decode(fields["payload"][0])
        kind = payload["type"]
        if kind == "block_actions":
            return _pressed_button(payload)
        if kind == "view_submission":
            return _sent_form(payload)
        return Ignored()
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as exc:
        if isinstance(exc, BadInteraction):
            raise
        raise BadInteraction(f"not what Slack sends: {type(exc).__name__}") from exc


def _pressed_button(payload: Any) -> Sign | AskReason | Ignored:
    action = payload["actions"][0]
    if action["action_id"] not in (SIGN, DISMISS):
        return Ignored()
    ts = _text(payload["container"]["message_ts"])
    pressed = Pressed(
        key=f"{_text(payload['user']['id'])}.{ts}.{_text(action['action_ts'])}",
        team=_team(payload),
        user=_text(payload["user"]["id"]),
        channel=_text(payload["container"]["channel_id"]),
        ts=ts,
        block=_text(action["block_id"]),
        choice=choice_of(_text(action["value"])),
        name=_text(payload["user"].get("username") or payload["user"].get("name") or ""),
    )
    if action["action_id"] == SIGN:
        return Sign(pressed)
    return AskReason(pressed, _text(payload["trigger_id"]))


def _sent_form(payload: Any) -> Dismiss | Ignored:
    view = payload["view"]
    if view["callback_id"] != DISMISS:
        return Ignored()
    opened = msgspec.json.decode(view["private_metadata"], type=Pressed)
    if (opened.team, opened.user) != (_team(payload), payload["user"]["id"]):
        raise BadInteraction("a form of somebody else")
    answers = view["state"]["values"]
    category = answers[CATEGORY][CATEGORY]["selected_option"]["value"]
    if category not in get_args(Category):
        raise BadInteraction("an unknown kind of reason")
    reason = _text(answers[REASON][REASON]["value"]).strip()
    return Dismiss(msgspec.structs.replace(opened, key=_text(view["id"])), category, reason)


def _team(payload: Any) -> str:
    """The workspace of the person: in an organization of many, they have one of their own."""
    user = payload["user"]
    return _text(user.get("team_id") or payload["team"]["id"])


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadInteraction("a text is missing")
    return value

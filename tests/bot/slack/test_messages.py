"""
What Slack is told, as people read it; and that Slack would take it.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path

import msgspec
import pytest

from analyzers.findings import Severity
from bot.review.digest import concerning, digest, tally
from bot.review.drafts import Decision, PullRequest
from bot.settings import SlackChannel
from bot.slack import blocks, messages
from bot.slack.blocks import Message
from bot.slack.buttons import Choice, Pressed, choice_of
from bot.slack.messages import Card, Place
from tests.bot.slack.samples import HISTORY, HOSTILE, NOW, WAITING, draft, pull_request
from tests.conftest import Golden
from tests.doubles import slack

HERE = Path(__file__).parent
CHANNEL = SlackChannel(id="C0")
WEEK = dt.timedelta(days=7)


def page(pull: PullRequest) -> str:
    return f"https://bot.example.org/reviews/{pull.repository}/{pull.number}"


DESK = Place(page)


def written(message: Message) -> str:
    """The readable rendering and the blocks."""
    return f"{blocks.readable(message)}\n{json.dumps(msgspec.to_builtins(message), indent=1, ensure_ascii=False)}\n"


def taken(message: Message) -> Message:
    """A message that Slack's own limits let through."""
    made = msgspec.to_builtins(message.blocks)
    assert list(slack._wrong_in(list(made), slack.MOST_BLOCKS)) == []
    return message


def decisions() -> dict[int, Decision]:
    at = NOW - dt.timedelta(hours=1)
    return {
        2: Decision(2, "sign", "grace", "slack", "a" * 40, at),
        3: Decision(3, "dismiss", "ada", "web", "a" * 40, at, "accepted", "four *rows* at most"),
    }


def test_the_digest(golden: Golden) -> None:
    """What waits, worst first, and the week in numbers; reviewed text can't bring links, mentions or formatting."""
    told = digest(CHANNEL, WAITING, HISTORY, NOW - WEEK, NOW)
    golden(written(taken(messages.digest(told, DESK))), HERE / "digest.txt")


def test_the_digest_of_a_webhook(golden: Golden) -> None:
    """Without an app there are links and no buttons."""
    told = digest(CHANNEL, WAITING, HISTORY, NOW - WEEK, NOW)
    message = taken(messages.digest(told, Place(page, buttons=False)))
    assert "actions" not in {block["type"] for block in message.blocks}
    golden(blocks.readable(message), HERE / "digest_webhook.txt")


def test_a_review(golden: Golden) -> None:
    """What waits has buttons; what was decided says by whom and why."""
    drafts = (
        draft(1, severity=Severity.CRITICAL, asked=("@grace",)),
        draft(2, state="signed"),
        draft(3, state="dismissed"),
        draft(4),
    )
    card = Card(pull_request(ai=("Copilot (trailer)",)), drafts, decisions(), problem="`a.py` could not be parsed")
    golden(written(taken(messages.review(card, DESK))), HERE / "review.txt")


def test_a_closed_pull_request_has_no_buttons() -> None:
    message = taken(messages.review(Card(pull_request(is_open=False), (draft(1),)), DESK))
    assert "actions" not in {block["type"] for block in message.blocks}
    assert "The pull request is closed." in blocks.readable(message)


def test_buttons_decide_on_what_is_shown() -> None:
    """However many drafts there are, a message decides on those that stand in it."""
    drafts = tuple(draft(number) for number in range(1, 40))
    message = taken(messages.review(Card(pull_request(), drafts), DESK))
    values = [
        element["value"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == "sign"
    ]
    assert [choice_of(value).drafts for value in values] == [
        *((number,) for number in range(1, messages.MOST_DRAFTS + 1)),
        tuple(range(1, messages.MOST_DRAFTS + 1)),
    ]
    assert "and 29 more drafts" in blocks.readable(message)


@pytest.mark.parametrize("length", [1, 74, 3_000, 100_000])
def test_no_text_is_too_long_for_slack(length: int) -> None:
    """Titles, messages, paths, reasons and logins of any length are cut, never refused."""
    text = ("<&`" * length)[:length]
    pull = pull_request(title=text, author=text, ai=(text,))
    drafts = tuple(draft(number, message=text, path=text, asked=(text,)) for number in range(1, 30))
    decision = Decision(1, "dismiss", text, "slack", "", NOW, "other", text)
    signed = (msgspec.structs.replace(drafts[0], state="dismissed"), *drafts[1:])
    taken(messages.review(Card(pull, signed, {1: decision}, problem=text), DESK))
    taken(messages.told_in_thread([decision]))
    waiting = [(msgspec.structs.replace(pull, id=number, number=number), drafts) for number in range(60)]
    made = taken(messages.digest(digest(CHANNEL, waiting, HISTORY, NOW - WEEK, NOW), DESK))
    sections = [block["text"]["text"] for block in made.blocks if block["type"] == "section" and "text" in block]
    assert all(f"{number}. " in sections[0] for number in (1, 2, 3)), "what a button signs is not cut off"


def test_a_cut_leaves_no_markup_half() -> None:
    assert blocks.clipped("a <https://x|label>", 10) == "a …"
    assert blocks.clipped("ab &amp; c", 6) == "ab …"
    assert blocks.clipped("a `bcdef` g", 6).count("`") % 2 == 0
    assert blocks.clipped("abc", 3) == "abc"


def test_text_of_others_is_only_text() -> None:
    made = blocks.text(HOSTILE)
    assert not set("<>*~`\u202e\0") & set(made)
    assert blocks.prose("`a*b` is *not* `<x>`") == "`a*b` is \u2217not\u2217 `&lt;x&gt;`"
    assert blocks.link("https://x/?a=1&b=<", "a|b") == "<https://x/?a=1&amp;b=|a\u2223b>"


def test_no_secret_is_said() -> None:
    """Neither in a message's code, nor in a title, a reason or a path; and none is cut in half."""
    secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
    drafts = (draft(1, message=f"`client('{secret}')` is called once per `order`", path=f"a/{secret}.py"),)
    decision = Decision(1, "dismiss", "ada", "web", "", NOW, "other", f"the key {secret} is dead")
    pull = pull_request(title=f"Use {secret}")
    card = Card(pull, (msgspec.structs.replace(drafts[0], state="dismissed"),), {1: decision}, problem=f"{secret}?")
    told = digest(CHANNEL, [(pull, drafts)], HISTORY, NOW - WEEK, NOW)
    said = [messages.review(card, DESK), messages.digest(told, DESK), messages.told_in_thread([decision])]
    assert "sk_live" not in "".join(map(written, said))
    assert "sk_live" not in blocks.text("x " * 1990 + secret)


def test_our_own_check_refuses_what_slack_refuses() -> None:
    """Too many blocks, the same id twice, an empty text, a value that is too long."""
    button = blocks.button("Sign", "sign", "x" * 2001)
    wrong = (
        [blocks.divider()] * 51,
        [blocks.actions("a", blocks.button("A", "a")), blocks.actions("a", blocks.button("A", "a"))],
        [blocks.section("")],
        [blocks.actions("a", button)],
        [blocks.actions("a")],
        [blocks.actions("a", blocks.button("A", "a"), blocks.button("B", "a"))],
        [blocks.actions("a" * 256, blocks.button("A", "a"))],
        [blocks.actions("a", blocks.button("A", "a", url="https://x/" + "y" * 3000))],
    )
    for made in wrong:
        assert list(slack._wrong_in(list(msgspec.to_builtins(made)), slack.MOST_BLOCKS)) != []
        with pytest.raises(ValueError):
            blocks.check(made)


def test_the_form_fits() -> None:
    pressed = Pressed(
        "k" * 50, "T" * 12, "U" * 12, "C" * 12, "1.2", "pull:1", Choice(10**9, tuple(range(10**9, 10**9 + 10)))
    )
    view = messages.reason_form(pressed)
    assert list(slack._wrong_in(view["blocks"], 100)) == []
    assert len(view["private_metadata"]) < 3000
    assert msgspec.json.decode(view["private_metadata"], type=Pressed) == pressed


def test_a_digest_names_who_decided() -> None:
    """The buttons of one pull request give way to what was decided; the others stay."""
    shown = messages.digest(digest(CHANNEL, WAITING, HISTORY, NOW - WEEK, NOW), DESK).blocks
    note = messages.note_of([decisions()[2], decisions()[3]])
    assert note == "1 draft signed by *grace*, 1 draft dismissed by *ada* (four \u2217rows\u2217 at most)"
    changed = messages.decided(shown, "pull:12", note)
    assert len(changed) == len(shown)
    (at,) = (number for number, block in enumerate(shown) if changed[number] != block)
    assert shown[at]["block_id"] == "pull:12"
    assert changed[at] == blocks.context(note)


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, [2, 3, 4, 1, 5]),
        ({"severity": "critical"}, [2]),
        ({"repositories": ("acme/ap*",)}, [5]),
        ({"repositories": ("ACME/Shop",), "severity": "high"}, [2, 3, 4]),
        ({"teams": ("@acme/payments",)}, [2]),
        ({"teams": ("Grace", "acme/backend")}, [2, 1]),
        ({"repositories": ("other/*",)}, []),
    ],
)
def test_channels_are_told_what_concerns_them(settings: dict[str, object], wanted: list[int]) -> None:
    """By repository, by owners as CODEOWNERS names them, by severity; worst first."""
    channel = SlackChannel(id="C0", **settings)  # type: ignore[arg-type]
    chosen = [each.id for pull, drafts in WAITING for each in concerning(channel, pull, drafts)]
    assert chosen == wanted


def test_numbers_are_those_of_the_channel() -> None:
    """What was fixed in two pull requests counts once; what does not concern a channel does not count there."""
    everything = tally(CHANNEL, HISTORY)
    assert (everything.reviewed, everything.reviewed_ai, everything.fixed) == (3, 1, 1)
    assert (everything.introduced, everything.introduced_ai) == (5, 4)
    assert (everything.signed, everything.dismissed) == (2, 1)
    assert everything.hot_spots == (("acme/shop", "shop/orders/views.py", 3),)
    payments = tally(SlackChannel(id="C0", teams=("@acme/payments",)), HISTORY)
    assert (payments.introduced, payments.fixed, payments.signed) == (1, 0, 0)
    api = tally(SlackChannel(id="C0", repositories=("acme/api",)), HISTORY)
    assert (api.reviewed, api.introduced, api.fixed) == (1, 1, 0)


def test_silence_when_there_is_nothing_to_say() -> None:
    channel = SlackChannel(id="C0", repositories=("other/*",))
    assert digest(channel, WAITING, HISTORY, NOW - WEEK, NOW).is_quiet


def test_two_thousand_reviews_stay_quick() -> None:
    """A digest is sorted, counted and rendered in well under a second."""
    waiting = [
        (pull_request(number), tuple(draft(number * 10 + each, of=number) for each in range(5)))
        for number in range(1, 2001)
    ]
    history = msgspec.structs.replace(HISTORY, made=tuple((pull, each) for pull, drafts in waiting for each in drafts))
    start = time.perf_counter()
    message = taken(messages.digest(digest(CHANNEL, waiting, history, NOW - WEEK, NOW), DESK))
    assert time.perf_counter() - start < 1
    assert message.text == "Countersign: 10000 drafts wait for a signature"

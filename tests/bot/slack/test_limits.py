"""
Whatever pull requests, findings and people say, Slack takes the message, and only our own links are links.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.findings import Severity
from bot.review.digest import Digest, History, digest
from bot.review.drafts import CATEGORIES, Decision, Draft, PullRequest
from bot.settings import SlackChannel
from bot.slack import blocks, messages
from bot.slack.blocks import Message
from bot.slack.buttons import Choice, Pressed
from bot.slack.messages import Card, Place
from tests.bot.slack.samples import NOW, draft, pull_request
from tests.doubles import slack

DESK = "https://bot.example.org/"
WEEK = dt.timedelta(days=7)
PIECES = (
    "`",
    "<",
    ">",
    "|",
    "&",
    "*",
    "_",
    "~",
    "\n",
    "\0",
    "\ud800",
    "🧾",
    "<!channel>",
    "<https://evil|x>",
    "&amp;",
    "::",
)
WORDS = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map("".join),
    st.builds(lambda piece, count: piece * count, st.sampled_from(PIECES) | st.just("word "), st.integers(0, 2_500)),
)
PAST = st.timedeltas(dt.timedelta(), dt.timedelta(days=400))
PULLS = st.builds(
    pull_request,
    st.integers(1, 2**62),
    repository=st.builds("{}/{}".format, WORDS, WORDS),
    title=WORDS,
    author=WORDS,
    ai=st.lists(WORDS, max_size=3).map(tuple),
    is_open=st.booleans(),
)
DRAFTS = st.builds(
    draft,
    st.integers(1, 2**62),
    severity=st.sampled_from(Severity),
    message=WORDS,
    path=WORDS,
    state=st.sampled_from(["waiting", "signed", "dismissed"]),
    asked=st.lists(WORDS, max_size=4).map(tuple),
    age=PAST,
)
MANY = st.lists(DRAFTS, min_size=1, max_size=16, unique_by=lambda each: each.id).map(tuple)
MADE = st.builds(
    Decision,
    st.just(1),
    st.sampled_from(["sign", "dismiss", "edit", "undo"]),
    WORDS.filter(bool),
    st.just("slack"),
    st.just(""),
    st.just(NOW),
    st.sampled_from([*CATEGORIES, None]),
    WORDS,
)


def page(pull: PullRequest) -> str:
    return f"{DESK}reviews/{pull.number}"


PLACES = st.builds(Place, st.just(page), st.booleans())


def taken(message: Message) -> None:
    """Slack takes it, nobody is called, and no link leads anywhere but to the desk."""
    made = msgspec.json.decode(msgspec.json.encode(message.blocks))
    assert list(slack._wrong_in(made, slack.MOST_BLOCKS)) == []
    assert 0 < len(message.text) <= 4_000
    for text in (message.text, *_mrkdwn(made)):
        left = re.sub(rf"<{re.escape(DESK)}[^<>|]*\|[^<>|]+>", "", text)
        assert not set("<>") & set(left), text
    blocks.readable(message)


def _mrkdwn(made: object) -> Iterator[str]:
    """All texts in which Slack looks for markup."""
    if isinstance(made, dict):
        if made.get("type") == "mrkdwn":
            yield made["text"]
        for value in made.values():
            yield from _mrkdwn(value)
    elif isinstance(made, list):
        for each in made:
            yield from _mrkdwn(each)


@settings(max_examples=40, deadline=None)
@given(PULLS, MANY, st.lists(MADE, max_size=3), WORDS, PLACES)
def test_a_review(
    pull: PullRequest, drafts: tuple[Draft, ...], made: list[Decision], problem: str, place: Place
) -> None:
    by_draft = {each.id: decision for each, decision in zip(drafts, made, strict=False)}
    taken(messages.review(Card(pull, drafts, by_draft, problem), place))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(PULLS, MANY), max_size=14, unique_by=lambda each: each[0].id), PAST, WORDS, PLACES)
def test_a_digest(
    waiting: list[tuple[PullRequest, tuple[Draft, ...]]], ago: dt.timedelta, opening: str, place: Place
) -> None:
    told = _digest(waiting, ago)
    taken(messages.digest(told, place, opening))


def _digest(waiting: Iterable[tuple[PullRequest, tuple[Draft, ...]]], ago: dt.timedelta) -> Digest:
    """Of drafts that wait, were made and were signed, all the same."""
    waiting = list(waiting)
    each = [(pull, one) for pull, drafts in waiting for one in drafts]
    history = History((), tuple(each), tuple((pull, one, "sign") for pull, one in each))
    return digest(SlackChannel(id="C0"), waiting, history, NOW - ago, NOW)


@settings(deadline=None)
@given(st.lists(MADE, min_size=1, max_size=12))
def test_a_thread(made: list[Decision]) -> None:
    taken(messages.told_in_thread(made))


@settings(deadline=None)
@given(st.lists(MADE, min_size=1, max_size=12), MANY)
def test_a_digest_that_says_who_decided(made: list[Decision], drafts: tuple[Draft, ...]) -> None:
    shown = messages.digest(_digest([(pull_request(), drafts)], WEEK), Place(page))
    left = messages.decided(shown.blocks, "pull:12", messages.note_of(made))
    taken(Message("Countersign", left))


@given(st.integers(1, 2**62), st.integers(1, messages.MOST_DRAFTS), st.text(max_size=100))
def test_the_form(pull: int, count: int, name: str) -> None:
    """What comes back with the answers fits, whatever the ids and the name."""
    choice = Choice(pull, tuple(range(2**62, 2**62 + count)))
    view = messages.reason_form(Pressed("k" * 60, "T" * 12, "U" * 12, "C" * 12, "1.2", f"pull:{pull}", choice, name))
    assert list(slack._wrong_in(view["blocks"], slack.MOST_BLOCKS_OF_A_VIEW)) == []
    assert len(view["private_metadata"]) <= 3_000

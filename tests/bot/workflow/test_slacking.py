"""
What Slack is told when, and what becomes of what is pressed there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest

from analyzers.findings import Severity
from bot.github import repository
from bot.review.drafts import Draft, PullRequest
from bot.review.records import Dismissal
from bot.settings import Secret, SlackChannel
from bot.slack import buttons
from bot.slack.buttons import AskReason, Dismiss, Sign
from bot.slack.client import Slack as Client
from bot.slack.errors import Limited, Unavailable
from bot.storage.store import Store
from bot.workflow import slacking
from bot.workflow.service import Service, Team
from tests.bot.slack import samples
from tests.doubles.slack import CHANNEL, SIGNING_SECRET, TEAM, TOKEN, USER, Slack

NOW = samples.NOW
Serve: TypeAlias = Callable[..., Service]


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as double:
        yield double


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/countersign.sqlite3", lambda: NOW) as opened:
        yield opened


class OneClient:
    """Stands for GitHub; nothing is asked of it here but what is faked."""

    def installation(self, number: int) -> object:
        return self


@pytest.fixture
def writers(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Who may write, as GitHub says."""
    names = {"grace"}
    monkeypatch.setattr(repository, "may_write", lambda client, name, login: login in names)
    return names


@pytest.fixture
def serve(slack: Slack, store: Store, writers: set[str]) -> Serve:
    """A service that tells these channels."""

    def service(*channels: SlackChannel) -> Service:
        team = Team(Client(TOKEN, api_url=slack.api_url), channels, SIGNING_SECRET)
        nothing: Any = None
        github: Any = OneClient()
        return Service(store, github, nothing, nothing, now=lambda: NOW, commands_per_hour=3, slack=team)

    return service


def keep(store: Store, pull: PullRequest, *drafts: Draft) -> tuple[Draft, ...]:
    """Keep a pull request with exactly these drafts at its head."""
    kept = store.pull_requests.save(pull)
    store.reviews.queue(kept.id)

    def change(known: tuple[Draft, ...], dismissed: Mapping[str, Dismissal]) -> Iterator[Draft]:
        by_fingerprint = {each.fingerprint: each.id for each in known}
        for each in drafts:
            yield msgspec.structs.replace(each, id=by_fingerprint.pop(each.fingerprint, 0), head=kept.head)
        yield from (msgspec.structs.replace(each, state="gone") for each in known if each.fingerprint in by_fingerprint)

    found = store.drafts.reconcile(kept.id, kept.head, change)
    assert found is not None
    return found


ALL = SlackChannel(id=CHANNEL, messages="all")
HIGH, CRITICAL = samples.draft(1), samples.draft(2, severity=Severity.CRITICAL)


def press(service: Service, slack: Slack, action: str, message: int = -1, *, user: str = USER) -> Any:
    act = buttons.read(slack.press(slack.messages[message], action, user=user))
    assert isinstance(act, Sign | AskReason)
    return act


@pytest.mark.parametrize(
    ("digest", "zone", "now", "due"),
    [
        ("0 9 * * 1-5", "UTC", "2025-03-10T09:00:00", "2025-03-10T09:00:00"),
        ("0 9 * * 1-5", "UTC", "2025-03-10T08:59:59", "2025-03-07T09:00:00"),
        ("0 9 * * 1-5", "Europe/Berlin", "2025-03-10T08:30:00", "2025-03-10T08:00:00"),
        ("0 9 * * 1-5", "Europe/Berlin", "2025-07-10T08:30:00", "2025-07-10T07:00:00"),
        ("0 9 * * 1-5", "America/New_York", "2025-03-10T12:00:00", "2025-03-07T14:00:00"),
        ("0 9 * * 1-5", "Asia/Kolkata", "2025-03-10T03:30:00", "2025-03-10T03:30:00"),
        ("30 2 * * *", "Europe/Berlin", "2025-03-30T12:00:00", "2025-03-30T01:00:00"),  # 2:30 is left out: at 3:00
        ("30 2 * * *", "Europe/Berlin", "2025-10-26T12:00:00", "2025-10-26T00:30:00"),  # 2:30 comes twice: the first
    ],
)
def test_a_digest_is_due_in_its_time_zone(digest: str, zone: str, now: str, due: str) -> None:
    """A schedule means the clock on the wall, in summer and winter; on the day the clock changes too, once."""
    channel = SlackChannel(id="C1", digest=digest, time_zone=zone)
    assert slacking.last_due(channel, dt.datetime.fromisoformat(f"{now}+00:00")) == dt.datetime.fromisoformat(
        f"{due}+00:00"
    )


def test_a_digest_is_made_up_for_an_hour(serve: Serve) -> None:
    """A service that was down when a digest was due posts it, unless that is long ago; no schedule, no digest."""
    team = serve(SlackChannel(id="C1", digest="0 7 * * *"), ALL).slack
    assert team is not None
    due = dt.datetime(2025, 3, 10, 7, tzinfo=dt.UTC)
    found = [list(slacking.due_digests(team, due + dt.timedelta(minutes=passed))) for passed in (-1, 0, 59, 61)]
    assert found == [[], [("C1", due.isoformat())], [("C1", due.isoformat())], []]


def test_a_digest_stands_once_and_only_where_it_says_something(serve: Serve, slack: Slack, store: Store) -> None:
    keep(store, samples.pull_request(), HIGH, CRITICAL)
    quiet = SlackChannel(id="C0QUIET", repositories=("other/*",))
    by_webhook = SlackChannel(webhook=Secret(slack.webhook_url))
    service = serve(ALL, quiet, by_webhook)
    for _ in range(2):
        for channel in (ALL, quiet, by_webhook):
            slacking.tell_digest(service, channel.name, "2025-03-10")
    slacking.tell_digest(service, "C0GONE", "2025-03-10")
    assert [message.channel for message in slack.messages] == [CHANNEL, "webhook"]
    assert ["actions" in message.words for message in slack.messages] == [True, False]


def test_a_digest_that_was_cut_off_is_found_again(serve: Serve, slack: Slack, store: Store) -> None:
    """A message whose answer was lost is not posted a second time."""
    keep(store, samples.pull_request(), HIGH)
    service = serve(ALL)
    slack.fail("chat.postMessage", status=502, late=True)
    with pytest.raises(Unavailable):
        slacking.tell_digest(service, CHANNEL, "2025-03-10")
    slacking.tell_digest(service, CHANNEL, "2025-03-10")
    assert (len(slack.messages), slack.calls["chat.postMessage"]) == (1, 1)


def test_who_signs_in_a_digest_is_named_there(serve: Serve, slack: Slack, store: Store) -> None:
    """The buttons give way to what was decided, by whom and why; a second press finds nothing left."""
    first = keep(store, samples.pull_request(), HIGH, CRITICAL)
    keep(store, samples.pull_request(9, repository="acme/api"), samples.draft(3, of=9))
    service = serve(ALL)
    store.slack.link(TEAM, USER, "grace")
    slacking.tell_digest(service, CHANNEL, "2025-03-10")
    pressed = press(service, slack, "sign")
    work = slacking.obey(service, pressed)
    assert work is not None
    assert [each.state for each in store.drafts.of(first[0].pull_request)] == ["signed", "signed"]
    assert "2 drafts signed by *grace*" in slack.messages[0].words
    assert slacking.obey(service, pressed) == work
    again = msgspec.structs.replace(pressed.pressed, key="another")
    assert slacking.obey(service, Sign(again)) is None
    assert "decided on already" in slack.whispers[-1][2]
    dismissed = Dismiss(press(service, slack, "dismiss").pressed, "later", "next *week*")
    assert slacking.obey(service, dismissed) is not None
    assert (
        "1 draft dismissed by *grace* (next \N{ASTERISK OPERATOR}week\N{ASTERISK OPERATOR})" in slack.messages[0].words
    )
    assert len(store.decisions.unpublished()) == 2


def test_nothing_is_decided_for_whoever_may_not(serve: Serve, slack: Slack, store: Store, writers: set[str]) -> None:
    """Unknown people, people without access, closed and unknown pull requests, too many acts: each is told why."""
    pull = samples.pull_request()
    (draft,) = keep(store, pull, HIGH)
    service = serve(ALL)
    slacking.tell(service, draft.pull_request)
    sign = press(service, slack, "sign")

    def refused(act: Sign) -> str:
        assert slacking.obey(service, act) is None
        assert store.drafts.of(draft.pull_request)[0].state == "waiting"
        return slack.whispers[-1][2]

    assert "which GitHub account is yours" in refused(sign)
    store.slack.link(TEAM, USER, "mallory")
    assert "may not write" in refused(sign)
    store.slack.link("T0OTHER", USER, "grace")
    assert "may not write" in refused(sign)
    store.slack.link(TEAM, USER, "grace")
    unknown = msgspec.structs.replace(sign.pressed, choice=buttons.Choice(99, (1,)))
    assert "not known any more" in refused(Sign(unknown))
    store.pull_requests.save(msgspec.structs.replace(pull, is_open=False))
    assert "closed" in refused(sign)
    store.pull_requests.save(pull)
    for number in range(3):
        store.commands.mark_handled(f"slack:{number}", "grace")
    assert "many decisions" in refused(sign)


def test_another_pull_requests_drafts_are_not_decided(serve: Serve, slack: Slack, store: Store) -> None:
    """Access is asked for the repository whose drafts are decided, whatever a button says."""
    keep(store, samples.pull_request(), HIGH)
    (other,) = keep(store, samples.pull_request(9, repository="acme/secret"), samples.draft(3, of=9))
    service = serve(ALL)
    store.slack.link(TEAM, USER, "grace")
    slacking.tell(service, 1)
    forged = msgspec.structs.replace(press(service, slack, "sign").pressed, choice=buttons.Choice(1, (other.id,)))
    assert slacking.obey(service, Sign(forged)) is None
    assert store.drafts.of(other.pull_request)[0].state == "waiting"


def test_a_message_follows_its_review(serve: Serve, slack: Slack, store: Store) -> None:
    """One message: new drafts come, gone ones go, nothing is sent when nothing changed, the thread tells decisions."""
    keep(store, samples.pull_request(), HIGH)
    service = serve(ALL)
    for _ in range(2):
        slacking.tell(service, 1)
    assert (slack.calls["chat.postMessage"], slack.calls["chat.update"]) == (1, 0)
    keep(store, samples.pull_request(head="c" * 40), CRITICAL)
    slacking.tell(service, 1)
    (message,) = slack.messages
    assert (message.edits, "*critical*" in message.words, "*high*" in message.words) == (1, True, False)
    store.slack.link(TEAM, USER, "grace")
    slacking.obey(service, press(service, slack, "sign"))
    slacking.tell(service, 1)
    assert [answer.text for answer in slack.thread(message)] == ["1 draft signed by *grace*"]
    assert "signed by *grace*" in message.words
    keep(store, samples.pull_request(head="d" * 40))
    slacking.tell(service, 1)
    assert "Nothing is left to decide." in message.words


def test_which_reviews_get_a_message(serve: Serve, slack: Slack, store: Store) -> None:
    """Those with a critical draft where a channel wants these, none where it wants none; through a webhook once."""
    channels = (
        SlackChannel(id="C0CRITICAL", messages="critical"),
        SlackChannel(id="C0NONE"),
        SlackChannel(webhook=Secret(slack.webhook_url), messages="all"),
    )
    service = serve(*channels)
    keep(store, samples.pull_request(), HIGH)
    slacking.tell(service, 1)
    assert [message.channel for message in slack.messages] == ["webhook"]
    keep(store, samples.pull_request(head="c" * 40), HIGH, CRITICAL)
    slacking.tell(service, 1)
    assert [message.channel for message in slack.messages] == ["webhook", "C0CRITICAL"]


def test_a_channel_that_is_gone_leaves_the_others(serve: Serve, slack: Slack, store: Store) -> None:
    """What Slack refuses is logged, what it has no time for is tried again; a deleted message is not posted anew."""
    keep(store, samples.pull_request(), HIGH)
    service = serve(SlackChannel(id="X0", messages="all"), ALL)
    slack.fail("chat.postMessage", status=429, retry_after=5)
    with pytest.raises(Limited):
        slacking.tell(service, 1)
    slacking.tell(service, 1)
    (message,) = slack.messages
    assert message.channel == CHANNEL
    slack.messages.clear()
    keep(store, samples.pull_request(head="c" * 40), CRITICAL)
    slacking.tell(service, 1)
    assert slack.messages == []


def test_who_dismisses_is_asked_why(serve: Serve, slack: Slack, store: Store) -> None:
    keep(store, samples.pull_request(), HIGH)
    service = serve(ALL)
    slacking.tell(service, 1)
    team = service.slack
    assert team is not None
    ask = press(service, slack, "dismiss")
    slacking.ask_reason(service, team, ask)
    assert (slack.views, "which GitHub account" in slack.whispers[0][2]) == ([], True)
    store.slack.link(TEAM, USER, "grace")
    slacking.ask_reason(service, team, ask)
    act = buttons.read(slack.send_form("accepted", "four rows"))
    assert isinstance(act, Dismiss)
    assert slacking.obey(service, act) is not None
    (decision,) = store.decisions.of(1)
    assert (decision.category, decision.reason, decision.surface) == ("accepted", "four rows", "slack")

"""
Slack is told how reviews stand, and what is pressed there becomes decisions.

Whoever presses must be known at GitHub and have write access at that moment; GitHub is asked each time. A message that
is kept up to date is noted before it is posted: when the answer is lost, it is looked for before it is posted again.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator

import msgspec
import structlog
from cronsim import CronSim

from analyzers.findings import Severity
from bot.github import repository
from bot.llm.writer import Writer
from bot.review.digest import concerning, digest, facts
from bot.review.drafts import Decision, Draft, PullRequest
from bot.review.records import REVIEW, SlackMessage
from bot.settings import SlackChannel
from bot.slack import linking, messages
from bot.slack.blocks import Message
from bot.slack.buttons import AskReason, Dismiss, Pressed, Sign
from bot.slack.errors import Refused
from bot.slack.linking import SlackUser
from bot.slack.messages import Card, Place
from bot.storage.store import Store
from bot.web.linking import link_path
from bot.workflow.commanding import HOUR
from bot.workflow.delivering import Work
from bot.workflow.service import Service, Team

PERIOD = dt.timedelta(days=7)
"""What a digest tells of the past."""
LATE = dt.timedelta(hours=1)
"""A digest that could not be posted for longer than this is left out: the next one says the same."""

_log = structlog.get_logger()


# --- telling ----------------------------------------------------------------------------------------------------------


def tell(service: Service, pull_request_id: int) -> None:
    """Bring the messages about a pull request up to date, in every channel that it concerns."""
    team = service.slack
    if team is None:
        return
    pull = service.store.pull_requests.get(pull_request_id)
    drafts = [draft for draft in service.store.drafts.of(pull.id) if draft.state != "gone"]
    made = service.store.decisions.of(pull.id)
    review = service.store.reviews.find(pull.id, pull.head)
    problem = review.reason if review is not None and review.status in ("partial", "dead") else ""
    last = {decision.draft: decision for decision in made if decision.action in ("sign", "dismiss")}
    key = f"{REVIEW}{pull.id}"
    known = {message.channel: message for message in service.store.slack.find(key)}
    for channel in team.channels:
        chosen = concerning(channel, pull, drafts)
        if channel.name not in known and not _is_worth(channel, pull, chosen):
            continue
        card = Card(pull, chosen, {draft.id: last[draft.id] for draft in chosen if draft.id in last}, problem)
        message = messages.review(card, team.place(channel, service.desk_url))
        try:
            stands = _put(service.store, team, channel, key, message, told=len(made))
            _tell_thread(service.store, team, channel, stands, made, chosen)
        except Refused as exc:  # such as a channel that the app was removed from: the others are told all the same
            _log.error("a channel can't be told", channel=channel.name, pull_request=pull.id, problem=str(exc))


def tell_digest(service: Service, channel_name: str, due: str) -> None:
    """
    Post a channel's digest, unless there is nothing to say.

    Args:
        service: What to work with.
        channel_name: Which.
        due: When it was due, in ISO format; it is posted once for each such time.
    """
    team = service.slack
    channel = team.channel(channel_name) if team is not None else None
    if team is None or channel is None:
        return
    place = team.place(channel, service.desk_url)
    message = digest_of(service.store, channel, place, service.now(), writer=service.writer)
    if message is not None:
        post_digest(service.store, team, channel, due, message)


def digest_of(
    store: Store,
    channel: SlackChannel,
    place: Place,
    until: dt.datetime,
    period: dt.timedelta = PERIOD,
    writer: Writer | None = None,
) -> Message | None:
    """What a channel is told now, with a sentence or two of a writer; None where there is nothing to say."""
    waiting = ((each.pull_request, each.waiting) for each in store.pending.all() if each.waiting)
    told = digest(channel, waiting, store.digests.history(until - period), until - period, until)
    if told.is_quiet:
        return None
    return messages.digest(told, place, "" if writer is None else writer.opening(facts(told), channel.name))


def post_digest(store: Store, team: Team, channel: SlackChannel, due: str, message: Message) -> None:
    """Post a digest, unless the one that was due then stands already."""
    _put(store, team, channel, f"digest:{due}", message, once=True)


def due_digests(team: Team, now: dt.datetime) -> Iterator[tuple[str, str]]:
    """The digests that were due within the last while: (channel, when, in ISO format and UTC)."""
    for channel in team.channels:
        when = last_due(channel, now)
        if when is not None and now - when < LATE:
            yield channel.name, when.isoformat()


def last_due(channel: SlackChannel, now: dt.datetime) -> dt.datetime | None:
    """When a channel's digest was due last, UTC; None where it has no schedule."""
    if not channel.digest:
        return None
    # One second later, so that the very moment counts as past.
    local = (now + dt.timedelta(seconds=1)).astimezone(zone_of(channel))
    return next(CronSim(channel.digest, local, reverse=True)).astimezone(dt.UTC)


def zone_of(channel: SlackChannel) -> dt.tzinfo:
    """The time zone of a channel's schedule."""
    return zoneinfo.ZoneInfo(channel.time_zone)


def _is_worth(channel: SlackChannel, pull: PullRequest, drafts: tuple[Draft, ...]) -> bool:
    """Whether a review gets a message of its own."""
    waiting = [draft for draft in drafts if draft.state == "waiting"]
    if channel.messages == "critical":
        waiting = [draft for draft in waiting if draft.finding.severity is Severity.CRITICAL]
    return pull.is_open and channel.messages != "none" and bool(waiting)


def _put(
    store: Store, team: Team, channel: SlackChannel, key: str, message: Message, *, told: int = 0, once: bool = False
) -> SlackMessage:
    """
    See that a message stands in a channel.

    Args:
        store: Where it is noted.
        team: The workspace.
        channel: Where it stands.
        key: What it is about.
        message: What it says.
        told: How many decisions it tells itself when it is posted.
        once: Whether it stays as it was posted.
    """
    blocks = tuple(msgspec.to_builtins(message.blocks))
    known = next((each for each in store.slack.find(key) if each.channel == channel.name), None)
    stands = known if known is not None else store.slack.begin(channel.name, key, told)
    if stands.ts is None:
        # It was begun before and its end is not known: the answer may be lost.
        ts = _posted(team, channel, stands) if known is not None else None
        stands = msgspec.structs.replace(stands, ts=ts or team.slack.post(channel, message, key), blocks=blocks)
    elif once or channel.webhook is not None or stands.blocks == blocks:
        return stands
    else:
        try:
            team.slack.update(channel.id, stands.ts, message)
        except Refused as exc:
            if exc.code not in ("message_not_found", "cant_update_message"):
                raise
            _log.info("a message was deleted in Slack", channel=channel.name, key=key)
        stands = msgspec.structs.replace(stands, blocks=blocks)
    store.slack.set_said(stands)
    return stands


def _posted(team: Team, channel: SlackChannel, begun: SlackMessage) -> str | None:
    """The id of a message that was posted without our knowing; None when it can't be found."""
    if channel.webhook is not None:
        return None
    try:
        return team.slack.find(channel.id, begun.key, begun.begun_at - dt.timedelta(minutes=1))
    except Refused as exc:  # an app that may not read the channel says its message a second time
        _log.warning("a message could not be looked for", channel=channel.name, problem=str(exc))
        return None


def _tell_thread(
    store: Store,
    team: Team,
    channel: SlackChannel,
    stands: SlackMessage,
    made: tuple[Decision, ...],
    drafts: tuple[Draft, ...],
) -> None:
    """Tell the thread of a message what was decided since it was told last."""
    if stands.told == len(made):
        return
    concerned = {draft.id for draft in drafts}
    news = [decision for decision in made[stands.told :] if decision.draft in concerned]
    if news and stands.ts:
        team.slack.post(channel, messages.told_in_thread(news), f"{stands.key}:{len(made)}", thread=stands.ts)
    store.slack.set_said(msgspec.structs.replace(stands, told=len(made)))


# --- deciding ---------------------------------------------------------------------------------------------------------


class Links:
    """Whose account in Slack is whose at GitHub (`bot.web.linking.Links`)."""

    def __init__(self, service: Service, secret: str) -> None:
        """
        Args:
            service: Where it is kept.
            secret: Slack's signing secret, with which links are sealed.
        """
        self._service = service
        self._secret = secret

    def name(self, token: str) -> str | None:
        user = self._user(token)
        return None if user is None else f"@{user.name or user.user}"

    def link(self, token: str, login: str) -> bool:
        user = self._user(token)
        if user is None:
            return False
        self._service.store.slack.link(user.team, user.user, login)
        _log.info("linked with Slack", login=login, team=user.team, user=user.user)
        return True

    def unlink(self, login: str) -> int:
        count = self._service.store.slack.unlink(login)
        _log.info("unlinked from Slack", login=login, accounts=count)
        return count

    def _user(self, token: str) -> SlackUser | None:
        return linking.user_of(self._secret, token, self._service.now())


def ask_reason(service: Service, team: Team, act: AskReason) -> None:
    """Open the form that asks for a reason; who is not linked is told how."""
    pressed = act.pressed
    if service.store.slack.login(pressed.team, pressed.user) is None:
        _whisper_link(service, team, pressed)
        return
    team.slack.open(act.trigger, messages.reason_form(pressed))


def obey(service: Service, act: Sign | Dismiss) -> Work | None:
    """
    Decide on the drafts that somebody pressed a button for, if they may.

    Returns:
        The decisions to publish; None where nothing was decided.
    """
    team, pressed = service.slack, act.pressed
    if team is None:
        return None
    key = f"slack:{pressed.key}"
    batch = service.store.decisions.find(key)
    if batch is None:
        login = service.store.slack.login(pressed.team, pressed.user)
        if login is None:
            _whisper_link(service, team, pressed)
            return None
        made, problem = _decisions(service, act, login)
        if problem:
            _log.info("an act in Slack decides nothing", who=login, problem=problem)
            team.slack.whisper(pressed.channel, pressed.user, problem)
            return None
        batch = service.store.decisions.record(pressed.choice.pull_request, made, key)
        service.store.commands.mark_handled(key, login)
    _note_in_message(service, team, pressed, batch.decisions)
    return Work(batch.pull_request, batch=batch.id, cause=key)


def apologise(service: Service, act: Sign | Dismiss) -> None:
    """Tell somebody that what they pressed could not be done."""
    if service.slack is not None:
        service.slack.slack.whisper(act.pressed.channel, act.pressed.user, messages.FAILED)


def _decisions(service: Service, act: Sign | Dismiss, login: str) -> tuple[list[Decision], str]:
    """What somebody decides, or why they can't."""
    choice = act.pressed.choice
    try:
        pull = service.store.pull_requests.get(choice.pull_request)
    except LookupError:
        return [], messages.UNKNOWN
    if not repository.may_write(service.client(pull), pull.repository, login):
        return [], messages.NO_ACCESS
    if service.store.commands.count(login, service.now() - HOUR) >= service.commands_per_hour:
        return [], messages.TOO_MANY
    if not pull.is_open:
        return [], messages.CLOSED
    wanted = frozenset(choice.drafts)
    waiting = [draft for draft in service.store.drafts.of(pull.id) if draft.id in wanted and draft.state == "waiting"]
    now = service.now()
    match act:
        case Sign():
            made = [Decision(draft.id, "sign", login, "slack", pull.head, now) for draft in waiting]
        case Dismiss():
            made = [
                Decision(draft.id, "dismiss", login, "slack", pull.head, now, act.category, act.reason)
                for draft in waiting
            ]
    return made, "" if made else messages.NOTHING_LEFT


def _note_in_message(service: Service, team: Team, pressed: Pressed, made: tuple[Decision, ...]) -> None:
    """Have the digest in which a button was pressed say who decided; other messages follow by themselves."""
    stands = service.store.slack.at(pressed.channel, pressed.ts)
    if stands is None or not stands.key.startswith("digest:"):
        return
    blocks = messages.decided(stands.blocks, pressed.block, messages.note_of(made))
    if blocks != stands.blocks:
        team.slack.update(pressed.channel, pressed.ts, Message("Countersign", blocks))
        service.store.slack.set_said(msgspec.structs.replace(stands, blocks=tuple(msgspec.to_builtins(blocks))))


def _whisper_link(service: Service, team: Team, pressed: Pressed) -> None:
    address = ""
    if service.desk_url and team.signing_secret:
        user = SlackUser(pressed.team, pressed.user, pressed.name)
        address = service.desk_url + link_path(linking.token(team.signing_secret, user, service.now()))
    team.slack.whisper(pressed.channel, pressed.user, messages.unlinked(address))

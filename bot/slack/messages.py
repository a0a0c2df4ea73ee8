"""
What is said in Slack: pure functions from values to messages.

A button decides on the drafts that stand in its message, and on no others: who signs has seen what they sign.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

import msgspec

from analyzers.findings import Severity
from bot.review.digest import Digest, Tally, Waiting
from bot.review.drafts import CATEGORIES, Decision, Draft, PullRequest
from bot.review.wording import plural, where
from bot.slack import blocks
from bot.slack.blocks import Block, Message
from bot.slack.buttons import CATEGORY, DEFAULT_CATEGORY, DISMISS, OPEN, REASON, SIGN, Choice, Pressed

MOST_PULLS = 10
"""Pull requests of a digest that are shown with their drafts; the others are counted."""
MOST_OF_PULL = 3
"""Drafts of a pull request that a digest shows."""
MOST_DRAFTS = 10
"""Drafts that the message of a review shows."""
MOST_REASON = 1000
"""Characters of a reason."""
_MOST_OF_MESSAGE, _MOST_OF_PLACE, _MOST_OF_TITLE, _MOST_ABOUT = 450, 200, 250, 350
"""Characters in the line of a draft or of a pull request."""
_SIGNS: Mapping[Severity, str] = {
    Severity.CRITICAL: ":red_circle:",
    Severity.HIGH: ":large_orange_circle:",
    Severity.MEDIUM: ":large_yellow_circle:",
    Severity.LOW: ":large_blue_circle:",
    Severity.INFO: ":white_circle:",
}


class Card(msgspec.Struct, frozen=True):
    """A review as a channel is told of it."""

    pull_request: PullRequest
    drafts: tuple[Draft, ...]
    """Those that concern the channel and are there at the head, worst first."""
    decisions: Mapping[int, Decision] = {}
    """The last decision on each, by draft."""
    problem: str = ""
    """Why the review is partial or dead; empty for neither."""

    @property
    def waiting(self) -> tuple[Draft, ...]:
        """Drafts without a decision."""
        return tuple(draft for draft in self.drafts if draft.state == "waiting")


class Place(msgspec.Struct, frozen=True):
    """Where things are to be read, and what a channel can do."""

    page: Callable[[PullRequest], str]
    """The web page of a review."""
    buttons: bool = True
    """Whether the channel has buttons; through a webhook it has links."""


def digest(told: Digest, place: Place, opening: str = "") -> Message:
    """What waits, and what happened lately; an opening says what stands out."""
    drafts = sum(len(each.drafts) for each in told.waiting)
    title = "Nothing waits for a signature"
    if drafts:
        waits = "waits" if drafts == 1 else "wait"
        title = f"{plural(drafts, 'draft')} {waits} for a signature"
    made = [blocks.header(title)]
    if opening:
        made.append(blocks.section(blocks.text(opening)))
    for each in told.waiting[:MOST_PULLS]:
        made += _waiting(each, told.until, place)
    more = told.waiting[MOST_PULLS:]
    if more:
        left = sum(len(each.drafts) for each in more)
        made.append(blocks.context(f"and {plural(left, 'draft')} in {plural(len(more), 'more pull request')}"))
    if not told.tally.is_empty:
        made += [blocks.divider(), *_tally(told.tally, told.until - told.since)]
    return blocks.message(f"Countersign: {title.lower()}", made)


def review(card: Card, place: Place) -> Message:
    """How one review stands; the message stays and is kept up to date."""
    pull, waiting = card.pull_request, card.waiting
    name = f"{pull.repository}#{pull.number}"
    state = _state(card)
    made = [
        blocks.section(f"{_title(pull, place)}\n{state}"),
        blocks.context(_about(pull, _asked(waiting))),
    ]
    if card.problem:
        made.append(blocks.context(f":warning: {blocks.text(card.problem)}"))
    listed = card.drafts[:MOST_DRAFTS]
    can_decide = place.buttons and pull.is_open
    for draft in listed:
        decision = card.decisions.get(draft.id)
        made.append(blocks.section(f"{_line(draft)}{_fate(draft, decision)}"))
        if can_decide and draft.state == "waiting":
            choice = Choice(pull.id, (draft.id,))
            made.append(blocks.actions(f"draft:{draft.id}", *_decide(choice)))
    if len(card.drafts) > len(listed):
        made.append(blocks.context(f"and {plural(len(card.drafts) - len(listed), 'more draft')}"))
    if can_decide:
        shown = tuple(draft.id for draft in listed if draft.state == "waiting")
        every = _decide(Choice(pull.id, shown), len(shown)) if len(shown) > 1 else ()
        made.append(blocks.actions(f"pull:{pull.id}", *every, _open(place.page(pull))))
    return blocks.message(f"{blocks.text(name)}: {state}", made)


def reason_form(pressed: Pressed) -> Block:
    """The form that asks why drafts are dismissed."""
    data = msgspec.json.encode(pressed).decode()
    count = len(pressed.choice.drafts)
    questions = (
        blocks.section(f"*{plural(count, 'draft')}* will not be posted, here and in later pull requests."),
        blocks.select("What is it?", CATEGORY, CATEGORIES, DEFAULT_CATEGORY),
        blocks.text_input("Why?", REASON, MOST_REASON),
    )
    blocks.check(questions, blocks.MOST_BLOCKS_OF_A_VIEW)
    return blocks.view("Dismiss", "Dismiss", DISMISS, data, questions)


def decided(shown: Sequence[Block], block: str, note: str) -> tuple[Block, ...]:
    """
    A message in which the buttons of one block gave way to what was decided.

    Args:
        shown: The message's blocks.
        block: The id of the buttons' block.
        note: Who decided what; mrkdwn.
    """
    return tuple(blocks.context(note) if each.get("block_id") == block else each for each in shown)


def note_of(made: Sequence[Decision]) -> str:
    """Who decided what, in one line: `signed by *ada*: 2`."""
    lines = []
    for action, verb in (("sign", "signed"), ("dismiss", "dismissed"), ("edit", "edited"), ("undo", "taken back")):
        for who in dict.fromkeys(decision.who for decision in made if decision.action == action):
            of = [decision for decision in made if (decision.action, decision.who) == (action, who)]
            reasons = dict.fromkeys(decision.reason for decision in of if action == "dismiss" and decision.reason)
            why = f" ({'; '.join(map(blocks.text, reasons))})" if reasons else ""
            lines.append(f"{plural(len(of), 'draft')} {verb} by *{blocks.text(who)}*{why}")
    return ", ".join(lines)


def told_in_thread(made: Sequence[Decision]) -> Message:
    """What a thread is told when something was decided."""
    note = note_of(made)
    return blocks.message(note, [blocks.section(note)])


def unlinked(address: str) -> str:
    """
    What somebody is told whose GitHub account is not known.

    Args:
        address: The link by which they tell; empty where there is no desk to sign in at.
    """
    if not address:
        return "Nothing was decided: it is not known which GitHub account is yours. Ask whoever runs Countersign."
    told = blocks.link(address, "Sign in at GitHub")
    return f"Nothing was decided yet: {told} once, so that it is known which account is yours, then press again."


NO_ACCESS = "Nothing was decided: GitHub says that you may not write to this repository."
NOTHING_LEFT = "Nothing was decided: these drafts were decided on already, or their findings are gone."
CLOSED = "Nothing was decided: the pull request is closed."
TOO_MANY = "Nothing was decided: that were many decisions within the hour. Come back in a while, or use the desk."
FAILED = "Nothing was decided: GitHub could not be asked whether you may. Try again later."
UNKNOWN = "Nothing was decided: this review is not known any more."


def _state(card: Card) -> str:
    if not card.pull_request.is_open:
        return "The pull request is closed."
    counts = [
        (sum(draft.state == state for draft in card.drafts), said)
        for state, said in (("waiting", "waiting for a signature"), ("signed", "signed"), ("dismissed", "dismissed"))
    ]
    return ", ".join(f"{count} {said}" for count, said in counts if count) or "Nothing is left to decide."


def _waiting(each: Waiting, now: dt.datetime, place: Place) -> list[Block]:
    """A pull request of a digest."""
    pull = each.pull_request
    page = place.page(pull)
    listed = each.drafts[:MOST_OF_PULL]
    lines = [_title(pull, place), *map(_line, listed)]
    about = _about(pull, each.asked)
    lines.append(f"{about} · waiting for {_age(now - each.since)}")
    if len(each.drafts) > len(listed):
        lines[-1] += f" · and {plural(len(each.drafts) - len(listed), 'more draft')}"
    made = [blocks.section("\n".join(lines))]
    if place.buttons:
        choice = Choice(pull.id, tuple(draft.id for draft in listed))
        made.append(blocks.actions(f"pull:{pull.id}", *_decide(choice, len(listed)), _open(page)))
    return made


def _tally(tally: Tally, period: dt.timedelta) -> list[Block]:
    days = max(round(period / dt.timedelta(days=1)), 1)
    share = f"{tally.reviewed_ai} of {tally.reviewed}" if tally.reviewed else "none"
    numbers = {
        "Reviewed": plural(tally.reviewed, "pull request"),
        "AI-assisted": share
        + (f", with {tally.introduced_ai} of {tally.introduced} findings" if tally.introduced else ""),
        "Introduced": plural(tally.introduced, "finding"),
        "Fixed": plural(tally.fixed, "finding"),
        "Signed": plural(tally.signed, "draft"),
        "Dismissed": plural(tally.dismissed, "draft"),
    }
    made = [
        blocks.section(f"*The last {'day' if days == 1 else f'{days} days'}*"),
        blocks.fields([f"*{name}*\n{value}" for name, value in numbers.items()]),
    ]
    if tally.spent.calls:
        cost = f"{tally.spent.money:.2f} for {plural(tally.spent.calls, 'call')}"
        made.append(blocks.context(f"Language model: {cost}"))
    if tally.hot_spots:
        spots = [
            f"{blocks.code(path)} in {blocks.text(repository)}: {plural(count, 'finding')}"
            for repository, path, count in tally.hot_spots
        ]
        made.append(blocks.section("*Hot spots*\n" + "\n".join(spots)))
    return made


def _title(pull: PullRequest, place: Place) -> str:
    name = blocks.link(place.page(pull), f"{pull.repository}#{pull.number}")
    return f"*{name}* {blocks.clipped(blocks.text(pull.title), _MOST_OF_TITLE)}"


def _line(draft: Draft) -> str:
    """A draft in two lines."""
    finding = draft.finding
    severity = finding.severity
    # Short enough for all that a button is about to be there: a section is cut at its end.
    message = blocks.clipped(blocks.prose(finding.message), _MOST_OF_MESSAGE)
    place = blocks.clipped(blocks.code(where(finding.place)), _MOST_OF_PLACE)
    return (
        f"{_SIGNS[severity]} *{severity.name.lower()}* {draft.number}. {message}\n{place} · {blocks.text(finding.rule)}"
    )


def _fate(draft: Draft, decision: Decision | None) -> str:
    """What was decided on a draft; empty while it waits."""
    if draft.state == "waiting":
        return ""
    mark = ":white_check_mark:" if draft.state == "signed" else ":heavy_minus_sign:"
    if decision is None:
        return f"\n{mark} {draft.state}"
    why = f": {blocks.text(decision.reason)}" if decision.action == "dismiss" and decision.reason else ""
    return f"\n{mark} {draft.state} by *{blocks.text(decision.who)}*{why}"


def _about(pull: PullRequest, asked: Sequence[str]) -> str:
    told = [f"by {blocks.text(pull.author)}"]
    if pull.ai:
        told.append(f"AI-assisted: {blocks.text(', '.join(name.partition(' (')[0] for name in pull.ai))}")
    if asked:
        told.append(f"asked: {blocks.text(', '.join(asked))}")
    return blocks.clipped(" · ".join(told), _MOST_ABOUT)


def _asked(drafts: Sequence[Draft]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(owner for draft in drafts for owner in draft.asked))


def _decide(choice: Choice, count: int = 1) -> tuple[Block, Block]:
    number = f" {count}" if count > 1 else ""
    return (
        blocks.button(f"Sign{number}", SIGN, choice.value, style="primary"),
        blocks.button(f"Dismiss{number}…", DISMISS, choice.value),
    )


def _open(page: str) -> Block:
    return blocks.button("Open", OPEN, url=page)


def _age(age: dt.timedelta) -> str:
    """How long something has waited: `3 days`, `5 hours`."""
    if age >= dt.timedelta(days=2):
        return f"{age.days} days"
    hours = int(age / dt.timedelta(hours=1))
    return plural(hours, "hour") if hours else "less than an hour"

"""
What people say in comments, and the buttons that they press, becomes decisions.

Whoever says something must have write access at that moment; GitHub is asked each time. Nobody else is answered.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from analyzers import catalogue
from bot.github import comments, repository
from bot.github.client import Client
from bot.github.events import CheckRequested, CommentWritten
from bot.report import pull_request
from bot.review import markers
from bot.review.commands import Command, Dismiss, Edit, Explain, Help, Numbers, Rerun, Sign, parse
from bot.review.drafts import Action, Category, Decision, Draft, PullRequest, Surface
from bot.workflow.service import Service


class Done(msgspec.Struct, frozen=True):
    """What a person's words lead to."""

    pull_request: int
    batch: int | None = None
    """Decisions to publish."""
    rerun: bool = False
    """Whether the head is to be reviewed again."""


def obey(service: Service, event: CommentWritten) -> Done | None:
    """Carry out the commands of a comment; None where there is nothing to carry out."""
    commands = parse(event.body)
    key = f"comment:{event.comment}"
    if not commands or event.author.endswith("[bot]") or service.store.commands.is_handled(key):
        return None
    client = service.github.installation(event.installation)
    pull = _pull(service, client, event.installation, event.repository, event.number)
    if not repository.may_write(client, event.repository, event.author):
        return None
    drafts = service.store.drafts.of(pull.id)
    reader = _Reader(service, pull, drafts, event.author, "comment")
    for command in commands:
        reader.read(command)
    batch = service.store.decisions.record(pull.id, reader.decisions, key) if reader.decisions else None
    if reader.answers:
        _answer(client, event, "\n\n".join(reader.answers))
    comments.react(
        client, event.repository, event.comment, "+1" if batch or reader.rerun else "eyes", on_file=event.in_review
    )
    service.store.commands.mark_handled(key)
    return Done(pull.id, batch.id if batch is not None else None, reader.rerun)


def press(service: Service, event: CheckRequested, delivery: str) -> list[Done]:
    """Carry out a button of the check run, or a wish to run it again."""
    client = service.github.installation(event.installation)
    if event.action is not None and not repository.may_write(client, event.repository, event.who):
        return []
    numbers: Iterable[int] = event.numbers
    if not event.numbers:
        found = repository.pull_requests_of_commit(client, event.installation, event.repository, event.head)
        numbers = [pull.number for pull in found]
    done = []
    for number in numbers:
        pull = _pull(service, client, event.installation, event.repository, number)
        if event.action is None:
            done.append(Done(pull.id, rerun=True))
            continue
        reader = _Reader(service, pull, service.store.drafts.of(pull.id), event.who, "check")
        reader.read(Sign("all") if event.action == "sign-all" else Dismiss("all", "other", "dismissed on the check"))
        if reader.decisions:
            batch = service.store.decisions.record(pull.id, reader.decisions, f"delivery:{delivery}")
            done.append(Done(pull.id, batch.id))
    return done


def _pull(service: Service, client: Client, installation: int, name: str, number: int) -> PullRequest:
    known = service.store.pull_requests.find(name, number)
    if known is None:
        known = service.store.pull_requests.save(repository.pull_request(client, installation, name, number))
    return known


def _answer(client: Client, event: CommentWritten, text: str) -> None:
    """Answer once: an answer that is there already is told by its marker."""
    listed = comments.on_files if event.in_review else comments.on_pull_request
    ours = comments.ours(client, listed(client, event.repository, event.number))
    if any(markers.answer_in(comment.body) == event.comment for comment in ours):
        return
    body = pull_request.answer(text, event.comment)
    if event.in_review:
        comments.reply(client, event.repository, event.number, event.in_reply_to or event.comment, body)
    else:
        comments.write(client, event.repository, event.number, body)


class _Reader:
    """Turns commands into decisions and answers."""

    def __init__(
        self, service: Service, pull: PullRequest, drafts: tuple[Draft, ...], who: str, surface: Surface
    ) -> None:
        self.decisions: list[Decision] = []
        self.answers: list[str] = []
        self.rerun = False
        self._service = service
        self._pull = pull
        self._drafts = {draft.number: draft for draft in drafts if draft.state != "gone"}
        self._who = who
        self._surface: Surface = surface

    def read(self, command: Command) -> None:
        match command:
            case Sign():
                self._decide(command.numbers, "sign")
            case Dismiss():
                self._decide(command.numbers, "dismiss", command.category, command.reason)
            case Edit():
                self._decide((command.number,), "edit", None, command.text)
            case Explain():
                for draft in self._chosen((command.number,)):
                    rules = {rule.id: rule for rule in catalogue.load()}
                    self.answers.append(pull_request.explanation(draft, rules[draft.finding.rule]))
            case Rerun():
                self.rerun = True
            case Help():
                self.answers.append(pull_request.usage(command.problem))

    def _decide(self, numbers: Numbers, action: Action, category: Category | None = None, reason: str = "") -> None:
        now = self._service.now()
        self.decisions += [
            Decision(draft.id, action, self._who, self._surface, self._pull.head, now, category, reason)
            for draft in self._chosen(numbers)
        ]

    def _chosen(self, numbers: Numbers) -> list[Draft]:
        if numbers == "all":
            waiting = [draft for draft in self._drafts.values() if draft.state == "waiting"]
            if not waiting:
                self.answers.append("No draft waits for a decision.")
            return waiting
        missing = [number for number in numbers if number not in self._drafts]
        if missing:
            named = ", ".join(str(number) for number in missing)
            self.answers.append(f"There is no draft {named} at this head.")
        return [self._drafts[number] for number in numbers if number in self._drafts]

"""
What people say in comments, the buttons that they press and the reactions that they give become decisions.

Whoever says something must have write access at that moment; GitHub is asked each time. Nobody else is answered.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable, Iterator

import msgspec
import structlog

from analyzers import catalogue
from analyzers.catalogue import Rule
from bot.github import comments, repository
from bot.github.client import Client
from bot.github.comments import Comment
from bot.github.errors import NotFound
from bot.github.events import CheckRequested, CommentWritten
from bot.report import pull_request
from bot.review import markers
from bot.review.commands import Command, Dismiss, Edit, Explain, Help, Numbers, Rerun, Sign, Undo, parse
from bot.review.drafts import Action, Category, Decision, Draft, PullRequest, Surface
from bot.workflow import explaining
from bot.workflow.service import Service

HOUR = dt.timedelta(hours=1)
BY_REACTION: dict[str, Action] = {"+1": "sign", "-1": "dismiss"}

_log = structlog.get_logger()


class Question(msgspec.Struct, frozen=True):
    """That somebody asked what a draft means; the rule's page was answered at once."""

    draft: int
    """Its id."""
    comment: int
    """GitHub's id of the comment that asked."""
    in_review: bool
    """Whether that stands in a review thread."""


class Done(msgspec.Struct, frozen=True):
    """What a person's words lead to."""

    pull_request: int
    batch: int | None = None
    """Decisions to publish."""
    rerun: bool = False
    """Whether the head is to be reviewed again."""
    questions: tuple[Question, ...] = ()
    """What a language model may say more of."""


def obey(service: Service, event: CommentWritten) -> Done | None:
    """Carry out the commands of a comment; None where there is nothing to carry out."""
    commands = parse(event.body)
    key = f"comment:{event.comment}"
    if not commands or event.author.endswith("[bot]") or service.store.commands.is_handled(key):
        return None
    if service.store.commands.count(event.author, service.now() - HOUR) >= service.commands_per_hour:
        _log.warning("too many commands", who=event.author, repository=event.repository, number=event.number)
        return None
    client = service.github.installation(event.installation)
    if not repository.may_write(client, event.repository, event.author):
        _log.info("a command of somebody who may not write", who=event.author, repository=event.repository)
        return None
    pull = _pull(service, client, event.installation, event.repository, event.number)
    reader = _Reader(service, pull, event.author, "comment")
    for command in commands:
        reader.read(command)
    batch = reader.record(key)
    if reader.answers:
        _answer(client, event, "\n\n".join(reader.answers))
    comments.react(
        client, event.repository, event.comment, "+1" if batch or reader.rerun else "eyes", on_file=event.in_review
    )
    service.store.commands.mark_handled(key, event.author)
    questions = tuple(Question(draft, event.comment, event.in_review) for draft in reader.explained)
    return Done(pull.id, batch, reader.rerun, questions)


def elaborate(service: Service, pull_id: int, question: Question) -> None:
    """Say in our answer what a language model says of the finding; without its words the answer stays as it is."""
    pull = service.store.pull_requests.get(pull_id)
    draft = next((each for each in service.store.drafts.of(pull_id) if each.id == question.draft), None)
    told = explaining.explanation(service, pull, draft) if draft is not None else None
    if draft is None or told is None:
        return
    rule = _rule_of(draft)
    client = service.client(pull)
    for answer in _answers(client, pull.repository, pull.number, question.comment, in_review=question.in_review):
        before, after = pull_request.explanation(draft, rule), pull_request.explanation(draft, rule, told)
        body = answer.body.replace(before, after)
        if body != answer.body:
            rewrite = comments.rewrite_on_file if question.in_review else comments.rewrite
            with contextlib.suppress(NotFound):  # a person deleted it
                rewrite(client, pull.repository, answer.id, body)


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
        reader = _Reader(service, pull, event.who, "check")
        reader.read(Sign("all") if event.action == "sign-all" else Dismiss("all", "other", "dismissed on the check"))
        batch = reader.record(f"delivery:{delivery}:{number}")
        if batch is not None:
            done.append(Done(pull.id, batch))
    return done


def heed_reactions(service: Service, pull: PullRequest) -> Iterator[Done]:
    """Take the thumbs under comments that no person signed yet for decisions; the last one counts."""
    client = service.client(pull)
    for draft in service.store.drafts.of(pull.id):
        if draft.state != "waiting" or draft.comment is None:
            continue
        try:
            given = list(comments.reactions(client, pull.repository, draft.comment, on_file=True))
        except NotFound:
            continue  # a person deleted the comment
        allowed = {who: repository.may_write(client, pull.repository, who) for who in {each.who for each in given}}
        thumbs = [each for each in given if each.content in BY_REACTION and allowed[each.who]]
        if thumbs:
            last = thumbs[-1]
            reader = _Reader(service, pull, last.who, "reaction")
            reader.decide([draft], BY_REACTION[last.content])
            batch = reader.record(f"reaction:{draft.comment}:{last.who}:{last.content}")
            if batch is not None:
                yield Done(pull.id, batch)


def _pull(service: Service, client: Client, installation: int, name: str, number: int) -> PullRequest:
    known = service.store.pull_requests.find(name, number)
    if known is None:
        known = service.store.pull_requests.save(repository.pull_request(client, installation, name, number))
    return known


def _answer(client: Client, event: CommentWritten, text: str) -> None:
    """Answer once: an answer that is there already is told by its marker."""
    if any(_answers(client, event.repository, event.number, event.comment, in_review=event.in_review)):
        return
    body = pull_request.answer(text, event.comment)
    if event.in_review:
        comments.reply(client, event.repository, event.number, event.in_reply_to or event.comment, body)
    else:
        comments.write(client, event.repository, event.number, body)


def _answers(client: Client, repository: str, number: int, to: int, *, in_review: bool) -> Iterator[Comment]:
    """Our answers to the commands of a comment."""
    listed = comments.on_files if in_review else comments.on_pull_request
    ours = comments.ours(client, listed(client, repository, number))
    return (comment for comment in ours if markers.answer_in(comment.body) == to)


def _rule_of(draft: Draft) -> Rule:
    return next(rule for rule in catalogue.load() if rule.id == draft.finding.rule)


class _Reader:
    """Turns one act's commands into decisions and answers."""

    def __init__(self, service: Service, pull: PullRequest, who: str, surface: Surface) -> None:
        self.answers: list[str] = []
        self.explained: list[int] = []
        """Ids of drafts."""
        self.rerun = False
        self._decisions: list[Decision] = []
        self._problems: list[str] = []
        self._service = service
        self._pull = pull
        self._drafts = {draft.number: draft for draft in service.store.drafts.of(pull.id) if draft.state != "gone"}
        self._who = who
        self._surface: Surface = surface

    def read(self, command: Command) -> None:
        match command:
            case Sign():
                self.decide(self._chosen(command.numbers), "sign")
            case Dismiss():
                self.decide(self._chosen(command.numbers), "dismiss", command.category, command.reason)
            case Edit():
                self.decide(self._chosen((command.number,)), "edit", None, command.text)
            case Undo():
                self.decide(self._chosen(command.numbers, ("signed", "dismissed")), "undo")
            case Explain():
                for draft in self._chosen((command.number,)):
                    self.answers.append(pull_request.explanation(draft, _rule_of(draft)))
                    if self._service.writer is not None:
                        self.explained.append(draft.id)
            case Rerun():
                self.rerun = True
            case Help():
                self.answers.append(pull_request.usage(command.problem))

    def decide(
        self, drafts: Iterable[Draft], action: Action, category: Category | None = None, reason: str = ""
    ) -> None:
        """Decide on drafts."""
        now = self._service.now()
        self._decisions += [
            Decision(draft.id, action, self._who, self._surface, self._pull.head, now, category, reason)
            for draft in drafts
        ]

    def record(self, key: str) -> int | None:
        """
        Keep what was decided, once: of an act that was cut off after this, what was decided then counts.

        Returns:
            The batch; None where nothing was decided.
        """
        batch = self._service.store.decisions.find(key)
        if batch is None:
            self.answers += self._problems
            if self._decisions:
                batch = self._service.store.decisions.record(self._pull.id, self._decisions, key)
        return batch.id if batch is not None else None

    def _chosen(self, numbers: Numbers, every: tuple[str, ...] = ("waiting",)) -> list[Draft]:
        if numbers == "all":
            found = [draft for draft in self._drafts.values() if draft.state in every]
            if not found:
                self._problems.append("There is no such draft." if every != ("waiting",) else "No draft waits.")
            return found
        missing = [number for number in numbers if number not in self._drafts]
        if missing:
            named = ", ".join(str(number) for number in missing)
            self._problems.append(f"There is no draft {named} at this head.")
        return [self._drafts[number] for number in numbers if number in self._drafts]

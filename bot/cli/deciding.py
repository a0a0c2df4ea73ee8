"""
The drafts on the command line, for those who look after the service: `countersign drafts`, `sign` and `dismiss`.

They work on the service's own database. What is decided here is published by the service.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
import json
import re
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import service
from bot.cli.service import SettingsOption

if TYPE_CHECKING:
    from bot.review.drafts import Action, Category, Draft, PullRequest
    from bot.review.records import HeadReview
    from bot.settings import Settings
    from bot.storage.store import Store

_TARGET = re.compile(r"([^/\s#]+/[^/\s#]+)#(\d{1,9})")


class Listing(enum.StrEnum):
    """How drafts are listed."""

    TEXT = "text"
    JSON = "json"


class CategoryName(enum.StrEnum):
    """Why something is dismissed."""

    FALSE_POSITIVE = "false-positive"
    ACCEPTED = "accepted"
    LATER = "later"
    OTHER = "other"


TargetArgument = Annotated[str, typer.Argument(metavar="OWNER/NAME#N", help="The pull request.")]
NumbersArgument = Annotated[list[int] | None, typer.Argument(metavar="[ID]…", help="The drafts' numbers.")]
EveryOption = Annotated[bool, typer.Option("--all", help="All drafts that wait for a decision.")]
LoginOption = Annotated[
    str, typer.Option("--as", metavar="LOGIN", help="Who decides: a GitHub login with write access to the repository.")
]


def drafts(
    target: Annotated[
        str | None,
        typer.Argument(metavar="[OWNER/NAME[#N]]", help="A repository or a pull request; by default everything."),
    ] = None,
    listing: Annotated[Listing, typer.Option("--format", help="What to write.")] = Listing.TEXT,
    everything: Annotated[
        bool, typer.Option("--all", help="Decided drafts too, and those whose finding is gone.")
    ] = False,
    settings_file: SettingsOption = None,
) -> None:
    """
    List the drafts that wait for a decision, and the reviews of open pull requests that did not come to their end.
    """
    with service.store(service.read(settings_file)) as store:
        pages = [page for page in _pages(store, target) if everything or page.is_pending]
    if listing is Listing.JSON:
        document = {"pull_requests": [page.as_json(everything) for page in pages]}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        for page in pages:
            page.print(everything)


def sign(
    target: TargetArgument,
    numbers: NumbersArgument = None,
    everything: EveryOption = False,
    *,
    login: LoginOption,
    settings_file: SettingsOption = None,
) -> None:
    """
    Sign drafts: the service posts them as comments.
    """
    _decide(service.read(settings_file), target, numbers or (), everything, login, "sign")


def dismiss(
    target: TargetArgument,
    numbers: NumbersArgument = None,
    everything: EveryOption = False,
    *,
    login: LoginOption,
    reason: Annotated[str, typer.Option(help="Why; it is kept and shown.")],
    category: Annotated[CategoryName, typer.Option(help="What kind of reason.")] = CategoryName.OTHER,
    settings_file: SettingsOption = None,
) -> None:
    """
    Dismiss drafts: they are not posted, here and in later pull requests of the repository.
    """
    _decide(
        service.read(settings_file), target, numbers or (), everything, login, "dismiss", category.value, reason.strip()
    )


class _Page:
    """A pull request with its review and its drafts."""

    def __init__(self, pull_request: PullRequest, review: HeadReview | None, drafts: tuple[Draft, ...]) -> None:
        self.pull_request = pull_request
        self.review = review
        self.drafts = drafts
        self.name = f"{pull_request.repository}#{pull_request.number}"

    @property
    def is_pending(self) -> bool:
        """Whether a person has something to do."""
        stuck = self.review is not None and self.review.status in ("partial", "dead")
        return stuck or any(draft.state == "waiting" for draft in self.drafts)

    def listed(self, everything: bool) -> Iterator[Draft]:
        """The drafts to list."""
        return (draft for draft in self.drafts if everything or draft.state == "waiting")

    def as_json(self, everything: bool) -> dict[str, Any]:
        return {
            "repository": self.pull_request.repository,
            "number": self.pull_request.number,
            "title": self.pull_request.title,
            "author": self.pull_request.author,
            "head": self.pull_request.head,
            "review": self.review and {"status": self.review.status, "reason": self.review.reason},
            "drafts": [_draft_as_json(draft) for draft in self.listed(everything)],
        }

    def print(self, everything: bool) -> None:
        """Write it for a person to read."""
        typer.echo(f"{self.name}  {self.pull_request.title}")
        if self.review is not None and self.review.reason:
            typer.echo(f"  {self.review.status}: {self.review.reason}")
        for draft in self.listed(everything):
            finding = draft.finding
            state = "" if draft.state == "waiting" else f"{draft.state}, "
            typer.echo(f"  {draft.number}. {finding.message}")
            typer.echo(
                f"     {finding.place.path}:{finding.place.span.line}"
                f"  ({state}{finding.severity.name.lower()}, {finding.rule})"
            )


def _draft_as_json(draft: Draft) -> dict[str, Any]:
    finding = draft.finding
    return {
        "id": draft.number,
        "state": draft.state,
        "posted": draft.is_posted,
        "rule": finding.rule,
        "severity": finding.severity.name.lower(),
        "confidence": finding.confidence.name.lower(),
        "message": finding.message,
        "path": finding.place.path,
        "line": finding.place.span.line,
        "fingerprint": draft.fingerprint,
        "head": draft.head,
        "text": draft.text,
    }


def _pages(store: Store, target: str | None) -> Iterator[_Page]:
    if target is not None and "#" in target:
        found: Sequence[PullRequest] = [_pull_request(store, target)]
    else:
        found = store.pull_requests.open(target)
    for pull_request in found:
        review = store.reviews.find(pull_request.id, pull_request.head)
        yield _Page(pull_request, review, store.drafts.of(pull_request.id))


def _pull_request(store: Store, target: str) -> PullRequest:
    from bot.errors import UsageError

    match = _TARGET.fullmatch(target)
    if match is None:
        raise UsageError(f"{target} names no pull request; write OWNER/NAME#N")
    found = store.pull_requests.find(match[1], int(match[2]))
    if found is None:
        raise UsageError(f"{target} is not known here: the service has had no webhook of it")
    return found


def _decide(
    settings: Settings,
    target: str,
    numbers: Sequence[int],
    everything: bool,
    login: str,
    action: Action,
    category: Category | None = None,
    reason: str = "",
) -> None:
    """Take one action on some drafts, all of them or none."""
    from bot.errors import UsageError
    from bot.review.drafts import Decision

    if bool(numbers) == everything:
        raise UsageError("say which drafts: their numbers, or --all")
    login = login.removeprefix("@")
    with service.store(settings) as store:
        pull_request = _pull_request(store, target)
        chosen = _chosen(store.drafts.of(pull_request.id), numbers)
        _may_write(settings, pull_request, login)
        now = dt.datetime.now(dt.UTC)
        made = [
            Decision(draft.id, action, login, "command line", pull_request.head, now, category, reason)
            for draft in chosen
        ]
        if made:
            store.decisions.record(pull_request.id, made)
    named = ", ".join(str(draft.number) for draft in chosen) or "nothing: no draft waits for a decision"
    typer.echo(f"{target}: {'signed' if action == 'sign' else 'dismissed'} {named}")


def _chosen(known: Sequence[Draft], numbers: Sequence[int]) -> list[Draft]:
    """The drafts with these numbers; without any, those that wait."""
    from bot.errors import UsageError

    if not numbers:
        return [draft for draft in known if draft.state == "waiting"]
    here = {draft.number: draft for draft in known if draft.state != "gone"}
    missing = [str(number) for number in numbers if number not in here]
    if missing:
        raise UsageError(f"there is no draft {', '.join(missing)} at this head; nothing was decided")
    return [here[number] for number in dict.fromkeys(numbers)]


def _may_write(settings: Settings, pull_request: PullRequest, login: str) -> None:
    """
    See that somebody may decide; GitHub is asked each time.

    Raises:
        UsageError: When they have no write access.
    """
    from bot.errors import UsageError
    from bot.github import repository

    with contextlib.closing(service.github(settings)) as github:
        client = github.installation(pull_request.installation)
        if not repository.may_write(client, pull_request.repository, login):
            raise UsageError(f"{login} has no write access to {pull_request.repository}; nothing was decided")

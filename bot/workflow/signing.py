"""
The signing desk of the service: its texts come from clones, its people from GitHub, its decisions go to the workflows.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator

import structlog

from analyzers.git import Repository
from bot.github import repository
from bot.github.accounts import Accounts
from bot.github.errors import GitHubError, Unauthorized
from bot.review.drafts import PullRequest
from bot.review.records import Batch, HeadReview
from bot.web.access import NotSignedIn, Sees, Unknown
from bot.web.sessions import Session
from bot.workflow import delivering
from bot.workflow.delivering import Work
from bot.workflow.desk import File, StoredDesk, Texts, decoded
from bot.workflow.durable import Durable
from bot.workflow.service import Service

REMEMBERED = dt.timedelta(minutes=2)
"""For how long it is believed what somebody may see."""
MOST_TEXT = 32 * 1024 * 1024
"""Characters that one page quotes from; what is beyond is left out."""

_log = structlog.get_logger()


def desk(durable: Durable) -> StoredDesk:
    """The desk of a running service."""
    service = durable.service

    def publish(batch: Batch) -> None:
        for made in batch.decisions:
            _log.info("decided", who=made.who, action=made.action, draft=made.draft, pull_request=batch.pull_request)
        durable.begin(Work(batch.pull_request, batch=batch.id, cause=f"batch {batch.id}"))

    def again(pull: PullRequest, key: str) -> None:
        durable.begin(delivering.review_of(service, pull.id, key, again=True))

    return StoredDesk(service.store, lambda *wanted: texts(service, *wanted), publish, again, service.now)


def texts(service: Service, pull: PullRequest, review: HeadReview, wanted: frozenset[File]) -> Texts:
    """
    Files of a review, read from a clone.

    Raises:
        Unknown: GitHub does not give them.
    """
    if not review.merge_base or not wanted:
        return {}
    client = service.client(pull)
    paths = {path for _, path in wanted}
    try:
        commits = [review.merge_base, review.head]
        with service.checkouts.checkout(pull.clone_url, client.token, commits) as checkout:
            checkout.fetch_files(paths.__contains__)
            with Repository(checkout.git_dir) as git:
                return dict(_texts(git, review, wanted))
    except GitHubError as exc:
        _log.warning("the files of a review can't be had", pull_request=pull.id, problem=str(exc))
        raise Unknown("The files of this review cannot be had from GitHub now; come back in a minute.") from exc


def _texts(git: Repository, review: HeadReview, wanted: frozenset[File]) -> Iterator[tuple[File, str]]:
    trees = {"base": git.commit_tree(review.merge_base), "head": git.commit_tree(review.head)}
    room = MOST_TEXT
    for side, path in sorted(wanted):
        blob = trees[side].entries.get(path)
        text = decoded(trees[side].read(blob)) if blob is not None else None
        if text is not None and len(text) <= room:
            room -= len(text)
            yield (side, path), text


class AtGitHub:
    """What people may do (`bot.web.access.Access`) and who they are (`bot.web.sign_in.SignIn`), asked of GitHub."""

    def __init__(self, service: Service, accounts: Accounts) -> None:
        """
        Args:
            service: Whose installations are asked who may write.
            accounts: Where people sign in.
        """
        self._service = service
        self._accounts = accounts
        self._seen: dict[str, tuple[dt.datetime, frozenset[str]]] = {}

    def address(self, state: str, verifier: str, back: str) -> str:
        return self._accounts.address(state, verifier, back)

    def person(self, code: str, verifier: str, back: str) -> tuple[str, str]:
        try:
            token = self._accounts.token(code, verifier, back)
            return self._accounts.login(token), token
        except Unauthorized as exc:
            raise NotSignedIn from exc
        except GitHubError as exc:
            raise Unknown("GitHub does not answer now.") from exc

    def sees(self, person: Session) -> Sees:
        key = hashlib.sha256(person.token.encode()).hexdigest()
        now = self._service.now()
        self._seen = {known: seen for known, seen in self._seen.items() if now - seen[0] < REMEMBERED}
        if key not in self._seen:
            try:
                names = frozenset(name.lower() for name in self._accounts.repositories(person.token))
            except Unauthorized as exc:
                raise NotSignedIn from exc
            except GitHubError as exc:
                raise Unknown("GitHub does not say now what you may see; come back in a minute.") from exc
            self._seen[key] = now, names
        names = self._seen[key][1]
        return lambda name: name.lower() in names

    def may_decide(self, person: Session, pull: PullRequest) -> bool:
        try:
            return repository.may_write(self._service.client(pull), pull.repository, person.login)
        except GitHubError as exc:
            raise Unknown("GitHub does not say now whether you may decide; come back in a minute.") from exc

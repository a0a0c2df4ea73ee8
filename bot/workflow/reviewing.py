"""
A head becomes drafts.
"""

from __future__ import annotations

import posixpath
import tomllib
from collections.abc import Iterator, Mapping

from analyzers import paths
from analyzers.findings import Finding
from analyzers.git import Repository
from analyzers.languages import front_end_for
from bot.github import checks, repository
from bot.github.checkout import Checkout
from bot.review import provenance
from bot.review.configuration import FILE_NAME
from bot.review.drafts import Draft, PullRequest
from bot.review.reconcile import reconcile
from bot.review.records import Dismissal, Found, HeadReview
from bot.workflow.service import CHECK, Service

IN_PROGRESS = checks.Output("Reviewing", "The change is being analysed.")


def begin(service: Service, review: int, attempt: int) -> bool:
    """
    Take up a review: ask GitHub how the pull request stands, and say on it that it is being reviewed.

    Returns:
        Whether there is something to do: the pull request is open and still has this head.
    """
    this = service.store.reviews.get(review)
    if this.status == "superseded" or this.attempt != attempt:
        return False
    known = service.store.pull_requests.get(this.pull_request)
    client = service.client(known)
    told = repository.pull_request(client, known.installation, known.repository, known.number)
    commits = repository.commits(client, known.repository, known.number)
    seen = [provenance.Commit(c.id, f"{c.author} {c.login or ''}", c.message) for c in commits]
    ai = provenance.assistants(seen, author=told.author)
    pull = service.store.pull_requests.save(_with(told, ai))
    if not pull.is_open or pull.head != this.head:
        return False
    run = checks.start(
        client, pull.repository, pull.head, CHECK, _name(this), IN_PROGRESS, details_url=service.details_url or None
    )
    service.store.reviews.set_check_run(this.id, run.id)
    return service.store.reviews.set_status(this.id, "running", attempt=attempt)


def analyse(service: Service, review: int) -> bool:
    """
    Run the engine on a review's head and keep what it found.

    Returns:
        Whether it found out; if not, the review is dead and says why.
    """
    this = service.store.reviews.get(review)
    pull = service.store.pull_requests.get(this.pull_request)
    client = service.client(pull)
    base = repository.merge_base(client, pull.repository, pull.base, this.head)
    if base is None:
        service.store.reviews.set_status(this.id, "dead", "The base branch and the head have no common history.")
        return False
    service.store.reviews.set_merge_base(this.id, base)
    with service.checkouts.checkout(pull.clone_url, client.token, [base, this.head]) as checkout:
        _fetch_what_is_read(checkout, base)
        answer = service.engine.run(checkout.git_dir, base, this.head)
    if answer.found is None:
        service.store.reviews.set_status(this.id, "dead", answer.problem)
        return False
    service.store.reviews.set_found(this.id, answer.found)
    return True


def settle(service: Service, review: int, attempt: int) -> bool:
    """
    Bring the drafts of the pull request to a review's head.

    Returns:
        Whether it still has that head.
    """
    this = service.store.reviews.get(review)
    found = service.store.reviews.found(review)
    assert found is not None  # `analyse` kept it
    drafts = service.store.drafts.reconcile(
        this.pull_request, this.head, lambda known, dismissed: _brought(known, dismissed, this, found)
    )
    if drafts is None:
        return False
    problem = "; ".join(found.review.failures[:3])
    return service.store.reviews.set_status(this.id, "partial" if problem else "drafted", problem, attempt)


def bury(service: Service, review: int, attempt: int, problem: str) -> None:
    """Note that a review can't be made, and why."""
    found = service.store.reviews.found(review)
    service.store.reviews.set_status(review, "dead" if found is None else "partial", problem, attempt)


def _brought(
    known: tuple[Draft, ...], dismissed: Mapping[str, Dismissal], review: HeadReview, found: Found
) -> Iterator[Draft]:
    """The drafts as they are at a review's head."""
    not_analysed = {item.path for item in found.review.skipped}

    def was_analysed(finding: Finding) -> bool:
        return not found.review.failures and not_analysed.isdisjoint(step.place.path for step in finding.trace)

    result = reconcile(
        known,
        found.told,
        dismissed=lambda fingerprint: fingerprint in dismissed,
        mode=lambda finding: found.modes.get(finding.fingerprint, found.mode),
        was_analysed=was_analysed,
    )
    for draft, finding in (*result.stands, *result.returned):
        mode = found.modes.get(finding.fingerprint, found.mode)
        state = "waiting" if draft.state == "gone" else draft.state
        yield _draft(draft, finding=finding, head=review.head, mode=mode, state=state)
    for draft in result.gone:
        yield _draft(draft, state="gone")
    for new in result.made:
        yield Draft(
            id=0,
            pull_request=review.pull_request,
            number=new.number,
            fingerprint=new.finding.fingerprint,
            finding=new.finding,
            head=review.head,
            state=new.state,
            mode=new.mode,
        )


def _draft(draft: Draft, **changes: object) -> Draft:
    import msgspec

    return msgspec.structs.replace(draft, **changes)


def _with(pull: PullRequest, ai: tuple[str, ...]) -> PullRequest:
    import msgspec

    return msgspec.structs.replace(pull, ai=ai)


def _name(review: HeadReview) -> str:
    """What a check run is known by: its review and attempt."""
    return f"{review.pull_request}.{review.attempt}"


def _fetch_what_is_read(checkout: Checkout, base: str) -> None:
    """Get the files that the engine reads: configuration, what it names, and code."""
    checkout.fetch_files(lambda path: posixpath.basename(path) == FILE_NAME)
    named = set(_named_files(checkout, base))
    checkout.fetch_files(lambda path: path in named or (front_end_for(path) is not None and not paths.classify(path)))


def _named_files(checkout: Checkout, base: str) -> Iterator[str]:
    """The files that configuration files name. One that can't be read names none: the engine says what is wrong."""
    with Repository(checkout.git_dir) as git:
        tree = git.commit_tree(base)
        for path, blob in tree.entries.items():
            if posixpath.basename(path) == FILE_NAME:
                try:
                    document = tomllib.loads((tree.read(blob) or b"").decode())
                except (UnicodeDecodeError, tomllib.TOMLDecodeError):
                    continue
                tables = [document.get("baseline"), *(document.get("models") or ())]
                names = [table.get("file") for table in tables if isinstance(table, dict)]
                yield from (
                    posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
                    for name in names
                    if isinstance(name, str)
                )

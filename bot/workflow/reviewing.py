"""
A head becomes drafts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from analyzers.findings import Finding
from bot.github import checks, comments, repository
from bot.github.comments import Comment
from bot.review import markers, provenance
from bot.review.drafts import Category, Decision, Draft, PullRequest
from bot.review.markers import Note
from bot.review.reconcile import NewDraft, reconcile
from bot.review.records import Dismissal, Found, HeadReview
from bot.workflow import delivering, fetching, publishing
from bot.workflow.delivering import Work
from bot.workflow.service import CHECK, Service

IN_PROGRESS = checks.Output("Reviewing", "The change is being analysed.")
SUPERSEDED = checks.Output("Superseded", "The pull request has another head, which is reviewed instead.")


def begin(service: Service, review: int, attempt: int, cause: str) -> Work | None:
    """
    Take up a review: ask GitHub how the pull request stands, and say on it that it is being reviewed.

    Returns:
        This review; another one, where the pull request has a head that we were not told of; None where there is
        nothing to do.
    """
    this = service.store.reviews.get(review)
    if this.status == "superseded" or this.attempt != attempt:
        return None
    known = service.store.pull_requests.get(this.pull_request)
    client = service.client(known)
    told = repository.pull_request(client, known.installation, known.repository, known.number)
    commits = repository.commits(client, known.repository, known.number)
    seen = [provenance.Commit(c.id, f"{c.author} {c.login or ''}", c.message) for c in commits]
    ai = provenance.assistants(seen, author=told.author, body=told.description)
    pull = service.store.pull_requests.save(msgspec.structs.replace(told, ai=ai))
    if not pull.is_open:
        service.store.reviews.set_status(this.id, "superseded", "The pull request is closed.", attempt)
        return None
    if pull.head != this.head:
        return delivering.review_of(service, pull.id, cause, again=False)
    run = checks.start(
        client, pull.repository, pull.head, CHECK, _name(pull), IN_PROGRESS, details_url=service.desk_page(pull)
    )
    service.store.reviews.set_check_run(this.id, run.id)
    if not service.store.reviews.set_status(this.id, "running", attempt=attempt):
        return None
    return Work(pull.id, review=this.id, attempt=attempt, cause=cause)


def analyse(service: Service, review: int, attempt: int) -> None:
    """Run the engine on a review's head and keep what it found; or note that the review is dead, and why."""
    this = service.store.reviews.get(review)
    pull = service.store.pull_requests.get(this.pull_request)
    client = service.client(pull)
    base = repository.merge_base(client, pull.repository, pull.base, this.head)
    if base is None:
        problem = "The base branch and the head have no common history."
        service.store.reviews.set_status(this.id, "dead", problem, attempt)
        return
    service.store.reviews.set_merge_base(this.id, base)
    with service.checkouts.checkout(pull.clone_url, client.token, [base, this.head]) as checkout:
        fetching.fetch_what_is_read(checkout, base)
        answer = service.engine.run(checkout.git_dir, base, this.head)
    if answer.found is None:
        service.store.reviews.set_status(this.id, "dead", answer.problem, attempt)
    else:
        service.store.reviews.set_found(this.id, answer.found)
    if answer.suppressions is not None:
        service.store.suppressions.keep(pull.id, base, answer.suppressions)


def settle(service: Service, review: int, attempt: int) -> bool:
    """
    Bring the drafts of the pull request to a review's head.

    Returns:
        Whether it still has that head; if not, the check at the old head says so.
    """
    this = service.store.reviews.get(review)
    if this.attempt != attempt:
        return False
    pull = service.store.pull_requests.get(this.pull_request)
    if this.status == "superseded" or pull.head != this.head:
        _give_way(service, pull, this)
        return False
    found = service.store.reviews.found(review)
    if this.status == "dead" or found is None:
        return True
    if found.mistake is not None:
        wrong = found.mistake
        reason = f"The configuration at the base is not understood: {wrong.path}:{wrong.line}: {wrong.problem}"
        return service.store.reviews.set_status(this.id, "dead", reason, attempt)
    if found.is_reviewed:
        public = _public(service, pull, found)
        drafts = service.store.drafts.reconcile(
            pull.id, this.head, lambda known, dismissed: brought(known, dismissed, public, this, found)
        )
        _dismiss_again(service, pull, public, drafts or ())
    problem = "; ".join(found.review.failures[:3])
    return service.store.reviews.set_status(this.id, "partial" if problem else "drafted", problem, attempt)


def bury(service: Service, review: int, attempt: int, problem: str) -> None:
    """Note that a review can't be made, and why."""
    service.store.reviews.set_status(review, "dead", problem, attempt)


def _give_way(service: Service, pull: PullRequest, old: HeadReview) -> None:
    """Conclude the check at a head that the pull request does not have any more."""
    if old.check_run is not None:
        client = service.client(pull)
        checks.update(client, pull.repository, old.check_run, SUPERSEDED, conclusion="cancelled")


class Public(NamedTuple):
    """A comment of ours that is there, and what was last noted in its thread."""

    comment: Comment
    note: Note | None


def _public(service: Service, pull: PullRequest, found: Found) -> Mapping[str, Public]:
    """
    Our comments on findings that we know no draft of, by fingerprint: a lost database does not make them again.
    """
    known = {draft.fingerprint for draft in service.store.drafts.of(pull.id)}
    if known.issuperset(found.posted):
        return {}
    client = service.client(pull)
    ours = list(comments.ours(client, comments.on_files(client, pull.repository, pull.number)))
    noted = publishing.noted(ours)
    by_fingerprint = {markers.finding_in(comment.body): comment for comment in ours if comment.in_reply_to is None}
    return {
        fingerprint: Public(comment, noted.get(comment.id))
        for fingerprint, comment in by_fingerprint.items()
        if fingerprint is not None and fingerprint not in known
    }


def _dismiss_again(service: Service, pull: PullRequest, public: Mapping[str, Public], drafts: Iterable[Draft]) -> None:
    """Keep the dismissals that a lost database knew, as the threads of their comments tell them."""
    for draft in drafts:
        comment, note = public.get(draft.fingerprint, (None, None))
        if comment is not None and note is not None and note.kind == "dismissed":
            category = msgspec.convert(note.category or "other", Category)
            made = Decision(draft.id, "dismiss", note.who, "comment", note.head, service.now(), category)
            service.store.decisions.record(pull.id, [made], f"thread:{comment.id}:{note.head}")


def brought(
    known: tuple[Draft, ...],
    dismissed: Mapping[str, Dismissal],
    public: Mapping[str, Public],
    review: HeadReview,
    found: Found,
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
        asked = found.owners.get(finding.place.path, ())
        yield msgspec.structs.replace(draft, finding=finding, head=review.head, mode=mode, state=state, asked=asked)
    for draft in result.gone:
        yield msgspec.structs.replace(draft, state="gone")
    for new in result.made:
        asked = found.owners.get(new.finding.place.path, ())
        yield _made(new, review, public.get(new.finding.fingerprint), asked)


def _made(new: NewDraft, review: HeadReview, public: Public | None, asked: tuple[str, ...]) -> Draft:
    """A new draft; one that is public already was signed, unless its comment says otherwise."""
    comment, note = public or (None, None)
    is_signed = comment is not None and not markers.is_unsigned(comment.body) and new.state == "waiting"
    return Draft(
        id=0,
        pull_request=review.pull_request,
        number=new.number,
        fingerprint=new.finding.fingerprint,
        finding=new.finding,
        head=review.head,
        state="signed" if is_signed else new.state,
        mode=new.mode,
        comment=comment.id if comment is not None else None,
        placement="inline" if comment is not None else None,
        is_resolved=note is not None and note.resolves,
        asked=asked,
    )


def _name(pull: PullRequest) -> str:
    """What a check run is known by among those at its head, whatever becomes of our database."""
    return f"#{pull.number}"

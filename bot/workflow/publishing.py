"""
What a person signed becomes comments; threads follow their findings.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzers import catalogue
from analyzers.findings import State
from bot.github import comments, repository, reviews, threads
from bot.github.client import Client
from bot.github.errors import Refused
from bot.github.reviews import LineComment
from bot.report import Report, pull_request
from bot.review import markers
from bot.review.drafts import Draft, PullRequest
from bot.review.placement import Inline, InSummary, OnFile, Placement, place
from bot.review.records import Found
from bot.workflow.service import Service


def post(service: Service, pull_request_id: int) -> bool:
    """
    Make public what is due on a pull request: what was signed, and what the repository wants to be posted unsigned.

    What is at another head than the pull request's is not due: the review of the new head looks at it again.

    Returns:
        Whether everything that was signed is public now.
    """
    pull = service.store.pull_requests.get(pull_request_id)
    client = service.client(pull)
    current = repository.pull_request(client, pull.installation, pull.repository, pull.number)
    review = service.store.reviews.find(pull.id, pull.head)
    found = service.store.reviews.found(review.id) if review is not None else None
    drafts = service.store.drafts.of(pull.id)
    if current.head != pull.head or found is None:
        return not any(draft.state == "signed" and not draft.is_posted for draft in drafts)
    due = [draft for draft in drafts if draft.head == pull.head and _is_due(draft, pull)]
    due = _adopt(service, client, pull, due)
    if due:
        _publish(service, client, pull, found, due)
    return all(draft.is_posted for draft in service.store.drafts.of(pull.id) if draft.state == "signed")


def follow(service: Service, pull_request_id: int) -> None:
    """
    Resolve the threads of comments whose findings are gone or were dismissed, and open those again that returned.

    Only threads that we began are touched, and none in which somebody else wrote.
    """
    pull = service.store.pull_requests.get(pull_request_id)
    client = service.client(pull)
    posted = {draft.fingerprint: draft for draft in service.store.drafts.of(pull.id) if draft.comment is not None}
    wrong = [draft for draft in posted.values() if (draft.state in ("gone", "dismissed")) != draft.is_resolved]
    if not wrong:
        return
    for thread in threads.of_pull_request(client, pull.repository, pull.number):
        draft = posted.get(markers.finding_in(thread.body) or "")
        if draft is None or draft not in wrong or not thread.is_ours or thread.has_others:
            continue
        if draft.is_resolved:
            threads.unresolve(client, thread.id)
        else:
            threads.resolve(client, thread.id)
        service.store.drafts.set_resolved(draft.id, not draft.is_resolved)


def _is_due(draft: Draft, pull: PullRequest) -> bool:
    if draft.is_posted:
        return False
    unsigned = draft.state == "waiting" and draft.mode == "post-then-sign" and not pull.is_draft
    return draft.state == "signed" or unsigned


def _adopt(service: Service, client: Client, pull: PullRequest, due: Sequence[Draft]) -> list[Draft]:
    """Note those that are public already, told by their markers; the others."""
    if not due:
        return []
    listed = comments.ours(client, comments.on_files(client, pull.repository, pull.number))
    public = {markers.finding_in(comment.body): comment.id for comment in listed}
    for draft in due:
        if draft.fingerprint in public:
            service.store.drafts.set_posted(draft.id, "inline", public[draft.fingerprint])
    return [draft for draft in due if draft.fingerprint not in public]


def _publish(service: Service, client: Client, pull: PullRequest, found: Found, due: Sequence[Draft]) -> None:
    files = _Files(client, pull)
    report = Report(found.outcome, {rule.id: rule for rule in catalogue.load()}, files.lines_of)
    rank = {fingerprint: place for place, fingerprint in enumerate(found.posted)}
    inline: dict[LineComment, Draft] = {}
    on_file: list[Draft] = []
    for draft in due:
        where: Placement = InSummary(draft.finding.place.path, draft.finding.place.span.line)
        if rank.get(draft.fingerprint, 0) < found.max_inline:
            where = place(draft.finding.place, found.files, len(files.lines_of(draft.finding.place.path, "introduced")))
        match where:
            case Inline():
                body = pull_request.comment(report, draft)
                side = where.side if where.start_line is not None else None
                inline[LineComment(where.path, body, where.line, where.side, where.start_line, side)] = draft
            case OnFile():
                on_file.append(draft)
            case InSummary():
                service.store.drafts.set_posted(draft.id, "summary")
    if inline:
        posted = reviews.post(
            client, pull.repository, pull.number, pull.head, _opening(list(inline.values())), tuple(inline)
        )
        on_file += [inline[comment] for comment in posted.refused]
        _adopt(service, client, pull, [draft for comment, draft in inline.items() if comment not in posted.refused])
    for draft in on_file:
        body, path = pull_request.comment(report, draft), draft.finding.place.path
        try:
            written = comments.write_on_file(client, pull.repository, pull.number, pull.head, path, body)
        except Refused:
            service.store.drafts.set_posted(draft.id, "summary")
        else:
            service.store.drafts.set_posted(draft.id, "file", written.id)


def _opening(drafts: Sequence[Draft]) -> str:
    signed = sum(draft.state == "signed" for draft in drafts)
    if signed == len(drafts):
        return f"Signed by a person: {signed}."
    return f"Not yet signed by a person: {len(drafts) - signed}."


class _Files:
    """Files at the head, read again from GitHub before anything is said of them."""

    def __init__(self, client: Client, pull: PullRequest) -> None:
        self._client = client
        self._pull = pull
        self._lines: dict[str, list[str]] = {}

    def lines_of(self, path: str, state: State) -> list[str]:
        """The lines of a file at the head; none where there is no such file."""
        if path not in self._lines:
            file = repository.file(self._client, self._pull.repository, path, self._pull.head)
            content = file.content if file is not None else None
            self._lines[path] = content.decode("utf-8", "replace").splitlines() if content else []
        return self._lines[path]

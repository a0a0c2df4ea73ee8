"""
What a person signed becomes comments; comments and threads follow what is decided and found.

Everything may have happened before: what is public is told by its marker, and looked for first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from analyzers import catalogue
from analyzers.findings import State
from bot.github import comments, repository, reviews, threads
from bot.github.client import Client
from bot.github.comments import Comment
from bot.github.errors import NotFound, Refused, Unavailable
from bot.github.reviews import LineComment
from bot.report import Report, pull_request
from bot.review import markers
from bot.review.drafts import Draft, PullRequest
from bot.review.markers import Note
from bot.review.placement import Inline, InSummary, OnFile, Placement, place
from bot.review.records import Found
from bot.review.wording import lines_of_text
from bot.workflow.service import Service


def unpublished(service: Service, pull_request_id: int) -> list[int]:
    """The batches of decisions that GitHub does not show yet."""
    return [batch.id for batch in service.store.decisions.unpublished(pull_request_id)]


def concerned(service: Service, batches: Sequence[int]) -> list[int]:
    """The other pull requests whose drafts these batches decide on, by id: what is dismissed is so in all of them."""
    return list(service.store.decisions.elsewhere(batches))


def mark_published(service: Service, batches: Sequence[int]) -> None:
    """Note that GitHub shows what was decided."""
    for batch in batches:
        service.store.decisions.mark_published(batch)


def post(service: Service, pull_request_id: int) -> bool:
    """
    Make public what is due on a pull request: what was signed, and what the repository wants to be posted unsigned.

    What is at another head than the pull request's is not due: the review of the new head looks at it again.

    Returns:
        Whether everything that was signed is public now.
    """
    pull = service.store.pull_requests.get(pull_request_id)
    due = [draft for draft in service.store.drafts.of(pull.id) if _is_due(draft, pull)]
    if due:
        _post(service, pull, due)
    drafts = service.store.drafts.of(pull.id)
    return all(draft.is_posted for draft in drafts if draft.state == "signed")


def follow(service: Service, pull_request_id: int) -> None:
    """
    Bring comments and threads in line with what was decided and found.

    A comment that waits says so, one that is signed does not, and one that a person edited has those words. The thread
    of a comment whose finding is gone or was dismissed is resolved, with a line that says why, and opened again when
    the finding returns; only threads that we began are touched, and none in which somebody else wrote.
    """
    pull = service.store.pull_requests.get(pull_request_id)
    client = service.client(pull)
    ours = list(comments.ours(client, comments.on_files(client, pull.repository, pull.number)))
    drafts = service.store.drafts.of(pull.id)
    posted = {draft.comment: draft for draft in drafts if draft.comment is not None}
    for comment in ours:
        draft = posted.get(comment.id)
        if draft is not None and draft.state in ("waiting", "signed"):
            _reword(client, pull, comment, draft)
    wrong: dict[int, Draft | None] = {
        id_: draft for id_, draft in posted.items() if _is_over(draft) != draft.is_resolved
    }
    wrong |= dict.fromkeys(_forgotten(service, pull, drafts, ours))
    if wrong:
        _turn_threads(service, client, pull, wrong, ours)


def noted(ours: Iterable[Comment]) -> dict[int, Note]:
    """What we noted last in each thread of ours, by the comment that it starts with."""
    notes = ((comment.in_reply_to, markers.note_in(comment.body)) for comment in ours)
    return {thread: note for thread, note in notes if thread is not None and note is not None}


def _forgotten(service: Service, pull: PullRequest, drafts: Sequence[Draft], ours: Sequence[Comment]) -> Iterator[int]:
    """
    Comments on findings that are gone, and that no draft is known of because the database was lost since.

    None are while there is something at the head that was not analysed.
    """
    review = service.store.reviews.find(pull.id, pull.head)
    found = service.store.reviews.found(review.id) if review is not None and review.status == "drafted" else None
    if found is None or not found.is_reviewed or not Report(found.outcome, {}, lambda path, state: ()).is_complete:
        return
    notes = noted(ours)
    there = {draft.fingerprint for draft in drafts}
    there |= {finding.fingerprint for finding in (*found.review.introduced, *found.review.standing)}
    for comment in ours:
        fingerprint = markers.finding_in(comment.body)
        is_noted = comment.id in notes and notes[comment.id].resolves
        if fingerprint is not None and fingerprint not in there and not is_noted:
            yield comment.id


def _reword(client: Client, pull: PullRequest, comment: Comment, draft: Draft) -> None:
    body = pull_request.reworded(comment.body, draft)
    if body.strip() != comment.body.strip():
        try:
            comments.rewrite_on_file(client, pull.repository, comment.id, body)
        except NotFound:
            return  # a person deleted it just now, and so it is


def _is_over(draft: Draft) -> bool:
    return draft.state in ("gone", "dismissed")


def _turn_threads(
    service: Service, client: Client, pull: PullRequest, wrong: Mapping[int, Draft | None], ours: Sequence[Comment]
) -> None:
    """
    Resolve or reopen threads, by the comment that they start with; where no draft is known, its finding is gone.
    """
    dismissals = service.store.decisions.dismissals(pull.id)
    for thread in threads.of_pull_request(client, pull.repository, pull.number):
        if thread.comment is None or thread.comment not in wrong or not thread.is_ours or thread.has_others:
            continue
        draft = wrong[thread.comment]
        is_over = draft is None or _is_over(draft)
        if thread.is_resolved != is_over:
            dismissal = dismissals.get(draft.fingerprint) if draft is not None else None
            decision = dismissal.decision if dismissal is not None else None
            note = pull_request.note(draft, decision, pull.head) if draft is not None else pull_request.gone(pull.head)
            replies = [comment.body.strip() for comment in ours if comment.in_reply_to == thread.comment]
            if note.strip() not in replies:
                comments.reply(client, pull.repository, pull.number, thread.comment, note)
            turn = threads.resolve if is_over else threads.unresolve
            turn(client, thread.id)
        if draft is not None:
            service.store.drafts.set_resolved(draft.id, is_over)


def _is_due(draft: Draft, pull: PullRequest) -> bool:
    if draft.is_posted or draft.head != pull.head:
        return False
    unsigned = draft.state == "waiting" and draft.mode == "post-then-sign" and not pull.is_draft
    return draft.state == "signed" or unsigned


def _post(service: Service, pull: PullRequest, due: Sequence[Draft]) -> None:
    client = service.client(pull)
    current = repository.pull_request(client, pull.installation, pull.repository, pull.number)
    if current.repository != pull.repository:
        service.store.pull_requests.save(current)
        raise Unavailable(f"{pull.repository} is called {current.repository} now.")
    if current.head != pull.head:
        if current.as_of is not None and pull.as_of is not None and current.as_of < pull.as_of:
            raise Unavailable("GitHub does not know the head yet that it told us of.")
        return
    review = service.store.reviews.find(pull.id, pull.head)
    found = service.store.reviews.found(review.id) if review is not None else None
    if found is None:
        return  # it is being looked at again, and whoever does so posts
    due = _adopt(service, client, pull, due)
    if due:
        _publish(service, client, pull, found, due)


def _adopt(service: Service, client: Client, pull: PullRequest, due: Sequence[Draft]) -> list[Draft]:
    """Note those that are public already; the others."""
    listed = comments.ours(client, comments.on_files(client, pull.repository, pull.number))
    public = {markers.finding_in(comment.body): comment.id for comment in listed}
    for draft in due:
        if draft.fingerprint in public:
            service.store.drafts.set_posted(draft.id, "inline", public[draft.fingerprint])
    return [draft for draft in due if draft.fingerprint not in public]


def _publish(service: Service, client: Client, pull: PullRequest, found: Found, due: Sequence[Draft]) -> None:
    files = _Files(client, pull, found)
    report = Report(found.outcome, {rule.id: rule for rule in catalogue.load()}, files.lines_of)
    inline: dict[LineComment, Draft] = {}
    on_file: list[Draft] = []
    for draft, where in _placed(service, pull, found, files, due):
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
        opening = pull_request.opening(_signers(service, pull, inline.values()))
        refused = reviews.post(client, pull.repository, pull.number, pull.head, opening, tuple(inline))
        on_file += [inline[comment] for comment in refused]
        _adopt(service, client, pull, [draft for comment, draft in inline.items() if comment not in refused])
    for draft in on_file:
        body, path = pull_request.comment(report, draft), draft.finding.place.path
        try:
            written = comments.write_on_file(client, pull.repository, pull.number, pull.head, path, body)
        except Refused:
            service.store.drafts.set_posted(draft.id, "summary")
        else:
            service.store.drafts.set_posted(draft.id, "file", written.id)


def _placed(
    service: Service, pull: PullRequest, found: Found, files: _Files, due: Sequence[Draft]
) -> list[tuple[Draft, Placement]]:
    """
    Where each draft goes, the worst first; when the pull request has as many comments as it may have, to the summary.
    """
    rank = {fingerprint: place for place, fingerprint in enumerate(found.posted)}
    there = [draft for draft in service.store.drafts.of(pull.id) if draft.comment is not None and not _is_over(draft)]
    room = max(found.max_inline - len(there), 0)
    placed: list[tuple[Draft, Placement]] = []
    for number, draft in enumerate(sorted(due, key=lambda draft: rank.get(draft.fingerprint, len(rank)))):
        where = draft.finding.place
        if number < room:
            placed.append((draft, place(where, found.files, len(files.lines_of(where.path, "introduced")))))
        else:
            placed.append((draft, InSummary(where.path, where.span.line)))
    return placed


def _signers(service: Service, pull: PullRequest, drafts: Iterable[Draft]) -> tuple[str, ...]:
    """Who signed these drafts, sorted; nobody for those that wait."""
    signed = {draft.id for draft in drafts if draft.state == "signed"}
    last = {made.draft: made.who for made in service.store.decisions.of(pull.id) if made.action == "sign"}
    return tuple(sorted({last[id_] for id_ in signed if id_ in last}))


class _Files:
    """Files at the head, read again from GitHub before anything is said of them."""

    def __init__(self, client: Client, pull: PullRequest, found: Found) -> None:
        self._client = client
        self._pull = pull
        self._analysed = found.blobs
        self._lines: dict[str, list[str]] = {}

    def lines_of(self, path: str, state: State) -> list[str]:
        """
        The lines of a file at the head; none where GitHub does not show it.

        Raises:
            Unavailable: It is not the file that was analysed, so that nothing can be said of its lines.
        """
        if path not in self._lines:
            file = repository.file(self._client, self._pull.repository, path, self._pull.head)
            if file is not None and file.blob != self._analysed.get(path, file.blob):
                raise Unavailable(f"GitHub's answer for {path} at {self._pull.head} is not the file that was analysed.")
            content = file.content if file is not None else None
            self._lines[path] = lines_of_text(content.decode("utf-8", "replace")) if content else []
        return self._lines[path]

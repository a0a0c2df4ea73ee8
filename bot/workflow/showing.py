"""
The summary comment and the check run say how things stand.
"""

from __future__ import annotations

from analyzers import catalogue
from bot.github import checks, comments
from bot.github.client import Client
from bot.github.errors import NotFound
from bot.report import Report, pull_request
from bot.report.pull_request import Page
from bot.review import markers, verdict
from bot.review.drafts import Draft, PullRequest
from bot.review.records import UNFINISHED, Found, HeadReview
from bot.workflow import explaining
from bot.workflow.service import Service

BUTTONS = (
    checks.Button("sign-all", "Sign all", "Post every draft that waits"),
    checks.Button("dismiss-all", "Dismiss all", "Post none of the drafts that wait"),
)


LONGEST_TITLE = 200
"""Characters of a check's title; what is cut off stands in its text."""


def show(service: Service, pull_request_id: int, problem: str = "") -> None:
    """
    Bring the summary comment and the check run of a pull request's present head up to date.

    Args:
        service: What to work with.
        pull_request_id: Ours.
        problem: What kept comments from being posted; empty for nothing.
    """
    pull = service.store.pull_requests.get(pull_request_id)
    review = service.store.reviews.find(pull.id, pull.head)
    if review is None or review.status in UNFINISHED or review.check_run is None:
        return
    found = service.store.reviews.found(review.id) or Found()
    drafts = service.store.drafts.of(pull.id)
    client = service.client(pull)
    risk = explaining.shown(service.store, review, found, drafts)
    page = page_at(pull, review, found, drafts, risk, problem)
    _show_summary(service, client, pull, page)
    notes = pull_request.annotate(page.report, [draft for draft in drafts if draft.is_posted])
    if found.mistake is not None:
        notes = (pull_request.mistake(found.mistake), *notes)
    checks.update(
        client,
        pull.repository,
        review.check_run,
        checks.Output(_cut(page.verdict.title), pull_request.check(page)),
        conclusion=page.verdict.conclusion,
        buttons=BUTTONS if page.waiting else (),
        annotations=[checks.Annotation(n.path, n.start_line, n.end_line, n.level, n.title, n.message) for n in notes],
    )


def _cut(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def page_at(
    pull: PullRequest, review: HeadReview, found: Found, drafts: tuple[Draft, ...], risk: str, problem: str = ""
) -> Page:
    """What the pull request itself says of a review: no more than may be public."""
    rules = {rule.id: rule for rule in catalogue.load()}
    report = Report(found.outcome, rules, lines_of=lambda path, state: ())
    if review.status == "dead" or (review.status == "partial" and not _hides(drafts)):
        problem = review.reason
    elif review.status == "partial":
        problem = "Part of the change could not be analysed"
    elif found.mode == "off":
        problem = "Reviews are switched off by the repository's configuration"
    asked = [owner for draft in drafts if draft.state == "waiting" for owner in draft.asked]
    return Page(
        report=report,
        drafts=drafts,
        verdict=verdict.judge(found, drafts, is_complete=report.is_complete, problem=problem),
        risk=risk,
        link=f"{pull.repository_url}/blob/{pull.head}/",
        asked=tuple(dict.fromkeys(asked)),
        ai=pull.ai,
        problem=problem,
    )


def _hides(drafts: tuple[Draft, ...]) -> bool:
    """Whether something waits that is not public, so that nothing may name a file or a function."""
    return any(draft.state == "waiting" and not draft.is_posted for draft in drafts)


def _show_summary(service: Service, client: Client, pull: PullRequest, page: Page) -> None:
    """Edit the one comment; it is made when there is something to say, and never on a draft pull request."""
    text = pull_request.summary(page)
    known = pull.summary_comment or _summary_on(client, pull)
    if known is not None:
        try:
            comments.rewrite(client, pull.repository, known, text)
        except NotFound:
            if _summary_on(client, pull) == known:
                raise
            known = None  # somebody deleted it
    if known is None and page.drafts and not pull.is_draft:
        known = comments.write(client, pull.repository, pull.number, text).id
    if known != pull.summary_comment:
        service.store.pull_requests.set_summary_comment(pull.id, known)


def _summary_on(client: Client, pull: PullRequest) -> int | None:
    """GitHub's id of the summary comment that is there; None when there is none."""
    listed = comments.ours(client, comments.on_pull_request(client, pull.repository, pull.number))
    return next((comment.id for comment in listed if markers.is_summary(comment.body)), None)

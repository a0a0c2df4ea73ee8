"""
Reviews and their comments, refused where GitHub refuses them: off the diff of the head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.doubles import refusals
from tests.doubles.diff import FileDiff, Side
from tests.doubles.refusals import Refusal
from tests.doubles.rest.call import BODY_LIMIT, Answer, Call, Handler, Listing, check_length
from tests.doubles.rest.issues import check_author
from tests.doubles.world import PullRequest, Review, ReviewComment, Thread, by_id, now

_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


@dataclass(frozen=True)
class Place:
    """Where a comment goes."""

    path: str
    side: Side = "RIGHT"
    line: int | None = None
    """None: on the file as a whole."""
    start_side: Side | None = None
    start_line: int | None = None


class OffTheDiff(Exception):
    """The field at fault, and in GitHub's words what is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}")
        self.field, self.problem = field, problem


def placed(pull: PullRequest, commit: str, wanted: dict[str, Any]) -> Place:
    """
    Where GitHub puts a comment.

    Raises:
        OffTheDiff: the place is not shown in the diff from the merge base to that commit.
    """
    file = next((file for file in pull.diff(commit) if file.path == wanted["path"]), None)
    if file is None:
        raise OffTheDiff("path", "could not be resolved")
    if wanted.get("subject_type") == "file":
        return Place(file.path)
    side, line = _anchor(file, wanted)
    start_line = wanted.get("start_line")
    if start_line is None:
        return Place(file.path, side, line)
    start_side: Side = wanted.get("start_side", side)
    at, start = file.place(side, line), file.place(start_side, start_line)
    if start is None or at is None or start[0] != at[0]:
        raise OffTheDiff("start_line", "must be part of the same hunk as the line.")
    if start[1] >= at[1]:
        raise OffTheDiff("start_line", "must precede the end line.")
    return Place(file.path, side, line, start_side, start_line)


def _anchor(file: FileDiff, wanted: dict[str, Any]) -> tuple[Side, int]:
    if wanted.get("line") is not None:
        side: Side = wanted.get("side", "RIGHT")
        if file.place(side, wanted["line"]) is None:
            raise OffTheDiff("line", "must be part of the diff")
        return side, wanted["line"]
    found = file.at_position(wanted["position"]) if wanted.get("position") else None
    if found is None:
        raise OffTheDiff("position", "is invalid")
    return found


def _commit(pull: PullRequest, asked: str | None) -> str:
    """
    Raises:
        Refusal: it is no commit of this pull request.
    """
    git = pull.repository.git
    if asked in {None, pull.head_sha}:
        return pull.head_sha
    known = git.find(str(asked))
    if known is None or known not in {commit.sha for commit in git.commits(pull.base_sha, pull.head_sha)}:
        raise refusals.validation_failed("PullRequestReview", "commit_id", "commit_id is not part of the pull request")
    return known


def _add(call: Call, review: Review, body: str, place: Place, thread: Thread | None = None) -> ReviewComment:
    pull = review.pull
    if thread is None:
        thread = Thread(call.world.next_id(), pull)
        pull.threads.append(thread)
    comment = ReviewComment(
        id=call.world.next_id(),
        user=call.caller.account,
        body=body,
        by_app=call.by_app,
        pull=pull,
        review=review,
        thread=thread,
        path=place.path,
        commit=review.commit if not thread.comments else thread.root.commit,
        base=pull.base_sha if not thread.comments else thread.root.base,
        subject="line" if place.line else "file",
        side=place.side,
        line=place.line,
        start_side=place.start_side,
        start_line=place.start_line,
    )
    thread.comments.append(comment)
    review.comments.append(comment)
    return comment


def _submit(call: Call, review: Review, event: str) -> None:
    """Make a review public."""
    pull = review.pull
    if event in {"APPROVE", "REQUEST_CHANGES"} and pull.user is review.user:
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise refusals.unprocessable(f"Can not {verb} your own pull request")
    if event == "REQUEST_CHANGES" and not review.body:
        raise refusals.unprocessable("Body can't be blank")
    if event == "COMMENT" and not review.body and not review.comments:
        raise refusals.unprocessable("Body can't be blank")
    review.state, review.submitted_at = _STATES[event], now()  # type: ignore[assignment]
    shape = call.shapes.pull(pull, full=False)
    call.tell("pull_request_review", "submitted", review=_lower(call.shapes.review(review)), pull_request=shape)
    for comment in review.comments:
        _tell(call, comment, "created")


def _lower(review: dict[str, Any]) -> dict[str, Any]:
    """Webhooks write a review's state in small letters."""
    return {**review, "state": review["state"].lower()}


def _tell(call: Call, comment: ReviewComment, action: str, **parts: Any) -> None:
    pull = call.shapes.pull(comment.pull, full=False)
    shape = call.shapes.review_comment(comment)
    call.tell("pull_request_review_comment", action, comment=shape, pull_request=pull, **parts)


def create_review(call: Call) -> Answer:
    """All comments or none; without an event it waits for its author."""
    pull, body = call.pull, call.body or {}
    commit = _commit(pull, body.get("commit_id"))
    text = body.get("body") or ""
    if len(text) > BODY_LIMIT:
        raise refusals.unprocessable(f"Body is too long (maximum is {BODY_LIMIT} characters)")
    if any(review.state == "PENDING" and review.user is call.caller.account for review in pull.reviews):
        raise refusals.unprocessable("User can only have one pending review per pull request")
    places, problems = [], []
    for wanted in body.get("comments", ()):
        try:
            places.append((placed(pull, commit, wanted), check_length("PullRequestReviewComment", wanted["body"])))
        except OffTheDiff as problem:
            problems.append(_sentence(problem))
    if problems:
        raise refusals.unprocessable(*problems)
    review = Review(call.world.next_id(), pull, call.caller.account, text, "PENDING", commit)
    threads = list(pull.threads)
    for place, comment in places:
        _add(call, review, comment, place)
    if "event" in body:
        try:
            _submit(call, review, body["event"])
        except Refusal:
            pull.threads = threads
            raise
    pull.reviews.append(review)
    return Answer(call.shapes.review(review))


def _sentence(problem: OffTheDiff) -> str:
    """How a review's refusal names what the refusal of a single comment names by field."""
    if problem.field == "path":
        return "Path could not be resolved"
    if problem.field == "position":
        return "Position is invalid"
    name = problem.field.replace("_", " ")
    blank = " and Pull request review thread diff hunk can't be blank" if problem.field == "line" else ""
    return f"Pull request review thread {name} {problem.problem}{blank}"


def _review(call: Call) -> Review:
    """A pending review is for its author only."""
    found = by_id(call.pull.reviews, call.path["review_id"])
    if found is None or (found.state == "PENDING" and found.user is not call.caller.account):
        raise refusals.not_found()
    return found


def submit_review(call: Call) -> Answer:
    review = _review(call)
    if review.state != "PENDING":
        raise refusals.unprocessable("Could not submit a review that is not pending")
    review.body = call.body.get("body", review.body)
    _submit(call, review, call.body["event"])
    return Answer(call.shapes.review(review))


def delete_pending_review(call: Call) -> Answer:
    review = _review(call)
    if review.state != "PENDING":
        raise refusals.unprocessable("Can not delete a non-pending pull request review")
    shape = call.shapes.review(review)
    review.pull.reviews.remove(review)
    review.pull.threads = [thread for thread in review.pull.threads if thread.root not in review.comments]
    return Answer(shape)


def get_review(call: Call) -> Answer:
    return Answer(call.shapes.review(_review(call)))


def list_reviews(call: Call) -> Listing:
    mine = [review for review in call.pull.reviews if review.state != "PENDING" or review.user is call.caller.account]
    return Listing(mine, call.shapes.review)


def list_review_comments(call: Call) -> Listing:
    """Within a review the comments carry no lines, only positions."""

    def shape(comment: ReviewComment) -> dict[str, Any]:
        shown = call.shapes.review_comment(comment)
        lines = {"line", "original_line", "start_line", "original_start_line", "side", "start_side", "subject_type"}
        return {key: value for key, value in shown.items() if key not in lines}

    return Listing(_review(call).comments, shape)


def create_comment(call: Call) -> Answer:
    pull, body = call.pull, call.body
    text = check_length("PullRequestReviewComment", body["body"])
    if "in_reply_to" in body:
        return _reply(call, pull, body["in_reply_to"], text)
    commit = _commit(pull, body["commit_id"])
    try:
        place = placed(pull, commit, body)
    except OffTheDiff as problem:
        field = f"pull_request_review_thread.{problem.field}"
        raise refusals.validation_failed("PullRequestReviewComment", field, f"{field} {problem.problem}") from problem
    return _single(call, pull, commit, text, place, None)


def _single(call: Call, pull: PullRequest, commit: str, text: str, place: Place, thread: Thread | None) -> Answer:
    """A comment alone is a review of one comment."""
    review = Review(call.world.next_id(), pull, call.caller.account, "", "PENDING", commit)
    comment = _add(call, review, text, place, thread)
    pull.reviews.append(review)
    _submit(call, review, "COMMENT")
    return Answer(call.shapes.review_comment(comment), 201)


def _reply(call: Call, pull: PullRequest, identity: int, text: str) -> Answer:
    """Replies go to the first comment of a thread, as GitHub has it."""
    thread = next((thread for thread in pull.threads if any(each.id == identity for each in thread.comments)), None)
    if thread is None:
        raise refusals.not_found()
    root = thread.root
    place = Place(root.path, root.side, root.line, root.start_side, root.start_line)
    return _single(call, pull, root.commit, text, place, thread)


def create_reply(call: Call) -> Answer:
    text = check_length("PullRequestReviewComment", call.body["body"])
    return _reply(call, call.pull, call.path["comment_id"], text)


def find_comment(call: Call) -> ReviewComment:
    every = (comment for pull in call.repository.pulls.values() for comment in pull.review_comments)
    found = by_id(every, call.path["comment_id"])
    if found is None:
        raise refusals.not_found()
    return found


def list_comments(call: Call) -> Listing:
    comments = [each for each in call.pull.review_comments if each.updated_at >= call.query.get("since", "")]
    if call.query.get("direction") == "desc" and "sort" in call.query:
        comments.reverse()
    return Listing(comments, call.shapes.review_comment)


def get_comment(call: Call) -> Answer:
    return Answer(call.shapes.review_comment(find_comment(call)))


def update_comment(call: Call) -> Answer:
    comment = find_comment(call)
    check_author(call, comment)
    before, comment.body = comment.body, check_length("PullRequestReviewComment", call.body["body"])
    comment.updated_at = now()
    _tell(call, comment, "edited", changes={"body": {"from": before}})
    return Answer(call.shapes.review_comment(comment))


def delete_comment(call: Call) -> Answer:
    comment = find_comment(call)
    check_author(call, comment)
    _tell(call, comment, "deleted")
    comment.thread.comments.remove(comment)
    comment.review.comments.remove(comment)
    if not comment.thread.comments:
        comment.pull.threads.remove(comment.thread)
    return Answer(None, 204)


HANDLERS: dict[str, Handler] = {
    "pulls/create-reply-for-review-comment": create_reply,
    "pulls/create-review": create_review,
    "pulls/create-review-comment": create_comment,
    "pulls/delete-pending-review": delete_pending_review,
    "pulls/delete-review-comment": delete_comment,
    "pulls/get-review": get_review,
    "pulls/get-review-comment": get_comment,
    "pulls/list-comments-for-review": list_review_comments,
    "pulls/list-review-comments": list_comments,
    "pulls/list-reviews": list_reviews,
    "pulls/submit-review": submit_review,
    "pulls/update-review-comment": update_comment,
}

"""
A pull request as an issue, and the comments on it as a whole.
"""

from __future__ import annotations

from tests.doubles import refusals
from tests.doubles.rest.call import Answer, Call, Handler, Listing, check_length
from tests.doubles.world import WRITERS, Account, Comment, IssueComment, PullRequest, by_id, now


def find(call: Call) -> IssueComment:
    every = (comment for pull in call.repository.pulls.values() for comment in pull.comments)
    found = by_id(every, call.path["comment_id"])
    if found is None:
        raise refusals.not_found()
    return found


def check_author(call: Call, comment: Comment) -> None:
    """
    Raises:
        Refusal: it is somebody else's, and the caller may not write to the repository.
    """
    mine = comment.user is call.caller.account
    if not mine and (call.by_app or call.repository.permission(call.caller.account) not in WRITERS):
        raise refusals.forbidden()


def add(call: Call, pull: PullRequest, user: Account, body: str) -> IssueComment:
    comment = IssueComment(id=call.world.next_id(), user=user, body=body, pull=pull, by_app=call.by_app)
    pull.comments.append(comment)
    call.tell("issue_comment", "created", issue=call.shapes.issue(pull), comment=call.shapes.issue_comment(comment))
    return comment


def get(call: Call) -> Answer:
    return Answer(call.shapes.issue(call.pull))


def create_comment(call: Call) -> Answer:
    body = check_length("IssueComment", call.body["body"])
    return Answer(call.shapes.issue_comment(add(call, call.pull, call.caller.account, body)), 201)


def list_comments(call: Call) -> Listing:
    since = call.query.get("since", "")
    return Listing([each for each in call.pull.comments if each.updated_at >= since], call.shapes.issue_comment)


def get_comment(call: Call) -> Answer:
    return Answer(call.shapes.issue_comment(find(call)))


def update_comment(call: Call) -> Answer:
    comment = find(call)
    check_author(call, comment)
    before, comment.body = comment.body, check_length("IssueComment", call.body["body"])
    comment.updated_at = now()
    shape, issue = call.shapes.issue_comment(comment), call.shapes.issue(comment.pull)
    call.tell("issue_comment", "edited", issue=issue, comment=shape, changes={"body": {"from": before}})
    return Answer(shape)


def delete_comment(call: Call) -> Answer:
    comment = find(call)
    check_author(call, comment)
    comment.pull.comments.remove(comment)
    issue = call.shapes.issue(comment.pull)
    call.tell("issue_comment", "deleted", issue=issue, comment=call.shapes.issue_comment(comment))
    return Answer(None, 204)


HANDLERS: dict[str, Handler] = {
    "issues/create-comment": create_comment,
    "issues/delete-comment": delete_comment,
    "issues/get": get,
    "issues/get-comment": get_comment,
    "issues/list-comments": list_comments,
    "issues/update-comment": update_comment,
}

"""
Reactions to comments of both kinds.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.doubles import refusals
from tests.doubles.rest import issues, reviews
from tests.doubles.rest.call import Answer, Call, Handler, Listing
from tests.doubles.world import Comment, Reaction, by_id

Find = Callable[[Call], Comment]


def create(find: Find) -> Handler:
    """The same reaction of the same person is there once: 200 where it already was."""

    def handler(call: Call) -> Answer:
        comment, content = find(call), call.body["content"]
        for reaction in comment.reactions:
            if reaction.user is call.caller.account and reaction.content == content:
                return Answer(call.shapes.reaction(reaction))
        reaction = Reaction(call.world.next_id(), call.caller.account, content)
        comment.reactions.append(reaction)
        return Answer(call.shapes.reaction(reaction), 201)

    return handler


def list_(find: Find) -> Handler:
    def handler(call: Call) -> Listing:
        content = call.query.get("content")
        reactions = [reaction for reaction in find(call).reactions if content in {None, reaction.content}]
        return Listing(reactions, call.shapes.reaction)

    return handler


def delete(find: Find) -> Handler:
    def handler(call: Call) -> Answer:
        comment = find(call)
        reaction = by_id(comment.reactions, call.path["reaction_id"])
        if reaction is None:
            raise refusals.not_found()
        if reaction.user is not call.caller.account:
            raise refusals.forbidden()
        comment.reactions.remove(reaction)
        return Answer(None, 204)

    return handler


HANDLERS: dict[str, Handler] = {
    "reactions/create-for-issue-comment": create(issues.find),
    "reactions/create-for-pull-request-review-comment": create(reviews.find_comment),
    "reactions/delete-for-issue-comment": delete(issues.find),
    "reactions/delete-for-pull-request-comment": delete(reviews.find_comment),
    "reactions/list-for-issue-comment": list_(issues.find),
    "reactions/list-for-pull-request-review-comment": list_(reviews.find_comment),
}

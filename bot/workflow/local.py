"""
The desk on one's own machine: a change that was just reviewed, its drafts, and a stand-in for GitHub that keeps what
would be posted.
"""

from __future__ import annotations

import datetime as dt

from analyzers.change import Change, Tree
from bot.review.drafts import Draft, PullRequest
from bot.review.placement import Inline, OnFile, place
from bot.review.records import Batch, Found, HeadReview, Suppressions
from bot.review.wording import lines_of_text
from bot.storage.store import Store
from bot.workflow import reviewing
from bot.workflow.desk import File, StoredDesk, Texts, decoded


def desk(
    store: Store, change: Change, found: Found, suppressions: Suppressions, repository: str, title: str, author: str
) -> StoredDesk:
    """
    A desk for one change.

    Args:
        store: An empty one.
        change: Its trees are read for as long as the desk is used.
        found: What the engine found in it.
        suppressions: What its base suppresses.
        repository: What the repository is called, `owner/name`.
        title: What the change is called.
        author: Whose it is.
    """
    told = PullRequest(
        id=0,
        installation=0,
        repository=repository,
        number=1,
        clone_url="",
        title=title,
        author=author,
        head=change.head.name,
        head_repository=repository,
        base_ref=change.base.name,
        base=change.base.name,
    )
    pull = store.pull_requests.save(told)
    review = store.reviews.queue(pull.id)
    store.reviews.set_merge_base(review.id, change.base.name)
    store.reviews.set_found(review.id, found)
    store.suppressions.keep(pull.id, change.base.name, suppressions)
    store.drafts.reconcile(
        pull.id, pull.head, lambda known, dismissed: reviewing.brought(known, dismissed, {}, review, found)
    )
    problem = "; ".join(found.review.failures)
    store.reviews.set_status(review.id, "partial" if problem else "drafted", problem)

    def texts(pull: PullRequest, review: HeadReview, wanted: frozenset[File]) -> Texts:
        read = ((file, _text(change.base if file[0] == "base" else change.head, file[1])) for file in wanted)
        return {file: text for file, text in read if text is not None}

    def publish(batch: Batch) -> None:
        _post(store, change.head, found, store.drafts.of(batch.pull_request))
        store.decisions.mark_published(batch.id)

    def again(pull: PullRequest, key: str) -> None:
        """The same trees give the same findings."""

    return StoredDesk(store, texts, publish, again, lambda: dt.datetime.now(dt.UTC))


def _post(store: Store, head: Tree, found: Found, drafts: tuple[Draft, ...]) -> None:
    """Note of what is signed where GitHub would show it."""
    room = found.max_inline - sum(draft.placement in ("inline", "file") for draft in drafts)
    for draft in drafts:
        if draft.state != "signed" or draft.is_posted:
            continue
        where = draft.finding.place
        match place(where, found.files, len(lines_of_text(_text(head, where.path) or ""))) if room > 0 else None:
            case Inline():
                store.drafts.set_posted(draft.id, "inline")
            case OnFile():
                store.drafts.set_posted(draft.id, "file")
            case _:
                store.drafts.set_posted(draft.id, "summary")
        room -= 1


def _text(tree: Tree, path: str) -> str | None:
    blob = tree.entries.get(path)
    return None if blob is None else decoded(tree.read(blob))

"""
The vocabulary of what waits for a person: pull requests, drafts, decisions.

A *draft* is a comment that is not public yet. It belongs to one finding of one pull request, by the finding's
fingerprint, for as long as the pull request lives: pushes move it, they don't make another one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

import msgspec

from analyzers.findings import Finding

DraftState = Literal["waiting", "signed", "dismissed", "gone"]
"""
`waiting` for a decision; `signed`: to be posted, or posted; `dismissed`: never to be posted; `gone`: its finding is not
at the head any more (it waits again, or stands signed or dismissed as before, when the finding returns).
"""
Action = Literal["sign", "dismiss", "edit", "undo"]
Surface = Literal["comment", "check", "reaction", "command line", "web", "slack"]
Category = Literal["false-positive", "accepted", "later", "other"]
"""Why a draft was dismissed; said as `dismiss 2 false-positive: reason`."""
CATEGORIES: Mapping[str, str] = {
    "false-positive": "It is not true",
    "accepted": "It is true, and accepted",
    "later": "It is true, and for later",
    "other": "Another reason",
}
"""Every `Category` in words, for forms."""
Mode = Literal["sign-first", "post-then-sign", "off"]
"""Whether a person signs before a comment is public, after it, or nothing is reviewed."""


class PullRequest(msgspec.Struct, frozen=True):
    """A pull request as the service knows it."""

    id: int
    """Ours."""
    installation: int
    repository: str
    """`owner/name`."""
    number: int
    clone_url: str
    title: str
    author: str
    head: str
    """Commit."""
    head_repository: str
    """`owner/name`; another than `repository` for a fork."""
    base_ref: str
    base: str
    """Commit at the tip of the base branch when GitHub last told; reviews start from the merge base."""
    is_draft: bool = False
    is_open: bool = True
    ai: tuple[str, ...] = ()
    """AI assistants that had a hand in it, with how that is known; empty for none."""
    summary_comment: int | None = None
    """GitHub's id of the one comment that is edited in place."""
    repository_id: int | None = None
    """GitHub's, which survives a new name."""
    as_of: dt.datetime | None = None
    """GitHub's time of what is told here; UTC."""
    description: str = ""
    """What its author wrote, where GitHub just told it; it is not kept."""

    @property
    def repository_url(self) -> str:
        """The web address of its repository, without a slash at its end; empty on one's own machine."""
        return self.clone_url.removesuffix(".git")


class Draft(msgspec.Struct, frozen=True):
    """A comment for one finding, public once it is posted."""

    id: int
    pull_request: int
    number: int
    """As people name it in commands; the same for the life of the pull request, starting from 1."""
    fingerprint: str
    finding: Finding
    """As found at `head`."""
    head: str
    """The last head at which the finding was there."""
    state: DraftState = "waiting"
    mode: Mode = "sign-first"
    text: str | None = None
    """What a person wrote instead of the rendered comment."""
    comment: int | None = None
    """GitHub's id of the posted review comment."""
    placement: Literal["inline", "file", "summary"] | None = None
    """Where it was posted."""
    is_resolved: bool = False
    """Whether we resolved its thread."""
    asked: tuple[str, ...] = ()
    """Who owns its file at the base, as CODEOWNERS names them: who is asked to sign."""
    made_at: dt.datetime | None = None
    """When it was made; UTC. None while it is not kept."""

    @property
    def is_posted(self) -> bool:
        """Whether it is public."""
        return self.placement is not None


class Decision(msgspec.Struct, frozen=True):
    """What a person said of a draft, at one head."""

    draft: int
    action: Action
    who: str
    """GitHub login."""
    surface: Surface
    head: str
    at: dt.datetime
    """UTC."""
    category: Category | None = None
    reason: str = ""
    """Why; of an edit, the new text."""

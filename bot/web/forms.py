"""
Decisions as forms bring them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import cast, get_args

import msgspec

from bot.review.drafts import Action, Category, Decision, Draft, PullRequest

LONGEST_TEXT = 60_000
"""Characters of a comment; GitHub takes 65,536."""
LONGEST_REASON = 2_000


class BadForm(Exception):
    """What a form asks for cannot be; says why, for a person."""


class Form(msgspec.Struct, frozen=True):
    """A form's fields, all of them texts."""

    fields: Mapping[str, Sequence[str]]

    def __getitem__(self, name: str) -> str:
        """A field's value, without blanks around it; empty where there is none."""
        return next(iter(self.fields.get(name, ())), "").strip()


def decisions(
    form: Form, pull: PullRequest, drafts: Sequence[Draft], who: str, now: dt.datetime
) -> tuple[Decision, ...]:
    """
    What a form decides.

    Args:
        form: `action` is one of `sign`, `dismiss`, `edit`, `edit-and-sign`, `undo`; `draft` is a number, or `all` for
            those that wait. Of a dismissal `category` and `reason` are read, of an edit `text`.
        pull: The pull request.
        drafts: All of it.
        who: Decides.
        now: UTC.

    Raises:
        BadForm: It asks for something else.
    """
    verbs: Sequence[Action]
    match form["action"]:
        case "sign" | "dismiss" | "undo" | "edit" as verb:
            verbs = (verb,)
        case "edit-and-sign":
            verbs = ("edit", "sign")
        case _:
            raise BadForm("This is nothing that can be done with a draft.")
    chosen = _chosen(form["draft"], drafts, also_gone=verbs == ("undo",))
    category: Category | None = None
    reason = ""
    if "dismiss" in verbs:
        category, reason = _reason(form)
    text = form["text"].replace("\r\n", "\n")
    if "edit" in verbs and not 0 < len(text) <= LONGEST_TEXT:
        raise BadForm(f"A comment has some text, and at most {LONGEST_TEXT:,} characters.")
    return tuple(
        Decision(draft.id, verb, who, "web", pull.head, now, category, text if verb == "edit" else reason)
        for draft in chosen
        for verb in verbs
    )


def _chosen(named: str, drafts: Sequence[Draft], *, also_gone: bool) -> Sequence[Draft]:
    """The drafts that a form means; what was said of one whose finding is gone can only be taken back."""
    if named == "all":
        return [draft for draft in drafts if draft.state == "waiting"]
    found = [draft for draft in drafts if str(draft.number) == named and (also_gone or draft.state != "gone")]
    if not found:
        raise BadForm("There is no such draft at this head.")
    return found


def _reason(form: Form) -> tuple[Category, str]:
    category, reason = form["category"], form["reason"]
    if category not in get_args(Category):
        raise BadForm("A dismissal says what kind of reason it has.")
    if not 0 < len(reason) <= LONGEST_REASON:
        raise BadForm(f"A dismissal says why, in at most {LONGEST_REASON:,} characters.")
    return cast(Category, category), reason

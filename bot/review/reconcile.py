"""
What a new head means for the drafts of a pull request.

A draft belongs to a fingerprint for the life of the pull request: it keeps its number, its words and what a person said
of it, whatever is pushed. What a person dismissed stays dismissed, in later pull requests too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from analyzers.findings import Finding
from bot.review.drafts import Draft, DraftState, Mode


class NewDraft(msgspec.Struct, frozen=True):
    """A draft to be made."""

    number: int
    finding: Finding
    state: DraftState
    mode: Mode


class Reconciled(msgspec.Struct, frozen=True):
    """What is to be kept in the drafts of a pull request; each part in the order of the findings or of the numbers."""

    made: tuple[NewDraft, ...] = ()
    """For findings that were never told on this pull request."""
    stands: tuple[tuple[Draft, Finding], ...] = ()
    """Still there, perhaps somewhere else."""
    returned: tuple[tuple[Draft, Finding], ...] = ()
    """Gone at an earlier head, and there again."""
    gone: tuple[Draft, ...] = ()
    """Proven to be gone at this head."""
    unproven: tuple[Draft, ...] = ()
    """Not found at this head, but what could show them was not analysed: they stay as they are."""


def reconcile(
    drafts: Sequence[Draft],
    findings: Iterable[Finding],
    *,
    dismissed: Callable[[str], bool],
    mode: Callable[[Finding], Mode],
    was_analysed: Callable[[Finding], bool],
) -> Reconciled:
    """
    Hold the drafts of a pull request against the findings at its new head.

    Args:
        drafts: All of them.
        findings: Those that are to be told, worst first; a finding with the mode `off` is not.
        dismissed: Whether a fingerprint was dismissed in this repository.
        mode: How a finding is published.
        was_analysed: Whether this review would have seen a finding again if it were still there.
    """
    known: Mapping[str, Draft] = {draft.fingerprint: draft for draft in drafts}
    number = max((draft.number for draft in drafts), default=0)
    made, stands, returned, seen = [], [], [], set()
    for finding in findings:
        how = mode(finding)
        if how == "off" or finding.fingerprint in seen:
            continue
        seen.add(finding.fingerprint)
        draft = known.get(finding.fingerprint)
        if draft is None:
            number += 1
            state: DraftState = "dismissed" if dismissed(finding.fingerprint) else "waiting"
            made.append(NewDraft(number, finding, state, how))
        elif draft.state == "gone":
            returned.append((draft, finding))
        else:
            stands.append((draft, finding))
    missing = [draft for draft in drafts if draft.fingerprint not in seen and draft.state != "gone"]
    return Reconciled(
        made=tuple(made),
        stands=tuple(stands),
        returned=tuple(returned),
        gone=tuple(draft for draft in missing if was_analysed(draft.finding)),
        unproven=tuple(draft for draft in missing if not was_analysed(draft.finding)),
    )

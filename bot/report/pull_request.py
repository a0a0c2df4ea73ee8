"""
What a pull request shows of a review: its summary comment, its check run, its answers to commands.

Before a draft is signed nothing of it is public but its number, severity and rule: no file, no code, no annotation.
What could name either (entry points, files that were not analysed) is told once no draft waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from analyzers.catalogue import Rule
from analyzers.findings import Finding, Severity
from bot.report import Report, markdown
from bot.review import markers
from bot.review.commands import VERBS
from bot.review.drafts import Decision, Draft
from bot.review.explain import Told
from bot.review.markers import Note
from bot.review.records import Mistake
from bot.review.verdict import Verdict
from bot.review.wording import visible

EXPLAINED = ("What happens", "Why it hurts in production", "When it stays silent")
"""Sections of a rule's page that answer `explain`."""
UNSIGNED = (
    "> **Not signed by a person yet.** Who may write here signs with 👍 or `/countersign sign`, "
    "and dismisses with 👎 or `/countersign dismiss`."
)
MOST_ROWS = 10
"""Rows of each list of the summary: it stays on one screen."""
MOST_ROWS_OF_CHECK = 200
ANNOTATION_LEVELS: Mapping[Severity, Literal["notice", "warning", "failure"]] = {
    Severity.INFO: "notice",
    Severity.LOW: "notice",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "warning",
    Severity.CRITICAL: "failure",
}


class Page(msgspec.Struct, frozen=True):
    """What is known of a review when it is shown."""

    report: Report
    drafts: tuple[Draft, ...]
    """All of the pull request, by number."""
    verdict: Verdict
    link: str = ""
    """`https://github.com/owner/name/blob/<head>/`, to which a path is added."""
    asked: tuple[str, ...] = ()
    """Who is asked to sign, as CODEOWNERS names them."""
    ai: tuple[str, ...] = ()
    """AI assistants that had a hand in the change."""
    problem: str = ""
    """What kept the review from being made, or its comments from being posted; one sentence."""
    risk: str = ""
    """The risk summary, shown once no draft waits; empty for none."""

    @property
    def waiting(self) -> tuple[Draft, ...]:
        """Drafts without a decision."""
        return tuple(draft for draft in self.drafts if draft.state == "waiting")

    @property
    def unsigned(self) -> tuple[Draft, ...]:
        """Drafts without a decision that are public all the same, because the repository wants it so."""
        return tuple(draft for draft in self.waiting if draft.is_posted)

    @property
    def listed(self) -> tuple[Draft, ...]:
        """Public drafts that stand in the summary because they could stand nowhere else."""
        return tuple(draft for draft in self._public if draft.placement == "summary")

    @property
    def told(self) -> int:
        """Public drafts that stand as comments of their own."""
        return len(self._public) - len(self.listed)

    @property
    def _public(self) -> tuple[Draft, ...]:
        return tuple(draft for draft in self.drafts if draft.is_posted and draft.state in ("waiting", "signed"))

    @property
    def hides(self) -> bool:
        """Whether something waits that is not public."""
        return any(not draft.is_posted for draft in self.waiting)


class Annotation(msgspec.Struct, frozen=True):
    """A note of a check run at lines of the head."""

    path: str
    start_line: int
    end_line: int
    level: Literal["notice", "warning", "failure"]
    title: str
    message: str


def summary(page: Page) -> str:
    """The one comment that is edited in place."""
    return _page(page, markers.SUMMARY, MOST_ROWS, is_comment=True)


def check(page: Page) -> str:
    """The text of the check run."""
    return _page(page, "", MOST_ROWS_OF_CHECK, is_comment=False)


def _page(page: Page, marker: str, most: int, *, is_comment: bool) -> str:
    return markdown.filled(
        "pull_request.md.j2", page=page, report=page.report, marker=marker, comment=is_comment, most=most
    )


def comment(report: Report, draft: Draft) -> str:
    """The comment of one draft: what a person wrote, or what is rendered, with its marker; unsigned until it is."""
    text = markdown.inline(report, draft.finding) if draft.text is None else _edited(draft, draft.text)
    return markers.unsigned(text, UNSIGNED) if draft.state == "waiting" else text


def opening(signers: Sequence[str]) -> str:
    """What a review says above its comments."""
    if not signers:
        return "Not signed by a person yet."
    return f"Signed by {markdown.prose(', '.join(signers))}."


def reworded(body: str, draft: Draft) -> str:
    """
    The comment of a draft, given how it stands there now: what is said of signatures and what a person wrote hold,
    what was rendered stays as it was, because its places are those of the head at which it was posted.
    """
    text = markers.signed(body) if draft.text is None else _edited(draft, draft.text)
    return markers.unsigned(text, UNSIGNED) if draft.state == "waiting" else text


def _edited(draft: Draft, text: str) -> str:
    return f"{text}\n\n{markers.of_finding(draft.fingerprint)}\n"


def note(draft: Draft, dismissal: Decision | None, head: str) -> str:
    """What is added to a thread when it is resolved, or opened again, at a head."""
    if draft.state == "gone":
        return gone(head)
    if draft.state != "dismissed":
        return f"This is so again at {head}.\n\n{markers.of_note(Note('back', head))}\n"
    why, marker = "Dismissed", Note("dismissed", head)
    if dismissal is not None:
        marker = Note("dismissed", head, dismissal.who, dismissal.category or "other")
        reason = f": {markdown.prose(dismissal.reason)}" if dismissal.reason else ""
        why += f" by {markdown.prose(dismissal.who)} ({dismissal.category or 'other'}){reason}"
    return f"{why}.\n\n{markers.of_note(marker)}\n"


def gone(head: str) -> str:
    """What is added to a thread when its finding is not found any more."""
    return f"Fixed: not found any more at {head}.\n\n{markers.of_note(Note('gone', head))}\n"


def annotate(report: Report, drafts: Sequence[Draft]) -> tuple[Annotation, ...]:
    """Annotations for the signed drafts that are there at this head, by number."""
    signed = [draft for draft in drafts if draft.state == "signed"]
    return tuple(_annotation(report, draft.finding) for draft in signed)


def _annotation(report: Report, finding: Finding) -> Annotation:
    span = finding.place.span
    return Annotation(
        finding.place.path,
        span.line,
        max(span.line, span.end_line),
        ANNOTATION_LEVELS[finding.severity],
        report.title(finding),
        visible(f"{finding.message}\n\n{finding.advice}".strip()),
    )


def mistake(of: Mistake) -> Annotation:
    """The annotation of what is wrong with the configuration."""
    return Annotation(of.path, of.line, of.line, "warning", "Not understood", visible(of.problem))


def answer(text: str, to: int) -> str:
    """An answer to the command in a comment."""
    return f"{text.strip()}\n\n{markers.of_answer(to)}\n"


def usage(problem: str = "") -> str:
    """What can be told, after what was not understood."""
    lines = [f"- `/countersign {verb}`: {how}" for verb, how in VERBS.items()]
    return "\n".join([*([markdown.prose(problem), ""] if problem else []), *lines])


def explanation(draft: Draft, rule: Rule, told: Told | None = None) -> str:
    """
    What a draft means, for `explain`.

    Args:
        draft: The draft.
        rule: Its rule, whose page names no file and no code of the repository.
        told: What a model says of the finding itself; None while that is not public.
    """
    sections = [f"**{heading}.** {body.strip()}" for heading, body in rule.sections if heading in EXPLAINED]
    here = [] if told is None else [f"**Here.** {markdown.prose(' '.join((told.words, told.question)).strip())}"]
    return "\n\n".join([f"**Draft {draft.number}: {markdown.prose(rule.title)}** · `{rule.id}`", *here, *sections])

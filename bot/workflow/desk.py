"""
The signing desk over the store: what its pages show, and its decisions.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from analyzers import catalogue
from analyzers.findings import Finding, State
from bot.report import Report, pull_request
from bot.review import markers, unaided, verdict
from bot.review.drafts import Decision, Draft, PullRequest
from bot.review.explain import RiskSummary
from bot.review.insights import Became
from bot.review.records import UNFINISHED, Batch, Dismissed, Found, HeadReview, Pending, Suppressed
from bot.review.spending import Spent
from bot.review.wording import library_of, lines_of_text
from bot.storage.store import Store
from bot.web.desk import Preview, Shown
from bot.workflow import explaining, showing

File: TypeAlias = tuple[Literal["base", "head"], str]
"""A file of a change: its side and path."""
Texts: TypeAlias = Mapping[File, str]
ReadTexts: TypeAlias = Callable[[PullRequest, HeadReview, frozenset[File]], Texts]
"""Reads files of a review; one that is not there, or is no text, is left out."""

LARGEST = 1024 * 1024
"""Bytes of a file that a page quotes."""
_KEPT = 16
"""Reviews whose files are kept at hand: a person who decides sees the same page again."""


class StoredDesk:
    """The desk (`bot.web.desk.Desk`) of what a store knows."""

    def __init__(
        self,
        store: Store,
        texts: ReadTexts,
        publish: Callable[[Batch], None],
        again: Callable[[PullRequest, str], None],
        now: Callable[[], dt.datetime],
    ) -> None:
        """
        Args:
            store: What is known.
            texts: Reads files at the commits of a review.
            publish: Has the decisions of a batch published.
            again: Has the head of a pull request reviewed again, once for each key.
            now: The time in UTC.
        """
        self._store = store
        self._read = texts
        self._publish = publish
        self._again = again
        self.now = now
        self._texts: OrderedDict[tuple[int, int, frozenset[File]], Texts] = OrderedDict()

    def queue(self) -> Sequence[Pending]:
        return self._store.pending.all()

    def previews(self, reviews: Iterable[int]) -> Mapping[int, Preview]:
        found = self._store.pending.found(reviews)
        return {
            id_: Preview(_risk(each, risk), tuple(row for row in each.review.consequences if row.changed))
            for id_, (each, risk) in found.items()
        }

    def find(self, repository: str, number: int) -> PullRequest | None:
        return self._store.pull_requests.find(repository, number)

    def drafts(self, pull: PullRequest) -> Sequence[Draft]:
        return self._store.drafts.of(pull.id)

    def shown(self, pull: PullRequest) -> Shown | None:
        reviews = self._store.reviews.of(pull.id)
        review = next((review for review in reviews if review.head == pull.head), None)
        if review is None:
            return None
        found = self._store.reviews.found(review.id) or Found()
        drafts = self._store.drafts.of(pull.id)
        texts = self._texts_of(pull, review, frozenset(_quoted(found, drafts)))
        report = Report(found.outcome, {rule.id: rule for rule in catalogue.load()}, _lines_of(texts))
        before, before_head = self._before(reviews, review)
        return Shown(
            pull=pull,
            review=review,
            found=found,
            drafts=drafts,
            comments={draft.number: _comment(report, draft) for draft in drafts},
            decisions=self._store.decisions.of(pull.id),
            verdict=verdict.judge(found, drafts, is_complete=report.is_complete, problem=_problem(review, found)),
            summary=pull_request.summary(
                showing.page_at(pull, review, found, drafts, explaining.shown(self._store, review, found, drafts))
            ),
            texts=texts,
            before=before,
            risk=_risk(found, self._store.summaries.find(review.id)),
            before_head=before_head,
            asked=tuple(dict.fromkeys(owner for draft in drafts if draft.state == "waiting" for owner in draft.asked)),
        )

    def became(self, since: dt.datetime) -> Sequence[Became]:
        return self._store.outcomes.since(since)

    def dismissed(self) -> Sequence[Dismissed]:
        return self._store.outcomes.dismissed()

    def suppressed(self) -> Sequence[Suppressed]:
        return self._store.suppressions.all()

    def costs(self, since: dt.datetime) -> Mapping[str, Spent]:
        return self._store.ledger.by_repository(since)

    def decide(self, pull: PullRequest, made: Sequence[Decision], key: str) -> None:
        self._publish(self._store.decisions.record(pull.id, made, key))

    def again(self, pull: PullRequest, key: str) -> None:
        self._again(pull, key)

    def _before(self, reviews: Sequence[HeadReview], review: HeadReview) -> tuple[Found | None, str]:
        """What was found at the last head before this one that was reviewed, and that head."""
        for earlier in reversed([each for each in reviews if each.id < review.id]):
            found = self._store.reviews.found(earlier.id)
            if found is not None:
                return found, earlier.head
        return None, ""

    def _texts_of(self, pull: PullRequest, review: HeadReview, wanted: frozenset[File]) -> Texts:
        key = (review.id, review.attempt, wanted)
        texts = self._texts.get(key)
        if texts is None:
            texts = self._texts[key] = self._read(pull, review, wanted)
            while len(self._texts) > _KEPT:
                self._texts.popitem(last=False)
        return texts


def decoded(content: bytes | None) -> str | None:
    """A file as a text to quote; None for what is no text or too large."""
    if content is None or len(content) > LARGEST or b"\0" in content:
        return None
    return content.decode("utf-8", "replace")


def _risk(found: Found, kept: RiskSummary | None) -> RiskSummary:
    """The risk summary that was written, or what is known without."""
    return kept or unaided.summary(found.told, found.review.consequences)


def _problem(review: HeadReview, found: Found) -> str:
    """Why a review's drafts do not say how its head stands; empty when they do."""
    if review.status in UNFINISHED:
        return "The head is being reviewed"
    if found.mode == "off":
        return "Reviews are switched off by the repository's configuration"
    return review.reason if review.status in ("partial", "dead") else ""


def _quoted(found: Found, drafts: Sequence[Draft]) -> Iterator[File]:
    """The files that a page quotes."""
    for changed in found.files:
        if not changed.binary:
            yield "base", changed.old_path
            yield "head", changed.path
    for draft in drafts:
        if draft.state != "gone":
            yield from (("head", path) for path in _paths(draft.finding))


def _paths(finding: Finding) -> Iterator[str]:
    places = (finding.place, *(step.place for step in finding.trace))
    yield from (place.path for place in places if library_of(place) is None)
    yield from (edit.path for edit in finding.fix.edits) if finding.fix is not None else ()


def _lines_of(texts: Texts) -> Callable[[str, State], Sequence[str]]:
    return lambda path, state: lines_of_text(texts.get(("base" if state == "fixed" else "head", path), ""))


def _comment(report: Report, draft: Draft) -> str:
    """What is posted for a draft once it is signed, without its marker."""
    signed = msgspec.structs.replace(draft, state="signed")
    return pull_request.comment(report, signed).replace(markers.of_finding(draft.fingerprint), "").strip()

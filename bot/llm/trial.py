"""
How well a prompt and a model do on cases: what of their words is kept, what they cover, what they cost.

A case is a review whose findings are known to be right: the examples of the rules' own pages, a change, or drafts that
people signed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from bot.llm.writer import Asked, Ledger, Memory, Options, Subject, Writer
from bot.review.explain import RiskSummary
from bot.review.spending import Spent

NAME = "prompts eval"
"""Under which the ledger keeps what trials cost, as if it were a repository's."""


class Case(msgspec.Struct, frozen=True):
    """A review to be put into words."""

    name: str
    subject: Subject


class Score(msgspec.Struct, frozen=True):
    """How it went, for one case or added up."""

    findings: int = 0
    explained: int = 0
    kept: int = 0
    dropped: int = 0
    """Sentences."""
    words: int = 0
    money: float = 0.0
    seconds: float = 0.0
    failures: tuple[str, ...] = ()
    """Why there was no answer."""

    def __add__(self, other: Score) -> Score:
        mine, others = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return Score(*(one + another for one, another in zip(mine, others, strict=True)))

    @property
    def groundedness(self) -> float:
        """The share of sentences that the evidence bears; 1 where nothing was said."""
        said = self.kept + self.dropped
        return self.kept / said if said else 1.0

    @property
    def coverage(self) -> float:
        """The share of findings that are explained in the model's words."""
        return self.explained / self.findings if self.findings else 1.0


class Candidate(msgspec.Struct, frozen=True):
    """A model with a set of prompts."""

    name: str
    model: Asked
    options: Options
    prompts: Path | None = None


Clock = Callable[[], float]


def most(cases: Iterable[Case], candidates: Sequence[Candidate]) -> Spent:
    """What it may cost at most to run all cases with each candidate."""
    memory = Memory()
    calls = [
        Writer(candidate.model, memory, memory, candidate.options, candidate.prompts).most(case.subject)
        for case in cases
        for candidate in candidates
    ]
    return Spent(
        sum(call.money for call in calls),
        len(calls),
        sum(call.input_tokens for call in calls),
        sum(call.output_tokens for call in calls),
    )


def run(
    case: Case, candidate: Candidate, ledger: Ledger | None = None, clock: Clock = time.monotonic
) -> tuple[RiskSummary, Score]:
    """One case, asked anew: nothing is taken from a cache. Its cost is entered in the ledger, and refused by it."""
    memory = Memory(ledger)
    writer = Writer(candidate.model, memory, memory, candidate.options, candidate.prompts)
    began = clock()
    summary = writer.risk_summary(msgspec.structs.replace(case.subject, repository=NAME, review=case.name))
    seconds = clock() - began
    said = [told.text for told in summary.told if told.is_model]
    return summary, Score(
        findings=len(summary.told) + summary.left_out,
        explained=summary.explained,
        kept=summary.kept,
        dropped=summary.dropped,
        words=sum(len(text.split()) for text in said),
        money=memory.money,
        seconds=seconds,
        failures=(summary.note,) if summary.note else (),
    )


def table(
    cases: Iterable[Case], candidates: Sequence[Candidate], tell: Callable[[str], None], ledger: Ledger | None = None
) -> list[Score]:
    """
    Run all cases with each candidate, and tell how each goes, side by side.

    Returns:
        The sum for each candidate.
    """
    sums = [Score() for _ in candidates]
    width = max(len(candidate.name) for candidate in candidates)
    for case in cases:
        tell(f"\n{case.name}")
        for number, candidate in enumerate(candidates):
            summary, score = run(case, candidate, ledger)
            sums[number] += score
            tell(f"  {candidate.name:<{width}}  {line(score)}")
            for told in summary.told:
                if told.is_model:
                    tell(f"    {told.text}" + (f" ({told.question})" if told.question else ""))
    tell("\nall")
    for candidate, score in zip(candidates, sums, strict=True):
        tell(f"  {candidate.name:<{width}}  {line(score)}")
    return sums


def line(score: Score) -> str:
    """A score in one line."""
    text = (
        f"sentences kept {score.kept}, dropped {score.dropped} ({score.groundedness:.0%} grounded)  "
        f"findings {score.explained}/{score.findings}  words {score.words}  "
        f"cost {score.money:.4f}  {score.seconds:.1f} s"
    )
    return f"{text}  {'; '.join(dict.fromkeys(score.failures))}".rstrip()

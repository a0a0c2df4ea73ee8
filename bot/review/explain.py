"""
The risk summary: what a change means in production, for the person who decides.

It is written twice. `unaided.summary` says it from what the analysis knows, and always exists. A language model may say
it better; `with_answer` puts its sentences in the place of ours, finding by finding, where the evidence bears them.
Which findings there are, their order, severity and place are never its business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from bot.review import grounding
from bot.review.evidence import Case, Evidence
from bot.review.grounding import Ground, Kept

MOST_SENTENCES = {"change": 1, "together": 1, "production": 3, "question": 1, "text": 2}
"""Of each part of an answer."""


class Told(msgspec.Struct, frozen=True):
    """What is said of one finding."""

    fingerprint: str
    text: str
    advice: str = ""
    """What to do; ours, whoever said the rest."""
    question: str = ""
    """To the author, where intent decides."""
    is_model: bool = False
    """Whether a language model said it."""

    @property
    def words(self) -> str:
        """The text and the advice."""
        return f"{self.text} {self.advice}".strip()


class RiskSummary(msgspec.Struct, frozen=True):
    """Prose for the reviewer. Code stands in backticks; everything else is text."""

    lead: str = ""
    """Of the change as a whole."""
    told: tuple[Told, ...] = ()
    """Worst first."""
    left_out: int = 0
    """Findings that are not told one by one."""
    model: str = ""
    """Whose words some of these are; empty for none."""
    note: str = ""
    """Why a model's words are missing, in a few words; empty where none was asked for or all are there."""
    kept: int = 0
    dropped: int = 0
    """Sentences of the model."""
    cost: float = 0.0
    """In the money of the settings; nothing when it was said before."""

    @property
    def explained(self) -> int:
        """How many findings a model explained."""
        return sum(told.is_model for told in self.told)


class Answer(msgspec.Struct, frozen=True):
    """What a model answers to `risk_summary`; a finding that it leaves out is told without it."""

    change: str = ""
    together: dict[str, str] = {}
    """By what the findings share."""
    findings: dict[str, AnswerOfOne] = {}


class AnswerOfOne(msgspec.Struct, frozen=True):
    """What a model says of one finding."""

    production: str = ""
    question: str = ""


class AnswerInText(msgspec.Struct, frozen=True):
    """What a model answers to `digest`."""

    text: str = ""


def schema(evidence: Evidence) -> dict[str, Any]:
    """
    The strict JSON schema of an answer: one key for each finding and for what several of them share, so that none can
    be missing, doubled or invented.

    https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
    """
    of_one = _object({"production": _TEXT, "question": _TEXT})
    together = dict.fromkeys((shared.id for shared in evidence.shared), _TEXT)
    findings = dict.fromkeys((case.id for case in evidence.cases), of_one)
    return _object({"change": _TEXT, "together": _object(together), "findings": _object(findings)})


def schema_of_text() -> dict[str, Any]:
    """The schema of an answer to `digest`."""
    return _object({"text": _TEXT})


def schema_of_one(id_: str) -> dict[str, Any]:
    """The schema of an answer to `explain_finding`."""
    return _object({"findings": _object({id_: _object({"production": _TEXT, "question": _TEXT})})})


_TEXT = {"type": "string"}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def with_answer(ours: RiskSummary, evidence: Evidence, answer: Answer, model: str) -> RiskSummary:
    """
    Our summary with the model's words where the evidence bears them; where too much had to go, ours stay.

    Args:
        ours: Of `unaided.summary`, for the same findings.
        evidence: What the model was told.
        answer: What it said.
        model: Its name.
    """
    texts: list[Kept] = []
    said: dict[str, tuple[Kept, Kept]] = {}
    for case in evidence.cases:
        of_one = answer.findings.get(case.id, AnswerOfOne())
        on = _ground(evidence, [case])
        production = grounding.keep(of_one.production, on, MOST_SENTENCES["production"])
        question = _asked(of_one.question, on)
        said[case.finding.fingerprint] = production, question
        texts += [production, question]
    on_all = _ground(evidence, evidence.cases, [len(evidence.cases) + evidence.left_out])
    about_all = [grounding.keep(answer.change, on_all, MOST_SENTENCES["change"])]
    for shared in evidence.shared:
        on = _ground(evidence, shared.cases, [len(shared.cases)])
        about_all.append(grounding.keep(answer.together.get(shared.id, ""), on, MOST_SENTENCES["together"]))
    texts += about_all
    told = tuple(_replaced(told, *said.get(told.fingerprint, (Kept(), Kept()))) for told in ours.told)
    lead = " ".join(dict.fromkeys([ours.lead, *(part.text for part in about_all if part.holds)]))
    summary = msgspec.structs.replace(
        ours,
        lead=lead.strip(),
        told=told,
        kept=sum(text.kept for text in texts),
        dropped=sum(text.dropped for text in texts),
    )
    if not summary.explained and lead == ours.lead:
        return msgspec.structs.replace(summary, note="the model said nothing that the evidence bears")
    return msgspec.structs.replace(summary, model=model)


def explained(ours: Told, case: Case, evidence: Evidence, answer: Answer) -> Told:
    """One finding with the model's words, where the evidence bears them."""
    on = _ground(evidence, [case])
    of_one = answer.findings.get(case.id, AnswerOfOne())
    production = grounding.keep(of_one.production, on, MOST_SENTENCES["production"])
    return _replaced(ours, production, _asked(of_one.question, on))


def only(summary: RiskSummary, ours: RiskSummary) -> RiskSummary:
    """
    What a summary says of the findings that `ours` tells; its other words go.

    What it says of the change as a whole stays only if these are the same findings: it may speak of any of them.
    """
    said = {told.fingerprint: told for told in summary.told if told.is_model}
    same = {told.fingerprint for told in summary.told} == {told.fingerprint for told in ours.told}
    told = tuple(said.get(told.fingerprint, told) for told in ours.told)
    is_model = same or any(one.is_model for one in told)
    return msgspec.structs.replace(
        ours,
        lead=summary.lead if same and summary.model else ours.lead,
        told=told,
        model=summary.model if is_model else "",
        note=summary.note,
        kept=summary.kept,
        dropped=summary.dropped,
        cost=summary.cost,
    )


def opening(facts: Mapping[str, Any], answer: AnswerInText) -> str:
    """The sentences that open a digest, as far as its facts bear them; empty where too much had to go."""
    kept = grounding.keep(answer.text, grounding.ground(_leaves(facts)), MOST_SENTENCES["text"])
    return kept.text if kept.holds else ""


def _leaves(facts: Any) -> Iterator[str]:
    """Every key and value, one by one."""
    if isinstance(facts, Mapping):
        for key, value in facts.items():
            yield key
            yield from _leaves(value)
    elif isinstance(facts, list):
        for value in facts:
            yield from _leaves(value)
    else:
        yield str(facts)


def _ground(evidence: Evidence, cases: Sequence[Case], numbers: Iterable[int] = ()) -> Ground:
    """What may be said of some findings: what was told of them, and the words of their rules."""
    rules = {case.finding.rule for case in cases}
    general = [case.rule_text for case in evidence.cases if case.finding.rule in rules]
    return grounding.ground((case.text for case in cases), general, numbers, is_one=len(cases) == 1)


def _asked(question: str, on: Ground) -> Kept:
    kept = grounding.keep(question, on, MOST_SENTENCES["question"])
    return kept if kept.text.endswith("?") else Kept(dropped=kept.dropped + kept.kept)


def _replaced(ours: Told, production: Kept, question: Kept) -> Told:
    if not production.holds:
        return ours
    return msgspec.structs.replace(ours, text=production.text, question=question.text or ours.question, is_model=True)

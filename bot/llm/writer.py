"""
A risk summary in a model's words, or in ours where anything fails: there always is one, and findings never change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from analyzers.catalogue import Rule
from analyzers.findings import Consequence, Definition, Finding
from bot.llm import prompts
from bot.llm.errors import Garbled, NoAnswer, OverBudget
from bot.llm.prompts import Prompt
from bot.llm.questions import Question, Reply
from bot.review import evidence, explain, redaction, unaided
from bot.review.evidence import CodeUse, Evidence, LinesOf
from bot.review.explain import Answer, RiskSummary, Told
from bot.review.spending import Budget, Call, Prices, Purpose

_T = TypeVar("_T")


class Answers(Protocol):
    """What models said before, by the hash of what they were asked."""

    def find(self, key: str) -> str | None:
        """What was said; None when it was never asked."""

    def keep(self, key: str, text: str) -> None:
        """Remember it."""


class Ledger(Protocol):
    """What calls cost."""

    def reserve(self, call: Call, budget: Budget) -> int | str:
        """Enter a call with what it may cost at most: its number, or why it may not be made."""

    def settle(self, number: int, call: Call) -> None:
        """Put what it did cost in the place of that."""


class Asked(Protocol):
    """A model that can be asked; see `client.Model`."""

    name: str
    endpoint: str

    def ask(self, question: Question) -> Reply:
        """Ask it, or raise `NoAnswer`."""


class Subject(msgspec.Struct, frozen=True):
    """What is to be put into words, and for whom."""

    repository: str
    review: str
    findings: Sequence[Finding]
    """Worst first."""
    consequences: Sequence[Consequence]
    rules: Mapping[str, Rule]
    lines_of: LinesOf
    definitions: Sequence[Definition] = ()
    title: str = ""
    description: str = ""
    code: CodeUse = "send"
    denied: Callable[[str], bool] = lambda path: False


class Options(msgspec.Struct, frozen=True):
    """What an installation says of its model, before the prompt does."""

    prices: Prices = Prices()
    budget: Budget = Budget()
    temperature: float | None = None
    answer_tokens: int | None = None
    evidence_tokens: int | None = None


_DEFAULT = Options()


class Writer:
    """Asks one model, within a budget, and never for the same thing twice."""

    def __init__(
        self, model: Asked, answers: Answers, ledger: Ledger, options: Options = _DEFAULT, folder: Path | None = None
    ) -> None:
        """
        Args:
            model: The model.
            answers: The cache.
            ledger: Knows what was spent.
            options: Prices, budgets, settings of the model.
            folder: Where prompts are; by default those that come with the product.
        """
        self._model = model
        self._answers = answers
        self._ledger = ledger
        self._options = options
        self._folder = folder

    def risk_summary(self, subject: Subject) -> RiskSummary:
        """What a change means. Without findings nothing is asked."""
        ours = unaided.summary(subject.findings, subject.consequences)
        if not subject.findings:
            return ours
        prompt, shown = self._shown(subject, "risk_summary")
        if not shown.cases:
            return msgspec.structs.replace(ours, note="no finding fits what a model may be told")
        question = self._question(prompt, {"evidence": shown.payload}, explain.schema(shown))
        try:
            answer, money = self._ask(_purpose(subject, prompt), prompt, question, Answer)
        except NoAnswer as exc:
            return msgspec.structs.replace(ours, note=str(exc))
        return msgspec.structs.replace(explain.with_answer(ours, shown, answer, self._model.name), cost=money)

    def most(self, subject: Subject) -> Call:
        """What `risk_summary` may cost at most, where it was not asked before."""
        prompt, shown = self._shown(subject, "risk_summary")
        purpose = _purpose(subject, prompt)
        if not shown.cases:
            return self._call(purpose, 0, 0)
        return self._most(purpose, self._question(prompt, {"evidence": shown.payload}, explain.schema(shown)))

    def explain(self, subject: Subject) -> Told:
        """What the first finding means; its own words where no model's can be had."""
        ours = unaided.summary(subject.findings[:1], subject.consequences).told[0]
        prompt, shown = self._shown(subject, "explain_finding")
        if not shown.cases:
            return ours
        case = shown.cases[0]
        question = self._question(prompt, {"evidence": shown.payload}, explain.schema_of_one(case.id))
        try:
            answer, _ = self._ask(_purpose(subject, prompt), prompt, question, Answer)
        except NoAnswer:
            return ours
        return explain.explained(ours, case, shown, answer)

    def opening(self, facts: Mapping[str, Any], channel: str) -> str:
        """
        A sentence or two before a digest; empty where there is none.

        Args:
            facts: What is told below it.
            channel: Who is told, for the ledger.
        """
        prompt = prompts.load("digest", self._folder)
        text = msgspec.json.format(msgspec.json.encode(facts), indent=1).decode()
        question = self._question(prompt, {"facts": text}, explain.schema_of_text())
        purpose = Purpose("", f"digest of {channel}", prompt.name)
        try:
            answer, _ = self._ask(purpose, prompt, question, explain.AnswerInText)
        except NoAnswer:
            return ""
        return explain.opening(facts, answer)

    def _shown(self, subject: Subject, name: str) -> tuple[Prompt, Evidence]:
        prompt = prompts.load(name, self._folder)
        return prompt, gather(subject, prompt, self._options)

    def _question(self, prompt: Prompt, values: Mapping[str, str], schema: dict[str, Any]) -> Question:
        wanted, options = prompt.model, self._options
        temperature = wanted.temperature if options.temperature is None else options.temperature
        return Question(prompt.render(**values), schema, temperature, options.answer_tokens or wanted.answer_tokens)

    def _ask(self, purpose: Purpose, prompt: Prompt, question: Question, type_: type[_T]) -> tuple[_T, float]:
        """
        The answer, and what it cost: nothing where it was known.

        Raises:
            NoAnswer: When there is none that can be used.
        """
        key = _key(prompt, self._model, question)
        known = self._answers.find(key)
        if known is not None:
            return _parsed(known, type_), 0.0
        reply, money = self._paid(purpose, question)
        answer = _parsed(reply.text, type_)
        self._answers.keep(key, redaction.redacted(reply.text, is_code=False))
        return answer, money

    def _paid(self, purpose: Purpose, question: Question) -> tuple[Reply, float]:
        """Ask within the budget: the most that it may cost is entered before it is sent, what it did cost after."""
        most = self._most(purpose, question)
        number = self._ledger.reserve(most, self._options.budget)
        if isinstance(number, str):
            raise OverBudget(number)
        reply = self._model.ask(question)  # where it fails the most it could cost stays: it may have been counted there
        spent = self._call(
            purpose,
            most.input_tokens if reply.input_tokens is None else reply.input_tokens,
            evidence.tokens_in(reply.text) if reply.output_tokens is None else reply.output_tokens,
        )
        self._ledger.settle(number, spent)
        return reply, spent.money

    def _most(self, purpose: Purpose, question: Question) -> Call:
        asked = evidence.tokens_in(question.messages.system + question.messages.user + str(question.schema))
        return self._call(purpose, asked, question.answer_tokens)

    def _call(self, purpose: Purpose, input_tokens: int, output_tokens: int) -> Call:
        money = self._options.prices.of(input_tokens, output_tokens)
        return Call(purpose, self._model.name, input_tokens, output_tokens, money)


class Memory:
    """A cache and a ledger for as long as a process lives."""

    def __init__(self, ledger: Ledger | None = None) -> None:
        """
        Args:
            ledger: Where calls are entered too; without one nothing is refused.
        """
        self._ledger = ledger
        self._answers: dict[str, str] = {}
        self.calls: dict[int, Call] = {}
        """By the number that they were entered under."""

    @property
    def money(self) -> float:
        """What all calls cost; those without an answer count with what they might have."""
        return sum(call.money for call in self.calls.values())

    def find(self, key: str) -> str | None:
        """See `Answers`."""
        return self._answers.get(key)

    def keep(self, key: str, text: str) -> None:
        """See `Answers`."""
        self._answers[key] = text

    def reserve(self, call: Call, budget: Budget) -> int | str:
        """See `Ledger`."""
        number = len(self.calls) if self._ledger is None else self._ledger.reserve(call, budget)
        if isinstance(number, int):
            self.calls[number] = call
        return number

    def settle(self, number: int, call: Call) -> None:
        """See `Ledger`."""
        self.calls[number] = call
        if self._ledger is not None:
            self._ledger.settle(number, call)


def gather(subject: Subject, prompt: Prompt, options: Options) -> Evidence:
    """What a prompt tells a model of a subject."""
    return evidence.gather(
        subject.findings,
        subject.consequences,
        subject.rules,
        subject.lines_of,
        tokens=options.evidence_tokens or prompt.model.evidence_tokens,
        code=subject.code,
        definitions=subject.definitions,
        denied=subject.denied,
        title=subject.title,
        description=subject.description,
    )


def _purpose(subject: Subject, prompt: Prompt) -> Purpose:
    return Purpose(subject.repository, subject.review, prompt.name)


def _key(prompt: Prompt, model: Asked, question: Question) -> str:
    """Names what is asked, and who: the same asked again is answered from the cache."""
    asked = msgspec.json.encode((prompt.name, prompt.version, model.endpoint, model.name, question))
    return hashlib.sha256(asked).hexdigest()


def _parsed(text: str, type_: type[_T]) -> _T:
    try:
        return msgspec.json.decode(text, type=type_)
    except msgspec.DecodeError:
        raise Garbled("the model's answer was not what it was asked for") from None

"""
What a language model is told of a review: for each finding the rule, the trace, and the code on the trace.

The engine chose all of it. It is redacted, worst first, and fits a budget; what does not fit is counted, never cut in
silence. What the pull request says of itself goes along as data, and grounds nothing.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from analyzers.catalogue import Rule
from analyzers.findings import Consequence, Finding
from analyzers.span import Place
from bot.review import redaction

LinesOf: TypeAlias = Callable[[str], Sequence[str]]
"""From a path to the lines of that file at the head; none where it can't be read."""
CodeUse = Literal["send", "private"]
"""Whether code goes along, or only what the engine says of it."""

DENIED = (
    ".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.tfvars", "*.tfstate",
    "*secret*", "*credential*", "*password*", ".netrc", ".npmrc", ".pypirc", "id_rsa*", "id_ed25519*",
)  # fmt: skip
"""Names of files and folders whose content is never sent."""
_CONTEXT = (3, 1, 0)
"""Lines around each step of a trace; fewer where the evidence has to be shorter."""
_LONGEST_LINE = 200
_LONGEST_DESCRIPTION = 1500
"""Characters."""
_MOST_ENTRIES = 12


class Case(msgspec.Struct, frozen=True):
    """One finding with the evidence for it."""

    id: str
    """`F1`, `F2`, in the review's order."""
    finding: Finding
    told: Mapping[str, Any]
    """What the model is told of it, as JSON."""

    @property
    def text(self) -> str:
        """Everything that is told, except the rule's own words: those say what may happen, not what happens here."""
        return "\n".join(_texts({key: value for key, value in self.told.items() if key != "rule"}))

    @property
    def rule_text(self) -> str:
        """The rule's words."""
        return "\n".join(_texts(self.told["rule"]))


class Evidence(msgspec.Struct, frozen=True):
    """What is told of a review."""

    cases: tuple[Case, ...] = ()
    """Worst first."""
    entries: tuple[Mapping[str, str], ...] = ()
    """What entry points cost before and after."""
    title: str = ""
    description: str = ""
    """The pull request's, as its author wrote them, without secrets."""
    left_out: int = 0
    """Findings that did not fit."""

    @property
    def payload(self) -> str:
        """The JSON text that goes into a prompt."""
        return _json(
            {
                "pull_request": {"title": self.title, "description": self.description},
                "entry_points": self.entries,
                "findings": {case.id: case.told for case in self.cases},
            }
        )

    @property
    def entries_text(self) -> str:
        """What is told of entry points."""
        return "\n".join(_texts(self.entries))


def gather(
    findings: Sequence[Finding],
    consequences: Iterable[Consequence],
    rules: Mapping[str, Rule],
    lines_of: LinesOf,
    *,
    tokens: int,
    code: CodeUse = "send",
    denied: Callable[[str], bool] = lambda path: False,
    title: str = "",
    description: str = "",
) -> Evidence:
    """
    Choose the evidence for some findings.

    Args:
        findings: Worst first; a finding that does not fit ends the list, so that none jumps the queue.
        consequences: Of the entry points that the change reaches.
        rules: By id.
        lines_of: The files.
        tokens: How many the evidence may have, as `tokens_in` counts them.
        code: Whether code goes along.
        denied: Whether the content of a path must not be sent, besides what is never sent.
        title: Of the pull request.
        description: Of the pull request.
    """
    clean = _Clean(lines_of, lambda path: code == "private" or is_denied(path) or denied(path))
    clean.read(step.place.path for finding in findings for step in finding.trace)
    evidence = Evidence(
        entries=tuple(_entries(consequences, clean)),
        title=clean.words(title)[:200],
        description=clean.words(description)[:_LONGEST_DESCRIPTION],
        left_out=len(findings),
    )
    left = tokens - tokens_in(evidence.payload)
    cases: list[Case] = []
    explained: set[str] = set()
    for finding in findings:
        rule = rules.get(finding.rule)
        for context in (*_CONTEXT, None):
            told = _told(finding, rule, clean, context, is_first=finding.rule not in explained)
            size = tokens_in(_json(told))
            if size <= left:
                break
        else:
            break
        left -= size
        explained.add(finding.rule)
        cases.append(Case(f"F{len(cases) + 1}", finding, told))
    return msgspec.structs.replace(evidence, cases=tuple(cases), left_out=len(findings) - len(cases))


def is_denied(path: str) -> bool:
    """Whether a path's own name, or that of a folder above it, says that it keeps secrets."""
    return any(fnmatch.fnmatch(part.lower(), pattern) for part in path.split("/") for pattern in DENIED)


def tokens_in(text: str) -> int:
    """How many tokens a text has at most, whichever model counts: one for three bytes. Code has one for 3 to 4."""
    return len(text.encode()) // 3 + 1


class _Clean:
    """Texts without secrets; what is secret in one file is secret in all of them."""

    def __init__(self, lines_of: LinesOf, denied: Callable[[str], bool]) -> None:
        self._lines_of = lines_of
        self._denied = denied
        self._files: dict[str, list[str]] = {}
        self._known: frozenset[str] = frozenset()

    def read(self, paths: Iterable[str]) -> None:
        """Read the files that will be quoted; a denied one tells us its secrets, so that they are known elsewhere."""
        texts = {path: "\n".join(self._lines_of(path)) for path in dict.fromkeys(paths)}
        self._known = redaction.values(texts.values())
        for path, text in texts.items():
            if not self._denied(path):
                self._files[path] = redaction.redacted(text, known=self._known).split("\n")

    def lines(self, path: str) -> list[str]:
        return self._files.get(path, [])

    def code(self, text: str) -> str:
        return redaction.redacted(text, known=self._known)

    def words(self, text: str) -> str:
        return redaction.redacted(text, is_code=False, known=self._known)


def _told(finding: Finding, rule: Rule | None, clean: _Clean, context: int | None, *, is_first: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "rule": {"id": finding.rule} | (_page(rule) if rule is not None and is_first else {}),
        "severity": finding.severity.name.lower(),
        "confidence": finding.confidence.name.lower(),
        "what": clean.code(finding.message),
        "advice": clean.code(finding.advice),
        "at": _at(finding.place),
        "steps": [f"{_at(step.place)}: {clean.code(step.message)}" for step in finding.trace],
    }
    if finding.entry:
        told["entry"] = clean.code(finding.entry)
    if finding.fix is not None:
        told["offered_fix"] = clean.code(finding.fix.description)
    code = {} if context is None else dict(_slices(finding, clean, context))
    if code:
        told["code"] = code
    return told


def _at(place: Place) -> str:
    """A place, or the library in which a step happens: `<rest_framework.serializers>`."""
    return place.path if place.path.startswith("<") else f"{place.path}:{place.span.line}"


def _page(rule: Rule) -> dict[str, str]:
    """Of a rule's page what explains it: its prose without examples."""
    return {
        "title": rule.title,
        "what_happens": _prose(rule.section("What happens")),
        "why_it_hurts": _prose(rule.section("Why it hurts in production")),
        "how_to_avoid_it": _prose(rule.section("Instead")),
    }


def _prose(markdown: str) -> str:
    """
    The sentences before the first file or block of code, without those with numbers: they are examples, and a model
    takes them for facts of the change.
    """
    prose = re.split(r"^(?:```|`[^`]+`:$)", markdown, maxsplit=1, flags=re.MULTILINE)[0]
    return " ".join(sentence for sentence in re.split(r"(?<=[.:])\s+", prose.strip()) if not re.search(r"\d", sentence))


def _slices(finding: Finding, clean: _Clean, context: int) -> Iterator[tuple[str, list[str]]]:
    """The code around each step, by file: numbered lines, an ellipsis where lines are left out."""
    wanted: dict[str, set[int]] = {}
    for place in (finding.place, *(step.place for step in finding.trace)):
        first = max(1, place.span.line - context)
        wanted.setdefault(place.path, set()).update(range(first, place.span.line + context + 1))
    for path, numbers in wanted.items():
        lines = clean.lines(path)
        shown: list[str] = []
        before = 0
        for number in sorted(numbers):
            if number > len(lines):
                break
            if before and number != before + 1:
                shown.append("…")
            shown.append(f"{number}: {lines[number - 1][:_LONGEST_LINE].rstrip()}")
            before = number
        if shown:
            yield path, shown


def _entries(consequences: Iterable[Consequence], clean: _Clean) -> Iterator[dict[str, str]]:
    changed = [row for row in consequences if row.changed]
    for row in changed[:_MOST_ENTRIES]:
        yield {
            "entry": clean.code(row.entry),
            "queries_before": "new" if row.before is None else str(row.before),
            "queries_after": "gone" if row.after is None else str(row.after),
        }


def _texts(value: Any) -> Iterator[str]:
    """Every text of a JSON value, keys of files too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if posixpath.basename(key) != key or "." in key:
                yield key
            yield from _texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _texts(item)


def _json(value: Any) -> str:
    """JSON a person can read, one key a line; what would end a message's frame can't occur in it."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode()

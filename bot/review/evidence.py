"""
What a language model is told of a review: for each finding the rule, the trace, the code on the trace, and what the
models in question declare; and what several findings share.

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
from analyzers.findings import Consequence, Definition, Finding, Member
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
_DETAILS: tuple[tuple[int | None, bool], ...] = ((3, True), (1, True), (0, True), (0, False), (None, False))
"""
Lines around each step of a trace, and whether definitions of models go along: less where the evidence has to be
shorter.
"""
_MOST_LINES = 6
"""Of one declaration."""
_MOST_SHARED = 3
"""Groups of findings that have something in common."""
_ABOUT_ROWS = re.compile(r"index|unique|constraint|__table_args__|ordering", re.IGNORECASE)
"""Names under which a model declares what holds for its table as a whole."""
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
    entry: Mapping[str, str] = {}
    """What its entry point costs before and after; empty where the change makes no difference to that."""

    @property
    def text(self) -> str:
        """What is told of it, but not of its rule, which says what may happen, not what happens here."""
        told = {key: value for key, value in self.told.items() if key != "rule"}
        return "\n".join((*_texts(told), *_texts(self.entry)))

    @property
    def rule_text(self) -> str:
        """The rule's own words, where they are told with this finding."""
        return "\n".join(_texts(self.told["rule"]))


class Shared(msgspec.Struct, frozen=True):
    """What several findings have in common. Nothing else connects findings: it is all that the engine knows."""

    id: str
    """`T1`, `T2`."""
    cases: tuple[Case, ...]
    what: str
    """`the entry point `GET /orders``."""


class Evidence(msgspec.Struct, frozen=True):
    """What is told of a review."""

    cases: tuple[Case, ...] = ()
    """Worst first."""
    shared: tuple[Shared, ...] = ()
    entries: tuple[Mapping[str, str], ...] = ()
    """What entry points cost before and after."""
    entries_left_out: int = 0
    """Further entry points whose cost changes."""
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
                "entry_points_left_out": self.entries_left_out,
                "findings": {case.id: case.told for case in self.cases},
                "together": {
                    one.id: {"findings": [case.id for case in one.cases], "share": one.what} for one in self.shared
                },
            }
        )


def gather(
    findings: Sequence[Finding],
    consequences: Iterable[Consequence],
    rules: Mapping[str, Rule],
    lines_of: LinesOf,
    *,
    tokens: int,
    definitions: Iterable[Definition] = (),
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
        definitions: Of the models that the findings speak of.
        code: Whether code goes along.
        denied: Whether the content of a path must not be sent, besides what is never sent.
        title: Of the pull request.
        description: Of the pull request.
    """
    clean = _Clean(lines_of, lambda path: code == "private" or is_denied(path) or denied(path))
    declared = tuple(definitions)
    clean.read(paths(findings, declared))
    entries = {row.entry: _entry(row, clean) for row in consequences if row.changed}
    evidence = Evidence(
        entries=tuple(entries.values())[:_MOST_ENTRIES],
        entries_left_out=len(tuple(entries)[_MOST_ENTRIES:]),
        title=_cut(clean.words(title), _LONGEST_LINE),
        description=_cut(clean.words(description), _LONGEST_DESCRIPTION),
        left_out=len(findings),
    )
    explained: set[str] = set()
    for finding in findings:
        rule = None if finding.rule in explained else rules.get(finding.rule)
        models = [each for each in declared if finding.fingerprint in each.fingerprints]
        for context, with_models in _DETAILS:
            told = _told(finding, rule, clean, context) | _models(finding, models if with_models else (), clean)
            case = Case(f"F{len(evidence.cases) + 1}", finding, told, entries.get(finding.entry, {}))
            more = _with(evidence, case, clean)
            if tokens_in(more.payload) <= tokens:
                break
        else:
            break
        evidence = more
        explained.add(finding.rule)
    return evidence


def _with(evidence: Evidence, case: Case, clean: _Clean) -> Evidence:
    """The evidence with one case more."""
    cases = (*evidence.cases, case)
    return msgspec.structs.replace(
        evidence, cases=cases, shared=tuple(_shared(cases, clean)), left_out=evidence.left_out - 1
    )


def _shared(cases: Sequence[Case], clean: _Clean) -> Iterator[Shared]:
    """Groups of findings that meet in one loop, one entry point or one relation; the same group is named once."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        finding = case.finding
        loops = [_at(step.place) for step in finding.trace if step.role == "loop"]
        shares = [f"the loop at {place}" for place in loops]
        shares += [f"the entry point `{clean.code(finding.entry)}`"] if finding.entry else []
        shares += [f"`{clean.code(finding.subject)}`"] if finding.subject else []
        for share in dict.fromkeys(shares):
            groups.setdefault(share, []).append(case)
    named: dict[tuple[str, ...], list[str]] = {}
    for share, members in groups.items():
        if len(members) > 1:
            named.setdefault(tuple(case.id for case in members), []).append(share)
    by_id = {case.id: case for case in cases}
    for number, (ids, shares) in enumerate(list(named.items())[:_MOST_SHARED], start=1):
        yield Shared(f"T{number}", tuple(by_id[id_] for id_ in ids), " and ".join(shares))


def paths(findings: Iterable[Finding], definitions: Iterable[Definition]) -> Iterator[str]:
    """The files that may be quoted for some findings, some more than once."""
    for finding in findings:
        yield from (place.path for place in (finding.place, *(step.place for step in finding.trace)))
    for definition in definitions:
        yield from (member.place.path for member in definition.members)


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


def _told(finding: Finding, rule: Rule | None, clean: _Clean, context: int | None) -> dict[str, Any]:
    """
    Args:
        finding: What is told.
        rule: Its rule, unless that was told before.
        clean: The files.
        context: Lines around each step; None for no code.
    """
    told: dict[str, Any] = {
        "rule": {"id": finding.rule} | (_page(rule) if rule is not None else {}),
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
    code = {} if context is None else _slices(finding, clean, context)
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
    The sentences before the first file or block of code, without those with numbers and without code in parentheses:
    they are examples, and a model takes them for facts of the change.
    """
    prose = re.split(r"^(?:```|`[^`]+`:$)", markdown, maxsplit=1, flags=re.MULTILINE)[0]
    prose = re.sub(r"\s*\(`[^()`]*(?:\(\))?`(?:,\s*`[^()`]*(?:\(\))?`)*\)", "", prose)
    return " ".join(sentence for sentence in re.split(r"(?<=[.:])\s+", prose.strip()) if not re.search(r"\d", sentence))


def _slices(finding: Finding, clean: _Clean, context: int) -> dict[str, list[str]]:
    """The code around each step, by file."""
    wanted: dict[str, set[int]] = {}
    for place in (finding.place, *(step.place for step in finding.trace)):
        first = max(1, place.span.line - context)
        wanted.setdefault(place.path, set()).update(range(first, place.span.line + context + 1))
    return _numbered(wanted, clean)


def _declarations(members: Iterable[Member], clean: _Clean) -> dict[str, list[str]]:
    """The code of some declarations, by file."""
    wanted: dict[str, set[int]] = {}
    for member in members:
        span = member.place.span
        last = min(span.end_line, span.line + _MOST_LINES - 1)
        wanted.setdefault(member.place.path, set()).update(range(span.line, last + 1))
    return _numbered(wanted, clean)


def _numbered(wanted: Mapping[str, set[int]], clean: _Clean) -> dict[str, list[str]]:
    """Some lines of files with their numbers, an ellipsis where lines between them are left out."""
    shown: dict[str, list[str]] = {}
    for path, numbers in wanted.items():
        lines = clean.lines(path)
        before = 0
        for number in sorted(number for number in numbers if number <= len(lines)):
            of_file = shown.setdefault(path, [])
            if before and number != before + 1:
                of_file.append("…")
            of_file.append(f"{number}: {_cut(lines[number - 1].rstrip(), _LONGEST_LINE)}")
            before = number
    return shown


def _models(finding: Finding, definitions: Iterable[Definition], clean: _Clean) -> dict[str, Any]:
    """
    What the models of a finding declare of what the finding names, of the way to a model that it names, and of their
    tables as a whole.
    """
    named = set(re.findall(r"\w+", "\n".join((finding.message, finding.subject, *(s.message for s in finding.trace)))))
    told: list[dict[str, Any]] = []
    for definition in definitions:
        members = [
            member
            for member in definition.members
            if {member.name, member.name.removesuffix("_id"), member.leads_to} & named
            or _ABOUT_ROWS.search(member.name)
        ]
        relations = [f"`{m.name}` leads to {m.relation} `{m.leads_to}`" for m in members if m.relation and m.leads_to]
        code = _declarations(members, clean)
        known: dict[str, Any] = {name: value for name, value in (("relations", relations), ("code", code)) if value}
        if known:
            told.append({"model": definition.model, "at": _at(definition.place)} | known)
    return {"models": told} if told else {}


def _entry(row: Consequence, clean: _Clean) -> dict[str, str]:
    return {
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


def _cut(text: str, most: int) -> str:
    """The text, or its beginning with a mark that there is more."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _json(value: Any) -> str:
    """JSON a person can read, one key a line; what would end a message's frame can't occur in it."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode()

"""
The rules: one Markdown page each, which is the rule's entry and its documentation.

The name of the file is the rule's id, for ever. A page is a head of TOML between `+++` lines, a title, and the
headings of `HEADINGS` in that order. Pages are read strictly: a page that strays is an error of ours, not of a user.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
import tomllib
from typing import cast, get_args

import msgspec

from analyzers.findings import Category, Severity

HEADINGS = (
    "What happens",
    "Why it hurts in production",
    "Example",
    "Instead",
    "When it stays silent",
    "References",
)
"""Every page has these, in this order."""

LANGUAGES = frozenset({"python", "php", "csharp", "typescript", "javascript", "sql"})

_HEAD = re.compile(r"\A\+\+\+\n(?P<head>.*?)^\+\+\+\n# (?P<title>[^\n]+)\n(?P<body>.*)\Z", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^## (.+)$")
_ID = re.compile(r"[a-z]+(-[a-z]+)*")
_KEYS = {"category", "severity", "languages", "since"}


class PageError(ValueError):
    """A page of the catalogue is malformed; the message names the page."""


class Rule(msgspec.Struct, frozen=True):
    """What can be reported."""

    id: str
    title: str
    category: Category
    severity: Severity
    """Before the surroundings (request, command; read, write) raise or lower it."""
    languages: tuple[str, ...]
    since: str
    """The version that brought it."""
    sections: tuple[tuple[str, str], ...]
    """(heading, Markdown), in the order of `HEADINGS`."""

    def section(self, heading: str) -> str:
        """The Markdown under one of `HEADINGS`."""
        return dict(self.sections)[heading]

    @property
    def page(self) -> str:
        """The page as a person reads it: title, then every section."""
        return "\n\n".join((f"# {self.title}", *(f"## {heading}\n\n{body}" for heading, body in self.sections))) + "\n"


@functools.cache
def load() -> tuple[Rule, ...]:
    """All rules, sorted by id."""
    pages = (page for page in importlib.resources.files(__name__).iterdir() if page.name.endswith(".md"))
    return tuple(
        parse(page.name.removesuffix(".md"), page.read_text("utf-8")) for page in sorted(pages, key=lambda p: p.name)
    )


def find(rule_id: str) -> Rule | None:
    """The rule of an id, or None where there is none."""
    return next((rule for rule in load() if rule.id == rule_id), None)


def parse(rule_id: str, text: str) -> Rule:
    """
    Read one page.

    Raises:
        PageError: When the id, the head, the title or the headings are not as they must be.
    """

    def refuse(what: str) -> PageError:
        return PageError(f"{rule_id}.md: {what}")

    if not _ID.fullmatch(rule_id):
        raise refuse("the name of a page is lower-case words joined by hyphens")
    match = _HEAD.match(text)
    if match is None:
        raise refuse("a page starts with TOML between +++ lines and a title")
    try:
        head = tomllib.loads(match["head"])
    except tomllib.TOMLDecodeError as exc:
        raise refuse(f"the head is not TOML: {exc}") from exc
    if head.keys() != _KEYS:
        raise refuse(f"the head has exactly the keys {', '.join(sorted(_KEYS))}")
    if head["category"] not in get_args(Category):
        raise refuse(f"no category {head['category']!r}")
    if str(head["severity"]).upper() not in Severity.__members__:
        raise refuse(f"no severity {head['severity']!r}")
    if not head["languages"] or not LANGUAGES.issuperset(head["languages"]):
        raise refuse(f"languages are some of {', '.join(sorted(LANGUAGES))}")
    sections = _sections(match["body"])
    if tuple(heading for heading, _ in sections) != HEADINGS:
        raise refuse(f"the headings are {', '.join(HEADINGS)}, in this order")
    if empty := [heading for heading, body in sections if not body]:
        raise refuse(f"nothing under {empty[0]!r}")
    return Rule(
        id=rule_id,
        title=match["title"].strip(),
        category=cast(Category, head["category"]),
        severity=Severity[head["severity"].upper()],
        languages=tuple(head["languages"]),
        since=str(head["since"]),
        sections=sections,
    )


def _sections(body: str) -> tuple[tuple[str, str], ...]:
    """
    Split a body at its `## ` lines.

    A `## ` inside a fenced block is a comment of some program, not a heading.
    """
    sections: list[tuple[str, list[str]]] = []
    fenced = False
    for line in body.splitlines():
        fenced ^= line.startswith("```")
        heading = None if fenced else _HEADING.match(line)
        if heading is not None:
            sections.append((heading[1].strip(), []))
        elif sections:
            sections[-1][1].append(line)
    return tuple((heading, "\n".join(lines).strip()) for heading, lines in sections)

"""
Cases: small programs in Markdown whose expected findings stand on the lines concerned.

A page is one or more programs, each under its `##` heading; files above the first of them belong to every program of
the page. A line with a path in backticks and a colon names the file of the fenced blocks that follow it:

    `shop/views.py`:
    ```python base          the file before the change
    ```python new           a file that the change adds
    ```python               the file
    ```python run           no file: how the program is run, see tests/execution
    ```text snapshot        no file: what the terminal prints of the program; `pytest --update` writes it

A program with a `base` or `new` block is a change, any other is looked at as it stands. A file with a base block and no
other is deleted by the change.

Announcements are comments: `# finding: [rule] [other-rule] medium certain "words of the message"`, where severity,
confidence and words are left out unless they matter; `{# finding: [rule] #}` in a template, `// finding: [rule]` in
PHP. `todo-finding` marks a known missing finding, `todo-silent` a known noisy one; both are strict: they fail on the
day they come right.

`Not run: reason.` says why a program is not executed. A run starts with the runs above the first heading, unless the
program has a file of its own in the place of one from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

FOLDER = Path(__file__).parent

Kind = Literal["finding", "todo-finding", "todo-silent"]

_ANNOUNCEMENT = re.compile(r"(?:#|//)\s*(?P<kind>(?:todo-)?(?:finding|silent)):\s*(?P<rest>[^\n]*)")
_EXPECTED = re.compile(
    r"(?P<rules>(?:\[[a-z-]+\]\s*)+)"
    r"(?:(?P<severity>info|low|medium|high|critical)\s*)?"
    r"(?:(?P<confidence>possible|likely|certain)\s*)?"
    r"(?:\"(?P<words>[^\"]+)\"\s*)?"
    r"(?:#\}|--\}\}|-->|\*/|\?>)?\s*"
)
_PATH = re.compile(r"`([^`]+)`:\s*")
_FENCE = re.compile(r"(?P<ticks>```+)(?P<info>.*)")


class PageError(Exception):
    """A page that does not follow the format; the message says where and what."""


@dataclass(frozen=True, order=True)
class Announcement:
    """One expected finding."""

    path: str
    line: int
    rule: str
    kind: Kind = "finding"
    severity: str = ""
    """What it must be; empty where it does not matter."""
    confidence: str = ""
    """What it must be; empty where it does not matter."""
    words: str = ""
    """What the message must contain."""


@dataclass(frozen=True)
class Case:
    """One program, or one change of it."""

    page: str
    title: str
    head: Mapping[str, str]
    """Text by path."""
    base: Mapping[str, str] | None = None
    """The same before the change; None when there is no change."""
    run: str = ""
    """Python text that runs the program; empty when it is not run."""
    not_run: str = ""
    """Why it is not run."""
    snapshot: str | None = None
    """What the terminal prints; None where that is not kept."""

    @property
    def id(self) -> str:
        """What pytest calls it."""
        return f"{self.page}: {self.title}"

    @property
    def announcements(self) -> tuple[Announcement, ...]:
        """All that is announced on head, sorted."""
        return tuple(sorted(found for path, text in self.head.items() for found in announced(path, text)))

    def expected(self, *kinds: Kind) -> frozenset[tuple[str, int, str]]:
        """(path, line, rule) of the announcements of some kinds."""
        return frozenset((found.path, found.line, found.rule) for found in self.announcements if found.kind in kinds)


def announced(path: str, text: str) -> Iterator[Announcement]:
    """
    The announcements of one file.

    Raises:
        PageError: When a comment looks like an announcement and is none.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        for match in _ANNOUNCEMENT.finditer(line):
            kind: Kind = match["kind"]  # type: ignore[assignment]
            expected = _EXPECTED.fullmatch(match["rest"])
            if kind not in get_args(Kind) or expected is None:
                raise PageError(f"{path}:{number}: not an announcement: {line.strip()}")
            how = (expected[name] or "" for name in ("severity", "confidence", "words"))
            for rule in re.findall(r"\[([a-z-]+)\]", expected["rules"]):
                yield Announcement(path, number, rule, kind, *how)


@dataclass(frozen=True)
class _Block:
    """One fenced block: the path that was named before it, the words of its info string, its text."""

    path: str
    info: tuple[str, ...]
    text: str
    line: int

    @property
    def is_run(self) -> bool:
        """Whether it is no file but runs the program."""
        return self.info[1:] == ("run",)

    @property
    def is_snapshot(self) -> bool:
        """Whether it is no file but what is printed."""
        return self.info[1:] == ("snapshot",)


def pages() -> tuple[Path, ...]:
    """All pages, sorted."""
    return tuple(sorted(FOLDER.glob("**/*.md")))


def read(page: Path) -> tuple[Case, ...]:
    """The programs of a page, in its order."""
    return parse(page.relative_to(FOLDER).with_suffix("").as_posix(), page.read_text("utf-8"))


def parse(name: str, text: str) -> tuple[Case, ...]:
    """
    Read a page.

    Raises:
        PageError: When the page does not follow the format.
    """
    (_, shared_lines), *sections = _sections(text)
    shared = _blocks(name, shared_lines)
    reason = _not_run(shared_lines)
    cases = tuple(
        _case(name, title, shared, _blocks(name, lines), _not_run(lines) or reason) for title, lines in sections
    )
    titles = [case.title for case in cases]
    if doubled := sorted({title for title in titles if titles.count(title) > 1}):
        raise PageError(f"{name}: two programs are called {doubled[0]!r}")
    return cases


def keep_snapshot(case: Case, text: str) -> None:
    """Write what the terminal prints of a program into its page."""
    page = FOLDER / f"{case.page}.md"
    lines = page.read_text("utf-8").splitlines()
    section = dict(_sections("\n".join(lines)))[case.title]
    (block,) = (block for block in _blocks(case.page, section) if block.is_snapshot)
    end = block.line + len(block.text.splitlines())
    page.write_text("\n".join([*lines[: block.line], *text.splitlines(), *lines[end:]]) + "\n", "utf-8")


def files(markdown: str) -> Mapping[str, str]:
    """The files of a piece of Markdown without changes, such as a rule's example."""
    return {block.path: block.text for block in _blocks("", list(enumerate(markdown.splitlines(), start=1)))}


_Lines = list[tuple[int, str]]
"""Numbered lines of a page."""


def _sections(text: str) -> list[tuple[str, _Lines]]:
    """The part before the first `##` heading under an empty title, then each section; fenced lines are no headings."""
    sections: list[tuple[str, _Lines]] = [("", [])]
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        match = _FENCE.fullmatch(line)
        if match and not fence:
            fence = match["ticks"]
        elif line == fence:
            fence = ""
        if not fence and line.startswith("## "):
            sections.append((line.removeprefix("## ").strip(), []))
        else:
            sections[-1][1].append((number, line))
    return sections


def _blocks(name: str, lines: _Lines) -> list[_Block]:
    blocks: list[_Block] = []
    path = ""
    opened: re.Match[str] | None = None
    start = 0
    inside: list[str] = []
    for number, line in lines:
        if opened is None:
            if named := _PATH.fullmatch(line):
                path = named[1]
            elif opened := _FENCE.fullmatch(line):
                start, inside = number, []
        elif line == opened["ticks"]:
            info = tuple(opened["info"].split())
            if info[1:] not in {(), ("base",), ("new",), ("run",), ("snapshot",)}:
                raise PageError(f"{name}:{start}: unknown words after the language: {' '.join(info[1:])}")
            block = _Block(path, info, "".join(f"{text}\n" for text in inside), start)
            if not path and not block.is_run and not block.is_snapshot:
                raise PageError(f"{name}:{start}: no path stands above this block")
            blocks.append(block)
            opened = None
        else:
            inside.append(line)
    if opened is not None:
        raise PageError(f"{name}:{start}: the block is not closed")
    return blocks


def _not_run(lines: _Lines) -> str:
    return next((line.removeprefix("Not run: ") for _, line in lines if line.startswith("Not run: ")), "")


def _case(page: str, title: str, shared: Sequence[_Block], own: Sequence[_Block], not_run: str) -> Case:
    base: dict[str, str] = {}
    added: set[str] = set()
    head = {block.path: block.text for block in shared if not block.is_run}
    filling = "".join(block.text for block in shared if block.is_run)
    if head.keys() & {block.path for block in own if not block.is_run}:
        filling = ""
    run = ""
    snapshot: str | None = None
    for block in own:
        match block.info[1:]:
            case ("run",):
                run += block.text
            case ("snapshot",):
                snapshot = block.text
            case ("base",):
                base[block.path] = block.text
                head.pop(block.path, None)
            case words:
                head[block.path] = block.text
                if words == ("new",):
                    added.add(block.path)
    before = {path: text for path, text in head.items() if path not in added} | base if base or added else None
    return Case(page, title, head, before, run and filling + run, "" if run else not_run, snapshot)

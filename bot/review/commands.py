"""
What people tell the bot in comments: `/countersign sign 1 3`.

A command stands on a line of its own, outside quotes and code. A comment may hold several; each line is one command.
"""

from __future__ import annotations

import difflib
import re
from typing import Literal, TypeAlias, get_args

import msgspec

from bot.review.drafts import Category

PREFIX = "/countersign"

Numbers: TypeAlias = "tuple[int, ...] | Literal['all']"


class Sign(msgspec.Struct, frozen=True):
    """Post these drafts."""

    numbers: Numbers


class Dismiss(msgspec.Struct, frozen=True):
    """Never post these drafts."""

    numbers: Numbers
    category: Category
    reason: str


class Edit(msgspec.Struct, frozen=True):
    """Post other words for a draft; it still waits for a signature."""

    number: int
    text: str


class Undo(msgspec.Struct, frozen=True):
    """Take back what was decided on these drafts."""

    numbers: Numbers


class Explain(msgspec.Struct, frozen=True):
    """Say more of a draft's rule."""

    number: int


class Rerun(msgspec.Struct, frozen=True):
    """Review the head again."""


class Help(msgspec.Struct, frozen=True):
    """Say what can be told."""

    problem: str = ""
    """What was not understood; empty where help was asked for."""


Command: TypeAlias = Sign | Dismiss | Edit | Undo | Explain | Rerun | Help

VERBS = {
    "sign": "sign 1 3 | all",
    "approve": "the same as `sign`",
    "dismiss": "dismiss 2 false-positive | accepted | later | other: reason",
    "edit": "edit 2 other words (also on the lines that follow)",
    "undo": "undo 2: it waits again",
    "explain": "explain 2",
    "rerun": "review the head again",
    "help": "this list",
}
"""What can be told, with how it is said."""


def parse(comment: str) -> tuple[Command, ...]:
    """The commands of a comment, in order; what is not understood becomes `Help` with the problem."""
    commands: list[Command] = []
    lines = _spoken(comment)
    for place, line in enumerate(lines):
        verb_line = _after_prefix(line)
        if verb_line is not None:
            rest = []
            for following in lines[place + 1 :]:
                if _after_prefix(following) is not None:
                    break
                rest.append(following)
            commands.append(_command(verb_line, "\n".join(rest)))
    return tuple(commands)


def _spoken(comment: str) -> list[str]:
    """The lines of a comment that are neither quoted nor code."""
    lines, fence = [], ""
    for line in comment.splitlines():
        mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        elif not fence and not line.startswith((">", "    ", "\t")):
            lines.append(line)
    return lines


def _after_prefix(line: str) -> str | None:
    match = re.match(rf"\s{{0,3}}{re.escape(PREFIX)}(?:\s+(.*))?$", line)
    return None if match is None else (match[1] or "").strip()


def _command(line: str, following: str) -> Command:
    verb, _, rest = line.partition(" ")
    rest = rest.strip()
    match verb.lower():
        case "" | "help":
            return Help()
        case "rerun":
            return Rerun() if not rest else Help(f"`rerun` takes nothing, not `{rest}`.")
        case "sign" | "approve" | "undo":
            numbers, left = _numbers(rest)
            if numbers is None or left:
                return Help(f"`{verb}` wants the numbers of drafts or `all`, not `{rest}`.")
            return Undo(numbers) if verb.lower() == "undo" else Sign(numbers)
        case "dismiss":
            return _dismiss(rest)
        case "explain":
            numbers, left = _numbers(rest)
            if not isinstance(numbers, tuple) or len(numbers) != 1 or left:
                return Help("`explain` wants the number of one draft.")
            return Explain(numbers[0])
        case "edit":
            number, _, text = rest.partition(" ")
            text = "\n".join(part for part in (text, following) if part).strip()
            if not number.isdecimal() or not text:
                return Help("`edit` wants the number of a draft and the words that are to be posted.")
            return Edit(int(number), text)
    near = difflib.get_close_matches(verb.lower(), VERBS, 1)
    return Help(f"`{verb}` is no command." + (f" Did you mean `{near[0]}`?" if near else ""))


def _dismiss(rest: str) -> Command:
    numbers, left = _numbers(rest)
    if numbers is None:
        return Help("`dismiss` wants the numbers of drafts or `all`, then why: `dismiss 2 false-positive: reason`.")
    head, colon, reason = left.partition(":")
    name = head.strip().lower().replace(" ", "-").replace("_", "-")
    for category in get_args(Category):
        if name == category and (colon or not reason):
            return Dismiss(numbers, category, reason.strip())
    if not left.strip():
        return Help("`dismiss` wants a reason: `dismiss 2 false-positive: the list has three rows`.")
    return Dismiss(numbers, "other", left.strip())


def _numbers(text: str) -> tuple[Numbers | None, str]:
    """The numbers at the start of a text (`1 3`, `#1, #3`, `all`), and what follows."""
    match = re.match(r"all\b\s*(.*)$", text, re.IGNORECASE | re.DOTALL)
    if match:
        return "all", match[1]
    match = re.match(r"((?:#?\d{1,6}\b[\s,]*(?:and\s+)?)+)(.*)$", text, re.IGNORECASE | re.DOTALL)
    if not match:
        return None, text
    numbers = tuple(dict.fromkeys(int(number) for number in re.findall(r"\d+", match[1])))
    return numbers, match[2]

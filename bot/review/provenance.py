"""
Which AI assistants had a hand in a change, by what they themselves write into commits and pull requests.

Nothing is guessed from style. What was seen is kept, so that a person can check it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

ASSISTANTS = {
    "Aider": r"\baider\b",
    "Amazon Q": r"\bamazon[ -]q\b",
    "Claude": r"\bclaude\b|noreply@anthropic\.com",
    "Codex": r"\bcodex\b|chatgpt-codex-connector",
    "Copilot": r"\bcopilot\b",
    "Cursor": r"\bcursor(?:agent| agent)?\b.*@cursor\.com|\bcursoragent\b",
    "Devin": r"\bdevin-ai-integration\b|\bdevin ai\b",
    "Gemini": r"\bgemini(?:-code-assist| code assist|-cli| cli)?\b",
    "Jules": r"\bgoogle-labs-jules\b",
    "OpenHands": r"\bopenhands\b",
    "Sweep": r"\bsweep-ai\b",
    "Windsurf": r"\bwindsurf\b|\bcodeium\b",
}
"""Patterns for the name or address in a trailer or of an author, by the assistant's name; case does not matter."""

_TRAILER = re.compile(
    r"^(co-authored-by|generated-by|assisted-by|made-with|ai-assisted-by):[ \t]*(.+)$", re.IGNORECASE | re.MULTILINE
)
_GENERATED = re.compile(r"\bgenerated (?:with|by) (?:\[)?([\w .-]{2,40})", re.IGNORECASE)


class Commit(msgspec.Struct, frozen=True):
    """What of a commit tells who wrote it."""

    id: str
    author: str
    """`Name <address>`, or the login."""
    message: str


def assistants(
    commits: Iterable[Commit], author: str = "", body: str = "", own: dict[str, str] | None = None
) -> tuple[str, ...]:
    """
    The assistants that a pull request names, each with where: `Claude (trailer of 1a2b3c4)`; sorted.

    Args:
        commits: Of the pull request.
        author: Login of its author.
        body: Its description.
        own: More patterns, by name.
    """
    own = own or {}
    found: dict[str, str] = {}

    def look(text: str, where: str, patterns: Mapping[str, str] = ASSISTANTS | own) -> None:
        for name, pattern in patterns.items():
            if re.search(pattern, text, re.IGNORECASE):
                found.setdefault(name, where)

    look(author, "author of the pull request", ASSISTANTS | own if author.endswith("[bot]") else own)
    for commit in commits:
        if "[bot]" in commit.author or "noreply@" in commit.author:
            look(commit.author, f"author of {commit.id[:7]}")
        for _, value in _TRAILER.findall(commit.message):
            look(value, f"trailer of {commit.id[:7]}")
        for value in _GENERATED.findall(commit.message):
            look(value, f"message of {commit.id[:7]}")
    for value in _GENERATED.findall(body):
        look(value, "description")
    return tuple(f"{name} ({found[name]})" for name in sorted(found))

"""
Prompts are files: `prompts/<name>/system.md`, `user.md`, and `prompt.toml` with what they declare.

A variable stands as `{{ name }}`. What is filled in is never read again, so a value can't bring variables of its own.
"""

from __future__ import annotations

import importlib.resources
import re
import tomllib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from bot.errors import UsageError

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class PromptError(ValueError):
    """A prompt's files, or what it is filled with, are not as they must be; the message names the prompt."""


class ModelOptions(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """What a prompt wants of a model."""

    temperature: float
    answer_tokens: int
    """The longest answer."""
    evidence_tokens: int
    """The most evidence that is filled in."""


class Messages(msgspec.Struct, frozen=True):
    """A prompt that is filled in."""

    system: str
    user: str


class Prompt(msgspec.Struct, frozen=True):
    """One prompt."""

    name: str
    version: int
    purpose: str
    variables: Mapping[str, str]
    """What each stands for."""
    model: ModelOptions
    system: str
    user: str

    def render(self, **values: str) -> Messages:
        """
        Fill in the variables.

        Raises:
            PromptError: When one is missing, or was not declared.
        """
        if undeclared := values.keys() - self.variables.keys():
            raise PromptError(f"{self.name} declares no variable {', '.join(sorted(undeclared))}")
        if missing := self.variables.keys() - values.keys():
            raise PromptError(f"{self.name} needs {', '.join(sorted(missing))}")
        return Messages(*(_VARIABLE.sub(lambda match: values[match[1]], text) for text in (self.system, self.user)))


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`prompt.toml`."""

    version: int
    purpose: str
    variables: dict[str, str]
    model: ModelOptions


def names(folder: Path | None = None) -> tuple[str, ...]:
    """All prompts, sorted."""
    return tuple(sorted(entry.name for entry in _root(folder).iterdir() if (entry / "prompt.toml").is_file()))


def load(name: str, folder: Path | None = None) -> Prompt:
    """
    Read a prompt.

    Args:
        name: Its folder's.
        folder: Where prompts are; by default those that come with the product.

    Raises:
        UsageError: When there is none of that name.
        PromptError: When its files are not as they must be.
    """
    if name not in names(folder):
        raise UsageError(f"there is no prompt {name}; there are {', '.join(names(folder))}")
    return _parse(name, _root(folder) / name)


def _parse(name: str, folder: Traversable) -> Prompt:
    try:
        document: Any = tomllib.loads((folder / "prompt.toml").read_text("utf-8"))
        file = msgspec.convert(document, _File)
        system, user = ((folder / f"{part}.md").read_text("utf-8").strip() for part in ("system", "user"))
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as exc:
        raise PromptError(f"{name}: {exc}") from exc
    used = {match[1] for match in _VARIABLE.finditer(system + user)}
    if undeclared := used - file.variables.keys():
        raise PromptError(f"{name}: {', '.join(sorted(undeclared))} is not declared in prompt.toml")
    if unused := file.variables.keys() - used:
        raise PromptError(f"{name}: {', '.join(sorted(unused))} is declared and not used")
    return Prompt(name, file.version, file.purpose, file.variables, file.model, system, user)


def _root(folder: Path | None) -> Traversable:
    return importlib.resources.files("prompts") if folder is None else folder

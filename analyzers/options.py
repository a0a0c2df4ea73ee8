"""
What a person may switch, as one frozen value for each file's surroundings.

`analyzers` reads no configuration file: whoever calls the engine hands it a function from path to `Options`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from analyzers.findings import Severity


class Options(msgspec.Struct, frozen=True):
    """Switches that hold for a file."""

    disabled: frozenset[str] = frozenset()
    """Ids of rules that are off."""
    severities: Mapping[str, Severity] = MappingProxyType({})
    """Severity by rule id, instead of the one from the table."""
    excluded: tuple[str, ...] = ()
    """Paths (gitignore patterns) where nothing is reported."""
    baseline: frozenset[str] = frozenset()
    """Fingerprints that are accepted."""
    models: tuple[tuple[str, str], ...] = ()
    """Own framework models: (where it was read, TOML text in the format of `analyzers/frameworks/`)."""


OptionsFor: TypeAlias = Callable[[str], Options]
"""From a path to the options that hold there."""

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told what goes on (`"indexing"`), how many are done and how many there are."""

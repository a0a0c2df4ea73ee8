"""
What can go wrong in `bot`, each with one sentence for a person.

    CountersignError
    ├── ConfigurationError      a `.countersign.toml` or what it names is not as it must be; says the file and the line
    ├── BaselineError           a baseline file is not as it must be
    ├── UsageError              what was asked for cannot be: a path outside, an unknown rule, nothing to write to
    ├── SettingsError           the service's settings are not as they must be; says which and what to do
    ├── StorageError            the database cannot be used
    │   └── StorageAway         not now: it does not answer, or is busy
    └── DemoError               the demo's repository could not be made
"""

from __future__ import annotations


class CountersignError(Exception):
    """The root: whatever `bot` raises on purpose."""


class ConfigurationError(CountersignError):
    """A configuration file, or a file that it names, is not as it must be."""

    def __init__(self, path: str, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")
        self.path = path
        self.line = line
        """1-based."""
        self.problem = problem


class BaselineError(CountersignError):
    """A baseline file is not as it must be."""


class UsageError(CountersignError):
    """What was asked for on the command line cannot be done."""


class SettingsError(CountersignError):
    """A setting of this installation is missing, or not as it must be."""


class StorageError(CountersignError):
    """The database cannot be used."""


class StorageAway(StorageError):
    """The database does not answer, or is busy; later it may."""


class DemoError(CountersignError):
    """The demo's repository could not be made."""

"""
What a review says: findings with their evidence, consequences by entry point, and what was not looked at.
"""

from __future__ import annotations

import enum
from typing import Literal

import msgspec

from analyzers.span import Place


class Severity(enum.IntEnum):
    """The harm if the finding is true."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Confidence(enum.IntEnum):
    """How sure a finding is, by how its names were resolved."""

    POSSIBLE = 0
    """By a guess."""
    LIKELY = 1
    """By a unique name."""
    CERTAIN = 2
    """By import and type."""


Category = Literal["nplusone", "transactions", "sql", "auth", "resilience"]
State = Literal["introduced", "fixed", "standing"]
Role = Literal["rows", "loop", "call", "leaf"]
"""What a step is in a proof: where rows come from or through, what repeats, what leads on, what is done in the end."""


class Step(msgspec.Struct, frozen=True):
    """One step of a trace: a place and what happens there, in a few words with code in backticks."""

    place: Place
    message: str
    role: Role = "call"
    name: str = ""
    """What is called, or what one of those is called that a loop goes through."""


class Edit(msgspec.Struct, frozen=True):
    """Whole lines of one file to replace: `first` to `last`, 1-based, both inclusive."""

    path: str
    first: int
    last: int
    replacement: str
    """New text of these lines, with its newlines."""


class Fix(msgspec.Struct, frozen=True):
    """A verified fix: applied in memory the file parsed, and the finding was gone."""

    description: str
    edits: tuple[Edit, ...]


class Finding(msgspec.Struct, frozen=True):
    """One report at one place."""

    rule: str
    category: Category
    message: str
    """One sentence of what happens in production, with code in backticks."""
    advice: str
    """One sentence of what to do."""
    severity: Severity
    confidence: Confidence
    place: Place
    """Where to comment: for an introduced finding the changed line that caused it, where there is one."""
    trace: tuple[Step, ...]
    fingerprint: str
    """Identity across commits; holds no line number."""
    subject: str = ""
    """What is done too often, as a reader would quote it: a relation, `Order.customer`, or the code of a call."""
    model: str = ""
    """The model whose rows are concerned, by its name; empty when unknown."""
    symbol: str = ""
    """`path::qualname` of the function that holds the finding."""
    entry: str = ""
    """The entry point it was reached from, or the function's own name."""
    state: State = "introduced"
    fix: Fix | None = None
    suppressed: str | None = None
    """
    The reason why it is not counted (an "allow" in the code, a baseline, a rule switched off); None when it counts.
    """
    allowed: str | None = None
    """The reason that the change itself writes into the code for allowing it: it counts all the same."""


class Cost(msgspec.Struct, frozen=True):
    """The queries of an entry point: those that run a fixed number of times, and those that run once per row."""

    queries: int = 0
    """Round trips that do not grow with the data."""
    per_row: tuple[tuple[str, int], ...] = ()
    """(what is looped over, queries for each), sorted; nested loops are named `order × line`."""

    def __str__(self) -> str:
        return self.beside(None)

    def beside(self, other: Cost | None) -> str:
        """In words, where what another one has too is left out: `12 + … + 6 per user`."""
        same = frozenset(other.per_row) if other is not None else frozenset()
        told = [f"{count} per {name}" for name, count in self.per_row if (name, count) not in same]
        left_out = ["…"] if len(told) < len(self.per_row) else []
        return " + ".join([str(self.queries), *left_out, *told])


class Consequence(msgspec.Struct, frozen=True):
    """What an entry point does before and after the change."""

    entry: str
    """As its callers know it: `GET /orders`, `task send_invoices`, `command reindex`."""
    kind: str
    """"route", "task", "command", "migration", "receiver", "admin", "resolver" or "function"."""
    place: Place
    before: Cost | None
    """None when the entry point is new."""
    after: Cost | None
    """None when it is gone."""

    @property
    def changed(self) -> bool:
        """Whether the change makes a difference here."""
        return self.before != self.after


class Member(msgspec.Struct, frozen=True):
    """What a model's class declares: a field, a relation, or a setting such as its indexes, `Meta.indexes`."""

    name: str
    place: Place
    """All of its declaration."""
    relation: Literal["", "one", "many"] = ""
    """To how many rows it leads; empty for what is no relation."""
    leads_to: str = ""
    """The model at the other end of a relation; empty when unknown."""


class Definition(msgspec.Struct, frozen=True):
    """A model that findings speak of, as its class declares it."""

    model: str
    place: Place
    members: tuple[Member, ...]
    """Inherited ones too, by place."""
    fingerprints: tuple[str, ...]
    """Of the findings, in the review's order."""


class Skipped(msgspec.Struct, frozen=True):
    """A file, or a part of one, that was not analysed, and why."""

    path: str
    reason: str
    changed: bool = False
    """Whether the reviewed change touches it."""


class Remark(msgspec.Struct, frozen=True):
    """What a person should know of a suppression that is written in the code."""

    place: Place
    problem: Literal["added", "unused", "unknown rule", "no reason"]
    message: str
    """What the comment at the place does, `allows …`, with code in backticks."""


class Allow(msgspec.Struct, frozen=True):
    """One comment in the code that allows something: `# countersign: allow[rule] reason`."""

    place: Place
    rules: tuple[str, ...]
    reason: str
    alone: bool
    """Whether nothing else stands on its line."""
    added: bool = False
    """Whether the change writes it."""

    @property
    def kind(self) -> tuple[tuple[str, ...], str]:
        """What makes it the same comment on another line: its rules and its reason."""
        return self.rules, self.reason


class Review(msgspec.Struct, frozen=True):
    """The whole outcome, in a fixed order: by severity, then place, then rule."""

    introduced: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    standing: tuple[Finding, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    definitions: tuple[Definition, ...] = ()
    """Of the models that introduced findings speak of, in the order of these."""
    remarks: tuple[Remark, ...] = ()
    """On suppressions in the code, by place."""
    allows: tuple[Allow, ...] = ()
    """Suppressions in the code of the base; in a scan, of the tree; by place."""
    skipped: tuple[Skipped, ...] = ()
    changed_files: int = 0
    """Files that the change touches."""
    analysed_files: int = 0
    """Files of the head tree that the program was built from."""
    failures: tuple[str, ...] = ()
    """Checks or functions whose analysis failed, one sentence each; never silent."""
    base: str = ""
    head: str = ""
